//! `guta::left_guta_right_end_cap`: an aggregation and, right of it in the user tree, an end cap meet.
//!
//! Twin: `protocol/src/guta/left_guta_right_end_cap.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::guta::left_guta_right_end_cap::LeftGutaRightEndCap;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::tree::{Climb, MixedClimb};
use parth_protocol::{Rules, guta_left_guta_right_end_cap};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_left_guta_right_end_cap!(twin);

impl StatementCircuit for LeftGutaRightEndCap {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &LeftGutaRightEndCapTarget) -> Outcome {
        let (left, right) = (&statement.left, &statement.right);
        let children = vec![left.proof(builder), right.proof(builder, rules)];
        let (whitelist, anchor) = (statement.left.header.whitelist, &statement.left.header.anchor);
        let left = left.enter(builder, &statement.left_climb);
        let right = right.enter(builder, rules, anchor, &statement.right_climb);
        let header = left.meet(right, builder, rules, whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
