//! Does a gate here say what the library's says? For the tests of all who add a gate.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Kernel;
use plonky2::field::extension::FieldExtension;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOut;
use plonky2::plonk::vars::EvaluationVars;
use thiserror::Error;

use super::super::CHALLENGES;
use super::super::block::{Block, POINTS};
use super::super::weights::Powers;
use super::Gates;
use crate::{D, Gate};

type Extension = <F as plonky2::field::extension::Extendable<D>>::Extension;

/// Where a gate differs from the library's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Disagreement {
    /// The gate is not among those given, so there is nothing to compare.
    #[error("the gate {gate} is not known")]
    Unknown {
        /// The library's name of the gate.
        gate: String,
    },
    /// Another sum.
    #[error("{gate} on {kernel:?}, block {block}, point {point}, challenge {challenge}: {actual}, not {expected}")]
    Value {
        /// The library's name of the gate.
        gate: String,
        /// The kernel.
        kernel: Kernel,
        /// Which block of random rows.
        block: u64,
        /// Which of its points.
        point: usize,
        /// Which challenge.
        challenge: usize,
        /// By the library's evaluation of the gate.
        expected: F,
        /// By ours.
        actual: F,
    },
}

/// Compares a gate with the library's own evaluation on some blocks of random rows, on every kernel of this machine.
pub fn check(gates: &Gates, gate: &Gate, blocks: u64) -> Result<(), Disagreement> {
    if !gates.knows(gate) {
        return Err(Disagreement::Unknown { gate: gate.0.id() });
    }
    check_any(gates, gate, blocks)
}

/// As [`check`], also for gates that are evaluated by their own evaluation.
pub fn check_any(gates: &Gates, gate: &Gate, blocks: u64) -> Result<(), Disagreement> {
    let mut random = Random(blocks);
    for number in 0..blocks {
        let alphas = [F(random.next()), F(random.next())];
        let powers = Arc::new(Powers::new(alphas, gate.0.num_constraints() + 1));
        let mut column = |count: usize| (0..count * POINTS).map(|_| random.next()).collect::<Vec<_>>();
        let (wires, constants) = (column(gate.0.num_wires()), column(gate.0.num_constants()));
        let public = std::array::from_fn(|_| random.next());
        let block = Block::of_rows(wires, constants, public);
        let expected = by_the_library(gate, &block, alphas);
        let packed = gates.packed(gate, &powers);
        for kernel in Kernel::available() {
            let mut sums = [[0; POINTS]; CHALLENGES];
            packed.evaluate(kernel, &block, &mut sums);
            for (challenge, point) in (0..CHALLENGES).flat_map(|c| (0..POINTS).map(move |point| (c, point))) {
                let (expected, actual) = (expected[challenge][point], F(sums[challenge][point]));
                if expected != actual {
                    let (gate, block) = (gate.0.id(), number);
                    return Err(Disagreement::Value { gate, kernel, block, point, challenge, expected, actual });
                }
            }
        }
    }
    Ok(())
}

/// Σ α^i · constraint_i by the evaluation that a verifier uses, in the extension.
fn by_the_library(gate: &Gate, block: &Block, alphas: [F; CHALLENGES]) -> [[F; POINTS]; CHALLENGES] {
    let public_inputs_hash = &HashOut { elements: block.public().map(F) };
    let at = |values: &[u64], point: usize| -> Vec<Extension> {
        values.iter().skip(point).step_by(POINTS).map(|&value| F(value).into()).collect()
    };
    let mut sums = [[F::ZERO; POINTS]; CHALLENGES];
    for point in 0..POINTS {
        let (local_constants, local_wires) = (&at(block.constants(), point), &at(block.wires(), point));
        let vars = EvaluationVars { local_constants, local_wires, public_inputs_hash };
        let constraints = gate.0.eval_unfiltered(vars);
        for (sums, alpha) in sums.iter_mut().zip(alphas) {
            let total = constraints.iter().rev().fold(Extension::ZERO, |sum, &term| sum * alpha.into() + term);
            // Base field in, base field out: the verifier's evaluation has no other coefficient there.
            sums[point] = FieldExtension::<D>::to_basefield_array(&total)[0];
        }
    }
    sums
}

/// Numbers for tests (splitmix64): among them felts that are not in canonical form, zero and the largest.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        match mixed & 31 {
            0 => 0,
            1 => u64::MAX,
            2 => u64::MAX - (mixed >> 36),
            3 => mixed >> 32,
            4 => mixed << 32,
            _ => mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::union_gates;
    use plonky2::gates::base_sum::BaseSumGate;
    use plonky2::gates::coset_interpolation::CosetInterpolationGate;
    use plonky2::gates::exponentiation::ExponentiationGate;
    use plonky2::gates::gate::GateRef;
    use plonky2::gates::random_access::RandomAccessGate;
    use plonky2::gates::reducing::ReducingGate;
    use plonky2::gates::reducing_extension::ReducingExtensionGate;

    #[test]
    fn every_gate_of_the_classes_agrees_with_the_librarys() {
        for gate in union_gates().iter().filter(|gate| gate.0.num_constraints() > 0) {
            assert_eq!(check(&Gates::new(), gate, 20), Ok(()));
        }
    }

    #[test]
    fn gates_with_other_parameters_agree_too() {
        let config = crate::class::config();
        let mut gates: Vec<Gate> = vec![
            GateRef::new(BaseSumGate::<2>::new(7)),
            GateRef::new(ExponentiationGate::<F, D>::new_from_config(&config)),
            GateRef::new(ExponentiationGate::<F, D>::new(1)),
            GateRef::new(ReducingGate::<D>::new(1)),
            GateRef::new(ReducingGate::<D>::new(43)),
            GateRef::new(ReducingExtensionGate::<D>::new(2)),
        ];
        for bits in 1..=6 {
            gates.push(GateRef::new(RandomAccessGate::<F, D>::new_from_config(&config, bits)));
        }
        for bits in 1..=4 {
            gates.push(GateRef::new(CosetInterpolationGate::<F, D>::new(bits)));
        }
        for gate in gates {
            assert_eq!(check(&Gates::new(), &gate, 3), Ok(()));
        }
    }

    #[test]
    fn an_unknown_gate_is_evaluated_by_its_own_evaluation() {
        let gate: Gate = GateRef::new(BaseSumGate::<5>::new(9));
        assert_eq!(check(&Gates::new(), &gate, 1), Err(Disagreement::Unknown { gate: gate.0.id() }));
        assert_eq!(check_any(&Gates::new(), &gate, 3), Ok(()));
    }
}
