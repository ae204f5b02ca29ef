//! The quotient: every constraint at every point of the coset, combined by powers of alpha and divided by x^n − 1.
//!
//! ```text
//!   block         the values at a few points side by side
//!   weights       powers of alpha, and sums that are reduced once
//!   selectors     filters: which gate counts in which row
//!   permutation   Z and its partial products
//!   gates         the constraints of each gate, on several points at once
//!   reference     the same by the gates' own evaluation, one small batch of points at a time; twin of the fast one
//! ```
//! The order of terms in the combination is the library's, since its verifier recomputes the sum at one point: for each
//! challenge the term of the first row, L_0·(Z − 1); then, challenge after challenge, the checks of the partial products;
//! then the constraints of the gates, each gate's filtered by its selector and added up by number. So with t terms of
//! the permutation argument the sum is
//!
//! ```text
//!   Σ α^i · term_i  +  α^t · Σ over gates: filter · Σ α^i · constraint_i
//! ```
//! and each gate is multiplied by its filter once.

pub mod block;
pub mod gates;
pub mod permutation;
pub mod reference;
pub mod selectors;
#[cfg(test)]
mod tests;
pub mod weights;

use std::sync::Arc;

use parth_crypto::poseidon::kernels::{Kernel, Lanes, MAX_PRODUCTS, Work};
use plonky2::hash::hash_types::HashOut;
use rayon::prelude::*;
use thiserror::Error;

use self::block::{Block, POINTS};
use self::gates::{Gates, PackedGate};
use self::permutation::Permutation;
use self::selectors::Filter;
use self::weights::Powers;
use super::{Columns, Domain};
use crate::{CircuitData, F};

/// Challenges of every kind that a proof draws: the sums below are computed for both at once.
pub const CHALLENGES: usize = 2;

/// One sum a challenge for each point of a block.
pub type Sums = [[u64; POINTS]; CHALLENGES];

/// What the quotient is computed from. All values are on the coset, **by position as [`Domain`] orders it** (bit-reversed,
/// the order of the Merkle leaves), in any representative of the felt.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The gates that are evaluated on several points at once.
    pub gates: &'a Gates,
    /// The circuit: gates, selectors, challenges, degrees.
    pub circuit: &'a CircuitData,
    /// Points, L_0, inverses of x^n − 1, and where the next row lies.
    pub domain: &'a Domain,
    /// Row by row: `fixed[p]` holds the constants (selectors first), then the sigmas, at position p. These are the
    /// library's Merkle leaves, so nothing is kept twice; reading a few rows into registers costs next to nothing.
    pub fixed: &'a [Vec<F>],
    /// The wires, a column each.
    pub wires: &'a Columns,
    /// Z of each challenge, then the partial products of the first challenge, of the second, and so on; a column each.
    pub products: &'a Columns,
    /// Hash of the public inputs.
    pub public_inputs_hash: &'a HashOut<F>,
    /// One a challenge.
    pub betas: &'a [F],
    /// One a challenge.
    pub gammas: &'a [F],
    /// One a challenge.
    pub alphas: &'a [F],
}

/// A circuit whose quotient is not computed here. No circuit of a class is one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unsupported {
    /// Another number of challenges.
    #[error("{actual} challenges instead of {CHALLENGES}")]
    Challenges {
        /// What the circuit has.
        actual: usize,
    },
    /// The circuit looks values up in tables.
    #[error("the circuit has lookups")]
    Lookups,
    /// Fewer points than a block.
    #[error("{actual} points instead of {POINTS} or more")]
    Points {
        /// What the circuit has.
        actual: usize,
    },
    /// More terms of the permutation argument than a sum takes.
    #[error("{actual} terms of the permutation argument, at most {MAX_PRODUCTS}")]
    Terms {
        /// What the circuit has.
        actual: usize,
    },
}

/// The quotient of each challenge on the coset, a column each, by position as the inputs are. Uses the threads of the
/// pool that it is called in. `quotients` has a column a challenge and a row a point; its content is overwritten.
pub fn evaluate(inputs: &Inputs<'_>, quotients: &mut Columns) -> Result<(), Unsupported> {
    evaluate_by(Kernel::current(), inputs, quotients)
}

fn evaluate_by(kernel: Kernel, inputs: &Inputs<'_>, quotients: &mut Columns) -> Result<(), Unsupported> {
    let plan = Plan::new(inputs)?;
    let size = inputs.domain.size();
    let (first, second) = quotients.values_mut().split_at_mut(size);
    first.par_chunks_exact_mut(POINTS).zip(second.par_chunks_exact_mut(POINTS)).enumerate().for_each_init(
        || Scratch::new(inputs),
        |scratch, (number, (first, second))| {
            scratch.block.fill(inputs, number * POINTS);
            plan.evaluate(kernel, inputs, scratch);
            first.copy_from_slice(&scratch.total[0]);
            second.copy_from_slice(&scratch.total[1]);
        },
    );
    Ok(())
}

/// What is the same at all points of one proof.
struct Plan {
    powers: Arc<Powers>,
    permutation: Permutation,
    gates: Vec<(Filter, Box<dyn PackedGate>)>,
    /// α^t, where t is the number of terms of the permutation argument.
    gates_weight: [u64; CHALLENGES],
}

impl Plan {
    fn new(inputs: &Inputs<'_>) -> Result<Plan, Unsupported> {
        let common = &inputs.circuit.common;
        let both = |values: &[F]| -> Result<[F; CHALLENGES], Unsupported> {
            values.try_into().map_err(|_| Unsupported::Challenges { actual: values.len() })
        };
        let (alphas, betas, gammas) = (both(inputs.alphas)?, both(inputs.betas)?, both(inputs.gammas)?);
        if common.config.num_challenges != CHALLENGES {
            return Err(Unsupported::Challenges { actual: common.config.num_challenges });
        }
        if common.num_lookup_polys != 0 {
            return Err(Unsupported::Lookups);
        }
        if inputs.domain.rows() < POINTS {
            return Err(Unsupported::Points { actual: inputs.domain.rows() });
        }
        let permutation = Permutation::new(inputs, betas, gammas);
        let terms = permutation.terms();
        if terms > MAX_PRODUCTS {
            return Err(Unsupported::Terms { actual: terms });
        }
        let powers = Arc::new(Powers::new(alphas, terms.max(common.num_gate_constraints) + 1));
        let gates = common
            .gates
            .iter()
            .enumerate()
            .filter(|(_, gate)| gate.0.num_constraints() > 0)
            .map(|(number, gate)| (Filter::new(common, number), inputs.gates.packed(gate, &powers)))
            .collect();
        let gates_weight = powers.value(terms).map(|power| power.0);
        Ok(Plan { powers, permutation, gates, gates_weight })
    }

    /// The quotients at the points of the block, into `scratch.total`.
    fn evaluate(&self, kernel: Kernel, inputs: &Inputs<'_>, scratch: &mut Scratch) {
        let Scratch { block, total, gates, part, filter } = scratch;
        *gates = [[0; POINTS]; CHALLENGES];
        for (selector, gate) in &self.gates {
            selector.evaluate(kernel, block, filter);
            gate.evaluate(kernel, block, part);
            kernel.run(AddFiltered { part, filter, total: gates });
        }
        self.permutation.evaluate(kernel, inputs, block, &self.powers, total);
        let divisor = inputs.domain.zero_inverses()[block.start() >> inputs.domain.row_bits()];
        kernel.run(Finish { gates, weight: self.gates_weight, divisor, total });
    }
}

/// Room for one block.
struct Scratch {
    block: Block,
    total: Sums,
    gates: Sums,
    part: Sums,
    filter: [u64; POINTS],
}

impl Scratch {
    fn new(inputs: &Inputs<'_>) -> Scratch {
        let sums = [[0; POINTS]; CHALLENGES];
        Scratch { block: Block::new(inputs), total: sums, gates: sums, part: sums, filter: [0; POINTS] }
    }
}

/// total += filter · part
struct AddFiltered<'a> {
    part: &'a Sums,
    filter: &'a [u64; POINTS],
    total: &'a mut Sums,
}

impl Work for AddFiltered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (part, total) in self.part.iter().zip(self.total) {
            for at in (0..POINTS).step_by(L::WIDTH) {
                let product = L::load(&self.filter[at..][..L::WIDTH]) * L::load(&part[at..][..L::WIDTH]);
                (L::load(&total[at..][..L::WIDTH]) + product).store(&mut total[at..][..L::WIDTH]);
            }
        }
    }
}

/// total = (total + weight · gates) · divisor
struct Finish<'a> {
    gates: &'a Sums,
    weight: [u64; CHALLENGES],
    divisor: u64,
    total: &'a mut Sums,
}

impl Work for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let divisor = L::splat(self.divisor);
        for ((gates, total), weight) in self.gates.iter().zip(self.total).zip(self.weight) {
            for at in (0..POINTS).step_by(L::WIDTH) {
                let sum = L::load(&total[at..][..L::WIDTH]) + L::splat(weight) * L::load(&gates[at..][..L::WIDTH]);
                (sum * divisor).store(&mut total[at..][..L::WIDTH]);
            }
        }
    }
}
