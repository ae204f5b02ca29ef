//! `guta::no_change`: a checkpoint without sessions.
//!
//! Twin: `protocol/src/guta/no_change.rs`.

use parth_crypto::{Digest, Felt};
use parth_proof::{Builder, Class};
use parth_protocol::guta::no_change::NoChange;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::guta::Anchor;
use parth_protocol::tree::{Checkpoints, Siblings};
use parth_protocol::{Rules, guta_no_change};

use crate::gadgets::hash::{DigestTarget, constant};
use crate::records::guta::{GutaHeaderTarget, SessionStatsTarget, UserTransitionTarget};
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

guta_no_change!(twin);

impl StatementCircuit for NoChange {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &NoChangeTarget) -> Outcome {
        let (anchor, leaf, profile) = (&statement.anchor, &statement.leaf, &rules.profile);
        let digest = leaf.digest(builder);
        let at = statement.leaf_path.index(builder, anchor.height);
        statement.leaf_path.check(builder, anchor.root, &at, digest);
        let (zero, none) = (builder.zero(), DigestTarget::zero(builder));
        let header = GutaHeaderTarget {
            whitelist: statement.whitelist,
            parameters: leaf.parameters,
            anchor: anchor.clone(),
            transition: UserTransitionTarget {
                old: leaf.users,
                new: leaf.users,
                index: zero,
                level: constant(builder, Felt::reduce(profile.users() as u64)),
            },
            stats: SessionStatsTarget {
                sessions: zero,
                fees: zero,
                calls: zero,
                slots: zero,
                events: zero,
                withdrawn: zero,
                deposited: zero,
            },
            withdrawals: none,
            events: none,
        };
        Outcome::new(header.digest(builder), Vec::new())
    }
}
