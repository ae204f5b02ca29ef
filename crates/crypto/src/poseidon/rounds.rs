//! The permutation over [`Lanes`]: the same values as the textbook rounds, by fewer operations.
//!
//! *Halves.* Between two S-boxes the permutation is linear with small coefficients, so a felt is held as two words,
//! value = low + 2^32 · high, that are added and shifted without reduction until they fill 63 bits.
//!
//! *Frequencies.* The MDS matrix is circulant but for one entry: it multiplies polynomials modulo x^12 − 1. With y = x^3
//! that ring splits at y^4 = 1 into three products of three terms, at y = 1, y = −1 and y = i, whose coefficients
//! are sums of few powers of two:
//!
//! ```text
//!   y =  1   64, 128, 64            y = −1   −4, −32, 8            y = i   4 + 2i, −8 − 2i, 32 − 2i
//! ```
//!
//! *Partial rounds* change lane 0 only, so the state stays in frequencies through all 22 of them: lane 0 is read off as
//! a sum of three words and written back by adding to nine. The constants of the other lanes are carried forward, to
//! lane 0 of the following rounds and to the first full round behind.

use super::constants::{HALF_FULL_ROUNDS, MDS_CIRCULANT, MDS_DIAGONAL_0, PARTIAL_ROUNDS, ROUND_CONSTANTS, WIDTH};
use super::kernels::Lanes;
use crate::felt::Felt;

/// Applies the permutation to as many states as lanes are wide. Lanes may hold any representatives, and do afterwards.
#[inline(always)]
pub fn permute_lanes<L: Lanes>(state: &mut [L; WIDTH]) {
    for (lane, constant) in state.iter_mut().zip(ROUND_CONSTANTS[0]) {
        *lane = lane.add_canonical(L::splat(constant));
    }
    for round in 0..HALF_FULL_ROUNDS - 1 {
        sboxes(state);
        mix(state, &FULL[round]);
    }
    sboxes(state);
    let (lows, highs) = split(state);
    let (mut low, mut high) = (Frequencies::of(&lows).times_matrix(), Frequencies::of(&highs).times_matrix());
    low.add_four_times_to_lane_0(lows[0].shl::<1>());
    high.add_four_times_to_lane_0(highs[0].shl::<1>());
    let mut round = 0;
    for rounds in BETWEEN_CARRIES {
        for constant in &PARTIAL[round..round + rounds] {
            partial_round(&mut low, &mut high, constant);
        }
        round += rounds;
        carry(&mut low, &mut high);
    }
    *state = join(&low.lanes(), &high.lanes(), &FULL[HALF_FULL_ROUNDS - 1]);
    for round in HALF_FULL_ROUNDS..2 * HALF_FULL_ROUNDS {
        sboxes(state);
        mix(state, &FULL[round]);
    }
}

/// Multiplies by the MDS matrix. Lanes may hold any representatives, and do afterwards.
#[inline(always)]
pub fn mds_lanes<L: Lanes>(state: &mut [L; WIDTH]) {
    mix(state, &[Halves { low: 0, high: 0 }; WIDTH]);
}

/// Lanes whose S-boxes are computed side by side: one S-box is a chain of three dependent products, and machines do not
/// look far enough ahead to find the next lane's. Measured: 4 is best of 1, 2, 3, 4, 6, 12 for AVX-512.
const ABREAST: usize = 4;

#[inline(always)]
fn sboxes<L: Lanes>(state: &mut [L; WIDTH]) {
    for lanes in state.as_chunks_mut::<ABREAST>().0 {
        let (mut x2, mut x3, mut x4) = (*lanes, *lanes, *lanes);
        for at in 0..ABREAST {
            x2[at] = lanes[at].square();
        }
        for at in 0..ABREAST {
            x4[at] = x2[at].square();
            x3[at] = x2[at] * lanes[at];
        }
        for at in 0..ABREAST {
            lanes[at] = x3[at] * x4[at];
        }
    }
}

/// The low and the high halves of all lanes.
#[inline(always)]
fn split<L: Lanes>(state: &[L; WIDTH]) -> ([L; WIDTH], [L; WIDTH]) {
    let (mut low, mut high) = (*state, *state);
    for at in 0..WIDTH {
        (low[at], high[at]) = (state[at].low(), state[at].shr::<32>());
    }
    (low, high)
}

/// Three words, shifted to the left. Not `map`, which the compiler might not inline into the kernel.
#[inline(always)]
fn shifted<const BITS: u32, L: Lanes>(mut words: [L; 3]) -> [L; 3] {
    for word in &mut words {
        *word = word.shl::<BITS>();
    }
    words
}

/// Multiplies by the matrix and adds constants.
#[inline(always)]
fn mix<L: Lanes>(state: &mut [L; WIDTH], constants: &[Halves; WIDTH]) {
    let (low, high) = split(state);
    let mut low_sums = Frequencies::of(&low).times_matrix().lanes();
    let mut high_sums = Frequencies::of(&high).times_matrix().lanes();
    low_sums[0] = low_sums[0].wrapping_add(low[0].shl::<3>());
    high_sums[0] = high_sums[0].wrapping_add(high[0].shl::<3>());
    *state = join(&low_sums, &high_sums, constants);
}

/// One partial round; `constant` is that of lane 0 with a bias.
#[inline(always)]
fn partial_round<L: Lanes>(low: &mut Frequencies<L>, high: &mut Frequencies<L>, constant: &Halves) {
    let (x_low, x_high) = (low.lane_0(), high.lane_0());
    let y = constant.reduce(x_low, x_high).pow7();
    low.round(x_low, y.low());
    high.round(x_high, y.shr::<32>());
}

/// Two words that stand for low + 2^32 · high modulo p.
#[derive(Clone, Copy)]
struct Halves {
    low: u64,
    high: u64,
}

impl Halves {
    /// The sum of the constant and of two words that are signed, but not below minus the constant's, modulo p.
    /// The high one of the sum must be below 2^60.
    #[inline(always)]
    fn reduce<L: Lanes>(&self, low: L, high: L) -> L {
        let low = low.wrapping_add(L::splat(self.low));
        let high = high.wrapping_add(L::splat(self.high)).wrapping_add(low.shr::<32>());
        // 2^64 = 2^32 − 1: what stands above 64 bits comes back below 2^60.
        low.below(high).add_canonical(high.shr::<32>().times_epsilon())
    }
}

#[inline(always)]
fn join<L: Lanes>(low: &[L; WIDTH], high: &[L; WIDTH], constants: &[Halves; WIDTH]) -> [L; WIDTH] {
    let mut out = *low;
    for at in 0..WIDTH {
        out[at] = constants[at].reduce(low[at], high[at]);
    }
    out
}

/// One half of all felts of a state: twelve signed words, transformed at y = 1, −1 and i.
///
/// Scaled to a quarter, a quarter and a half of the transform, so that [`Frequencies::lanes`] need not divide.
/// `minus[1]` has the opposite sign, which makes the product at y = −1 cyclic.
#[derive(Clone, Copy)]
struct Frequencies<L> {
    one: [L; 3],
    minus: [L; 3],
    real: [L; 3],
    imaginary: [L; 3],
}

impl<L: Lanes> Frequencies<L> {
    /// The transform of twelve words, not scaled.
    #[inline(always)]
    fn of(lanes: &[L; WIDTH]) -> Self {
        let mut out =
            Frequencies { one: [lanes[0]; 3], minus: [lanes[0]; 3], real: [lanes[0]; 3], imaginary: [lanes[0]; 3] };
        for at in 0..3 {
            let (even, odd) = (lanes[at].wrapping_add(lanes[at + 6]), lanes[at + 3].wrapping_add(lanes[at + 9]));
            out.one[at] = even.wrapping_add(odd);
            out.minus[at] = if at == 1 { odd.wrapping_sub(even) } else { even.wrapping_sub(odd) };
            out.real[at] = lanes[at].wrapping_sub(lanes[at + 6]);
            out.imaginary[at] = lanes[at + 3].wrapping_sub(lanes[at + 9]);
        }
        out
    }

    /// The twelve words of a scaled transform.
    #[inline(always)]
    fn lanes(&self) -> [L; WIDTH] {
        let mut out = [self.one[0]; WIDTH];
        for at in 0..3 {
            let (one, minus) = (self.one[at], self.minus[at]);
            let (sum, difference) = (one.wrapping_add(minus), one.wrapping_sub(minus));
            let (even, odd) = if at == 1 { (difference, sum) } else { (sum, difference) };
            out[at] = even.wrapping_add(self.real[at]);
            out[at + 3] = odd.wrapping_add(self.imaginary[at]);
            out[at + 6] = even.wrapping_sub(self.real[at]);
            out[at + 9] = odd.wrapping_sub(self.imaginary[at]);
        }
        out
    }

    /// Word 0 of a scaled transform.
    #[inline(always)]
    fn lane_0(&self) -> L {
        self.one[0].wrapping_add(self.minus[0]).wrapping_add(self.real[0])
    }

    /// Adds to word 0 of a scaled transform four times a quarter.
    #[inline(always)]
    fn add_four_times_to_lane_0(&mut self, quarter: L) {
        self.one[0] = self.one[0].wrapping_add(quarter);
        self.minus[0] = self.minus[0].wrapping_add(quarter);
        self.real[0] = self.real[0].wrapping_add(quarter.shl::<1>());
    }

    /// The scaled transform of the circulant matrix times these words; takes the transform itself.
    #[inline(always)]
    fn times_matrix(&self) -> Self {
        let Frequencies { one, minus, real, imaginary } = *self;
        // 16, 32, 16.
        let sum = one[0].wrapping_add(one[1]).wrapping_add(one[2]);
        let one = [
            sum.wrapping_add(one[2]).shl::<4>(),
            sum.wrapping_add(one[0]).shl::<4>(),
            sum.wrapping_add(one[1]).shl::<4>(),
        ];
        // −1, 8, 2 by the sign of `minus[1]`.
        let [m2, m8] = [shifted::<1, L>(minus), shifted::<3, L>(minus)];
        let minus = [
            m8[2].wrapping_add(m2[1]).wrapping_sub(minus[0]),
            m8[0].wrapping_add(m2[2]).wrapping_sub(minus[1]),
            m8[1].wrapping_add(m2[0]).wrapping_sub(minus[2]),
        ];
        // 2 + i, −(4 + i), 16 − i, and x^3 = i. The middle one is computed without its sign.
        let (r2, r4, r16) = (shifted::<1, L>(real), shifted::<2, L>(real), shifted::<4, L>(real));
        let (i2, i4, i16) = (shifted::<1, L>(imaginary), shifted::<2, L>(imaginary), shifted::<4, L>(imaginary));
        let (mut ar, mut ai, mut br, mut bi, mut cr, mut ci) = (real, real, real, real, real, real);
        for at in 0..3 {
            (ar[at], ai[at]) = (r2[at].wrapping_sub(imaginary[at]), i2[at].wrapping_add(real[at]));
            (br[at], bi[at]) = (r4[at].wrapping_sub(imaginary[at]), i4[at].wrapping_add(real[at]));
            (cr[at], ci[at]) = (r16[at].wrapping_add(imaginary[at]), i16[at].wrapping_sub(real[at]));
        }
        // a·z0 + i(c·z1 − b·z2); a·z1 − b·z0 + i·c·z2; a·z2 − b·z1 + c·z0.
        let real = [
            ar[0].wrapping_sub(ci[1]).wrapping_add(bi[2]),
            ar[1].wrapping_sub(br[0]).wrapping_sub(ci[2]),
            ar[2].wrapping_sub(br[1]).wrapping_add(cr[0]),
        ];
        let imaginary = [
            ai[0].wrapping_add(cr[1]).wrapping_sub(br[2]),
            ai[1].wrapping_sub(bi[0]).wrapping_add(cr[2]),
            ai[2].wrapping_sub(bi[1]).wrapping_add(ci[0]),
        ];
        Frequencies { one, minus, real, imaginary }
    }

    /// The matrix times these words (a scaled transform) after word 0, which was `x`, has become `y`.
    #[inline(always)]
    fn round(&mut self, x: L, y: L) {
        let mut whole = Frequencies {
            one: shifted::<2, L>(self.one),
            minus: shifted::<2, L>(self.minus),
            real: shifted::<1, L>(self.real),
            imaginary: shifted::<1, L>(self.imaginary),
        };
        let change = y.wrapping_sub(x);
        whole.one[0] = whole.one[0].wrapping_add(change);
        whole.minus[0] = whole.minus[0].wrapping_add(change);
        whole.real[0] = whole.real[0].wrapping_add(change);
        *self = whole.times_matrix();
        self.add_four_times_to_lane_0(y.shl::<1>());
    }
}

/// Brings both words of each felt back to about 32 bits: 2^64 = 2^32 − 1, so what the high word has above 32 bits is
/// added to the high one and taken from the low one.
#[inline(always)]
fn carry<L: Lanes>(low: &mut Frequencies<L>, high: &mut Frequencies<L>) {
    for at in 0..3 {
        (low.one[at], high.one[at]) = carried(low.one[at], high.one[at]);
        (low.minus[at], high.minus[at]) = carried(low.minus[at], high.minus[at]);
        (low.real[at], high.real[at]) = carried(low.real[at], high.real[at]);
        (low.imaginary[at], high.imaginary[at]) = carried(low.imaginary[at], high.imaginary[at]);
    }
}

#[inline(always)]
fn carried<L: Lanes>(low: L, high: L) -> (L, L) {
    let high = high.wrapping_add(low.signed_high());
    let above = high.signed_high();
    (low.low().wrapping_sub(above), high.low().wrapping_add(above))
}

/// How many partial rounds stand before each carry. A word is below 2^41 after the matrix, below 2^33 after a carry,
/// and grows less than 2^8.2-fold a round: three rounds leave it below 2^58. The last carry is for the full rounds.
const BETWEEN_CARRIES: [usize; 8] = [2, 3, 3, 3, 3, 3, 3, 2];

/// Zero modulo p as two words, about `2^bits` each: what makes signed words of less than that positive.
const fn bias(bits: u32) -> Halves {
    // 2^(bits − 32) · p = (2^(bits−32)) + 2^32 · (2^bits − 2^(bits−32)), and 2^bits goes from the high word to the low.
    let small = 1 << (bits - 32);
    Halves { low: small + (1 << bits), high: (1 << bits) - 2 * small }
}

/// A constant with a bias.
const fn halves(constant: u64, bias: Halves) -> Halves {
    Halves { low: bias.low + (constant & 0xffff_ffff), high: bias.high + (constant >> 32) }
}

const fn plus(a: u64, b: u64) -> u64 {
    ((a as u128 + b as u128) % Felt::ORDER as u128) as u64
}

/// The MDS matrix times constants.
const fn mixed(constants: &[u64; WIDTH]) -> [u64; WIDTH] {
    let mut out = [0; WIDTH];
    let mut row = 0;
    while row < WIDTH {
        let mut sum = if row == 0 { MDS_DIAGONAL_0 as u128 * constants[0] as u128 } else { 0 };
        let mut at = 0;
        while at < WIDTH {
            sum += MDS_CIRCULANT[at] as u128 * constants[(at + row) % WIDTH] as u128;
            at += 1;
        }
        out[row] = (sum % Felt::ORDER as u128) as u64;
        row += 1;
    }
    out
}

/// Constants of lane 0 in the partial rounds, those of the other lanes carried forward, and what is left of them for
/// the full round behind.
const CARRIED: ([u64; PARTIAL_ROUNDS], [u64; WIDTH]) = {
    let mut of_lane_0 = [0; PARTIAL_ROUNDS];
    let mut rest = [0; WIDTH];
    let mut round = 0;
    while round < PARTIAL_ROUNDS {
        let own = &ROUND_CONSTANTS[HALF_FULL_ROUNDS + round];
        of_lane_0[round] = plus(own[0], rest[0]);
        let mut lane = 1;
        while lane < WIDTH {
            rest[lane] = plus(rest[lane], own[lane]);
            lane += 1;
        }
        rest[0] = 0;
        rest = mixed(&rest);
        round += 1;
    }
    (of_lane_0, rest)
};

/// What a partial round adds to lane 0; words are below 2^58 there.
static PARTIAL: [Halves; PARTIAL_ROUNDS] = {
    let mut out = [Halves { low: 0, high: 0 }; PARTIAL_ROUNDS];
    let mut round = 0;
    while round < PARTIAL_ROUNDS {
        out[round] = halves(CARRIED.0[round], bias(58));
        round += 1;
    }
    out
};

/// What is added behind each mixing of a full round (and, in the middle, behind the partial rounds): the constants of
/// the next full round; none behind the last.
static FULL: [[Halves; WIDTH]; 2 * HALF_FULL_ROUNDS] = {
    let mut out = [[Halves { low: 0, high: 0 }; WIDTH]; 2 * HALF_FULL_ROUNDS];
    let mut at = 0;
    while at < 2 * HALF_FULL_ROUNDS - 1 {
        let next = if at < HALF_FULL_ROUNDS - 1 { at + 1 } else { at + 1 + PARTIAL_ROUNDS };
        let behind_partial = at == HALF_FULL_ROUNDS - 1;
        let mut lane = 0;
        while lane < WIDTH {
            out[at][lane] = if behind_partial {
                halves(plus(ROUND_CONSTANTS[next][lane], CARRIED.1[lane]), bias(40))
            } else {
                halves(ROUND_CONSTANTS[next][lane], Halves { low: 0, high: 0 })
            };
            lane += 1;
        }
        at += 1;
    }
    out
};
