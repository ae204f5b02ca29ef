//! How many bits of security the configuration is worth, by which argument.
//!
//! A proof is as strong as the weakest term. Two labels are printed for a profile (design/README.md, D14): what is
//! *conjectured* after the up-to-capacity conjecture fell in November 2025, and what is *provable* today. Sources:
//! Ben-Sasson and others, "Proximity gaps for Reed-Solomon codes", eprint 2020/654, theorem 8.3, for the provable
//! terms; eprint 2025/2010 and 2025/2046 for the fall of the conjecture.

use crate::{ClassData, D};

/// Bits of security by argument; each is rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security {
    /// Queries and grinding, if proximity holds up to the capacity of list decoding. The optimistic reading.
    pub queries_at_capacity: u32,
    /// Queries and grinding, if proximity holds up to 1/log2(domain) below capacity. The careful reading.
    pub queries_below_capacity: u32,
    /// The argument that copies are copies; does not depend on queries.
    pub permutation: u32,
    /// Queries, grinding and commit phase up to the Johnson bound: a theorem.
    pub johnson: u32,
}

impl Security {
    /// The bits of the circuits of a class.
    pub fn of(class: &ClassData) -> Security {
        let common = class.common();
        let config = &common.config;
        let fri = &config.fri_config;
        let queries = fri.num_query_rounds as f64;
        let grinding = f64::from(fri.proof_of_work_bits);
        let rate = (-(fri.rate_bits as f64)).exp2();
        let rows = (common.degree_bits() as f64).exp2();
        let domain = rows / rate;
        let field = D as f64 * FIELD_BITS;

        let at_capacity = -(1.0 - capacity(rate, field)).log2();
        let below_capacity = -(rate + 1.0 / domain.log2()).log2();
        let permutation = config.num_challenges as f64 * (FIELD_BITS - (config.num_routed_wires as f64 * rows).log2());

        let batched = batched_polynomials(class) as f64;
        let folds: f64 = common.fri_params.reduction_arity_bits.iter().map(|&bits| (bits as f64).exp2()).sum();
        let johnson = (3..=200).map(|m| {
            let m = f64::from(m);
            let per_query = -(rate.sqrt() * (1.0 + 0.5 / m)).log2();
            let batching = batched * (m + 0.5).powi(7) * domain * domain / (2.0 * rate.powf(1.5));
            let folding = (2.0 * m + 1.0) * (domain + 1.0) / rate.sqrt() * folds;
            (queries * per_query + grinding).min(field - (batching + folding).log2())
        });
        Security {
            queries_at_capacity: (queries * at_capacity + grinding) as u32,
            queries_below_capacity: (queries * below_capacity + grinding) as u32,
            permutation: permutation as u32,
            johnson: johnson.fold(0.0, f64::max) as u32,
        }
    }

    /// The label "conjectured": the careful reading, and never more than the permutation argument allows.
    pub fn conjectured(&self) -> u32 {
        self.queries_below_capacity.min(self.permutation)
    }

    /// The label "provable".
    pub fn provable(&self) -> u32 {
        self.johnson.min(self.permutation)
    }
}

/// log2 of the order of the field, as far as these estimates care.
const FIELD_BITS: f64 = 64.0;

/// The share of errors δ where H_q(δ) = 1 − rate: the capacity of list decoding over a field of 2^`field_bits`.
fn capacity(rate: f64, field_bits: f64) -> f64 {
    let entropy = |x: f64| -x * x.log2() - (1.0 - x) * (1.0 - x).log2();
    // Converges at once: the entropy is divided by 128.
    (0..20).fold(1.0 - rate, |delta, _| 1.0 - rate - entropy(delta) / field_bits)
}

/// Polynomials that one opening proof combines by powers of one challenge.
fn batched_polynomials(class: &ClassData) -> usize {
    let common = class.common();
    let config = &common.config;
    let zs = config.num_challenges * (1 + common.num_partial_products);
    let quotients = config.num_challenges * common.quotient_degree_factor;
    common.num_constants + config.num_routed_wires + config.num_wires + zs + quotients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_of_the_standard_profile_are_those_of_the_design() {
        let security = Security::of(ClassData::node());
        assert_eq!(
            security,
            Security { queries_at_capacity: 98, queries_below_capacity: 83, permutation: 89, johnson: 56 }
        );
        assert_eq!((security.conjectured(), security.provable()), (83, 56));
    }
}
