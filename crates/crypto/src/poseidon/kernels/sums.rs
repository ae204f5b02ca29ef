//! Sums of products with constants, reduced modulo p once at the end.
//!
//! Lanes without 128-bit words multiply 32 bits by 32, and most of a product modulo p goes into putting the four parts
//! together and reducing them. A sum with fixed factors need not: each half of a value is multiplied by three limbs of
//! 22 bits, those of the factor for the low half and those of 2^32 times the factor for the high one. So the parts are
//! below 2^54 and are added up as they are, limb by limb.

use super::lanes::{Lanes, sealed::Words};
use crate::felt::Felt;

/// Products that one sum takes; more could overflow.
pub const MAX_PRODUCTS: usize = 500;

const LIMBS: usize = 3;
const LIMB_BITS: u32 = 22;

/// A constant that values are multiplied by in a sum, made ready for it.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    value: u64,
    /// The bits of the value from the 52nd on, those of 2^32 times it, and that itself.
    rest: u64,
    high_rest: u64,
    high_value: u64,
    low: [u64; LIMBS],
    high: [u64; LIMBS],
}

impl Factor {
    /// From any representative.
    pub fn new(value: u64) -> Factor {
        let value = Felt::reduce(value);
        let limbs = |felt: Felt| std::array::from_fn(|limb| felt.as_u64() >> (LIMB_BITS * limb as u32) & 0x3f_ffff);
        let high = value * Felt::constant(1 << 32);
        Factor {
            value: value.as_u64(),
            rest: value.as_u64() >> 52,
            high_rest: high.as_u64() >> 52,
            high_value: high.as_u64(),
            low: limbs(value),
            high: limbs(high),
        }
    }

    /// The value, of which instructions take the low 52 bits, and its other bits.
    pub(super) fn low_52(&self) -> [u64; 2] {
        [self.value, self.rest]
    }

    /// The same of 2^32 times the value.
    pub(super) fn high_52(&self) -> [u64; 2] {
        [self.high_value, self.high_rest]
    }

    pub(super) fn value(&self) -> u64 {
        self.value
    }
}

/// The sum of lanes that multiply 32 bits by 32: for each limb the sum of products with it.
#[derive(Clone, Copy)]
pub(super) struct LimbSum<L>([L; LIMBS]);

impl<L: Lanes> LimbSum<L> {
    #[inline(always)]
    pub(super) fn empty() -> LimbSum<L> {
        LimbSum([L::splat(0); LIMBS])
    }

    #[inline(always)]
    pub(super) fn add(&mut self, value: L, factor: &Factor) {
        let high = Words::shr::<32>(value);
        // Not a loop, so that the limbs stay in registers.
        let [first, second, third] = &mut self.0;
        *first = with_product(with_product(*first, value, factor.low[0]), high, factor.high[0]);
        *second = with_product(with_product(*second, value, factor.low[1]), high, factor.high[1]);
        *third = with_product(with_product(*third, value, factor.low[2]), high, factor.high[2]);
    }

    /// For lanes that multiply 52 bits by 52 and add the parts up themselves.
    #[inline(always)]
    pub(super) fn parts(&mut self) -> &mut [L; LIMBS] {
        &mut self.0
    }

    /// Where the parts count 1, 2^52 and 2^52.
    #[inline(always)]
    pub(super) fn reduce_52(self) -> L {
        // At most 2^53 each a product, so the sum of two does not go over 2^64.
        let [first, second, third] = self.0;
        Words::wrapping_add(second, third).mul_add(L::splat(1 << 52), first)
    }

    #[inline(always)]
    pub(super) fn reduce(self) -> L {
        let [first, second, third] = self.0;
        let limb = L::splat(1 << LIMB_BITS);
        third.mul_add(limb, second).mul_add(limb, first)
    }
}

#[inline(always)]
fn with_product<L: Lanes>(sum: L, half: L, limb: u64) -> L {
    Words::wrapping_add(sum, half.low_product(L::splat(limb)))
}
