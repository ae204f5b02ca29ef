//! [`ForestDraft`]: what the trees will be after the next checkpoint, before anything is written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parth_crypto::Digest;
use parth_crypto::merkle::{Path, empty_roots};
use parth_protocol::ids::CheckpointId;
use rayon::prelude::*;

use super::ForestError;
use super::block::{AT_ONCE, BlockId, Change, Empties, Kept, NOTHING, bases, hash_up};
use super::memory::{Advance, Entry, Layer, below};
use super::tree::{Tree, TreeId};
use super::view::{ForestView, key, line, top_key};
use crate::space::{Batch, Epoch, NODES, TREES};

/// A fork of the forest: a committed view, the drafts that are sealed and not yet committed, and changes of its own.
/// Dropping it forgets them.
#[derive(Clone, Debug)]
pub struct ForestDraft {
    view: ForestView,
    /// Oldest first.
    below: Vec<Arc<Layer>>,
    own: BTreeMap<BlockId, Entry>,
}

/// A draft that changes no more: to be committed, and to gather the next checkpoint on meanwhile. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sealed {
    view: ForestView,
    /// Oldest first; the last is the draft's own.
    layers: Vec<Arc<Layer>>,
}

impl ForestDraft {
    pub(super) fn on(view: ForestView, below: Vec<Arc<Layer>>) -> ForestDraft {
        ForestDraft { view, below, own: BTreeMap::new() }
    }

    /// Sets leaves and brings every node above them up to date, up to the root of the tree or part, which it returns.
    /// Each touched node is hashed once, many side by side; large batches use every core.
    pub fn set_leaves(&mut self, tree: Tree, leaves: &BTreeMap<u64, Digest>) -> Result<Digest, ForestError> {
        if let Some(&index) = leaves.keys().find(|&&index| !tree.has(tree.floor(), index)) {
            return Err(ForestError::Outside { tree, level: tree.floor(), index });
        }
        let empties = empty_roots(tree.domain());
        let mut changed: Vec<(u64, Digest)> = leaves.iter().map(|(&index, &leaf)| (index, leaf)).collect();
        let block_of = |base, index| BlockId::of(tree, base, index).0;
        let mut fresh = Vec::new();
        for base in bases(tree) {
            if changed.is_empty() {
                break;
            }
            let runs: Vec<&[(u64, Digest)]> =
                changed.chunk_by(|left, right| block_of(base, left.0) == block_of(base, right.0)).collect();
            let ids: Vec<BlockId> = runs.iter().map(|run| block_of(base, run[0].0)).collect();
            let blocks = self.blocks(tree, &ids)?;
            let mut changes: Vec<Change> =
                ids.into_iter().zip(blocks).map(|(id, kept)| Change::new(id, kept)).collect();
            let fill = |(change, run): (&mut Change, &&[(u64, Digest)])| {
                let first = change.id.first();
                change.set(run.iter().map(|&(index, node)| ((index - first) as usize, node)));
            };
            // Each change copies the block that it alters.
            changes.par_iter_mut().zip(&runs).with_min_len(AT_ONCE).for_each(fill);
            hash_up(tree.domain(), &empties, &mut changes);
            changed = changes.iter().map(|change| (change.id.root, change.root())).collect();
            fresh.extend(changes);
        }
        for change in fresh {
            let (set, below) = self.own.get(&change.id).map_or((0, 0), |entry| (entry.set, entry.below));
            let mask = change.bottom_mask();
            let below = if change.id.base > tree.floor() { below | mask } else { below };
            self.own.insert(change.id, Entry { kept: change.kept, set: set | mask, below });
        }
        self.root(tree)
    }

    /// Sets one leaf; see [`ForestDraft::set_leaves`].
    pub fn set_leaf(&mut self, tree: Tree, index: u64, leaf: Digest) -> Result<Digest, ForestError> {
        self.set_leaves(tree, &BTreeMap::from([(index, leaf)]))
    }

    /// Freezes the draft.
    pub fn seal(self) -> Sealed {
        let mut layers = self.below;
        layers.push(Arc::new(Layer { entries: self.own, checkpoint: AtomicU32::new(NOTHING) }));
        Sealed { view: self.view, layers }
    }

    /// How many blocks of nodes it has changed: the rows that its commit will write.
    pub fn changed(&self) -> usize {
        self.own.len()
    }

    /// The root of a tree, or of a part of it.
    pub fn root(&self, tree: Tree) -> Result<Digest, ForestError> {
        self.node(tree, tree.top(), tree.place())
    }

    /// A leaf; the empty one where nothing was written.
    pub fn leaf(&self, tree: Tree, index: u64) -> Result<Digest, ForestError> {
        self.node(tree, tree.floor(), index)
    }

    /// Many leaves, in the order asked for.
    pub fn leaves(&self, tree: Tree, indices: &[u64]) -> Result<Vec<Digest>, ForestError> {
        let places: Vec<_> = indices.iter().map(|&index| (tree.floor(), index)).collect();
        self.nodes(tree, &places)
    }

    /// A node.
    pub fn node(&self, tree: Tree, level: u8, index: u64) -> Result<Digest, ForestError> {
        Ok(self.nodes(tree, &[(level, index)])?[0])
    }

    /// Position and siblings of a leaf up to the root of the tree or part.
    pub fn path(&self, tree: Tree, index: u64) -> Result<Path, ForestError> {
        Ok(Path { index, siblings: self.line(tree, tree.floor(), index, tree.top())? })
    }

    /// The siblings from a node at `level` up to below its ancestor at level `top`.
    pub fn line(&self, tree: Tree, level: u8, index: u64, top: u8) -> Result<Vec<Digest>, ForestError> {
        self.nodes(tree, &line(tree, level, index, top)?)
    }

    fn nodes(&self, tree: Tree, places: &[(u8, u64)]) -> Result<Vec<Digest>, ForestError> {
        let drafted = |&(level, index): &(u8, u64)| {
            if !tree.has(level, index) {
                return None; // the view refuses it
            }
            let (id, place) = BlockId::of(tree, level, index);
            self.drafted(id).map(|kept| kept.block.node(place))
        };
        let mut out: Vec<_> = places.iter().map(drafted).collect();
        let missing: Vec<usize> = (0..out.len()).filter(|&at| out[at].is_none()).collect();
        let asked: Vec<_> = missing.iter().map(|&at| places[at]).collect();
        for (at, digest) in missing.into_iter().zip(self.view.nodes(tree, &asked)?) {
            out[at] = Some(digest);
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// Many blocks of one tree, in the order asked for.
    fn blocks(&self, tree: Tree, ids: &[BlockId]) -> Result<Vec<Kept>, ForestError> {
        let mut out: Vec<_> = ids.iter().map(|&id| self.drafted(id).cloned()).collect();
        let missing: Vec<usize> = (0..out.len()).filter(|&at| out[at].is_none()).collect();
        let asked: Vec<_> = missing.iter().map(|&at| ids[at]).collect();
        for (at, block) in missing.into_iter().zip(self.view.blocks(tree, &asked)?) {
            out[at] = Some(block);
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// A block that this draft or one below has changed.
    fn drafted(&self, id: BlockId) -> Option<&Kept> {
        let below = || self.below.iter().rev().find_map(|layer| layer.entries.get(&id));
        self.own.get(&id).or_else(below).map(|entry| &entry.kept)
    }
}

impl Sealed {
    /// A draft of what comes after this one. Stays right when this one is committed meanwhile.
    pub fn draft(&self) -> ForestDraft {
        ForestDraft::on(self.view.clone(), self.layers.clone())
    }

    /// The root of a tree, or of a part of it.
    pub fn root(&self, tree: Tree) -> Result<Digest, ForestError> {
        self.draft().root(tree)
    }

    /// Adds the rows of this draft, and of no other, to the batch that commits `checkpoint` under `epoch`: the drafts
    /// that this one stands on are to be written before. What the draft changed stays in memory once that batch is
    /// committed.
    pub fn write_into(&self, batch: &mut Batch, checkpoint: CheckpointId, epoch: Epoch) {
        let Some(own) = self.layers.last() else { return };
        own.checkpoint.store(checkpoint.get(), Ordering::Release);
        let mut empties: Option<(TreeId, Arc<Empties>)> = None;
        let mut blocks = Vec::with_capacity(own.entries.len());
        for (&id, entry) in &own.entries {
            let empty = match &empties {
                Some((tree, empties)) if *tree == id.tree => empties[usize::from(id.base)],
                _ => empties.insert((id.tree, empty_roots(id.tree.domain()))).1[usize::from(id.base)],
            };
            let block = &entry.kept.block;
            let below = below(&self.layers, id).unwrap_or(entry.kept.below);
            let value = block.to_bytes(id, &below, empty);
            if block.is_top(id) {
                batch.put(TREES, &top_key(id, checkpoint, epoch), value);
            } else {
                batch.put(NODES, &key(id, checkpoint, epoch), value);
            }
            blocks.push((id, Kept { block: Arc::clone(block), below }));
        }
        let memory = Arc::clone(self.view.memory());
        batch.when_committed(Advance { memory, checkpoint, blocks: blocks.into() });
    }

    /// The leaves that this draft changed in a tree: index and new leaf, in order.
    pub fn changed_leaves(&self, tree: Tree) -> Vec<(u64, Digest)> {
        let first = BlockId { tree: tree.id(), base: tree.floor(), root: 0 };
        let last = BlockId { root: u64::MAX, ..first };
        let Some(own) = self.layers.last() else { return Vec::new() };
        let leaves = own.entries.range(first..=last).flat_map(|(id, entry)| {
            let numbers = (0..id.width()).filter(|at| entry.set >> at & 1 == 1);
            numbers.map(|at| (id.first() + at as u64, entry.kept.block.bottom(*id)[at]))
        });
        leaves.filter(|(index, _)| tree.has(tree.floor(), *index)).collect()
    }

    /// The trees that this draft changed.
    pub fn changed_trees(&self) -> Vec<TreeId> {
        let mut out: Vec<TreeId> =
            self.layers.last().into_iter().flat_map(|own| own.entries.keys().map(|id| id.tree)).collect();
        out.dedup();
        out
    }
}
