//! The permutation as it is defined, round by round on canonical felts: what the kernels are compared with.

use super::State;
use super::constants::{HALF_FULL_ROUNDS, MDS_CIRCULANT, MDS_DIAGONAL_0, PARTIAL_ROUNDS, ROUND_CONSTANTS, WIDTH};
use crate::felt::Felt;

/// Applies the permutation.
pub(super) fn permute(state: &mut State) {
    for (round, constants) in ROUND_CONSTANTS.iter().enumerate() {
        for (lane, &constant) in state.iter_mut().zip(constants) {
            *lane += Felt::constant(constant);
        }
        let is_partial = (HALF_FULL_ROUNDS..HALF_FULL_ROUNDS + PARTIAL_ROUNDS).contains(&round);
        for lane in &mut state[..if is_partial { 1 } else { WIDTH }] {
            *lane = lane.pow(7);
        }
        mix(state);
    }
}

/// Multiplies by the MDS matrix: out\[row\] = Σ circulant\[i\] · in\[(row + i) mod 12\], and the diagonal at lane 0.
pub(super) fn mix(state: &mut State) {
    let old = *state;
    for (row, lane) in state.iter_mut().enumerate() {
        *lane = (0..WIDTH).map(|at| Felt::constant(MDS_CIRCULANT[at]) * old[(row + at) % WIDTH]).sum();
    }
    state[0] += Felt::constant(MDS_DIAGONAL_0) * old[0];
}
