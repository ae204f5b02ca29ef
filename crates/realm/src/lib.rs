//! A realm: 2^20 users, their sessions and their state.
//!
//! ```text
//!   users ──▸ edge ── admit ──▸ pending ──▸ processor ── hand over ──▸ coordinator
//!               │                                ▴                          │
//!               └── serve: leaves, paths, words  └────────── follow ────────┘
//! ```
//! | module | what |
//! | --- | --- |
//! | [`edge`] | faces the world: admits sessions, serves state |
//! | [`processor`] | makes the realm's part of a checkpoint, and follows the coordinator's commits |
//! | [`deltas`] | brings the trees up to date with one session |
//! | [`turnstile`] | what a session does to native balance |
//! | [`tables`] | the realm's rows |
//!
//! The coordinator's head is the only commit point: a realm replays exactly what that head records (decision D18).

pub mod deltas;
pub mod edge;
pub mod error;
pub mod processor;
pub mod tables;
pub mod turnstile;

use std::sync::Arc;

use parking_lot::Mutex;
use parth_jobs::{CheckProof, JobQueue};
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::NodeIndex;
use parth_protocol::{Network, Record};
use parth_store::{Epoch, Forest, Space, Store, Tree};

pub use error::{Halt, Refusal, SubmitError};

/// One realm of a network: the leader of its space of the store.
pub struct Realm {
    index: NodeIndex,
    network: Network,
    store: Store,
    forest: Forest,
    epoch: Epoch,
    queue: JobQueue,
    check: Arc<dyn CheckProof>,
    /// Held while rows are read that an admission or a commit then writes.
    writing: Mutex<()>,
}

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realm").field("index", &self.index).field("epoch", &self.epoch).finish()
    }
}

impl Realm {
    /// Opens a realm of a store, at genesis when it is new. Takes the realm's epoch, so a realm that was opened before
    /// changes nothing any more.
    pub fn open(
        store: &Store,
        index: NodeIndex,
        network: Network,
        genesis: &GenesisState,
        queue: JobQueue,
        check: Arc<dyn CheckProof>,
    ) -> Result<Realm, Halt> {
        let levels = network.rules.profile.coordinator;
        let number = u32::try_from(index.get()).ok().filter(|&number| u64::from(number) >> levels == 0);
        let number = number.ok_or_else(|| Halt::Contradiction {
            realm: index,
            reason: format!("a coordinator of {levels} levels has no such realm"),
        })?;
        let store = store.of(Space::Realm(number));
        let epoch = store.take_epoch()?;
        let forest = Forest::new(store.clone());
        let realm = Realm { index, network, store, forest, epoch, queue, check, writing: Mutex::new(()) };
        if realm.store.position()?.head.is_none() {
            realm.commit_genesis(genesis)?;
        }
        Ok(realm)
    }

    /// The realm's place among the realms.
    pub fn index(&self) -> NodeIndex {
        self.index
    }

    /// The realm's part of the user tree.
    pub(crate) fn users(&self) -> Tree {
        let profile = &self.network.rules.profile;
        Tree::users(profile).below(profile.realm as u8, self.index.get())
    }

    /// Digest of the network's parameters.
    pub(crate) fn parameters(&self) -> parth_crypto::Digest {
        self.network.parameters.digest()
    }
}
