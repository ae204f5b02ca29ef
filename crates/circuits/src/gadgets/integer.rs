//! Integers of 32 or 62 bits: products and divisions that do not wrap in the field, bits, powers of two.
//!
//! Operands are range-checked already. A quotient comes from the prover, so it is forced: a = q · b + r holds for the
//! integers, not just in the field, and r is below b. There is no such r when b is zero.

use anyhow::Result;
use parth_crypto::Felt;
use parth_proof::{Builder, CommonData, D, F, field};
use plonky2::field::types::{Field, PrimeField64};
use plonky2::iop::generator::{GeneratedValues, SimpleGenerator};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::{PartitionWitness, Witness, WitnessWrite};
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

use super::hash::constant;
use super::range;

/// Bits of a `u64` of contracts.
const WIDE: usize = range::MAX_BITS;

/// The product of two numbers below 2^62, which must be below 2^63: no two others give it, since nothing wraps. The
/// caller still checks that it is below 2^62. 6 rows.
pub fn product(builder: &mut Builder, left: Target, right: Target) -> Target {
    // In halves of 31 bits: a · b = high · 2^62 + middle · 2^31 + low · low. The product is below 2^62 exactly when
    // high is zero, middle is below 2^31 and the sum is below 2^62. high is below 2^62 and middle below 2^63, so
    // neither wraps; with middle below 2^31 the sum is below 2^63.
    const HALF: usize = WIDE / 2;
    let (left_low, left_high) = builder.split_low_high(left, HALF, WIDE);
    let (right_low, right_high) = builder.split_low_high(right, HALF, WIDE);
    let high = builder.mul(left_high, right_high);
    builder.assert_zero(high);
    let middle = builder.mul(left_high, right_low);
    let middle = builder.mul_add(left_low, right_high, middle);
    range::check(builder, middle, HALF);
    let low = builder.mul(left_low, right_low);
    let shift = constant(builder, Felt::reduce(1 << HALF));
    builder.mul_add(middle, shift, low)
}

/// Quotient and remainder of two numbers below 2^`width`, 32 or 62. No witness divides by zero. 3 rows, or 7.
pub fn divide(builder: &mut Builder, left: Target, right: Target, width: usize) -> (Target, Target) {
    let (quotient, remainder) = advice(builder, left, right);
    assert_division(builder, [left, right], [quotient, remainder], width);
    (quotient, remainder)
}

/// Two numbers below 2^`width` have this quotient and this remainder, of which nothing is known yet.
pub fn assert_division(builder: &mut Builder, numbers: [Target; 2], results: [Target; 2], width: usize) {
    let ([left, right], [quotient, remainder]) = (numbers, results);
    let whole = if width <= 32 {
        // At most (2^32 − 1)^2, and with the remainder at most 2^64 − 2^32, which is p − 1.
        range::check(builder, quotient, width);
        builder.mul(quotient, right)
    } else {
        // Splits the quotient, which is its range check. Below 2^63; with the remainder below p.
        product(builder, quotient, right)
    };
    range::check(builder, remainder, width);
    range::assert_below(builder, remainder, right, width);
    let sum = builder.add(whole, remainder);
    builder.connect(sum, left);
}

/// As [`divide`], by a constant above zero. 3 rows.
pub fn divide_by(builder: &mut Builder, left: Target, right: u64, width: usize) -> (Target, Target) {
    let divisor = constant(builder, Felt::reduce(right));
    let (quotient, remainder) = advice(builder, left, divisor);
    assert_division_by(builder, left, right, [quotient, remainder], width);
    (quotient, remainder)
}

/// As [`assert_division`], by a constant above zero and below 2^`width`.
pub fn assert_division_by(builder: &mut Builder, left: Target, right: u64, results: [Target; 2], width: usize) {
    let (divisor, [quotient, remainder]) = (constant(builder, Felt::reduce(right)), results);
    // With 2^lg ≤ right < 2^(lg + 1) a quotient is below 2^(width − lg), and quotient · right below 2^(width + 1).
    let lg = right.ilog2() as usize;
    range::check(builder, quotient, width - lg);
    range::check(builder, remainder, lg + 1);
    range::assert_below(builder, remainder, divisor, lg + 1);
    let sum = builder.mul_add(quotient, divisor, remainder);
    builder.connect(sum, left);
}

/// A number without its lowest `at` bits, moved down, and those bits. Takes a twentieth of a row for each bit of the
/// shorter half.
pub fn halves(builder: &mut Builder, value: Target, bits: &[BoolTarget], at: usize) -> (Target, Target) {
    let power = field::element(Felt::reduce(1 << at));
    let one = builder.one();
    if at * 2 <= bits.len() {
        let low = range::number(builder, &bits[..at]);
        let inverse = power.inverse();
        (builder.arithmetic(inverse, -inverse, value, one, low), low)
    } else {
        let high = range::number(builder, &bits[at..]);
        (high, builder.arithmetic(-power, F::ONE, high, one, value))
    }
}

/// The bits that both numbers have. A twentieth of a row for each.
pub fn both(builder: &mut Builder, left: &[BoolTarget], right: &[BoolTarget]) -> Target {
    let zero = builder.zero();
    let pairs = left.iter().zip(right).rev();
    pairs.fold(zero, |sum, (a, b)| builder.arithmetic(F::ONE, F::TWO, a.target, b.target, sum))
}

/// 2 to the number that has these bits, lowest first; at most 5 of them.
pub fn power(builder: &mut Builder, bits: &[BoolTarget]) -> Target {
    let one = builder.one();
    bits.iter().enumerate().fold(one, |power, (at, bit)| {
        let more = field::element(Felt::reduce((1 << (1 << at)) - 1));
        builder.arithmetic(more, F::ONE, power, bit.target, power)
    })
}

fn advice(builder: &mut Builder, left: Target, right: Target) -> (Target, Target) {
    let (quotient, remainder) = (builder.add_virtual_target(), builder.add_virtual_target());
    builder.add_simple_generator(DivisionGenerator { left, right, quotient, remainder });
    (quotient, remainder)
}

/// Finds quotient and remainder; for a division by zero any, since constraints refuse it.
#[derive(Clone, Debug)]
pub struct DivisionGenerator {
    left: Target,
    right: Target,
    quotient: Target,
    remainder: Target,
}

impl DivisionGenerator {
    /// The name in the circuit cache.
    pub const ID: &'static str = "DivisionGenerator";
}

impl SimpleGenerator<F, D> for DivisionGenerator {
    fn id(&self) -> String {
        Self::ID.into()
    }

    fn dependencies(&self) -> Vec<Target> {
        vec![self.left, self.right]
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let [left, right] = [self.left, self.right].map(|target| witness.get_target(target).to_canonical_u64());
        let quotient = left.checked_div(right).unwrap_or_default();
        let remainder = left.checked_rem(right).unwrap_or(left);
        out.set_target(self.quotient, F::from_canonical_u64(quotient))?;
        out.set_target(self.remainder, F::from_canonical_u64(remainder))
    }

    fn serialize(&self, out: &mut Vec<u8>, _: &CommonData) -> IoResult<()> {
        out.write_target_array(&[self.left, self.right, self.quotient, self.remainder])
    }

    fn deserialize(src: &mut Buffer, _: &CommonData) -> IoResult<DivisionGenerator> {
        let [left, right, quotient, remainder] = src.read_target_array()?;
        Ok(DivisionGenerator { left, right, quotient, remainder })
    }
}
