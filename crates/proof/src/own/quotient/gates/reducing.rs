//! Polynomials at a point by Horner's rule, coefficients of the base field or of the extension.
//!
//! ```text
//!   wires         output | point A | a_0 | coefficients c_0 … c_(n−1) | a_1 … a_(n−1);      a_n is the output
//!   constraints   a_i · A + c_i − a_(i+1) for each i, two each
//! ```
//! A is the same in all constraints of a row, so the products of a_i and A need not be formed one by one. With weights
//! u_i = α^(2i), v_i = α^(2i+1) of the two coefficients of constraint i, and a = a' + a''·X, A = A' + A''·X:
//!
//! ```text
//!   Σ = A' · (Σ u_i a_i' + Σ v_i a_i'') + A'' · (7 Σ u_i a_i'' + Σ v_i a_i') + Σ u_i c_i' + v_i c_i'' − Σ u_i a_(i+1)' + v_i a_(i+1)''
//! ```
//! All of these sums follow from two, over the inner accumulators a_1 … a_(n−1) alone:
//! x = Σ α^(2i−2) · a_i' and y = Σ α^(2i−1) · a_i''.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::reducing::ReducingGate;
use plonky2::gates::reducing_extension::ReducingExtensionGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Powers, Sum};
use super::extension::{Pair, seven_times};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    let gate = gate.0.as_any();
    let (count, width) = if let Some(gate) = gate.downcast_ref::<ReducingGate<D>>() {
        (gate.num_coeffs, 1)
    } else {
        (gate.downcast_ref::<ReducingExtensionGate<D>>()?.num_coeffs, 2)
    };
    Some(packed(Reducing { count, width, powers: powers.clone() }))
}

struct Reducing {
    /// n.
    count: usize,
    /// Wires of a coefficient.
    width: usize,
    powers: Arc<Powers>,
}

impl WeightedSum for Reducing {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let Reducing { count, width, .. } = *self;
        let weights = self.powers.weights();
        let (coefficients, inner) = (6, 6 + width * count);
        let out = Pair::<L>::wires(&row, 0);
        let point = Pair::<L>::wires(&row, 2);
        let first = Pair::<L>::wires(&row, 4);

        let (mut x, mut y, mut sum) = (Sum::<L>::empty(), Sum::<L>::empty(), Sum::<L>::empty());
        // The weights of coefficients of the base field are those with even numbers.
        let spread = weights.chunks_exact(3 - width).map(|weights| &weights[0]);
        for (column, weight) in row.columns(coefficients..inner).zip(spread) {
            sum.add(column.load(), weight);
        }
        let mut accumulators = row.columns(inner..inner + 2 * (count - 1));
        for weights in weights.chunks_exact(2) {
            let (Some(low), Some(high)) = (accumulators.next(), accumulators.next()) else { break };
            x.add(low.load(), &weights[0]);
            y.add(high.load(), &weights[1]);
        }
        let (x, y, sum) = (x.reduce(), y.reduce(), sum.reduce());
        let last = [self.powers.value(2 * count - 2), self.powers.value(2 * count - 1)];
        let alphas = self.powers.alphas();
        let mut out_sums = [L::splat(0); CHALLENGES];
        for challenge in 0..CHALLENGES {
            let (x, y) = (x[challenge], y[challenge]);
            let alpha = L::splat(alphas[challenge].0);
            // Σ u_i a_i', Σ v_i a_i', Σ u_i a_i'', Σ v_i a_i'' over all i.
            let u_low = alpha.mul_add(alpha * x, first.0);
            let v_low = alpha * u_low;
            let u_high = alpha.mul_add(y, first.1);
            let v_high = alpha * u_high;
            let products = point.1.mul_add(seven_times(u_high) + v_low, sum[challenge]);
            let products = point.0.mul_add(u_low + v_high, products);
            let outs = L::splat(last[0][challenge].0).mul_add(out.0, x);
            let outs = L::splat(last[1][challenge].0).mul_add(out.1, outs);
            out_sums[challenge] = products - (outs + y);
        }
        out_sums
    }
}
