//! The own prover beside the library's: the same proofs, and the same refusals.

use std::sync::LazyLock;

use parth_crypto::Felt;
use parth_crypto::poseidon::kernels::Kernel;
use parth_proof::class::config;
use parth_proof::own::Step;
use parth_proof::{
    Builder, Circuit, Class, ClassData, F, OwnProver, Proof, ProveError, Prover, RawProof, StockProver, Witness,
};
use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::WitnessWrite;
use plonky2::plonk::config::AlgebraicHasher;

/// Some arithmetic, hashes, extension products and a range check, different for each seed.
fn circuit(class: Class, seed: u64) -> (Circuit, Target) {
    let mut builder = Builder::new(config());
    let x = builder.add_virtual_target();
    builder.range_check(x, 16);
    let mut hash = vec![x; 3];
    for round in 0..5 + seed {
        let constant = builder.constant(F::from_canonical_u64(seed.wrapping_mul(0x1234_5678_9abc) ^ round));
        let sum = builder.mul_add(x, constant, hash[0]);
        hash.push(sum);
        hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(hash).elements.to_vec();
        let pair = builder.convert_to_ext(hash[1]);
        let product = builder.mul_extension(pair, pair);
        hash.push(product.0[0]);
    }
    for at in 0..class.public_inputs() {
        builder.register_public_input(hash[at % 4]);
    }
    (Circuit::build(ClassData::of(class).unwrap(), builder).unwrap(), x)
}

fn inputs(x: Target, value: u64) -> Witness {
    let mut witness = Witness::new();
    witness.set_target(x, parth_proof::field::element(Felt::constant(value))).unwrap();
    witness
}

/// All that comes before the nonce, which the library picks at random among many.
fn before_the_nonce(proof: &Proof) -> RawProof {
    let mut raw = proof.raw().clone();
    raw.proof.opening_proof.pow_witness = F::ZERO;
    raw.proof.opening_proof.query_round_proofs.clear();
    raw
}

static CALL: LazyLock<(Circuit, Target)> = LazyLock::new(|| circuit(Class::Call, 1));

#[test]
fn both_provers_make_the_same_proof_up_to_the_nonce() {
    let own = OwnProver::new();
    for (class, seed) in [(Class::Call, 3), (Class::Node, 40), (Class::Checkpoint, 7)] {
        let (circuit, x) = circuit(class, seed);
        let stock = StockProver.prove(&circuit, inputs(x, 1000 + seed)).unwrap();
        let (ours, timings) = own.prove_timed(&circuit, inputs(x, 1000 + seed)).unwrap();
        println!("{class}\n{timings}");
        assert_eq!(circuit.key().verify(ClassData::of(class).unwrap(), &ours), Ok(()));
        assert_eq!(ours.to_bytes().len(), stock.to_bytes().len());
        assert_eq!(before_the_nonce(&ours), before_the_nonce(&stock), "{class}");
        let nonce = |proof: &Proof| proof.raw().proof.opening_proof.pow_witness.to_canonical_u64();
        assert!(nonce(&ours) <= nonce(&stock), "not the lowest nonce");
        if nonce(&ours) == nonce(&stock) {
            assert_eq!(ours.to_bytes(), stock.to_bytes());
        }
        assert!(timings.of(Step::Leaves) > timings.of(Step::Nodes));
    }
}

#[test]
fn a_one_thread_pool_makes_the_same_bytes_as_a_large_one_under_every_kernel() {
    let (circuit, x) = &*CALL;
    let own = OwnProver::new();
    let mut proofs = Vec::new();
    for kernel in Kernel::available() {
        Kernel::force(kernel).unwrap();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            proofs.push(pool.install(|| own.prove(circuit, inputs(*x, 5))).unwrap().to_bytes());
        }
    }
    Kernel::force(Kernel::best()).unwrap();
    assert!(proofs.iter().all(|proof| *proof == proofs[0]));
}

#[test]
fn a_witness_that_breaks_a_constraint_is_refused_after_proving() {
    let mut builder = Builder::new(config());
    let swap = builder.add_virtual_target();
    let zero = builder.zero();
    // Nothing is generated from this bit but by the constraint that it breaks.
    let state = PoseidonPermutation::new(std::iter::repeat(zero));
    let permuted = PoseidonHash::permute_swapped(state, BoolTarget::new_unsafe(swap), &mut builder);
    builder.register_public_inputs(&permuted.squeeze()[..4]);
    let circuit = Circuit::build(ClassData::call(), builder).unwrap();
    let own = OwnProver::new();
    assert!(own.prove(&circuit, inputs(swap, 1)).is_ok());
    let error = own.prove(&circuit, inputs(swap, 2)).unwrap_err();
    assert!(matches!(error, ProveError::Unsatisfied { .. }), "{error:?}");
}

#[test]
fn inputs_that_the_circuit_refuses_and_missing_ones_give_errors() {
    let (circuit, x) = &*CALL;
    let own = OwnProver::new();
    // Before and after the order of the generators is known.
    for _ in 0..2 {
        assert!(matches!(own.prove(circuit, inputs(*x, 1 << 16)), Err(ProveError::Witness { .. })));
        assert!(matches!(own.prove(circuit, Witness::new()), Err(ProveError::Witness { .. })));
        assert!(own.prove(circuit, inputs(*x, 1)).is_ok());
    }
}
