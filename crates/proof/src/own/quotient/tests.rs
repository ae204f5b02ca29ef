//! The whole quotient against its twin, and what it costs.

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use plonky2::gates::constant::ConstantGate;
use plonky2::gates::gate::GateRef;
use plonky2::gates::noop::NoopGate;
use plonky2::plonk::vars::EvaluationVarsBaseBatch;

use super::*;
use crate::class::{config, union_gates};
use crate::{Builder, C, Gate};

/// A circuit of the union gates with this many rows.
fn circuit(row_bits: usize) -> CircuitData {
    let mut builder = Builder::new(config());
    for gate in union_gates() {
        builder.add_gate_to_gate_set(gate.clone());
    }
    let inputs: Vec<_> = (0..4).map(|_| builder.add_virtual_public_input()).collect();
    let digest = builder.hash_n_to_hash_no_pad::<plonky2::hash::poseidon::PoseidonHash>(inputs);
    builder.register_public_inputs(&digest.elements);
    while builder.num_gates() <= 1 << (row_bits - 1) {
        builder.add_gate(NoopGate, vec![]);
    }
    builder.build::<C>()
}

/// Values as a prover might have them: the argument does not ask whether they satisfy the circuit.
struct Values {
    circuit: CircuitData,
    domain: Domain,
    wires: Columns,
    products: Columns,
    hash: HashOut<F>,
    challenges: [F; 6],
    gates: Gates,
}

impl Values {
    fn random(row_bits: usize) -> Values {
        let circuit = circuit(row_bits);
        let common = &circuit.common;
        let domain = Domain::new(
            common.degree_bits(),
            common.config.fri_config.rate_bits,
            &common.fri_params.reduction_arity_bits,
        );
        let mut number = 1u64;
        let mut random = move || {
            number = number.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(0x9e37_79b9_7f4a_7c15);
            number ^ (number >> 29)
        };
        let mut columns = |count: usize| {
            let mut columns = Columns::zeros(count, domain.size());
            columns.values_mut().iter_mut().for_each(|value| *value = random());
            columns
        };
        let wires = columns(common.config.num_wires);
        let products = columns(common.config.num_challenges * (1 + common.num_partial_products));
        let hash = HashOut { elements: std::array::from_fn(|i| F(wires.values()[i])) };
        let challenges = std::array::from_fn(|i| F(wires.values()[100 + i]));
        Values { circuit, domain, wires, products, hash, challenges, gates: Gates::new() }
    }

    fn inputs(&self) -> Inputs<'_> {
        let (betas, rest) = self.challenges.split_at(CHALLENGES);
        let (gammas, alphas) = rest.split_at(CHALLENGES);
        Inputs {
            gates: &self.gates,
            circuit: &self.circuit,
            domain: &self.domain,
            fixed: &self.circuit.prover_only.constants_sigmas_commitment.merkle_tree.leaves,
            wires: &self.wires,
            products: &self.products,
            public_inputs_hash: &self.hash,
            betas,
            gammas,
            alphas,
        }
    }
}

#[test]
fn the_quotient_equals_its_twin_on_every_kernel() {
    let values = Values::random(7);
    let inputs = values.inputs();
    let mut expected = Columns::zeros(CHALLENGES, inputs.domain.size());
    reference::evaluate(&inputs, &mut expected);
    for kernel in Kernel::available() {
        let mut actual = Columns::zeros(CHALLENGES, inputs.domain.size());
        assert_eq!(evaluate_by(kernel, &inputs, &mut actual), Ok(()));
        for (at, (&expected, &actual)) in expected.values().iter().zip(actual.values()).enumerate() {
            assert_eq!(F(actual), F(expected), "{kernel:?} {at}");
        }
    }
}

#[test]
fn the_filter_of_a_gate_is_that_of_the_library() {
    let values = Values::random(5);
    let inputs = values.inputs();
    let info = &inputs.circuit.common.selectors_info;
    let mut block = Block::new(&inputs);
    block.fill(&inputs, 64);
    for (number, gate) in inputs.circuit.common.gates.iter().enumerate() {
        let filter = Filter::new(&inputs.circuit.common, number);
        // A gate without constraints shows no filter, so the library's is read off a gate with one in its place.
        let constant: Gate = GateRef::new(ConstantGate::new(1));
        for kernel in Kernel::available() {
            let mut out = [0; POINTS];
            filter.evaluate(kernel, &block, &mut out);
            for point in 0..POINTS {
                let constants = &inputs.fixed[64 + point][inputs.circuit.common.constants_range()];
                let wires = [constants[info.num_selectors()] - F::ONE];
                let filtered = constant.0.eval_filtered_base_batch(
                    EvaluationVarsBaseBatch::new(1, constants, &wires, &values.hash),
                    number,
                    info.selector_indices[number],
                    info.groups[info.selector_indices[number]].clone(),
                    info.num_selectors(),
                    0,
                );
                assert_eq!(F(out[point]), filtered[0], "{} {kernel:?}", gate.0.id());
            }
        }
    }
}
