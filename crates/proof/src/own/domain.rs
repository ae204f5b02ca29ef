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

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Domain {
    row_bits: usize,
    rate_bits: usize,
    points: Vec<u64>,
    first_row: Vec<u64>,
    zero_inverses: Vec<u64>,
}

impl Domain {
    /// The domain of circuits with 2^`row_bits` rows.
    pub fn new(row_bits: usize, rate_bits: usize) -> Domain {
        let (rows, size) = (1usize << row_bits, 1usize << (row_bits + rate_bits));
        let root = F::primitive_root_of_unity(row_bits + rate_bits);
        let mut points = vec![F::ZERO; size];
        let mut point = F::coset_shift();
        for index in 0..size {
            points[reverse(index, row_bits + rate_bits)] = point;
            point *= root;
        }
        let zeros: Vec<F> = points.iter().step_by(rows).map(|point| point.exp_power_of_2(row_bits) - F::ONE).collect();
        // L_0(x) = (x^n − 1) / (n · (x − 1)): one in the first row, zero in the others.
        let scaled: Vec<F> = points.iter().map(|&point| (point - F::ONE) * F::from_canonical_usize(rows)).collect();
        let first_row = F::batch_multiplicative_inverse(&scaled);
        let first_row = first_row.iter().enumerate().map(|(p, &inverse)| (inverse * zeros[p >> row_bits]).0).collect();
        let zero_inverses = F::batch_multiplicative_inverse(&zeros).iter().map(|inverse| inverse.0).collect();
        let points = points.iter().map(|point| point.0).collect();
        Domain { row_bits, rate_bits, points, first_row, zero_inverses }
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
        let row = (reverse(inner, self.row_bits) + 1) & (self.rows() - 1);
        block << self.row_bits | reverse(row, self.row_bits)
    }
}

/// The lowest `bits` bits of a number, read backwards.
pub(super) fn reverse(number: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { number.reverse_bits() >> (usize::BITS as usize - bits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::field::zero_poly_coset::ZeroPolyOnCoset;

    #[test]
    fn points_lie_as_the_library_places_its_leaves() {
        let domain = Domain::new(5, 3);
        let zero = ZeroPolyOnCoset::<F>::new(5, 3);
        let root = F::primitive_root_of_unity(8);
        let step = F::primitive_root_of_unity(5);
        for index in 0..domain.size() {
            let position = reverse(index, 8);
            let point = F::coset_shift() * root.exp_u64(index as u64);
            assert_eq!(F(domain.points()[position]), point);
            assert_eq!(F(domain.points()[domain.next(position)]), point * step);
            assert_eq!(F(domain.first_row()[position]), zero.eval_l_0(index, point));
            assert_eq!(F(domain.zero_inverses()[position >> 5]), zero.eval_inverse(index));
        }
    }
}
