//! All polynomials at the opening point, and the combination that is left to be shown to be of low degree.

use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use rayon::prelude::*;

use super::Columns;

/// Elements that challenges after the quotient are drawn from.
pub(super) type Extension = QuadraticExtension<F>;

/// Coefficients of a combination that one task makes.
const RUN: usize = 512;

/// The values of polynomials at a point.
pub(super) fn evaluate(kernel: Kernel, polynomials: &[&[u64]], point: Extension) -> Vec<Extension> {
    let len = polynomials.iter().map(|polynomial| polynomial.len()).max().unwrap_or(0);
    let mut powers = Columns::zeros(2, len);
    let (real, other) = powers.values_mut().split_at_mut(len);
    for ((real, other), power) in real.iter_mut().zip(other).zip(point.powers()) {
        (*real, *other) = (power.0[0].0, power.0[1].0);
    }
    polynomials.par_iter().map(|coefficients| kernel.run(Evaluation { coefficients, powers: &powers })).collect()
}

struct Evaluation<'a> {
    coefficients: &'a [u64],
    powers: &'a Columns,
}

impl Work for Evaluation<'_> {
    type Output = Extension;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Extension {
        let mut sums = [[L::splat(0); 2]; 2];
        let powers =
            self.powers.column(0).chunks_exact(2 * L::WIDTH).zip(self.powers.column(1).chunks_exact(2 * L::WIDTH));
        // Two sums each, since one addition waits for the one before it.
        for (coefficients, (real, other)) in self.coefficients.chunks_exact(2 * L::WIDTH).zip(powers) {
            for (half, sum) in sums.iter_mut().enumerate() {
                let at = half * L::WIDTH;
                let coefficient = L::load(&coefficients[at..][..L::WIDTH]);
                sum[0] = coefficient.mul_add(L::load(&real[at..][..L::WIDTH]), sum[0]);
                sum[1] = coefficient.mul_add(L::load(&other[at..][..L::WIDTH]), sum[1]);
            }
        }
        let mut parts = [F::ZERO; 2];
        for (at, part) in parts.iter_mut().enumerate() {
            let lanes = (sums[0][at] + sums[1][at]).to_array();
            *part = lanes[..L::WIDTH].iter().map(|&lane| F(lane)).sum();
        }
        QuadraticExtension(parts)
    }
}

/// The sum of the polynomials times the powers of `alpha`.
pub(super) fn combine(kernel: Kernel, polynomials: &[&[u64]], alpha: Extension) -> Vec<Extension> {
    let len = polynomials.first().map_or(0, |polynomial| polynomial.len());
    let powers: Vec<Extension> = alpha.powers().take(polynomials.len()).collect();
    let mut combined = vec![Extension::ZERO; len];
    combined.par_chunks_mut(RUN).enumerate().for_each(|(number, combined)| {
        kernel.run(Combination { polynomials, powers: &powers, first: number * RUN, combined });
    });
    combined
}

struct Combination<'a> {
    polynomials: &'a [&'a [u64]],
    powers: &'a [Extension],
    first: usize,
    combined: &'a mut [Extension],
}

impl Work for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        // A few vectors stay in registers while all polynomials pass by.
        const VECTORS: usize = 4;
        for (number, combined) in self.combined.chunks_exact_mut(VECTORS * L::WIDTH).enumerate() {
            let first = self.first + number * VECTORS * L::WIDTH;
            let mut sums = [[L::splat(0); 2]; VECTORS];
            for (polynomial, power) in self.polynomials.iter().zip(self.powers) {
                let power = [L::splat(power.0[0].0), L::splat(power.0[1].0)];
                let coefficients = &polynomial[first..][..VECTORS * L::WIDTH];
                for (coefficients, sum) in coefficients.chunks_exact(L::WIDTH).zip(&mut sums) {
                    let coefficients = L::load(coefficients);
                    sum[0] = coefficients.mul_add(power[0], sum[0]);
                    sum[1] = coefficients.mul_add(power[1], sum[1]);
                }
            }
            for (combined, sum) in combined.chunks_exact_mut(L::WIDTH).zip(&sums) {
                let parts = sum[0].to_array().into_iter().zip(sum[1].to_array());
                for (combined, (real, other)) in combined.iter_mut().zip(parts) {
                    *combined = QuadraticExtension([F(real), F(other)]);
                }
            }
        }
    }
}

/// (f − f(point)) / (x − point), with a zero on top so that the length stays.
pub(super) fn divide(polynomial: &[Extension], point: Extension) -> Vec<Extension> {
    let mut quotient = vec![Extension::ZERO; polynomial.len()];
    let mut carry = Extension::ZERO;
    for (place, &coefficient) in quotient.iter_mut().rev().zip(polynomial.iter().rev()) {
        *place = carry;
        carry = carry * point + coefficient;
    }
    quotient
}
