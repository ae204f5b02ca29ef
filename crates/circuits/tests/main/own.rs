//! Our own prover on circuits of every class: the library's proofs up to the nonce, and parents accept them.

use std::sync::LazyLock;

use parth_circuits::class;
use parth_circuits::recursion::Child;
use parth_circuits::statement::{ProvingCircuit, StatementCircuit};
use parth_contract::contracts::system;
use parth_crypto::Digest;
use parth_crypto::schnorr::SecretKey;
use parth_proof::cache::CircuitCache;
use parth_proof::{F, OwnProver, Proof, Prover, RawProof, StockProver};
use parth_protocol::block::start::Start;
use parth_protocol::genesis::{Fees, Genesis, GenesisUser, SCHEMA};
use parth_protocol::global::fold::Fold;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::global::{GlobalChild, GlobalEntry};
use parth_protocol::ids::{Amount, CheckpointId, FeeRate, Fingerprint, ItemCount, RealmBits, Time};
use parth_protocol::records::global::GlobalState;
use parth_protocol::records::guta::Anchor;
use parth_protocol::signature::Schnorr;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rules, Statement};

static OWN: LazyLock<OwnProver> = LazyLock::new(OwnProver::new);

fn stand_in() -> Rules {
    Rules::new(Profile::STANDARD, &CircuitSet::stand_in())
}

/// Built once, then read from disk by later runs.
fn circuit<S: StatementCircuit>() -> ProvingCircuit<S> {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/circuits");
    let cache = CircuitCache::new(folder, parth_circuits::sources());
    ProvingCircuit::load_or_build(&stand_in(), &cache, None).unwrap().0
}

/// All that comes before the nonce, which the library picks at random among many.
fn before_the_nonce(proof: &Proof) -> RawProof {
    let mut raw = proof.raw().clone();
    raw.proof.opening_proof.pow_witness = F::default();
    raw.proof.opening_proof.query_round_proofs.clear();
    raw
}

/// Proves with both; the own proof.
fn prove<S: StatementCircuit>(circuit: &ProvingCircuit<S>, statement: &S, children: &[Child<'_>]) -> Proof {
    let prove = |prover: &dyn Prover| circuit.prove(prover, statement, children).unwrap();
    let (stock, own) = (prove(&StockProver), prove(&*OWN));
    assert_eq!(before_the_nonce(&own), before_the_nonce(&stock), "{}", S::CIRCUIT);
    assert_eq!(prove(&*OWN), own, "{}: another proof the second time", S::CIRCUIT);
    let data = class::data(circuit.circuit().class());
    for proof in [&stock, &own] {
        assert_eq!(circuit.circuit().key().verify(data, proof), Ok(()), "{}", S::CIRCUIT);
    }
    own
}

#[test]
fn a_node_is_proven_alike_and_its_parent_accepts_our_proof() {
    let unchanged = circuit::<Unchanged>();
    let set = CircuitSet::from_fn(|id| match id {
        CircuitId::GlobalUnchanged => unchanged.circuit().fingerprint(),
        other => CircuitSet::stand_in().fingerprint(other),
    });
    let rules = Rules::new(Profile::STANDARD, &set);
    let entry = GlobalEntry {
        whitelist: rules.global_whitelist,
        parameters: Digest::ZERO,
        anchor: Anchor { root: Digest::ZERO, height: CheckpointId::ZERO },
        old: GlobalState {
            contracts: Digest::ZERO,
            registrations: Digest::ZERO,
            deposits: Digest::ZERO,
            deposit_chain: Digest::ZERO,
            deployed: ItemCount::ZERO,
            registered: ItemCount::ZERO,
            deposited: ItemCount::ZERO,
        },
    };
    let statement = Unchanged { entry };
    let proof = prove(&unchanged, &statement, &[]);
    let header = statement.apply(&rules).unwrap();
    let side = GlobalChild { header, circuit: set.listed(&rules.profile, CircuitId::GlobalUnchanged).unwrap() };
    let child = Child { key: unchanged.circuit().key(), proof: &proof };
    prove(&circuit::<Fold>(), &Fold { left: side.clone(), right: side }, &[child, child]);
}

#[test]
fn a_signature_with_a_gate_of_our_own_is_proven_alike() {
    let key = SecretKey::from_entropy(&[1; 64]).unwrap();
    let message = Digest::from([1, 2, 3, 4]);
    let statement = Schnorr { message, public_key: key.public(), signature: key.sign(message, &[0; 32]) };
    prove(&circuit::<Schnorr>(), &statement, &[]);
}

#[test]
fn a_checkpoint_is_proven_alike() {
    let set = CircuitSet::stand_in();
    let contract = system::contract();
    let unnamed = vec![Fingerprint::default(); contract.functions().len()];
    let genesis = Genesis {
        schema: SCHEMA.to_owned(),
        profile: Profile::STANDARD.name.to_owned(),
        seed: "own".to_owned(),
        time: Time::constant(1),
        realm_bits: RealmBits::ZERO,
        fees: Fees { base: FeeRate::constant(1), per_call: FeeRate::constant(1), per_slot: FeeRate::constant(1) },
        users: vec![GenesisUser { key: Digest::from([1, 2, 3, 4]), balance: Amount::constant(1) }],
        contracts: vec![contract.deploy(&Profile::STANDARD, &unnamed).unwrap().leaf().clone()],
    };
    let leaf = genesis.state(&set).unwrap().head.leaf;
    prove(&circuit::<Start>(), &Start { leaf }, &[]);
}
