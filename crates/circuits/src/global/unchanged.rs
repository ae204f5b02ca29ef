//! `global::unchanged`: the global trees stay as they are.
//!
//! Twin: `protocol/src/global/unchanged.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::global::GlobalEntry;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::{Rules, global_unchanged};

use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

global_unchanged!(twin);

impl StatementCircuit for Unchanged {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &UnchangedTarget) -> Outcome {
        let entry = &statement.entry;
        let header = entry.header(entry.old.clone());
        Outcome::new(header.digest(builder), Vec::new())
    }
}
