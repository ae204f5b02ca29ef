//! The Poseidon permutation, one a row.
//!
//! ```text
//!   wires   in (12) | out (12) | swap | delta (4) | S-box inputs: full rounds 1 to 3 (36), partial rounds (22),
//!                                                   last four full rounds (48)
//! ```
//! The constraints are: swap is a bit; delta = swap · (in_(4+i) − in_i); each S-box input wire is what the S-boxes before
//! it lead to; so are the outputs. **Every S-box input but those of the first round is a wire**, so once the seventh
//! powers are taken, all that is left is linear: the layers between S-boxes need not be applied at any point. Instead
//! they are applied once a proof, transposed, to the weights of the constraints, from the last round back to the first:
//!
//! ```text
//!   Σ α^k · constraint_k  =  constant + Σ weight of power · x^7 + Σ weight of wire · wire
//! ```
//! The rounds are those of the library's gate, in its form of the partial rounds: a different first constant layer, an
//! initial matrix, and a sparse matrix a round.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::gates::poseidon::PoseidonGate;
use plonky2::hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, Poseidon, SPONGE_WIDTH};

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Powers, Sum, Weight};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, F, Gate};

/// Elements of the state.
pub const WIDTH: usize = SPONGE_WIDTH;

const OUT: usize = WIDTH;
const SWAP: usize = 2 * WIDTH;
const DELTA: usize = SWAP + 1;
/// Inputs that may be swapped, with as many after them.
const SWAPPED: usize = 4;
/// The wires that are inputs of S-boxes.
const SBOXES: usize = DELTA + SWAPPED;
/// How many they are.
const SBOX_COUNT: usize = (HALF_N_FULL_ROUNDS - 1) * WIDTH + N_PARTIAL_ROUNDS + HALF_N_FULL_ROUNDS * WIDTH;
/// Constraint of the first S-box input: after that of swap and those of delta.
const FIRST_SBOX: usize = 1 + SWAPPED;
/// Constraint of the first output.
const FIRST_OUT: usize = FIRST_SBOX + SBOX_COUNT;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    gate.0.as_any().downcast_ref::<PoseidonGate<F, D>>()?;
    let both: [Transposed; CHALLENGES] =
        std::array::from_fn(|challenge| Transposed::new(|constraint| powers.value(constraint)[challenge]));
    let weight = |of: &dyn Fn(&Transposed) -> F| Weight::new([of(&both[0]), of(&both[1])]);
    Some(packed(Permutation {
        constant: [both[0].constant.to_canonical_u64(), both[1].constant.to_canonical_u64()],
        first: std::array::from_fn(|i| weight(&|one| one.first[i])),
        sboxes: std::array::from_fn(|j| weight(&|one| one.sboxes[j])),
        powers: powers.clone(),
    }))
}

struct Permutation {
    constant: [u64; CHALLENGES],
    /// Of the seventh powers of the first round.
    first: [Weight; WIDTH],
    /// Of the seventh power of each S-box input wire.
    sboxes: [Weight; SBOX_COUNT],
    powers: Arc<Powers>,
}

impl WeightedSum for Permutation {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let weights = self.powers.weights();
        let mut sum = Sum::<L>::empty();
        let swap: L = row.wire(SWAP);
        sum.add(swap * (swap - L::splat(1)), &weights[0]);
        for i in 0..SWAPPED {
            let (left, right, delta) = (row.wire::<L>(i), row.wire::<L>(SWAPPED + i), row.wire::<L>(DELTA + i));
            sum.add(swap * (right - left) - delta, &weights[1 + i]);
            sum.add((left + delta).add_canonical(constant(i)).pow7(), &self.first[i]);
            sum.add((right - delta).add_canonical(constant(SWAPPED + i)).pow7(), &self.first[SWAPPED + i]);
        }
        for i in 2 * SWAPPED..WIDTH {
            sum.add(row.wire::<L>(i).add_canonical(constant(i)).pow7(), &self.first[i]);
        }
        // The wires themselves count negative, with the weights of their constraints.
        let mut wires = Sum::<L>::empty();
        let columns = row.columns(SBOXES..SBOXES + SBOX_COUNT);
        for ((column, power), wire) in columns.zip(&self.sboxes).zip(&weights[FIRST_SBOX..FIRST_OUT]) {
            let value: L = column.load();
            wires.add(value, wire);
            sum.add(value.pow7(), power);
        }
        for (column, wire) in row.columns(OUT..OUT + WIDTH).zip(&weights[FIRST_OUT..FIRST_OUT + WIDTH]) {
            wires.add(column.load(), wire);
        }
        let ([first, second], wires) = (sum.reduce(), wires.reduce());
        [
            first.add_canonical(L::splat(self.constant[0])) - wires[0],
            second.add_canonical(L::splat(self.constant[1])) - wires[1],
        ]
    }
}

/// Of the first round.
#[inline(always)]
fn constant<L: Lanes>(i: usize) -> L {
    L::splat(ALL_ROUND_CONSTANTS[i])
}

/// The weights of seventh powers that follow from those of constraints, for one challenge.
struct Transposed {
    constant: F,
    first: [F; WIDTH],
    sboxes: [F; SBOX_COUNT],
}

impl Transposed {
    /// Walks the rounds backwards. `state` holds the weight that each element of the state has in all later constraints.
    fn new(weight: impl Fn(usize) -> F) -> Transposed {
        let mut state: [F; WIDTH] = std::array::from_fn(|i| weight(FIRST_OUT + i));
        let mut constant = F::ZERO;
        let mut sboxes = [F::ZERO; SBOX_COUNT];
        let mut at = SBOX_COUNT;
        // An element that meets the constraint of S-box `j` is replaced by the wire, and that by its seventh power.
        let mut meet = |element: &mut F, j: usize| {
            sboxes[j] = *element;
            *element = weight(FIRST_SBOX + j);
        };
        for round in (0..HALF_N_FULL_ROUNDS).rev() {
            state = transposed_mix(&state);
            at -= WIDTH;
            for i in 0..WIDTH {
                meet(&mut state[i], at + i);
            }
            let constants = &ALL_ROUND_CONSTANTS[(HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS + round) * WIDTH..][..WIDTH];
            constant += dot(&state, constants);
        }
        for round in (0..N_PARTIAL_ROUNDS).rev() {
            // Forward: element 0 becomes m·s_0 + Σ w_i s_i, and each other s_i becomes s_i + v_i s_0.
            let head = state[0];
            let scale = F::from_canonical_u64(F::MDS_MATRIX_CIRC[0] + F::MDS_MATRIX_DIAG[0]);
            state[0] = head * scale + dot(&state[1..], &F::FAST_PARTIAL_ROUND_VS[round]);
            for (element, &w) in state[1..].iter_mut().zip(&F::FAST_PARTIAL_ROUND_W_HATS[round]) {
                *element += head * F::from_canonical_u64(w);
            }
            if round + 1 < N_PARTIAL_ROUNDS {
                constant += state[0] * F::from_canonical_u64(F::FAST_PARTIAL_ROUND_CONSTANTS[round]);
            }
            at -= 1;
            meet(&mut state[0], at);
        }
        // Forward: element c becomes Σ over r of s_r · matrix[r][c], but for element 0, which stays.
        let tail: [F; WIDTH - 1] = std::array::from_fn(|r| dot(&state[1..], &F::FAST_PARTIAL_ROUND_INITIAL_MATRIX[r]));
        state[1..].copy_from_slice(&tail);
        constant += dot(&state, &F::FAST_PARTIAL_FIRST_ROUND_CONSTANT);
        for round in (1..HALF_N_FULL_ROUNDS).rev() {
            state = transposed_mix(&state);
            at -= WIDTH;
            for i in 0..WIDTH {
                meet(&mut state[i], at + i);
            }
            constant += dot(&state, &ALL_ROUND_CONSTANTS[round * WIDTH..][..WIDTH]);
        }
        let first = transposed_mix(&state);
        Transposed { constant, first, sboxes }
    }
}

/// The transposed linear layer: entry i of the result is Σ over r of M\[r\]\[i\] · weight r.
pub(super) fn transposed_mix(weights: &[F; WIDTH]) -> [F; WIDTH] {
    std::array::from_fn(|i| {
        let circulant =
            (0..WIDTH).map(|r| weights[r] * F::from_canonical_u64(F::MDS_MATRIX_CIRC[(i + WIDTH - r) % WIDTH]));
        circulant.sum::<F>() + weights[i] * F::from_canonical_u64(F::MDS_MATRIX_DIAG[i])
    })
}

fn dot(elements: &[F], constants: &[u64]) -> F {
    elements.iter().zip(constants).map(|(&element, &constant)| element * F::from_canonical_u64(constant)).sum()
}
