//! s·G + e·P for a scalar s, an integer e below 2^128 and an element P, with shared doublings.
//!
//! ```text
//!   s = s₀ + 2^128·s₁ + 2^256·s₂, each in 32 digits (s₂: 16) of base 16; e in 32
//!
//!   sum := start
//!   for i in 31, 30, … 0:
//!       sum := 16·sum                                   (not in the first round: start is 16 times the real one)
//!       sum := sum + (D + e[i]·P)                       table built from P, 15 additions
//!       sum := sum + (D + s₀[i]·G) + (D + s₁[i]·2^128 G)  tables of constants
//!       sum := sum + (D + s₂[i]·2^256 G)                when i < 16
//! ```
//!
//! Every entry carries an offset D, an element whose logarithm nobody knows. So no entry is neutral, digits of zero need
//! no case of their own, and an honest sum meets its addend with negligible probability only. `start` cancels all
//! offsets of the whole loop. Soundness does not rest on D: see [`super::curve`].

use parth_crypto::ecgfp5::{Fp5, Point, Scalar};
use parth_proof::Builder;
use plonky2::iop::target::Target;

use super::curve::PointTarget;
use super::digits::SCALAR_DIGITS;

/// Digits of e.
pub const FACTOR_DIGITS: usize = 32;

/// The offset D: the element with encoding 1 + k·z for the least k that has one.
pub fn offset() -> Point {
    (0u64..).find_map(|k| Point::decode(Fp5::constant([1, k, 0, 0, 0]))).expect("half of all encodings decode")
}

/// `start` of the loop, which doubles it 124 times: −2^-124 · Σ 16^i · (entries added in round i) · D.
fn start() -> Point {
    let power = |round: usize| Scalar::from_u128(1 << (4 * round));
    let entries = (0..FACTOR_DIGITS).fold(Scalar::ZERO, |sum, round| {
        let added = 1 + tables_in_round(round) as u128;
        sum + power(round) * Scalar::from_u128(added)
    });
    let doublings = power(FACTOR_DIGITS - 1).inverse().expect("a power of two is no multiple of n");
    offset() * &-(entries * doublings)
}

/// How many tables of multiples of the generator have a digit in a round.
fn tables_in_round(round: usize) -> usize {
    (0..3).filter(|table| FACTOR_DIGITS * table + round < SCALAR_DIGITS).count()
}

/// s·G + e·P from the digits of s and e, lowest first. Forces all digits to be below 16.
pub fn base_and_key(
    builder: &mut Builder,
    response: &[Target; SCALAR_DIGITS],
    key: PointTarget,
    challenge: &[Target; FACTOR_DIGITS],
) -> PointTarget {
    let base_tables: [[PointTarget; 16]; 3] = std::array::from_fn(|table| {
        let unit = (0..table).fold(Scalar::ONE, |unit, _| unit * Scalar::from_u128(1 << 127) * Scalar::from_u128(2));
        let unit = Point::base(&unit);
        let mut entry = offset();
        std::array::from_fn(|_| {
            let target = PointTarget::constant(builder, entry);
            entry = entry + unit;
            target
        })
    });
    let mut entry = PointTarget::constant(builder, offset());
    let key_table: [PointTarget; 16] = std::array::from_fn(|digit| {
        if digit > 0 {
            entry = entry.add(builder, key);
        }
        entry
    });

    let mut sum = PointTarget::constant(builder, start());
    for round in (0..FACTOR_DIGITS).rev() {
        if round + 1 < FACTOR_DIGITS {
            for _ in 0..4 {
                sum = sum.double(builder);
            }
        }
        let addend = PointTarget::pick(builder, &key_table, challenge[round]);
        sum = sum.add(builder, addend);
        for (table, base_table) in base_tables.iter().enumerate().take(tables_in_round(round)) {
            let addend = PointTarget::pick(builder, base_table, response[FACTOR_DIGITS * table + round]);
            sum = sum.add(builder, addend);
        }
    }
    sum
}
