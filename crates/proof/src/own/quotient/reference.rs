//! The quotient by the gates' own evaluation: slow, plain, and what the fast one is tested against.

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::Field;
use plonky2::plonk::vars::EvaluationVarsBaseBatch;

use super::Inputs;
use crate::own::Columns;

/// Points that the gates are asked for at once.
const BATCH: usize = 32;

/// As [`super::evaluate`].
pub fn evaluate(inputs: &Inputs<'_>, quotients: &mut Columns) {
    let size = inputs.domain.size();
    for start in (0..size).step_by(BATCH) {
        let positions: Vec<usize> = (start..size.min(start + BATCH)).collect();
        let gates = gate_constraints(inputs, &positions);
        for (at, &position) in positions.iter().enumerate() {
            let constraints = gates.iter().skip(at).step_by(positions.len()).copied();
            let mut terms = permutation_terms(inputs, position);
            terms.extend(constraints);
            let divisor = F(inputs.domain.zero_inverses()[position >> inputs.domain.row_bits()]);
            for (challenge, &alpha) in inputs.alphas.iter().enumerate() {
                let sum = terms.iter().rev().fold(F::ZERO, |sum, &term| sum * alpha + term);
                quotients.column_mut(challenge)[position] = (sum * divisor).0;
            }
        }
    }
}

/// The constraints of all gates, filtered and added up: constraint by constraint, all positions of each.
fn gate_constraints(inputs: &Inputs<'_>, positions: &[usize]) -> Vec<F> {
    let common = &inputs.circuit.common;
    let constants: Vec<F> = common
        .constants_range()
        .flat_map(|column| positions.iter().map(move |&position| inputs.fixed[position][column]))
        .collect();
    let wires: Vec<F> = (0..common.config.num_wires)
        .flat_map(|column| positions.iter().map(move |&position| F(inputs.wires.column(column)[position])))
        .collect();
    let mut sums = vec![F::ZERO; common.num_gate_constraints * positions.len()];
    for (number, gate) in common.gates.iter().enumerate() {
        let selector = common.selectors_info.selector_indices[number];
        let filtered = gate.0.eval_filtered_base_batch(
            EvaluationVarsBaseBatch::new(positions.len(), &constants, &wires, inputs.public_inputs_hash),
            number,
            selector,
            common.selectors_info.groups[selector].clone(),
            common.selectors_info.num_selectors(),
            common.num_lookup_selectors,
        );
        for (sum, value) in sums.iter_mut().zip(filtered) {
            *sum += value;
        }
    }
    sums
}

/// The terms of the permutation argument: those of the first row, then the checks of the partial products.
fn permutation_terms(inputs: &Inputs<'_>, position: usize) -> Vec<F> {
    let common = &inputs.circuit.common;
    let (challenges, partial_products) = (common.config.num_challenges, common.num_partial_products);
    let point = F(inputs.domain.points()[position]);
    let next = inputs.domain.next(position);
    let product = |column: usize, position: usize| F(inputs.products.column(column)[position]);
    let first_row = F(inputs.domain.first_row()[position]);
    let mut terms: Vec<F> =
        (0..challenges).map(|challenge| first_row * (product(challenge, position) - F::ONE)).collect();
    for challenge in 0..challenges {
        let (beta, gamma) = (inputs.betas[challenge], inputs.gammas[challenge]);
        // Z, the partial products, and Z of the next row: each is the one before times one chunk of the fractions.
        let mut accumulators = vec![product(challenge, position)];
        let first = challenges + challenge * partial_products;
        accumulators.extend((first..first + partial_products).map(|column| product(column, position)));
        accumulators.push(product(challenge, next));
        let wires: Vec<usize> = (0..common.config.num_routed_wires).collect();
        for (chunk, step) in wires.chunks(common.quotient_degree_factor).zip(accumulators.windows(2)) {
            let [mut before, mut after] = [step[0], step[1]];
            for &wire in chunk {
                let value = F(inputs.wires.column(wire)[position]) + gamma;
                before *= value + beta * common.k_is[wire] * point;
                after *= value + beta * inputs.fixed[position][common.sigmas_range().start + wire];
            }
            terms.push(before - after);
        }
    }
    terms
}
