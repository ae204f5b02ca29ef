//! [`HeadMemory`]: blocks of the newest commit, kept in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use parth_protocol::ids::CheckpointId;

use super::block::{Block, BlockId};
use crate::space::Epoch;

/// A commit: its checkpoint and the epoch that committed it. No two commits share both.
pub(crate) type Commit = (CheckpointId, Epoch);

/// Blocks of one generation. Two generations are kept, so a forest holds at most twice as many blocks, of about 1.1 KiB
/// each: 180 MB. The users of a full realm, 2^20, are 69,905 blocks.
const GENERATION: usize = 80_000;

/// A block that a draft has changed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) block: Arc<Block>,
    /// A bit for each bottom node that was set.
    pub(super) set: u16,
}

/// What a draft has changed.
pub(super) type Layer = BTreeMap<BlockId, Entry>;

/// The blocks of the newest commit that were read or written last. Only that commit's: whoever reads another one gets
/// nothing here and asks the store, so a forgotten or foreign commit costs time and never gives a wrong node.
#[derive(Debug, Default)]
pub(crate) struct HeadMemory(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    commit: Option<Commit>,
    young: HashMap<BlockId, Arc<Block>>,
    old: HashMap<BlockId, Arc<Block>>,
}

impl Held {
    fn insert(&mut self, id: BlockId, block: Arc<Block>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, block);
    }

    fn get(&mut self, id: BlockId) -> Option<Arc<Block>> {
        if let Some(block) = self.young.get(&id) {
            return Some(Arc::clone(block));
        }
        let block = self.old.remove(&id)?;
        self.insert(id, Arc::clone(&block));
        Some(block)
    }
}

impl HeadMemory {
    /// Notes that a commit is the head; forgets the blocks of an older one.
    pub(super) fn turn_to(&self, head: Commit) {
        let mut held = self.0.lock();
        // A reader that looked at the head before the last commit does not turn the memory back.
        if held.commit.is_none_or(|commit| commit.0 < head.0) {
            *held = Held { commit: Some(head), ..Held::default() };
        }
    }

    /// The blocks that are held of a commit.
    pub(super) fn get(&self, commit: Commit, ids: &[BlockId]) -> Vec<Option<Arc<Block>>> {
        let mut held = self.0.lock();
        if held.commit != Some(commit) {
            return vec![None; ids.len()];
        }
        ids.iter().map(|&id| held.get(id)).collect()
    }

    /// Holds blocks that were read from the store as of a commit.
    pub(super) fn keep(&self, commit: Commit, blocks: impl Iterator<Item = (BlockId, Arc<Block>)>) {
        let mut held = self.0.lock();
        if held.commit == Some(commit) {
            for (id, block) in blocks {
                held.insert(id, block);
            }
        }
    }

    /// Goes from one commit to the next with what the next has changed.
    fn advance(&self, from: Option<Commit>, to: Commit, layer: &Layer) {
        let mut held = self.0.lock();
        // It has turned already when a reader was faster, or when the commit had several drafts.
        if held.commit == from || held.commit == Some(to) {
            held.commit = Some(to);
            for (&id, entry) in layer {
                // One generation only: an older block must not come back.
                held.old.remove(&id);
                held.insert(id, Arc::clone(&entry.block));
            }
        }
    }
}

/// What a batch that commits a draft tells the memory once it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Advance {
    pub(super) memory: Arc<HeadMemory>,
    pub(super) checkpoint: CheckpointId,
    pub(super) layer: Arc<Layer>,
}

impl Advance {
    /// To be called after the commit `to`, which followed the commit `from`, was stored.
    pub(crate) fn committed(&self, from: Option<Commit>, to: Commit) {
        if self.checkpoint == to.0 {
            self.memory.advance(from, to, &self.layer);
        }
    }
}
