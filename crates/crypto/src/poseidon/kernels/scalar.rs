//! One felt at a time, in plain Rust. No `unsafe` here.

use std::ops::{Add, Mul, Neg, Sub};

use super::Work;
use super::lanes::{Lanes, sealed::Words};
use super::sums::Factor;
use crate::felt::{EPSILON, Felt};

/// One felt.
#[derive(Clone, Copy)]
struct Scalar(u64);

pub(super) fn run<W: Work>(work: W) -> W::Output {
    work.run::<Scalar>()
}

/// An integer below 2^128 modulo p, not always below p.
#[inline(always)]
fn reduce(value: u128) -> Scalar {
    let (low, high) = (value as u64, (value >> 64) as u64);
    let (difference, borrow) = low.overflowing_sub(high >> 32);
    // A borrow leaves at least 2^64 − 2^32, so this does not borrow again.
    let difference = difference.wrapping_sub(if borrow { EPSILON } else { 0 });
    let (sum, carry) = difference.overflowing_add((high & EPSILON) * EPSILON);
    // A carry leaves less than 2^64 − 2^32, so this does not carry again.
    Scalar(sum.wrapping_add(if carry { EPSILON } else { 0 }))
}

impl Words for Scalar {
    #[inline(always)]
    fn wrapping_add(self, other: Self) -> Self {
        Scalar(self.0.wrapping_add(other.0))
    }

    #[inline(always)]
    fn wrapping_sub(self, other: Self) -> Self {
        Scalar(self.0.wrapping_sub(other.0))
    }

    #[inline(always)]
    fn shl<const BITS: u32>(self) -> Self {
        Scalar(self.0 << BITS)
    }

    #[inline(always)]
    fn shr<const BITS: u32>(self) -> Self {
        Scalar(self.0 >> BITS)
    }

    #[inline(always)]
    fn signed_high(self) -> Self {
        Scalar((self.0 as i64 >> 32) as u64)
    }

    #[inline(always)]
    fn low(self) -> Self {
        Scalar(self.0 & EPSILON)
    }

    #[inline(always)]
    fn below(self, high: Self) -> Self {
        Scalar(self.0 & EPSILON | high.0 << 32)
    }

    #[inline(always)]
    fn times_epsilon(self) -> Self {
        Scalar((self.0 & EPSILON) * EPSILON)
    }

    #[inline(always)]
    fn low_product(self, other: Self) -> Self {
        Scalar((self.0 & EPSILON) * (other.0 & EPSILON))
    }
}

impl Lanes for Scalar {
    const WIDTH: usize = 1;

    /// The low and the high words of the products.
    type Sum = (u128, u128);

    #[inline(always)]
    fn empty_sum() -> (u128, u128) {
        (0, 0)
    }

    #[inline(always)]
    fn add_product(self, factor: &Factor, (low, high): &mut (u128, u128)) {
        let product = u128::from(self.0) * u128::from(factor.value());
        *low = low.wrapping_add(product & u128::from(u64::MAX));
        *high = high.wrapping_add(product >> 64);
    }

    #[inline(always)]
    fn reduce_sum((low, high): (u128, u128)) -> Self {
        // 2^64 = 2^32 − 1 modulo p.
        reduce(high).mul_add(Scalar(EPSILON), reduce(low))
    }

    #[inline(always)]
    fn splat(value: u64) -> Self {
        Scalar(value)
    }

    #[inline(always)]
    fn load(values: &[u64]) -> Self {
        assert_eq!(values.len(), Self::WIDTH, "integers to load");
        Scalar(values[0])
    }

    #[inline(always)]
    fn store(self, values: &mut [u64]) {
        assert_eq!(values.len(), Self::WIDTH, "room for integers");
        values[0] = self.0;
    }

    #[inline(always)]
    fn add_canonical(self, other: Self) -> Self {
        let (sum, carry) = self.0.overflowing_add(other.0);
        Scalar(sum.wrapping_add(if carry { EPSILON } else { 0 }))
    }

    #[inline(always)]
    fn square(self) -> Self {
        self * self
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // (2^64 − 1)^2 + 2^64 − 1 is below 2^128.
        reduce(u128::from(self.0) * u128::from(factor.0) + u128::from(addend.0))
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        Scalar(Felt::reduce(self.0).as_u64())
    }
}

impl Add for Scalar {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.add_canonical(other.canonical())
    }
}

impl Sub for Scalar {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let (difference, borrow) = self.0.overflowing_sub(other.canonical().0);
        // A borrow of a value below p leaves at least 2^32.
        Scalar(difference.wrapping_sub(if borrow { EPSILON } else { 0 }))
    }
}

impl Mul for Scalar {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        reduce(u128::from(self.0) * u128::from(other.0))
    }
}

impl Neg for Scalar {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Scalar(Felt::ORDER - self.canonical().0)
    }
}
