//! `session::deferred_step`: takes the deferred call that is due into a session.
//!
//! Twin: `protocol/src/session/deferred_step.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::circuit::Listed;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::debt::Frame;
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::tree::SessionWhitelist;
use parth_protocol::{Rules, session_deferred_step};

use super::step::check_previous;
use crate::recursion::ChildClaim;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::twin;

session_deferred_step!(twin);

impl StatementCircuit for DeferredStep {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &DeferredStepTarget) -> Outcome {
        let (previous, anchor_leaf) = (&statement.previous, &statement.anchor_leaf);
        let start = check_previous(builder, previous, &statement.previous_circuit, anchor_leaf);
        let left = statement.frame.pay_deferred(builder, &statement.taken, previous);
        let (next, call) = statement.taken.take(builder, anchor_leaf, start, &left);
        let public = previous.public(builder, start);
        let children = vec![ChildClaim::new(Class::Node, statement.previous_circuit.fingerprint, public), call];
        Outcome::new(next.public(builder, start), children)
    }
}
