//! `guta::single_end_cap`: one end cap enters aggregation and climbs as far as is wanted.
//!
//! Twin: `protocol/src/guta/single_end_cap.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::guta::EndCapChild;
use parth_protocol::guta::single_end_cap::SingleEndCap;
use parth_protocol::records::guta::Anchor;
use parth_protocol::tree::{Climb, WholeClimb};
use parth_protocol::{Rules, guta_single_end_cap};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_single_end_cap!(twin);

impl StatementCircuit for SingleEndCap {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &SingleEndCapTarget) -> Outcome {
        let (anchor, end_cap) = (&statement.anchor, &statement.end_cap);
        let children = vec![end_cap.proof(builder, rules)];
        let side = end_cap.enter(builder, rules, anchor, &statement.climb);
        let header = side.alone(builder, rules, statement.whitelist, anchor);
        Outcome::new(header.digest(builder), children)
    }
}
