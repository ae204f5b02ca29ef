//! `guta::to_cap`: carries an aggregation up past unchanged siblings.
//!
//! Twin: `protocol/src/guta/to_cap.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::guta::GutaChild;
use parth_protocol::guta::to_cap::ToCap;
use parth_protocol::tree::{Climb, WholeClimb};
use parth_protocol::{Rules, guta_to_cap};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_to_cap!(twin);

impl StatementCircuit for ToCap {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &ToCapTarget) -> Outcome {
        let child = &statement.child;
        let children = vec![child.proof(builder)];
        let (whitelist, anchor) = (child.header.whitelist, &child.header.anchor);
        let header = child.enter(builder, &statement.climb).alone(builder, rules, whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
