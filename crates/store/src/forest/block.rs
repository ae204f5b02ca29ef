//! [`Block`]: sixteen neighbouring nodes of a tree and what stands above them, four levels high. Trees are stored, read
//! and kept in memory by blocks.
//!
//! ```text
//!   level 8  ....................1....................     place 1: the block's root, a bottom node of the block above
//!   level 7  ..........2......................3.......
//!   level 6       4         5            6         7
//!   level 5     8   9    10   11      12   13   14   15
//!   level 4    16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31     the bottom: what a row holds
//! ```
//!
//! Blocks stand on levels that are multiples of four. Where a part of a tree begins on another level, its lowest blocks
//! are flatter: they have the same root and begin on that level. So a space reads a tree by one part of it only.
//!
//! A row also says, for each bottom node that has a block below, which checkpoint wrote that block's row last. So a
//! reader comes from the top block of a tree to any other by exact keys, and rows of one checkpoint stand together.

use std::sync::Arc;

use parth_crypto::hash::nodes;
use parth_crypto::merkle::LEVELS;
use parth_crypto::{Digest, Domain};
use rayon::prelude::*;

use super::tree::{Tree, TreeId};

/// Levels of a whole block above its bottom.
const HEIGHT: u8 = 4;
/// Places in a block, place 0 included, which is not used.
const PLACES: usize = 2 << HEIGHT;

/// The checkpoint that wrote the block below each bottom node last, or [`NOTHING`].
pub(super) type Below = [u32; 1 << HEIGHT];

/// There is no block below. No chain gets to this checkpoint: at one a second it takes 136 years.
pub(super) const NOTHING: u32 = u32::MAX;

/// The roots of empty trees of one kind, by height.
pub(super) type Empties = [Digest; LEVELS];

/// Which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BlockId {
    /// The tree.
    pub(super) tree: TreeId,
    /// Level of its bottom.
    pub(super) base: u8,
    /// Index of its root in its level.
    pub(super) root: u64,
}

impl BlockId {
    /// The block that holds a node of a part of a tree, and the node's place in it.
    pub(super) fn of(tree: Tree, level: u8, index: u64) -> (BlockId, usize) {
        // The root of the part is not a bottom node of a block above: that one is not stored.
        let is_root = level == tree.top() && level > tree.floor() && level.is_multiple_of(HEIGHT);
        let whole = if is_root { level - HEIGHT } else { level - level % HEIGHT };
        let depth = whole + HEIGHT - level;
        let place = 1 << depth | (index & ((1 << depth) - 1)) as usize;
        (BlockId { tree: tree.id(), base: whole.max(tree.floor()), root: index >> depth }, place)
    }

    /// The block that has this one's root on its bottom, and the number of the root there; nothing above the top block
    /// of a part of a tree.
    pub(super) fn above(self, tree: Tree) -> Option<(BlockId, usize)> {
        (self.top() < tree.top()).then(|| {
            let (above, place) = BlockId::of(tree, self.top(), self.root);
            (above, place - above.width())
        })
    }

    /// The block below a bottom node, in a part of a tree that begins on level `floor`.
    pub(super) fn below(self, number: usize, floor: u8) -> BlockId {
        BlockId { tree: self.tree, base: floor.max(self.base - HEIGHT), root: self.first() + number as u64 }
    }

    /// Level of its root.
    pub(super) fn top(self) -> u8 {
        self.base - self.base % HEIGHT + HEIGHT
    }

    /// Levels between its bottom and its root.
    fn height(self) -> u8 {
        self.top() - self.base
    }

    /// Nodes on its bottom.
    pub(super) fn width(self) -> usize {
        1 << self.height()
    }

    /// Index of its first bottom node in that level.
    pub(super) fn first(self) -> u64 {
        self.root << self.height()
    }
}

/// The levels on which the blocks of a part of a tree stand, lowest first.
pub(super) fn bases(tree: Tree) -> impl Iterator<Item = u8> {
    let above = (tree.floor() - tree.floor() % HEIGHT + HEIGHT..tree.top()).step_by(usize::from(HEIGHT));
    std::iter::once(tree.floor()).chain(above)
}

/// The nodes of a block, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Level of the root of the part of the tree that it was written for.
    pub(super) tree_top: u8,
    /// Level of the leaves of that part.
    pub(super) tree_floor: u8,
    nodes: [Digest; PLACES],
}

impl Block {
    /// A block of which nothing was ever written.
    pub(super) fn empty(id: BlockId, tree_floor: u8, tree_top: u8, empties: &Empties) -> Block {
        let mut nodes = [Digest::ZERO; PLACES];
        for (place, node) in nodes.iter_mut().enumerate().take(2 * id.width()).skip(1) {
            *node = empties[usize::from(id.top()) - place.ilog2() as usize];
        }
        Block { tree_top, tree_floor, nodes }
    }

    /// A node.
    pub(super) fn node(&self, place: usize) -> Digest {
        self.nodes[place]
    }

    /// The bottom nodes, in order.
    pub(super) fn bottom(&self, id: BlockId) -> &[Digest] {
        &self.nodes[id.width()..2 * id.width()]
    }

    /// Does it stand at the top of the part of the tree?
    pub(super) fn is_top(&self, id: BlockId) -> bool {
        id.top() >= self.tree_top
    }

    /// The value of its row: the levels of the tree's root and leaves, a bit for each bottom node that is not empty,
    /// those nodes, and unless they are leaves who wrote the blocks below them.
    pub(super) fn to_bytes(&self, id: BlockId, below: &Below, empty: Digest) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + 36 * id.width());
        out.extend_from_slice(&[self.tree_top, self.tree_floor, 0, 0]);
        let mut written = 0u16;
        for (at, node) in self.bottom(id).iter().enumerate() {
            if *node != empty {
                written |= 1 << at;
                out.extend_from_slice(&node.to_bytes());
            }
        }
        out[2..4].copy_from_slice(&written.to_le_bytes());
        if id.base > self.tree_floor {
            for at in (0..id.width()).filter(|at| written >> at & 1 == 1) {
                out.extend_from_slice(&below[at].to_le_bytes());
            }
        }
        out
    }
}

/// What the row of a block says.
pub(super) struct Row {
    pub(super) tree_top: u8,
    pub(super) tree_floor: u8,
    /// Bottom nodes that are not empty, by their number in the block.
    pub(super) bottom: Vec<(usize, Digest)>,
    pub(super) below: Below,
}

impl Row {
    /// Reads the value of a row.
    pub(super) fn parse(id: BlockId, value: &[u8]) -> Result<Row, String> {
        let Some((&[tree_top, tree_floor, low, high], rest)) = value.split_first_chunk() else {
            return Err(format!("{} bytes", value.len()));
        };
        let written = u16::from_le_bytes([low, high]);
        let count = written.count_ones() as usize;
        let is_lowest = id.base <= tree_floor;
        let length = count * if is_lowest { 32 } else { 36 };
        if rest.len() != length || u32::from(written) >> id.width() != 0 || tree_floor > id.base || tree_top > 63 {
            return Err(format!(
                "{} bytes for the nodes {written:#b} of a tree from {tree_floor} to {tree_top}",
                value.len()
            ));
        }
        let (digests, checkpoints) = rest.split_at(32 * count);
        let (mut bottom, mut below) = (Vec::with_capacity(count), [NOTHING; 1 << HEIGHT]);
        let mut checkpoints = checkpoints.as_chunks::<4>().0.iter();
        for (at, digest) in (0..id.width()).filter(|at| written >> at & 1 == 1).zip(digests.as_chunks::<32>().0) {
            bottom.push((at, Digest::from_bytes(digest).map_err(|error| error.to_string())?));
            below[at] = checkpoints.next().map_or(NOTHING, |bytes| u32::from_le_bytes(*bytes));
        }
        Ok(Row { tree_top, tree_floor, bottom, below })
    }
}

/// A block and who wrote the blocks below it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) block: Arc<Block>,
    pub(super) below: Below,
}

/// A block under change.
pub(super) struct Change {
    pub(super) id: BlockId,
    pub(super) kept: Kept,
    /// A bit for each place that has a new node.
    changed: u32,
}

impl Change {
    pub(super) fn new(id: BlockId, kept: Kept) -> Change {
        Change { id, kept, changed: 0 }
    }

    /// The block of a row, or an empty one of a part of a tree; what stands above the bottom is still to be hashed.
    pub(super) fn read(id: BlockId, row: Option<Row>, tree: Tree, empties: &Empties) -> Change {
        let (floor, top) = row.as_ref().map_or((tree.floor(), tree.top()), |row| (row.tree_floor, row.tree_top));
        let block = Arc::new(Block::empty(id, floor, top, empties));
        let below = row.as_ref().map_or([NOTHING; 1 << HEIGHT], |row| row.below);
        let mut change = Change::new(id, Kept { block, below });
        change.set(row.into_iter().flat_map(|row| row.bottom));
        change
    }

    /// Its root.
    pub(super) fn root(&self) -> Digest {
        self.kept.block.node(1)
    }

    /// Replaces bottom nodes, by their number.
    pub(super) fn set(&mut self, nodes: impl IntoIterator<Item = (usize, Digest)>) {
        let block = Arc::make_mut(&mut self.kept.block);
        for (at, node) in nodes {
            block.nodes[self.id.width() + at] = node;
            self.changed |= 1 << (self.id.width() + at);
        }
    }

    /// A bit for each bottom node that was replaced, by its number.
    pub(super) fn bottom_mask(&self) -> u16 {
        (self.changed >> self.id.width()) as u16
    }
}

/// Blocks that one thread takes at a time: enough to fill the lanes of the hash on every level.
pub(super) const AT_ONCE: usize = 256;

/// Hashes every node above one that was replaced, each once, a level of all blocks at a time.
pub(super) fn hash_up(domain: Domain, empties: &Empties, changes: &mut [Change]) {
    if changes.len() <= AT_ONCE {
        hash_some(domain, empties, changes);
    } else {
        changes.par_chunks_mut(AT_ONCE).for_each(|changes| hash_some(domain, empties, changes));
    }
}

fn hash_some(domain: Domain, empties: &Empties, changes: &mut [Change]) {
    let (mut pairs, mut places) = (Vec::new(), Vec::new());
    for depth in (0..HEIGHT).rev() {
        pairs.clear();
        places.clear();
        for (at, change) in changes.iter_mut().enumerate() {
            let below = &empties[usize::from(change.id.top() - depth - 1)];
            for parent in 1usize << depth..2 << depth {
                if change.changed >> (2 * parent) & 3 == 0 {
                    continue;
                }
                change.changed |= 1 << parent;
                let pair = (change.kept.block.nodes[2 * parent], change.kept.block.nodes[2 * parent + 1]);
                if pair.0 == *below && pair.1 == *below {
                    Arc::make_mut(&mut change.kept.block).nodes[parent] = empties[usize::from(change.id.top() - depth)];
                } else {
                    pairs.push(pair);
                    places.push((at, parent));
                }
            }
        }
        for (&(at, parent), node) in places.iter().zip(nodes(domain, &pairs)) {
            Arc::make_mut(&mut changes[at].kept.block).nodes[parent] = node;
        }
    }
}
