//! The golden proofs: what a verifier of any later build with the same circuits must accept.

use std::error::Error;
use std::fs;
use std::path::Path;

use parth_circuits::class;
use parth_circuits::registry::Registry;
use parth_crypto::merkle::{Frontier, Path as TreePath, SparseTree};
use parth_crypto::schnorr::SecretKey;
use parth_crypto::{Digest, Domain, Felt, hash};
use parth_proof::{CheckpointVerifier, Pinned, Proof, StockProver, file};
use parth_protocol::block::start::Start;
use parth_protocol::genesis::{Fees, Genesis, GenesisState, GenesisUser, SCHEMA};
use parth_protocol::ids::{Amount, CheckpointId, FeeRate, RealmBits, Time};
use parth_protocol::plan::checkpoint::{PrimaryChoice, plan_checkpoint};
use parth_protocol::plan::global::{GlobalChanges, plan_globals};
use parth_protocol::plan::guta::no_change;
use parth_protocol::plan::{Job, JobGraph};
use parth_protocol::records::guta::Anchor;
use parth_protocol::signature::schnorr::Schnorr;
use parth_protocol::tree::{Checkpoints, Contracts, Registrations, Siblings, TreeKind};
use parth_protocol::{CircuitId, Record};

const GENESIS: &str = "genesis.json";
const CHECKPOINTS: [&str; 2] = ["checkpoint-0.proof", "checkpoint-1.proof"];
/// Bare proofs, and the circuits they are of.
const BARE: [(&str, CircuitId); 2] =
    [("node.proof", CircuitId::BlockPartOne), ("signature.proof", CircuitId::SignatureSchnorr)];

/// Do the files verify with these circuits?
pub(crate) fn verify(folder: &Path, pinned: &Pinned) -> Result<(), Box<dyn Error>> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"));
    let genesis: Genesis = serde_json::from_slice(&read(GENESIS)?)?;
    let verifier = CheckpointVerifier::new(pinned, &genesis.state(&pinned.set())?)?;
    for (height, name) in (0..).zip(CHECKPOINTS) {
        let public = verifier.verify_file(&read(name)?).map_err(|error| format!("{name}: {error}"))?;
        if public.height != CheckpointId::constant(height) {
            return Err(format!("{name}: expected height {height}, got {}", public.height).into());
        }
    }
    for (name, circuit) in BARE {
        let key = pinned.key(circuit);
        let proof = Proof::from_bytes(class::data(key.class()), &read(name)?);
        let proof = proof.map_err(|error| format!("{name}: {error}"))?;
        key.verify(class::data(key.class()), &proof).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Files by name.
type Files = Vec<(&'static str, Vec<u8>)>;

/// Proves the golden chain: the files and their content.
pub(crate) fn prove(pinned: &Pinned) -> Result<Files, Box<dyn Error>> {
    let genesis = genesis(pinned);
    let state = genesis.state(&pinned.set())?;
    let registry = Registry::new(pinned.clone());
    let circuits = pinned.set().digest();
    let mut files = vec![(GENESIS, serde_json::to_string_pretty(&genesis)?.into_bytes())];
    let mut proofs: Vec<(Job, Proof)> = Vec::new();
    for job in plan(&state, pinned)?.jobs {
        let children: Result<Vec<Proof>, String> = job
            .children
            .iter()
            .map(|child| {
                let made = proofs.iter().find(|(job, _)| job.id == *child);
                made.map(|(_, proof)| proof.clone()).ok_or_else(|| format!("no proof {child}"))
            })
            .collect();
        let proof = registry.prove_job(&StockProver, &job.statement, &children?)?;
        match job.statement.circuit() {
            CircuitId::BlockStart => files.push((CHECKPOINTS[0], file::encode(circuits, &proof))),
            CircuitId::BlockCheckpoint => files.push((CHECKPOINTS[1], file::encode(circuits, &proof))),
            circuit => files
                .extend(BARE.iter().filter(|(_, bare)| *bare == circuit).map(|(name, _)| (*name, proof.to_bytes()))),
        }
        proofs.push((job, proof));
    }
    let key = SecretKey::from_entropy(&[7; 64])?;
    let message = hash(Domain::SessionMessage, &[Felt::ONE]);
    let signed = Schnorr { message, public_key: key.public(), signature: key.sign(message, &[0; 32]) };
    files.push((BARE[1].0, registry.prove(&StockProver, &signed, &[])?.to_bytes()));
    Ok(files)
}

/// A small network that nobody uses.
fn genesis(pinned: &Pinned) -> Genesis {
    let user = |index: u64| GenesisUser {
        key: hash(Domain::KeyCommitment, &[Felt::constant(index)]),
        balance: Amount::constant(1_000_000 * index),
    };
    Genesis {
        schema: SCHEMA.to_owned(),
        profile: "standard".to_owned(),
        seed: "golden".to_owned(),
        time: Time::constant(1_700_000_000),
        realm_bits: RealmBits::constant(1),
        fees: Fees { base: FeeRate::constant(100), per_call: FeeRate::constant(10), per_slot: FeeRate::constant(1) },
        users: vec![user(1), user(2)],
        contracts: vec![pinned.system().leaf.clone()],
    }
}

/// The genesis checkpoint and one after it in which nothing happens: every job, children first.
fn plan(state: &GenesisState, pinned: &Pinned) -> Result<JobGraph, Box<dyn Error>> {
    let (rules, circuits, head) = (pinned.rules(), pinned.set(), &state.head);
    let profile = &rules.profile;
    let mut checkpoints = SparseTree::new(Checkpoints::DOMAIN, Checkpoints::height(profile));
    checkpoints.set(0, head.public.leaf);
    let path = |at: u64| Siblings::new(checkpoints.path(at).siblings);
    let anchor = Anchor { root: head.public.root, height: head.public.height };

    let mut graph = JobGraph::default();
    graph.add(&rules, &circuits, Start { leaf: head.leaf.clone() })?;
    let guta = no_change(&mut graph, &rules, &circuits, &anchor, head.leaf.clone(), path(0))?;
    let global = plan_globals(
        &mut graph,
        &rules,
        &circuits,
        state.parameters.digest(),
        &anchor,
        &head.leaf.globals,
        &GlobalChanges::default(),
        &mut frontier::<Registrations>(profile, &state.registrations),
        &mut frontier::<Contracts>(profile, &state.contracts.iter().map(Record::digest).collect::<Vec<_>>()),
    )?;
    let choice = PrimaryChoice { time: Time::constant(head.leaf.time.get() + 1_000), contribution: Digest::ZERO };
    plan_checkpoint(&mut graph, &rules, &circuits, &state.parameters, head, guta, global, path(1), choice)?;
    Ok(graph)
}

/// The next free place of a tree with these leaves.
fn frontier<K: TreeKind>(profile: &parth_protocol::Profile, leaves: &[Digest]) -> Frontier {
    let mut tree = SparseTree::new(K::DOMAIN, K::height(profile));
    for (index, &leaf) in (0..).zip(leaves) {
        tree.set(index, leaf);
    }
    let next: TreePath = tree.path(leaves.len() as u64);
    Frontier::new(K::DOMAIN, next)
}
