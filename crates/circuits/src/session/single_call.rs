//! `session::single_call`: the session of a user who has a leaf, of exactly one call, in one proof.
//!
//! Twin: `protocol/src/session/single_call.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::ids::Fingerprint;
use parth_protocol::records::network::Parameters;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::start::Start;
use parth_protocol::{Rules, session_single_call};

use super::end_cap::end;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_single_call!(twin);

impl StatementCircuit for SingleCall {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &SingleCallTarget) -> Outcome {
        let anchor_leaf = &statement.start.anchor_leaf;
        let opened = statement.start.open(builder, rules);
        let start = opened.start.digest(builder);
        let (last, call) = statement.taken.take_top_level(builder, anchor_leaf, start, &opened);
        let signer = (statement.signature_circuit, statement.key_parameter);
        let (result, signature) = end(builder, rules, &last, &statement.parameters, signer);
        Outcome::new(result.digest(builder), vec![call, signature])
    }
}
