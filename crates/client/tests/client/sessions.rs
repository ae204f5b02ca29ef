//! Sessions that go well.

use parth_client::session::Form;
use parth_client::{Session, Signed};
use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_crypto::schnorr::{PublicKey, Signature};
use parth_crypto::{Digest, Felt};
use parth_protocol::CircuitId;
use parth_protocol::Record;

use crate::net::{ANN, BALANCE, BOB, COUNTER, CYD, Net, SYSTEM, felts, key};

/// Makes a session sign itself.
pub(crate) fn sign<'a>(net: &Net, session: Session<'a>, person: u32) -> Signed<'a> {
    sign_as(net, session, person, Form::Shortest)
}

/// As [`sign`], to be proven in a form of choice.
pub(crate) fn sign_as<'a>(net: &Net, session: Session<'a>, person: u32, form: Form) -> Signed<'a> {
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    let unsigned = session.close_as(form, circuit, key(person).public().parameter()).unwrap();
    unsigned.sign(&key(person), &[9; 32]).unwrap()
}

pub(crate) fn word(amount: u64) -> Digest {
    Digest::from([amount, 0, 0, 0])
}

/// A chain on which Ann sent Bob 500 and Cyd 40,000, and Cyd is registered.
pub(crate) fn after_sends() -> Net {
    let mut net = Net::small();
    let (bob, cyd) = (net.user(BOB), net.user(CYD));
    let mut session = net.open(ANN);
    for (to, amount) in [(bob, 500), (cyd, 40_000)] {
        session.call(SYSTEM, &net.system, "send", &felts(&[to.get().into(), amount])).unwrap();
    }
    let ended = sign(&net, session, ANN).ended().clone();
    let key = net.commitment(CYD);
    net.checkpoint(&[ended], &[key]);
    net
}

#[test]
fn a_session_of_several_contracts_says_all_that_a_realm_needs() {
    let mut net = Net::small();
    let bob = net.user(BOB);
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob.get().into(), 500])).unwrap();
    for by in [2, 5] {
        session.call(COUNTER, &net.counter, "increment", &felts(&[by])).unwrap();
    }
    let count = session.call(COUNTER, &net.counter, "get", &[]).unwrap();
    assert_eq!(count.outputs, felts(&[7]));
    let ended = sign(&net, session, ANN).ended().clone();
    let contracts: Vec<_> = ended.contracts.iter().map(|change| (change.contract, change.writes.clone())).collect();
    assert_eq!(contracts.len(), 2);
    assert_eq!(contracts[0], (SYSTEM, vec![(sent_slot(bob), word(500))]));
    assert_eq!(contracts[1].0, COUNTER);
    assert_eq!(contracts[1].1.len(), 1, "two writes of one word are one, with the last value");
    assert!(ended.claims.is_empty());
    net.checkpoint(&[ended], &[]);
    // Fee: 10 for the session, 3 for each of 4 calls, 1 for each of 3 writes.
    let leaf = net.leaf_of(ANN).unwrap();
    assert_eq!((leaf.balance.get(), leaf.nonce.get()), (BALANCE - 500 - 25, 1));
    assert_eq!(net.word(ANN, COUNTER, 0), word(7));
}

#[test]
fn the_shortest_form_has_three_proofs_for_one_call_and_two_a_call_and_one_for_more() {
    let net = after_sends();
    let sends = |person: u32, calls: u64, form| {
        let mut session = net.open(person);
        if person == CYD {
            session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(ANN).get().into()])).unwrap();
        }
        while session.calls().len() < calls as usize {
            session.call(COUNTER, &net.counter, "increment", &felts(&[1])).unwrap();
        }
        let signed = sign_as(&net, session, person, form);
        (signed.proofs() as u64, signed.ended().circuit, signed.ended().result.clone())
    };
    for (person, single) in [(BOB, CircuitId::SingleCall), (CYD, CircuitId::SingleCallNewUser)] {
        for calls in 1..=4 {
            let (proofs, closing, result) = sends(person, calls, Form::Shortest);
            let expected = if calls == 1 { (3, single) } else { (2 * calls + 1, CircuitId::EndCap) };
            assert_eq!((proofs, closing), expected);
            assert_eq!(sends(person, calls, Form::Stepwise), (2 * calls + 3, CircuitId::EndCap, result));
        }
    }
}

#[test]
fn a_later_session_goes_on_from_the_words_that_the_network_keeps() {
    let mut net = after_sends();
    let bob = net.user(BOB);
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob.get().into(), 7])).unwrap();
    let ended = sign(&net, session, ANN).ended().clone();
    assert_eq!(ended.contracts[0].writes, vec![(sent_slot(bob), word(507))]);
    net.checkpoint(&[ended], &[]);
    assert_eq!(net.leaf_of(ANN).unwrap().nonce.get(), 2);
}

#[test]
fn a_new_user_claims_in_its_first_session_and_pays_the_fee_from_it() {
    let mut net = after_sends();
    let (ann, cyd) = (net.user(ANN), net.user(CYD));
    assert!(net.leaf_of(CYD).is_none());
    let mut session = net.open(CYD);
    session.call(SYSTEM, &net.system, "claim", &felts(&[ann.get().into()])).unwrap();
    let ended = sign(&net, session, CYD).ended().clone();
    assert_eq!(ended.contracts[0].writes, vec![(claimed_slot(ann), word(40_000))]);
    assert_eq!(ended.claims.len(), 1);
    assert_eq!((ended.claims[0].from, ended.claims[0].slot.word), (ann, word(40_000)));
    net.checkpoint(&[ended], &[]);
    let leaf = net.leaf_of(CYD).unwrap();
    assert_eq!((leaf.user, leaf.balance.get(), leaf.nonce.get()), (cyd, 40_000 - 10 - 3 - 1, 1));
}

#[test]
fn several_senders_are_claimed_at_once_and_opened_in_order() {
    let mut net = after_sends();
    let (ann, bob, cyd) = (net.user(ANN), net.user(BOB), net.user(CYD));
    let mut session = net.open(BOB);
    session.call(SYSTEM, &net.system, "send", &felts(&[cyd.get().into(), 60_000])).unwrap();
    let ended = sign(&net, session, BOB).ended().clone();
    net.checkpoint(&[ended], &[]);
    let mut session = net.open(CYD);
    let mut from = [0; 8];
    (from[2], from[5]) = (u64::from(bob.get()), u64::from(ann.get()));
    session.call(SYSTEM, &net.system, "claim_many", &felts(&from)).unwrap();
    let ended = sign(&net, session, CYD).ended().clone();
    let claims: Vec<_> = ended.claims.iter().map(|claim| (claim.from, claim.slot.word)).collect();
    let mut expected = [(ann, word(40_000)), (bob, word(60_000))];
    expected.sort_by_key(|(from, _)| *from);
    assert_eq!(claims, expected);
}

#[test]
fn an_anchor_may_be_older_than_the_newest_checkpoint_while_the_leaf_is_the_same() {
    let mut net = after_sends();
    let anchor = net.newest();
    net.checkpoint(&[], &[]);
    let session = Session::open(&net.network, &net, net.commitment(ANN), anchor).unwrap();
    assert_eq!(session.state().start.anchor, anchor);
}

#[test]
fn a_signature_that_a_device_made_is_taken() {
    let net = Net::small();
    let mut session = net.open(ANN);
    session.call(COUNTER, &net.counter, "increment", &felts(&[1])).unwrap();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    let unsigned = session.close(circuit, key(ANN).public().parameter()).unwrap();
    let message = unsigned.message().unwrap();
    // The device sees the message only, and answers in bytes.
    let (public, signature) = (key(ANN).public().to_bytes(), key(ANN).sign(message.digest(), &[1; 32]).to_bytes());
    let result = unsigned.result().clone();
    let signed = unsigned
        .with_signature(PublicKey::from_bytes(&public).unwrap(), Signature::from_bytes(&signature).unwrap())
        .unwrap();
    assert_eq!(signed.ended().result, result);
}

#[test]
fn a_call_that_fails_leaves_the_session_as_it_was() {
    let net = Net::small();
    let bob = u64::from(net.user(BOB).get());
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob, 500])).unwrap();
    let before = session.state().clone();
    assert!(session.call(SYSTEM, &net.system, "send", &felts(&[bob, BALANCE])).is_err());
    assert_eq!((session.state(), session.calls().len()), (&before, 1));
    session.call(SYSTEM, &net.system, "send", &felts(&[bob, 1])).unwrap();
    assert_eq!(session.calls()[1].execution.context.balance_out, Felt::ONE);
}
