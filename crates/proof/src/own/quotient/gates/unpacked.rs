//! Any gate, by its own evaluation: for gates that nothing better is known for.

use std::sync::Arc;

use parth_crypto::poseidon::kernels::Kernel;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use plonky2::hash::hash_types::HashOut;
use plonky2::plonk::vars::EvaluationVarsBaseBatch;

use super::super::block::{Block, POINTS};
use super::super::weights::Powers;
use super::super::{CHALLENGES, Sums};
use super::PackedGate;
use crate::Gate;

pub(super) fn make(gate: &Gate, powers: &Arc<Powers>) -> Box<dyn PackedGate> {
    Box::new(Unpacked { gate: gate.clone(), powers: powers.clone() })
}

struct Unpacked {
    gate: Gate,
    powers: Arc<Powers>,
}

impl PackedGate for Unpacked {
    fn evaluate(&self, _: Kernel, block: &Block, sums: &mut Sums) {
        let elements = |values: &[u64]| values.iter().map(|&value| F(value)).collect::<Vec<_>>();
        let (constants, wires) = (elements(block.constants()), elements(block.wires()));
        let public = HashOut { elements: block.public().map(F) };
        let batch = EvaluationVarsBaseBatch::new(POINTS, &constants, &wires, &public);
        let constraints = self.gate.0.eval_unfiltered_base_batch(batch);
        for challenge in 0..CHALLENGES {
            let alpha = self.powers.alphas()[challenge];
            let mut totals = [F::ZERO; POINTS];
            for values in constraints.chunks_exact(POINTS).rev() {
                for (total, &value) in totals.iter_mut().zip(values) {
                    *total = *total * alpha + value;
                }
            }
            sums[challenge] = totals.map(|total| total.0);
        }
    }
}
