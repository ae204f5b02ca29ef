//! The coordinator: the top of the user tree, the global trees, the chain of checkpoints.
//!
//! ```text
//!   users ──▸ edge ── admit ──▸ registrations, deployments ─┐
//!               │                                           ├──▸ processor ──▸ checkpoint ──▸ everybody
//!               └── serve: checkpoints, contracts, paths    │
//!   realms ── hand-overs ───────────────────────────────────┘
//! ```
//! | module | what |
//! | --- | --- |
//! | [`edge`] | faces the world: admits registrations and deployments, serves global state |
//! | [`processor`] | makes checkpoints; its commit is the only one that counts |
//! | [`tables`] | the coordinator's rows |

pub mod edge;
pub mod error;
pub mod processor;
pub mod tables;

use parking_lot::Mutex;
use parth_crypto::Digest;
use parth_jobs::JobQueue;
use parth_protocol::genesis::GenesisState;
use parth_protocol::{Network, Record};
use parth_store::{Epoch, Forest, Space, Store, Tree};

pub use error::{AdmitError, Halt, Refusal};

/// The coordinator of a network: the leader of its space of the store.
pub struct Coordinator {
    network: Network,
    store: Store,
    forest: Forest,
    epoch: Epoch,
    queue: JobQueue,
    /// Held while rows are read that an admission or a commit then writes.
    writing: Mutex<()>,
}

impl std::fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coordinator").field("epoch", &self.epoch).finish()
    }
}

impl Coordinator {
    /// Opens the coordinator of a store, at genesis when it is new. Takes the coordinator's epoch, so one that was
    /// opened before changes nothing any more.
    pub fn open(store: &Store, network: Network, genesis: &GenesisState, queue: JobQueue) -> Result<Coordinator, Halt> {
        let store = store.of(Space::Coordinator);
        let epoch = store.take_epoch()?;
        let forest = Forest::new(store.clone());
        let coordinator = Coordinator { network, store, forest, epoch, queue, writing: Mutex::new(()) };
        if coordinator.store.position()?.head.is_none() {
            coordinator.commit_genesis(genesis)?;
        }
        Ok(coordinator)
    }

    /// The coordinator's part of the user tree: the nodes above the realms' roots.
    pub(crate) fn users(&self) -> Tree {
        let profile = &self.network.rules.profile;
        Tree::users(profile).above(profile.realm as u8)
    }

    /// Digest of the network's parameters.
    pub(crate) fn parameters(&self) -> Digest {
        self.network.parameters.digest()
    }
}
