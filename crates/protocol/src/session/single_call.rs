//! `session::single_call`: the session of a user who has a leaf, of exactly one call, in one proof.
//!
//! ```text
//!   call proof ──────┐
//!                    ├─▸ single_call ─▸ end cap result
//!   signature proof ─┘
//! ```
//! States the rules of `start`, `step` and `end_cap` together, and verifies no session proof: what those prove one
//! after the other is computed here. Its result is an end cap's, and the end cap whitelist names both.
//! Twin: `circuits/src/session/single_call.rs`. Source: seed 001, steps 1.1, 1.3 and 1.4.

use parth_crypto::Digest;

use super::call::TakenCall;
use super::end_cap::{end, signature};
use super::start::Start;
use crate::circuit::{CircuitId, Rules};
use crate::ids::Fingerprint;
use crate::record::native;
use crate::records::network::Parameters;
use crate::records::session::{EndCapResult, Session};
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_single_call {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::single_call`.
            witness SingleCall {
                /// What the session starts from.
                start: Start,
                /// The call.
                taken: TakenCall,
                /// Parameters of the network, for the fees.
                parameters: Parameters,
                /// The circuit that verified the signature.
                signature_circuit: Fingerprint,
                /// Digest of the encoded public key.
                key_parameter: Digest,
            }
        }
    };
}
session_single_call!(native);

impl SingleCall {
    /// The session after its call.
    pub fn last(&self, rules: &Rules) -> Result<Session, Reject> {
        let opened = self.start.apply(rules)?;
        self.taken.take_top_level(rules, &self.start.anchor_leaf, &opened)
    }
}

impl Statement for SingleCall {
    type Header = EndCapResult;
    const CIRCUIT: CircuitId = CircuitId::SingleCall;

    fn apply(&self, rules: &Rules) -> Result<EndCapResult, Reject> {
        let last = self.last(rules)?;
        end(rules, &last, &self.parameters, self.signature_circuit, self.key_parameter)
    }

    fn children(&self, rules: &Rules) -> Vec<ChildProof> {
        let last = self.last(rules).ok();
        let signature =
            last.and_then(|last| signature(&last, &self.parameters, self.signature_circuit, self.key_parameter));
        std::iter::once(self.taken.proof()).chain(signature).collect()
    }
}
