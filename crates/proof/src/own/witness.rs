//! From inputs to the values of all wires.
//!
//! The library runs a circuit's generators by trial: each is tried again whenever a target that it watches gets a value.
//! Which generator can run when does not depend on the values, so the order is recorded with the first proof of a
//! circuit, with **levels**: a generator's level is one more than the highest of those whose results it reads. Later
//! proofs run each generator once, those of a level side by side. Should a generator not be able to run in the recorded
//! order, the trials are made again.

use std::collections::VecDeque;
use std::sync::OnceLock;

use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::iop::generator::GeneratedValues;
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartitionWitness, WitnessWrite};
use rayon::prelude::*;

use super::Context;
use super::columns::Tiles;
use crate::panic::guard;
use crate::prover::ProveError;
use crate::{CircuitData, Witness};

/// Generators of one level that one task runs. Handing a task to another thread costs as much as a few generators.
const TASK: usize = 32;

/// The order in which the generators of a circuit can run. About 80 kB for 2^13 rows.
#[derive(Debug, Default)]
pub(crate) struct Schedule(OnceLock<Vec<Vec<u32>>>);

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
    inputs: Witness,
) -> Result<PartitionWitness<'a, F>, ProveError> {
    let done = guard(|| {
        if let Some(levels) = schedule.0.get() {
            match follow(circuit, levels, set_inputs(circuit, &inputs)?) {
                Err(Stop::Order) => {}
                done => return done,
            }
        }
        let (filled, levels) = try_all(circuit, set_inputs(circuit, &inputs)?)?;
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

fn set_inputs<'a>(circuit: &'a CircuitData, inputs: &Witness) -> Result<PartitionWitness<'a, F>, Stop> {
    let (common, only) = (&circuit.common, &circuit.prover_only);
    let mut filled = PartitionWitness::new(common.config.num_wires, common.degree(), &only.representative_map);
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
    levels: &[Vec<u32>],
    mut filled: PartitionWitness<'a, F>,
) -> Result<PartitionWitness<'a, F>, Stop> {
    let generators = &circuit.prover_only.generators;
    if levels.iter().map(Vec::len).sum::<usize>() != generators.len() {
        return Err(Stop::Order);
    }
    let mut results = GeneratedValues::empty();
    let run = |filled: &PartitionWitness<'a, F>, these: &[u32], results: &mut GeneratedValues<F>| {
        let mut all = these.iter().map(|&at| generators.get(at as usize));
        all.all(|generator| generator.is_some_and(|generator| generator.0.run(filled, results)))
    };
    for level in levels {
        if level.len() < 2 * TASK || rayon::current_num_threads() == 1 {
            if !run(&filled, level, &mut results) {
                return Err(Stop::Order);
            }
            set_all(&mut filled, &mut results)?;
        } else {
            let tasks = level.par_chunks(TASK.max(level.len().div_ceil(4 * rayon::current_num_threads())));
            let done: Vec<(bool, GeneratedValues<F>)> = tasks
                .map(|these| {
                    let mut results = GeneratedValues::empty();
                    (run(&filled, these, &mut results), results)
                })
                .collect();
            for (complete, mut results) in done {
                if !complete {
                    return Err(Stop::Order);
                }
                set_all(&mut filled, &mut results)?;
            }
        }
    }
    Ok(filled)
}

fn set_all(filled: &mut PartitionWitness<'_, F>, results: &mut GeneratedValues<F>) -> Result<(), Stop> {
    for (target, value) in results.target_values.drain(..) {
        filled.set_target(target, value).map_err(failed)?;
    }
    Ok(())
}

/// Runs the generators by trial, and tells the levels.
fn try_all<'a>(
    circuit: &CircuitData,
    mut filled: PartitionWitness<'a, F>,
) -> Result<(PartitionWitness<'a, F>, Vec<Vec<u32>>), Stop> {
    let only = &circuit.prover_only;
    let index = |target: &Target| target.index(filled.num_wires, filled.degree);
    let watched: Vec<Vec<usize>> = only
        .generators
        .iter()
        .map(|generator| generator.0.watch_list().iter().map(|target| only.representative_map[index(target)]).collect())
        .collect();

    let mut level_of_value = vec![0u32; filled.values.len()];
    let mut levels: Vec<Vec<u32>> = Vec::new();
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
            levels.resize_with(levels.len().max(level as usize + 1), Vec::new);
            levels[level as usize].push(at as u32);
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
