//! Equality as a bit, selection, and equality under a condition.
//!
//! Costs are in operations; a row holds 20 operations with the same two coefficients.

use parth_proof::Builder;
use plonky2::iop::target::{BoolTarget, Target};

use super::hash::DigestTarget;

/// Is the felt zero? 4 operations.
pub fn is_zero(builder: &mut Builder, value: Target) -> BoolTarget {
    let zero = builder.zero();
    builder.is_equal(value, zero)
}

/// Are the felts equal? 4 operations.
pub fn is_equal(builder: &mut Builder, left: Target, right: Target) -> BoolTarget {
    builder.is_equal(left, right)
}

/// Is the digest zero? 19 operations.
pub fn is_zero_digest(builder: &mut Builder, digest: DigestTarget) -> BoolTarget {
    let zero = DigestTarget::zero(builder);
    is_equal_digest(builder, digest, zero)
}

/// Are the digests equal? 19 operations.
pub fn is_equal_digest(builder: &mut Builder, left: DigestTarget, right: DigestTarget) -> BoolTarget {
    let lanes: Vec<BoolTarget> = left.0.iter().zip(right.0).map(|(&l, r)| builder.is_equal(l, r)).collect();
    all(builder, &lanes)
}

/// Are all bits set? One operation less than bits.
pub fn all(builder: &mut Builder, bits: &[BoolTarget]) -> BoolTarget {
    match bits {
        [] => builder._true(),
        [first, rest @ ..] => rest.iter().fold(*first, |all, &bit| builder.and(all, bit)),
    }
}

/// `yes` when the bit is set, else `no`. 2 operations.
pub fn select(builder: &mut Builder, bit: BoolTarget, yes: Target, no: Target) -> Target {
    builder.select(bit, yes, no)
}

/// `yes` when the bit is set, else `no`. 8 operations.
pub fn select_digest(builder: &mut Builder, bit: BoolTarget, yes: DigestTarget, no: DigestTarget) -> DigestTarget {
    DigestTarget(std::array::from_fn(|lane| builder.select(bit, yes.0[lane], no.0[lane])))
}

/// `value` when the bit is set, else the zero digest. 4 operations.
pub fn mask_digest(builder: &mut Builder, bit: BoolTarget, value: DigestTarget) -> DigestTarget {
    DigestTarget(value.0.map(|lane| builder.mul(bit.target, lane)))
}

/// When the bit is set, the felts are equal. 2 operations.
pub fn assert_equal_if(builder: &mut Builder, bit: BoolTarget, left: Target, right: Target) {
    builder.conditional_assert_eq(bit.target, left, right);
}

/// When the bit is set, the digests are equal. 8 operations.
pub fn assert_equal_digest_if(builder: &mut Builder, bit: BoolTarget, left: DigestTarget, right: DigestTarget) {
    for (&left, right) in left.0.iter().zip(right.0) {
        builder.conditional_assert_eq(bit.target, left, right);
    }
}

/// When the bit is set, the felt is zero. 1 operation.
pub fn assert_zero_if(builder: &mut Builder, bit: BoolTarget, value: Target) {
    let product = builder.mul(bit.target, value);
    builder.assert_zero(product);
}

/// The felt is not zero. 4 operations.
pub fn assert_not_zero(builder: &mut Builder, value: Target) {
    let zero = is_zero(builder, value);
    builder.assert_zero(zero.target);
}

/// One of 16 values by its number; the row forces the number to be below 16, so callers fill all 16 places.
/// 4 selections take one row.
pub fn pick(builder: &mut Builder, number: Target, values: &[Target; 16]) -> Target {
    builder.random_access(number, values.to_vec())
}

/// One of 16 digests by its number: one row.
pub fn pick_digest(builder: &mut Builder, number: Target, values: &[DigestTarget; 16]) -> DigestTarget {
    DigestTarget(std::array::from_fn(|lane| pick(builder, number, &values.map(|digest| digest.0[lane]))))
}
