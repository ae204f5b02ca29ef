//! The order of digests: lane by lane, as integers below p. Twin: `parth_contract::sorted::order`.
//!
//! A felt has a second 64-bit form when it is small, value + p. Only the smaller one counts: see
//! [`assert_canonical`].

use parth_crypto::Felt;
use parth_proof::Builder;
use plonky2::iop::target::{BoolTarget, Target};

use super::hash::{DigestTarget, constant};
use super::{logic, range};

/// Bits of a half of a felt.
const HALF: usize = 32;

/// low + 2^32 · high is below p = 2^64 − 2^32 + 1: unless `high` is as large as can be, whatever `low` is; and then `low`
/// is zero. Both must already be below 2^32. 6 operations.
pub fn assert_canonical(builder: &mut Builder, low: Target, high: Target) {
    let max = constant(builder, Felt::constant((1 << HALF) - 1));
    let is_max = builder.is_equal(high, max);
    logic::assert_zero_if(builder, is_max, low);
}

/// The halves of a felt as an integer below p: low, high. 2 rows.
fn halves(builder: &mut Builder, value: Target) -> (Target, Target) {
    let (low, high) = builder.split_low_high(value, HALF, 2 * HALF);
    assert_canonical(builder, low, high);
    (low, high)
}

/// Does `a` come before `b`? 7 rows: only the first lane that differs is split and compared.
pub fn is_before(builder: &mut Builder, a: DigestTarget, b: DigestTarget) -> BoolTarget {
    // The last lane stands in when all are the same; then the answer is no.
    let (mut left, mut right) = (a.0[3], b.0[3]);
    for lane in (0..3).rev() {
        let same = builder.is_equal(a.0[lane], b.0[lane]);
        left = logic::select(builder, same, left, a.0[lane]);
        right = logic::select(builder, same, right, b.0[lane]);
    }
    let (left_low, left_high) = halves(builder, left);
    let (right_low, right_high) = halves(builder, right);
    let high_below = range::is_below(builder, left_high, right_high, HALF);
    let high_same = builder.is_equal(left_high, right_high);
    let low_below = range::is_below(builder, left_low, right_low, HALF);
    let low_decides = builder.and(high_same, low_below);
    builder.or(high_below, low_decides)
}
