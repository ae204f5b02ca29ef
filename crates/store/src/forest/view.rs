//! [`ForestView`]: the forest as of one committed checkpoint.

use parth_crypto::Digest;
use parth_crypto::merkle::Path;
use parth_protocol::ids::CheckpointId;

use super::draft::ForestDraft;
use super::tree::{Tree, TreeId};
use super::{ForestError, committed_epoch};
use crate::error::ReadError;
use crate::space::{Epoch, NODES, Store, hexadecimal};

/// Bytes of a node's place: tree, level, index.
const PLACE: usize = 9 + 1 + 8;
/// Bytes of a node row's key.
const KEY: usize = PLACE + 4 + 8;

/// Where a node stands: tree, level, index.
pub(super) type Place = (TreeId, u8, u64);

/// A row of the forest.
pub(super) struct NodeRow {
    pub(super) place: Place,
    pub(super) checkpoint: CheckpointId,
    pub(super) epoch: Epoch,
    pub(super) digest: Digest,
}

fn place_bytes((id, level, index): Place) -> [u8; PLACE] {
    let mut out = [0; PLACE];
    out[..9].copy_from_slice(&id.to_bytes());
    out[9] = level;
    out[10..].copy_from_slice(&index.to_be_bytes());
    out
}

/// The key of a row. Checkpoints are stored inverted, so that the newest comes first.
pub(super) fn row_key(place: Place, checkpoint: CheckpointId, epoch: Epoch) -> Vec<u8> {
    let mut out = Vec::with_capacity(KEY);
    out.extend_from_slice(&place_bytes(place));
    out.extend_from_slice(&(!checkpoint.get()).to_be_bytes());
    out.extend_from_slice(&epoch.0.to_be_bytes());
    out
}

/// Reads a row back.
pub(super) fn row(key: &[u8], value: &[u8]) -> Result<NodeRow, ReadError> {
    let wrong = |found: &str| ReadError::Row { table: "nodes", key: hexadecimal(key), found: found.into() };
    let parse = || {
        let (id, rest) = key.split_at_checked(9)?;
        let (&level, rest) = rest.split_first()?;
        let (index, rest) = rest.split_first_chunk::<8>()?;
        let (checkpoint, epoch) = rest.split_first_chunk::<4>()?;
        Some((
            (TreeId::from_bytes(id)?, level, u64::from_be_bytes(*index)),
            CheckpointId::new(!u32::from_be_bytes(*checkpoint))?,
            Epoch(u64::from_be_bytes(epoch.try_into().ok()?)),
        ))
    };
    let (place, checkpoint, epoch) = parse().ok_or_else(|| wrong("not the key of a node"))?;
    let value = value.try_into().map_err(|_| wrong("not 32 bytes"))?;
    let digest = Digest::from_bytes(value).map_err(|error| wrong(&error.to_string()))?;
    Ok(NodeRow { place, checkpoint, epoch, digest })
}

/// All rows of a node not newer than `checkpoint`, newest first.
fn rows_of(place: Place, checkpoint: CheckpointId) -> (Vec<u8>, Vec<u8>) {
    let from = row_key(place, checkpoint, Epoch(0));
    let mut to = place_bytes(place).to_vec();
    to.extend_from_slice(&[255; 13]);
    (from, to)
}

/// The trees of a space as of one checkpoint. Cheap to clone; reads go to the store.
#[derive(Clone, Debug)]
pub struct ForestView {
    store: Store,
    /// Nothing before the first commit: every tree is empty.
    checkpoint: Option<CheckpointId>,
    terms: Vec<(CheckpointId, Epoch)>,
}

impl ForestView {
    pub(super) fn new(store: Store, checkpoint: Option<CheckpointId>, terms: Vec<(CheckpointId, Epoch)>) -> ForestView {
        ForestView { store, checkpoint, terms }
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
        let mut at = place_bytes((tree.id(), tree.floor(), from.max(first))).to_vec();
        let mut to = place_bytes((tree.id(), tree.floor(), last)).to_vec();
        to.extend_from_slice(&[255; 13]);
        let mut done: Option<u64> = None;
        // Pages of rows: a leaf has one row a checkpoint that changed it, and only the newest readable one counts.
        const PAGE: usize = 4096;
        loop {
            let rows = self.store.range(NODES, &at, Some(&to), PAGE)?;
            for (key, value) in &rows {
                let row = row(key, value)?;
                if done == Some(row.place.2) || row.checkpoint > checkpoint || !self.is_committed(&row) {
                    continue;
                }
                done = Some(row.place.2);
                if row.digest != tree.empty(tree.floor()) {
                    out.push((row.place.2, row.digest));
                    if out.len() == limit {
                        return Ok(out);
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
        let Some(checkpoint) = self.checkpoint else {
            return Ok(places.iter().map(|(level, _)| tree.empty(*level)).collect());
        };
        let ranges: Vec<_> =
            places.iter().map(|&(level, index)| rows_of((tree.id(), level, index), checkpoint)).collect();
        let firsts = self.store.first_of(NODES, &ranges)?;
        let mut out = Vec::with_capacity(places.len());
        for ((first, range), &(level, _)) in firsts.into_iter().zip(&ranges).zip(places) {
            let found = match first {
                None => None,
                Some((key, value)) => {
                    let row = row(&key, &value)?;
                    if self.is_committed(&row) { Some(row.digest) } else { self.older(&key, &range.1)? }
                }
            };
            out.push(found.unwrap_or_else(|| tree.empty(level)));
        }
        Ok(out)
    }

    /// The newest committed row of a node behind a leftover.
    fn older(&self, leftover: &[u8], to: &[u8]) -> Result<Option<Digest>, ForestError> {
        for (key, value) in self.store.range(NODES, leftover, Some(to), usize::MAX)? {
            let row = row(&key, &value)?;
            if self.is_committed(&row) {
                return Ok(Some(row.digest));
            }
        }
        Ok(None)
    }

    pub(super) fn is_committed(&self, row: &NodeRow) -> bool {
        committed_epoch(&self.terms, row.checkpoint) == Some(row.epoch)
    }
}

/// The places of the siblings from a node up to below its ancestor.
pub(super) fn line(tree: Tree, level: u8, index: u64, top: u8) -> Result<Vec<(u8, u64)>, ForestError> {
    if !tree.has(level, index) || top > tree.top() || top < level {
        return Err(ForestError::Outside { tree, level: top.max(level), index });
    }
    Ok((level..top).map(|at| (at, index >> (at - level) ^ 1)).collect())
}
