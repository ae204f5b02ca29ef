//! `session::single_call_new_user`: the first session of a user, of exactly one call, in one proof.
//!
//! ```text
//!   call proof ──────┐
//!                    ├─▸ single_call_new_user ─▸ end cap result
//!   signature proof ─┘
//! ```
//! States the rules of `start_new_user`, `step` and `end_cap` together, and verifies no session proof: what those prove one
//! after the other is computed here. Its result is an end cap's, and the end cap whitelist names both.
//! Twin: `circuits/src/session/single_call_new_user.rs`. Source: seed 001, steps 1.1, 1.3 and 1.4.

use parth_crypto::Digest;

use super::call::TakenCall;
use super::end_cap::{end, signature};
use super::start_new_user::StartNewUser;
use crate::circuit::{CircuitId, Rules};
use crate::ids::Fingerprint;
use crate::record::native;
use crate::records::session::{EndCapResult, Session};
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_single_call_new_user {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::single_call_new_user`.
            witness SingleCallNewUser {
                /// What the session starts from.
                start: StartNewUser,
                /// The call.
                taken: TakenCall,
                /// The circuit that verified the signature.
                signature_circuit: Fingerprint,
                /// Digest of the encoded public key.
                key_parameter: Digest,
            }
        }
    };
}
session_single_call_new_user!(native);

impl SingleCallNewUser {
    /// The session after its call.
    pub fn last(&self, rules: &Rules) -> Result<Session, Reject> {
        let opened = self.start.apply(rules)?;
        self.taken.take_top_level(rules, &self.start.anchor_leaf, &opened)
    }
}

impl Statement for SingleCallNewUser {
    type Header = EndCapResult;
    const CIRCUIT: CircuitId = CircuitId::SingleCallNewUser;

    fn apply(&self, rules: &Rules) -> Result<EndCapResult, Reject> {
        let last = self.last(rules)?;
        end(rules, &last, &self.start.parameters, self.signature_circuit, self.key_parameter)
    }

    fn children(&self, rules: &Rules) -> Vec<ChildProof> {
        let last = self.last(rules).ok();
        let signature =
            last.and_then(|last| signature(&last, &self.start.parameters, self.signature_circuit, self.key_parameter));
        std::iter::once(self.taken.proof()).chain(signature).collect()
    }
}
