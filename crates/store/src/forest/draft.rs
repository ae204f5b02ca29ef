//! [`ForestDraft`]: what the trees will be after the next checkpoint, before anything is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::Digest;
use parth_crypto::hash::nodes;
use parth_crypto::merkle::Path;
use parth_protocol::ids::CheckpointId;

use super::ForestError;
use super::tree::{Tree, TreeId};
use super::view::{ForestView, Place, line, row_key};
use crate::space::{Batch, Epoch, NODES};

/// Nodes that a draft has changed.
type Layer = BTreeMap<Place, Digest>;

/// A fork of the forest: a committed view, the drafts that are sealed and not yet committed, and changes of its own.
/// Dropping it forgets them.
#[derive(Clone, Debug)]
pub struct ForestDraft {
    view: ForestView,
    /// Oldest first.
    below: Vec<Arc<Layer>>,
    own: Layer,
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
        ForestDraft { view, below, own: Layer::new() }
    }

    /// Sets leaves and brings every node above them up to date, up to the root of the tree or part, which it returns.
    /// Each touched node is hashed once, a level at a time.
    pub fn set_leaves(&mut self, tree: Tree, leaves: &BTreeMap<u64, Digest>) -> Result<Digest, ForestError> {
        if let Some(&index) = leaves.keys().find(|&&index| !tree.has(tree.floor(), index)) {
            return Err(ForestError::Outside { tree, level: tree.floor(), index });
        }
        let siblings = self.lone_siblings(tree, leaves)?;
        let mut changed: Vec<(u64, Digest)> = leaves.iter().map(|(&index, &leaf)| (index, leaf)).collect();
        let mut fresh = Vec::new();
        for level in tree.floor()..=tree.top() {
            fresh.extend(changed.iter().map(|&(index, digest)| ((tree.id(), level, index), digest)));
            if level == tree.top() {
                break;
            }
            let (mut parents, mut pairs) = (Vec::with_capacity(changed.len()), Vec::with_capacity(changed.len()));
            let mut at = changed.iter().peekable();
            while let Some(&(index, digest)) = at.next() {
                let pair = match at.next_if(|(next, _)| *next == index ^ 1) {
                    Some(&(_, right)) => (digest, right),
                    None => {
                        // Read ahead by `lone_siblings`, which walks the same indices.
                        let sibling = siblings.get(&(level, index ^ 1)).copied().unwrap_or_else(|| tree.empty(level));
                        if index & 1 == 0 { (digest, sibling) } else { (sibling, digest) }
                    }
                };
                parents.push(index >> 1);
                pairs.push(pair);
            }
            changed = parents.into_iter().zip(nodes(tree.domain(), &pairs)).collect();
        }
        self.own.extend(fresh);
        self.root(tree)
    }

    /// Sets one leaf; see [`ForestDraft::set_leaves`].
    pub fn set_leaf(&mut self, tree: Tree, index: u64, leaf: Digest) -> Result<Digest, ForestError> {
        self.set_leaves(tree, &BTreeMap::from([(index, leaf)]))
    }

    /// Freezes the draft.
    pub fn seal(self) -> Sealed {
        let mut layers = self.below;
        layers.push(Arc::new(self.own));
        Sealed { view: self.view, layers }
    }

    /// How many nodes it has changed: the rows that its commit will write.
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
        let mut out: Vec<_> = places.iter().map(|&(level, index)| self.drafted((tree.id(), level, index))).collect();
        let missing: Vec<usize> = (0..out.len()).filter(|&at| out[at].is_none()).collect();
        let asked: Vec<_> = missing.iter().map(|&at| places[at]).collect();
        for (at, digest) in missing.into_iter().zip(self.view.nodes(tree, &asked)?) {
            out[at] = Some(digest);
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// A node that this draft or one below has changed.
    fn drafted(&self, place: Place) -> Option<Digest> {
        let below = || self.below.iter().rev().find_map(|layer| layer.get(&place));
        self.own.get(&place).or_else(below).copied()
    }

    /// The siblings that a change of these leaves hashes and does not change itself, all read at once.
    fn lone_siblings(
        &self,
        tree: Tree,
        leaves: &BTreeMap<u64, Digest>,
    ) -> Result<BTreeMap<(u8, u64), Digest>, ForestError> {
        let mut places = Vec::new();
        let mut indices: Vec<u64> = leaves.keys().copied().collect();
        for level in tree.floor()..tree.top() {
            for (at, &index) in indices.iter().enumerate() {
                let twin = if index & 1 == 0 { indices.get(at + 1) } else { at.checked_sub(1).map(|at| &indices[at]) };
                if twin != Some(&(index ^ 1)) {
                    places.push((level, index ^ 1));
                }
            }
            indices = indices.into_iter().map(|index| index >> 1).collect();
            indices.dedup();
        }
        let digests = self.nodes(tree, &places)?;
        Ok(places.into_iter().zip(digests).collect())
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

    /// Adds the rows of this draft, and of no other, to the batch that commits `checkpoint` under `epoch`.
    pub fn write_into(&self, batch: &mut Batch, checkpoint: CheckpointId, epoch: Epoch) {
        let Some(own) = self.layers.last() else { return };
        for (&place, digest) in own.iter() {
            batch.put(NODES, &row_key(place, checkpoint, epoch), digest.to_bytes().to_vec());
        }
    }

    /// The leaves that this draft changed in a tree: index and new leaf, in order.
    pub fn changed_leaves(&self, tree: Tree) -> Vec<(u64, Digest)> {
        let first: Place = (tree.id(), tree.floor(), 0);
        let last: Place = (tree.id(), tree.floor(), u64::MAX);
        let Some(own) = self.layers.last() else { return Vec::new() };
        let leaves = own.range(first..=last).filter(|((_, level, index), _)| tree.has(*level, *index));
        leaves.map(|((_, _, index), leaf)| (*index, *leaf)).collect()
    }

    /// The trees that this draft changed.
    pub fn changed_trees(&self) -> Vec<TreeId> {
        let mut out: Vec<TreeId> =
            self.layers.last().into_iter().flat_map(|own| own.keys().map(|place| place.0)).collect();
        out.dedup();
        out
    }
}
