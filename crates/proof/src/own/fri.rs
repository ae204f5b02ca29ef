//! FRI: the combination of all polynomials is folded, codeword after codeword, until its coefficients fit in the proof;
//! then a nonce is found, and the queries that follow from it are answered.

use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
use parth_crypto::poseidon::permute_lanes;
use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::polynomial::PolynomialCoeffs;
use plonky2::field::types::Field;
use plonky2::fri::proof::FriQueryStep;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::challenger::Challenger;
use rayon::prelude::*;

use super::merkle::Tree;
use super::openings::Extension;
use super::transform::Forward;
use super::{Columns, Context};
use crate::D;

/// The library's transcript.
pub(super) type Transcript = Challenger<F, PoseidonHash>;

/// A codeword that was committed to before it was folded.
#[derive(Debug)]
pub(super) struct Layer {
    /// A row for all values that become one: both parts of each, in turn.
    leaves: Columns,
    pub(super) tree: Tree,
}

/// The codewords, and the coefficients after the last folding.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) layers: Vec<Layer>,
    pub(super) final_poly: PolynomialCoeffs<Extension>,
}

/// Folds a polynomial, given by coefficients, as often as there are arities.
pub(super) fn fold(
    context: &Context<'_>,
    mut coefficients: Vec<Extension>,
    arities: &[usize],
    transcript: &mut Transcript,
) -> Folded {
    let domain = context.domain;
    let transforms = std::iter::once(domain.coefficients_to_coset()).chain(domain.foldings());
    let mut layers = Vec::new();
    for (&arity, transform) in arities.iter().zip(transforms) {
        let layer = Layer::new(context, &coefficients, transform, arity);
        transcript.observe_cap::<PoseidonHash>(&layer.tree.cap());
        layers.push(layer);
        let beta = transcript.get_extension_challenge::<D>();
        // f(x) = Σ x^i · f_i(x^arity) becomes Σ beta^i · f_i(x).
        let folded = coefficients
            .chunks_exact(1 << arity)
            .map(|chunk| chunk.iter().rev().fold(Extension::ZERO, |sum, &coefficient| sum * beta + coefficient));
        coefficients = folded.collect();
    }
    let final_poly = PolynomialCoeffs::new(coefficients);
    transcript.observe_extension_elements::<D>(&final_poly.coeffs);
    Folded { layers, final_poly }
}

impl Layer {
    fn new(context: &Context<'_>, coefficients: &[Extension], transform: &Forward, arity: usize) -> Layer {
        let (len, size) = (transform.len(), transform.len() * transform.blocks());
        let mut values = context.buffers.columns(2, size);
        values.values_mut().par_chunks_mut(len).enumerate().for_each(|(at, values)| {
            let (part, block) = (at / transform.blocks(), at % transform.blocks());
            for (value, coefficient) in values.iter_mut().zip(coefficients) {
                *value = coefficient.0[part].0;
            }
            transform.run(context.kernel, block, values);
        });
        let count = size >> arity;
        let mut leaves = context.buffers.columns(2 << arity, count);
        leaves.values_mut().par_chunks_mut(count).enumerate().for_each(|(column, leaves)| {
            let (member, part) = (column / 2, column % 2);
            for (leaf, values) in leaves.iter_mut().zip(values.column(part).chunks_exact(1 << arity)) {
                *leaf = values[member];
            }
        });
        context.buffers.give_back(values.into_buffer());
        let mut tree = Tree::new(context.buffers, count.ilog2() as usize, context.cap_height);
        tree.hash_leaves(context.kernel, &leaves, 0, 0, count);
        tree.hash_nodes(context.kernel);
        Layer { leaves, tree }
    }

    /// The values that became one, with their way to the cap.
    pub(super) fn open(&self, leaf: usize) -> FriQueryStep<F, PoseidonHash, D> {
        let row: Vec<u64> = self.leaves.row(leaf).collect();
        let evals = row.as_chunks().0.iter().map(|&[real, other]| QuadraticExtension([F(real), F(other)])).collect();
        FriQueryStep { evals, merkle_proof: self.tree.prove(leaf) }
    }

    /// Gives its memory back.
    pub(super) fn retire(self, context: &Context<'_>) {
        context.buffers.give_back(self.leaves.into_buffer());
        context.buffers.give_back(self.tree.into_buffer());
    }
}

/// Candidates that one task tries.
const TRIES: u64 = 256;
/// Felts of a state, of which the first are absorbed and squeezed.
const STATE: usize = 12;
const RATE: usize = 8;

/// Finds the lowest nonce after which the transcript's next challenge has `bits` leading zeros.
pub(super) fn grind(kernel: Kernel, transcript: &mut Transcript, bits: u32) -> F {
    // The nonce is the last felt that the next permutation absorbs, and the challenge is the last that it squeezes.
    let mut state = [0; STATE];
    let sponge = transcript.sponge_state();
    for (place, felt) in state.iter_mut().zip(sponge.as_ref()) {
        *place = felt.0;
    }
    let absorbed = transcript.input_buffer();
    for (place, felt) in state.iter_mut().zip(absorbed) {
        *place = felt.0;
    }
    let nonce_at = absorbed.len();
    let tasks = 4 * rayon::current_num_threads() as u64;
    let mut first = 0;
    let nonce = loop {
        let found = (0..tasks)
            .into_par_iter()
            .map(|task| kernel.run(Nonces { state: &state, nonce_at, first: first + task * TRIES, bits }));
        if let Some(nonce) = found.find_map_first(|nonce| nonce) {
            break F::from_canonical_u64(nonce);
        }
        first += tasks * TRIES;
    };
    transcript.observe_element(nonce);
    transcript.get_challenge();
    nonce
}

struct Nonces<'a> {
    state: &'a [u64; STATE],
    nonce_at: usize,
    first: u64,
    bits: u32,
}

impl Work for Nonces<'_> {
    type Output = Option<u64>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Option<u64> {
        for first in (self.first..self.first + TRIES).step_by(L::WIDTH) {
            let mut state = [L::splat(0); STATE];
            for (lane, &felt) in state.iter_mut().zip(self.state) {
                *lane = L::splat(felt);
            }
            state[self.nonce_at] = L::from_fn(|lane| first + lane as u64);
            permute_lanes(&mut state);
            let challenges = state[RATE - 1].canonical().to_array();
            let found = challenges[..L::WIDTH].iter().position(|challenge| challenge.leading_zeros() >= self.bits);
            if let Some(lane) = found {
                return Some(first + lane as u64);
            }
        }
        None
    }
}
