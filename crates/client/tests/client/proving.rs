//! One session with real proofs.

use std::sync::Arc;

use parth_circuits::registry::Registry;
use parth_client::Program;
use parth_contract::contracts::{counter, system};
use parth_proof::pinned::Pinned;
use parth_proof::{ClassData, Proof, StockProver};
use parth_protocol::statement::Public;
use parth_protocol::{CircuitId, Profile};

use crate::net::{ANN, COUNTER, Net, felts};
use crate::sessions::sign;

#[test]
fn a_session_of_one_call_is_proven_by_five_proofs_and_its_end_cap_verifies() {
    let pinned = Pinned::standard().unwrap().clone();
    let [system, counter] = [system::contract(), counter::contract()]
        .map(|code| Arc::new(Program::compile(&Profile::STANDARD, code, None).unwrap()));
    let net = Net::new(Profile::STANDARD, pinned.set(), system, counter);
    let mut session = net.open(ANN);
    session.call(COUNTER, &net.counter, "increment", &felts(&[3])).unwrap();
    let signed = sign(&net, session, ANN);
    let registry = Registry::new(pinned.clone());
    let mut told = Vec::new();
    let submission = signed.prove(&registry, &StockProver, |progress| told.push(progress)).unwrap();
    let names: Vec<&str> = told.iter().map(|progress| progress.what.as_str()).collect();
    let expected = ["session::start", "Counter.increment", "session::step", "signature::schnorr", "session::end_cap"];
    assert_eq!(names, expected);
    assert!((1..).zip(&told).all(|(done, progress)| (progress.done, progress.total) == (done, 5)));
    assert_eq!(&submission.session, signed.ended());
    let (key, class) = (pinned.key(CircuitId::EndCap), ClassData::node());
    let proof = Proof::from_bytes(class, &submission.proof).unwrap();
    key.verify(class, &proof).unwrap();
    assert_eq!(proof.public_digest(), Some(submission.session.result.public_digest()));
}
