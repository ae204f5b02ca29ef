//! `block::start`: the proof of the genesis checkpoint.
//!
//! Twin: `protocol/src/block/start.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::block::start::Start;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::tree::{Checkpoints, Siblings, TreeKind};
use parth_protocol::{Rules, block_start};

use crate::gadgets::hash::DigestTarget;
use crate::gadgets::merkle;
use crate::records::block::CheckpointPublicTarget;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{FeltsTarget, RecordTarget, twin};

block_start!(twin);

impl StatementCircuit for Start {
    const CLASS: Class = Class::Checkpoint;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &StartTarget) -> Outcome {
        let (profile, leaf) = (&rules.profile, &statement.leaf);
        let empty = DigestTarget::constant(builder, Checkpoints::empty_root(profile));
        leaf.before.connect(builder, empty);
        let digest = leaf.digest(builder);
        let siblings: Vec<DigestTarget> = Siblings::<Checkpoints>::empty(profile)
            .0
            .into_iter()
            .map(|sibling| DigestTarget::constant(builder, sibling))
            .collect();
        let leftmost = vec![builder._false(); siblings.len()];
        let root = merkle::root(builder, Checkpoints::DOMAIN, &leftmost, digest, &siblings);
        let public = CheckpointPublicTarget {
            genesis: root,
            previous: DigestTarget::zero(builder),
            root,
            height: builder.zero(),
            leaf: digest,
            parameters: leaf.parameters,
        };
        Outcome { public: public.targets(), children: Vec::new() }
    }
}
