//! Circuits of a user's session. Twin of `protocol::session`.

pub mod call;
pub mod debt;
pub mod deferred_step;
pub mod end_cap;
pub mod first_two_calls;
pub mod first_two_calls_new_user;
pub mod inline_step;
pub mod single_call;
pub mod single_call_new_user;
pub mod start;
pub mod start_new_user;
pub mod step;

use parth_proof::Builder;
use parth_protocol::Rules;
use parth_protocol::tree::{Proofs, TreeKind};

use crate::gadgets::hash::DigestTarget;
use crate::records::leaf::UserLeafTarget;
use crate::records::session::{SessionHeaderTarget, SessionStartTarget, SessionStateTarget, SessionTarget};
use crate::twin::RecordTarget;

impl SessionTarget {
    /// A session before its first call: counters and stacks clean.
    pub(crate) fn opened(
        builder: &mut Builder,
        rules: &Rules,
        whitelist: DigestTarget,
        start: SessionStartTarget,
        leaf: UserLeafTarget,
    ) -> SessionTarget {
        let (none, zero) = (DigestTarget::zero(builder), builder.zero());
        let state = SessionStateTarget {
            leaf: leaf.digest(builder),
            deferred: none,
            inline: none,
            proofs: DigestTarget::constant(builder, Proofs::empty_root(&rules.profile)),
            call_stack: none,
            calls: zero,
            slots: zero,
            events: none,
            withdrawals: none,
            withdrawn: zero,
            deposited: zero,
        };
        SessionTarget { whitelist, start, state, leaf }
    }

    /// What the proof of this state shows; `start` is the digest of the start, which callers have at hand.
    pub(crate) fn public(&self, builder: &mut Builder, start: DigestTarget) -> DigestTarget {
        let state = self.state.digest(builder);
        SessionHeaderTarget { whitelist: self.whitelist, start, state }.digest(builder)
    }
}
