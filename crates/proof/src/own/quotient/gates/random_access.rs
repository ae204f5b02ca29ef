//! An element of a list at an index, several times a row. For each copy
//!
//! ```text
//!   wires         index | element | list of 2^k items      then, after all copies and the spare constants, k bits each
//!   constraints   b·(b − 1) for each bit;  Σ b_i·2^i − index;  item that the bits lead to − element
//! ```
//! and at the end, for each spare constant, the constant less its wire.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::random_access::RandomAccessGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, F, Gate};

/// The longest list that a row of ours has room for is 2^6.
const MAX_BITS: usize = 6;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<RandomAccessGate<F, D>>()?;
    if !(1..=MAX_BITS).contains(&gate.bits) {
        return None;
    }
    let (bits, copies, constants) = (gate.bits, gate.num_copies, gate.num_extra_constants);
    Some(packed(RandomAccess { bits, copies, constants, powers: powers.clone() }))
}

struct RandomAccess {
    bits: usize,
    copies: usize,
    constants: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for RandomAccess {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let size = 1 << self.bits;
        let spare = (2 + size) * self.copies;
        let mut constraints = Constraints::new(&self.powers);
        let mut items = [L::splat(0); 1 << (MAX_BITS - 1)];
        for copy in 0..self.copies {
            let first = (2 + size) * copy;
            let bits = spare + self.constants + self.bits * copy;
            let mut index = L::splat(0);
            for column in (bits..bits + self.bits).rev() {
                index = index + index + row.wire(column);
            }
            for column in bits..bits + self.bits {
                let bit: L = row.wire(column);
                constraints.push(bit.square() - bit);
            }
            constraints.push(index - row.wire(first));
            // Bit by bit the list shrinks to half: of each pair of neighbours the bit picks one.
            let bit: L = row.wire(bits);
            for (pair, item) in items.iter_mut().enumerate().take(size / 2) {
                let column = first + 2 + 2 * pair;
                *item = pick(bit, row.wire(column), row.wire(column + 1));
            }
            for level in 1..self.bits {
                let bit: L = row.wire(bits + level);
                for pair in 0..size >> (level + 1) {
                    items[pair] = pick(bit, items[2 * pair], items[2 * pair + 1]);
                }
            }
            constraints.push(items[0] - row.wire(first + 1));
        }
        for constant in 0..self.constants {
            constraints.push(row.constant::<L>(constant) - row.wire(spare + constant));
        }
        constraints.reduce()
    }
}

#[inline(always)]
fn pick<L: Lanes>(bit: L, left: L, right: L) -> L {
    bit.mul_add(right - left, left)
}
