//! Products in the extension: out − c0·x·y, with two wires each for x, y, out in this order.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::multiplication_extension::MulExtensionGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::extension::Pair;
use super::{PackedGate, WeightedSum, packed};
use crate::{D, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<MulExtensionGate<D>>()?;
    Some(packed(MultiplicationExtension { operations: gate.num_ops, powers: powers.clone() }))
}

struct MultiplicationExtension {
    operations: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for MultiplicationExtension {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let factor: L = row.constant(0);
        let mut constraints = Constraints::new(&self.powers);
        for column in (0..6 * self.operations).step_by(6) {
            let [x, y, out] = Pair::<L>::several(&row, column);
            (out - (x * y).scale(factor)).push_to(&mut constraints);
        }
        constraints.reduce()
    }
}
