//! `block::start`: the proof of the genesis checkpoint, which every chain of checkpoint proofs begins with.
//!
//! It proves that the root is the tree with exactly the genesis leaf, at index 0 (attack F3). What stands in that leaf
//! is checked by whoever verifies: they compute the genesis root from the genesis file.
//! Twin: `circuits/src/block/start.rs`. Source: decision D4.

use parth_crypto::Digest;

use crate::circuit::{CircuitId, Rules};
use crate::ids::CheckpointId;
use crate::record::{Record, native};
use crate::records::block::{CheckpointLeaf, CheckpointPublic};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Checkpoints, Siblings, TreeKind};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! block_start {
    ($define:ident) => {
        $define! {
            /// Inputs of `block::start`.
            witness Start {
                /// The genesis leaf.
                leaf: CheckpointLeaf,
            }
        }
    };
}
block_start!(native);

impl Statement for Start {
    type Header = CheckpointPublic;
    const CIRCUIT: CircuitId = CircuitId::BlockStart;

    fn apply(&self, rules: &Rules) -> Result<CheckpointPublic, Reject> {
        let profile = &rules.profile;
        Reject::unless_equal(Rule::GenesisBefore, Checkpoints::empty_root(profile), self.leaf.before)?;
        let leaf = self.leaf.digest();
        let root = Siblings::<Checkpoints>::empty(profile).root(profile, Rule::CheckpointAppend, 0, leaf)?;
        Ok(CheckpointPublic {
            genesis: root,
            previous: Digest::ZERO,
            root,
            height: CheckpointId::ZERO,
            leaf,
            parameters: self.leaf.parameters,
        })
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}
