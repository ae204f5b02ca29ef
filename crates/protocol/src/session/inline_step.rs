//! `session::inline_step`: takes the inline call that is due into a session.
//!
//! ```text
//!   previous session proof ─┐
//!                           ├─▸ inline_step ─▸ session with one more call and one debt less
//!   call proof ─────────────┘
//! ```
//! The call and its outputs are the first item of the top inline frame; its caller is the contract that made that
//! frame. While anything inline is left nothing but this statement goes on (attack F5).
//! Twin: `circuits/src/session/inline_step.rs`. Source: seed 001, step 1.3; decision D17.

use super::call::TakenCall;
use super::debt::Frame;
use super::step::check_previous;
use crate::circuit::{CircuitId, Listed, Rules};
use crate::record::native;
use crate::records::block::CheckpointLeaf;
use crate::records::session::Session;
use crate::reject::Reject;
use crate::statement::{ChildProof, Public, Statement};
use crate::tree::SessionWhitelist;

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_inline_step {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::inline_step`.
            witness InlineStep {
                /// The session so far.
                previous: Session,
                /// The circuit of its proof.
                previous_circuit: Listed<SessionWhitelist>,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: CheckpointLeaf,
                /// Top frame of the inline stack.
                frame: Frame,
                /// The call that pays its first item.
                taken: TakenCall,
            }
        }
    };
}
session_inline_step!(native);

impl Statement for InlineStep {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::SessionInlineStep;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        check_previous(rules, &self.previous, &self.previous_circuit, &self.anchor_leaf)?;
        self.taken.take_inline(rules, &self.anchor_leaf, &self.previous, &self.frame)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        let previous =
            ChildProof { fingerprint: self.previous_circuit.fingerprint, public: self.previous.public_digest() };
        vec![previous, self.taken.proof()]
    }
}
