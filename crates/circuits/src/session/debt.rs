//! Calls that a call leaves to be made, as stacks of frames.
//!
//! Twin: `protocol/src/session/debt.rs`.

use parth_crypto::{Digest, Domain};
use parth_proof::Builder;
use parth_protocol::ids::ContractId;
use parth_protocol::session::debt::Frame;
use parth_protocol::session_debt;
use plonky2::iop::target::Target;

use super::call::TakenCallTarget;
use crate::gadgets::hash::{DigestTarget, hash, link};
use crate::gadgets::logic;
use crate::records::session::{SessionStateTarget, SessionTarget};
use crate::twin::{RecordTarget, twin};

session_debt!(twin);

/// A stack after one more frame, or as it is when the list is empty.
pub(super) fn push(
    builder: &mut Builder,
    domain: Domain,
    stack: DigestTarget,
    contract: Target,
    list: DigestTarget,
) -> DigestTarget {
    let nothing = logic::is_zero_digest(builder, list);
    let pushed = frame(builder, domain, stack, contract, list);
    logic::select_digest(builder, nothing, stack, pushed)
}

fn frame(
    builder: &mut Builder,
    domain: Domain,
    below: DigestTarget,
    contract: Target,
    list: DigestTarget,
) -> DigestTarget {
    hash(builder, domain, &[&below.0[..], &[contract], &list.0].concat())
}

impl FrameTarget {
    /// The session without the deferred call that `taken` pays.
    pub(super) fn pay_deferred(
        &self,
        builder: &mut Builder,
        taken: &TakenCallTarget,
        session: &SessionTarget,
    ) -> SessionTarget {
        let none = DigestTarget::zero(builder);
        session.state.inline.connect(builder, none);
        let item = taken.call.digest(builder);
        let deferred = self.pay(builder, Domain::DeferredStack, item, session.state.deferred, taken);
        SessionTarget { state: SessionStateTarget { deferred, ..session.state.clone() }, ..session.clone() }
    }

    /// The session without the inline call that `taken` pays.
    pub(super) fn pay_inline(
        &self,
        builder: &mut Builder,
        taken: &TakenCallTarget,
        session: &SessionTarget,
    ) -> SessionTarget {
        let call = taken.call.digest(builder);
        let item = link(builder, Domain::InlineItem, call, taken.context.outputs);
        let inline = self.pay(builder, Domain::InlineStack, item, session.state.inline, taken);
        SessionTarget { state: SessionStateTarget { inline, ..session.state.clone() }, ..session.clone() }
    }

    /// The stack after its first item is paid. A frame without further items goes with it.
    fn pay(
        &self,
        builder: &mut Builder,
        domain: Domain,
        item: DigestTarget,
        stack: DigestTarget,
        taken: &TakenCallTarget,
    ) -> DigestTarget {
        let list = link(builder, Domain::CallList, item, self.rest);
        let shown = frame(builder, domain, self.below, self.caller, list);
        shown.connect(builder, stack);
        builder.connect(taken.call.caller, self.caller);
        push(builder, domain, self.below, self.caller, self.rest)
    }
}
