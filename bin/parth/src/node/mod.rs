//! A whole network in one process: store, queue, coordinator, realms, workers. Wiring only.
//!
//! ```text
//!   folder/  genesis.json   store/ (MDBX)   artifacts/
//!                 │             │               │
//!              Network ──▸ coordinator, realms, JobQueue ◂── worker threads
//! ```

mod chain;
#[cfg(test)]
mod examples;

use std::path::Path;
use std::sync::Arc;

use parth_circuits::registry::Registry;
use parth_coordinator::Coordinator;
use parth_jobs::wire::Committed;
use parth_jobs::{Artifacts, JobQueue, LeaseTerms};
use parth_proof::{Pinned, SystemMismatch};
use parth_protocol::Network;
use parth_protocol::genesis::{Genesis, GenesisError, GenesisState};
use parth_protocol::ids::{CheckpointId, NodeIndex, UserId};
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::tree::realm_of_user;
use parth_prover::PinnedCheck;
use parth_realm::Realm;
use parth_runtime::SystemClock;
use parth_store::{KvStore, MdbxOptions, MdbxStore, OpenError, Space, Store};
use thiserror::Error;

/// Why a network cannot run.
#[derive(Debug, Error)]
pub(crate) enum NodeError {
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    #[error(transparent)]
    System(#[from] SystemMismatch),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Artifacts(#[from] parth_jobs::ArtifactError),
    #[error(transparent)]
    Queue(#[from] parth_jobs::QueueError),
    #[error(transparent)]
    Coordinator(#[from] parth_coordinator::Halt),
    #[error(transparent)]
    Realm(#[from] parth_realm::Halt),
}

/// A network in one process.
pub(crate) struct Node {
    pub(crate) network: Network,
    pub(crate) genesis: GenesisState,
    pub(crate) queue: JobQueue,
    pub(crate) coordinator: Coordinator,
    /// By their place among the realms.
    pub(crate) realms: Vec<Realm>,
}

impl Node {
    /// Opens the network of a genesis in a folder; at its head when it was there before.
    pub(crate) fn open(folder: &Path, genesis: &Genesis, registry: &Registry) -> Result<Node, NodeError> {
        let pinned = registry.pinned();
        let circuits = pinned.set();
        let genesis_state = genesis.state(&circuits)?;
        pinned.check_genesis(&genesis_state)?;
        let kv = MdbxStore::open(&folder.join("store"), genesis_state.head.public.root, MdbxOptions::default())?;
        let store = Store::new(Arc::new(kv) as Arc<dyn KvStore>, Space::Coordinator);
        let artifacts = Artifacts::on_disk(&folder.join("artifacts"))?;
        let check = PinnedCheck(Arc::new(pinned.clone()));
        let clock = Arc::new(SystemClock::new());
        let queue = JobQueue::open(&store, artifacts, clock, LeaseTerms::default(), check.clone())?;
        let parameters = genesis_state.parameters.clone();
        let network = Network { rules: registry.rules().clone(), circuits, parameters };
        let coordinator = Coordinator::open(&store, network.clone(), &genesis_state, queue.clone())?;
        let check: Arc<dyn parth_jobs::CheckProof> = Arc::new(check);
        let open = |index: NodeIndex| {
            Realm::open(&store, index, network.clone(), &genesis_state, queue.clone(), check.clone())
        };
        let realms = realms_of(pinned, genesis).map(open).collect::<Result<Vec<_>, _>>()?;
        let node = Node { network, genesis: genesis_state, queue, coordinator, realms };
        node.catch_up()?;
        Ok(node)
    }

    /// The realm of a user.
    pub(crate) fn realm(&self, user: UserId) -> Option<&Realm> {
        let index = realm_of_user(&self.network.rules.profile, user);
        self.realms.iter().find(|realm| realm.index() == index)
    }

    /// Makes the next checkpoint of everything that waits, and lets every realm follow it.
    pub(crate) fn produce(&self, choice: PrimaryChoice) -> Result<Committed, NodeError> {
        let mut hand_overs = Vec::new();
        for realm in &self.realms {
            hand_overs.extend(realm.hand_over()?);
        }
        let committed = self.coordinator.produce(hand_overs, choice)?;
        for realm in &self.realms {
            realm.follow(&committed)?;
        }
        Ok(committed)
    }

    /// A process that died between the coordinator's commit and a realm's leaves that realm behind.
    fn catch_up(&self) -> Result<(), NodeError> {
        let head = self.coordinator.head()?.head.public.height;
        for realm in &self.realms {
            for height in realm.head()?.get() + 1..=head.get() {
                if let Some(committed) = self.coordinator.checkpoint(CheckpointId::constant(height))? {
                    realm.follow(&committed)?;
                }
            }
        }
        Ok(())
    }
}

/// The realms in use: those that the realm bits name, by their place among the realms.
fn realms_of(pinned: &Pinned, genesis: &Genesis) -> impl Iterator<Item = NodeIndex> {
    let (bits, levels) = (u32::from(genesis.realm_bits.get()), pinned.profile().coordinator as u32);
    (0..1u64 << bits).map(move |realm| NodeIndex::constant(realm << (levels - bits)))
}
