//! The Poseidon permutation over Goldilocks, width 12: 4 full rounds, 22 partial rounds, 4 full rounds, S-box x^7.
//!
//! Source: the instance of plonky2 (Grassi et al., eprint 2019/458, with plonky2's constants and MDS matrix). Only
//! [`mod@crate::hash`] calls it; everything else names a [`crate::Domain`].

mod constants;

use self::constants::{HALF_FULL_ROUNDS, MDS_CIRCULANT, MDS_DIAGONAL_0, PARTIAL_ROUNDS, ROUND_CONSTANTS};
use crate::felt::Felt;

pub use self::state::State;

mod state {
    use crate::felt::Felt;

    /// The twelve lanes: 0 to 7 are the rate, 8 to 11 the capacity.
    pub type State = [Felt; super::constants::WIDTH];
}

/// Applies the permutation.
pub fn permute(state: &mut State) {
    for round in 0..HALF_FULL_ROUNDS {
        full_round(state, round);
    }
    for round in HALF_FULL_ROUNDS..HALF_FULL_ROUNDS + PARTIAL_ROUNDS {
        partial_round(state, round);
    }
    for round in HALF_FULL_ROUNDS + PARTIAL_ROUNDS..2 * HALF_FULL_ROUNDS + PARTIAL_ROUNDS {
        full_round(state, round);
    }
}

fn full_round(state: &mut State, round: usize) {
    for (lane, &constant) in state.iter_mut().zip(&ROUND_CONSTANTS[round]) {
        *lane = sbox(*lane + Felt::constant(constant));
    }
    mix(state);
}

fn partial_round(state: &mut State, round: usize) {
    for (lane, &constant) in state.iter_mut().zip(&ROUND_CONSTANTS[round]) {
        *lane += Felt::constant(constant);
    }
    state[0] = sbox(state[0]);
    mix(state);
}

fn sbox(x: Felt) -> Felt {
    let x2 = x * x;
    let x4 = x2 * x2;
    x4 * x2 * x
}

/// Multiplies by the MDS matrix: out\[r\] = Σ circulant\[i\] · in\[(i + r) mod 12\], and the diagonal at lane 0.
/// Its entries are below 2^6, so the sums of 32-bit halves stay below 2^42 and are reduced once a lane.
fn mix(state: &mut State) {
    let low: [u64; 24] = std::array::from_fn(|i| state[i % 12].as_u64() & 0xffff_ffff);
    let high: [u64; 24] = std::array::from_fn(|i| state[i % 12].as_u64() >> 32);
    let mut low_sums = [0u64; 12];
    let mut high_sums = [0u64; 12];
    for (i, &entry) in MDS_CIRCULANT.iter().enumerate() {
        for row in 0..12 {
            low_sums[row] += entry * low[row + i];
            high_sums[row] += entry * high[row + i];
        }
    }
    low_sums[0] += MDS_DIAGONAL_0 * low[0];
    high_sums[0] += MDS_DIAGONAL_0 * high[0];
    for (lane, (low, high)) in state.iter_mut().zip(low_sums.into_iter().zip(high_sums)) {
        *lane = Felt::reduce_u128(u128::from(low) + (u128::from(high) << 32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the reference implementation that plonky2 publishes: zeros, 0 to 11, all −1, and one random state.
    #[test]
    fn known_answers() {
        let minus_one = Felt::ORDER - 1;
        let vectors: [([u64; 12], [u64; 12]); 4] = [
            (
                [0; 12],
                [
                    0x3c18a9786cb0b359,
                    0xc4055e3364a246c3,
                    0x7953db0ab48808f4,
                    0xc71603f33a1144ca,
                    0xd7709673896996dc,
                    0x46a84e87642f44ed,
                    0xd032648251ee0b3c,
                    0x1c687363b207df62,
                    0xdf8565563e8045fe,
                    0x40f5b37ff4254dae,
                    0xd070f637b431067c,
                    0x1792b1c4342109d7,
                ],
            ),
            (
                [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
                [
                    0xd64e1e3efc5b8e9e,
                    0x53666633020aaa47,
                    0xd40285597c6a8825,
                    0x613a4f81e81231d2,
                    0x414754bfebd051f0,
                    0xcb1f8980294a023f,
                    0x6eb2a9e4d54a9d0f,
                    0x1902bc3af467e056,
                    0xf045d5eafdc6021f,
                    0xe4150f77caaa3be5,
                    0xc9bfd01d39b50cce,
                    0x5c0a27fcb0e1459b,
                ],
            ),
            (
                [minus_one; 12],
                [
                    0xbe0085cfc57a8357,
                    0xd95af71847d05c09,
                    0xcf55a13d33c1c953,
                    0x95803a74f4530e82,
                    0xfcd99eb30a135df1,
                    0xe095905e913a3029,
                    0xde0392461b42919b,
                    0x7d3260e24e81d031,
                    0x10d3d0465d9deaa0,
                    0xa87571083dfc2a47,
                    0xe18263681e9958f8,
                    0xe28e96f1ae5e60d3,
                ],
            ),
            (
                [
                    0x8ccbbbea4fe5d2b7,
                    0xc2af59ee9ec49970,
                    0x90f7e1a9e658446a,
                    0xdcc0630a3ab8b1b8,
                    0x7ff8256bca20588c,
                    0x5d99a7ca0c44ecfb,
                    0x48452b17a70fbee3,
                    0xeb09d654690b6c88,
                    0x4a55d3a39c676a88,
                    0xc0407a38d2285139,
                    0xa234bac9356386d1,
                    0xe1633f2bad98a52f,
                ],
                [
                    0xa89280105650c4ec,
                    0xab542d53860d12ed,
                    0x5704148e9ccab94f,
                    0xd3a826d4b62da9f5,
                    0x8a7a6ca87892574f,
                    0xc7017e1cad1a674e,
                    0x1f06668922318e34,
                    0xa3b203bc8102676f,
                    0xfcc781b0ce382bf2,
                    0x934c69ff3ed14ba5,
                    0x504688a5996e8f13,
                    0x401f3f2ed524a2ba,
                ],
            ),
        ];
        for (input, expected) in vectors {
            let mut state = input.map(Felt::constant);
            permute(&mut state);
            assert_eq!(state.map(Felt::as_u64), expected);
        }
    }
}
