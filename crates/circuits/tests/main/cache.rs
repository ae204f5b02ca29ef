//! The disk cache: what it serves proves like what was built, and what is not whole is never served.

use std::fs;

use parth_circuits::class;
use parth_circuits::serializer::serializer;
use parth_circuits::statement::ProvingCircuit;
use parth_crypto::Digest;
use parth_crypto::schnorr::SecretKey;
use parth_proof::cache::{CacheError, CacheKey, CacheWarning, Cached, CircuitCache};
use parth_proof::{Circuit, CircuitError, Class, StockProver};
use parth_protocol::global::GlobalEntry;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::ids::{CheckpointId, Fingerprint, ItemCount};
use parth_protocol::records::global::GlobalState;
use parth_protocol::records::guta::Anchor;
use parth_protocol::signature::Schnorr;
use parth_protocol::statement::Public;
use parth_protocol::{CircuitSet, Profile, Rules, Statement};

fn rules() -> Rules {
    Rules::new(Profile::STANDARD, &CircuitSet::stand_in())
}

fn statement() -> Unchanged {
    let digest = |value| Digest::from([value, 2, 3, 4]);
    Unchanged {
        entry: GlobalEntry {
            whitelist: digest(1),
            parameters: digest(2),
            anchor: Anchor { root: digest(3), height: CheckpointId::constant(7) },
            old: GlobalState {
                contracts: digest(4),
                registrations: digest(5),
                deposits: digest(6),
                deposit_chain: digest(7),
                deployed: ItemCount::constant(8),
                registered: ItemCount::constant(9),
                deposited: ItemCount::ZERO,
            },
        },
    }
}

/// The cached circuit, and whether it had to be built.
fn get(cache: &CircuitCache, pinned: Option<Fingerprint>) -> Result<Cached, CacheError> {
    let key = CacheKey { name: "global::unchanged", pinned };
    cache.load_or_build(key, class::data(Class::Call), serializer(), build)
}

fn build() -> Result<(Circuit, Vec<u8>), CircuitError> {
    let mut builder = parth_proof::Builder::new(parth_proof::class::config());
    builder.add_virtual_public_input_arr::<4>();
    Ok((Circuit::build(class::data(Class::Call), builder)?, b"notes".to_vec()))
}

#[test]
fn a_circuit_from_disk_proves_like_the_one_that_was_built() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CircuitCache::new(folder.path().join("circuits"), parth_circuits::sources());
    let get = || -> (ProvingCircuit<Unchanged>, _) { ProvingCircuit::load_or_build(&rules(), &cache, None).unwrap() };
    let (built, warning) = get();
    assert!(warning.is_none());
    let started = std::time::Instant::now();
    let (loaded, warning) = get();
    println!("loaded in {:?}", started.elapsed());
    assert!(warning.is_none());
    assert!(loaded.circuit().data() == built.circuit().data());
    assert_eq!(loaded.circuit().rows(), built.circuit().rows());

    let statement = statement();
    let proof = loaded.prove(&StockProver, &statement, &[]).unwrap();
    assert_eq!(built.circuit().key().verify(class::data(Class::Node), &proof), Ok(()));
    assert_eq!(proof.public_inputs(), statement.apply(&rules()).unwrap().public_inputs());
}

#[test]
fn a_circuit_with_a_gate_and_generators_of_our_own_comes_back_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CircuitCache::new(folder.path(), [7; 32]);
    let get = || -> (ProvingCircuit<Schnorr>, _) { ProvingCircuit::load_or_build(&rules(), &cache, None).unwrap() };
    let (built, _) = get();
    let (loaded, warning) = get();
    assert!(warning.is_none());
    assert!(loaded.circuit().data() == built.circuit().data());
    let key = SecretKey::from_entropy(&[1; 64]).unwrap();
    let message = Digest::from([1, 2, 3, 4]);
    let statement = Schnorr { message, public_key: key.public(), signature: key.sign(message, &[0; 32]) };
    let proof = loaded.prove(&StockProver, &statement, &[]).unwrap();
    assert_eq!(built.circuit().key().verify(class::data(Class::Signature), &proof), Ok(()));
}

#[test]
fn a_file_that_is_not_whole_is_named_and_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CircuitCache::new(folder.path(), [7; 32]);
    let first = get(&cache, None).unwrap();
    assert!(!first.hit && first.warning.is_none());
    let second = get(&cache, None).unwrap();
    assert!(second.hit);
    assert_eq!((&first.notes, &second.notes), (&b"notes".to_vec(), &b"notes".to_vec()));

    let path = cache.path(CacheKey { name: "global::unchanged", pinned: None });
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut other_head = good.clone();
    other_head[0] ^= 1;
    for bad in [&flipped[..], &good[..good.len() - 1], &[], &other_head] {
        fs::write(&path, bad).unwrap();
        let cached = get(&cache, None).unwrap();
        assert!(!cached.hit);
        assert_eq!(cached.circuit.key(), first.circuit.key());
        let warning = cached.warning.unwrap();
        assert!(matches!(&warning, CacheWarning::Corrupt { path: named, .. } if *named == path), "{warning}");
        assert_eq!(fs::read(&path).unwrap(), good, "the file is good again");
    }
}

#[test]
fn a_file_of_another_key_is_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (CircuitCache::new(folder.path(), [1; 32]), CircuitCache::new(folder.path(), [2; 32]));
    let key = CacheKey { name: "global::unchanged", pinned: None };
    let circuit = get(&old, None).unwrap().circuit;
    assert!(!get(&new, None).unwrap().hit, "other sources");
    fs::copy(old.path(key), new.path(key)).unwrap();
    assert!(matches!(get(&new, None).unwrap().warning, Some(CacheWarning::Corrupt { .. })));

    let pinned = circuit.fingerprint();
    assert!(!get(&old, Some(pinned)).unwrap().hit, "another pin is another key");
    assert!(get(&old, Some(pinned)).unwrap().hit);
    let other = Fingerprint(Digest::from([1; 4]));
    let error = get(&old, Some(other)).unwrap_err();
    assert_eq!(error, CacheError::Fingerprint { name: "global::unchanged".into(), expected: other, actual: pinned });

    assert!(new.prune().unwrap() > 0);
    assert!(get(&new, None).unwrap().hit && !get(&old, None).unwrap().hit);
}

#[test]
fn a_folder_that_cannot_be_written_costs_a_warning_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"in the way").unwrap();
    let cached = get(&CircuitCache::new(&file, [0; 32]), None).unwrap();
    assert!(!cached.hit && cached.warning.is_some());
}
