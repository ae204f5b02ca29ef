//! `block::checkpoint`: one more checkpoint on a proven chain.
//!
//! Twin: `protocol/src/block/checkpoint.rs`.

use parth_crypto::{Digest, Domain};
use parth_proof::{Builder, Class, F};
use parth_protocol::block::checkpoint::Checkpoint;
use parth_protocol::ids::{Amount, Fingerprint, ItemCount, Scalar, Time};
use parth_protocol::records::block::{CheckpointLeaf, CheckpointPublic, PartOne};
use parth_protocol::records::network::Parameters;
use parth_protocol::tree::{Checkpoints, Siblings};
use parth_protocol::{Rules, block_checkpoint};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;

use crate::gadgets::hash::DigestTarget;
use crate::gadgets::{hash, logic, range};
use crate::records::block::{CheckpointLeafTarget, CheckpointPublicTarget};
use crate::recursion::ChildClaim;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{FeltsTarget, RecordTarget, twin};

block_checkpoint!(twin);

impl StatementCircuit for Checkpoint {
    const CLASS: Class = Class::Checkpoint;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &CheckpointTarget) -> Outcome {
        let (previous, part) = (&statement.previous, &statement.part_one);
        check_links(builder, statement);
        let leaf = new_leaf(builder, statement).digest(builder);
        let height = builder.add_const(previous.height, F::ONE);
        let path = &statement.append_path;
        let at = path.index(builder, height);
        let empty = DigestTarget::zero(builder);
        path.check(builder, previous.root, &at, empty);
        let root = path.root(builder, &at, leaf);
        let public = CheckpointPublicTarget {
            genesis: previous.genesis,
            previous: previous.root,
            root,
            height,
            leaf,
            parameters: previous.parameters,
        };
        let part_one_circuit = DigestTarget::constant(builder, rules.part_one.0);
        let part_one = part.digest(builder);
        let children = vec![
            ChildClaim {
                class: Class::Checkpoint,
                fingerprint: statement.previous_circuit,
                public: previous.targets(),
            },
            ChildClaim::new(Class::Node, part_one_circuit, part_one),
        ];
        Outcome { public: public.targets(), children }
    }
}

fn check_links(builder: &mut Builder, statement: &CheckpointTarget) {
    let (previous, part, old) = (&statement.previous, &statement.part_one, &statement.old_leaf);
    let parameters = &statement.parameters;
    let opened = parameters.digest(builder);
    previous.parameters.connect(builder, opened);
    previous.parameters.connect(builder, part.parameters);
    let after_start = logic::is_equal_digest(builder, statement.previous_circuit, parameters.start);
    let expected = logic::select_digest(builder, after_start, parameters.start, parameters.checkpoint);
    statement.previous_circuit.connect(builder, expected);
    let old_digest = old.digest(builder);
    previous.leaf.connect(builder, old_digest);
    previous.leaf.connect(builder, part.old_leaf);
    previous.root.connect(builder, part.anchor.root);
    builder.connect(previous.height, part.anchor.height);
    // The old time is below 2^48 because it was checked when its own leaf was made, or stands in the genesis file.
    range::check(builder, statement.time, Time::BITS as usize);
    range::assert_below(builder, old.time, statement.time, Time::BITS as usize);
}

/// The leaf of the new checkpoint.
fn new_leaf(builder: &mut Builder, statement: &CheckpointTarget) -> CheckpointLeafTarget {
    let (part, old) = (&statement.part_one, &statement.old_leaf);
    let registrations = grown(builder, old.globals.registered, part.globals.registered);
    let deployments = grown(builder, old.globals.deployed, part.globals.deployed);
    CheckpointLeafTarget {
        before: statement.previous.root,
        users: part.users,
        globals: part.globals.clone(),
        withdrawals: part.withdrawals,
        events: part.events,
        stats: part.stats.clone(),
        registrations,
        deployments,
        supply: supply(builder, statement),
        time: statement.time,
        seed: hash::link(builder, Domain::RandomSeed, old.seed, statement.contribution),
        parameters: statement.previous.parameters,
    }
}

fn grown(builder: &mut Builder, old: Target, new: Target) -> Target {
    let grown = builder.sub(new, old);
    range::check(builder, grown, ItemCount::BITS as usize);
    grown
}

/// Supply before + deposited − withdrawn − fees. The supply and each total are below 2^62, so a negative supply is no
/// small number.
fn supply(builder: &mut Builder, statement: &CheckpointTarget) -> Target {
    let (old, stats) = (&statement.old_leaf, &statement.part_one.stats);
    let more = builder.add(old.supply, stats.deposited);
    let less = builder.add(stats.withdrawn, stats.fees);
    let supply = builder.sub(more, less);
    range::check(builder, supply, Amount::BITS as usize);
    supply
}
