//! The hash of the public inputs: constraint i is wire i less element i of the hash.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::public_input::PublicInputGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::Gate;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    gate.0.as_any().downcast_ref::<PublicInputGate>()?;
    Some(packed(PublicInput { powers: powers.clone() }))
}

struct PublicInput {
    powers: Arc<Powers>,
}

impl WeightedSum for PublicInput {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let mut constraints = Constraints::<L>::new(&self.powers);
        for column in 0..4 {
            constraints.push(row.wire::<L>(column) - row.public(column));
        }
        constraints.reduce()
    }
}
