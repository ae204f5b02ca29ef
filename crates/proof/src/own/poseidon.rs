//! The wires of Poseidon gates, several rows at a time.
//!
//! Three quarters of the rows of a circuit that verifies proofs are Poseidon gates, and the library's generator of their
//! wires computes one state with scalar code: most of what filling in a witness costs. The layout of the gate's wires
//! is restated here, with the inputs of S-boxes as what a row keeps:
//!
//! ```text
//!   0..12 inputs   12..24 outputs   24 swap   25..29 swap · (right − left)
//!   29..65 rounds 1 to 3, all lanes   65..87 partial rounds, lane 0   87..135 the last four rounds, all lanes
//! ```

use parth_crypto::poseidon::kernels::{Lanes, Work};
use parth_crypto::poseidon::mds_lanes;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use plonky2::hash::poseidon::{ALL_ROUND_CONSTANTS, HALF_N_FULL_ROUNDS, N_PARTIAL_ROUNDS, N_ROUNDS, SPONGE_WIDTH};
use plonky2::iop::generator::WitnessGeneratorRef;
use plonky2::iop::target::Target;

use crate::D;

/// Wires of a Poseidon gate.
pub(super) const WIRES: usize = DELTA + HALF + SPONGE_WIDTH * (2 * HALF_N_FULL_ROUNDS - 1) + N_PARTIAL_ROUNDS;
/// The first wire that is generated.
pub(super) const FIRST: usize = SPONGE_WIDTH;
/// The wire that says whether the two halves of the rate are swapped. It is not generated.
pub(super) const SWAP: usize = 2 * SPONGE_WIDTH;
const DELTA: usize = SWAP + 1;
const HALF: usize = 4;

/// The row whose wires the generator gives, if it is that of a Poseidon gate.
pub(super) fn row(generator: &WitnessGeneratorRef<F, D>) -> Option<u32> {
    if generator.0.id() != "PoseidonGenerator" {
        return None;
    }
    let inputs = generator.0.watch_list();
    let Some(Target::Wire(first)) = inputs.first() else { return None };
    let expected = (0..SPONGE_WIDTH).chain([SWAP]).map(|column| Target::wire(first.row, column));
    if expected.eq(inputs.iter().copied()) { u32::try_from(first.row).ok() } else { None }
}

/// Fills in rows of Poseidon gates, [`WIRES`] integers each, in which inputs and swap are given.
pub(super) struct Rows<'a>(pub(super) &'a mut [u64]);

impl Work for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for rows in self.0.chunks_mut(WIRES * L::WIDTH) {
            let mut state = [L::splat(0); SPONGE_WIDTH];
            let mut inputs = [[0; parth_crypto::poseidon::kernels::MAX_WIDTH]; SPONGE_WIDTH];
            for (lane, row) in rows.chunks_exact_mut(WIRES).enumerate() {
                swap(row);
                for (at, input) in inputs.iter_mut().enumerate() {
                    input[lane] = row[at];
                }
                if row[SWAP] == F::ONE.0 {
                    for at in 0..HALF {
                        (inputs[at][lane], inputs[at + HALF][lane]) = (row[at + HALF], row[at]);
                    }
                }
            }
            for (state, input) in state.iter_mut().zip(&inputs) {
                *state = L::load(&input[..L::WIDTH]);
            }
            let mut next = DELTA + HALF;
            for round in 0..N_ROUNDS {
                for (at, lane) in state.iter_mut().enumerate() {
                    *lane = lane.add_canonical(L::splat(ALL_ROUND_CONSTANTS[SPONGE_WIDTH * round + at]));
                }
                let partial = (HALF_N_FULL_ROUNDS..HALF_N_FULL_ROUNDS + N_PARTIAL_ROUNDS).contains(&round);
                let used = if partial { 1 } else { SPONGE_WIDTH };
                // The inputs of the first round follow from those of the row.
                if round > 0 {
                    write(rows, next, &state[..used]);
                    next += used;
                }
                for lane in &mut state[..used] {
                    *lane = lane.pow7();
                }
                mds_lanes(&mut state);
            }
            write(rows, FIRST, &state);
        }
    }
}

/// The differences that the gate keeps of the swap.
fn swap(row: &mut [u64]) {
    for at in 0..HALF {
        row[DELTA + at] = (F(row[SWAP]) * (F(row[at + HALF]) - F(row[at]))).0;
    }
}

/// Writes one lane to each row, from column `first` on.
#[inline(always)]
fn write<L: Lanes>(rows: &mut [u64], first: usize, state: &[L]) {
    for (column, lane) in (first..).zip(state) {
        for (row, value) in rows.chunks_exact_mut(WIRES).zip(lane.to_array()) {
            row[column] = value;
        }
    }
}
