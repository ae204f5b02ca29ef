//! [`HeadMemory`]: blocks of the newest commit, kept in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use parth_protocol::ids::CheckpointId;

use super::block::{Below, BlockId, Kept};
use crate::space::Epoch;

/// A commit: its checkpoint and the epoch that committed it. No two commits share both.
pub(crate) type Commit = (CheckpointId, Epoch);

/// Blocks of one generation. Two generations are kept, so a forest holds at most twice as many blocks, of about 1.2 KiB
/// each: 200 MB. The users of a full realm, 2^20, are 69,905 blocks.
const GENERATION: usize = 80_000;

/// A block that a draft has changed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The block as changed, and who wrote the blocks below it before this draft and the drafts under it.
    pub(super) kept: Kept,
    /// A bit for each bottom node that was set.
    pub(super) set: u16,
    /// A bit for each bottom node whose block below has changed too.
    pub(super) below: u16,
}

/// What a draft has changed.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) entries: BTreeMap<BlockId, Entry>,
    /// The checkpoint that it was written for last, or [`NOTHING`](super::block::NOTHING).
    pub(super) checkpoint: AtomicU32,
}

/// Who wrote the blocks below a block of the last layer, once all layers are written.
pub(super) fn below(layers: &[Arc<Layer>], id: BlockId) -> Option<Below> {
    let mut out = layers.last()?.entries.get(&id)?.kept.below;
    for (layer, entry) in layers.iter().filter_map(|layer| Some((layer, layer.entries.get(&id)?))) {
        let checkpoint = layer.checkpoint.load(Ordering::Acquire);
        for (at, below) in out.iter_mut().enumerate() {
            if entry.below >> at & 1 == 1 {
                *below = checkpoint;
            }
        }
    }
    Some(out)
}

/// The blocks of the newest commit that were read or written last. Only that commit's: whoever reads another one gets
/// nothing here and asks the store, so a forgotten or foreign commit costs time and never gives a wrong node.
#[derive(Debug, Default)]
pub(crate) struct HeadMemory(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    commit: Option<Commit>,
    young: HashMap<BlockId, Kept>,
    old: HashMap<BlockId, Kept>,
}

impl Generations {
    fn insert(&mut self, id: BlockId, block: Kept) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, block);
    }

    fn get(&mut self, id: BlockId) -> Option<Kept> {
        if let Some(block) = self.young.get(&id) {
            return Some(block.clone());
        }
        let block = self.old.remove(&id)?;
        self.insert(id, block.clone());
        Some(block)
    }
}

impl HeadMemory {
    /// Notes that a commit is the head; forgets the blocks of an older one.
    pub(super) fn turn_to(&self, head: Commit) {
        let mut held = self.0.lock();
        // A reader that looked at the head before the last commit does not turn the memory back.
        if held.commit.is_none_or(|commit| commit.0 < head.0) {
            *held = Generations { commit: Some(head), ..Generations::default() };
        }
    }

    /// The blocks that are held of a commit.
    pub(super) fn get(&self, commit: Commit, ids: &[BlockId]) -> Vec<Option<Kept>> {
        let mut held = self.0.lock();
        if held.commit != Some(commit) {
            return vec![None; ids.len()];
        }
        ids.iter().map(|&id| held.get(id)).collect()
    }

    /// Holds blocks that were read from the store as of a commit.
    pub(super) fn keep(&self, commit: Commit, blocks: impl Iterator<Item = (BlockId, Kept)>) {
        let mut held = self.0.lock();
        if held.commit == Some(commit) {
            for (id, block) in blocks {
                held.insert(id, block);
            }
        }
    }

    /// Goes from one commit to the next with what the next has changed.
    fn advance(&self, from: Option<Commit>, to: Commit, blocks: &[(BlockId, Kept)]) {
        let mut held = self.0.lock();
        // It has turned already when a reader was faster, or when the commit had several drafts.
        if held.commit == from || held.commit == Some(to) {
            held.commit = Some(to);
            for (id, block) in blocks {
                // One generation only: an older block must not come back.
                held.old.remove(id);
                held.insert(*id, block.clone());
            }
        }
    }
}

/// What a batch that commits a draft tells the memory once it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Advance {
    pub(super) memory: Arc<HeadMemory>,
    pub(super) checkpoint: CheckpointId,
    pub(super) blocks: Arc<[(BlockId, Kept)]>,
}

impl Advance {
    /// To be called after the commit `to`, which followed the commit `from`, was stored.
    pub(crate) fn committed(&self, from: Option<Commit>, to: Commit) {
        if self.checkpoint == to.0 {
            self.memory.advance(from, to, &self.blocks);
        }
    }
}
