//! Calls that are owed, with real proofs: a call that owes one of each kind, and the steps that pay them.

use parth_circuits::class;
use parth_circuits::recursion::Child;
use parth_circuits::registry::{Registered, Registry};
use parth_crypto::{Digest, Domain, hash};
use parth_proof::{Class, OwnProver, Pinned, Proof, Prover, StockProver};
use parth_protocol::ids::{Caller, ContractId, RealmBits, UserId};
use parth_protocol::records::leaf::FunctionLeaf;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::call_list;
use parth_protocol::session::debt::{Frame, inline_item};
use parth_protocol::{CircuitId, Profile, Record, Statement};
use parth_testing::chain::{COUNTER, TestContract, function};
use parth_testing::session::Opening;
use parth_testing::{CallEffect, TestChain};

use crate::short::Free;

/// Proves a step over the session so far with both provers and checks both proofs under its pinned key.
fn prove<S: Registered>(
    registry: &Registry,
    free: &Free,
    step: &S,
    taken: &TakenCall,
    before: (CircuitId, Proof),
) -> Proof {
    let call = free.prove(taken.context.digest());
    let (circuit, session) = before;
    let children =
        [Child { key: registry.pinned().key(circuit), proof: &session }, Child { key: free.key(), proof: &call }];
    let prove = |prover: &dyn Prover| registry.prove(prover, step, &children).unwrap();
    let (stock, own) = (prove(&StockProver), prove(&OwnProver::with_gates(class::prover_gates())));
    for proof in [&stock, &own] {
        assert_eq!(registry.pinned().key(S::CIRCUIT).verify(class::data(Class::Node), proof), Ok(()));
    }
    own
}

#[test]
fn a_call_that_owes_two_others_is_followed_by_both_in_real_proofs() {
    let registry = Registry::new(Pinned::standard().unwrap().clone());
    let free = Free::build(Class::Call, 0);
    let named = |name, view| FunctionLeaf { fingerprint: free.key().fingerprint(), ..function(name, 0, view) };
    let contract = |height, name| TestContract::new(&Profile::STANDARD, height, vec![named(name, false)]);
    let chain = TestChain::with_contracts(
        Profile::STANDARD,
        registry.pinned().set(),
        RealmBits::constant(1),
        &[1_000_000; 2],
        vec![contract(34, 1), contract(5, 2)],
    );
    let user: UserId = *chain.head().leaves.keys().next().unwrap();
    let session = chain.session(user).unwrap();
    let called = |contract| session.made(contract, 0, Caller::contract(COUNTER));
    let (later, at_once) = (called(ContractId::SYSTEM), called(COUNTER));
    let owing = CallEffect {
        new_state: Some(Digest::from([5, 1, 1, 1])),
        slots: 1,
        deferred: call_list(&[later.digest()]),
        inline: call_list(&[inline_item(&at_once, hash(Domain::Outputs, &[]))]),
        ..CallEffect::default()
    };
    let frame = || Frame { below: Digest::ZERO, caller: COUNTER, rest: Digest::ZERO };
    let claims = CallEffect { balance_in: 7, events: 1, ..CallEffect::default() };

    let Opening::Start(start) = &session.opening else { panic!("the user is in genesis") };
    let opened = registry.prove(&StockProver, &**start, &[]).unwrap();
    let step = session.step(COUNTER, 0, &owing);
    let stepped = prove(&registry, &free, &step, &step.taken, (CircuitId::SessionStart, opened));
    let session = session.clone().call(COUNTER, 0, &owing).unwrap();
    let inline = session.inline_step(frame(), COUNTER, 0, &CallEffect::default());
    let paid = prove(&registry, &free, &inline, &inline.taken, (CircuitId::SessionStep, stepped));
    let session = session.pay_inline(frame(), COUNTER, 0, &CallEffect::default()).unwrap();
    let deferred = session.deferred_step(frame(), ContractId::SYSTEM, 0, &claims);
    prove(&registry, &free, &deferred, &deferred.taken, (CircuitId::SessionInlineStep, paid));
    let session = session.pay_deferred(frame(), ContractId::SYSTEM, 0, &claims).unwrap();
    assert!(session.end().is_ok(), "nothing is owed any more");
    assert_eq!(deferred.apply(registry.rules()).unwrap().state.calls.get(), 3);
}
