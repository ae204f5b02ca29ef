//! From inputs to the values of all wires.
//!
//! The library runs a circuit's generators by trial: each is tried again whenever a target that it watches gets a value.
//! Which generator can run when does not depend on the values, so the order is recorded with the first proof of a
//! circuit, with **levels**: a generator's level is one more than the highest of those whose results it reads. Later
//! proofs run each generator once, those of a level side by side, and those of Poseidon gates in lanes
//! ([`super::poseidon`]). Should a generator not be able to run in the recorded order, the trials are made again.

use std::collections::VecDeque;
use std::sync::OnceLock;

use parth_crypto::poseidon::kernels::{Kernel, MAX_WIDTH};
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::PrimeField64;
use plonky2::iop::generator::GeneratedValues;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartitionWitness, WitnessWrite};
use rayon::prelude::*;

use super::columns::{Buffers, Tiles};
use super::{Context, poseidon};
use crate::panic::guard;
use crate::prover::ProveError;
use crate::{CircuitData, Witness};

/// Generators of one level that one task runs. Handing a task to another thread costs as much as a few generators.
const TASK: usize = 32;

/// The order in which the generators of a circuit can run. About 80 kB for 2^13 rows.
#[derive(Debug, Default)]
pub(crate) struct Schedule(OnceLock<Vec<Level>>);

/// Generators of which none needs what another gives.
#[derive(Debug, Default)]
struct Level {
    /// Rows of Poseidon gates.
    poseidon: Vec<u32>,
    /// The other generators, by number.
    others: Vec<u32>,
}

/// Why generators do not give a witness.
enum Stop {
    /// A generator could not run where the schedule has it.
    Order,
    /// Two values for one wire, or generators that can never run.
    Failed(String),
}

/// Runs the circuit's generators on the inputs.
pub(super) fn fill<'a>(
    circuit: &'a CircuitData,
    schedule: &Schedule,
    buffers: &Buffers,
    inputs: Witness,
) -> Result<PartitionWitness<'a, F>, ProveError> {
    let done = guard(|| {
        if let Some(levels) = schedule.0.get() {
            match follow(circuit, levels, set_inputs(circuit, buffers, &inputs)?) {
                Err(Stop::Order) => {}
                done => return done,
            }
        }
        let (filled, levels) = try_all(circuit, set_inputs(circuit, buffers, &inputs)?)?;
        // Another thread may have been faster; its levels are as good.
        let _ = schedule.0.set(levels);
        Ok(filled)
    });
    let reason = match done {
        Ok(Ok(filled)) => return Ok(filled),
        Ok(Err(Stop::Failed(reason))) | Err(reason) => reason,
        Ok(Err(Stop::Order)) => "the generators ran in no order".into(),
    };
    Err(ProveError::Witness { reason })
}

fn set_inputs<'a>(
    circuit: &'a CircuitData,
    buffers: &Buffers,
    inputs: &Witness,
) -> Result<PartitionWitness<'a, F>, Stop> {
    let (common, representative_map) = (&circuit.common, circuit.prover_only.representative_map.as_slice());
    let values = buffers.no_values(representative_map.len());
    let (num_wires, degree) = (common.config.num_wires, common.degree());
    let mut filled = PartitionWitness { values, representative_map, num_wires, degree };
    for (&target, &value) in &inputs.target_values {
        filled.set_target(target, value).map_err(failed)?;
    }
    Ok(filled)
}

fn failed(error: anyhow::Error) -> Stop {
    Stop::Failed(error.to_string())
}

/// Runs the generators level by level.
fn follow<'a>(
    circuit: &CircuitData,
    levels: &[Level],
    mut filled: PartitionWitness<'a, F>,
) -> Result<PartitionWitness<'a, F>, Stop> {
    let count: usize = levels.iter().map(|level| level.poseidon.len() + level.others.len()).sum();
    if count != circuit.prover_only.generators.len() {
        return Err(Stop::Order);
    }
    let kernel = Kernel::current();
    for level in levels {
        let rows = in_tasks(&level.poseidon, |rows| poseidon_rows(kernel, &filled, rows));
        let others = in_tasks(&level.others, |these| run(circuit, &filled, these));
        for (rows, values) in level.poseidon.chunks(task_len(&level.poseidon)).zip(rows) {
            set_poseidon_rows(&mut filled, rows, &values?)?;
        }
        for results in others {
            for (target, value) in results?.target_values {
                filled.set_target(target, value).map_err(failed)?;
            }
        }
    }
    Ok(filled)
}

/// Cuts the list into tasks for the threads there are.
fn in_tasks<T: Send>(list: &[u32], work: impl Fn(&[u32]) -> T + Send + Sync) -> Vec<T> {
    let len = task_len(list);
    if list.len() <= len { list.chunks(len).map(work).collect() } else { list.par_chunks(len).map(work).collect() }
}

fn task_len(list: &[u32]) -> usize {
    let threads = rayon::current_num_threads();
    if threads == 1 { list.len().max(1) } else { list.len().div_ceil(2 * threads).max(TASK).next_multiple_of(8) }
}

/// What these generators give.
fn run(circuit: &CircuitData, filled: &PartitionWitness<'_, F>, these: &[u32]) -> Result<GeneratedValues<F>, Stop> {
    let mut results = GeneratedValues::empty();
    for &number in these {
        let generator = circuit.prover_only.generators.get(number as usize).ok_or(Stop::Order)?;
        if !generator.0.run(filled, &mut results) {
            return Err(Stop::Order);
        }
    }
    Ok(results)
}

/// The wires of Poseidon gates, row after row.
fn poseidon_rows(kernel: Kernel, filled: &PartitionWitness<'_, F>, rows: &[u32]) -> Result<Vec<u64>, Stop> {
    let mut values = vec![0; poseidon::WIRES * rows.len()];
    for (values, &row) in values.chunks_exact_mut(poseidon::WIRES).zip(rows) {
        let first = row as usize * filled.num_wires;
        for column in (0..poseidon::FIRST).chain([poseidon::SWAP]) {
            let value = filled.values[filled.representative_map[first + column]].ok_or(Stop::Order)?;
            values[column] = value.to_canonical_u64();
        }
    }
    let whole = rows.len() / MAX_WIDTH * MAX_WIDTH * poseidon::WIRES;
    let (in_lanes, rest) = values.split_at_mut(whole);
    kernel.run(poseidon::Rows(in_lanes));
    Kernel::Scalar.run(poseidon::Rows(rest));
    Ok(values)
}

fn set_poseidon_rows(filled: &mut PartitionWitness<'_, F>, rows: &[u32], values: &[u64]) -> Result<(), Stop> {
    for (values, &row) in values.chunks_exact(poseidon::WIRES).zip(rows) {
        let first = row as usize * filled.num_wires;
        let representatives = &filled.representative_map[first..][..poseidon::WIRES];
        for (column, (&at, &value)) in representatives.iter().zip(values).enumerate().skip(poseidon::FIRST) {
            if column == poseidon::SWAP {
                continue;
            }
            let (place, value) = (&mut filled.values[at], F(value));
            match place {
                Some(other) if *other != value => {
                    return Err(Stop::Failed(format!(
                        "wire {column} of row {row} has two values: {other} and {value}"
                    )));
                }
                Some(_) => {}
                None => *place = Some(value),
            }
        }
    }
    Ok(())
}

/// Runs the generators by trial, and tells the levels.
fn try_all<'a>(
    circuit: &CircuitData,
    mut filled: PartitionWitness<'a, F>,
) -> Result<(PartitionWitness<'a, F>, Vec<Level>), Stop> {
    let only = &circuit.prover_only;
    let index = |target: &Target| target.index(filled.num_wires, filled.degree);
    let watched: Vec<Vec<usize>> = only
        .generators
        .iter()
        .map(|generator| generator.0.watch_list().iter().map(|target| only.representative_map[index(target)]).collect())
        .collect();

    let mut level_of_value = vec![0u32; filled.values.len()];
    let mut levels: Vec<Level> = Vec::new();
    let mut done = vec![false; only.generators.len()];
    let mut queue: VecDeque<usize> = (0..only.generators.len()).collect();
    let mut results = GeneratedValues::empty();
    while let Some(at) = queue.pop_front() {
        if done[at] {
            continue;
        }
        done[at] = only.generators[at].0.run(&filled, &mut results);
        let level = watched[at].iter().map(|&value| level_of_value[value]).max().unwrap_or(0);
        if done[at] {
            levels.resize_with(levels.len().max(level as usize + 1), Level::default);
            let place = &mut levels[level as usize];
            match poseidon::row(&only.generators[at]) {
                Some(row) => place.poseidon.push(row),
                None => place.others.push(at as u32),
            }
        }
        for (target, value) in results.target_values.drain(..) {
            let Some(fresh) = filled.set_target_returning_rep(target, value).map_err(failed)? else { continue };
            level_of_value[fresh] = level + 1;
            queue.extend(only.generator_indices_by_watches.get(&fresh).into_iter().flatten().filter(|&&at| !done[at]));
        }
    }
    match done.iter().filter(|&&done| !done).count() {
        0 => Ok((filled, levels)),
        waiting => Err(Stop::Failed(format!("{waiting} generators wait for values that nobody gives"))),
    }
}

/// The value of a target; zero where nothing was generated, since then nothing depends on it.
pub(super) fn value(filled: &PartitionWitness<'_, F>, target: Target) -> F {
    let at = filled.representative_map[target.index(filled.num_wires, filled.degree)];
    filled.values[at].unwrap_or_default()
}

/// The wires in the rows of the trace, by position.
pub(super) fn wires(context: &Context<'_>, filled: &PartitionWitness<'_, F>) -> Tiles {
    let width = filled.num_wires;
    let mut tiles = Tiles::new(context.buffers, width, context.domain.rows());
    tiles.par_fill(|first, tile| {
        // Targets of wires are numbered row after row.
        let mut rows = [&[][..]; Tiles::ROWS];
        for (at, row) in rows.iter_mut().enumerate() {
            *row = &filled.representative_map[context.domain.row(first + at) * width..][..width];
        }
        for (wire, column) in tile.chunks_exact_mut(Tiles::ROWS).enumerate() {
            for (value, row) in column.iter_mut().zip(&rows) {
                *value = filled.values[row[wire]].unwrap_or_default().0;
            }
        }
    });
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yardstick::Yardstick;
    use crate::{C, D};
    use plonky2::iop::generator::generate_partial_witness;

    #[test]
    fn every_target_gets_the_value_that_the_library_generates() {
        let yardstick = Yardstick::build().unwrap();
        let (circuit, inputs) = yardstick.circuit_and_inputs().unwrap();
        let library =
            generate_partial_witness::<F, C, D>(inputs.clone(), &circuit.prover_only, &circuit.common).unwrap();
        for kernel in Kernel::available() {
            let schedule = Schedule::default();
            Kernel::force(kernel).unwrap();
            // By trial, then in the recorded order, on one thread and on three.
            for threads in [1, 1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let filled = pool.install(|| fill(circuit, &schedule, &Buffers::default(), inputs.clone())).unwrap();
                assert!(filled.values == library.values, "{kernel}, {threads} threads");
            }
        }
        Kernel::force(Kernel::best()).unwrap();
    }
}
