//! `block::part_one`: everything that a checkpoint changes, tied to the previous checkpoint.
//!
//! Twin: `protocol/src/block/part_one.rs`.

use parth_crypto::Felt;
use parth_proof::{Builder, Class};
use parth_protocol::block::part_one::PartOne;
use parth_protocol::global::GlobalChild;
use parth_protocol::guta::GutaChild;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::{Rules, block_part_one};

use crate::gadgets::hash::{DigestTarget, constant};
use crate::records::block::PartOneTarget as HeaderTarget;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{FeltsTarget, RecordTarget, twin};

block_part_one!(twin);

impl StatementCircuit for PartOne {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &PartOneTarget) -> Outcome {
        let (guta, global, old) = (&statement.guta.header, &statement.global.header, &statement.old_leaf);
        let pinned = DigestTarget::constant(builder, rules.guta_whitelist);
        guta.whitelist.connect(builder, pinned);
        let pinned = DigestTarget::constant(builder, rules.global_whitelist);
        global.whitelist.connect(builder, pinned);
        let children = vec![statement.guta.proof(builder), statement.global.proof(builder)];
        guta.parameters.connect(builder, old.parameters);
        global.parameters.connect(builder, old.parameters);
        guta.anchor.connect(builder, &global.anchor);
        let top = constant(builder, Felt::reduce(rules.profile.users() as u64));
        builder.connect(guta.transition.level, top);
        builder.assert_zero(guta.transition.index);
        guta.transition.old.connect(builder, old.users);
        global.old.connect(builder, &old.globals);
        let header = HeaderTarget {
            parameters: old.parameters,
            anchor: guta.anchor.clone(),
            old_leaf: old.digest(builder),
            users: guta.transition.new,
            globals: global.new.clone(),
            withdrawals: guta.withdrawals,
            events: guta.events,
            stats: guta.stats.clone(),
        };
        Outcome::new(header.digest(builder), children)
    }
}
