//! The value at a point of the polynomial through given values on a coset of a small subgroup.
//!
//! With the points x_i and weights w_i of the subgroup, the shifted point z and values v_i, all over the extension:
//!
//! ```text
//!   p_0 = 1, e_0 = 0;   p_(i+1) = p_i · (z − x_i);   e_(i+1) = e_i · (z − x_i) + w_i · v_i · p_i;   result e_N
//!
//!   wires         shift | values | point | result | e, then p, at the places where the row keeps them | z | 1 / shift
//!   constraints   shift · (1 / shift) − 1;   point − z · shift;   kept e and p less computed ones;   result − e_N
//! ```
//! A row keeps e and p after the first d points and after each d − 1 further ones, to bound the degree by d, and goes on
//! from the kept ones.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::field::types::{Field, PrimeField64};
use plonky2::gates::coset_interpolation::CosetInterpolationGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Constraints, Powers};
use super::extension::{Pair, seven_times};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, F, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any().downcast_ref::<CosetInterpolationGate<F, D>>()?;
    let domain = F::two_adic_subgroup(gate.subgroup_bits);
    if gate.barycentric_weights.len() != domain.len() || domain.len() < 2 || gate.degree < 2 {
        return None;
    }
    let points = domain
        .iter()
        .zip(&gate.barycentric_weights)
        .map(|(point, weight)| ((-*point).to_canonical_u64(), weight.0))
        .collect();
    Some(packed(CosetInterpolation { points, degree: gate.degree, powers: powers.clone() }))
}

struct CosetInterpolation {
    /// The points of the subgroup, negated and canonical, and their weights.
    points: Vec<(u64, u64)>,
    degree: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for CosetInterpolation {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let count = self.points.len();
        let kept = (count - 2) / (self.degree - 1);
        let (values, point) = (1, 1 + 2 * count);
        let (result, kept_evals) = (point + 2, point + 4);
        let kept_products = kept_evals + 2 * kept;
        let (shifted, inverse) = (kept_products + 2 * kept, kept_products + 2 * kept + 2);

        let shift: L = row.wire(0);
        let z = Pair::<L>::wires(&row, shifted);
        let mut constraints = Constraints::new(&self.powers);
        constraints.push(shift * row.wire(inverse) - L::splat(1));
        (Pair::wires(&row, point) - z.scale(shift)).push_to(&mut constraints);

        let seven_z = seven_times(z.1);
        let (mut eval, mut product) = (Pair(z.0, z.0), Pair(z.0, z.0));
        let mut places = 0;
        for (i, &(minus_x, weight)) in self.points.iter().enumerate() {
            let factor = Pair(z.0.add_canonical(L::splat(minus_x)), z.1);
            let value = Pair::<L>::wires(&row, values + 2 * i).scale(L::splat(weight));
            if i == 0 {
                (eval, product) = (value, factor);
                continue;
            }
            if i > 1 && (i - 1) % (self.degree - 1) == 0 {
                let kept_eval = Pair::wires(&row, kept_evals + 2 * places);
                let kept_product = Pair::wires(&row, kept_products + 2 * places);
                (kept_eval - eval).push_to(&mut constraints);
                (kept_product - product).push_to(&mut constraints);
                (eval, product) = (kept_eval, kept_product);
                places += 1;
            }
            eval = eval.mul_known_add(factor, seven_z, value * product);
            product = product.mul_known(factor, seven_z);
        }
        (Pair::wires(&row, result) - eval).push_to(&mut constraints);
        constraints.reduce()
    }
}
