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
    low: [u64; LIMBS],
    high: [u64; LIMBS],
}

impl Factor {
    /// From any representative.
    pub fn new(value: u64) -> Factor {
        let value = Felt::reduce(value);
        let limbs = |felt: Felt| std::array::from_fn(|limb| felt.as_u64() >> (LIMB_BITS * limb as u32) & 0x3f_ffff);
        Factor { value: value.as_u64(), low: limbs(value), high: limbs(value * Felt::constant(1 << 32)) }
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
