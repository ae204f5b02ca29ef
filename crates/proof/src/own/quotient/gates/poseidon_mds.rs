//! The linear layer of Poseidon over the extension: out − M · in, with two wires for each of 12 inputs and 12 outputs.
//!
//! All of it is linear, so the sum of weighted constraints is one weighted sum of the wires: the weights of the outputs
//! are powers of alpha, and those of the inputs the transposed layer of these.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Lanes;
use plonky2::gates::poseidon_mds::PoseidonMdsGate;

use super::super::CHALLENGES;
use super::super::block::Row;
use super::super::weights::{Powers, Sum, Weight};
use super::poseidon::{WIDTH, transposed_mix};
use super::{PackedGate, WeightedSum, packed};
use crate::{D, F, Gate};

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
    gate.0.as_any().downcast_ref::<PoseidonMdsGate<F, D>>()?;
    let inputs: [[[F; WIDTH]; D]; CHALLENGES] = std::array::from_fn(|challenge| {
        std::array::from_fn(|k| transposed_mix(&std::array::from_fn(|i| -powers.value(D * i + k)[challenge])))
    });
    let inputs = (0..WIDTH * D).map(|wire| inputs.map(|of| of[wire % D][wire / D]));
    let outputs = (0..WIDTH * D).map(|wire| powers.value(wire));
    Some(packed(PoseidonMds { weights: inputs.chain(outputs).map(Weight::new).collect() }))
}

struct PoseidonMds {
    /// Of each wire.
    weights: Vec<Weight>,
}

impl WeightedSum for PoseidonMds {
    #[inline(always)]
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES] {
        let mut sum = Sum::<L>::empty();
        for (column, weight) in row.columns(0..2 * D * WIDTH).zip(&self.weights) {
            sum.add(column.load(), weight);
        }
        sum.reduce()
    }
}
