//! [`Domain`]: the rows of a circuit, the coset that its polynomials are committed on, and the order of its points.
//!
//! With n = 2^`row_bits` rows and rate 1/2^`rate_bits`, the coset has N = n · 2^`rate_bits` points g·w^i, where g is the
//! library's shift and w its root of unity of order N. **Position p holds the point with i = p read backwards in binary**:
//! the order in which the library's Merkle trees hold their leaves. So the coset lies in blocks of n positions:
//!
//! ```text
//!   position p = block · n + inner      i = reverse(inner) · 2^rate_bits + reverse(block)
//! ```
//! Inside a block all points have the same n-th power, so x^n − 1 is one constant a block; and the point of the next row
//! (x times the root of unity of order n) lies in the same block.
//!
//! Rows of the trace are kept in the same way: **the row at position q is q read backwards**. Then both transforms run
//! without reordering anything (`own::transform`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;

use super::transform::{Forward, Inverse};
use crate::CommonData;

/// See the [module](self). With the factors of its transforms: about 3.3 MB for 2^13 rows.
#[derive(Clone, Debug)]
pub struct Domain {
    row_bits: usize,
    rate_bits: usize,
    points: Vec<u64>,
    first_row: Vec<u64>,
    zero_inverses: Vec<u64>,
    subgroup: Vec<u64>,
    rows_to_coefficients: Inverse,
    coefficients_to_coset: Forward,
    coset_to_coefficients: Inverse,
    foldings: Vec<Forward>,
}

impl Domain {
    /// The domain of a circuit, made when it is first needed and kept as long as the process lives.
    pub(crate) fn shared(common: &CommonData) -> Arc<Domain> {
        type Key = (usize, usize, Vec<usize>);
        static DOMAINS: Mutex<BTreeMap<Key, Arc<Domain>>> = Mutex::new(BTreeMap::new());
        let (row_bits, rate_bits) = (common.degree_bits(), common.config.fri_config.rate_bits);
        let arities = &common.fri_params.reduction_arity_bits;
        // A panic elsewhere leaves the map whole: a domain is inserted when it is complete.
        let mut domains = DOMAINS.lock().unwrap_or_else(PoisonError::into_inner);
        let domain = domains.entry((row_bits, rate_bits, arities.clone()));
        Arc::clone(domain.or_insert_with(|| Arc::new(Domain::new(row_bits, rate_bits, arities))))
    }

    /// The domain of circuits with 2^`row_bits` rows, and those that the codeword is folded to: `arities` has log2 of how
    /// many values become one in each folding.
    pub fn new(row_bits: usize, rate_bits: usize, arities: &[usize]) -> Domain {
        let rows = 1usize << row_bits;
        let coset = bit_reversed_coset(F::coset_shift(), row_bits + rate_bits);
        let subgroup = bit_reversed_coset(F::ONE, row_bits);
        let zeros: Vec<F> = coset.iter().step_by(rows).map(|point| point.exp_power_of_2(row_bits) - F::ONE).collect();
        // L_0(x) = (x^n − 1) / (n · (x − 1)): one in the first row, zero in the others.
        let scaled: Vec<F> = coset.iter().map(|&point| (point - F::ONE) * F::from_canonical_usize(rows)).collect();
        let first_row = F::batch_multiplicative_inverse(&scaled);
        let first_row = first_row.iter().enumerate().map(|(p, &inverse)| (inverse * zeros[p >> row_bits]).0).collect();

        let mut foldings = Vec::new();
        let (mut shift, mut bits) = (F::coset_shift(), row_bits);
        // The last folding leaves coefficients, which go into the proof as they are.
        for &arity in arities.split_last().map_or(&[][..], |(_, before)| before) {
            bits -= arity;
            shift = shift.exp_power_of_2(arity);
            foldings.push(Forward::new(bits, &bit_reversed_coset(shift, bits + rate_bits)));
        }
        Domain {
            row_bits,
            rate_bits,
            points: words(&coset),
            first_row,
            zero_inverses: words(&F::batch_multiplicative_inverse(&zeros)),
            subgroup: words(&subgroup),
            rows_to_coefficients: Inverse::new(row_bits, &subgroup),
            coefficients_to_coset: Forward::new(row_bits, &coset),
            coset_to_coefficients: Inverse::new(row_bits + rate_bits, &coset),
            foldings,
        }
    }

    /// log2 of the rows.
    pub fn row_bits(&self) -> usize {
        self.row_bits
    }

    /// Rows of the trace, and positions of a block.
    pub fn rows(&self) -> usize {
        1 << self.row_bits
    }

    /// log2 of the number of blocks.
    pub fn rate_bits(&self) -> usize {
        self.rate_bits
    }

    /// Blocks of the coset.
    pub fn blocks(&self) -> usize {
        1 << self.rate_bits
    }

    /// Points of the coset.
    pub fn size(&self) -> usize {
        self.rows() << self.rate_bits
    }

    /// The points of the coset, by position.
    pub fn points(&self) -> &[u64] {
        &self.points
    }

    /// L_0 on the coset, by position: the polynomial that is one in the first row and zero in the others.
    pub fn first_row(&self) -> &[u64] {
        &self.first_row
    }

    /// 1 / (x^n − 1) for the points x of each block.
    pub fn zero_inverses(&self) -> &[u64] {
        &self.zero_inverses
    }

    /// The position that holds the point of the next row.
    pub fn next(&self, position: usize) -> usize {
        let (block, inner) = (position >> self.row_bits, position & (self.rows() - 1));
        let row = (self.row(inner) + 1) & (self.rows() - 1);
        block << self.row_bits | self.row(row)
    }

    /// The row of the trace at a position, and the position of a row.
    pub fn row(&self, position: usize) -> usize {
        reverse(position, self.row_bits)
    }

    /// The points of the rows, by position.
    pub(super) fn subgroup(&self) -> &[u64] {
        &self.subgroup
    }

    /// Takes the values of the rows to coefficients.
    pub(super) fn rows_to_coefficients(&self) -> &Inverse {
        &self.rows_to_coefficients
    }

    /// Takes coefficients to their values on a block of the coset.
    pub(super) fn coefficients_to_coset(&self) -> &Forward {
        &self.coefficients_to_coset
    }

    /// Takes values on the whole coset to coefficients.
    pub(super) fn coset_to_coefficients(&self) -> &Inverse {
        &self.coset_to_coefficients
    }

    /// After each folding but the last: takes coefficients to their values on a block of the folded coset.
    pub(super) fn foldings(&self) -> &[Forward] {
        &self.foldings
    }
}

/// shift · w^i for the root of unity w of order 2^`bits`; position p has i = p read backwards.
fn bit_reversed_coset(shift: F, bits: usize) -> Vec<F> {
    let root = F::primitive_root_of_unity(bits);
    let mut points = vec![F::ZERO; 1 << bits];
    let mut point = shift;
    for index in 0..points.len() {
        points[reverse(index, bits)] = point;
        point *= root;
    }
    points
}

fn words(felts: &[F]) -> Vec<u64> {
    felts.iter().map(|felt| felt.0).collect()
}

/// The lowest `bits` bits of a number, read backwards.
fn reverse(number: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { number.reverse_bits() >> (usize::BITS as usize - bits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::field::zero_poly_coset::ZeroPolyOnCoset;

    #[test]
    fn points_lie_as_the_library_places_its_leaves() {
        let domain = Domain::new(6, 3, &[]);
        let zero = ZeroPolyOnCoset::<F>::new(6, 3);
        let root = F::primitive_root_of_unity(9);
        let step = F::primitive_root_of_unity(6);
        for index in 0..domain.size() {
            let position = reverse(index, 9);
            let point = F::coset_shift() * root.exp_u64(index as u64);
            assert_eq!(F(domain.points()[position]), point);
            assert_eq!(F(domain.points()[domain.next(position)]), point * step);
            assert_eq!(F(domain.first_row()[position]), zero.eval_l_0(index, point));
            assert_eq!(F(domain.zero_inverses()[position >> 6]), zero.eval_inverse(index));
        }
    }
}
