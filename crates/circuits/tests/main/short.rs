//! The short forms of a session, and the doors behind them, with real proofs: an honest statement proves, and every
//! way of passing off another proof below it is refused.

use std::sync::LazyLock;

use parth_circuits::class;
use parth_circuits::recursion::Child;
use parth_circuits::registry::Registry;
use parth_circuits::statement::StatementError;
use parth_circuits::twin::FillError;
use parth_crypto::schnorr::SecretKey;
use parth_crypto::{Digest, merkle};
use parth_proof::{Builder, Circuit, Class, Pinned, Proof, Prover, StockProver, VerifierKey, Witness, field};
use parth_protocol::guta::single_end_cap::SingleEndCap;
use parth_protocol::ids::RealmBits;
use parth_protocol::plan::guta::end_cap_child;
use parth_protocol::records::guta::Anchor;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::end_cap::message;
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::start::Start;
use parth_protocol::signature::Schnorr;
use parth_protocol::statement::{ChildProof, Public};
use parth_protocol::tree::{Checkpoints, Climb, Contracts, Functions, Siblings, TreeKind};
use parth_protocol::{CircuitId, Profile, Record, Statement};
use parth_testing::chain::COUNTER;
use parth_testing::refuse::Seal;
use parth_testing::session::Opening;
use parth_testing::{CallEffect, TestChain};
use plonky2::iop::target::Target;
use plonky2::iop::witness::WitnessWrite;

/// A circuit whose public input is whatever it is told: a deployer may supply one, and a cheat may.
pub(crate) struct Free {
    circuit: Circuit,
    public: Vec<Target>,
}

impl Free {
    /// Circuits with another `salt` are other circuits.
    pub(crate) fn build(class: Class, salt: u32) -> Free {
        let mut builder = Builder::new(parth_proof::class::config());
        let public: Vec<Target> = (0..4).map(|_| builder.add_virtual_target()).collect();
        for _ in 0..salt {
            parth_circuits::gadgets::logic::assert_not_zero(&mut builder, public[0]);
        }
        builder.register_public_inputs(&public);
        Free { circuit: Circuit::build(class::data(class), builder).unwrap(), public }
    }

    pub(crate) fn prove(&self, public: Digest) -> Proof {
        let mut witness = Witness::new();
        for (&target, felt) in self.public.iter().zip(public.0) {
            witness.set_target(target, field::element(felt)).unwrap();
        }
        StockProver.prove(&self.circuit, witness).unwrap()
    }

    pub(crate) fn key(&self) -> &VerifierKey {
        self.circuit.key()
    }
}

/// A session of one call and one of two, of a deployed circuit that reports what it is told.
struct World {
    registry: Registry,
    /// The deployed circuit, and one that nobody deployed.
    deployed: Free,
    evil: Free,
    single: SingleCall,
    two: FirstTwoCalls,
    /// The proofs below `single`.
    call: Proof,
    signature: Proof,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let registry = Registry::new(Pinned::standard().unwrap().clone());
    let (rules, circuits) = (registry.rules().clone(), registry.pinned().set());
    let (deployed, evil) = (Free::build(Class::Call, 0), Free::build(Class::Call, 1));
    let chain = TestChain::new(Profile::STANDARD, circuits.clone(), RealmBits::constant(1), &[1_000_000; 2]);
    // A proof of a call that changes nothing serves for the same call again, so these two differ.
    let effect = |slots| CallEffect { slots, ..CallEffect::default() };
    let user = chain.head().leaves.keys().next().copied().unwrap();
    let session = chain.session(user).unwrap();
    let played = session.call(COUNTER, 0, &effect(1)).unwrap().call(COUNTER, 0, &effect(2)).unwrap();
    let Opening::Start(start) = &played.opening else { panic!("the user is in genesis") };
    let mut start: Start = (**start).clone();
    let deploy = |mut taken: TakenCall| {
        taken.function.fingerprint = deployed.circuit.fingerprint();
        let at = taken.function_index.get().into();
        taken.contract.functions =
            merkle::climb(Functions::DOMAIN, at, taken.function.digest(), &taken.function_path.0);
        taken
    };
    let [first, second] = [0, 1].map(|place| deploy(played.steps[place].taken.clone()));
    let at = COUNTER.get().into();
    start.anchor_leaf.globals.contracts =
        merkle::climb(Contracts::DOMAIN, at, first.contract.digest(), &first.contract_path.0);
    let secret = SecretKey::from_entropy(&[5; 64]).unwrap();
    let mut single = SingleCall {
        start,
        taken: first.clone(),
        parameters: chain.parameters.clone(),
        signature_circuit: circuits.fingerprint(CircuitId::SignatureSchnorr),
        key_parameter: secret.public().parameter(),
    };
    single.seal(&Profile::STANDARD);
    let mut two = FirstTwoCalls { start: single.start.clone(), first, second };
    two.seal(&Profile::STANDARD);
    let last = single.last(&rules).unwrap();
    let signed = message(&last, &single.parameters, single.signature_circuit).unwrap().digest();
    let schnorr = Schnorr { message: signed, public_key: secret.public(), signature: secret.sign(signed, &[0; 32]) };
    let signature = registry.prove(&StockProver, &schnorr, &[]).unwrap();
    let call = deployed.prove(single.taken.context.digest());
    World { registry, deployed, evil, single, two, call, signature }
});

fn refused(result: Result<Proof, StatementError>) -> bool {
    matches!(result, Err(StatementError::Prove(_)))
}

/// The key of one circuit with the cap or the digest of another.
fn mixed(of: &VerifierKey, from: &VerifierKey, cap: bool) -> VerifierKey {
    let mut data = of.data().clone();
    if cap {
        data.constants_sigmas_cap = from.data().constants_sigmas_cap.clone();
    } else {
        data.circuit_digest = from.data().circuit_digest;
    }
    VerifierKey::new(of.class(), data)
}

impl World {
    fn signing(&self) -> &VerifierKey {
        self.registry.pinned().key(CircuitId::SignatureSchnorr)
    }

    fn call(&self) -> Child<'_> {
        Child { key: self.deployed.key(), proof: &self.call }
    }

    fn signature(&self) -> Child<'_> {
        Child { key: self.signing(), proof: &self.signature }
    }

    fn close(&self, statement: &SingleCall, call: Child<'_>, signature: Child<'_>) -> Result<Proof, StatementError> {
        self.registry.circuit::<SingleCall>().unwrap().prove(&StockProver, statement, &[call, signature])
    }

    fn open(&self, first: Child<'_>, second: Child<'_>) -> Result<Proof, StatementError> {
        self.registry.circuit::<FirstTwoCalls>().unwrap().prove(&StockProver, &self.two, &[first, second])
    }

    /// The session enters aggregation as the result of a circuit that closes sessions.
    fn enter(&self, circuit: CircuitId) -> SingleEndCap {
        let rules = self.registry.rules();
        let result = self.single.apply(rules).unwrap();
        let path = Siblings::<Checkpoints>::empty(&rules.profile);
        let at = result.anchor.get().into();
        let root = merkle::climb(Checkpoints::DOMAIN, at, result.anchor_leaf, &path.0);
        let anchor = Anchor { root, height: result.anchor };
        let child = end_cap_child(rules, &self.registry.pinned().set(), result, circuit, path).unwrap();
        SingleEndCap { whitelist: rules.guta_whitelist, anchor, end_cap: child, climb: Climb::new(Vec::new()) }
    }
}

#[test]
fn a_session_of_one_call_proves_and_enters_aggregation_by_its_own_circuit_only() {
    let world = &*WORLD;
    let proof = world.close(&world.single, world.call(), world.signature()).unwrap();
    let key = world.registry.pinned().key(CircuitId::SingleCall);
    assert_eq!(key.verify(class::data(Class::Node), &proof), Ok(()));
    let said = world.single.apply(world.registry.rules()).unwrap();
    assert_eq!(proof.public_digest(), Some(said.public_digest()));

    let door = world.registry.circuit::<SingleEndCap>().unwrap();
    let enter = |as_circuit, key| door.prove(&StockProver, &world.enter(as_circuit), &[Child { key, proof: &proof }]);
    assert!(enter(CircuitId::SingleCall, key).is_ok());
    // The result is an end cap's, but the proof is none: neither under its own key nor under the end cap's.
    assert!(refused(enter(CircuitId::EndCap, key)));
    assert!(refused(enter(CircuitId::EndCap, world.registry.pinned().key(CircuitId::EndCap))));
    assert!(refused(enter(CircuitId::SingleCallNewUser, key)));
}

#[test]
fn an_evil_circuit_of_the_node_class_enters_no_aggregation_as_an_end_cap() {
    let world = &*WORLD;
    let evil = Free::build(Class::Node, 0);
    let honest = world.registry.pinned().key(CircuitId::SingleCall);
    let statement = world.enter(CircuitId::SingleCall);
    let proof = evil.prove(statement.end_cap.result.public_digest());
    let door = world.registry.circuit::<SingleEndCap>().unwrap();
    let keys = [evil.key().clone(), honest.clone(), mixed(honest, evil.key(), true), mixed(honest, evil.key(), false)];
    for key in &keys {
        assert!(refused(door.prove(&StockProver, &statement, &[Child { key, proof: &proof }])));
    }
    // With its own fingerprint claimed, the whitelist path leads elsewhere.
    let mut claimed = statement;
    claimed.end_cap.circuit.fingerprint = evil.circuit.fingerprint();
    assert!(claimed.apply(world.registry.rules()).is_err());
    assert!(refused(door.prove(&StockProver, &claimed, &[Child { key: evil.key(), proof: &proof }])));
}

#[test]
fn a_session_of_one_call_takes_no_other_call_proof() {
    let world = &*WORLD;
    let (honest, single) = (world.signature(), &world.single);
    let elsewhere = world.deployed.prove(world.two.second.context.digest());
    let other = Child { key: world.deployed.key(), proof: &elsewhere };
    assert!(refused(world.close(single, other, honest)), "a proof of another call");
    let evil = world.evil.prove(single.taken.context.digest());
    let (own, deployed) = (world.evil.key().clone(), world.deployed.key());
    for key in [own.clone(), deployed.clone(), mixed(deployed, &own, true), mixed(deployed, &own, false)] {
        assert!(refused(world.close(single, Child { key: &key, proof: &evil }, honest)), "a circuit nobody deployed");
    }
    let class = FillError::Class { expected: Class::Call, actual: Class::Signature };
    let swapped = world.close(single, world.signature(), world.call());
    assert_eq!(swapped.unwrap_err(), StatementError::Fill(class));
}

#[test]
fn a_session_of_one_call_takes_no_other_signature() {
    let world = &*WORLD;
    let (registry, single) = (&world.registry, &world.single);
    // Another key signed the same message, and the right key signed another one.
    let last = single.last(registry.rules()).unwrap();
    let signed = message(&last, &single.parameters, single.signature_circuit).unwrap().digest();
    for (entropy, message) in [([6; 64], signed), ([5; 64], Digest::from([1, 2, 3, 4]))] {
        let secret = SecretKey::from_entropy(&entropy).unwrap();
        let schnorr = Schnorr { message, public_key: secret.public(), signature: secret.sign(message, &[0; 32]) };
        let proof = registry.prove(&StockProver, &schnorr, &[]).unwrap();
        assert!(refused(world.close(single, world.call(), Child { key: world.signing(), proof: &proof })));
    }
    // An evil circuit of the signature class shows just what is asked for.
    let evil = Free::build(Class::Signature, 0);
    let claims: Vec<ChildProof> = single.children(registry.rules());
    let proof = evil.prove(claims[1].public);
    let signing = world.signing();
    for key in
        [evil.key().clone(), signing.clone(), mixed(signing, evil.key(), true), mixed(signing, evil.key(), false)]
    {
        assert!(refused(world.close(single, world.call(), Child { key: &key, proof: &proof })));
    }
}

#[test]
fn the_first_two_calls_prove_in_their_order_only() {
    let world = &*WORLD;
    let prove = |taken: &TakenCall| world.deployed.prove(taken.context.digest());
    let (first, second) = (prove(&world.two.first), prove(&world.two.second));
    let key = world.deployed.key();
    let (one, two) = (Child { key, proof: &first }, Child { key, proof: &second });
    let proof = world.open(one, two).unwrap();
    let pinned = world.registry.pinned().key(CircuitId::FirstTwoCalls);
    assert_eq!(pinned.verify(class::data(Class::Node), &proof), Ok(()));
    assert!(refused(world.open(two, one)));
    assert!(refused(world.open(one, one)));
    let evil = world.evil.prove(world.two.second.context.digest());
    for key in [world.evil.key().clone(), key.clone(), mixed(key, world.evil.key(), true)] {
        assert!(refused(world.open(one, Child { key: &key, proof: &evil })));
    }
}
