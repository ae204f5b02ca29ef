//! A power by squaring: with bits b_0 … b_(m−1) of the exponent, b_0 the lowest, and intermediate values v_0 … v_(m−1)
//!
//! ```text
//!   wires         base | b_0 … b_(m−1) | output | v_0 … v_(m−1)
//!   constraints   v_(i−1)² · (b_(m−1−i) · base + 1 − b_(m−1−i)) − v_i   with v_(−1) = 1;   output − v_(m−1)
//! ```

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::exponentiation::ExponentiationGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, F, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<ExponentiationGate<F, D>>()?;
    Some(packed(Exponentiation { bits: gate.num_power_bits, powers: powers.clone() }))
}

struct Exponentiation {
    bits: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for Exponentiation {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let one = L::splat(1);
        let base_less_one = row.wire::<L>(0) - one;
        let (output, values) = (1 + self.bits, 2 + self.bits);
        let mut constraints = Constraints::new(&self.powers);
        let mut before = one;
        for step in 0..self.bits {
            let bit: L = row.wire(self.bits - step);
            let value: L = row.wire(values + step);
            constraints.push(before.square() * bit.mul_add(base_less_one, one) - value);
            before = value;
        }
        constraints.push(row.wire::<L>(output) - before);
        constraints.reduce()
    }
}
