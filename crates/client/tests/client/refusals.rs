//! Sessions that are refused before anything is signed or proven, each with what was expected and what was found.

use parth_client::session::SessionError;
use parth_client::{Session, Unsigned};
use parth_contract::ExecError;
use parth_contract::opening::{BadOpening, Opened};
use parth_crypto::Digest;
use parth_protocol::ids::{Amount, CheckpointId, ContractId, Fingerprint};
use parth_protocol::{CircuitId, CircuitSet, Record, Rule};

use crate::net::{ANN, BALANCE, BOB, COUNTER, CYD, Lie, Net, SYSTEM, felts, key};
use crate::sessions::{after_sends, sign};

fn open(net: &Net, person: u32, anchor: u32) -> Result<Session<'_>, SessionError> {
    Session::open(&net.network, net, net.commitment(person), CheckpointId::constant(anchor))
}

fn exec(error: SessionError) -> ExecError {
    match error {
        SessionError::Call { error, .. } => *error,
        other => panic!("not a failed call: {other}"),
    }
}

/// A session of one count, waiting for Ann's signature.
fn unsigned(net: &Net) -> Unsigned<'_> {
    let mut session = net.open(ANN);
    session.call(COUNTER, &net.counter, "increment", &felts(&[1])).unwrap();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    session.close(circuit, key(ANN).public().parameter()).unwrap()
}

#[test]
fn an_overdrawn_send_is_refused() {
    let net = Net::small();
    let mut session = net.open(ANN);
    let error = session.call(SYSTEM, &net.system, "send", &felts(&[net.user(BOB).get().into(), BALANCE + 1]));
    let (has, takes) = (Amount::constant(BALANCE), Amount::constant(BALANCE + 1));
    match exec(error.unwrap_err()) {
        ExecError::Overdrawn { balance, amount, .. } => assert_eq!((balance, amount), (has, takes)),
        other => panic!("another refusal: {other}"),
    }
}

#[test]
fn a_balance_that_leaves_nothing_for_the_fee_is_refused_at_the_close() {
    let net = Net::small();
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[net.user(BOB).get().into(), BALANCE - 13])).unwrap();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    match session.close(circuit, key(ANN).public().parameter()).unwrap_err() {
        SessionError::Rule(reject) => {
            assert_eq!(reject.rule, Rule::Fee);
            assert!(reject.to_string().contains("14") && reject.to_string().contains("13"), "{reject}");
        }
        other => panic!("another refusal: {other}"),
    }
}

#[test]
fn a_claim_of_nothing_is_refused() {
    let net = after_sends();
    for (person, from) in [(CYD, BOB), (ANN, BOB)] {
        let mut session = net.open(person);
        let error = session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(from).get().into()])).unwrap_err();
        match exec(error) {
            ExecError::Assert { message, .. } => assert_eq!(message, "there is nothing to claim from this user"),
            other => panic!("another refusal: {other}"),
        }
    }
}

#[test]
fn nothing_is_claimed_twice() {
    let mut net = after_sends();
    let ann = felts(&[net.user(ANN).get().into()]);
    let mut session = net.open(CYD);
    session.call(SYSTEM, &net.system, "claim", &ann).unwrap();
    let again = session.call(SYSTEM, &net.system, "claim", &ann);
    assert!(matches!(exec(again.unwrap_err()), ExecError::Assert { .. }), "in the same session");
    let ended = sign(&net, session, CYD).ended().clone();
    net.checkpoint(&[ended], &[]);
    let again = net.open(CYD).call(SYSTEM, &net.system, "claim", &ann).map(|_| ());
    assert!(matches!(exec(again.unwrap_err()), ExecError::Assert { .. }), "in a later session");
}

#[test]
fn a_function_that_the_contract_lacks_is_refused_with_those_it_has() {
    let net = Net::small();
    let error = net.open(ANN).call(COUNTER, &net.counter, "decrement", &[]).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "contract Counter has no function decrement; it has increment, catchUp, get");
}

#[test]
fn a_contract_of_other_code_or_none_is_refused() {
    let net = Net::small();
    let leaf = |program: &parth_client::Program| program.deployed().leaf().digest();
    let mut session = net.open(ANN);
    let error = session.call(SYSTEM, &net.counter, "increment", &felts(&[1])).map(|_| ()).unwrap_err();
    let (expected, actual) = (leaf(&net.counter), leaf(&net.system));
    assert_eq!(error, SessionError::OtherCode { contract: SYSTEM, expected, actual });
    let nowhere = ContractId::constant(2);
    let error = session.call(nowhere, &net.counter, "increment", &felts(&[1])).map(|_| ()).unwrap_err();
    assert!(matches!(error, SessionError::Unavailable(_)));
}

#[test]
fn an_anchor_that_is_unknown_or_too_old_is_refused() {
    let mut net = Net::small();
    let (head, actual) = (CheckpointId::ZERO, CheckpointId::constant(1));
    assert_eq!(open(&net, ANN, 1).unwrap_err(), SessionError::UnknownAnchor { head, actual });
    let max = net.network.rules.profile.max_anchor_age;
    for _ in 1..max {
        net.checkpoint(&[], &[]);
    }
    open(&net, ANN, 0).unwrap();
    net.checkpoint(&[], &[]);
    let (head, actual) = (net.newest(), CheckpointId::ZERO);
    assert_eq!(open(&net, ANN, 0).unwrap_err(), SessionError::OldAnchor { head, max, actual });
}

#[test]
fn an_anchor_of_another_network_is_refused() {
    let net = Net::small();
    net.lie.set(Some(Lie::Parameters));
    let (expected, actual) = (net.network.parameters.digest(), Digest::from([6, 6, 6, 6]));
    assert_eq!(open(&net, ANN, 0).unwrap_err(), SessionError::OtherNetwork { expected, actual });
}

#[test]
fn a_session_from_a_leaf_that_is_no_longer_the_newest_is_refused() {
    let mut net = after_sends();
    let (user, actual) = (net.user(ANN), net.history_leaf(ANN, 0));
    let expected = net.history_leaf(ANN, 1);
    assert_eq!(open(&net, ANN, 0).unwrap_err(), SessionError::StaleStart { user, expected, actual });
    // A second first session.
    let mut session = net.open(CYD);
    session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(ANN).get().into()])).unwrap();
    let ended = sign(&net, session, CYD).ended().clone();
    net.checkpoint(&[ended], &[]);
    let (user, expected) = (net.user(CYD), net.history_leaf(CYD, 2));
    let actual = Digest::ZERO;
    assert_eq!(open(&net, CYD, 1).unwrap_err(), SessionError::StaleStart { user, expected, actual });
}

#[test]
fn a_key_that_is_not_registered_at_the_anchor_is_refused() {
    let net = after_sends();
    let (key, anchor) = (net.commitment(CYD), CheckpointId::ZERO);
    assert_eq!(open(&net, CYD, 0).unwrap_err(), SessionError::NotRegistered { key, anchor });
    open(&net, CYD, 1).unwrap();
}

#[test]
fn a_session_without_calls_is_refused() {
    let net = Net::small();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    let closed = net.open(ANN).close(circuit, key(ANN).public().parameter());
    assert_eq!(closed.unwrap_err(), SessionError::Empty);
}

#[test]
fn a_session_cannot_be_closed_for_a_key_that_is_not_the_users() {
    let net = Net::small();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    for (circuit, person) in [(circuit, BOB), (Fingerprint(Digest::from([1, 2, 3, 4])), ANN)] {
        let mut session = net.open(ANN);
        session.call(COUNTER, &net.counter, "increment", &felts(&[1])).unwrap();
        match session.close(circuit, key(person).public().parameter()).unwrap_err() {
            SessionError::Rule(reject) => assert_eq!(reject.rule, Rule::KeyCommitment),
            other => panic!("another refusal: {other}"),
        }
    }
}

#[test]
fn a_valid_signature_of_another_key_is_refused_before_anything_is_proven() {
    let net = Net::small();
    let (expected, actual) = (key(ANN).public().parameter(), key(BOB).public().parameter());
    let refused = unsigned(&net).sign(&key(BOB), &[0; 32]).unwrap_err();
    assert_eq!(refused, SessionError::OtherSigner { expected, actual });
}

#[test]
fn the_signature_of_the_session_before_is_of_the_wrong_nonce_and_refused() {
    let mut net = Net::small();
    let first = unsigned(&net);
    let old = key(ANN).sign(first.message().unwrap().digest(), &[0; 32]);
    let ended = first.with_signature(key(ANN).public(), old).unwrap().ended().clone();
    net.checkpoint(&[ended], &[]);
    let second = unsigned(&net);
    assert_eq!(second.message().unwrap().nonce.get(), 1);
    let refused = second.with_signature(key(ANN).public(), old).unwrap_err();
    assert!(matches!(refused, SessionError::Signature(reject) if reject.rule == Rule::Signature));
}

#[test]
fn nothing_that_the_network_says_is_believed_unchecked() {
    let net = after_sends();
    let ann = u64::from(net.user(ANN).get());
    let send = felts(&[net.user(BOB).get().into(), 1]);

    net.lie.set(Some(Lie::UserPath));
    match open(&net, ANN, 1).unwrap_err() {
        SessionError::Rule(reject) => assert_eq!(reject.rule, Rule::UserPath),
        other => panic!("another refusal: {other}"),
    }
    for lie in [Lie::UserContracts, Lie::NoSuchPlace] {
        net.lie.set(Some(lie));
        assert!(matches!(open(&net, ANN, 1).unwrap_err(), SessionError::OtherState { .. }), "{lie:?}");
    }
    net.lie.set(Some(Lie::Words));
    let refused = net.open(ANN).call(SYSTEM, &net.system, "send", &send).map(|_| ()).unwrap_err();
    assert!(matches!(refused, SessionError::OtherState { .. }));
    net.lie.set(Some(Lie::ContractPath));
    let refused = net.open(ANN).call(SYSTEM, &net.system, "send", &send).map(|_| ()).unwrap_err();
    assert!(matches!(refused, SessionError::Opening(BadOpening::Root { what: Opened::Contract, .. })));
    net.lie.set(Some(Lie::Sent));
    let refused = net.open(CYD).call(SYSTEM, &net.system, "claim", &felts(&[ann])).map(|_| ()).unwrap_err();
    assert!(matches!(exec(refused), ExecError::Opening(BadOpening::Root { what: Opened::Slot, .. })));
}

#[test]
fn what_the_network_says_at_the_close_is_checked_too() {
    let net = after_sends();
    let mut session = net.open(CYD);
    session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(ANN).get().into()])).unwrap();
    net.lie.set(Some(Lie::Sent));
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    let refused = session.close(circuit, key(CYD).public().parameter()).unwrap_err();
    assert!(matches!(refused, SessionError::Opening(BadOpening::Root { what: Opened::Slot, .. })));
}

#[test]
fn a_signature_of_a_circuit_that_the_client_cannot_prove_is_refused() {
    let mut net = Net::small();
    let (user_key, actual) = (net.commitment(ANN), net.network.circuits.fingerprint(CircuitId::SignatureSchnorr));
    let expected = Fingerprint(Digest::from([1, 2, 3, 4]));
    let old = net.network.circuits.clone();
    net.network.circuits = CircuitSet::from_fn(|circuit| match circuit {
        CircuitId::SignatureSchnorr => expected,
        other => old.fingerprint(other),
    });
    let mut session = Session::open(&net.network, &net, user_key, net.newest()).unwrap();
    session.call(COUNTER, &net.counter, "increment", &felts(&[1])).unwrap();
    let unsigned = session.close(actual, key(ANN).public().parameter()).unwrap();
    let refused = unsigned.sign(&key(ANN), &[0; 32]).unwrap_err();
    assert_eq!(refused, SessionError::OtherSignatureCircuit { expected, actual });
}
