//! `guta::two_guta`: two aggregations of disjoint parts of the user tree meet.
//!
//! Twin: `protocol/src/guta/two_guta.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::guta::GutaChild;
use parth_protocol::guta::two_guta::TwoGuta;
use parth_protocol::tree::{Climb, TwoGutaClimb};
use parth_protocol::{Rules, guta_two_guta};

use super::same_family;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_two_guta!(twin);

impl StatementCircuit for TwoGuta {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &TwoGutaTarget) -> Outcome {
        let (left, right) = (&statement.left, &statement.right);
        same_family(builder, &left.header, &right.header);
        let children = vec![left.proof(builder), right.proof(builder)];
        let (whitelist, anchor) = (left.header.whitelist, &left.header.anchor);
        let left = left.enter(builder, &statement.left_climb);
        let right = right.enter(builder, &statement.right_climb);
        let header = left.meet(right, builder, rules, whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
