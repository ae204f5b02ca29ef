//! How long a node and a call take with the library's prover: `cargo run --release -p parth-circuits --example timings`.
//!
//! The node is `global::fold`, which verifies two proofs of its own class; the call is an empty circuit of the call
//! class, since proving takes the same time for every circuit of a class. Each figure is the shortest of five runs.

use std::time::{Duration, Instant};

use parth_circuits::class;
use parth_circuits::recursion::Child;
use parth_circuits::serializer::serializers;
use parth_circuits::statement::{ProvingCircuit, Skeleton};
use parth_crypto::Digest;
use parth_proof::{Builder, Circuit, CircuitData, Class, Prover, StockProver, Witness};
use parth_protocol::global::fold::Fold;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::global::{GlobalChild, GlobalEntry};
use parth_protocol::ids::{CheckpointId, ItemCount};
use parth_protocol::records::global::GlobalState;
use parth_protocol::records::guta::Anchor;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rules, Statement};
use plonky2::iop::witness::WitnessWrite;

const RUNS: usize = 5;

/// The shortest of some runs, and what the last one gave.
fn shortest<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut time = || {
        let started = Instant::now();
        let value = run();
        (started.elapsed(), value)
    };
    let mut best = time();
    for _ in 1..RUNS {
        let next = time();
        best = (best.0.min(next.0), next.1);
    }
    best
}

fn report(name: &str, circuit: &Circuit, mut prove: impl FnMut() -> parth_proof::Proof) {
    let data = class::data(circuit.class());
    let (proving, proof) = shortest(&mut prove);
    let (verifying, verdict) = shortest(|| circuit.key().verify(data, &proof));
    verdict.expect("our own proof verifies");
    let bytes = circuit.data().to_bytes(serializers().gates, serializers().generators).expect("it serializes");
    let (loading, loaded) = shortest(|| CircuitData::from_bytes(&bytes, serializers().gates, serializers().generators));
    assert!(loaded.expect("it was just written") == *circuit.data());
    println!(
        "{name}: {} rows; prove {proving:.2?}, verify {verifying:.2?}, proof {} bytes; load {loading:.2?} of {} MB",
        circuit.rows(),
        proof.to_bytes().len(),
        bytes.len() / 1_000_000
    );
}

fn main() {
    let stand_in = Rules::new(Profile::STANDARD, &CircuitSet::stand_in());
    let (placing, _) = shortest(|| Skeleton::<Fold>::new(&stand_in));
    let (building, fold) = shortest(|| Skeleton::<Fold>::new(&stand_in).build().expect("fold builds"));
    println!("global::fold: placed in {placing:.2?}, placed and built in {building:.2?}");
    let unchanged: ProvingCircuit<Unchanged> = Skeleton::new(&stand_in).build().expect("unchanged builds");
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
    let child = Unchanged { entry };
    let proof = unchanged.prove(&StockProver, &child, &[]).expect("nothing changes");
    let header = child.apply(&rules).expect("nothing changes");
    let circuit = set.listed(&rules.profile, CircuitId::GlobalUnchanged).expect("it stands in the whitelist");
    let side = GlobalChild { header, circuit };
    let statement = Fold { left: side.clone(), right: side };
    let given = Child { key: unchanged.circuit().key(), proof: &proof };
    report("node (global::fold)", fold.circuit(), || {
        fold.prove(&StockProver, &statement, &[given, given]).expect("the fold holds")
    });

    let call = || {
        let mut builder = Builder::new(parth_proof::class::config());
        let inputs = builder.add_virtual_public_input_arr::<4>();
        (Circuit::build(class::data(Class::Call), builder).expect("an empty call builds"), inputs)
    };
    let (building, (circuit, inputs)) = shortest(call);
    println!("call: built in {building:.2?}");
    report("call (empty)", &circuit, || {
        let mut witness = Witness::new();
        for target in inputs {
            witness.set_target(target, Default::default()).expect("set once");
        }
        StockProver.prove(&circuit, witness).expect("an empty call holds")
    });
}
