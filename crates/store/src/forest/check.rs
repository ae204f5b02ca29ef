//! [`check`]: recomputes every tree of a space from its leaves and compares. What `parth db check` and the tests after
//! each checkpoint run (design/quality.md, I1).

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::Digest;
use parth_crypto::merkle::empty_roots;
use parth_protocol::ids::{CheckpointId, ContractId, UserId};

use super::block::{Block, BlockId, Change, hash_up};
use super::tree::TreeId;
use super::view::{BlockRow, ForestView, row};
use super::{Forest, ForestError};
use crate::space::NODES;

/// Rows read from the store at a time.
const PAGE: usize = 2048;

/// A node that is not what the nodes below it say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The tree.
    pub tree: TreeId,
    /// Level of the node.
    pub level: u8,
    /// Its index.
    pub index: u64,
    /// What the nodes below give.
    pub expected: Digest,
    /// What is stored; the empty node when nothing is.
    pub actual: Digest,
}

/// What a check has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The checkpoint that was checked; nothing when none is committed.
    pub checkpoint: Option<CheckpointId>,
    /// Trees with a node in the store.
    pub trees: usize,
    /// Leaves that are not empty.
    pub leaves: u64,
    /// Rows of the forest, those of older checkpoints included.
    pub rows: u64,
    /// Every node that differs, in order.
    pub differences: Vec<Difference>,
}

impl Checked {
    /// Is every stored node what the leaves say?
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }
}

/// The blocks of the tree under way that are stored at the head, by level of their bottom and index of their root: the
/// block's own bottom nodes that are not empty.
type Blocks = BTreeMap<BlockId, BlockRow>;

/// Recomputes every tree of the space at its head, block by block from the lowest stored one, and compares each stored
/// node that has a block below; and compares each CSTATE root with its leaf in UCON, where both are held. Memory is that
/// of the largest tree.
pub fn check(forest: &Forest) -> Result<Checked, ForestError> {
    let view = forest.at_head()?;
    let mut out = Checked { checkpoint: view.checkpoint(), ..Checked::default() };
    let Some(head) = view.checkpoint() else { return Ok(out) };
    let mut state_roots = BTreeMap::new();
    let mut tree: Option<(TreeId, Blocks)> = None;
    let mut last = None;
    let mut from = Vec::new();
    loop {
        let rows = forest.store().range(NODES, &from, None, PAGE)?;
        for (key, value) in &rows {
            let row = row(key, value)?;
            out.rows += 1;
            // Newest first: the first readable row of a block is the block.
            if row.checkpoint > head || !view.is_committed(&row) || last == Some(row.id) {
                continue;
            }
            last = Some(row.id);
            if tree.as_ref().is_none_or(|(open, _)| *open != row.id.tree)
                && let Some((done, blocks)) = tree.replace((row.id.tree, Blocks::new()))
            {
                finish(done, &blocks, &mut out, &mut state_roots);
            }
            if let Some((_, blocks)) = &mut tree {
                blocks.insert(row.id, row);
            }
        }
        match rows.last() {
            Some((key, _)) if rows.len() == PAGE => from = [key.as_slice(), &[0]].concat(),
            _ => break,
        }
    }
    if let Some((done, blocks)) = tree {
        finish(done, &blocks, &mut out, &mut state_roots);
    }
    compare_states(&view, &state_roots, &mut out)?;
    Ok(out)
}

/// Compares the blocks of one tree with each other.
fn finish(tree: TreeId, blocks: &Blocks, out: &mut Checked, state_roots: &mut BTreeMap<(UserId, ContractId), Digest>) {
    let (domain, empties) = (tree.domain(), empty_roots(tree.domain()));
    out.trees += 1;
    let Some((&BlockId { base: floor, .. }, _)) = blocks.first_key_value() else { return };
    let mut changes: Vec<Change> = Vec::with_capacity(blocks.len());
    for (&id, row) in blocks {
        let mut change = Change::new(id, Arc::new(Block::empty(id, row.tree_top, &empties)));
        change.set(row.bottom.iter().copied());
        changes.push(change);
        out.leaves += if id.base == floor { row.bottom.len() as u64 } else { 0 };
    }
    hash_up(domain, &empties, &mut changes);
    // What each block gives for its root, and what the block above holds there.
    let mut nodes: BTreeMap<(u8, u64), (Option<Digest>, Option<Digest>)> = BTreeMap::new();
    for change in &changes {
        let (id, block) = (change.id, &change.block);
        if id.top() < block.tree_top {
            nodes.entry((id.top(), id.root)).or_default().0 = Some(block.node(1));
        } else if let TreeId::State { user, contract } = tree {
            // The tree may end below the block's root: then its root stands at the left edge.
            state_roots.insert((user, contract), block.node(1 << (id.top() - block.tree_top)));
        }
        if id.base > floor {
            for &(number, node) in &blocks[&id].bottom {
                nodes.entry((id.base, id.first() + number as u64)).or_default().1 = Some(node);
            }
        }
    }
    for ((level, index), (below, above)) in nodes {
        let empty = empties[usize::from(level)];
        let (expected, actual) = (below.unwrap_or(empty), above.unwrap_or(empty));
        if expected != actual {
            out.differences.push(Difference { tree, level, index, expected, actual });
        }
    }
}

/// A user's leaf for a contract is the root of the state that is held.
fn compare_states(
    view: &ForestView,
    state_roots: &BTreeMap<(UserId, ContractId), Digest>,
    out: &mut Checked,
) -> Result<(), ForestError> {
    for (&(user, contract), &expected) in state_roots {
        let tree = super::Tree::whole(TreeId::UserContracts(user), 32);
        let actual = view.leaf(tree, u64::from(contract.get()))?;
        if actual != expected {
            let (level, index) = (0, u64::from(contract.get()));
            out.differences.push(Difference { tree: tree.id(), level, index, expected, actual });
        }
    }
    Ok(())
}
