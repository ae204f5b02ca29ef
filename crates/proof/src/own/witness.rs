//! From inputs to the values of all wires.

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::iop::generator::generate_partial_witness;
use plonky2::iop::target::Target;
use plonky2::iop::witness::PartitionWitness;
use rayon::prelude::*;

use super::{Columns, Context};
use crate::panic::guard;
use crate::prover::ProveError;
use crate::{C, CircuitData, CommonData, D, Witness};

/// Columns that one task fills: as many as are read from one or two lines of the cache.
const COLUMNS: usize = 9;

/// Runs the circuit's generators on the inputs.
pub(super) fn fill(circuit: &CircuitData, inputs: Witness) -> Result<PartitionWitness<'_, F>, ProveError> {
    match guard(|| generate_partial_witness::<F, C, D>(inputs, &circuit.prover_only, &circuit.common)) {
        Ok(Ok(filled)) => Ok(filled),
        Ok(Err(error)) => Err(ProveError::Witness { reason: error.to_string() }),
        Err(reason) => Err(ProveError::Witness { reason }),
    }
}

/// The value of a target; zero where nothing was generated, since then nothing depends on it.
pub(super) fn value(filled: &PartitionWitness<'_, F>, target: Target) -> F {
    let at = filled.representative_map[target.index(filled.num_wires, filled.degree)];
    filled.values[at].unwrap_or_default()
}

/// The wires, a column each, the rows of the trace by position; and the routed ones once more, since committing to the
/// wires turns them into coefficients.
pub(super) fn columns(
    context: &Context<'_>,
    filled: &PartitionWitness<'_, F>,
    common: &CommonData,
) -> (Columns, Columns) {
    let (rows, wires) = (context.domain.rows(), filled.num_wires);
    let mut columns = context.buffers.columns(wires, rows);
    columns.values_mut().par_chunks_mut(COLUMNS * rows).enumerate().for_each(|(task, columns)| {
        let first = task * COLUMNS;
        let count = columns.len() / rows;
        for position in 0..rows {
            // Targets of wires are numbered row after row.
            let targets = context.domain.row(position) * wires + first;
            let representatives = &filled.representative_map[targets..][..count];
            for (column, &at) in columns.chunks_exact_mut(rows).zip(representatives) {
                column[position] = filled.values[at].unwrap_or_default().0;
            }
        }
    });
    let mut routed = context.buffers.columns(common.config.num_routed_wires, rows);
    let len = routed.values().len();
    routed.values_mut().copy_from_slice(&columns.values()[..len]);
    (columns, routed)
}
