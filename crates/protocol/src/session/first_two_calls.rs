//! `session::first_two_calls`: opens the session of a user who has a leaf and takes its first two calls, in one proof.
//!
//! ```text
//!   first call proof ──┐
//!                      ├─▸ first_two_calls ─▸ session with two calls
//!   second call proof ─┘
//! ```
//! States the rules of `start` and of two steps together; any session circuit goes on from it.
//! Twin: `circuits/src/session/first_two_calls.rs`. Source: seed 001, steps 1.1 and 1.3.

use super::call::TakenCall;
use super::start::Start;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::session::Session;
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_first_two_calls {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::first_two_calls`.
            witness FirstTwoCalls {
                /// What the session starts from.
                start: Start,
                /// The first call.
                first: TakenCall,
                /// The second call.
                second: TakenCall,
            }
        }
    };
}
session_first_two_calls!(native);

impl Statement for FirstTwoCalls {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::FirstTwoCalls;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        let (opened, anchor_leaf) = (self.start.apply(rules)?, &self.start.anchor_leaf);
        let called = self.first.take_top_level(rules, anchor_leaf, &opened)?;
        self.second.take_top_level(rules, anchor_leaf, &called)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.first.proof(), self.second.proof()]
    }
}
