//! What a signing device is shown.

use parth_crypto::{Domain, hash};
use parth_protocol::CircuitId;

use crate::net::{ANN, BOB, COUNTER, Net, SYSTEM, felts, key};

#[test]
fn a_device_is_shown_every_call_in_words_with_its_inputs() {
    let net = Net::small();
    let bob = net.user(BOB);
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob.get().into(), 500])).unwrap();
    session.call(COUNTER, &net.counter, "increment", &felts(&[3])).unwrap();
    let circuit = net.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
    let unsigned = session.close(circuit, key(ANN).public().parameter()).unwrap();
    let calls = unsigned.calls();
    let shown: Vec<String> = calls.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            format!("System.send(to: {bob}, amount: 500) of contract 0, takes 500"),
            "Counter.increment(by: 3) of contract 1".to_owned(),
        ]
    );
    // The inputs shown are those of the call that the call stack names.
    for call in calls {
        let felts: Vec<_> = call.inputs.iter().flat_map(|(_, felts)| felts.clone()).collect();
        assert_eq!(hash(Domain::Inputs, &felts), call.call.inputs);
    }
}
