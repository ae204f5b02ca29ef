//! `session::single_call_new_user`: the first session of a user, of exactly one call, in one proof.
//!
//! Twin: `protocol/src/session/single_call_new_user.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::ids::Fingerprint;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::{Rules, session_single_call_new_user};

use super::end_cap::end;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_single_call_new_user!(twin);

impl StatementCircuit for SingleCallNewUser {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &SingleCallNewUserTarget) -> Outcome {
        let anchor_leaf = &statement.start.anchor_leaf;
        let opened = statement.start.open(builder, rules);
        let start = opened.start.digest(builder);
        let (last, call) = statement.taken.take_top_level(builder, anchor_leaf, start, &opened);
        let signer = (statement.signature_circuit, statement.key_parameter);
        let (result, signature) = end(builder, rules, &last, &statement.start.parameters, signer);
        Outcome::new(result.digest(builder), vec![call, signature])
    }
}
