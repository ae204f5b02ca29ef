//! Multiples of the generator, from a table of all its multiples d · 16^i: one addition a digit.

use std::sync::LazyLock;

use crate::ecgfp5::point::{Affine, Point};
use crate::ecgfp5::scalar::{DIGITS, Scalar};

/// Entry i, d is d · 16^i times the generator. About 100 kB, built at first use.
static TABLE: LazyLock<Vec<[Affine; 16]>> = LazyLock::new(|| {
    let mut power = Point::GENERATOR;
    (0..DIGITS)
        .map(|_| {
            let mut multiple = Point::NEUTRAL;
            let entries = std::array::from_fn(|_| {
                let entry = multiple.to_affine();
                multiple = multiple + power;
                entry
            });
            power = multiple;
            entries
        })
        .collect()
});

/// The generator times a scalar. Every entry of each window is read, so the scalar may be secret.
pub(super) fn multiply(scalar: &Scalar) -> Point {
    TABLE
        .iter()
        .enumerate()
        .fold(Point::NEUTRAL, |sum, (i, window)| sum.add_affine(Affine::lookup(window, scalar.digit(i))))
}
