//! `global::fold`: two changes of the global trees, one after the other.
//!
//! Twin: `protocol/src/global/fold.rs`.

use parth_proof::{Builder, Class};
use parth_protocol::global::GlobalChild;
use parth_protocol::global::fold::Fold;
use parth_protocol::{Rules, global_fold};

use crate::records::global::GlobalHeaderTarget;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{FeltsTarget, RecordTarget, twin};

global_fold!(twin);

impl StatementCircuit for Fold {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &FoldTarget) -> Outcome {
        let children = vec![statement.left.proof(builder), statement.right.proof(builder)];
        let (left, right) = (&statement.left.header, &statement.right.header);
        left.whitelist.connect(builder, right.whitelist);
        left.parameters.connect(builder, right.parameters);
        left.anchor.connect(builder, &right.anchor);
        left.new.connect(builder, &right.old);
        let header = GlobalHeaderTarget { old: left.old.clone(), new: right.new.clone(), ..left.clone() };
        Outcome::new(header.digest(builder), children)
    }
}
