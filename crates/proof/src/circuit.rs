//! [`Circuit`]: a built circuit that is certainly of its class.

use std::fmt;

use parth_protocol::ids::Fingerprint;
use plonky2::field::types::PrimeField64;
use plonky2::gates::noop::NoopGate;
use thiserror::Error;

use crate::build;
use crate::own::Schedule;
use crate::panic::guard;
use crate::{Builder, C, CircuitData, Class, ClassData, VerifierKey};

/// A built circuit with its key. Large: about 75 MB for 2^13 rows.
pub struct Circuit {
    rows: usize,
    key: VerifierKey,
    data: CircuitData,
    schedule: Schedule,
}

/// Why a build is not a circuit of its class.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CircuitError {
    /// More rows than the class has; found before the build.
    #[error("the circuit takes {used} rows, class {class} has {limit}")]
    Rows {
        /// The class asked for.
        class: Class,
        /// Rows placed, those for the public inputs included.
        used: usize,
        /// Rows of the class.
        limit: usize,
    },
    /// The library panicked in the build.
    #[error("the circuit cannot be built: {reason}")]
    Build {
        /// What the library says; for people.
        reason: String,
    },
    /// The common data differs from that of the class: other gates, rows or public inputs.
    #[error("the circuit is not of class {class}: {difference}")]
    Class {
        /// The class asked for.
        class: Class,
        /// Which part differs, with what was expected and found.
        difference: String,
    },
}

impl Circuit {
    /// Pads a circuit to its class, builds it and asserts the class.
    pub fn build(class: &ClassData, mut builder: Builder) -> Result<Circuit, CircuitError> {
        let limit = class.class().rows();
        let used = placed_rows(&builder);
        if used > limit {
            return Err(CircuitError::Rows { class: class.class(), used, limit });
        }
        for gate in &class.common().gates {
            builder.add_gate_to_gate_set(gate.clone());
        }
        while builder.num_gates() <= limit / 2 {
            builder.add_gate(NoopGate, vec![]);
        }
        let data = guard(|| build::build(builder)).map_err(|reason| CircuitError::Build { reason })?;
        Circuit::from_data(class, data)
    }

    /// A circuit that was built earlier, from a store of our own.
    pub fn from_data(class: &ClassData, data: CircuitData) -> Result<Circuit, CircuitError> {
        if &data.common != class.common() {
            return Err(CircuitError::Class { class: class.class(), difference: difference(class, &data) });
        }
        let rows = used_rows(&data);
        let key = VerifierKey::new(class.class(), data.verifier_only.clone());
        Ok(Circuit { rows, key, data, schedule: Schedule::default() })
    }

    /// The class.
    pub fn class(&self) -> Class {
        self.key.class()
    }

    /// Rows used before padding, the hash of the public inputs included.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What verifies this circuit's proofs.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The name of the circuit.
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.fingerprint()
    }

    /// The order in which our prover fills in the witness, found with the first proof.
    pub(crate) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The library's form.
    pub fn data(&self) -> &CircuitData {
        &self.data
    }
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit")
            .field("class", &self.class())
            .field("rows", &self.rows)
            .field("fingerprint", &self.fingerprint())
            .finish()
    }
}

/// Rows placed so far and those that a build adds for the public inputs. A build may add a few more for constants that
/// find no free cell; [`built_rows`] and [`Circuit::rows`] count all.
pub fn placed_rows(builder: &Builder) -> usize {
    builder.num_gates() + builder.num_public_inputs().div_ceil(8) + 1
}

/// Rows that a build of this circuit takes before padding, exactly: those placed, those for the public inputs, and those
/// for constants that find no free cell. Does all of a build but its commitments, so it takes some milliseconds.
pub fn built_rows(builder: Builder) -> Result<usize, CircuitError> {
    let mock = guard(|| builder.mock_build::<C>()).map_err(|reason| CircuitError::Build { reason })?;
    let wires = mock.common.config.num_wires;
    let cells = wires << mock.common.degree_bits();
    // Padding is connected to nothing, and what a build places last is: the public inputs and the constants.
    let map = mock.prover_only.representative_map.iter().enumerate().filter(|&(cell, &other)| cell != other);
    let connected = map.flat_map(|(cell, &other)| [cell, other]).filter(|&cell| cell < cells);
    Ok(connected.max().map_or(0, |last| last / wires + 1))
}

/// Rows that are not padding.
fn used_rows(data: &CircuitData) -> usize {
    let common = &data.common;
    let Some(noop) = common.gates.iter().position(|gate| gate.0.as_any().is::<NoopGate>()) else {
        return common.degree();
    };
    let selector = common.selectors_info.selector_indices[noop];
    let rows = data.prover_only.constants_sigmas_commitment.polynomials[selector].clone().fft();
    rows.values.iter().filter(|value| value.to_canonical_u64() != noop as u64).count()
}

/// The first difference between a build and its class, in words.
fn difference(class: &ClassData, data: &CircuitData) -> String {
    let (expected, actual) = (class.common(), &data.common);
    if expected.degree_bits() != actual.degree_bits() {
        return format!("2^{} rows instead of 2^{}", actual.degree_bits(), expected.degree_bits());
    }
    if expected.num_public_inputs != actual.num_public_inputs {
        return format!("{} public inputs instead of {}", actual.num_public_inputs, expected.num_public_inputs);
    }
    if let Some(gate) = actual.gates.iter().find(|gate| !expected.gates.contains(gate)) {
        return format!("it has the gate {}, the class has not", gate.0.id());
    }
    if let Some(gate) = expected.gates.iter().find(|gate| !actual.gates.contains(gate)) {
        return format!("it lacks the gate {} of the class", gate.0.id());
    }
    "the configuration differs".into()
}
