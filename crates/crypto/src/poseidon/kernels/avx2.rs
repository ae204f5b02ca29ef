//! Four felts at a time, with AVX2. It compares only signed words, so unsigned comparisons flip both sign bits first.

use std::arch::x86_64::*;
use std::ops::{Add, Mul, Neg, Sub};

use super::Work;
use super::lanes::{Lanes, sealed::Words};
use super::sums::{Factor, LimbSum};
use crate::felt::{EPSILON, Felt};

/// Four felts. Exists only inside [`run`], so only on machines with the instructions.
#[derive(Clone, Copy)]
struct Avx2(__m256i);

/// # Safety
/// The machine must have the instructions that are enabled here.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx2>()
}

/// Calls intrinsics that work on values only.
macro_rules! vector {
    ($intrinsics:expr) => {
        // SAFETY: a value of `Avx2`, or a call of its methods, exists only in a work that `run` does, so the machine
        // has the instructions. No memory is touched.
        Avx2(unsafe { $intrinsics })
    };
}

const SIGN: i64 = i64::MIN;

/// The word with its sign bit flipped: signed order of the results is unsigned order of the words.
#[inline(always)]
fn flip(word: __m256i) -> __m256i {
    vector!(_mm256_xor_si256(word, _mm256_set1_epi64x(SIGN))).0
}

/// 2^32 − 1 in each lane where `left` is above `right` as signed integers, else 0.
#[inline(always)]
fn epsilon_where_above(left: __m256i, right: __m256i) -> __m256i {
    vector!(_mm256_srli_epi64::<32>(_mm256_cmpgt_epi64(left, right))).0
}

/// An integer below 2^128, as low and high words, modulo p.
#[inline(always)]
fn reduce(low: __m256i, high: __m256i) -> Avx2 {
    vector!({
        let low = flip(low);
        let difference = _mm256_sub_epi64(low, _mm256_srli_epi64::<32>(high));
        // A borrow leaves at least 2^64 − 2^32, so this does not borrow again.
        let difference = _mm256_sub_epi64(difference, epsilon_where_above(difference, low));
        let sum = _mm256_add_epi64(difference, Avx2(high).times_epsilon().0);
        // A carry leaves less than 2^64 − 2^32, so this does not carry again.
        flip(_mm256_add_epi64(sum, epsilon_where_above(difference, sum)))
    })
}

impl Words for Avx2 {
    #[inline(always)]
    fn wrapping_add(self, other: Self) -> Self {
        vector!(_mm256_add_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn wrapping_sub(self, other: Self) -> Self {
        vector!(_mm256_sub_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn shl<const BITS: u32>(self) -> Self {
        // The compiler folds a count that it knows into the instruction.
        vector!(_mm256_sllv_epi64(self.0, _mm256_set1_epi64x(i64::from(BITS))))
    }

    #[inline(always)]
    fn shr<const BITS: u32>(self) -> Self {
        vector!(_mm256_srlv_epi64(self.0, _mm256_set1_epi64x(i64::from(BITS))))
    }

    #[inline(always)]
    fn signed_high(self) -> Self {
        // AVX2 shifts signs in for words of 32 bits only: the high half and copies of its sign.
        vector!({
            let high = _mm256_shuffle_epi32::<0b11_11_01_01>(self.0);
            _mm256_blend_epi32::<0xaa>(high, _mm256_srai_epi32::<31>(self.0))
        })
    }

    #[inline(always)]
    fn low(self) -> Self {
        vector!(_mm256_blend_epi32::<0xaa>(self.0, _mm256_setzero_si256()))
    }

    #[inline(always)]
    fn below(self, high: Self) -> Self {
        vector!(_mm256_blend_epi32::<0xaa>(self.0, _mm256_slli_epi64::<32>(high.0)))
    }

    #[inline(always)]
    fn times_epsilon(self) -> Self {
        vector!(_mm256_mul_epu32(self.0, _mm256_set1_epi64x(EPSILON as i64)))
    }

    #[inline(always)]
    fn low_product(self, other: Self) -> Self {
        vector!(_mm256_mul_epu32(self.0, other.0))
    }
}

impl Lanes for Avx2 {
    const WIDTH: usize = 4;

    type Sum = LimbSum<Self>;

    #[inline(always)]
    fn empty_sum() -> LimbSum<Self> {
        LimbSum::empty()
    }

    #[inline(always)]
    fn add_product(self, factor: &Factor, sum: &mut LimbSum<Self>) {
        sum.add(self, factor);
    }

    #[inline(always)]
    fn reduce_sum(sum: LimbSum<Self>) -> Self {
        sum.reduce()
    }

    #[inline(always)]
    fn splat(value: u64) -> Self {
        vector!(_mm256_set1_epi64x(value as i64))
    }

    #[inline(always)]
    fn load(values: &[u64]) -> Self {
        assert_eq!(values.len(), Self::WIDTH, "integers to load");
        // SAFETY: instructions as in `vector!`; the slice has 32 readable bytes, and the load needs no alignment.
        Avx2(unsafe { _mm256_loadu_si256(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, values: &mut [u64]) {
        assert_eq!(values.len(), Self::WIDTH, "room for integers");
        // SAFETY: instructions as in `vector!`; the slice has 32 writable bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(values.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn add_canonical(self, other: Self) -> Self {
        let flipped = flip(self.0);
        vector!({
            let sum = _mm256_add_epi64(flipped, other.0);
            flip(_mm256_add_epi64(sum, epsilon_where_above(flipped, sum)))
        })
    }

    #[inline(always)]
    fn square(self) -> Self {
        // x^2 = low^2 + 2^33 · low · high + 2^64 · high^2, of the halves of x.
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`.
            let x_high = _mm256_srli_epi64::<32>(self.0);
            let low_low = _mm256_mul_epu32(self.0, self.0);
            let low_high = _mm256_mul_epu32(self.0, x_high);
            let high_high = _mm256_mul_epu32(x_high, x_high);
            let middle = _mm256_add_epi64(low_high, _mm256_srli_epi64::<33>(low_low));
            (
                _mm256_add_epi64(low_low, _mm256_slli_epi64::<33>(low_high)),
                _mm256_add_epi64(high_high, _mm256_srli_epi64::<31>(middle)),
            )
        };
        reduce(low, high)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // A half product is at most (2^32 − 1)^2, so two halves more still fit 64 bits.
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`.
            let (x_high, y_high) = (_mm256_srli_epi64::<32>(self.0), _mm256_srli_epi64::<32>(factor.0));
            let low_low = _mm256_add_epi64(_mm256_mul_epu32(self.0, factor.0), addend.low().0);
            let middle = _mm256_add_epi64(_mm256_mul_epu32(self.0, y_high), _mm256_srli_epi64::<32>(low_low));
            let rest = _mm256_add_epi64(_mm256_mul_epu32(x_high, factor.0), Avx2(middle).low().0);
            let rest = _mm256_add_epi64(rest, _mm256_srli_epi64::<32>(addend.0));
            let high = _mm256_add_epi64(_mm256_mul_epu32(x_high, y_high), _mm256_srli_epi64::<32>(middle));
            (Avx2(low_low).below(Avx2(rest)).0, _mm256_add_epi64(high, _mm256_srli_epi64::<32>(rest)))
        };
        reduce(low, high)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        let last = vector!(_mm256_set1_epi64x((Felt::ORDER - 1) as i64 ^ SIGN)).0;
        vector!(_mm256_add_epi64(self.0, epsilon_where_above(flip(self.0), last)))
    }
}

impl Add for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.add_canonical(other.canonical())
    }
}

impl Sub for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let other = other.canonical().0;
        vector!({
            let difference = _mm256_sub_epi64(self.0, other);
            // A borrow of a value below p leaves at least 2^32.
            _mm256_sub_epi64(difference, epsilon_where_above(flip(other), flip(self.0)))
        })
    }
}

impl Mul for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`. A half product is at most (2^32 − 1)^2, so a half more still fits 64 bits.
            let (x_high, y_high) = (_mm256_srli_epi64::<32>(self.0), _mm256_srli_epi64::<32>(other.0));
            let low_low = _mm256_mul_epu32(self.0, other.0);
            let middle = _mm256_add_epi64(_mm256_mul_epu32(self.0, y_high), _mm256_srli_epi64::<32>(low_low));
            let rest = _mm256_add_epi64(_mm256_mul_epu32(x_high, other.0), Avx2(middle).low().0);
            let high = _mm256_add_epi64(_mm256_mul_epu32(x_high, y_high), _mm256_srli_epi64::<32>(middle));
            (Avx2(low_low).below(Avx2(rest)).0, _mm256_add_epi64(high, _mm256_srli_epi64::<32>(rest)))
        };
        reduce(low, high)
    }
}

impl Neg for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        let canonical = self.canonical();
        vector!(_mm256_sub_epi64(_mm256_set1_epi64x(Felt::ORDER as i64), canonical.0))
    }
}
