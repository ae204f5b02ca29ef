//! The bytes of what a user submits.

use parth_jobs::wire::{EndedSession, MAX_CONTRACTS, MAX_SUBMISSION, WireError};
use parth_protocol::ids::Amount;

use crate::net::{ANN, CYD, SYSTEM, felts};
use crate::sessions::{after_sends, sign};

/// A session with writes and a claim.
fn claimed() -> EndedSession {
    let net = after_sends();
    let mut session = net.open(CYD);
    session.call(SYSTEM, &net.system, "claim", &felts(&[net.user(ANN).get().into()])).unwrap();
    sign(&net, session, CYD).ended().clone()
}

#[test]
fn bytes_round_trip_and_refuse_less_and_more() {
    let session = claimed();
    let bytes = borsh::to_vec(&session).unwrap();
    assert_eq!(EndedSession::from_bytes(&bytes).unwrap(), session);
    for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(EndedSession::from_bytes(&bytes[..end]), Err(WireError::Malformed { .. })));
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(EndedSession::from_bytes(&longer), Err(WireError::Malformed { .. })));
    let (expected, actual) = (MAX_SUBMISSION, MAX_SUBMISSION + 1);
    let too_many = EndedSession::from_bytes(&vec![0; actual]);
    assert_eq!(too_many.unwrap_err(), WireError::Length { expected, actual });
}

#[test]
fn longer_lists_than_allowed_are_refused_with_their_name() {
    let mut session = claimed();
    let mut change = session.contracts[0].clone();
    change.writes.clear();
    change.opening.path.0.clear();
    session.contracts = vec![change; MAX_CONTRACTS + 1];
    let bytes = borsh::to_vec(&session).unwrap();
    let refused = EndedSession::from_bytes(&bytes).unwrap_err();
    assert_eq!(refused, WireError::List { what: "contracts", expected: MAX_CONTRACTS, actual: MAX_CONTRACTS + 1 });
}

#[test]
fn the_name_of_a_submission_follows_from_its_result_alone() {
    let session = claimed();
    let mut other = session.clone();
    other.claims.clear();
    assert_eq!(other.id(), session.id());
    other.result.stats.fees = Amount::constant(other.result.stats.fees.get() + 1);
    assert_ne!(other.id(), session.id());
}
