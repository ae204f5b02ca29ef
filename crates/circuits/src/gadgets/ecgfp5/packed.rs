//! The gate for quintic products on several points at once, for our own prover. Twin: [`QuinticProductGate`].

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use parth_proof::Gate;
use parth_proof::own::quotient::CHALLENGES;
use parth_proof::own::quotient::block::Row;
use parth_proof::own::quotient::gates::{PackedGate, WeightedSum, packed};
use parth_proof::own::quotient::weights::{Constraints, Powers};

use super::QuinticProductGate;

/// The gate for a proof with these powers of alpha; nothing for other gates.
pub fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    gate.0.as_any().downcast_ref::<QuinticProductGate>()?;
    Some(packed(QuinticProduct { powers: Arc::clone(powers) }))
}

struct QuinticProduct {
    powers: Arc<Powers>,
}

impl WeightedSum for QuinticProduct {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let mut constraints = Constraints::new(&self.powers);
        for k in 0..5 {
            // What goes over z⁵ comes back three times.
            let (mut low, mut over) = (L::splat(0), L::splat(0));
            for i in 0..5 {
                let a: L = row.wire(QuinticProductGate::wire_a(i));
                let b: L = row.wire(QuinticProductGate::wire_b((k + 5 - i) % 5));
                if i <= k {
                    low = a.mul_add(b, low);
                } else {
                    over = a.mul_add(b, over);
                }
            }
            let c: L = row.wire(QuinticProductGate::wire_c(k));
            constraints.push(c - (low + over + over.double()));
        }
        constraints.reduce()
    }
}
