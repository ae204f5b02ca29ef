//! [`Lanes`]: several felts that go through the same arithmetic.

use std::ops::{Add, Mul, Neg, Sub};

use super::sums::Factor;

/// Felts in the widest lanes of all kernels.
pub const MAX_WIDTH: usize = 8;

/// The operations on plain 64-bit words that the permutation is built from. In a module that outside code cannot name,
/// so that nobody else can implement [`Lanes`].
pub(super) mod sealed {
    /// Lanes as plain words, each modulo 2^64.
    pub trait Words: Copy {
        /// The sum modulo 2^64.
        fn wrapping_add(self, other: Self) -> Self;
        /// The difference modulo 2^64.
        fn wrapping_sub(self, other: Self) -> Self;
        /// Shifted to the left.
        fn shl<const BITS: u32>(self) -> Self;
        /// Shifted to the right, zeros coming in.
        fn shr<const BITS: u32>(self) -> Self;
        /// The word as a signed integer, divided by 2^32 and rounded down.
        fn signed_high(self) -> Self;
        /// The low 32 bits.
        fn low(self) -> Self;
        /// The low 32 bits of this word below the low 32 bits of `high`.
        fn below(self, high: Self) -> Self;
        /// The low 32 bits times 2^32 − 1.
        fn times_epsilon(self) -> Self;
        /// The product of the low 32 bits of both.
        fn low_product(self, other: Self) -> Self;
    }
}

/// [`Lanes::WIDTH`] felts, side by side. A lane holds any 64-bit integer and stands for that integer modulo p; only
/// [`Lanes::canonical`] makes it the one below p.
///
/// Sealed: implemented here, and met elsewhere only as a parameter of [`Work::run`](super::Work::run).
pub trait Lanes:
    sealed::Words + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> + 'static
{
    /// How many: 1, 4 or 8.
    const WIDTH: usize;

    /// The same integer in every lane.
    fn splat(value: u64) -> Self;

    /// The integers of a slice, any representatives of their felts.
    ///
    /// # Panics
    /// When the slice does not have exactly [`Lanes::WIDTH`] integers.
    fn load(values: &[u64]) -> Self;

    /// Writes the representatives as they are.
    ///
    /// # Panics
    /// When the slice does not have room for exactly [`Lanes::WIDTH`] integers.
    fn store(self, values: &mut [u64]);

    /// The sum, where every lane of `other` is below p: cheaper than `+`, and wrong for other integers.
    fn add_canonical(self, other: Self) -> Self;

    /// The square.
    fn square(self) -> Self;

    /// `self · factor + addend`, cheaper than the two in a row.
    fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// The representatives below p.
    fn canonical(self) -> Self;

    /// A sum of products with factors, not reduced yet.
    type Sum: Copy;

    /// The sum of no products.
    fn empty_sum() -> Self::Sum;

    /// Adds the products of the lanes and a factor, at less cost than a product that is reduced. A sum takes no more than
    /// [`MAX_PRODUCTS`](super::MAX_PRODUCTS).
    fn add_product(self, factor: &Factor, sum: &mut Self::Sum);

    /// The sum modulo p.
    fn reduce_sum(sum: Self::Sum) -> Self;

    /// One integer a lane, by its number.
    #[inline(always)]
    fn from_fn(mut lane: impl FnMut(usize) -> u64) -> Self {
        let mut values = [0; MAX_WIDTH];
        for (at, value) in values[..Self::WIDTH].iter_mut().enumerate() {
            *value = lane(at);
        }
        Self::load(&values[..Self::WIDTH])
    }

    /// The representatives as an array; zeros behind the last lane.
    #[inline(always)]
    fn to_array(self) -> [u64; MAX_WIDTH] {
        let mut values = [0; MAX_WIDTH];
        self.store(&mut values[..Self::WIDTH]);
        values
    }

    /// Twice the felt.
    #[inline(always)]
    fn double(self) -> Self {
        self + self
    }

    /// Eight times the felt, for less than three doublings.
    #[inline(always)]
    fn octuple(self) -> Self {
        // The three bits that go over 2^64 = 2^32 − 1.
        let over = sealed::Words::times_epsilon(sealed::Words::shr::<61>(self));
        sealed::Words::shl::<3>(self).add_canonical(over)
    }

    /// The seventh power, the S-box of Poseidon.
    #[inline(always)]
    fn pow7(self) -> Self {
        let x2 = self.square();
        let x4 = x2.square();
        let x3 = x2 * self;
        x4 * x3
    }
}
