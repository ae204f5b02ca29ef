//! Products and sums: constraint i is out_i − (c0·x_i·y_i + c1·z_i), with wires x, y, z, out in this order.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::arithmetic_base::ArithmeticGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::Gate;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<ArithmeticGate>()?;
    Some(packed(Arithmetic { operations: gate.num_ops, powers: powers.clone() }))
}

struct Arithmetic {
    operations: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for Arithmetic {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let (product, addend): (L, L) = (row.constant(0), row.constant(1));
        let mut constraints = Constraints::new(&self.powers);
        for column in (0..4 * self.operations).step_by(4) {
            let [x, y, z, out]: [L; 4] = row.wires(column);
            constraints.push(out - ((x * y).mul_add(product, z * addend)));
        }
        constraints.reduce()
    }
}
