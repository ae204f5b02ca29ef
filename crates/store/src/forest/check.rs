//! [`check`]: recomputes every tree of a space from its leaves and compares. What `parth db check` and the tests after
//! each checkpoint run (design/quality.md, I1).

use std::collections::BTreeMap;

use parth_crypto::Digest;
use parth_crypto::merkle::empty_roots;
use parth_protocol::ids::{CheckpointId, ContractId, UserId};

use super::block::{Change, hash_up};
use super::tree::{Tree, TreeId};
use super::view::{ForestView, TopRow, row, top_row};
use super::{Forest, ForestError};
use crate::space::{NODES, TREES};

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

/// Recomputes every tree of the space at its head, block by block from its top, and compares the root of each block with
/// the node that the block above holds; and compares each CSTATE root with its leaf in UCON, where both are held. Reads
/// every row, those of older checkpoints too. Memory is that of one level of the largest tree.
pub fn check(forest: &Forest) -> Result<Checked, ForestError> {
    let view = forest.at_head()?;
    let mut out = Checked { checkpoint: view.checkpoint(), ..Checked::default() };
    let Some(head) = view.checkpoint() else { return Ok(out) };
    each_row(forest, NODES, |key, value| {
        out.rows += 1;
        row(key, value)?;
        Ok(())
    })?;
    let mut tops: Vec<TopRow> = Vec::new();
    each_row(forest, TREES, |key, value| {
        out.rows += 1;
        let row = top_row(key, value)?;
        // Newest first: the first readable row of a tree is its top.
        if row.checkpoint <= head && view.is_committed(&row) && tops.last().is_none_or(|last| last.id != row.id) {
            tops.push(row);
        }
        Ok(())
    })?;
    let mut state_roots = BTreeMap::new();
    for top in tops {
        out.trees += 1;
        descend(&view, top, &mut out, &mut state_roots)?;
    }
    compare_states(&view, &state_roots, &mut out)?;
    Ok(out)
}

/// Every row of a table, in order of keys.
fn each_row(
    forest: &Forest,
    table: u8,
    mut take: impl FnMut(&[u8], &[u8]) -> Result<(), ForestError>,
) -> Result<(), ForestError> {
    let mut from = Vec::new();
    loop {
        let rows = forest.store().range(table, &from, None, PAGE)?;
        for (key, value) in &rows {
            take(key, value)?;
        }
        match rows.last() {
            Some((key, _)) if rows.len() == PAGE => from = [key.as_slice(), &[0]].concat(),
            _ => return Ok(()),
        }
    }
}

/// Compares the blocks of one tree with each other, a level at a time.
fn descend(
    view: &ForestView,
    top: TopRow,
    out: &mut Checked,
    state_roots: &mut BTreeMap<(UserId, ContractId), Digest>,
) -> Result<(), ForestError> {
    let (id, tree) = (top.id.tree, Tree::part(top.id.tree, top.row.tree_floor, top.row.tree_top));
    let (domain, empties) = (id.domain(), empty_roots(id.domain()));
    let mut differences = Vec::new();
    // Blocks, and what the block above holds for the root of each; nothing above the first.
    let mut level = vec![(top.id, Some(top.row), None)];
    while !level.is_empty() {
        let (mut changes, mut above) = (Vec::with_capacity(level.len()), Vec::with_capacity(level.len()));
        let mut wanted = Vec::new();
        for (id, row, actual) in level {
            let nodes = row.as_ref().map_or(&[][..], |row| &row.bottom);
            if id.base <= tree.floor() {
                out.leaves += nodes.len() as u64;
            } else if let Some(row) = &row {
                let below =
                    |&(number, node): &(usize, Digest)| (id.below(number, tree.floor()), row.below[number], node);
                wanted.extend(nodes.iter().map(below));
            }
            changes.push(Change::read(id, row, tree, &empties));
            above.push(actual);
        }
        hash_up(domain, &empties, &mut changes);
        for (change, actual) in changes.iter().zip(above) {
            let (level, index, expected) = (change.id.top(), change.id.root, change.root());
            match (actual, id) {
                (Some(actual), _) if actual != expected => {
                    differences.push(Difference { tree: id, level, index, expected, actual });
                }
                // The tree may end below its top block's root: then its root stands at the left edge.
                (None, TreeId::State { user, contract }) => {
                    let place = 1 << (level - tree.top());
                    state_roots.insert((user, contract), change.kept.block.node(place));
                }
                _ => {}
            }
        }
        level = Vec::with_capacity(wanted.len());
        for wanted in wanted.chunks(PAGE) {
            let asked: Vec<_> = wanted.iter().map(|&(id, checkpoint, _)| (id, checkpoint)).collect();
            let rows = wanted.iter().zip(view.rows(&asked)?);
            level.extend(rows.map(|(&(id, _, node), row)| (id, row, Some(node))));
        }
    }
    differences.sort_by_key(|difference| (difference.level, difference.index));
    out.differences.extend(differences);
    Ok(())
}

/// A user's leaf for a contract is the root of the state that is held.
fn compare_states(
    view: &ForestView,
    state_roots: &BTreeMap<(UserId, ContractId), Digest>,
    out: &mut Checked,
) -> Result<(), ForestError> {
    for (&(user, contract), &expected) in state_roots {
        let tree = Tree::whole(TreeId::UserContracts(user), 32);
        let actual = view.leaf(tree, u64::from(contract.get()))?;
        if actual != expected {
            let (level, index) = (0, u64::from(contract.get()));
            out.differences.push(Difference { tree: tree.id(), level, index, expected, actual });
        }
    }
    Ok(())
}
