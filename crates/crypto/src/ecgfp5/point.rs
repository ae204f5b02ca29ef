//! [`Point`]: an element of the EcGFp5 group.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use crate::ecgfp5::quintic::Fp5;
use crate::ecgfp5::scalar::Scalar;
use crate::felt::Felt;

/// b = 263 z of the curve y² = x(x² + ax + b).
const B1: Felt = Felt::constant(263);
/// 2b / z.
const B1_TIMES_2: Felt = Felt::constant(526);
/// 4b / z.
const B1_TIMES_4: Felt = Felt::constant(1052);

/// An element of the group of prime order n.
///
/// Fractional coordinates: x = X/Z and u = x/y = U/T; the neutral element has u = 0. Z and T are never zero. Addition
/// is complete: one formula for all operands.
#[derive(Clone, Copy)]
#[allow(non_snake_case)]
pub struct Point {
    pub(super) X: Fp5,
    pub(super) Z: Fp5,
    pub(super) U: Fp5,
    pub(super) T: Fp5,
}

/// An element by x and u themselves, for tables.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    pub(super) x: Fp5,
    pub(super) u: Fp5,
}

impl Affine {
    pub(super) const NEUTRAL: Affine = Affine { x: Fp5::ZERO, u: Fp5::ZERO };

    /// The entry at `index`, reading all of them; `index` may be secret.
    pub(super) fn lookup(table: &[Affine; 16], index: u8) -> Affine {
        let mut out = Affine::NEUTRAL;
        for (i, entry) in (0u8..).zip(table) {
            let mask = equal_mask(i, index);
            out = Affine { x: Fp5::select(mask, out.x, entry.x), u: Fp5::select(mask, out.u, entry.u) };
        }
        out
    }
}

/// All ones when the two small numbers are equal, else zero.
fn equal_mask(a: u8, b: u8) -> u64 {
    // The subtraction borrows exactly when the difference is zero.
    0u64.wrapping_sub(u64::from(a ^ b).wrapping_sub(1) >> 63)
}

impl Point {
    /// a of the curve y² = x(x² + ax + b).
    pub const A: Fp5 = Fp5::constant([2, 0, 0, 0, 0]);
    /// b of the curve y² = x(x² + ax + b).
    pub const B: Fp5 = Fp5::constant([0, 263, 0, 0, 0]);

    /// The neutral element.
    pub const NEUTRAL: Point = Point { X: Fp5::ZERO, Z: Fp5::ONE, U: Fp5::ZERO, T: Fp5::ONE };

    /// The conventional generator: the element with y/x = 4.
    pub const GENERATOR: Point = Point {
        X: Fp5::constant([
            12883135586176881569,
            4356519642755055268,
            5248930565894896907,
            2165973894480315022,
            2448410071095648785,
        ]),
        Z: Fp5::ONE,
        // 1/4
        U: Fp5::constant([13835058052060938241, 0, 0, 0, 0]),
        T: Fp5::ONE,
    };

    /// The canonical encoding w = y/x, zero for the neutral element.
    pub fn encode(self) -> Fp5 {
        self.U.inverse().map_or(Fp5::ZERO, |inverse| self.T * inverse)
    }

    /// The element of an encoding, or nothing when no element has it. Time depends on the value: public data only.
    ///
    /// x solves x² − (w² − a)x + b = 0. If there are two solutions, one is a square and belongs to a point of order n;
    /// the other is the group's.
    pub fn decode(w: Fp5) -> Option<Point> {
        if w.is_zero() {
            return Some(Point::NEUTRAL);
        }
        let (first, second) = Point::abscissas(w)?;
        let x = if first.is_square() { second } else { first };
        Some(Point { X: x, Z: Fp5::ONE, U: Fp5::ONE, T: w })
    }

    /// Both solutions x of x² − (w² − a)x + b = 0.
    fn abscissas(w: Fp5) -> Option<(Fp5, Fp5)> {
        const HALF: Felt = Felt::constant(Felt::ORDER / 2 + 1);
        let sum = w.square() - Point::A;
        let root = (sum.square() - Fp5::ONE.scale_z(B1_TIMES_4)).sqrt()?;
        Some(((sum + root).scale(HALF), (sum - root).scale(HALF)))
    }

    /// The other curve point with the same encoding, N − P, as (x, y); nothing for the neutral element.
    ///
    /// P ↦ N − P maps the group onto the points of order n under plain curve addition, the neutral element onto the
    /// point at infinity. There x is a square and affine formulas apply, which is what the signature circuit computes
    /// with.
    pub fn image(self) -> Option<(Fp5, Fp5)> {
        let w = self.encode();
        // N − P has x' = b / x and the same y/x.
        let x = Fp5::ONE.scale_z(B1) * self.Z * self.X.inverse()?;
        Some((x, w * x))
    }

    /// Is this the neutral element?
    pub fn is_neutral(self) -> bool {
        self.U.is_zero()
    }

    /// Twice this element.
    #[allow(non_snake_case)]
    pub fn double(self) -> Point {
        let Point { X, Z, U, T } = self;
        let zt = Z * T;
        let ztt = zt * T;
        let x1 = ztt.square();
        let z1 = zt * U;
        let w1 = ztt - (X + Z).double() * U.square();
        let z1_squared = z1.square();
        let w1_squared = w1.square();
        Point {
            X: z1_squared.scale_z(B1_TIMES_4),
            Z: w1_squared,
            U: (w1 + z1).square() - z1_squared - w1_squared,
            T: x1.double() - z1_squared.scale(Felt::constant(4)) - w1_squared,
        }
    }

    /// Adds an element of a table.
    pub(super) fn add_affine(self, other: Affine) -> Point {
        let t5 = self.X + other.x * self.Z;
        let t6 = self.U + other.u * self.T;
        finish_addition(self.X * other.x, self.Z, self.U * other.u, self.T, t5, t6)
    }

    pub(super) fn to_affine(self) -> Affine {
        match (self.Z * self.T).inverse() {
            Some(inverse) => Affine { x: self.X * self.T * inverse, u: self.U * self.Z * inverse },
            None => Affine::NEUTRAL,
        }
    }

    /// The generator times a scalar, from a table; the scalar may be secret.
    pub fn base(scalar: &Scalar) -> Point {
        super::base::multiply(scalar)
    }

    /// This element times the integer that `digits` spell in base 16, most significant first. Every table entry is
    /// read, so the digits may be secret.
    fn multiply(self, digits: impl Iterator<Item = u8>) -> Point {
        let mut multiple = Point::NEUTRAL;
        let table: [Affine; 16] = std::array::from_fn(|_| {
            let entry = multiple.to_affine();
            multiple = multiple + self;
            entry
        });
        digits.fold(Point::NEUTRAL, |sum, digit| {
            sum.double().double().double().double().add_affine(Affine::lookup(&table, digit))
        })
    }

    /// This element times an integer below 2^128.
    pub fn multiply_u128(self, factor: u128) -> Point {
        self.multiply((0..32).rev().map(|i| (factor >> (4 * i)) as u8 & 15))
    }
}

/// The common end of both additions. t1 to t6 are X1·X2, Z1·Z2, U1·U2, T1·T2, X1·Z2 + X2·Z1, U1·T2 + U2·T1.
fn finish_addition(t1: Fp5, t2: Fp5, t3: Fp5, t4: Fp5, t5: Fp5, t6: Fp5) -> Point {
    let bz = t2.scale_z(B1);
    let t7 = t1 + bz;
    let t8 = t4 * t7;
    let t9 = t3 * (t5.scale_z(B1_TIMES_2) + t7.double());
    let t10 = (t4 + t3.double()) * (t5 + t7);
    Point { X: (t10 - t8).scale_z(B1), Z: t8 - t9, U: t6 * (bz - t1), T: t8 + t9 }
}

impl Add for Point {
    type Output = Point;
    fn add(self, other: Point) -> Point {
        let t1 = self.X * other.X;
        let t2 = self.Z * other.Z;
        let t3 = self.U * other.U;
        let t4 = self.T * other.T;
        let t5 = (self.X + self.Z) * (other.X + other.Z) - t1 - t2;
        let t6 = (self.U + self.T) * (other.U + other.T) - t3 - t4;
        finish_addition(t1, t2, t3, t4, t5, t6)
    }
}

impl Neg for Point {
    type Output = Point;
    fn neg(self) -> Point {
        Point { U: -self.U, ..self }
    }
}

impl Sub for Point {
    type Output = Point;
    fn sub(self, other: Point) -> Point {
        self + -other
    }
}

impl Mul<&Scalar> for Point {
    type Output = Point;
    fn mul(self, scalar: &Scalar) -> Point {
        self.multiply((0..80).rev().map(|i| scalar.digit(i)))
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Point) -> bool {
        self.U * other.T == other.U * self.T
    }
}

impl Eq for Point {}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({:?})", self.encode().0)
    }
}

#[cfg(test)]
#[path = "point_tests.rs"]
mod tests;
