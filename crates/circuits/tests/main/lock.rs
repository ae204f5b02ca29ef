//! Circuits are what `circuits.lock` says (invariant S3), they keep their row budget, and the golden proofs of earlier
//! builds still verify. After a wanted change run `cargo xtask pin`.

use std::fs;
use std::path::Path;

use parth_circuits::{class, registry};
use parth_proof::{Pinned, Proof};
use parth_protocol::CircuitId;

/// Free rows that every circuit must keep.
const SPARE: usize = 20;

#[test]
fn every_circuit_is_what_circuits_lock_says() {
    let pinned = Pinned::standard().unwrap();
    let moved = registry::check(pinned, |built| println!("{}: {} rows", built.circuit, built.rows)).unwrap();
    let moved: Vec<String> = moved.iter().map(|drift| format!("\n  {drift}")).collect();
    assert!(moved.is_empty(), "circuits moved; if that is wanted, run `cargo xtask pin`:{}", moved.concat());
}

#[test]
fn every_pinned_circuit_keeps_its_spare_rows() {
    for pinned in Pinned::standard().unwrap().circuits() {
        let rows = pinned.key.class().rows();
        assert!(pinned.rows + SPARE <= rows, "{}: {} rows of {rows}", pinned.circuit, pinned.rows);
    }
}

#[test]
fn golden_proofs_of_the_node_and_signature_classes_verify() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proof/golden");
    let pinned = Pinned::standard().unwrap();
    for (name, circuit) in [("node.proof", CircuitId::BlockPartOne), ("signature.proof", CircuitId::SignatureSchnorr)] {
        let key = pinned.key(circuit);
        let data = class::data(key.class());
        let proof = Proof::from_bytes(data, &fs::read(golden.join(name)).unwrap()).unwrap();
        assert_eq!(key.verify(data, &proof), Ok(()), "{name}");
        for other in pinned.circuits().iter().filter(|other| other.circuit != circuit) {
            assert!(other.key.verify(data, &proof).is_err(), "{name} under the key of {}", other.circuit);
        }
    }
}
