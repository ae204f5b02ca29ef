//! Plans the checkpoint itself: part one, then the checkpoint.

use parth_crypto::Digest;

use crate::block::checkpoint::Checkpoint;
use crate::block::part_one::PartOne;
use crate::circuit::{CircuitId, CircuitSet, Rules};
use crate::ids::{CheckpointId, Time};
use crate::plan::global::global_child;
use crate::plan::guta::guta_child;
use crate::plan::job::JobGraph;
use crate::records::block::{CheckpointLeaf, CheckpointPublic};
use crate::records::global::GlobalHeader;
use crate::records::guta::GutaHeader;
use crate::records::network::Parameters;
use crate::reject::Reject;
use crate::tree::{Checkpoints, Siblings};

/// The checkpoint that the new one follows.
#[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Head {
    /// What its proof shows.
    pub public: CheckpointPublic,
    /// Its leaf.
    pub leaf: CheckpointLeaf,
}

/// What only the primary decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryChoice {
    /// Block time; above that of the head.
    pub time: Time,
    /// What is hashed into the random seed.
    pub contribution: Digest,
}

/// Adds part one and the checkpoint. Returns the new head.
#[expect(clippy::too_many_arguments, reason = "a planning step is a function of the whole situation")]
pub fn plan_checkpoint(
    graph: &mut JobGraph,
    rules: &Rules,
    circuits: &CircuitSet,
    parameters: &Parameters,
    head: &Head,
    guta: (GutaHeader, CircuitId),
    global: (GlobalHeader, CircuitId),
    append_path: Siblings<Checkpoints>,
    choice: PrimaryChoice,
) -> Result<Head, Reject> {
    let part_one = PartOne {
        guta: guta_child(rules, circuits, guta.0, guta.1)?,
        global: global_child(rules, circuits, global.0, global.1)?,
        old_leaf: head.leaf.clone(),
    };
    let part_one = graph.add(rules, circuits, part_one)?;
    let previous_circuit =
        if head.public.height == CheckpointId::ZERO { parameters.start } else { parameters.checkpoint };
    let checkpoint = Checkpoint {
        previous: head.public.clone(),
        previous_circuit,
        part_one,
        parameters: parameters.clone(),
        old_leaf: head.leaf.clone(),
        append_path,
        time: choice.time,
        contribution: choice.contribution,
    };
    let leaf = checkpoint.leaf()?;
    let public = graph.add(rules, circuits, checkpoint)?;
    Ok(Head { public, leaf })
}
