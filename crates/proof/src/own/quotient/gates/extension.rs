//! The quadratic extension X² = 7, in pairs of lanes.

use std::ops::{Add, Mul, Sub};

use super::super::block::Row;
use super::super::weights::Constraints;
use parth_crypto::poseidon::kernels::Lanes;

/// a + b·X.
#[derive(Clone, Copy)]
pub struct Pair<L>(pub L, pub L);

impl<L: Lanes> Pair<L> {
    /// The wires at this column and the next.
    #[inline(always)]
    pub fn wires(row: &Row<'_>, column: usize) -> Pair<L> {
        Pair(row.wire(column), row.wire(column + 1))
    }

    /// Some elements in a row, from this column on.
    #[inline(always)]
    pub fn several<const COUNT: usize>(row: &Row<'_>, column: usize) -> [Pair<L>; COUNT] {
        let mut pairs = [Pair(L::splat(0), L::splat(0)); COUNT];
        for (pair, number) in pairs.iter_mut().zip(0..) {
            *pair = Pair::wires(row, column + 2 * number);
        }
        pairs
    }

    /// `self · factor + addend`.
    #[inline(always)]
    pub fn scale_add(self, factor: L, addend: Pair<L>) -> Pair<L> {
        Pair(self.0.mul_add(factor, addend.0), self.1.mul_add(factor, addend.1))
    }

    /// `self · other + addend`, with seven times the second coefficient of `other`.
    #[inline(always)]
    pub fn mul_known_add(self, other: Pair<L>, seven: L, addend: Pair<L>) -> Pair<L> {
        let low = self.1.mul_add(seven, addend.0);
        let high = self.1.mul_add(other.0, addend.1);
        Pair(self.0.mul_add(other.0, low), self.0.mul_add(other.1, high))
    }

    /// `self · other`, with seven times the second coefficient of `other`.
    #[inline(always)]
    pub fn mul_known(self, other: Pair<L>, seven: L) -> Pair<L> {
        let (low, high) = (self.1 * seven, self.1 * other.0);
        Pair(self.0.mul_add(other.0, low), self.0.mul_add(other.1, high))
    }

    /// Times an element of the base field.
    #[inline(always)]
    pub fn scale(self, factor: L) -> Pair<L> {
        Pair(self.0 * factor, self.1 * factor)
    }

    /// Two constraints, that of the lower coefficient first.
    #[inline(always)]
    pub fn push_to(self, constraints: &mut Constraints<'_, L>) {
        constraints.push(self.0);
        constraints.push(self.1);
    }
}

/// 7·a, for less than a product.
#[inline(always)]
pub fn seven_times<L: Lanes>(a: L) -> L {
    a.octuple() - a
}

impl<L: Lanes> Add for Pair<L> {
    type Output = Pair<L>;
    #[inline(always)]
    fn add(self, other: Pair<L>) -> Pair<L> {
        Pair(self.0 + other.0, self.1 + other.1)
    }
}

impl<L: Lanes> Sub for Pair<L> {
    type Output = Pair<L>;
    #[inline(always)]
    fn sub(self, other: Pair<L>) -> Pair<L> {
        Pair(self.0 - other.0, self.1 - other.1)
    }
}

impl<L: Lanes> Mul for Pair<L> {
    type Output = Pair<L>;
    #[inline(always)]
    fn mul(self, other: Pair<L>) -> Pair<L> {
        self.mul_known(other, seven_times(other.1))
    }
}
