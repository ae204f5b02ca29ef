//! Proofs of small circuits: what is accepted, and that nothing else is.

use std::sync::LazyLock;

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_proof::class::config;
use parth_proof::key::{CAP_LEN, KEY_LEN};
use parth_proof::{
    Builder, Circuit, CircuitError, Class, ClassData, DecodeError, KeyError, Proof, ProveError, Prover, StockProver,
    VerifierKey, VerifyError, Witness, fingerprint,
};
use plonky2::gates::multiplication_extension::MulExtensionGate;
use plonky2::iop::target::Target;
use plonky2::iop::witness::WitnessWrite;

/// Public inputs are x, x · factor, 0, 0 and so on; x is checked to be below 2^8.
fn circuit(class: Class, factor: u64) -> (Circuit, Target) {
    let mut builder = Builder::new(config());
    let x = builder.add_virtual_target();
    let factor = builder.constant(parth_proof::field::element(Felt::constant(factor)));
    let product = builder.mul(x, factor);
    builder.range_check(x, 8);
    builder.register_public_inputs(&[x, product]);
    let zero = builder.zero();
    for _ in 2..class.public_inputs() {
        builder.register_public_input(zero);
    }
    (Circuit::build(ClassData::of(class).unwrap(), builder).unwrap(), x)
}

fn prove(circuit: &Circuit, x: Target, value: u64) -> Result<Proof, ProveError> {
    let mut witness = Witness::new();
    witness.set_target(x, parth_proof::field::element(Felt::constant(value))).unwrap();
    StockProver.prove(circuit, witness)
}

struct Fixture {
    circuit: Circuit,
    x: Target,
    proof: Proof,
}

static TRIPLE: LazyLock<Fixture> = LazyLock::new(|| {
    let (circuit, x) = circuit(Class::Call, 3);
    let proof = prove(&circuit, x, 14).unwrap();
    Fixture { circuit, x, proof }
});

#[test]
fn a_proof_verifies_and_carries_its_public_inputs() {
    let Fixture { circuit, proof, .. } = &*TRIPLE;
    assert_eq!(circuit.key().verify(ClassData::call(), proof), Ok(()));
    assert_eq!(proof.public_digest(), Some(Digest::from([14, 42, 0, 0])));
    assert!(circuit.rows() < 10, "{}", circuit.rows());
}

#[test]
fn proofs_of_every_class_have_the_length_of_the_class() {
    for class in [Class::Node, Class::Checkpoint] {
        let (circuit, x) = circuit(class, 3);
        let proof = prove(&circuit, x, 1).unwrap();
        let data = ClassData::of(class).unwrap();
        assert_eq!(proof.to_bytes().len(), data.proof_len());
        assert_eq!(proof.public_inputs().len(), class.public_inputs());
        assert_eq!(Proof::from_bytes(data, &proof.to_bytes()).as_ref(), Ok(&proof));
        assert_eq!(circuit.key().verify(data, &proof), Ok(()));
    }
}

#[test]
fn an_input_that_the_circuit_refuses_gives_an_error_and_no_panic() {
    let Fixture { circuit, x, .. } = &*TRIPLE;
    assert!(matches!(prove(circuit, *x, 256), Err(ProveError::Witness { .. })));
    assert!(matches!(StockProver.prove(circuit, Witness::new()), Err(ProveError::Witness { .. })));
}

#[test]
fn only_the_canonical_bytes_of_a_proof_are_read() {
    let data = ClassData::call();
    let bytes = TRIPLE.proof.to_bytes();
    assert_eq!(Proof::from_bytes(data, &bytes).as_ref(), Ok(&TRIPLE.proof));

    let longer = [bytes.as_slice(), &[0]].concat();
    for wrong in [&longer, &bytes[1..], &[]] {
        assert!(matches!(Proof::from_bytes(data, wrong), Err(DecodeError::Length { .. })));
    }
    // The last felt is the public input 0; 0 + p says the same felt in other bytes.
    let mut unreduced = bytes.clone();
    let at = unreduced.len() - 8;
    unreduced[at..].copy_from_slice(&Felt::ORDER.to_le_bytes());
    assert!(
        matches!(Proof::from_bytes(data, &unreduced), Err(DecodeError::NotCanonical { at: found, .. }) if found == at)
    );
    // The number of public inputs stands before them.
    let mut count = bytes.clone();
    count[at - 4 * 8] = 5;
    assert!(matches!(Proof::from_bytes(data, &count), Err(DecodeError::Malformed { .. })));
}

#[test]
fn hostile_bytes_of_the_right_length_neither_panic_nor_verify() {
    let Fixture { circuit, proof, .. } = &*TRIPLE;
    let data = ClassData::call();
    let bytes = proof.to_bytes();
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let mut verified = 0;
    for round in 0..300 {
        let mut hostile = bytes.clone();
        match round % 4 {
            0 => {
                let at = random() % hostile.len();
                hostile[at] ^= 1 << (random() % 8);
            }
            1 => {
                let at = random() % (hostile.len() - 64);
                hostile[at..at + 64].fill(0xff);
            }
            2 => {
                let (from, to) = (random() % (hostile.len() - 256), random() % (hostile.len() - 256));
                hostile.copy_within(from..from + 256, to);
            }
            _ => hostile.fill(random() as u8),
        }
        if hostile == bytes {
            continue;
        }
        if let Ok(proof) = Proof::from_bytes(data, &hostile) {
            assert_eq!(proof.to_bytes(), hostile);
            assert!(circuit.key().verify(data, &proof).is_err());
            verified += 1;
        }
    }
    assert!(verified > 100, "only {verified} of the mutants reached the verifier");
}

#[test]
fn a_proof_is_not_accepted_under_another_key_or_class() {
    let Fixture { circuit, proof, .. } = &*TRIPLE;
    let data = ClassData::call();
    let (other, _) = self::circuit(Class::Call, 5);
    assert_ne!(other.fingerprint(), circuit.fingerprint());
    assert!(matches!(other.key().verify(data, proof), Err(VerifyError::Refused { .. })));

    // The right digest with another circuit's cap, and the other way round.
    for swap_cap in [true, false] {
        let mut mixed = circuit.key().data().clone();
        if swap_cap {
            mixed.constants_sigmas_cap = other.key().data().constants_sigmas_cap.clone();
        } else {
            mixed.circuit_digest = other.key().data().circuit_digest;
        }
        let mixed = VerifierKey::new(Class::Call, mixed);
        assert_ne!(mixed.fingerprint(), circuit.fingerprint());
        assert!(matches!(mixed.verify(data, proof), Err(VerifyError::Refused { .. })));
    }

    let wrong_class = VerifierKey::new(Class::Node, circuit.key().data().clone());
    assert_ne!(wrong_class.fingerprint(), circuit.fingerprint());
    assert!(matches!(wrong_class.verify(ClassData::node(), proof), Err(VerifyError::Class { .. })));
    assert!(matches!(circuit.key().verify(ClassData::node(), proof), Err(VerifyError::Class { .. })));
}

#[test]
fn a_fingerprint_covers_the_class_the_cap_and_the_digest() {
    let key = TRIPLE.circuit.key().data();
    let mut felts = vec![Felt::from(Class::Call.tag())];
    felts.extend(key.constants_sigmas_cap.0.iter().flat_map(|hash| parth_proof::field::digest(*hash).0));
    felts.extend(parth_proof::field::digest(key.circuit_digest).0);
    assert_eq!(felts.len(), 1 + 4 * CAP_LEN + 4);
    assert_eq!(fingerprint(Class::Call, key).0, hash(Domain::Fingerprint, &felts));
}

#[test]
fn building_twice_gives_the_same_key() {
    let (again, _) = circuit(Class::Call, 3);
    assert_eq!(again.key(), TRIPLE.circuit.key());
}

#[test]
fn a_key_survives_its_bytes_and_no_other_bytes_are_read() {
    let key = TRIPLE.circuit.key();
    let bytes = key.to_bytes();
    assert_eq!(VerifierKey::from_bytes(Class::Call, &bytes).as_ref(), Ok(key));
    let short = VerifierKey::from_bytes(Class::Call, &bytes[1..]);
    assert_eq!(short, Err(KeyError::Length { expected: KEY_LEN, actual: KEY_LEN - 1 }));
    let mut unreduced = bytes.clone();
    unreduced[32 + 8..32 + 16].fill(0xff);
    assert_eq!(VerifierKey::from_bytes(Class::Call, &unreduced), Err(KeyError::NotCanonical { index: 1 }));
}

#[test]
fn a_build_that_is_not_of_its_class_is_refused() {
    let mut foreign = Builder::new(config());
    foreign.add_virtual_public_input_arr::<4>();
    foreign.add_gate(MulExtensionGate::<2> { num_ops: 1 }, vec![]);
    let error = Circuit::build(ClassData::call(), foreign).unwrap_err();
    assert!(error.to_string().contains("MulExtensionGate"), "{error}");

    let mut few = Builder::new(config());
    few.add_virtual_public_input();
    let error = Circuit::build(ClassData::call(), few).unwrap_err();
    assert!(error.to_string().contains("1 public inputs instead of 4"), "{error}");

    let mut large = Builder::new(config());
    large.add_virtual_public_input_arr::<4>();
    for _ in 0..Class::Call.rows() {
        large.add_gate(plonky2::gates::noop::NoopGate, vec![]);
    }
    assert!(matches!(Circuit::build(ClassData::call(), large), Err(CircuitError::Rows { used: 4098, .. })));
}
