//! The permutation argument: Z is one in the first row, and steps from row to row by the quotient of two products.
//!
//! The product over all routed wires is cut into chunks, since the degree is bounded; a column holds the product after
//! each chunk. With accumulators a_0 = Z, a_1, …, a_m = Z of the next row, and v_j = wire j + γ:
//!
//! ```text
//!   term of the first row     L_0(x) · (Z − 1)
//!   check of chunk k          a_k · Π (v_j + β k_j x) − a_(k+1) · Π (v_j + β σ_j)      over the wires j of chunk k
//! ```

use plonky2::field::types::PrimeField64;

use super::block::{Block, POINTS};
use super::weights::{Powers, Sum};
use super::{CHALLENGES, Inputs, Sums};
use crate::F;
use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};

/// The argument of one proof.
pub struct Permutation {
    /// Wires of a chunk.
    chunk: usize,
    /// Routed wires.
    wires: usize,
    /// Columns of partial products of each challenge.
    partial_products: usize,
    betas: [u64; CHALLENGES],
    gammas: [u64; CHALLENGES],
    /// β · k_j for each wire.
    identities: Vec<[u64; CHALLENGES]>,
}

impl Permutation {
    /// From the challenges of a proof.
    pub fn new(inputs: &Inputs<'_>, betas: [F; CHALLENGES], gammas: [F; CHALLENGES]) -> Permutation {
        let common = &inputs.circuit.common;
        Permutation {
            chunk: common.quotient_degree_factor,
            wires: common.config.num_routed_wires,
            partial_products: common.num_partial_products,
            betas: betas.map(|beta| beta.0),
            gammas: gammas.map(|gamma| gamma.to_canonical_u64()),
            identities: common.k_is.iter().map(|&k| betas.map(|beta| (beta * k).0)).collect(),
        }
    }

    /// Terms of the argument: they come before the constraints of gates.
    pub fn terms(&self) -> usize {
        CHALLENGES * (1 + self.wires.div_ceil(self.chunk))
    }

    /// The sum of the terms times powers of alpha, at the points of a block.
    pub fn evaluate(&self, kernel: Kernel, inputs: &Inputs<'_>, block: &Block, powers: &Powers, sums: &mut Sums) {
        let points = block.start()..block.start() + POINTS;
        kernel.run(Evaluate {
            argument: self,
            block,
            points: &inputs.domain.points()[points.clone()],
            first_row: &inputs.domain.first_row()[points],
            powers,
            sums,
        });
    }
}

struct Evaluate<'a> {
    argument: &'a Permutation,
    block: &'a Block,
    points: &'a [u64],
    first_row: &'a [u64],
    powers: &'a Powers,
    sums: &'a mut Sums,
}

impl Work for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for at in (0..POINTS).step_by(L::WIDTH) {
            let sums = self.at::<L>(at);
            for (out, sum) in self.sums.iter_mut().zip(sums) {
                sum.store(&mut out[at..][..L::WIDTH]);
            }
        }
    }
}

impl Evaluate<'_> {
    #[inline(always)]
    fn at<L: Lanes>(&self, at: usize) -> [L; CHALLENGES] {
        let argument = self.argument;
        let weights = self.powers.weights();
        let betas = [L::splat(argument.betas[0]), L::splat(argument.betas[1])];
        let gammas = [L::splat(argument.gammas[0]), L::splat(argument.gammas[1])];
        let x = L::load(&self.points[at..][..L::WIDTH]);
        let first_row = L::load(&self.first_row[at..][..L::WIDTH]);
        let products = self.block.products();
        let mut sum = Sum::empty();
        let mut before = [load::<L>(products, 0, at), load(products, 1, at)];
        for challenge in 0..CHALLENGES {
            sum.add(first_row * (before[challenge] - L::splat(1)), &weights[challenge]);
        }
        let chunks = argument.wires.div_ceil(argument.chunk);
        for number in 0..chunks {
            let mut after = before;
            for challenge in 0..CHALLENGES {
                after[challenge] = if number + 1 == chunks {
                    load(self.block.next(), challenge, at)
                } else {
                    load(products, CHALLENGES + challenge * argument.partial_products + number, at)
                };
            }
            let (mut top, mut bottom) = (before, after);
            for wire in number * argument.chunk..argument.wires.min((number + 1) * argument.chunk) {
                let value: L = load(self.block.wires(), wire, at);
                let sigma: L = load(self.block.sigmas(), wire, at);
                for challenge in 0..CHALLENGES {
                    let value = value.add_canonical(gammas[challenge]);
                    let identity = L::splat(argument.identities[wire][challenge]);
                    top[challenge] = top[challenge] * x.mul_add(identity, value);
                    bottom[challenge] = bottom[challenge] * sigma.mul_add(betas[challenge], value);
                }
            }
            for challenge in 0..CHALLENGES {
                let weight = &weights[CHALLENGES + challenge * chunks + number];
                sum.add(top[challenge] - bottom[challenge], weight);
            }
            before = after;
        }
        sum.reduce()
    }
}

#[inline(always)]
fn load<L: Lanes>(values: &[u64], column: usize, at: usize) -> L {
    L::load(&values[column * POINTS + at..][..L::WIDTH])
}
