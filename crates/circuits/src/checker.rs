//! Checks a witness against every constraint of a circuit, natively and without proving.
//!
//! Generators fill in the witness as they do for a proof. Then each gate of each row is evaluated by the gate's own
//! code on selectors and constants that are read back from the committed polynomials, so what is checked is the built
//! circuit and not the way it was built. Copies hold by construction: wires that are tied together have one value
//! here, as in the library's own witness; a contradiction between two of them is found while filling in.
//!
//! [`Trace::sweep`] changes one value after the other and lists those that no constraint notices: the cell sweep of
//! design/quality.md, S2. It finds cells without constraints. It does not find wrong constraints; tests that compare
//! with the native statement do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use parth_crypto::Felt;
use parth_proof::panic::guard;
use parth_proof::{C, CircuitData, D, F, Witness, field};
use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::generator::{GeneratedValues, generate_partial_witness};
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartitionWitness;
use plonky2::plonk::config::Hasher;
use plonky2::plonk::vars::EvaluationVarsBaseBatch;
use plonky2::util::serialization::{Buffer, Read};
use thiserror::Error;

/// What the library calls the generator of its tests of equality.
const EQUALITY_GENERATOR: &str = "EqualityGenerator";

/// Why a circuit does not accept a witness.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The inputs contradict the circuit, or one is missing: found while the witness was filled in.
    #[error("the witness contradicts the circuit: {reason}")]
    Witness {
        /// What the library says; for people.
        reason: String,
    },
    /// Constraints that do not hold.
    #[error("{} constraints do not hold, first {}", .violations.len(), .violations[0])]
    Constraints {
        /// All of them, by row.
        violations: Vec<Violation>,
    },
}

/// A constraint that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Row of the circuit.
    pub row: usize,
    /// Name of the row's gate.
    pub gate: String,
    /// Which of the gate's constraints.
    pub constraint: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "constraint {} of {} in row {}", self.constraint, self.gate, self.row)
    }
}

/// A cell whose value no constraint notices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Survivor {
    /// Name of the gate.
    pub gate: String,
    /// Row of the first cell that holds the value.
    pub row: usize,
    /// Column of that cell.
    pub column: usize,
    /// Is it the inverse by which a test of equality shows two values to differ? It is free when they are equal, and
    /// nothing reads it then.
    pub is_free_inverse: bool,
}

/// A circuit, ready for many checks.
pub struct Checker<'a> {
    data: &'a CircuitData,
    /// Which of the circuit's gates stands in each row.
    gates: Vec<usize>,
    /// The constants of each row, without selectors.
    constants: Vec<Vec<F>>,
    /// The row that ties the public inputs to the proof; its constraints depend on values of other rows.
    public_row: Option<usize>,
}

impl<'a> Checker<'a> {
    /// Reads gates and constants of all rows back from a built circuit. Any circuit will do, of a class or not.
    ///
    /// # Panics
    /// When the circuit has lookups, which Parth never uses, or was built without its commitment.
    pub fn new(data: &'a CircuitData) -> Checker<'a> {
        let common = &data.common;
        assert_eq!(common.num_lookup_polys, 0, "circuits with lookups are not checked");
        let columns: Vec<Vec<F>> = data.prover_only.constants_sigmas_commitment.polynomials[..common.num_constants]
            .iter()
            .map(|polynomial| polynomial.clone().fft().values)
            .collect();
        let selectors = common.selectors_info.num_selectors();
        let gate_of = |row: usize| {
            (0..common.gates.len())
                .find(|&gate| {
                    let selector = &columns[common.selectors_info.selector_indices[gate]];
                    selector[row].to_canonical_u64() == gate as u64
                })
                .expect("every row of a built circuit has a gate")
        };
        let rows = 0..common.degree();
        let gates = rows.clone().map(gate_of).collect();
        let constants = rows.map(|row| columns[selectors..].iter().map(|column| column[row]).collect()).collect();
        let mut checker = Checker { data, gates, constants, public_row: None };
        checker.public_row = (0..common.degree()).rev().find(|&row| checker.name(row) == "PublicInputGate");
        checker
    }

    /// Does the circuit accept the witness?
    pub fn check(&self, witness: Witness) -> Result<(), CheckError> {
        let violations = self.trace(witness)?.violations();
        if violations.is_empty() { Ok(()) } else { Err(CheckError::Constraints { violations }) }
    }

    /// The values of all cells for a witness, constraints unchecked.
    pub fn trace(&self, witness: Witness) -> Result<Trace<'_>, CheckError> {
        let (prover, common) = (&self.data.prover_only, &self.data.common);
        let fill = || generate_partial_witness::<F, C, D>(witness, prover, common).map(|filled| filled.values);
        let values = match guard(fill) {
            Ok(Ok(values)) => values,
            Ok(Err(error)) => return Err(CheckError::Witness { reason: error.to_string() }),
            Err(reason) => return Err(CheckError::Witness { reason }),
        };
        let used = values.iter().map(Option::is_some).collect();
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Trace { checker: self, values, used })
    }

    /// As [`Checker::trace`] for a witness that may be wrong: whatever a generator cannot find stays zero, and what it
    /// finds for a cell that has a value is dropped. So a call that fails gets its cells too, and a constraint has to
    /// object. Refuses only inputs that are tied together and differ: they have no cells.
    pub fn trace_anyway(&self, witness: Witness) -> Result<Trace<'_>, CheckError> {
        let (prover, common) = (&self.data.prover_only, &self.data.common);
        let mut filled = PartitionWitness::new(self.width(), common.degree(), &prover.representative_map);
        for (target, value) in witness.target_values {
            let set = filled.set_target_returning_rep(target, value);
            set.map_err(|error| CheckError::Witness { reason: error.to_string() })?;
        }
        let mut pending: Vec<usize> = (0..prover.generators.len()).collect();
        let mut done = vec![false; pending.len()];
        let mut found = GeneratedValues::empty();
        while !pending.is_empty() {
            let mut next = Vec::new();
            for generator in pending {
                if done[generator] {
                    continue;
                }
                // One that panics has found nothing and never will.
                done[generator] = guard(|| prover.generators[generator].0.run(&filled, &mut found)).unwrap_or(true);
                for (target, value) in found.target_values.drain(..) {
                    // An error: the cell has another value.
                    let place = filled.set_target_returning_rep(target, value).ok().flatten();
                    let watchers = place.and_then(|place| prover.generator_indices_by_watches.get(&place));
                    next.extend(watchers.into_iter().flatten().filter(|&&watcher| !done[watcher]));
                }
            }
            pending = next;
        }
        let used = filled.values.iter().map(Option::is_some).collect();
        let values = filled.values.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Trace { checker: self, values, used })
    }

    fn width(&self) -> usize {
        self.data.common.config.num_wires
    }

    /// Where the value of a target is kept: one place for all that are tied together.
    fn place(&self, target: Target) -> usize {
        let common = &self.data.common;
        self.data.prover_only.representative_map[target.index(common.config.num_wires, common.degree())]
    }

    /// Places of the inverses in the library's tests of equality. A generator shows its targets only in its bytes:
    /// two sides, verdict, inverse.
    fn inverses(&self) -> BTreeSet<usize> {
        let (prover, common) = (&self.data.prover_only, &self.data.common);
        let tests = prover.generators.iter().filter(|generator| generator.0.id() == EQUALITY_GENERATOR);
        let inverse = |bytes: &[u8]| {
            let mut buffer = Buffer::new(bytes);
            buffer.read_target()?;
            buffer.read_target()?;
            buffer.read_target_bool()?;
            buffer.read_target()
        };
        tests
            .filter_map(|generator| {
                let mut bytes = Vec::new();
                generator.0.serialize(&mut bytes, common).ok()?;
                inverse(&bytes).ok().map(|target| self.place(target))
            })
            .collect()
    }

    fn name(&self, row: usize) -> String {
        let id = self.data.common.gates[self.gates[row]].0.id();
        id.chars().take_while(|c| c.is_alphanumeric()).collect()
    }
}

/// The values of all cells of a circuit.
pub struct Trace<'a> {
    checker: &'a Checker<'a>,
    /// By place; see [`Checker::place`].
    values: Vec<F>,
    /// Places that the inputs or a generator filled; the others are padding.
    used: Vec<bool>,
}

impl Trace<'_> {
    /// The value of a target.
    pub fn get(&self, target: Target) -> Felt {
        field::felt(self.values[self.checker.place(target)])
    }

    /// Replaces the value of a target and of all that are tied to it, as a dishonest prover may.
    pub fn set(&mut self, target: Target, value: Felt) {
        let place = self.checker.place(target);
        self.values[place] = field::element(value);
        self.used[place] = true;
    }

    /// Constraints that do not hold, by row.
    pub fn violations(&self) -> Vec<Violation> {
        let hash = self.public_inputs_hash();
        (0..self.checker.gates.len()).flat_map(|row| self.row_violations(row, &hash)).collect()
    }

    /// Changes the value of every used place in turn and returns the changes that no constraint notices. `sample` is
    /// 1 for every place, n for every n-th.
    pub fn sweep(&mut self, sample: usize) -> Vec<Survivor> {
        let public = self.public_places();
        let inverses = self.checker.inverses();
        let honest_hash = self.public_inputs_hash();
        let changes =
            [F::ONE, F::NEG_ONE, F::from_canonical_u64(1 << 32), F::from_canonical_u64(0x9e37_79b9_7f4a_7c15)];
        let mut survivors = Vec::new();
        for (&place, cells) in self.cells_by_place().iter().step_by(sample.max(1)) {
            let honest = self.values[place];
            let mut rows: Vec<usize> = cells.iter().map(|&(row, _)| row).collect();
            rows.dedup();
            let is_public = public.contains(&place);
            rows.extend(self.checker.public_row.filter(|_| is_public));
            let unnoticed = changes.iter().any(|&change| {
                self.values[place] = honest + change;
                let hash = if is_public { self.public_inputs_hash() } else { honest_hash };
                rows.iter().all(|&row| self.row_violations(row, &hash).is_empty())
            });
            self.values[place] = honest;
            if unnoticed {
                let (row, column) = cells[0];
                let is_free_inverse = inverses.contains(&place);
                survivors.push(Survivor { gate: self.checker.name(row), row, column, is_free_inverse });
            }
        }
        survivors.sort();
        survivors
    }

    /// For each used place, the cells that hold it and that their gate looks at.
    fn cells_by_place(&self) -> BTreeMap<usize, Vec<(usize, usize)>> {
        let checker = self.checker;
        let mut cells: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (row, &gate) in checker.gates.iter().enumerate() {
            for column in 0..checker.data.common.gates[gate].0.num_wires() {
                let place = checker.place(Target::wire(row, column));
                if self.used[place] {
                    cells.entry(place).or_default().push((row, column));
                }
            }
        }
        cells
    }

    fn public_places(&self) -> BTreeSet<usize> {
        self.checker.data.prover_only.public_inputs.iter().map(|&target| self.checker.place(target)).collect()
    }

    fn public_inputs_hash(&self) -> HashOut<F> {
        let targets = &self.checker.data.prover_only.public_inputs;
        let values: Vec<F> = targets.iter().map(|&target| self.values[self.checker.place(target)]).collect();
        PoseidonHash::hash_no_pad(&values)
    }

    fn row_violations(&self, row: usize, public_inputs_hash: &HashOut<F>) -> Vec<Violation> {
        let checker = self.checker;
        let width = checker.width();
        let gate = &checker.data.common.gates[checker.gates[row]];
        if gate.0.num_constraints() == 0 {
            return Vec::new();
        }
        let map = &checker.data.prover_only.representative_map;
        let wires: Vec<F> = map[row * width..(row + 1) * width].iter().map(|&place| self.values[place]).collect();
        let vars = EvaluationVarsBaseBatch::new(1, &checker.constants[row], &wires, public_inputs_hash);
        let results = gate.0.eval_unfiltered_base_batch(vars);
        let broken = results.iter().enumerate().filter(|(_, result)| !result.is_zero());
        broken.map(|(constraint, _)| Violation { row, gate: checker.name(row), constraint }).collect()
    }
}
