//! A session of each form with real proofs.

use std::sync::{Arc, LazyLock};

use parth_circuits::registry::Registry;
use parth_client::session::Form;
use parth_client::{Program, Session};
use parth_contract::contracts::{counter, system};
use parth_jobs::wire::EndedSession;
use parth_proof::pinned::Pinned;
use parth_proof::{ClassData, Proof, StockProver};
use parth_protocol::statement::Public;
use parth_protocol::{CircuitId, Profile};

use crate::net::{ANN, BOB, COUNTER, CYD, Net, SYSTEM, felts};
use crate::sessions::sign_as;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(Pinned::standard().unwrap().clone()));

/// On trees of the standard heights, with the pinned circuits: Ann has sent Bob and Cyd, who is new, something.
fn net() -> Net {
    let [system, counter] = [system::contract(), counter::contract()]
        .map(|code| Arc::new(Program::compile(&Profile::STANDARD, code, None).unwrap()));
    let mut net = Net::new(Profile::STANDARD, Pinned::standard().unwrap().set(), system, counter);
    let mut session = net.open(ANN);
    for person in [BOB, CYD] {
        session.call(SYSTEM, &net.system, "send", &felts(&[net.user(person).get().into(), 40_000])).unwrap();
    }
    let ended = sign_as(&net, session, ANN, Form::Shortest).ended().clone();
    let key = net.commitment(CYD);
    net.checkpoint(&[ended], &[key]);
    net
}

/// Proves a session, checks its proof under the pinned key of the circuit that it names, and lists what was proven.
fn prove(net: &Net, session: Session<'_>, person: u32, form: Form) -> (Vec<String>, EndedSession) {
    let signed = sign_as(net, session, person, form);
    let mut told = Vec::new();
    let submission = signed.prove(&REGISTRY, &StockProver, |progress| told.push(progress)).unwrap();
    let total = signed.proofs();
    assert!((1..).zip(&told).all(|(done, progress)| (progress.done, progress.total) == (done, total)));
    assert_eq!(told.len(), total);
    assert_eq!(&submission.session, signed.ended());
    let (key, class) = (REGISTRY.pinned().key(submission.session.circuit), ClassData::node());
    let proof = Proof::from_bytes(class, &submission.proof).unwrap();
    key.verify(class, &proof).unwrap();
    assert_eq!(proof.public_digest(), Some(submission.session.result.public_digest()));
    (told.into_iter().map(|progress| progress.what).collect(), submission.session)
}

#[test]
fn a_session_is_proven_in_every_form_and_says_the_same_in_each() {
    let net = net();
    let increment = |session: &mut Session<'_>| {
        session.call(COUNTER, &net.counter, "increment", &felts(&[3])).unwrap();
    };
    let one = || {
        let mut session = net.open(BOB);
        increment(&mut session);
        session
    };
    let (names, short) = prove(&net, one(), BOB, Form::Shortest);
    assert_eq!(names, ["Counter.increment", "signature::schnorr", "session::single_call"]);
    let (names, long) = prove(&net, one(), BOB, Form::Stepwise);
    let stepwise = ["session::start", "Counter.increment", "session::step", "signature::schnorr", "session::end_cap"];
    assert_eq!(names, stepwise);
    assert_eq!((short.circuit, long.circuit), (CircuitId::SingleCall, CircuitId::EndCap));
    assert_eq!((&short.result, &short.end_leaf), (&long.result, &long.end_leaf));
    assert_eq!(short.id(), long.id(), "one session, however it is proven");

    let mut three = one();
    increment(&mut three);
    increment(&mut three);
    let (names, _) = prove(&net, three, BOB, Form::Shortest);
    let increments = ["Counter.increment", "Counter.increment", "session::first_two_calls"];
    let rest = ["Counter.increment", "session::step", "signature::schnorr", "session::end_cap"];
    assert_eq!(names, [&increments[..], &rest[..]].concat());
}

#[test]
fn a_session_whose_call_owes_another_is_proven() {
    let [system, shop] = [system::contract(), crate::debts::shop()]
        .map(|code| Arc::new(Program::compile(&Profile::STANDARD, code, None).unwrap()));
    let net = Net::new(Profile::STANDARD, Pinned::standard().unwrap().set(), system, shop);
    let mut session = net.open(ANN);
    session.know(SYSTEM, &net.system);
    session.call(COUNTER, &net.counter, "buy", &felts(&[net.user(BOB).get().into(), 5])).unwrap();
    let (names, _) = prove(&net, session, ANN, Form::Shortest);
    let calls = ["session::start", "Shop.buy", "session::step", "System.send", "session::deferred_step"];
    assert_eq!(names, [&calls[..], &["signature::schnorr", "session::end_cap"][..]].concat());
}

#[test]
fn a_session_whose_call_calls_another_inline_is_proven() {
    let [system, shop] = [system::contract(), crate::debts::shop()]
        .map(|code| Arc::new(Program::compile(&Profile::STANDARD, code, None).unwrap()));
    let mut net = Net::new(Profile::STANDARD, Pinned::standard().unwrap().set(), system, shop);
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[net.user(BOB).get().into(), 500])).unwrap();
    let ended = sign_as(&net, session, ANN, Form::Shortest).ended().clone();
    net.checkpoint(&[ended], &[]);
    let mut session = net.open(BOB);
    session.know(SYSTEM, &net.system);
    let collected = session.call(COUNTER, &net.counter, "collect", &felts(&[net.user(ANN).get().into()])).unwrap();
    assert_eq!(collected.outputs, felts(&[500]));
    let (names, _) = prove(&net, session, BOB, Form::Shortest);
    let calls = ["session::start", "Shop.collect", "session::step", "System.claim", "session::inline_step"];
    assert_eq!(names, [&calls[..], &["signature::schnorr", "session::end_cap"][..]].concat());
}

#[test]
fn the_first_session_of_a_user_is_proven_in_its_short_forms() {
    let net = net();
    let claim = || {
        let mut session = net.open(CYD);
        session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(ANN).get().into()])).unwrap();
        session
    };
    let (names, ended) = prove(&net, claim(), CYD, Form::Shortest);
    assert_eq!(names, ["System.claim", "signature::schnorr", "session::single_call_new_user"]);
    assert_eq!(ended.circuit, CircuitId::SingleCallNewUser);
    let mut two = claim();
    two.call(COUNTER, &net.counter, "increment", &felts(&[3])).unwrap();
    let (names, _) = prove(&net, two, CYD, Form::Shortest);
    let calls = ["System.claim", "Counter.increment", "session::first_two_calls_new_user"];
    assert_eq!(names, [&calls[..], &["signature::schnorr", "session::end_cap"][..]].concat());
}
