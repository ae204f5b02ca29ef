//! The Poseidon permutation over Goldilocks, width 12: 4 full rounds, 22 partial rounds, 4 full rounds, S-box x^7.
//!
//! ```text
//!   constants  of the rounds and of the MDS matrix
//!   rounds     the permutation over lanes of any width
//!   kernels    lanes: scalar, AVX2, AVX-512; the choice at run time
//!   textbook   (tests) the permutation as it is defined, which the rounds must equal
//! ```
//!
//! Source: the instance of plonky2 (Grassi et al., eprint 2019/458, with plonky2's constants and MDS matrix). Only
//! [`mod@crate::hash`] and the prover call it; everything else names a [`crate::Domain`].

mod constants;
pub mod kernels;
mod rounds;
#[cfg(test)]
mod textbook;

use self::kernels::{Kernel, Lanes, Work};
use crate::felt::Felt;

pub use self::constants::WIDTH;
pub use self::rounds::{mds_lanes, permute_lanes};

/// The twelve lanes: 0 to 7 are the rate, 8 to 11 the capacity.
pub type State = [Felt; WIDTH];

/// Applies the permutation.
pub fn permute(state: &mut State) {
    Kernel::Scalar.run(Permute(std::slice::from_mut(state)));
}

/// Applies the permutation to each state, as many at a time as the current kernel has lanes.
pub fn permute_many(states: &mut [State]) {
    Kernel::current().run(Permute(states));
}

/// Permutes states that lie one behind the other.
struct Permute<'a>(&'a mut [State]);

impl Work for Permute<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for states in self.0.chunks_mut(L::WIDTH) {
            let mut lanes = [L::splat(0); WIDTH];
            for (at, lane) in lanes.iter_mut().enumerate() {
                *lane = L::from_fn(|of| states.get(of).map_or(0, |state| state[at].as_u64()));
            }
            permute_lanes(&mut lanes);
            for (at, lane) in lanes.iter().enumerate() {
                for (state, &felt) in states.iter_mut().zip(&lane.canonical().to_array()) {
                    state[at] = Felt::reduce(felt);
                }
            }
        }
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
