//! `session::first_two_calls_new_user`: opens the first session of a user and takes its first two calls, in one proof.
//!
//! Twin: `protocol/src/session/first_two_calls_new_user.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::{Rules, session_first_two_calls_new_user};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_first_two_calls_new_user!(twin);

impl StatementCircuit for FirstTwoCallsNewUser {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &FirstTwoCallsNewUserTarget) -> Outcome {
        let anchor_leaf = &statement.start.anchor_leaf;
        let opened = statement.start.open(builder, rules);
        let start = opened.start.digest(builder);
        let (called, first) = statement.first.take_top_level(builder, anchor_leaf, start, &opened);
        let (next, second) = statement.second.take_top_level(builder, anchor_leaf, start, &called);
        Outcome::new(next.public(builder, start), vec![first, second])
    }
}
