//! [`ForestView`]: the forest as of one committed checkpoint.

use std::sync::Arc;

use parth_crypto::Digest;
use parth_crypto::merkle::{Path, empty_roots};
use parth_protocol::ids::CheckpointId;

use super::block::{Block, BlockId, Change, hash_up};
use super::draft::ForestDraft;
use super::memory::HeadMemory;
use super::tree::{Tree, TreeId};
use super::{ForestError, committed_epoch};
use crate::error::ReadError;
use crate::space::{Epoch, NODES, Store, hexadecimal};

/// Bytes of a block's place: tree, level of its bottom, index of its root.
const PLACE: usize = 9 + 1 + 8;
/// Bytes of a row's key.
const KEY: usize = PLACE + 4 + 8;

/// A row of the forest.
pub(super) struct BlockRow {
    pub(super) id: BlockId,
    pub(super) checkpoint: CheckpointId,
    pub(super) epoch: Epoch,
    /// Level of the tree's root.
    pub(super) tree_top: u8,
    /// Bottom nodes that are not empty, by their number in the block.
    pub(super) bottom: Vec<(usize, Digest)>,
}

fn place_bytes(id: BlockId) -> [u8; PLACE] {
    let mut out = [0; PLACE];
    out[..9].copy_from_slice(&id.tree.to_bytes());
    out[9] = id.base;
    out[10..].copy_from_slice(&id.root.to_be_bytes());
    out
}

/// The key of a row. Checkpoints are stored inverted, so that the newest comes first.
pub(super) fn row_key(id: BlockId, checkpoint: CheckpointId, epoch: Epoch) -> Vec<u8> {
    let mut out = Vec::with_capacity(KEY);
    out.extend_from_slice(&place_bytes(id));
    out.extend_from_slice(&(!checkpoint.get()).to_be_bytes());
    out.extend_from_slice(&epoch.0.to_be_bytes());
    out
}

/// Reads a row back.
pub(super) fn row(key: &[u8], value: &[u8]) -> Result<BlockRow, ReadError> {
    let wrong = |found: String| ReadError::Row { table: "nodes", key: hexadecimal(key), found };
    let parse = || {
        let (tree, rest) = key.split_at_checked(9)?;
        let (&base, rest) = rest.split_first()?;
        let (root, rest) = rest.split_first_chunk::<8>()?;
        let (checkpoint, epoch) = rest.split_first_chunk::<4>()?;
        // A tree has at most 63 levels above its leaves.
        let id = (base < 64).then_some(BlockId {
            tree: TreeId::from_bytes(tree)?,
            base,
            root: u64::from_be_bytes(*root),
        })?;
        Some((
            id,
            CheckpointId::new(!u32::from_be_bytes(*checkpoint))?,
            Epoch(u64::from_be_bytes(epoch.try_into().ok()?)),
        ))
    };
    let (id, checkpoint, epoch) = parse().ok_or_else(|| wrong("not the key of a block of nodes".into()))?;
    let (tree_top, bottom) = Block::parse(id, value).map_err(wrong)?;
    Ok(BlockRow { id, checkpoint, epoch, tree_top, bottom })
}

/// All rows of a block not newer than `checkpoint`, newest first.
fn rows_of(id: BlockId, checkpoint: CheckpointId) -> (Vec<u8>, Vec<u8>) {
    let from = row_key(id, checkpoint, Epoch(0));
    let mut to = place_bytes(id).to_vec();
    to.extend_from_slice(&[255; 13]);
    (from, to)
}

/// The trees of a space as of one checkpoint. Cheap to clone; reads go to the store, or to the memory of the forest
/// where that holds this checkpoint.
#[derive(Clone, Debug)]
pub struct ForestView {
    store: Store,
    /// Nothing before the first commit: every tree is empty.
    checkpoint: Option<CheckpointId>,
    terms: Vec<(CheckpointId, Epoch)>,
    memory: Arc<HeadMemory>,
}

impl ForestView {
    pub(super) fn new(
        store: Store,
        checkpoint: Option<CheckpointId>,
        terms: Vec<(CheckpointId, Epoch)>,
        memory: Arc<HeadMemory>,
    ) -> ForestView {
        ForestView { store, checkpoint, terms, memory }
    }

    /// The checkpoint; nothing before the first.
    pub fn checkpoint(&self) -> Option<CheckpointId> {
        self.checkpoint
    }

    /// A draft of what comes after this checkpoint.
    pub fn draft(&self) -> ForestDraft {
        ForestDraft::on(self.clone(), Vec::new())
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

    /// Up to `limit` leaves that are not empty, from an index on, in order.
    pub fn written_leaves(&self, tree: Tree, from: u64, limit: usize) -> Result<Vec<(u64, Digest)>, ForestError> {
        let mut out = Vec::new();
        let Some(checkpoint) = self.checkpoint else { return Ok(out) };
        let width = tree.top() - tree.floor();
        let (first, last) = (tree.place() << width, (tree.place() << width) + ((1u64 << width) - 1));
        if from > last || limit == 0 {
            return Ok(out);
        }
        let from = from.max(first);
        let (first, last) = (BlockId::of(tree, tree.floor(), from).0, BlockId::of(tree, tree.floor(), last).0);
        let mut at = place_bytes(first).to_vec();
        let mut to = place_bytes(last).to_vec();
        to.extend_from_slice(&[255; 13]);
        let mut done: Option<BlockId> = None;
        // Pages of rows: a block has one row a checkpoint that changed it, and only the newest readable one counts.
        const PAGE: usize = 512;
        loop {
            let rows = self.store.range(NODES, &at, Some(&to), PAGE)?;
            for (key, value) in &rows {
                let row = row(key, value)?;
                if done == Some(row.id) || row.checkpoint > checkpoint || !self.is_committed(&row) {
                    continue;
                }
                done = Some(row.id);
                for (number, leaf) in row.bottom {
                    let index = row.id.first() + number as u64;
                    if index >= from && tree.has(tree.floor(), index) {
                        out.push((index, leaf));
                        if out.len() == limit {
                            return Ok(out);
                        }
                    }
                }
            }
            match rows.last() {
                Some((key, _)) if rows.len() == PAGE => at = [key.as_slice(), &[0]].concat(),
                _ => return Ok(out),
            }
        }
    }

    /// Many nodes of one tree, in the order asked for.
    pub(super) fn nodes(&self, tree: Tree, places: &[(u8, u64)]) -> Result<Vec<Digest>, ForestError> {
        if let Some(&(level, index)) = places.iter().find(|(level, index)| !tree.has(*level, *index)) {
            return Err(ForestError::Outside { tree, level, index });
        }
        if self.checkpoint.is_none() {
            return Ok(places.iter().map(|(level, _)| tree.empty(*level)).collect());
        }
        let places: Vec<_> = places.iter().map(|&(level, index)| BlockId::of(tree, level, index)).collect();
        let mut ids: Vec<_> = places.iter().map(|place| place.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let blocks = self.blocks(tree, &ids)?;
        let node = |&(id, place): &(BlockId, usize)| {
            // Every id is among those that were asked for.
            let at = ids.binary_search(&id).unwrap_or_else(|at| at);
            blocks[at].node(place)
        };
        Ok(places.iter().map(node).collect())
    }

    /// Many blocks of one tree, in the order asked for; cheapest when that is their order.
    pub(super) fn blocks(&self, tree: Tree, ids: &[BlockId]) -> Result<Vec<Arc<Block>>, ForestError> {
        let commit = self.checkpoint.and_then(|at| Some((at, committed_epoch(&self.terms, at)?)));
        let mut out = match commit {
            Some(commit) => self.memory.get(commit, ids),
            None => vec![None; ids.len()],
        };
        let missing: Vec<usize> = (0..out.len()).filter(|&at| out[at].is_none()).collect();
        if !missing.is_empty() {
            let read: Vec<_> = missing.iter().map(|&at| ids[at]).collect();
            let read = self.read(tree, &read)?;
            if let Some(commit) = commit {
                self.memory.keep(commit, read.iter().map(|change| (change.id, Arc::clone(&change.block))));
            }
            for (at, change) in missing.into_iter().zip(read) {
                out[at] = Some(change.block);
            }
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// Reads blocks from the store and hashes what stands above their bottoms.
    fn read(&self, tree: Tree, ids: &[BlockId]) -> Result<Vec<Change>, ForestError> {
        let empties = empty_roots(tree.domain());
        let mut nothing: Option<(u8, Arc<Block>)> = None;
        let mut empty = |id: BlockId| match &nothing {
            Some((base, block)) if *base == id.base => Arc::clone(block),
            _ => {
                let block = Arc::new(Block::empty(id, tree.top(), &empties));
                nothing = Some((id.base, Arc::clone(&block)));
                block
            }
        };
        let mut out: Vec<_> = ids.iter().map(|&id| Change::new(id, empty(id))).collect();
        let Some(checkpoint) = self.checkpoint else { return Ok(out) };
        let ranges: Vec<_> = ids.iter().map(|&id| rows_of(id, checkpoint)).collect();
        let firsts = self.store.first_of(NODES, &ranges)?;
        for ((first, range), change) in firsts.into_iter().zip(&ranges).zip(&mut out) {
            let Some((key, value)) = first else { continue };
            let row = row(&key, &value)?;
            let row = if self.is_committed(&row) { Some(row) } else { self.older(&key, &range.1)? };
            if let Some(row) = row {
                change.set(row.bottom);
            }
        }
        hash_up(tree.domain(), &empties, &mut out);
        Ok(out)
    }

    /// The newest committed row of a block behind a leftover.
    fn older(&self, leftover: &[u8], to: &[u8]) -> Result<Option<BlockRow>, ForestError> {
        for (key, value) in self.store.range(NODES, leftover, Some(to), usize::MAX)? {
            let row = row(&key, &value)?;
            if self.is_committed(&row) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    pub(super) fn is_committed(&self, row: &BlockRow) -> bool {
        committed_epoch(&self.terms, row.checkpoint) == Some(row.epoch)
    }

    pub(super) fn memory(&self) -> &Arc<HeadMemory> {
        &self.memory
    }
}

/// The places of the siblings from a node up to below its ancestor.
pub(super) fn line(tree: Tree, level: u8, index: u64, top: u8) -> Result<Vec<(u8, u64)>, ForestError> {
    if !tree.has(level, index) || top > tree.top() || top < level {
        return Err(ForestError::Outside { tree, level: top.max(level), index });
    }
    Ok((level..top).map(|at| (at, index >> (at - level) ^ 1)).collect())
}
