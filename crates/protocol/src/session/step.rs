//! `session::step`: takes one top-level call into a session.
//!
//! ```text
//!   previous session proof ─┐
//!                           ├─▸ step ─▸ session with one more call
//!   call proof ─────────────┘
//! ```
//! Twin: `circuits/src/session/step.rs`. Source: seed 001, step 1.3.

use super::call::TakenCall;
use crate::circuit::{CircuitId, Listed, Rules};
use crate::record::{Record, native};
use crate::records::block::CheckpointLeaf;
use crate::records::session::Session;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Public, Statement};
use crate::tree::SessionWhitelist;

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_step {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::step`.
            witness Step {
                /// The session so far.
                previous: Session,
                /// The circuit of its proof.
                previous_circuit: Listed<SessionWhitelist>,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: CheckpointLeaf,
                /// The call.
                taken: TakenCall,
            }
        }
    };
}
session_step!(native);

impl Statement for Step {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::SessionStep;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        check_previous(rules, &self.previous, &self.previous_circuit, &self.anchor_leaf)?;
        self.taken.take_top_level(rules, &self.anchor_leaf, &self.previous)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        let previous =
            ChildProof { fingerprint: self.previous_circuit.fingerprint, public: self.previous.public_digest() };
        vec![previous, self.taken.proof()]
    }
}

/// The session that a step goes on from: its proof is of a session circuit, its leaf and anchor are as opened.
pub(super) fn check_previous(
    rules: &Rules,
    previous: &Session,
    listed: &Listed<SessionWhitelist>,
    anchor_leaf: &CheckpointLeaf,
) -> Result<(), Reject> {
    let (slot, whitelist) = (u64::from(listed.index.get()), previous.whitelist);
    listed.path.check(&rules.profile, Rule::SessionWhitelist, whitelist, slot, listed.fingerprint.0)?;
    Reject::unless_equal(Rule::StateLeaf, previous.state.leaf, previous.leaf.digest())?;
    Reject::unless_equal(Rule::AnchorLeaf, previous.start.anchor_leaf, anchor_leaf.digest())
}
