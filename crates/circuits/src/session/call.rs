//! What every circuit that takes a call into a session checks of it.
//!
//! Twin: `protocol/src/session/call.rs`.

use parth_crypto::{Digest, Domain};
use parth_proof::{Builder, Class};
use parth_protocol::ids::{Amount, Caller, EventCount, FunctionIndex, Scalar};
use parth_protocol::limits::{CALL_EVENT_BITS, CALL_SLOT_BITS, SESSION_CALL_BITS, SESSION_SLOT_BITS};
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf};
use parth_protocol::records::session::{Call, CallContext};
use parth_protocol::session::call::TakenCall;
use parth_protocol::session_call;
use parth_protocol::tree::{Contracts, Functions, Siblings, UserContracts};
use plonky2::iop::target::{BoolTarget, Target};

use super::debt::push;
use crate::gadgets::hash::{DigestTarget, constant, hash, link};
use crate::gadgets::{logic, range};
use crate::records::block::CheckpointLeafTarget;
use crate::records::leaf::UserLeafTarget;
use crate::records::session::{SessionStateTarget, SessionTarget};
use crate::recursion::ChildClaim;
use crate::twin::{RecordTarget, twin};

session_call!(twin);

impl TakenCallTarget {
    /// The session after a top-level call, and the claim of the call's proof. `start` is the digest of the session's
    /// start, which callers have at hand.
    pub(crate) fn take_top_level(
        &self,
        builder: &mut Builder,
        anchor_leaf: &CheckpointLeafTarget,
        start: DigestTarget,
        previous: &SessionTarget,
    ) -> (SessionTarget, ChildClaim) {
        let (none, user) = (DigestTarget::zero(builder), constant(builder, Caller::USER.to_felt()));
        previous.state.deferred.connect(builder, none);
        previous.state.inline.connect(builder, none);
        builder.connect(self.call.caller, user);
        self.take(builder, anchor_leaf, start, previous)
    }

    /// The session after the call, whoever makes it.
    pub(super) fn take(
        &self,
        builder: &mut Builder,
        anchor_leaf: &CheckpointLeafTarget,
        start: DigestTarget,
        previous: &SessionTarget,
    ) -> (SessionTarget, ChildClaim) {
        // The contract's id is its place in GCON and in the user's UCON, which have one height.
        let contract = self.contract_path.index(builder, self.call.contract);
        check_function(builder, self, anchor_leaf, &contract);
        check_context(builder, self, previous, start);
        let emits = check_reported(builder, self);
        let contracts = move_state(builder, self, previous, &contract);
        check_view(builder, self, emits);
        let next = advance(builder, self, previous, emits, contracts);
        let context = self.context.digest(builder);
        (next, ChildClaim::new(Class::Call, self.function.fingerprint, context))
    }
}

fn check_function(
    builder: &mut Builder,
    taken: &TakenCallTarget,
    anchor_leaf: &CheckpointLeafTarget,
    contract: &[BoolTarget],
) {
    let (call, function) = (&taken.call, &taken.function);
    let (root, leaf) = (anchor_leaf.globals.contracts, taken.contract.digest(builder));
    taken.contract_path.check(builder, root, contract, leaf);
    let at = taken.function_path.index(builder, taken.function_index);
    let (root, leaf) = (taken.contract.functions, function.digest(builder));
    taken.function_path.check(builder, root, &at, leaf);
    builder.connect(function.method, call.method);
    builder.connect(function.inputs, call.inputs_length);
}

fn check_context(builder: &mut Builder, taken: &TakenCallTarget, previous: &SessionTarget, start: DigestTarget) {
    let context = &taken.context;
    context.session.connect(builder, start);
    context.user_contracts.connect(builder, previous.leaf.contracts);
    let call = taken.call.digest(builder);
    context.call.connect(builder, call);
    context.proofs.connect(builder, previous.state.proofs);
    builder.connect(context.balance, previous.leaf.balance);
    builder.connect(context.events_before, previous.leaf.events);
}

/// Bounds every number that the call reports. Returns whether it emits events.
fn check_reported(builder: &mut Builder, taken: &TakenCallTarget) -> BoolTarget {
    let context = &taken.context;
    range::check(builder, context.slots, CALL_SLOT_BITS as usize);
    let emitted = builder.sub(context.events_after, context.events_before);
    range::check(builder, emitted, CALL_EVENT_BITS as usize);
    range::check(builder, context.events_after, EventCount::BITS as usize);
    let silent = logic::is_zero(builder, emitted);
    let none = DigestTarget::zero(builder);
    logic::assert_equal_digest_if(builder, silent, context.events, none);
    let system = logic::is_zero(builder, taken.call.contract);
    let others = builder.not(system);
    for amount in moved(taken) {
        range::check(builder, amount, Amount::BITS as usize);
        logic::assert_zero_if(builder, others, amount);
    }
    builder.not(silent)
}

/// The amounts that a call reports.
fn moved(taken: &TakenCallTarget) -> [Target; 4] {
    let context = &taken.context;
    [context.balance_out, context.balance_in, context.withdrawn, context.deposited]
}

/// The user contract tree after the call. A call that writes nothing leaves a never-used leaf empty.
fn move_state(
    builder: &mut Builder,
    taken: &TakenCallTarget,
    previous: &SessionTarget,
    contract: &[BoolTarget],
) -> DigestTarget {
    let (context, before) = (&taken.context, previous.leaf.contracts);
    taken.state_path.check(builder, before, contract, taken.state_leaf);
    let never_used = logic::is_zero_digest(builder, taken.state_leaf);
    let state = logic::select_digest(builder, never_used, taken.contract.initial, taken.state_leaf);
    context.state.connect(builder, state);
    let unchanged = logic::is_equal_digest(builder, context.new_state, state);
    let leaf = logic::select_digest(builder, unchanged, taken.state_leaf, context.new_state);
    taken.state_path.root(builder, contract, leaf)
}

fn check_view(builder: &mut Builder, taken: &TakenCallTarget, emits: BoolTarget) {
    let (view, context) = (taken.function.view, &taken.context);
    let none = DigestTarget::zero(builder);
    logic::assert_equal_digest_if(builder, view, context.new_state, context.state);
    logic::assert_equal_digest_if(builder, view, context.deferred, none);
    logic::assert_equal_digest_if(builder, view, context.inline, none);
    logic::assert_zero_if(builder, view, emits.target);
    logic::assert_zero_if(builder, view, context.slots);
    for amount in moved(taken) {
        logic::assert_zero_if(builder, view, amount);
    }
}

fn advance(
    builder: &mut Builder,
    taken: &TakenCallTarget,
    previous: &SessionTarget,
    emits: BoolTarget,
    contracts: DigestTarget,
) -> SessionTarget {
    let (context, contract) = (&taken.context, taken.call.contract);
    let (state, before) = (&previous.state, context.events_before);
    let leaf = UserLeafTarget {
        contracts,
        balance: moved_balance(builder, taken),
        events: context.events_after,
        ..previous.leaf.clone()
    };
    let keeps = logic::is_zero(builder, context.withdrawn);
    // A link of a chain: H(chain, contract, event index, events digest).
    let linked = |chain: DigestTarget| [&chain.0[..], &[contract, before], &context.events.0].concat();
    let events = hash(builder, Domain::SessionEvents, &linked(state.events));
    let withdrawals = hash(builder, Domain::SessionWithdrawals, &linked(state.withdrawals));
    let one = builder.one();
    let state = SessionStateTarget {
        leaf: leaf.digest(builder),
        deferred: push(builder, Domain::DeferredStack, state.deferred, contract, context.deferred),
        inline: push(builder, Domain::InlineStack, state.inline, contract, context.inline),
        proofs: state.proofs,
        call_stack: link(builder, Domain::CallStack, state.call_stack, context.call),
        calls: total(builder, state.calls, one, SESSION_CALL_BITS),
        slots: total(builder, state.slots, context.slots, SESSION_SLOT_BITS),
        events: logic::select_digest(builder, emits, events, state.events),
        withdrawals: logic::select_digest(builder, keeps, state.withdrawals, withdrawals),
        withdrawn: total(builder, state.withdrawn, context.withdrawn, Amount::BITS),
        deposited: total(builder, state.deposited, context.deposited, Amount::BITS),
    };
    SessionTarget { whitelist: previous.whitelist, start: previous.start.clone(), state, leaf }
}

/// balance − out + in − withdrawn + deposited. At most 3 · 2^62 come in and 2 · 2^62 go out, both below p, so a
/// negative balance wraps to at least p − 2^63, which is no small number.
fn moved_balance(builder: &mut Builder, taken: &TakenCallTarget) -> Target {
    let [balance_out, balance_in, withdrawn, deposited] = moved(taken);
    let incoming = builder.add(taken.context.balance, balance_in);
    let incoming = builder.add(incoming, deposited);
    let outgoing = builder.add(balance_out, withdrawn);
    let balance = builder.sub(incoming, outgoing);
    range::check(builder, balance, Amount::BITS as usize);
    balance
}

fn total(builder: &mut Builder, so_far: Target, more: Target, bits: u32) -> Target {
    let sum = builder.add(so_far, more);
    range::check(builder, sum, bits as usize);
    sum
}
