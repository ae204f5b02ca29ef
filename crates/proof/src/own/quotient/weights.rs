//! Weights: constants of a proof that values are multiplied by and added up, for both challenges at once.
//!
//! The sums of terms times powers of alpha take as long as the terms themselves when each product is reduced. Here a
//! [`Sum`] adds up products that are reduced once at the end.

use parth_crypto::poseidon::kernels::{Factor, Lanes};
use plonky2::field::types::Field;

use super::CHALLENGES;
use crate::F;

/// A weight for each challenge.
#[derive(Clone, Copy, Debug)]
pub struct Weight([Factor; CHALLENGES]);

impl Weight {
    /// From the field's own elements.
    pub fn new(values: [F; CHALLENGES]) -> Weight {
        Weight(values.map(|value| Factor::new(value.0)))
    }
}

/// Powers of alpha, from the zeroth on.
#[derive(Clone, Debug)]
pub struct Powers {
    alphas: [F; CHALLENGES],
    values: Vec<[F; CHALLENGES]>,
    weights: Vec<Weight>,
}

impl Powers {
    /// So many powers of each alpha.
    pub fn new(alphas: [F; CHALLENGES], count: usize) -> Powers {
        let mut values = Vec::with_capacity(count);
        let mut power = [F::ONE; CHALLENGES];
        for _ in 0..count {
            values.push(power);
            power = std::array::from_fn(|challenge| power[challenge] * alphas[challenge]);
        }
        let weights = values.iter().copied().map(Weight::new).collect();
        Powers { alphas, values, weights }
    }

    /// The alpha of each challenge.
    pub fn alphas(&self) -> [F; CHALLENGES] {
        self.alphas
    }

    /// Alpha to the power of `exponent`.
    pub fn value(&self, exponent: usize) -> [F; CHALLENGES] {
        self.values[exponent]
    }

    /// All of them as weights.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }
}

/// A sum of weighted values for each challenge.
pub struct Sum<L: Lanes>([L::Sum; CHALLENGES]);

impl<L: Lanes> Sum<L> {
    /// Nothing yet.
    #[inline(always)]
    pub fn empty() -> Sum<L> {
        Sum([L::empty_sum(); CHALLENGES])
    }

    /// Adds a value times its weight. At most [`parth_crypto::poseidon::kernels::MAX_PRODUCTS`] a sum.
    #[inline(always)]
    pub fn add(&mut self, value: L, weight: &Weight) {
        // Not a loop, so that the sums stay in registers.
        let [first, second] = &mut self.0;
        value.add_product(&weight.0[0], first);
        value.add_product(&weight.0[1], second);
    }

    /// The sums as felts.
    #[inline(always)]
    pub fn reduce(self) -> [L; CHALLENGES] {
        let [first, second] = self.0;
        [L::reduce_sum(first), L::reduce_sum(second)]
    }
}

/// Constraints in their order, each times the next power of alpha.
pub struct Constraints<'a, L: Lanes> {
    weights: std::slice::Iter<'a, Weight>,
    sum: Sum<L>,
}

impl<'a, L: Lanes> Constraints<'a, L> {
    /// Begins with the zeroth power.
    #[inline(always)]
    pub fn new(powers: &'a Powers) -> Constraints<'a, L> {
        Constraints { weights: powers.weights.iter(), sum: Sum::empty() }
    }

    /// The next constraint.
    #[inline(always)]
    pub fn push(&mut self, constraint: L) {
        if let Some(weight) = self.weights.next() {
            self.sum.add(constraint, weight);
        }
    }

    /// The sums of all constraints.
    #[inline(always)]
    pub fn reduce(self) -> [L; CHALLENGES] {
        self.sum.reduce()
    }
}
