//! `guta::two_end_caps`: two end caps of different users enter aggregation and meet.
//!
//! Twin: `protocol/src/guta/two_end_caps.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::guta::EndCapChild;
use parth_protocol::guta::two_end_caps::TwoEndCaps;
use parth_protocol::records::guta::Anchor;
use parth_protocol::tree::{Climb, TwoEndCapsClimb};
use parth_protocol::{Rules, guta_two_end_caps};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_two_end_caps!(twin);

impl StatementCircuit for TwoEndCaps {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &TwoEndCapsTarget) -> Outcome {
        let anchor = &statement.anchor;
        let children = vec![statement.left.proof(builder, rules), statement.right.proof(builder, rules)];
        let left = statement.left.enter(builder, rules, anchor, &statement.left_climb);
        let right = statement.right.enter(builder, rules, anchor, &statement.right_climb);
        let header = left.meet(right, builder, rules, statement.whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
