//! `session::deferred_step`: takes the deferred call that is due into a session.
//!
//! ```text
//!   previous session proof ─┐
//!                           ├─▸ deferred_step ─▸ session with one more call and one debt less
//!   call proof ─────────────┘
//! ```
//! Nothing inline may be left, and the call is the first item of the top deferred frame; its caller is the contract
//! that made that frame. What the call itself defers comes on top, so debts are paid depth first.
//! Twin: `circuits/src/session/deferred_step.rs`. Source: seed 001, step 1.3; decision D17.

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
macro_rules! session_deferred_step {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::deferred_step`.
            witness DeferredStep {
                /// The session so far.
                previous: Session,
                /// The circuit of its proof.
                previous_circuit: Listed<SessionWhitelist>,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: CheckpointLeaf,
                /// Top frame of the deferred stack.
                frame: Frame,
                /// The call that pays its first item.
                taken: TakenCall,
            }
        }
    };
}
session_deferred_step!(native);

impl Statement for DeferredStep {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::SessionDeferredStep;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        check_previous(rules, &self.previous, &self.previous_circuit, &self.anchor_leaf)?;
        self.taken.take_deferred(rules, &self.anchor_leaf, &self.previous, &self.frame)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        let previous =
            ChildProof { fingerprint: self.previous_circuit.fingerprint, public: self.previous.public_digest() };
        vec![previous, self.taken.proof()]
    }
}
