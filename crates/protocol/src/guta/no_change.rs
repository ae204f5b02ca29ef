//! `guta::no_change`: a checkpoint without sessions. The user tree stays that of the anchor.
//!
//! Twin: `circuits/src/guta/no_change.rs`. Source: seed 001, step 2.2.

use parth_crypto::Digest;

use crate::circuit::{CircuitId, Rules};
use crate::ids::{Level, NodeIndex};
use crate::record::{Record, native};
use crate::records::block::CheckpointLeaf;
use crate::records::guta::{Anchor, GutaHeader, SessionStats, UserTransition};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Checkpoints, Siblings};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_no_change {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::no_change`.
            witness NoChange {
                /// Whitelist of aggregation circuits.
                whitelist: Digest,
                /// What the checkpoint builds on.
                anchor: Anchor,
                /// The leaf of the anchor's newest checkpoint.
                leaf: CheckpointLeaf,
                /// Its siblings in the checkpoint tree.
                leaf_path: Siblings<Checkpoints>,
            }
        }
    };
}
guta_no_change!(native);

impl Statement for NoChange {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaNoChange;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        let (profile, at) = (&rules.profile, u64::from(self.anchor.height.get()));
        let root = self.anchor.root;
        self.leaf_path.check(profile, Rule::NoChangeLeaf, root, at, self.leaf.digest())?;
        let users = self.leaf.users;
        Ok(GutaHeader {
            whitelist: self.whitelist,
            parameters: self.leaf.parameters,
            anchor: self.anchor.clone(),
            transition: UserTransition {
                old: users,
                new: users,
                index: NodeIndex::ZERO,
                level: Level::constant(profile.users() as u8),
            },
            stats: SessionStats::NONE,
            withdrawals: Digest::ZERO,
            events: Digest::ZERO,
        })
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}
