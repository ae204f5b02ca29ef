//! [`Commitment`]: polynomials of one kind, their values on the coset, and the Merkle tree over those.

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::hash::merkle_proofs::MerkleProof;
use plonky2::hash::poseidon::PoseidonHash;
use rayon::prelude::*;

use super::columns::Tiles;
use super::merkle::Tree;
use super::timings::{Clock, Step};
use super::{Columns, Context};

/// Polynomials that the prover is bound to.
#[derive(Debug)]
pub(super) struct Commitment {
    /// Coefficients, lowest first.
    pub(super) coefficients: Columns,
    /// Values on the coset, by position.
    pub(super) values: Columns,
    /// Its leaves are the rows of the values.
    pub(super) tree: Tree,
}

impl Commitment {
    /// Commits to the polynomials with these values in the rows of the trace, by position.
    pub(super) fn of_rows(context: &Context<'_>, mut rows: Columns, clock: &mut Clock) -> Commitment {
        clock.measure(Step::Transforms, || {
            let inverse = context.domain.rows_to_coefficients();
            let len = context.domain.rows();
            rows.values_mut().par_chunks_mut(len).for_each(|column| inverse.run(context.kernel, column));
        });
        Commitment::of_coefficients(context, rows, clock)
    }

    /// As [`Commitment::of_rows`], for rows in tiles.
    pub(super) fn of_tiles(context: &Context<'_>, rows: &Tiles, clock: &mut Clock) -> Commitment {
        let mut coefficients = context.buffers.columns(rows.width(), context.domain.rows());
        clock.measure(Step::Transforms, || {
            let columns = coefficients.values_mut().par_chunks_mut(context.domain.rows());
            columns.enumerate().for_each(|(number, column)| {
                rows.copy_column(number, column);
                context.domain.rows_to_coefficients().run(context.kernel, column);
            });
        });
        Commitment::of_coefficients(context, coefficients, clock)
    }

    /// Commits to the polynomials with these coefficients.
    ///
    /// Block after block of the coset: the values of a block are hashed while they are still in the cache.
    pub(super) fn of_coefficients(context: &Context<'_>, coefficients: Columns, clock: &mut Clock) -> Commitment {
        let (domain, kernel) = (context.domain, context.kernel);
        let mut values = context.buffers.columns(coefficients.count(), domain.size());
        let mut tree = Tree::new(context.buffers, domain.size().ilog2() as usize, context.cap_height);
        for block in 0..domain.blocks() {
            let first = block * domain.rows();
            clock.measure(Step::Transforms, || {
                let columns = values.values_mut().par_chunks_mut(domain.size());
                columns.zip(coefficients.values().par_chunks(domain.rows())).for_each(|(values, coefficients)| {
                    let values = &mut values[first..][..domain.rows()];
                    values.copy_from_slice(coefficients);
                    domain.coefficients_to_coset().run(kernel, block, values);
                });
            });
            clock.measure(Step::Leaves, || tree.hash_leaves(kernel, &values, first, first, domain.rows()));
        }
        clock.measure(Step::Nodes, || tree.hash_nodes(kernel));
        Commitment { coefficients, values, tree }
    }

    /// The values at a position, with their way to the cap.
    pub(super) fn open(&self, position: usize) -> (Vec<F>, MerkleProof<F, PoseidonHash>) {
        (self.values.row(position).map(F).collect(), self.tree.prove(position))
    }

    /// Gives its memory back.
    pub(super) fn retire(self, context: &Context<'_>) {
        context.buffers.give_back(self.coefficients.into_buffer());
        context.buffers.give_back(self.values.into_buffer());
        context.buffers.give_back(self.tree.into_buffer());
    }
}
