//! The quotient: every constraint at every point of the coset, combined by powers of alpha and divided by x^n − 1.
//!
//! ```text
//!   reference   the same by the gates' own evaluation, one small batch of points at a time; twin of the fast one
//! ```
//! The order of terms in the combination is the library's, since its verifier recomputes the sum at one point: for each
//! challenge the term of the first row, L_0·(Z − 1); then, challenge after challenge, the checks of the partial products;
//! then the constraints of the gates, each gate's filtered by its selector and added up by number.

pub mod reference;

use plonky2::hash::hash_types::HashOut;

use super::{Columns, Domain};
use crate::{CircuitData, F};

/// What the quotient is computed from. All values are on the coset, **by position as [`Domain`] orders it** (bit-reversed,
/// the order of the Merkle leaves), in any representative of the felt.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
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

/// The quotient of each challenge on the coset, a column each, by position as the inputs are. Uses the threads of the
/// pool that it is called in. `quotients` has a column a challenge and a row a point; its content is overwritten.
pub fn evaluate(inputs: &Inputs<'_>, quotients: &mut Columns) {
    reference::evaluate(inputs, quotients);
}
