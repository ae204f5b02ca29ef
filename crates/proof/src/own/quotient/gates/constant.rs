//! Constants as wires: constraint i is constant i less wire i.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::constant::ConstantGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::Gate;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    gate.0.as_any().downcast_ref::<ConstantGate>()?;
    Some(packed(Constant { count: gate.0.num_constants(), powers: powers.clone() }))
}

struct Constant {
    count: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for Constant {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let mut constraints = Constraints::<L>::new(&self.powers);
        for column in 0..self.count {
            constraints.push(row.constant::<L>(column) - row.wire(column));
        }
        constraints.reduce()
    }
}
