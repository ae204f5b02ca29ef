//! Calls that a call leaves to be made: two stacks of frames, one frame for each call that made any.
//!
//! ```text
//!   stack = H(stack below, contract that made the list, list)        list = H(first item, rest)
//!
//!   deferred   paid when nothing inline is left; the callee's own debts come before the rest of the list
//!   inline     paid at once, before anything else; the item also names the outputs that the caller was given
//! ```
//! Twin: `circuits/src/session/debt.rs`. Source: decision D17; attacks F4, F5.

use parth_crypto::{Digest, Domain};

use super::call::TakenCall;
use super::push_frame;
use crate::ids::{Caller, ContractId};
use crate::record::{Record, native};
use crate::records::session::{Call, Session, SessionState};
use crate::reject::{Reject, Rule};

/// The field list of this file; see [`crate::record`].
#[macro_export]
macro_rules! session_debt {
    ($define:ident) => {
        $define! {
            /// The top of a stack, but for its first item, which is the call that is paid.
            witness Frame {
                /// The stack below.
                below: Digest,
                /// The contract that made the list.
                caller: ContractId,
                /// The list after its first item; zero when there is no other.
                rest: Digest,
            }
        }
    };
}
session_debt!(native);

/// A call with its outputs as an item of an inline list. An item of a deferred list is just the digest of the call.
///
/// Either names a caller, which a hostile circuit may make up; but a step pays an item only in the name of the contract
/// whose frame it stands in, so an item in another's name is never paid, and its session never ends (attack F4).
pub fn inline_item(call: &Call, outputs: Digest) -> Digest {
    parth_crypto::hash::link(Domain::InlineItem, call.digest(), outputs)
}

impl Frame {
    /// The stack with `item` as the first one of its top frame.
    pub fn stack(&self, domain: Domain, item: Digest) -> Digest {
        let list = parth_crypto::hash::link(Domain::CallList, item, self.rest);
        push_frame(domain, self.below, self.caller, list)
    }

    /// The stack after the first item of its top frame is paid.
    pub fn paid(&self, domain: Domain) -> Digest {
        if self.rest.is_zero() { self.below } else { push_frame(domain, self.below, self.caller, self.rest) }
    }

    /// The session without the deferred call that `taken` pays.
    pub(super) fn pay_deferred(&self, taken: &TakenCall, session: &Session) -> Result<Session, Reject> {
        Reject::unless_equal(Rule::InlineStackEmpty, Digest::ZERO, session.state.inline)?;
        let item = taken.call.digest();
        Reject::unless_equal(Rule::DeferredCall, session.state.deferred, self.stack(Domain::DeferredStack, item))?;
        self.check_caller(taken)?;
        let state = SessionState { deferred: self.paid(Domain::DeferredStack), ..session.state.clone() };
        Ok(Session { state, ..session.clone() })
    }

    /// The session without the inline call that `taken` pays. Deferred calls may be left below.
    pub(super) fn pay_inline(&self, taken: &TakenCall, session: &Session) -> Result<Session, Reject> {
        let item = inline_item(&taken.call, taken.context.outputs);
        Reject::unless_equal(Rule::InlineCall, session.state.inline, self.stack(Domain::InlineStack, item))?;
        self.check_caller(taken)?;
        let state = SessionState { inline: self.paid(Domain::InlineStack), ..session.state.clone() };
        Ok(Session { state, ..session.clone() })
    }

    fn check_caller(&self, taken: &TakenCall) -> Result<(), Reject> {
        Reject::unless_equal(Rule::FrameCaller, Caller::contract(self.caller).get(), taken.call.caller.get())
    }
}
