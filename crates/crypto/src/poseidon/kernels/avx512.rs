//! Eight felts at a time, with AVX-512.

use std::arch::asm;
use std::arch::x86_64::*;
use std::ops::{Add, Mul, Neg, Sub};

use super::Work;
use super::lanes::{Lanes, sealed::Words};
use super::sums::{Factor, LimbSum};
use crate::felt::{EPSILON, Felt};

/// Eight felts. Exists only inside [`run`] or, with `MULTIPLY_52`, inside [`run_52`], so only on machines with the
/// instructions.
#[derive(Clone, Copy)]
struct Avx512<const MULTIPLY_52: bool>(__m512i);

/// # Safety
/// The machine must have the instructions that are enabled here.
#[target_feature(enable = "avx2,bmi1,bmi2,avx512f,avx512dq,avx512bw,avx512vl")]
pub(super) unsafe fn run<W: Work>(work: W) -> W::Output {
    work.run::<Avx512<false>>()
}

/// As [`run`], for machines that also multiply 52 bits by 52: sums of products take half as many instructions.
///
/// # Safety
/// The machine must have the instructions that are enabled here.
#[target_feature(enable = "avx2,bmi1,bmi2,avx512f,avx512dq,avx512bw,avx512vl,avx512ifma")]
pub(super) unsafe fn run_52<W: Work>(work: W) -> W::Output {
    work.run::<Avx512<true>>()
}

/// Calls intrinsics that work on values only.
macro_rules! vector {
    ($intrinsics:expr) => {
        // SAFETY: a value of `Avx512`, or a call of its methods, exists only in a work that `run` does, so the machine
        // has the instructions. No memory is touched.
        Avx512(unsafe { $intrinsics })
    };
}

/// 2^32 − 1, in a way that the compiler does not see through: it would replace the one multiplication of [`reduce`] by
/// three instructions.
///
/// # Safety
/// The machine must have the instructions that are enabled here.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn epsilon() -> __m512i {
    let mut epsilon = _mm512_set1_epi64(EPSILON as i64);
    // SAFETY: there are no instructions; the register keeps its value.
    unsafe { asm!("/* {0} */", inout(zmm_reg) epsilon, options(pure, nomem, nostack, preserves_flags)) };
    epsilon
}

/// An integer below 2^128, as low and high words, modulo p.
#[inline(always)]
fn reduce<const MULTIPLY_52: bool>(low: __m512i, high: __m512i) -> Avx512<MULTIPLY_52> {
    vector!({
        let epsilon = epsilon();
        let top = _mm512_srli_epi64::<32>(high);
        let borrow = _mm512_cmplt_epu64_mask(low, top);
        let difference = _mm512_sub_epi64(low, top);
        // A borrow leaves at least 2^64 − 2^32, so this does not borrow again.
        let difference = _mm512_mask_sub_epi64(difference, borrow, difference, epsilon);
        let middle = _mm512_mul_epu32(high, epsilon);
        let sum = _mm512_add_epi64(difference, middle);
        let carry = _mm512_cmplt_epu64_mask(sum, middle);
        // A carry leaves less than 2^64 − 2^32, so this does not carry again.
        _mm512_mask_add_epi64(sum, carry, sum, epsilon)
    })
}

impl<const MULTIPLY_52: bool> Words for Avx512<MULTIPLY_52> {
    #[inline(always)]
    fn wrapping_add(self, other: Self) -> Self {
        vector!(_mm512_add_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn wrapping_sub(self, other: Self) -> Self {
        vector!(_mm512_sub_epi64(self.0, other.0))
    }

    #[inline(always)]
    fn shl<const BITS: u32>(self) -> Self {
        vector!(_mm512_slli_epi64::<BITS>(self.0))
    }

    #[inline(always)]
    fn shr<const BITS: u32>(self) -> Self {
        vector!(_mm512_srli_epi64::<BITS>(self.0))
    }

    #[inline(always)]
    fn signed_high(self) -> Self {
        vector!(_mm512_srai_epi64::<32>(self.0))
    }

    #[inline(always)]
    fn low(self) -> Self {
        vector!(_mm512_and_si512(self.0, _mm512_set1_epi64(EPSILON as i64)))
    }

    #[inline(always)]
    fn below(self, high: Self) -> Self {
        vector!(_mm512_mask_shuffle_epi32::<0b10_10_00_00>(self.0, 0xaaaa, high.0))
    }

    #[inline(always)]
    fn times_epsilon(self) -> Self {
        vector!(_mm512_mul_epu32(self.0, _mm512_set1_epi64(EPSILON as i64)))
    }

    #[inline(always)]
    fn low_product(self, other: Self) -> Self {
        vector!(_mm512_mul_epu32(self.0, other.0))
    }
}

impl<const MULTIPLY_52: bool> Lanes for Avx512<MULTIPLY_52> {
    const WIDTH: usize = 8;

    type Sum = LimbSum<Self>;

    #[inline(always)]
    fn empty_sum() -> LimbSum<Self> {
        LimbSum::empty()
    }

    #[inline(always)]
    fn add_product(self, factor: &Factor, sum: &mut LimbSum<Self>) {
        if !MULTIPLY_52 {
            sum.add(self, factor);
            return;
        }
        let (low, high) = (self.low().0, self.shr::<32>().0);
        let [first, second, third] = sum.parts();
        // A half value is below 2^32, and a factor is its low 52 bits and 12 more; the parts count 1, 2^52 and 2^52.
        // SAFETY: a value with `MULTIPLY_52` exists only in a work that `run_52` does. No memory is touched.
        unsafe {
            let [bits, rest] = factor.low_52();
            first.0 = _mm512_madd52lo_epu64(first.0, low, _mm512_set1_epi64(bits as i64));
            second.0 = _mm512_madd52hi_epu64(second.0, low, _mm512_set1_epi64(bits as i64));
            third.0 = _mm512_madd52lo_epu64(third.0, low, _mm512_set1_epi64(rest as i64));
            let [bits, rest] = factor.high_52();
            first.0 = _mm512_madd52lo_epu64(first.0, high, _mm512_set1_epi64(bits as i64));
            second.0 = _mm512_madd52hi_epu64(second.0, high, _mm512_set1_epi64(bits as i64));
            third.0 = _mm512_madd52lo_epu64(third.0, high, _mm512_set1_epi64(rest as i64));
        }
    }

    #[inline(always)]
    fn reduce_sum(sum: LimbSum<Self>) -> Self {
        if MULTIPLY_52 { sum.reduce_52() } else { sum.reduce() }
    }

    #[inline(always)]
    fn splat(value: u64) -> Self {
        vector!(_mm512_set1_epi64(value as i64))
    }

    #[inline(always)]
    fn load(values: &[u64]) -> Self {
        assert_eq!(values.len(), Self::WIDTH, "integers to load");
        // SAFETY: instructions as in `vector!`; the slice has 64 readable bytes, and the load needs no alignment.
        Avx512(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store(self, values: &mut [u64]) {
        assert_eq!(values.len(), Self::WIDTH, "room for integers");
        // SAFETY: instructions as in `vector!`; the slice has 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    fn add_canonical(self, other: Self) -> Self {
        vector!({
            let sum = _mm512_add_epi64(self.0, other.0);
            let carry = _mm512_cmplt_epu64_mask(sum, other.0);
            _mm512_mask_add_epi64(sum, carry, sum, _mm512_set1_epi64(EPSILON as i64))
        })
    }

    #[inline(always)]
    fn square(self) -> Self {
        // x^2 = low^2 + 2^33 · low · high + 2^64 · high^2, of the halves of x.
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`.
            let x_high = _mm512_srli_epi64::<32>(self.0);
            let low_low = _mm512_mul_epu32(self.0, self.0);
            let low_high = _mm512_mul_epu32(self.0, x_high);
            let high_high = _mm512_mul_epu32(x_high, x_high);
            let middle = _mm512_add_epi64(low_high, _mm512_srli_epi64::<33>(low_low));
            (
                _mm512_add_epi64(low_low, _mm512_slli_epi64::<33>(low_high)),
                _mm512_add_epi64(high_high, _mm512_srli_epi64::<31>(middle)),
            )
        };
        reduce(low, high)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // A half product is at most (2^32 − 1)^2, so two halves more still fit 64 bits.
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`.
            let (x_high, y_high) = (_mm512_srli_epi64::<32>(self.0), _mm512_srli_epi64::<32>(factor.0));
            let low_low = _mm512_add_epi64(_mm512_mul_epu32(self.0, factor.0), addend.low().0);
            let middle = _mm512_add_epi64(_mm512_mul_epu32(self.0, y_high), _mm512_srli_epi64::<32>(low_low));
            let other = _mm512_add_epi64(_mm512_mul_epu32(x_high, factor.0), Self(middle).low().0);
            let other = _mm512_add_epi64(other, _mm512_srli_epi64::<32>(addend.0));
            let high = _mm512_add_epi64(_mm512_mul_epu32(x_high, y_high), _mm512_srli_epi64::<32>(middle));
            (Self(low_low).below(Self(other)).0, _mm512_add_epi64(high, _mm512_srli_epi64::<32>(other)))
        };
        reduce(low, high)
    }

    #[inline(always)]
    fn canonical(self) -> Self {
        // Below p the difference wraps to more than the value.
        vector!(_mm512_min_epu64(self.0, _mm512_sub_epi64(self.0, _mm512_set1_epi64(Felt::ORDER as i64))))
    }
}

impl<const MULTIPLY_52: bool> Add for Avx512<MULTIPLY_52> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.add_canonical(other.canonical())
    }
}

impl<const MULTIPLY_52: bool> Sub for Avx512<MULTIPLY_52> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let other = other.canonical();
        vector!({
            let difference = _mm512_sub_epi64(self.0, other.0);
            let borrow = _mm512_cmplt_epu64_mask(self.0, other.0);
            // A borrow of a value below p leaves at least 2^32.
            _mm512_mask_sub_epi64(difference, borrow, difference, _mm512_set1_epi64(EPSILON as i64))
        })
    }
}

impl<const MULTIPLY_52: bool> Mul for Avx512<MULTIPLY_52> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let (low, high) = unsafe {
            // SAFETY: as in `vector!`. A half product is at most (2^32 − 1)^2, so a half more still fits 64 bits.
            let (x_high, y_high) = (_mm512_srli_epi64::<32>(self.0), _mm512_srli_epi64::<32>(other.0));
            let low_low = _mm512_mul_epu32(self.0, other.0);
            let middle = _mm512_add_epi64(_mm512_mul_epu32(self.0, y_high), _mm512_srli_epi64::<32>(low_low));
            let rest = _mm512_add_epi64(_mm512_mul_epu32(x_high, other.0), Self(middle).low().0);
            let high = _mm512_add_epi64(_mm512_mul_epu32(x_high, y_high), _mm512_srli_epi64::<32>(middle));
            (Self(low_low).below(Self(rest)).0, _mm512_add_epi64(high, _mm512_srli_epi64::<32>(rest)))
        };
        reduce(low, high)
    }
}

impl<const MULTIPLY_52: bool> Neg for Avx512<MULTIPLY_52> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        let canonical = self.canonical();
        vector!(_mm512_sub_epi64(_mm512_set1_epi64(Felt::ORDER as i64), canonical.0))
    }
}
