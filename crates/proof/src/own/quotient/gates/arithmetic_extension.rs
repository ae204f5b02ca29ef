//! Products and sums in the extension: out − (c0·x·y + c1·z), with two wires each for x, y, z, out in this order.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::arithmetic_extension::ArithmeticExtensionGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::extension::Pair;
use super::{PackedGate, WeightedSum, packed};
use crate::{D, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<ArithmeticExtensionGate<D>>()?;
    Some(packed(ArithmeticExtension { operations: gate.num_ops, powers: powers.clone() }))
}

struct ArithmeticExtension {
    operations: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for ArithmeticExtension {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let (product, addend): (L, L) = (row.constant(0), row.constant(1));
        let mut constraints = Constraints::new(&self.powers);
        for column in (0..8 * self.operations).step_by(8) {
            let [x, y, z, out] = Pair::<L>::several(&row, column);
            (out - (x * y).scale_add(product, z.scale(addend))).push_to(&mut constraints);
        }
        constraints.reduce()
    }
}
