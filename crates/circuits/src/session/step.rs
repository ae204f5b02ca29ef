//! `session::step`: takes one top-level call into a session.
//!
//! Twin: `protocol/src/session/step.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::circuit::Listed;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::step::Step;
use parth_protocol::tree::SessionWhitelist;
use parth_protocol::{Rules, session_step};

use crate::gadgets::hash::DigestTarget;
use crate::records::block::CheckpointLeafTarget;
use crate::records::session::SessionTarget;
use crate::recursion::ChildClaim;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{ListedTarget, RecordTarget, twin};

session_step!(twin);

impl StatementCircuit for Step {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &StepTarget) -> Outcome {
        let (previous, anchor_leaf) = (&statement.previous, &statement.anchor_leaf);
        let start = check_previous(builder, previous, &statement.previous_circuit, anchor_leaf);
        let (next, call) = statement.taken.take_top_level(builder, anchor_leaf, start, previous);
        let public = previous.public(builder, start);
        let children = vec![ChildClaim::new(Class::Node, statement.previous_circuit.fingerprint, public), call];
        Outcome::new(next.public(builder, start), children)
    }
}

/// The session that a step goes on from. Returns the digest of its start.
pub(super) fn check_previous(
    builder: &mut Builder,
    previous: &SessionTarget,
    circuit: &ListedTarget,
    anchor_leaf: &CheckpointLeafTarget,
) -> DigestTarget {
    circuit.check(builder, previous.whitelist);
    let leaf = previous.leaf.digest(builder);
    previous.state.leaf.connect(builder, leaf);
    let anchor_leaf = anchor_leaf.digest(builder);
    previous.start.anchor_leaf.connect(builder, anchor_leaf);
    previous.start.digest(builder)
}
