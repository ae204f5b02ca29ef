//! [`ForestView`]: the forest as of one committed checkpoint.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parth_crypto::Digest;
use parth_crypto::merkle::{Path, empty_roots};
use parth_protocol::ids::CheckpointId;

use super::block::{BlockId, Change, Kept, NOTHING, Row, bases, hash_up};
use super::draft::ForestDraft;
use super::memory::{Commit, HeadMemory};
use super::tree::{Tree, TreeId};
use super::{ForestError, committed_epoch};
use crate::error::ReadError;
use crate::space::{Epoch, NODES, Store, TREES, hexadecimal};

/// Bytes of a block's place: tree, level of its bottom, index of its root.
const PLACE: usize = 9 + 1 + 8;
/// Bytes of a row's key.
const KEY: usize = PLACE + 4 + 8;

/// A row of a tree's top block.
pub(super) struct TopRow {
    pub(super) id: BlockId,
    pub(super) checkpoint: CheckpointId,
    pub(super) epoch: Epoch,
    pub(super) row: Row,
}

fn place_bytes(id: BlockId) -> [u8; PLACE] {
    let mut out = [0; PLACE];
    out[..9].copy_from_slice(&id.tree.to_bytes());
    out[9] = id.base;
    out[10..].copy_from_slice(&id.root.to_be_bytes());
    out
}

fn place(bytes: &[u8]) -> Option<BlockId> {
    let (tree, rest) = bytes.split_at_checked(9)?;
    let (&base, root) = rest.split_first()?;
    // A tree has at most 63 levels above its leaves.
    let root = u64::from_be_bytes(root.try_into().ok()?);
    (base < 64).then_some(BlockId { tree: TreeId::from_bytes(tree)?, base, root })
}

/// The key of a top block's row. Checkpoints are stored inverted, so that the newest comes first.
pub(super) fn top_key(id: BlockId, checkpoint: CheckpointId, epoch: Epoch) -> Vec<u8> {
    let mut out = Vec::with_capacity(KEY);
    out.extend_from_slice(&place_bytes(id));
    out.extend_from_slice(&(!checkpoint.get()).to_be_bytes());
    out.extend_from_slice(&epoch.0.to_be_bytes());
    out
}

/// The key of any other block's row. Rows of one commit stand together, so that storing it touches few pages.
pub(super) fn key(id: BlockId, checkpoint: CheckpointId, epoch: Epoch) -> Vec<u8> {
    let mut out = Vec::with_capacity(KEY);
    out.extend_from_slice(&checkpoint.get().to_be_bytes());
    out.extend_from_slice(&epoch.0.to_be_bytes());
    out.extend_from_slice(&place_bytes(id));
    out
}

fn wrong(table: &'static str, key: &[u8], found: String) -> ReadError {
    ReadError::Row { table, key: hexadecimal(key), found }
}

/// Reads a top block's row back.
pub(super) fn top_row(key: &[u8], value: &[u8]) -> Result<TopRow, ReadError> {
    let parse = || {
        let (id, rest) = key.split_at_checked(PLACE)?;
        let (checkpoint, epoch) = rest.split_first_chunk::<4>()?;
        let checkpoint = CheckpointId::new(!u32::from_be_bytes(*checkpoint))?;
        Some((place(id)?, checkpoint, Epoch(u64::from_be_bytes(epoch.try_into().ok()?))))
    };
    let (id, checkpoint, epoch) =
        parse().ok_or_else(|| wrong("trees", key, "not the key of a tree's top block".into()))?;
    let row = Row::parse(id, value).map_err(|found| wrong("trees", key, found))?;
    Ok(TopRow { id, checkpoint, epoch, row })
}

/// Reads another block's row back.
pub(super) fn row(key: &[u8], value: &[u8]) -> Result<(BlockId, Row), ReadError> {
    let parse = || {
        let (checkpoint, rest) = key.split_first_chunk::<4>()?;
        CheckpointId::new(u32::from_be_bytes(*checkpoint))?;
        place(rest.split_first_chunk::<8>()?.1)
    };
    let id = parse().ok_or_else(|| wrong("nodes", key, "not the key of a block of nodes".into()))?;
    Ok((id, Row::parse(id, value).map_err(|found| wrong("nodes", key, found))?))
}

/// All rows of a top block not newer than `checkpoint`, newest first.
fn rows_of(id: BlockId, checkpoint: CheckpointId) -> (Vec<u8>, Vec<u8>) {
    let from = top_key(id, checkpoint, Epoch(0));
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
        let (id, _) = BlockId::of(tree, tree.top(), tree.place());
        if limit > 0
            && let Some(row) = self.top(tree, id)?
        {
            self.gather(tree, (id, &row), from, limit, &mut out)?;
        }
        Ok(out)
    }

    /// Adds the leaves below a block that are not empty, up to `limit` of them.
    fn gather(
        &self,
        tree: Tree,
        (id, row): (BlockId, &Row),
        from: u64,
        limit: usize,
        out: &mut Vec<(u64, Digest)>,
    ) -> Result<(), ForestError> {
        let index = |number: usize| id.first() + number as u64;
        if id.base <= tree.floor() {
            let leaves = row.bottom.iter().map(|&(number, leaf)| (index(number), leaf));
            let leaves = leaves.filter(|(index, _)| *index >= from && tree.has(tree.floor(), *index));
            out.extend(leaves.take(limit - out.len()));
            return Ok(());
        }
        // Below a node of this level are the leaves from `node << levels` on.
        let levels = id.base - tree.floor();
        let wanted = row
            .bottom
            .iter()
            .map(|(number, _)| *number)
            .filter(|&number| tree.has(id.base, index(number)) && index(number) >= from >> levels);
        let wanted: Vec<_> = wanted.map(|number| (id.below(number, tree.floor()), row.below[number])).collect();
        for ((id, _), row) in wanted.iter().zip(self.rows(&wanted)?) {
            if out.len() < limit
                && let Some(row) = row
            {
                self.gather(tree, (*id, &row), from, limit, out)?;
            }
        }
        Ok(())
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
            blocks[at].block.node(place)
        };
        Ok(places.iter().map(node).collect())
    }

    /// Many blocks of one tree, in the order asked for; cheapest when that is their order.
    pub(super) fn blocks(&self, tree: Tree, ids: &[BlockId]) -> Result<Vec<Kept>, ForestError> {
        let held = |ids: &[BlockId]| match self.commit() {
            Some(commit) => self.memory.get(commit, ids),
            None => vec![None; ids.len()],
        };
        let mut out = held(ids);
        // What is to be read, by level; then from below, the blocks above that say where those rows are.
        let mut missing: BTreeMap<u8, BTreeSet<BlockId>> = BTreeMap::new();
        for (id, _) in ids.iter().zip(&out).filter(|(_, block)| block.is_none()) {
            missing.entry(id.base).or_default().insert(*id);
        }
        if missing.is_empty() {
            return Ok(out.into_iter().flatten().collect());
        }
        let mut found: HashMap<BlockId, Kept> = HashMap::new();
        let bases: Vec<u8> = bases(tree).collect();
        for base in &bases {
            let Some(below) = missing.get(base) else { continue };
            let mut above: Vec<_> = below.iter().filter_map(|id| Some(id.above(tree)?.0)).collect();
            above.dedup();
            for (id, block) in above.iter().zip(held(&above)) {
                match block {
                    Some(block) => drop(found.insert(*id, block)),
                    None => drop(missing.entry(id.base).or_default().insert(*id)),
                }
            }
        }
        for base in bases.iter().rev() {
            let Some(ids) = missing.remove(base) else { continue };
            let read = self.read(tree, ids.into_iter().collect(), &found)?;
            if let Some(commit) = self.commit() {
                self.memory.keep(commit, read.iter().map(|change| (change.id, change.kept.clone())));
            }
            found.extend(read.into_iter().map(|change| (change.id, change.kept)));
        }
        for (id, block) in ids.iter().zip(&mut out) {
            if block.is_none() {
                *block = found.get(id).cloned();
            }
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// Reads blocks of one level from the store, whose blocks above are given, and hashes what stands above their
    /// bottoms.
    fn read(&self, tree: Tree, ids: Vec<BlockId>, above: &HashMap<BlockId, Kept>) -> Result<Vec<Change>, ForestError> {
        let empties = empty_roots(tree.domain());
        let mut wanted = Vec::with_capacity(ids.len());
        let mut tops = Vec::new();
        for &id in &ids {
            match id.above(tree) {
                Some((parent, number)) => {
                    wanted.push((id, above.get(&parent).map_or(NOTHING, |parent| parent.below[number])));
                }
                None => tops.push(self.top(tree, id)?),
            }
        }
        // One level has either top blocks or others.
        let rows = tops.into_iter().chain(self.rows(&wanted)?);
        let changes = ids.iter().zip(rows).map(|(&id, row)| Change::read(id, row, tree, &empties));
        let mut changes: Vec<_> = changes.collect();
        hash_up(tree.domain(), &empties, &mut changes);
        Ok(changes)
    }

    /// The rows of blocks that are not top blocks, by the checkpoints that wrote them.
    pub(super) fn rows(&self, wanted: &[(BlockId, u32)]) -> Result<Vec<Option<Row>>, ForestError> {
        let key = |&(id, checkpoint): &(BlockId, u32)| {
            let checkpoint = CheckpointId::new(checkpoint).filter(|_| checkpoint != NOTHING)?;
            Some(key(id, checkpoint, committed_epoch(&self.terms, checkpoint)?))
        };
        let keys: Vec<Option<Vec<u8>>> = wanted.iter().map(key).collect();
        let mut order: Vec<usize> = (0..keys.len()).filter(|&at| keys[at].is_some()).collect();
        order.sort_unstable_by(|&left, &right| keys[left].cmp(&keys[right]));
        let sorted: Vec<Vec<u8>> = order.iter().filter_map(|&at| keys[at].clone()).collect();
        let mut out: Vec<Option<Row>> = (0..wanted.len()).map(|_| None).collect();
        for ((at, key), value) in order.into_iter().zip(&sorted).zip(self.store.get_many(NODES, &sorted)?) {
            out[at] = value.map(|value| Ok::<_, ReadError>(row(key, &value)?.1)).transpose()?;
        }
        Ok(out)
    }

    /// The newest committed row of a top block; nothing when the tree was never written.
    fn top(&self, tree: Tree, id: BlockId) -> Result<Option<Row>, ForestError> {
        let Some(checkpoint) = self.checkpoint else { return Ok(None) };
        let (from, to) = rows_of(id, checkpoint);
        let Some((key, value)) = self.store.first_of(TREES, &[(from, to.clone())])?.pop().flatten() else {
            return Ok(None);
        };
        let first = top_row(&key, &value)?;
        let found = if self.is_committed(&first) { Some(first) } else { self.older(&key, &to)? };
        match found {
            Some(found) if found.row.tree_top != tree.top() => {
                let found = format!("a part of the tree up to level {}, asked for {}", found.row.tree_top, tree.top());
                Err(wrong("trees", &key, found).into())
            }
            found => Ok(found.map(|found| found.row)),
        }
    }

    /// The newest committed row of a top block behind a leftover.
    fn older(&self, leftover: &[u8], to: &[u8]) -> Result<Option<TopRow>, ForestError> {
        for (key, value) in self.store.range(TREES, leftover, Some(to), usize::MAX)? {
            let row = top_row(&key, &value)?;
            if self.is_committed(&row) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn commit(&self) -> Option<Commit> {
        self.checkpoint.and_then(|at| Some((at, committed_epoch(&self.terms, at)?)))
    }

    pub(super) fn is_committed(&self, row: &TopRow) -> bool {
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
