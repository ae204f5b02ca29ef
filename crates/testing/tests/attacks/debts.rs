//! Attacks on calls that are owed: F4, F5, A2, and the inline result that justifies itself.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::{Caller, ContractId};
use parth_protocol::session::call_list;
use parth_protocol::session::debt::{Frame, inline_item};
use parth_protocol::session::push_frame;
use parth_protocol::{Record, Rule, Statement};
use parth_testing::chain::COUNTER;
use parth_testing::refuse::World;
use parth_testing::{CallEffect, TestSession};

use super::rule;

const BANK: ContractId = ContractId::SYSTEM;

fn owing(deferred: &[Digest], inline: &[Digest]) -> CallEffect {
    CallEffect { deferred: call_list(deferred), inline: call_list(inline), ..World::write() }
}

fn top(caller: ContractId, rest: &[Digest]) -> Frame {
    Frame { below: Digest::ZERO, caller, rest: call_list(rest) }
}

/// A call of a function with no outputs, as an item of an inline list.
fn inline(session: &TestSession<'_>, caller: ContractId, contract: ContractId, function: u16) -> Digest {
    inline_item(&session.made(contract, function, Caller::contract(caller)), hash(Domain::Outputs, &[]))
}

/// F4: a hostile circuit owes a call in the name of a bank.
#[test]
fn a_debt_carries_the_contract_that_made_it() {
    let world = World::new();
    let rules = &world.chain.rules;
    let session = world.session(7);
    let stolen = session.made(BANK, 0, Caller::contract(BANK)).digest();
    let session = world.called(7, COUNTER, 0, &owing(&[stolen], &[]));
    let stack = session.session.state.deferred;
    let list = call_list(&[stolen]);
    assert_eq!(stack, push_frame(Domain::DeferredStack, Digest::ZERO, COUNTER, list));
    assert_ne!(stack, push_frame(Domain::DeferredStack, Digest::ZERO, BANK, list));
    assert_ne!(stack, push_frame(Domain::InlineStack, Digest::ZERO, COUNTER, list));
    // In the bank's name the frame is another; in the contract's own, the item is; with the item's caller, the caller.
    let bank = session.deferred_step(top(BANK, &[]), BANK, 0, &World::write());
    assert_eq!(rule(bank.apply(rules)), Rule::DeferredCall);
    let own = session.deferred_step(top(COUNTER, &[]), BANK, 0, &World::write());
    assert_eq!(rule(own.apply(rules)), Rule::DeferredCall);
    let mut claimed = own;
    claimed.taken.call.caller = Caller::contract(BANK);
    claimed.taken.context.call = claimed.taken.call.digest();
    assert_eq!(claimed.taken.call.digest(), stolen);
    assert_eq!(rule(claimed.apply(rules)), Rule::FrameCaller);
    // So it is never paid, and the session never ends.
    assert_eq!(rule(session.end_cap().apply(rules)), Rule::DeferredStackEmpty);
}

/// F5, A2: other calls, or the end, before a debt is paid.
#[test]
fn nothing_but_its_payment_follows_a_debt() {
    let world = World::new();
    let rules = &world.chain.rules;
    let item = world.session(7).made(COUNTER, 1, Caller::contract(COUNTER)).digest();
    let at_once = inline(&world.session(7), COUNTER, COUNTER, 1);
    let quiet = CallEffect::default();
    for (debt, expected) in [
        (owing(&[item], &[]), Rule::DeferredStackEmpty),
        (owing(&[], &[at_once]), Rule::InlineStackEmpty),
        (owing(&[item], &[at_once]), Rule::DeferredStackEmpty),
    ] {
        let session = world.called(7, COUNTER, 0, &debt);
        assert_eq!(rule(session.step(COUNTER, 1, &quiet).apply(rules)), expected);
        assert_eq!(rule(session.end_cap().apply(rules)), expected);
    }
    // While anything inline is left not even a deferred call is paid.
    let both = world.called(7, COUNTER, 0, &owing(&[item], &[at_once]));
    let early = both.deferred_step(top(COUNTER, &[]), COUNTER, 1, &quiet);
    assert_eq!(rule(early.apply(rules)), Rule::InlineStackEmpty);
    let paid = both.pay_inline(top(COUNTER, &[]), COUNTER, 1, &quiet).unwrap();
    assert_eq!(rule(paid.step(COUNTER, 1, &quiet).apply(rules)), Rule::DeferredStackEmpty);
    let paid = paid.pay_deferred(top(COUNTER, &[]), COUNTER, 1, &quiet).unwrap();
    assert!(paid.step(COUNTER, 1, &quiet).apply(rules).is_ok());
    assert!(paid.end().is_ok());
}

/// Debts are paid depth first: what a paid call owes comes before the rest of the list that it stood in.
#[test]
fn what_a_paid_call_owes_is_due_before_the_rest_of_its_list() {
    let world = World::new();
    let rules = &world.chain.rules;
    let quiet = CallEffect::default();
    let called = |caller, function| world.session(7).made(COUNTER, function, Caller::contract(caller)).digest();
    let (first, second, inner) = (called(COUNTER, 0), called(COUNTER, 1), called(COUNTER, 1));
    let session = world.called(7, COUNTER, 0, &owing(&[first, second], &[]));
    let session = session.pay_deferred(top(COUNTER, &[second]), COUNTER, 0, &owing(&[inner], &[])).unwrap();
    let below = push_frame(Domain::DeferredStack, Digest::ZERO, COUNTER, call_list(&[second]));
    let early = session.deferred_step(top(COUNTER, &[]), COUNTER, 1, &quiet);
    assert_eq!(rule(early.apply(rules)), Rule::DeferredCall, "the second item before what the first one owes");
    let session = session.pay_deferred(Frame { below, ..top(COUNTER, &[]) }, COUNTER, 1, &quiet).unwrap();
    let session = session.pay_deferred(top(COUNTER, &[]), COUNTER, 1, &quiet).unwrap();
    assert!(session.end().is_ok());
}

/// F5: the caller was given outputs that the callee never gives.
#[test]
fn an_inline_call_gives_exactly_the_outputs_that_its_caller_was_given() {
    let world = World::new();
    let rules = &world.chain.rules;
    let call = world.session(7).made(COUNTER, 1, Caller::contract(COUNTER));
    let wished = inline_item(&call, hash(Domain::Outputs, &[Felt::constant(1_000_000)]));
    let session = world.called(7, COUNTER, 0, &owing(&[], &[wished]));
    let honest = session.inline_step(top(COUNTER, &[]), COUNTER, 1, &CallEffect::default());
    assert_eq!(rule(honest.apply(rules)), Rule::InlineCall);
    assert_eq!(rule(session.end_cap().apply(rules)), Rule::InlineStackEmpty);
}

/// A1: a callee whose outputs follow from its caller's *final* state. The caller writes the wished output into its own
/// state first; the callee reads it there, and gives it. Every such output passes: no rule of the protocol can tell,
/// which is why the language warns of such callees (design/protocol.md, "Inline semantics for authors").
#[test]
fn an_inline_result_that_justifies_itself_passes_so_callees_must_not_read_their_callers() {
    let world = World::new();
    for wish in [5, 6] {
        let state = Digest::from([wish, 0, 0, 0]);
        let echo = hash(Domain::Outputs, &state.0);
        let call = world.session(7).made(BANK, 1, Caller::contract(COUNTER));
        let caller = CallEffect {
            new_state: Some(state),
            inline: call_list(&[inline_item(&call, echo)]),
            ..CallEffect::default()
        };
        let session = world.called(7, COUNTER, 0, &caller);
        // The call proof of the callee starts from the user's contract tree *after* the caller, so this is what it reads.
        let mut paid = session.inline_step(top(COUNTER, &[]), BANK, 1, &CallEffect::default());
        assert_eq!(paid.taken.context.user_contracts, session.session.leaf.contracts);
        paid.taken.context.outputs = echo;
        assert!(paid.apply(&world.chain.rules).is_ok(), "{wish} justifies itself");
    }
}
