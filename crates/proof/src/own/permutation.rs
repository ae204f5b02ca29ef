//! The permutation argument: Z and its partial products.
//!
//! Each row contributes, for each challenge, a fraction (wire + β·id + γ) / (wire + β·σ + γ) of every routed wire. Z of
//! a row is the product of all fractions of the rows before it; the partial products go through the row a chunk of
//! wires at a time. The work is cut into runs of positions:
//!
//! ```text
//!   run of positions   numerators and denominators by chunk ─▸ one inversion for all ─▸ quotients
//!   rows in order      Z, a product a row
//!   column by column   partial products
//! ```

use parth_crypto::poseidon::kernels::{Lanes, MAX_WIDTH, Work};
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use rayon::prelude::*;

use super::columns::Tiles;
use super::{Columns, Context};
use crate::CircuitData;
use crate::prover::ProveError;

/// Positions of a task.
const RUN: usize = 256;

/// Z of each challenge, then the partial products of the first challenge, of the second, and so on; by position.
pub(super) fn products(
    context: &Context<'_>,
    circuit: &CircuitData,
    wires: &Tiles,
    betas: &[F],
    gammas: &[F],
) -> Result<Columns, ProveError> {
    let common = &circuit.common;
    let (domain, challenges) = (context.domain, common.config.num_challenges);
    let chunks = common.num_partial_products + 1;
    let rows = domain.rows();
    let run = RUN.min(rows);

    // Run after run; in each, a column a challenge and chunk.
    let mut quotients = context.buffers.take(challenges * chunks * rows);
    quotients.par_chunks_mut(challenges * chunks * run).enumerate().try_for_each(|(number, quotients)| {
        let first = number * run;
        context.kernel.run(Quotients { context, circuit, wires, betas, gammas, first, run, quotients })
    })?;
    let quotient = |challenge: usize, chunk: usize, position: usize| {
        let column = challenge * chunks + chunk;
        F(quotients[((position / run) * challenges * chunks + column) * run + position % run])
    };

    let mut products = context.buffers.columns(challenges * chunks, rows);
    let (zs, partials) = products.values_mut().split_at_mut(challenges * rows);
    let tasks = zs.par_chunks_mut(rows).zip(partials.par_chunks_mut((chunks - 1) * rows)).enumerate();
    tasks.for_each(|(challenge, (zs, partials))| {
        let mut z = F::ONE;
        for row in 0..rows {
            let position = domain.row(row);
            zs[position] = z.0;
            let whole: F = (0..chunks).map(|chunk| quotient(challenge, chunk, position)).product();
            z *= whole;
        }
        let mut before: &[u64] = zs;
        for (chunk, partial) in partials.chunks_exact_mut(rows).enumerate() {
            for (position, (value, &before)) in partial.iter_mut().zip(before).enumerate() {
                *value = (F(before) * quotient(challenge, chunk, position)).0;
            }
            before = partial;
        }
    });
    context.buffers.give_back(quotients);
    Ok(products)
}

/// The quotients of a run of positions.
struct Quotients<'a> {
    context: &'a Context<'a>,
    circuit: &'a CircuitData,
    wires: &'a Tiles,
    betas: &'a [F],
    gammas: &'a [F],
    first: usize,
    run: usize,
    quotients: &'a mut [u64],
}

impl Work for Quotients<'_> {
    type Output = Result<(), ProveError>;

    #[inline(always)]
    fn run<L: Lanes>(mut self) -> Self::Output {
        let mut denominators = vec![0; self.quotients.len()];
        for offset in (0..self.run).step_by(L::WIDTH) {
            self.fractions::<L>(offset, &mut denominators);
        }
        divide::<L>(self.quotients, &denominators)
    }
}

impl Quotients<'_> {
    /// Numerators, in place of the quotients, and denominators at a few positions.
    #[inline(always)]
    fn fractions<L: Lanes>(&mut self, offset: usize, denominators: &mut [u64]) {
        let common = &self.circuit.common;
        let position = self.first + offset;
        let mut rows = [&[][..]; MAX_WIDTH];
        for (lane, row) in rows[..L::WIDTH].iter_mut().enumerate() {
            *row = &self.circuit.prover_only.sigmas[self.context.domain.row(position + lane)];
        }
        let point = L::load(&self.context.domain.subgroup()[position..][..L::WIDTH]);
        let wires = &self.wires.tile(position)[position % Tiles::ROWS..];
        let mut column = 0;
        for (&beta, &gamma) in self.betas.iter().zip(self.gammas) {
            let (beta, gamma) = (L::splat(beta.0), L::splat(gamma.0));
            let beta_point = beta * point;
            let mut wire = 0;
            while wire < common.config.num_routed_wires {
                let (mut numerator, mut denominator) = (L::splat(1), L::splat(1));
                let end = common.config.num_routed_wires.min(wire + common.quotient_degree_factor);
                while wire < end {
                    let mut sigmas = [0; MAX_WIDTH];
                    for (sigma, row) in sigmas[..L::WIDTH].iter_mut().zip(&rows) {
                        *sigma = row[wire].0;
                    }
                    let sigma = L::load(&sigmas[..L::WIDTH]);
                    let value = L::load(&wires[wire * Tiles::ROWS..][..L::WIDTH]) + gamma;
                    numerator = numerator * beta_point.mul_add(L::splat(common.k_is[wire].0), value);
                    denominator = denominator * beta.mul_add(sigma, value);
                    wire += 1;
                }
                let at = column * self.run + offset;
                numerator.store(&mut self.quotients[at..][..L::WIDTH]);
                denominator.store(&mut denominators[at..][..L::WIDTH]);
                column += 1;
            }
        }
    }
}

/// Divides each numerator by its denominator. All are inverted by one inversion of their product.
#[inline(always)]
fn divide<L: Lanes>(numerators: &mut [u64], denominators: &[u64]) -> Result<(), ProveError> {
    let mut before = vec![0; denominators.len()];
    let mut product = L::splat(1);
    for (before, denominator) in before.chunks_exact_mut(L::WIDTH).zip(denominators.chunks_exact(L::WIDTH)) {
        product.store(before);
        product = product * L::load(denominator);
    }
    let mut inverses = [0; MAX_WIDTH];
    for (inverse, product) in inverses[..L::WIDTH].iter_mut().zip(product.to_array()) {
        // By chance only, once in 2^40 proofs or less: the challenges are hashes of the wires.
        let found = F(product).try_inverse().ok_or_else(|| ProveError::Unsatisfied {
            reason: "a challenge makes a denominator of the permutation argument zero".into(),
        })?;
        *inverse = found.0;
    }
    let mut inverse = L::load(&inverses[..L::WIDTH]);
    let with_before = numerators.chunks_exact_mut(L::WIDTH).zip(before.chunks_exact(L::WIDTH));
    for ((numerator, before), denominator) in with_before.zip(denominators.chunks_exact(L::WIDTH)).rev() {
        let own = inverse * L::load(before);
        inverse = inverse * L::load(denominator);
        (L::load(numerator) * own).store(numerator);
    }
    Ok(())
}
