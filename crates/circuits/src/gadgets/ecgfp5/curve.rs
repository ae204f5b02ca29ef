//! Elements of the EcGFp5 group as targets. Twin: `parth_crypto::ecgfp5::Point`.
//!
//! An element P other than the neutral one is kept as its image N − P: a point of the curve y² = x(x² + ax + b) of
//! order n, under plain affine addition (`Point::image`). The image has the same encoding w = y/x, and its x is a
//! square. Every [`PointTarget`] is such an image: constants by construction, decoded keys by [`PointTarget::decode`],
//! sums and doubles because the points of order n and infinity are a subgroup and infinity has no affine form.
//!
//! **Exceptional cases.** Affine addition divides by x₂ − x₁. Were both points the same, the slope would be free and a
//! prover could go on with a point of choice. [`PointTarget::add`] therefore proves x₁ ≠ x₂ for every addition; equal
//! and opposite operands have no witness. Doubling divides by 2y, and y = 0 only at N, which does not have order n.
//! What remains is completeness: operands of an honest signature are equal or opposite with probability about 2^-310,
//! since sums start from multiples of a point whose logarithm nobody knows.
//!
//! | operation | rows |
//! | --- | --- |
//! | addition | 4 products, 31 arithmetic operations: 5.6 |
//! | doubling | 4 products, 22 arithmetic operations: 5.1 |
//! | decoding | 4 products, 6 arithmetic operations: 4.3 |
//! | encoding | 1 |
//! | one of 16 | 2.5 |

use parth_crypto::Felt;
use parth_crypto::ecgfp5::{Fp5, Point};
use parth_proof::Builder;
use plonky2::iop::target::Target;

use super::quintic::Fp5Target;

/// The image N − P of an element P that is not neutral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointTarget {
    /// First coordinate; a square, never zero.
    pub x: Fp5Target,
    /// Second coordinate.
    pub y: Fp5Target,
}

impl PointTarget {
    /// An element that is part of the circuit.
    ///
    /// # Panics
    /// When it is the neutral element: a mistake in a circuit.
    pub fn constant(builder: &mut Builder, point: Point) -> PointTarget {
        let (x, y) = point.image().expect("the neutral element has no affine image");
        PointTarget { x: Fp5Target::constant(builder, x), y: Fp5Target::constant(builder, y) }
    }

    /// The element of an encoding w, given a square root of its image's x.
    ///
    /// With x = root² the equation x² + ax + b = w²x puts (x, wx) on the curve; x is not zero, since b is not, and a
    /// square, so the point has order n. w = 0, the neutral element, has no witness: x² + ax + b has no root.
    pub fn decode(builder: &mut Builder, w: Fp5Target, root: Fp5Target) -> PointTarget {
        let x = root.square(builder);
        let y = w.mul(builder, x);
        let left = x.square(builder).combine(builder, Felt::ONE, x, Felt::constant(2)).add_constant(builder, Point::B);
        let right = w.mul(builder, y);
        left.connect(builder, right);
        PointTarget { x, y }
    }

    /// The encoding w = y/x.
    pub fn encode(self, builder: &mut Builder) -> Fp5Target {
        // x is never zero, so the quotient is the only one.
        self.y.quotient(builder, self.x)
    }

    /// The sum of two elements. Holds only for elements that are neither equal nor opposite.
    pub fn add(self, builder: &mut Builder, other: PointTarget) -> PointTarget {
        let run = other.x.sub(builder, self.x);
        let rise = other.y.sub(builder, self.y);
        run.assert_not_zero(builder);
        let slope = rise.quotient(builder, run);
        let rest = slope.square(builder).sub(builder, self.x).sub(builder, other.x);
        self.third(builder, slope, rest)
    }

    /// Twice the element.
    pub fn double(self, builder: &mut Builder) -> PointTarget {
        const HALF: Felt = Felt::constant(Felt::ORDER / 2 + 1);
        // slope · 2y = 3x² + 2ax + b, both sides halved.
        let tangent = self
            .x
            .square(builder)
            .combine(builder, HALF * Felt::constant(3), self.x, Felt::constant(2))
            .add_constant(builder, Point::B.scale(HALF));
        let slope = tangent.quotient(builder, self.y);
        let rest = slope.square(builder).combine(builder, Felt::ONE, self.x, -Felt::constant(2));
        self.third(builder, slope, rest)
    }

    /// The negated third point of the line with this slope through this point; its x is `rest` − a, where `rest` is
    /// slope² less the x of the other two points.
    fn third(self, builder: &mut Builder, slope: Fp5Target, rest: Fp5Target) -> PointTarget {
        let x = rest.add_constant(builder, -Point::A);
        let back = self.x.sub(builder, x);
        let y = slope.mul(builder, back).sub(builder, self.y);
        PointTarget { x, y }
    }

    /// The entry of a table at `digit`; holds only for digits below 16.
    pub fn pick(builder: &mut Builder, table: &[PointTarget; 16], digit: Target) -> PointTarget {
        let mut lane = |coordinate: fn(&PointTarget) -> &Fp5Target| {
            Fp5Target(std::array::from_fn(|k| {
                builder.random_access(digit, table.iter().map(|point| coordinate(point).0[k]).collect())
            }))
        };
        PointTarget { x: lane(|point| &point.x), y: lane(|point| &point.y) }
    }
}

/// The square root that [`PointTarget::decode`] asks for, zero when there is none.
pub fn decoding_root(w: Fp5) -> Fp5 {
    Point::decode(w).and_then(Point::image).and_then(|(x, _)| x.sqrt()).unwrap_or(Fp5::ZERO)
}
