//! A network of two realms with six users, the system contract and the examples; every proof is real.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use parth_circuits::registry::Registry;
use parth_client::{Program, Session};
use parth_contract::contracts::system;
use parth_contract::{Contract, dapen};
use parth_crypto::schnorr::SecretKey;
use parth_crypto::{Digest, Felt};
use parth_jobs::{Worker, WorkerId};
use parth_proof::cache::CircuitCache;
use parth_proof::{CheckpointVerifier, ClassData, OwnProver, Pinned, Pooled, Proof};
use parth_protocol::genesis::{Fees, Genesis, GenesisUser, SCHEMA};
use parth_protocol::ids::{Amount, ContractId, FeeRate, Fingerprint, RealmBits, RegistrationIndex, Time, UserId};
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::session::end_cap::key_commitment;
use parth_protocol::tree::user_of_registration;
use parth_protocol::{CircuitId, Profile};
use parth_prover::Work;
use tempfile::TempDir;

use crate::contract::source::Files;
use crate::node::Node;
use crate::provers;

/// Genesis registers the users 2^31, 1, 2^31 + 1, 2, 2^31 + 2 and 3, in this order: every other one in another realm.
const USERS: u32 = 6;
const REALM_BITS: RealmBits = RealmBits::constant(1);

/// One call: `Contract.function`, its inputs and its outputs, each as felts.
pub(super) struct Call {
    pub(super) function: &'static str,
    pub(super) inputs: Vec<Felt>,
    pub(super) outputs: Vec<Felt>,
}

/// A session of a user: its calls.
pub(super) struct Visit {
    pub(super) user: u32,
    pub(super) calls: Vec<Call>,
}

/// The network, and what was proven on it.
pub(super) struct Town {
    _folder: TempDir,
    registry: Registry,
    node: Node,
    programs: Vec<Arc<Program>>,
    prover: Pooled<OwnProver>,
    signature_circuit: Fingerprint,
    /// `Contract.function` of every call that was proven, owed ones included.
    proven: Mutex<BTreeSet<String>>,
}

/// Circuits that a first run built, beside those of the tests of the demo.
fn circuits() -> PathBuf {
    let binary = env::current_exe().unwrap();
    binary.ancestors().nth(3).unwrap().join("tmp").join("circuits")
}

/// A contract of the folder of examples.
fn example(name: &str) -> Contract {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(format!("{name}.dapen.ts"));
    let files = Files::new(&path);
    let compilation = dapen::compile(&files, files.name(), &dapen::Options::default());
    compilation.compiled.unwrap_or_else(|| panic!("{name}: {:?}", compilation.diagnostics)).contract
}

fn key(user: UserId) -> SecretKey {
    let mut entropy = [7; 64];
    entropy[..4].copy_from_slice(&user.get().to_le_bytes());
    SecretKey::from_entropy(&entropy).unwrap()
}

/// Drains the queue when it goes.
struct Closing<'a>(&'a Node);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.queue.drain();
    }
}

impl Town {
    /// Builds what is not built yet and deploys the examples, in the order of their ids.
    pub(super) fn new(examples: &[&str]) -> Town {
        let cache = CircuitCache::new(circuits(), parth_circuits::sources());
        let registry = Registry::cached(Pinned::standard().unwrap().clone(), cache.clone());
        let codes = std::iter::once(system::contract()).chain(examples.iter().map(|name| example(name)));
        let compile = |code| Arc::new(Program::compile(&Profile::STANDARD, code, Some(&cache)).unwrap());
        let programs: Vec<_> = codes.map(compile).collect();
        let signature_circuit = registry.pinned().set().fingerprint(CircuitId::SignatureSchnorr);
        let commitment = |user: UserId| key_commitment(signature_circuit, key(user).public().parameter());
        let users = (1..=USERS).map(|index| {
            let index = RegistrationIndex::constant(index);
            let user = user_of_registration(&Profile::STANDARD, REALM_BITS, index);
            GenesisUser { key: commitment(user), balance: Amount::constant(1_000_000) }
        });
        let genesis = Genesis {
            schema: SCHEMA.to_owned(),
            profile: Profile::STANDARD.name.to_owned(),
            seed: "examples".to_owned(),
            time: Time::constant(1_000),
            realm_bits: REALM_BITS,
            fees: Fees { base: FeeRate::constant(1), per_call: FeeRate::constant(1), per_slot: FeeRate::constant(1) },
            users: users.collect(),
            contracts: vec![programs[0].deployed().leaf().clone()],
        };
        let folder = TempDir::new().unwrap();
        let node = Node::open(folder.path(), &genesis, &registry).unwrap();
        for program in &programs[1..] {
            node.coordinator.deploy(program.deployed().leaf()).unwrap();
        }
        let (prover, proven) = (Pooled::new(provers::own(), 2), Mutex::default());
        Town { _folder: folder, registry, node, programs, prover, signature_circuit, proven }
    }

    /// Plays days on the town, with two workers beside.
    pub(super) fn play(&self, days: impl FnOnce(&Town)) {
        thread::scope(|scope| {
            // Also when a day fails: workers wait for jobs until the queue is drained.
            let _closing = Closing(&self.node);
            for worker in 1..=2 {
                scope.spawn(move || {
                    // Whoever waits for proofs must not wait for a worker that is gone.
                    let _closing = Closing(&self.node);
                    let work = Work { queue: &self.node.queue, registry: &self.registry, prover: &self.prover };
                    parth_prover::run(&work, Worker { id: WorkerId(worker), trusted: true }, |_| ()).unwrap();
                });
            }
            days(self);
        });
    }

    /// Proves the sessions, hands them to their realms, makes the checkpoint and verifies its proof.
    pub(super) fn checkpoint(&self, visits: &[Visit]) {
        thread::scope(|scope| {
            for visit in visits {
                scope.spawn(|| self.visit(visit));
            }
        });
        let time = self.node.coordinator.head().unwrap().head.leaf.time.next().unwrap();
        self.node.produce(PrimaryChoice { time, contribution: Digest::ZERO }).unwrap();
        self.verify();
    }

    /// The head's proof shows the head.
    fn verify(&self) {
        let head = self.node.coordinator.head().unwrap();
        let bytes = self.node.queue.artifacts().get(head.proof.unwrap()).unwrap();
        let proof = Proof::from_bytes(ClassData::checkpoint(), &bytes).unwrap();
        let verifier = CheckpointVerifier::new(self.registry.pinned(), &self.node.genesis).unwrap();
        assert_eq!(verifier.verify(&proof).unwrap(), head.head.public);
    }

    /// Makes the calls of a session at the head, proves it and submits it.
    fn visit(&self, visit: &Visit) {
        let user = UserId::constant(visit.user);
        let key = key(user);
        let commitment = key_commitment(self.signature_circuit, key.public().parameter());
        let head = self.node.coordinator.head().unwrap().head.public.height;
        let mut session = Session::open(&self.node.network, &self.node, commitment, head).unwrap();
        for (id, program) in (0..).map(ContractId::constant).zip(&self.programs) {
            session.know(id, program);
        }
        for call in &visit.calls {
            let (contract, function) = call.function.split_once('.').unwrap();
            let id = self.programs.iter().position(|program| program.contract().name() == contract).unwrap();
            let made = session.call(ContractId::constant(id as u32), &self.programs[id], function, &call.inputs);
            let made = made.unwrap_or_else(|error| panic!("{} of user {user}: {error}", call.function));
            assert_eq!(made.outputs, call.outputs, "{} of user {user}", call.function);
        }
        let name = |call: &parth_client::session::MadeCall| {
            let contract = call.program.contract();
            let function = contract.method(call.execution.call.method).unwrap();
            format!("{}.{}", contract.name(), function.name())
        };
        let names: Vec<String> = session.calls().iter().map(name).collect();
        let signed = session.close(self.signature_circuit, key.public().parameter()).unwrap();
        let signed = signed.sign(&key, &[0; 32]).unwrap();
        let submission = signed.prove(&self.registry, &self.prover, |_| ()).unwrap();
        self.node.realm(user).unwrap().submit(&submission).unwrap();
        self.proven.lock().unwrap().extend(names);
    }

    /// Functions of the examples that no session has proven.
    pub(super) fn unproven(&self) -> Vec<String> {
        let names = self.programs[1..].iter().flat_map(|program| {
            let contract = program.contract();
            contract.functions().iter().map(move |function| format!("{}.{}", contract.name(), function.name()))
        });
        let proven = self.proven.lock().unwrap();
        names.filter(|name| !proven.contains(name)).collect()
    }
}
