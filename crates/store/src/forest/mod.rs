//! The forest: every Merkle tree of a space, by checkpoint.
//!
//! ```text
//!   top row    (tree, level, index, newest checkpoint first, epoch)    → sixteen neighbouring nodes, and for each
//!   row        (checkpoint, epoch, tree, level, index)                 → the checkpoint that wrote the row below it
//!
//!   Forest ── at(checkpoint) ─→ ForestView ── draft() ─→ ForestDraft ── seal() ─→ Sealed ── draft() ─→ …
//!     │       the committed past              set leaves,               frozen, to be        the next one
//!     │                                       roots at once             committed            gathers on it
//!   memory of the newest commit ◂────────────────────────────────────────┘ when its batch is stored
//! ```
//!
//! A tree is stored by blocks of four levels (`block`): a row holds the sixteen nodes on the bottom of a block, and
//! what stands between them and the block's root is hashed again when it is read. So a change of a leaf writes a row for
//! every four levels, and a path is read with as few.
//!
//! A row is written by the commit of a checkpoint and never changed. A reader at checkpoint C takes the newest row of
//! the tree's top not after C whose epoch is the one that committed that row's checkpoint; from there each row names the
//! next by checkpoint. So rows that an ex-leader left behind, which a backend without transactions cannot prevent, are
//! never read. What was never written is empty.
//!
//! Blocks of the newest commit that were used last stay in memory (`memory` states the bound). They are taken over
//! from a draft only after its batch was stored, and asked only by readers of exactly that commit.

mod block;
mod check;
mod draft;
mod memory;
mod reads;
mod tree;
mod view;

use std::sync::Arc;

use parth_protocol::ids::CheckpointId;
use thiserror::Error;

use self::memory::HeadMemory;

use crate::error::ReadError;
use crate::space::{Epoch, Head, Store};

pub use check::{Checked, Difference, check};
pub use draft::{ForestDraft, Sealed};
pub(crate) use memory::Advance;
pub use reads::NodeReads;
pub use tree::{Tree, TreeId};
pub use view::ForestView;

/// Why the forest does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ForestError {
    /// The store does not serve a row.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such node in the tree, or in the part of it that was named.
    #[error("{id:?} has no node {index} on level {level} between the levels {floor} and {top} below node {place}", id = tree.id(), floor = tree.floor(), top = tree.top(), place = tree.place())]
    Outside {
        /// The tree or its part.
        tree: Tree,
        /// Level asked for.
        level: u8,
        /// Index asked for.
        index: u64,
    },
    /// The checkpoint is not committed.
    #[error("checkpoint {actual} is not committed, the newest is {}", .head.map_or("none".into(), |head| head.to_string()))]
    Unknown {
        /// The newest commit.
        head: Option<Head>,
        /// Checkpoint asked for.
        actual: CheckpointId,
    },
}

/// The trees of one space.
#[derive(Clone, Debug)]
pub struct Forest {
    store: Store,
    memory: Arc<HeadMemory>,
}

impl Forest {
    /// The forest of a space. Clones share what they keep in memory; another forest of the same space has its own.
    pub fn new(store: Store) -> Forest {
        Forest { store, memory: Arc::default() }
    }

    /// The space it stands in.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The trees as of a committed checkpoint. Stays readable, and the same, whatever is committed after.
    pub fn at(&self, checkpoint: CheckpointId) -> Result<ForestView, ForestError> {
        let head = self.store.position()?.head;
        if head.is_none_or(|head| checkpoint > head.checkpoint) {
            return Err(ForestError::Unknown { head, actual: checkpoint });
        }
        Ok(ForestView::new(self.store.clone(), Some(checkpoint), self.store.terms()?, Arc::clone(&self.memory)))
    }

    /// The trees as of the head; empty ones before the first commit.
    pub fn at_head(&self) -> Result<ForestView, ForestError> {
        let position = self.store.position()?;
        let checkpoint = position.head.map(|head| head.checkpoint);
        if let Some(checkpoint) = checkpoint {
            self.memory.turn_to((checkpoint, position.head_epoch));
        }
        Ok(ForestView::new(self.store.clone(), checkpoint, self.store.terms()?, Arc::clone(&self.memory)))
    }
}

/// The epoch that committed a checkpoint, of the runs of [`Store::terms`].
fn committed_epoch(terms: &[(CheckpointId, Epoch)], checkpoint: CheckpointId) -> Option<Epoch> {
    let behind = terms.partition_point(|(first, _)| *first <= checkpoint);
    terms[..behind].last().map(|(_, epoch)| *epoch)
}
