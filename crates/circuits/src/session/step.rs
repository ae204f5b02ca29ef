//! `session::step`: takes one top-level call into a session.
//!
//! Twin: `protocol/src/session/step.rs`.

use parth_crypto::{Digest, Domain};
use parth_proof::{Builder, Class};
use parth_protocol::circuit::Listed;
use parth_protocol::ids::{Amount, Caller, EventCount, FunctionIndex, Scalar};
use parth_protocol::limits::{CALL_EVENT_BITS, CALL_SLOT_BITS, SESSION_CALL_BITS, SESSION_SLOT_BITS};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf};
use parth_protocol::records::session::{Call, CallContext, Session};
use parth_protocol::session::step::Step;
use parth_protocol::tree::{Contracts, Functions, SessionWhitelist, Siblings, UserContracts};
use parth_protocol::{Rules, session_step};
use plonky2::iop::target::{BoolTarget, Target};

use crate::gadgets::hash::{DigestTarget, constant, hash, link};
use crate::gadgets::{logic, range};
use crate::records::leaf::UserLeafTarget;
use crate::records::session::{SessionStateTarget, SessionTarget};
use crate::recursion::ChildClaim;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_step!(twin);

impl StatementCircuit for Step {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &StepTarget) -> Outcome {
        let start = check_previous(builder, statement);
        // The contract's id is its place in GCON and in the user's UCON, which have one height.
        let contract = statement.contract_path.index(builder, statement.call.contract);
        check_function(builder, statement, &contract);
        check_context(builder, statement, start);
        let emits = check_reported(builder, statement);
        let contracts = move_state(builder, statement, &contract);
        check_view(builder, statement, emits);
        let next = advance(builder, statement, emits, contracts);
        let previous = statement.previous.public(builder, start);
        let call = statement.context.digest(builder);
        let children = vec![
            ChildClaim::new(Class::Node, statement.previous_circuit.fingerprint, previous),
            ChildClaim::new(Class::Call, statement.function.fingerprint, call),
        ];
        Outcome::new(next.public(builder, start), children)
    }
}

/// Returns the digest of the session's start.
fn check_previous(builder: &mut Builder, statement: &StepTarget) -> DigestTarget {
    let (previous, none) = (&statement.previous, DigestTarget::zero(builder));
    statement.previous_circuit.check(builder, previous.whitelist);
    let leaf = previous.leaf.digest(builder);
    previous.state.leaf.connect(builder, leaf);
    previous.state.deferred.connect(builder, none);
    previous.state.inline.connect(builder, none);
    let anchor_leaf = statement.anchor_leaf.digest(builder);
    previous.start.anchor_leaf.connect(builder, anchor_leaf);
    previous.start.digest(builder)
}

fn check_function(builder: &mut Builder, statement: &StepTarget, contract: &[BoolTarget]) {
    let (call, function) = (&statement.call, &statement.function);
    let (root, leaf) = (statement.anchor_leaf.globals.contracts, statement.contract.digest(builder));
    statement.contract_path.check(builder, root, contract, leaf);
    let at = statement.function_path.index(builder, statement.function_index);
    let (root, leaf) = (statement.contract.functions, function.digest(builder));
    statement.function_path.check(builder, root, &at, leaf);
    builder.connect(function.method, call.method);
    builder.connect(function.inputs, call.inputs_length);
    let user = constant(builder, Caller::USER.to_felt());
    builder.connect(call.caller, user);
}

fn check_context(builder: &mut Builder, statement: &StepTarget, start: DigestTarget) {
    let (previous, context) = (&statement.previous, &statement.context);
    context.session.connect(builder, start);
    context.user_contracts.connect(builder, previous.leaf.contracts);
    let call = statement.call.digest(builder);
    context.call.connect(builder, call);
    context.proofs.connect(builder, previous.state.proofs);
    builder.connect(context.balance, previous.leaf.balance);
    builder.connect(context.events_before, previous.leaf.events);
}

/// Bounds every number that the call reports. Returns whether it emits events.
fn check_reported(builder: &mut Builder, statement: &StepTarget) -> BoolTarget {
    let context = &statement.context;
    range::check(builder, context.slots, CALL_SLOT_BITS as usize);
    let emitted = builder.sub(context.events_after, context.events_before);
    range::check(builder, emitted, CALL_EVENT_BITS as usize);
    range::check(builder, context.events_after, EventCount::BITS as usize);
    let silent = logic::is_zero(builder, emitted);
    let none = DigestTarget::zero(builder);
    logic::assert_equal_digest_if(builder, silent, context.events, none);
    let system = logic::is_zero(builder, statement.call.contract);
    let others = builder.not(system);
    for amount in moved(statement) {
        range::check(builder, amount, Amount::BITS as usize);
        logic::assert_zero_if(builder, others, amount);
    }
    builder.not(silent)
}

/// The amounts that a call reports.
fn moved(statement: &StepTarget) -> [Target; 4] {
    let context = &statement.context;
    [context.balance_out, context.balance_in, context.withdrawn, context.deposited]
}

/// The user contract tree after the call. A call that writes nothing leaves a never-used leaf empty.
fn move_state(builder: &mut Builder, statement: &StepTarget, contract: &[BoolTarget]) -> DigestTarget {
    let (context, before) = (&statement.context, statement.previous.leaf.contracts);
    statement.state_path.check(builder, before, contract, statement.state_leaf);
    let never_used = logic::is_zero_digest(builder, statement.state_leaf);
    let state = logic::select_digest(builder, never_used, statement.contract.initial, statement.state_leaf);
    context.state.connect(builder, state);
    let unchanged = logic::is_equal_digest(builder, context.new_state, state);
    let leaf = logic::select_digest(builder, unchanged, statement.state_leaf, context.new_state);
    statement.state_path.root(builder, contract, leaf)
}

fn check_view(builder: &mut Builder, statement: &StepTarget, emits: BoolTarget) {
    let (view, context) = (statement.function.view, &statement.context);
    let none = DigestTarget::zero(builder);
    logic::assert_equal_digest_if(builder, view, context.new_state, context.state);
    logic::assert_equal_digest_if(builder, view, context.deferred, none);
    logic::assert_equal_digest_if(builder, view, context.inline, none);
    logic::assert_zero_if(builder, view, emits.target);
    logic::assert_zero_if(builder, view, context.slots);
    for amount in moved(statement) {
        logic::assert_zero_if(builder, view, amount);
    }
}

fn advance(builder: &mut Builder, statement: &StepTarget, emits: BoolTarget, contracts: DigestTarget) -> SessionTarget {
    let (previous, context, contract) = (&statement.previous, &statement.context, statement.call.contract);
    let (state, before) = (&previous.state, context.events_before);
    let leaf = UserLeafTarget {
        contracts,
        balance: moved_balance(builder, statement),
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
fn moved_balance(builder: &mut Builder, statement: &StepTarget) -> Target {
    let [balance_out, balance_in, withdrawn, deposited] = moved(statement);
    let incoming = builder.add(statement.context.balance, balance_in);
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

fn push(
    builder: &mut Builder,
    domain: Domain,
    stack: DigestTarget,
    contract: Target,
    list: DigestTarget,
) -> DigestTarget {
    let nothing = logic::is_zero_digest(builder, list);
    let pushed = hash(builder, domain, &[&stack.0[..], &[contract], &list.0].concat());
    logic::select_digest(builder, nothing, stack, pushed)
}
