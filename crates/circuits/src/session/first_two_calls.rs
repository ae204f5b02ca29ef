//! `session::first_two_calls`: opens the session of a user who has a leaf and takes its first two calls, in one proof.
//!
//! Twin: `protocol/src/session/first_two_calls.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::start::Start;
use parth_protocol::{Rules, session_first_two_calls};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_first_two_calls!(twin);

impl StatementCircuit for FirstTwoCalls {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &FirstTwoCallsTarget) -> Outcome {
        let anchor_leaf = &statement.start.anchor_leaf;
        let opened = statement.start.open(builder, rules);
        let start = opened.start.digest(builder);
        let (called, first) = statement.first.take_top_level(builder, anchor_leaf, start, &opened);
        let (next, second) = statement.second.take_top_level(builder, anchor_leaf, start, &called);
        Outcome::new(next.public(builder, start), vec![first, second])
    }
}
