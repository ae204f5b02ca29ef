//! EcGFp5: a group of prime order whose coordinates are five felts, so a circuit over felts verifies its signatures.
//!
//! ```text
//!   quintic   Fp5 = Goldilocks[z] / (z^5 − 3): the field of coordinates
//!   point     the group: complete addition, canonical encoding, decoding with curve and coset check
//!   base      multiples of the generator, from a table
//!   scalar    integers modulo the group order n
//! ```
//!
//! Source: Thomas Pornin, "EcGFp5: a Specialized Elliptic Curve", eprint 2022/274. The curve y² = x(x² + 2x + 263z)
//! has 2n points, n a prime of 319 bits. The group is the coset of the points that do *not* have order n; its neutral
//! element is N = (0, 0) and its law is P ∗ Q = P + Q + N on the curve.
//!
//! **Encoding.** An element is written as w = y/x, five canonical felts; the neutral element as zero. Exactly two curve
//! points share one w: P in the coset, and N − P of order n. Decoding takes the coset's one, so every element has one
//! encoding and every encoding that decodes is an element.

mod base;
mod point;
mod quintic;
mod scalar;

pub use point::Point;
pub use quintic::{Fp5, Fp5Error};
pub use scalar::{Scalar, ScalarError};
