//! Integers as digits in base 16, lowest first. No gadget here checks that digits are below 16: each digit is also the
//! index of a choice from 16 places ([`super::PointTarget::pick`]), whose gate forces it.

use parth_crypto::Felt;
use parth_crypto::ecgfp5::Scalar;
use parth_proof::Builder;
use plonky2::iop::target::Target;

use crate::gadgets::hash::constant;
use crate::gadgets::range;

/// Digits of a felt.
pub const FELT_DIGITS: usize = 16;
/// Digits of a scalar.
pub const SCALAR_DIGITS: usize = 80;
/// Digits of a limb of 32 bits.
const LIMB_DIGITS: usize = 8;

/// The integer of up to 15 digits. 8 digits take 7 operations.
fn integer(builder: &mut Builder, digits: &[Target]) -> Target {
    let sixteen = constant(builder, Felt::constant(16));
    digits.iter().rev().copied().reduce(|sum, digit| builder.mul_add(sum, sixteen, digit)).unwrap_or(builder.zero())
}

/// The felt that 16 digits spell canonically: an integer at or above p has no witness (attack F33). One row.
///
/// p = 2^64 − 2^32 + 1, so an integer is canonical unless its high half is 2^32 − 1 and its low half is not zero.
pub fn canonical_felt(builder: &mut Builder, digits: &[Target; FELT_DIGITS]) -> Target {
    let low = integer(builder, &digits[..LIMB_DIGITS]);
    let high = integer(builder, &digits[LIMB_DIGITS..]);
    let top = constant(builder, Felt::constant(0xffff_ffff));
    let high_is_top = builder.is_equal(high, top);
    let excess = builder.mul(high_is_top.target, low);
    builder.assert_zero(excess);
    let shift = constant(builder, Felt::constant(1 << 32));
    builder.mul_add(high, shift, low)
}

/// Holds only when 80 digits spell an integer below the group order n (attack F33). 10 rows.
///
/// Subtracts it from n − 1 in limbs of 32 bits; the last limb must not borrow.
pub fn assert_canonical_scalar(builder: &mut Builder, digits: &[Target; SCALAR_DIGITS]) {
    let largest = (-Scalar::ONE).limbs();
    let mut borrow = builder.zero();
    for (index, limb) in digits.chunks_exact(LIMB_DIGITS).enumerate() {
        let limb = integer(builder, limb);
        let bound = largest[index / 2] >> (32 * (index % 2)) & 0xffff_ffff;
        // 2^32 + bound − limb − borrow, between 0 and 2^33; bit 32 is set unless the limb borrows.
        let lifted = constant(builder, Felt::constant((1 << 32) + bound));
        let without = builder.sub(lifted, limb);
        let difference = builder.sub(without, borrow);
        let enough = range::bits(builder, difference, 33)[32];
        borrow = builder.not(enough).target;
    }
    builder.assert_zero(borrow);
}
