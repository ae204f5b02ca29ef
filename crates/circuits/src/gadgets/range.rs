//! Bits, range checks and order. The field has no order: everything here first fixes a width.
//!
//! Widths are at most [`MAX_BITS`]: a 64-bit split of a felt is not unique and proves nothing (design/traps.md).
//! Every gadget takes one row, whatever the width, but [`halve`], which takes a twentieth.

use parth_crypto::Felt;
use parth_proof::{Builder, F, field};
use plonky2::field::types::Field;
use plonky2::iop::target::{BoolTarget, Target};

use super::hash::constant;

/// Widest range that is checked: amounts are below 2^62. Sums and differences of two such values stay below p.
pub const MAX_BITS: usize = 62;

/// The bits of `value`, lowest first; holds only when `value` is below 2^`width`, so this is also the range check.
///
/// # Panics
/// When `width` is above [`MAX_BITS`] + 1 (the extra bit is for comparisons): a mistake in a circuit.
pub fn bits(builder: &mut Builder, value: Target, width: usize) -> Vec<BoolTarget> {
    assert!(width <= MAX_BITS + 1, "a range of {width} bits is not checked soundly");
    if width == 0 {
        builder.assert_zero(value);
        return Vec::new();
    }
    builder.split_le(value, width)
}

/// `value` is below 2^`width`.
pub fn check(builder: &mut Builder, value: Target, width: usize) {
    assert!(width <= MAX_BITS, "a range of {width} bits is not checked soundly");
    bits(builder, value, width);
}

/// `low` is not above `high`. Both must already be below 2^`width`.
pub fn assert_not_above(builder: &mut Builder, low: Target, high: Target, width: usize) {
    let gap = builder.sub(high, low);
    check(builder, gap, width);
}

/// `low` is below `high`. Both must already be below 2^`width`.
pub fn assert_below(builder: &mut Builder, low: Target, high: Target, width: usize) {
    let gap = builder.sub(high, low);
    let gap = builder.add_const(gap, F::NEG_ONE);
    check(builder, gap, width);
}

/// Is `low` below `high`? Both must already be below 2^`width`.
pub fn is_below(builder: &mut Builder, low: Target, high: Target, width: usize) -> BoolTarget {
    assert!(width <= MAX_BITS, "a comparison of {width} bits is not sound");
    // 2^width + low − high has the bit `width` exactly when low is not below high.
    let lifted = builder.add_const(low, F::from_canonical_u64(1 << width));
    let gap = builder.sub(lifted, high);
    let not_below = bits(builder, gap, width + 1)[width];
    builder.not(not_below)
}

/// The number of bits, lowest first. At most [`MAX_BITS`] of them.
pub fn number(builder: &mut Builder, bits: &[BoolTarget]) -> Target {
    assert!(bits.len() <= MAX_BITS, "a number of {} bits does not fit", bits.len());
    let two = constant(builder, Felt::constant(2));
    let zero = builder.zero();
    bits.iter().rev().fold(zero, |sum, bit| builder.mul_add(two, sum, bit.target))
}

/// (value − lowest bit) / 2: an integer half only if `lowest` is the lowest bit of `value`.
pub fn halve(builder: &mut Builder, value: Target, lowest: BoolTarget) -> Target {
    let half = field::element(Felt::constant(2)).inverse();
    let one = builder.one();
    builder.arithmetic(half, -half, value, one, lowest.target)
}
