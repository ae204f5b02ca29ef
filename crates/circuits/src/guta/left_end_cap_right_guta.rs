//! `guta::left_end_cap_right_guta`: an end cap and, right of it in the user tree, an aggregation meet.
//!
//! Twin: `protocol/src/guta/left_end_cap_right_guta.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::guta::left_end_cap_right_guta::LeftEndCapRightGuta;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::tree::{Climb, MixedClimb};
use parth_protocol::{Rules, guta_left_end_cap_right_guta};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_left_end_cap_right_guta!(twin);

impl StatementCircuit for LeftEndCapRightGuta {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &LeftEndCapRightGutaTarget) -> Outcome {
        let (left, right) = (&statement.left, &statement.right);
        let children = vec![left.proof(builder, rules), right.proof(builder)];
        let (whitelist, anchor) = (statement.right.header.whitelist, &statement.right.header.anchor);
        let left = left.enter(builder, rules, anchor, &statement.left_climb);
        let right = right.enter(builder, &statement.right_climb);
        let header = left.meet(right, builder, rules, whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
