//! Transforms between coefficients and values, by halving the modulus.
//!
//! A polynomial f below degree 2h, known modulo x^2h − z², splits into its remainders modulo x^h − z and x^h + z: with f
//! = low + high · x^h these are low ± z · high. After log2 steps each remainder is a value. The remainders of one step lie
//! side by side, so values come out by position as [`Domain`](super::Domain) orders points, coefficients stay in natural order, and a factor z is one
//! constant for a whole run of values. A coset differs from a subgroup by its factors only. The inverse runs backwards.
//!
//! ```text
//!   upper layers   two at a time, runs of at least eight values: one factor a run
//!   last three     eight neighbouring values in registers, several such groups side by side in the lanes
//! ```

use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::ops::Square;
use plonky2::field::types::Field;

use super::columns::{GROUP, gather, scatter};

/// Fewest values of a transform: enough groups for the widest lanes.
pub(super) const LEAST_BITS: usize = 6;

/// The factors of one transform, in two parts of together one word a value.
#[derive(Clone, Debug)]
struct Factors {
    /// Layer after layer, that of the whole in place 1, its halves in places 2 and 3, and so on.
    upper: Vec<u64>,
    /// The last three layers have 1, 2 and 4 factors a group: seven tables of one word a group.
    last: [Vec<u64>; GROUP - 1],
}

impl Factors {
    /// The factors for these points, or their inverses.
    fn new(bits: usize, points: &[F], inverse: bool) -> Factors {
        // Those of the last layer are every other point; a layer above has the squares of every other factor below it.
        let mut layer: Vec<F> = points.iter().step_by(2).copied().collect();
        if inverse {
            layer = F::batch_multiplicative_inverse(&layer);
        }
        let mut upper = vec![0; 1 << (bits - 3)];
        let mut last = [const { Vec::new() }; GROUP - 1];
        for number in (0..bits).rev() {
            if let Some(from_below) = (number + 3).checked_sub(bits) {
                let width = 1 << from_below;
                for (at, table) in last[width - 1..][..width].iter_mut().enumerate() {
                    *table = layer.iter().skip(at).step_by(width).map(|factor| factor.0).collect();
                }
            } else {
                for (place, factor) in upper[1 << number..].iter_mut().zip(&layer) {
                    *place = factor.0;
                }
            }
            layer = layer.iter().step_by(2).map(|factor| factor.square()).collect();
        }
        Factors { upper, last }
    }
}

/// From coefficients to values on the blocks of a coset.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    bits: usize,
    blocks: Vec<Factors>,
}

impl Forward {
    /// For blocks of 2^`bits` points.
    pub(super) fn new(bits: usize, points: &[F]) -> Forward {
        let blocks = points.chunks(1 << bits).map(|block| Factors::new(bits, block, false)).collect();
        Forward { bits, blocks }
    }

    /// Coefficients in a block.
    pub(super) fn len(&self) -> usize {
        1 << self.bits
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Replaces coefficients by values on one block, by position.
    pub(super) fn run(&self, kernel: Kernel, block: usize, values: &mut [u64]) {
        assert_eq!(values.len(), self.len(), "coefficients of a block");
        kernel.run(ForwardWork { bits: self.bits, factors: &self.blocks[block], values });
    }
}

/// From values to coefficients.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    bits: usize,
    factors: Factors,
    scale: u64,
}

impl Inverse {
    /// For values at these 2^`bits` points.
    pub(super) fn new(bits: usize, points: &[F]) -> Inverse {
        let scale = F::inverse_2exp(bits).0;
        Inverse { bits, factors: Factors::new(bits, points, true), scale }
    }

    /// Replaces values, by position, by coefficients.
    pub(super) fn run(&self, kernel: Kernel, values: &mut [u64]) {
        assert_eq!(values.len(), 1 << self.bits, "values");
        kernel.run(InverseWork { bits: self.bits, factors: &self.factors, scale: self.scale, values });
    }
}

struct ForwardWork<'a> {
    bits: usize,
    factors: &'a Factors,
    values: &'a mut [u64],
}

impl Work for ForwardWork<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let upper = self.bits - 3;
        if upper % 2 == 1 {
            split::<L>(self.values, self.factors.upper[1]);
        }
        for layer in (upper % 2..upper).step_by(2) {
            for (number, run) in self.values.chunks_exact_mut(1 << (self.bits - layer)).enumerate() {
                let at = (1 << layer) + number;
                let below = &self.factors.upper[2 * at..][..2];
                split_twice::<L>(run, self.factors.upper[at], [below[0], below[1]]);
            }
        }
        for (number, groups) in self.values.chunks_exact_mut(GROUP * L::WIDTH).enumerate() {
            let mut lanes = gather::<L>(groups);
            split_groups(&mut lanes, &load_factors(&self.factors.last, number));
            scatter(&lanes, groups);
        }
    }
}

struct InverseWork<'a> {
    bits: usize,
    factors: &'a Factors,
    scale: u64,
    values: &'a mut [u64],
}

impl Work for InverseWork<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let scale = L::splat(self.scale);
        for (number, groups) in self.values.chunks_exact_mut(GROUP * L::WIDTH).enumerate() {
            let mut lanes = gather::<L>(groups);
            join_groups(&mut lanes, &load_factors(&self.factors.last, number));
            for lane in &mut lanes {
                *lane = *lane * scale;
            }
            scatter(&lanes, groups);
        }
        let upper = self.bits - 3;
        for layer in (upper % 2..upper).step_by(2).rev() {
            for (number, run) in self.values.chunks_exact_mut(1 << (self.bits - layer)).enumerate() {
                let at = (1 << layer) + number;
                let below = &self.factors.upper[2 * at..][..2];
                join_twice::<L>(run, self.factors.upper[at], [below[0], below[1]]);
            }
        }
        if upper % 2 == 1 {
            join::<L>(self.values, self.factors.upper[1]);
        }
    }
}

/// One layer over one run.
#[inline(always)]
fn split<L: Lanes>(run: &mut [u64], factor: u64) {
    let factor = L::splat(factor);
    let (low, high) = run.split_at_mut(run.len() / 2);
    for (low, high) in low.chunks_exact_mut(L::WIDTH).zip(high.chunks_exact_mut(L::WIDTH)) {
        let (a, b) = split_pair(L::load(low), L::load(high), factor);
        a.store(low);
        b.store(high);
    }
}

/// Backwards: one layer over one run.
#[inline(always)]
fn join<L: Lanes>(run: &mut [u64], factor: u64) {
    let factor = L::splat(factor);
    let (low, high) = run.split_at_mut(run.len() / 2);
    for (low, high) in low.chunks_exact_mut(L::WIDTH).zip(high.chunks_exact_mut(L::WIDTH)) {
        let (a, b) = join_pair(L::load(low), L::load(high), factor);
        a.store(low);
        b.store(high);
    }
}

/// Two layers over one run: halves, then quarters.
#[inline(always)]
fn split_twice<L: Lanes>(run: &mut [u64], factor: u64, below: [u64; 2]) {
    let (factor, below) = (L::splat(factor), [L::splat(below[0]), L::splat(below[1])]);
    let (low, high) = run.split_at_mut(run.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    let quarters = a.chunks_exact_mut(L::WIDTH).zip(b.chunks_exact_mut(L::WIDTH));
    let quarters = quarters.zip(c.chunks_exact_mut(L::WIDTH).zip(d.chunks_exact_mut(L::WIDTH)));
    for ((a, b), (c, d)) in quarters {
        let (x, z) = split_pair(L::load(a), L::load(c), factor);
        let (y, w) = split_pair(L::load(b), L::load(d), factor);
        let (x, y) = split_pair(x, y, below[0]);
        let (z, w) = split_pair(z, w, below[1]);
        x.store(a);
        y.store(b);
        z.store(c);
        w.store(d);
    }
}

/// Backwards: two layers over one run.
#[inline(always)]
fn join_twice<L: Lanes>(run: &mut [u64], factor: u64, below: [u64; 2]) {
    let (factor, below) = (L::splat(factor), [L::splat(below[0]), L::splat(below[1])]);
    let (low, high) = run.split_at_mut(run.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    let quarters = a.chunks_exact_mut(L::WIDTH).zip(b.chunks_exact_mut(L::WIDTH));
    let quarters = quarters.zip(c.chunks_exact_mut(L::WIDTH).zip(d.chunks_exact_mut(L::WIDTH)));
    for ((a, b), (c, d)) in quarters {
        let (x, y) = join_pair(L::load(a), L::load(b), below[0]);
        let (z, w) = join_pair(L::load(c), L::load(d), below[1]);
        let (x, z) = join_pair(x, z, factor);
        let (y, w) = join_pair(y, w, factor);
        x.store(a);
        y.store(b);
        z.store(c);
        w.store(d);
    }
}

#[inline(always)]
fn split_pair<L: Lanes>(low: L, high: L, factor: L) -> (L, L) {
    let shifted = high * factor;
    (low + shifted, low - shifted)
}

/// Backwards, but for the factor 2.
#[inline(always)]
fn join_pair<L: Lanes>(low: L, high: L, inverse: L) -> (L, L) {
    (low + high, (low - high) * inverse)
}

/// The last three layers of as many groups as there are lanes.
#[inline(always)]
fn split_groups<L: Lanes>(v: &mut [L; GROUP], factors: &[L; GROUP - 1]) {
    for at in 0..4 {
        (v[at], v[at + 4]) = split_pair(v[at], v[at + 4], factors[0]);
    }
    for (half, &factor) in factors[1..3].iter().enumerate() {
        for at in 4 * half..4 * half + 2 {
            (v[at], v[at + 2]) = split_pair(v[at], v[at + 2], factor);
        }
    }
    for (quarter, &factor) in factors[3..].iter().enumerate() {
        (v[2 * quarter], v[2 * quarter + 1]) = split_pair(v[2 * quarter], v[2 * quarter + 1], factor);
    }
}

/// Backwards: the last three layers.
#[inline(always)]
fn join_groups<L: Lanes>(v: &mut [L; GROUP], factors: &[L; GROUP - 1]) {
    for (quarter, &factor) in factors[3..].iter().enumerate() {
        (v[2 * quarter], v[2 * quarter + 1]) = join_pair(v[2 * quarter], v[2 * quarter + 1], factor);
    }
    for (half, &factor) in factors[1..3].iter().enumerate() {
        for at in 4 * half..4 * half + 2 {
            (v[at], v[at + 2]) = join_pair(v[at], v[at + 2], factor);
        }
    }
    for at in 0..4 {
        (v[at], v[at + 4]) = join_pair(v[at], v[at + 4], factors[0]);
    }
}

/// The factors of the groups that start with group `number` · `WIDTH`.
#[inline(always)]
fn load_factors<L: Lanes>(tables: &[Vec<u64>; GROUP - 1], number: usize) -> [L; GROUP - 1] {
    let mut factors = [L::splat(0); GROUP - 1];
    for (factor, table) in factors.iter_mut().zip(tables) {
        *factor = L::load(&table[number * L::WIDTH..][..L::WIDTH]);
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::super::Domain;
    use super::*;
    use plonky2::field::polynomial::{PolynomialCoeffs, PolynomialValues};

    fn random(len: usize) -> Vec<u64> {
        let mut state = 7u64;
        let step = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state ^ (state >> 29)
        };
        std::iter::repeat_with(step).take(len).collect()
    }

    fn felts(words: &[u64]) -> Vec<F> {
        words.iter().map(|&word| F(word)).collect()
    }

    #[test]
    fn every_kernel_transforms_as_the_library_does() {
        for bits in [LEAST_BITS, 7, 10] {
            let domain = Domain::new(bits, 3, &[]);
            let rows = random(1 << bits);
            let natural: Vec<F> = (0..rows.len()).map(|row| F(rows[domain.row(row)])).collect();
            let coefficients = PolynomialValues::new(natural).ifft();
            let coset = coefficients.lde(3).coset_fft(F::coset_shift()).values;
            for kernel in Kernel::available() {
                let mut values = rows.clone();
                domain.rows_to_coefficients().run(kernel, &mut values);
                assert_eq!(felts(&values), coefficients.coeffs, "{kernel}");
                let mut all = Vec::new();
                for block in 0..8 {
                    let mut block_values = values.clone();
                    domain.coefficients_to_coset().run(kernel, block, &mut block_values);
                    all.extend(block_values);
                }
                let big = Domain::new(bits + 3, 0, &[]);
                let by_index: Vec<F> = (0..all.len()).map(|index| F(all[big.row(index)])).collect();
                assert_eq!(by_index, coset, "{kernel}");
                domain.coset_to_coefficients().run(kernel, &mut all);
                let back = PolynomialCoeffs::new(felts(&all));
                assert_eq!(back, coefficients.lde(3), "{kernel}");
            }
        }
    }
}
