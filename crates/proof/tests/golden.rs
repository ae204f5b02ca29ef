//! The golden chain: a genesis file and the proofs of its first two checkpoints, made by an earlier build with the
//! pinned circuits. What does not vouch for that chain is refused with its own reason.

use std::fs;
use std::path::PathBuf;

use parth_crypto::merkle::empty_root;
use parth_crypto::{Digest, Domain};
use parth_proof::file::{self, FileError, HEADER_LEN};
use parth_proof::{CheckpointError, CheckpointVerifier, Class, ClassData, DecodeError, Pinned, Proof, SystemMismatch};
use parth_protocol::Record;
use parth_protocol::genesis::Genesis;
use parth_protocol::ids::{CheckpointId, StateHeight};
use parth_protocol::records::leaf::ContractLeaf;

fn golden(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)).unwrap()
}

fn verifier(change: impl FnOnce(&mut Genesis)) -> CheckpointVerifier {
    let mut genesis: Genesis = serde_json::from_slice(&golden("genesis.json")).unwrap();
    change(&mut genesis);
    let pinned = Pinned::standard().unwrap();
    CheckpointVerifier::new(pinned, &genesis.state(&pinned.set()).unwrap()).unwrap()
}

#[test]
fn the_golden_chain_verifies_and_its_roots_link() {
    let verifier = verifier(|_| ());
    let first = verifier.verify_file(&golden("checkpoint-0.proof")).unwrap();
    let second = verifier.verify_file(&golden("checkpoint-1.proof")).unwrap();
    assert_eq!((first.height, first.previous), (CheckpointId::ZERO, Digest::ZERO));
    assert_eq!(first.root, verifier.genesis_root());
    assert_eq!((second.height, second.previous), (CheckpointId::constant(1), first.root));
    assert_eq!(second.genesis, first.root);
}

#[test]
fn a_proof_of_another_genesis_is_refused_whatever_differs() {
    let changes: [fn(&mut Genesis); 3] = [
        |genesis| genesis.seed.push('x'),
        |genesis| genesis.users.truncate(1),
        |genesis| genesis.time = parth_protocol::ids::Time::constant(genesis.time.get() + 1),
    ];
    for change in changes {
        let verifier = verifier(change);
        for name in ["checkpoint-0.proof", "checkpoint-1.proof"] {
            let refused = verifier.verify_file(&golden(name));
            assert!(matches!(refused, Err(CheckpointError::Genesis { .. })), "{refused:?}");
        }
    }
}

#[test]
fn a_genesis_with_another_system_contract_is_refused() {
    let pinned = Pinned::standard().unwrap();
    let expected = pinned.system().leaf.digest();
    let changes: [fn(&mut ContractLeaf); 4] = [
        |leaf| leaf.functions = Digest::ZERO,
        |leaf| leaf.code = Digest::ZERO,
        |leaf| {
            leaf.state_height = StateHeight::constant(33);
            leaf.initial = empty_root(Domain::StateNode, 33);
        },
        |leaf| leaf.functions.0.reverse(),
    ];
    for change in changes {
        let mut genesis: Genesis = serde_json::from_slice(&golden("genesis.json")).unwrap();
        // The honest contract stands beside it: only its place makes a contract the system contract.
        genesis.contracts.push(genesis.contracts[0].clone());
        change(&mut genesis.contracts[0]);
        let actual = genesis.contracts[0].digest();
        let refused = CheckpointVerifier::new(pinned, &genesis.state(&pinned.set()).unwrap());
        assert_eq!(refused.unwrap_err(), SystemMismatch { expected, actual });
    }
}

#[test]
fn truncated_extended_and_other_files_are_refused_by_name() {
    let verifier = verifier(|_| ());
    let good = golden("checkpoint-1.proof");
    let len = |actual| CheckpointError::File(FileError::Length { expected: good.len(), actual });
    assert_eq!(verifier.verify_file(&good[..good.len() - 1]), Err(len(good.len() - 1)));
    assert_eq!(verifier.verify_file(&[&good[..], &[0]].concat()), Err(len(good.len() + 1)));
    assert_eq!(verifier.verify_file(&good[..HEADER_LEN]), Err(len(HEADER_LEN)));
    assert_eq!(verifier.verify_file(&golden("genesis.json")), Err(FileError::Magic.into()));
    assert_eq!(verifier.verify_file(&golden("node.proof")), Err(FileError::Magic.into()));
    let mut other = good.clone();
    other[HEADER_LEN - 1] ^= 1;
    let refused = verifier.verify_file(&other);
    assert!(matches!(refused, Err(CheckpointError::File(FileError::Circuits { .. }))), "{refused:?}");
}

#[test]
fn a_proof_with_another_height_or_root_among_its_public_inputs_is_refused() {
    let verifier = verifier(|_| ());
    let good = golden("checkpoint-1.proof");
    let public = good.len() - 21 * 8;
    // The height decides which key verifies; the rest is bound by the proof.
    for felt in 0..21 {
        let mut changed = good.clone();
        changed[public + 8 * felt] ^= 1;
        let refused = verifier.verify_file(&changed);
        assert!(matches!(refused, Err(CheckpointError::Refused(_))), "felt {felt}: {refused:?}");
    }
    let mut high = good.clone();
    high[public + 8 * 12 + 4] = 1;
    assert!(matches!(verifier.verify_file(&high), Err(CheckpointError::Height(_))));
    let mut wide = good;
    wide[public + 8 * 12..public + 8 * 13].fill(0xff);
    let class = Class::Checkpoint;
    let refused = verifier.verify_file(&wide);
    assert!(
        matches!(refused, Err(CheckpointError::File(FileError::Proof(DecodeError::NotCanonical { class: c, .. }))) if c == class),
        "{refused:?}"
    );
}

#[test]
fn a_proof_of_another_class_is_refused() {
    let node = Proof::from_bytes(ClassData::node(), &golden("node.proof")).unwrap();
    let class = CheckpointError::Class { expected: Class::Checkpoint, actual: Class::Node };
    assert_eq!(verifier(|_| ()).verify(&node), Err(class));
}

#[test]
fn a_file_is_exactly_what_encoding_its_proof_gives() {
    let circuits = Pinned::standard().unwrap().set().digest();
    let bytes = golden("checkpoint-1.proof");
    let proof = file::decode(circuits, &bytes).unwrap();
    assert_eq!(file::encode(circuits, &proof), bytes);
    assert_eq!(bytes.len(), file::file_len());
}
