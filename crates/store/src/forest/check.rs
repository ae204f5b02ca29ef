//! [`check`]: recomputes every tree of a space from its leaves and compares. What `parth db check` and the tests after
//! each checkpoint run (design/quality.md, I1).

use std::collections::BTreeMap;

use parth_crypto::Digest;
use parth_crypto::hash::nodes;
use parth_crypto::merkle::empty_root;
use parth_protocol::ids::{CheckpointId, ContractId, UserId};

use super::tree::TreeId;
use super::view::{ForestView, row};
use super::{Forest, ForestError};
use crate::space::NODES;

/// Rows read from the store at a time.
const PAGE: usize = 8192;

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

/// The nodes of one level of the tree under way, in order of index, that are stored at the head.
type Level = BTreeMap<u64, Digest>;

/// Recomputes every tree of the space at its head, level by level from the lowest stored one, and compares each stored
/// node; and compares each CSTATE root with its leaf in UCON, where both are held. Memory is that of the largest tree.
pub fn check(forest: &Forest) -> Result<Checked, ForestError> {
    let view = forest.at_head()?;
    let mut out = Checked { checkpoint: view.checkpoint(), ..Checked::default() };
    let Some(head) = view.checkpoint() else { return Ok(out) };
    let mut state_roots = BTreeMap::new();
    let mut tree: Option<(TreeId, BTreeMap<u8, Level>)> = None;
    let mut last = None;
    let mut from = Vec::new();
    loop {
        let rows = forest.store().range(NODES, &from, None, PAGE)?;
        for (key, value) in &rows {
            let row = row(key, value)?;
            out.rows += 1;
            // Newest first: the first readable row of a node is the node.
            if row.checkpoint > head || !view.is_committed(&row) || last == Some(row.place) {
                continue;
            }
            last = Some(row.place);
            let (id, level, index) = row.place;
            if tree.as_ref().is_none_or(|(open, _)| *open != id)
                && let Some((done, levels)) = tree.replace((id, BTreeMap::new()))
            {
                finish(done, &levels, &mut out, &mut state_roots);
            }
            if let Some((_, levels)) = &mut tree {
                levels.entry(level).or_default().insert(index, row.digest);
            }
        }
        match rows.last() {
            Some((key, _)) if rows.len() == PAGE => from = [key.as_slice(), &[0]].concat(),
            _ => break,
        }
    }
    if let Some((done, levels)) = tree {
        finish(done, &levels, &mut out, &mut state_roots);
    }
    compare_states(&view, &state_roots, &mut out)?;
    Ok(out)
}

/// Compares the levels of one tree with each other.
fn finish(
    id: TreeId,
    levels: &BTreeMap<u8, Level>,
    out: &mut Checked,
    state_roots: &mut BTreeMap<(UserId, ContractId), Digest>,
) {
    let domain = id.domain();
    out.trees += 1;
    let (Some((&floor, leaves)), Some((&top, roots))) = (levels.first_key_value(), levels.last_key_value()) else {
        return;
    };
    let empty = empty_root(domain, usize::from(floor));
    out.leaves += leaves.values().filter(|leaf| **leaf != empty).count() as u64;
    for level in floor..top {
        let (below, above) = (levels.get(&level), levels.get(&(level + 1)));
        let (nothing, empty) = (Level::new(), empty_root(domain, usize::from(level)));
        let (below, above) = (below.unwrap_or(&nothing), above.unwrap_or(&nothing));
        let at = |index: u64| below.get(&index).copied().unwrap_or(empty);
        let mut parents: Vec<u64> = below.keys().map(|index| index >> 1).chain(above.keys().copied()).collect();
        parents.sort_unstable();
        parents.dedup();
        let pairs: Vec<_> = parents.iter().map(|&parent| (at(2 * parent), at(2 * parent + 1))).collect();
        for (index, expected) in parents.into_iter().zip(nodes(domain, &pairs)) {
            let empty = || empty_root(domain, usize::from(level + 1));
            let actual = above.get(&index).copied().unwrap_or_else(empty);
            if actual != expected {
                out.differences.push(Difference { tree: id, level: level + 1, index, expected, actual });
            }
        }
    }
    if let (TreeId::State { user, contract }, Some((_, &root))) = (id, roots.first_key_value()) {
        state_roots.insert((user, contract), root);
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
