//! Digits of a number: wire 0 is Σ limb_i · B^i, the wires after it are the limbs, each below B.
//!
//! Constraint 0 is the sum less wire 0; then for each limb its product with (limb − 1) … (limb − B + 1).

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::base_sum::BaseSumGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::Gate;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<BaseSumGate<2>>()?;
    Some(packed(BitSum { bits: gate.num_limbs, powers: powers.clone() }))
}

/// Base 2, the only one that circuits use.
struct BitSum {
    bits: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for BitSum {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let mut sum = L::splat(0);
        for column in row.columns(1..self.bits + 1).rev() {
            sum = sum + sum + column.load();
        }
        let mut constraints = Constraints::new(&self.powers);
        constraints.push(sum - row.wire(0));
        for column in row.columns(1..self.bits + 1) {
            let bit: L = column.load();
            constraints.push(bit.square() - bit);
        }
        constraints.reduce()
    }
}
