//! Statements about Merkle trees, and a sparse tree in memory.
//!
//! ```text
//!   level 2 = root        r            a leaf is at level 0; `index` counts from the left inside a level;
//!                       /   \          siblings are listed from the leaf upwards;
//!   level 1           a       b        an empty leaf is the zero digest, and so every tree kind has
//!                    / \     / \       its own empty root for each level.
//!   level 0         0   1   2   3
//! ```
//!
//! | statement | says |
//! | --- | --- |
//! | inclusion | a leaf stands at an index under a root: [`Path::root`] |
//! | delta | two roots differ by one leaf: [`Path::root`] of the old and of the new leaf |
//! | append | a delta whose old leaf is empty |
//! | line | a [`Transition`] carried up past unchanged siblings: [`Transition::climb`] |
//! | meet | two transitions joined at their nearest common ancestor: [`Transition::meet`] |
//!
//! Twins: `circuits::gadgets::merkle`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use thiserror::Error;

use crate::digest::Digest;
use crate::domain::Domain;
use crate::hash::node;

/// Levels of the highest tree, root included.
pub const LEVELS: usize = 65;

/// The root of an empty tree of `height` levels above its leaves, for the tree kind of `domain`.
///
/// # Panics
/// When `height` is above 64.
pub fn empty_root(domain: Domain, height: usize) -> Digest {
    empty_roots(domain)[height]
}

/// The roots of empty trees of every height, from 0 to 64 levels above their leaves, for the tree kind of `domain`.
pub fn empty_roots(domain: Domain) -> Arc<[Digest; LEVELS]> {
    static ROOTS: LazyLock<Mutex<BTreeMap<Domain, Arc<[Digest; LEVELS]>>>> = LazyLock::new(Mutex::default);
    let mut roots = ROOTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let of_domain = roots.entry(domain).or_insert_with(|| {
        let mut levels = [Digest::ZERO; LEVELS];
        for level in 1..LEVELS {
            levels[level] = node(domain, levels[level - 1], levels[level - 1]);
        }
        Arc::new(levels)
    });
    Arc::clone(of_domain)
}

/// A leaf position and the siblings from the leaf up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Position of the leaf, from the left.
    pub index: u64,
    /// The sibling at each level, leaf first; as many as the tree is high.
    pub siblings: Vec<Digest>,
}

impl Path {
    /// The root above `leaf`. Nothing when the index does not exist in a tree of this height.
    pub fn root(&self, domain: Domain, leaf: Digest) -> Option<Digest> {
        fits(self.index, self.siblings.len()).then(|| climb(domain, self.index, leaf, &self.siblings))
    }
}

/// Is `index` a position in a tree of `height`?
pub fn fits(index: u64, height: usize) -> bool {
    height >= 64 || index >> height == 0
}

/// The node above `leaf` after folding in each sibling; only the low bits of `index` are read.
pub fn climb(domain: Domain, index: u64, leaf: Digest, siblings: &[Digest]) -> Digest {
    siblings.iter().enumerate().fold(leaf, |below, (level, &sibling)| {
        if index >> level & 1 == 0 { node(domain, below, sibling) } else { node(domain, sibling, below) }
    })
}

/// A node that changes from one digest to another, at a place in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The node before.
    pub old: Digest,
    /// The node after.
    pub new: Digest,
    /// Position inside the level, from the left.
    pub index: u64,
    /// 0 for a leaf.
    pub level: u8,
}

/// Why two transitions do not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MeetError {
    /// They stand on different levels after their climbs.
    #[error("left stands on level {left}, right on level {right}")]
    Levels {
        /// Level of the left transition.
        left: u8,
        /// Level of the right transition.
        right: u8,
    },
    /// They are not the left and the right child of one parent.
    #[error("nodes {left} and {right} are not the two children of one parent")]
    NotSiblings {
        /// Index of the left transition.
        left: u64,
        /// Index of the right transition.
        right: u64,
    },
}

impl Transition {
    /// The same change seen from further up: every sibling on the way stays as it is.
    pub fn climb(self, domain: Domain, siblings: &[Digest]) -> Transition {
        Transition {
            old: climb(domain, self.index, self.old, siblings),
            new: climb(domain, self.index, self.new, siblings),
            index: self.index.checked_shr(siblings.len() as u32).unwrap_or(0),
            level: self.level + siblings.len() as u8,
        }
    }

    /// The change of the parent of two changed children.
    pub fn meet(domain: Domain, left: Transition, right: Transition) -> Result<Transition, MeetError> {
        if left.level != right.level {
            return Err(MeetError::Levels { left: left.level, right: right.level });
        }
        if left.index & 1 != 0 || right.index != left.index + 1 {
            return Err(MeetError::NotSiblings { left: left.index, right: right.index });
        }
        Ok(Transition {
            old: node(domain, left.old, right.old),
            new: node(domain, left.new, right.new),
            index: left.index >> 1,
            level: left.level + 1,
        })
    }
}

/// The edge of a tree that is only appended to: enough to append more and to give the path of each new leaf.
///
/// ```text
///   next = 5 = 101b      left of the path: full subtrees, kept here; right of it: empty ones
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    domain: Domain,
    next: u64,
    /// At each level whose bit of `next` is set: the full subtree left of the path.
    left: Vec<Digest>,
}

impl Frontier {
    /// The edge at the next free place, from the siblings of that place.
    pub fn new(domain: Domain, next: Path) -> Frontier {
        Frontier { domain, next: next.index, left: next.siblings }
    }

    /// The next free place.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The siblings of the next free place.
    pub fn siblings(&self) -> Vec<Digest> {
        let sibling = |(level, &left): (usize, &Digest)| {
            if self.next >> level & 1 == 1 { left } else { empty_root(self.domain, level) }
        };
        self.left.iter().enumerate().map(sibling).collect()
    }

    /// Appends a leaf and returns the siblings that it has.
    pub fn append(&mut self, leaf: Digest) -> Vec<Digest> {
        let siblings = self.siblings();
        let mut node_here = leaf;
        for (level, left) in self.left.iter_mut().enumerate() {
            if self.next >> level & 1 == 0 {
                *left = node_here;
                break;
            }
            node_here = node(self.domain, *left, node_here);
        }
        self.next += 1;
        siblings
    }
}

/// A tree of up to 2^63 leaves of which few are not empty, in memory.
#[derive(Clone, Debug)]
pub struct SparseTree {
    domain: Domain,
    height: usize,
    /// Nodes that are not empty, by (level, index).
    nodes: BTreeMap<(usize, u64), Digest>,
}

impl SparseTree {
    /// An empty tree.
    ///
    /// # Panics
    /// When `height` is above 63.
    pub fn new(domain: Domain, height: usize) -> SparseTree {
        assert!(height < 64, "tree height {height} is above 63");
        SparseTree { domain, height, nodes: BTreeMap::new() }
    }

    /// Levels above the leaves.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.node(self.height, 0)
    }

    /// The node at a level and index; empty ones included.
    pub fn node(&self, level: usize, index: u64) -> Digest {
        self.nodes.get(&(level, index)).copied().unwrap_or_else(|| empty_root(self.domain, level))
    }

    /// The leaf at an index; the zero digest where nothing was ever written.
    pub fn leaf(&self, index: u64) -> Digest {
        self.node(0, index)
    }

    /// The leaves that are not empty, in order.
    pub fn leaves(&self) -> impl Iterator<Item = (u64, Digest)> + '_ {
        self.nodes.range((0, 0)..(1, 0)).map(|(&(_, index), &leaf)| (index, leaf))
    }

    /// Position and siblings of a leaf.
    pub fn path(&self, index: u64) -> Path {
        Path { index, siblings: self.line(0, index, self.height) }
    }

    /// The siblings from a node at `level` up to below its ancestor at `top`.
    pub fn line(&self, level: usize, index: u64, top: usize) -> Vec<Digest> {
        (level..top).map(|l| self.node(l, index >> (l - level) ^ 1)).collect()
    }

    /// Replaces a leaf and returns what stood there.
    ///
    /// # Panics
    /// When `index` is not a position of this tree.
    pub fn set(&mut self, index: u64, leaf: Digest) -> Digest {
        assert!(fits(index, self.height), "leaf {index} is outside a tree of height {}", self.height);
        let old = self.leaf(index);
        self.put(0, index, leaf);
        for level in 0..self.height {
            let parent = index >> (level + 1);
            let above = node(self.domain, self.node(level, 2 * parent), self.node(level, 2 * parent + 1));
            self.put(level + 1, parent, above);
        }
        old
    }

    fn put(&mut self, level: usize, index: u64, digest: Digest) {
        if digest == empty_root(self.domain, level) {
            self.nodes.remove(&(level, index));
        } else {
            self.nodes.insert((level, index), digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOMAIN: Domain = Domain::UserNode;

    fn leaf(value: u64) -> Digest {
        Digest::from([value, 0, 0, 0])
    }

    proptest! {
        #[test]
        fn every_path_of_a_tree_leads_to_its_root(writes in prop::collection::vec((0u64..64, 0u64..4), 0..20), at in 0u64..64) {
            let mut tree = SparseTree::new(DOMAIN, 6);
            let mut plain = vec![Digest::ZERO; 64];
            for (index, value) in writes {
                tree.set(index, leaf(value));
                plain[index as usize] = leaf(value);
            }
            prop_assert_eq!(tree.path(at).root(DOMAIN, plain[at as usize]), Some(tree.root()));
            prop_assert_ne!(tree.path(at).root(DOMAIN, leaf(9)), Some(tree.root()));
            let mut level = plain;
            while level.len() > 1 {
                level = level.chunks(2).map(|pair| node(DOMAIN, pair[0], pair[1])).collect();
            }
            prop_assert_eq!(tree.root(), level[0]);
        }

        #[test]
        fn two_changes_meet_at_their_nearest_common_ancestor(left in 0u64..64, right in 0u64..64) {
            prop_assume!(left < right);
            let mut tree = SparseTree::new(DOMAIN, 6);
            tree.set(left, leaf(1));
            tree.set(right, leaf(2));
            let old = tree.clone();
            tree.set(left, leaf(3));
            tree.set(right, leaf(4));
            let common = 64 - (left ^ right).leading_zeros() as usize;
            let side = |index: u64, old_leaf, new_leaf| {
                Transition { old: old_leaf, new: new_leaf, index, level: 0 }
                    .climb(DOMAIN, &old.line(0, index, common - 1))
            };
            let met = Transition::meet(DOMAIN, side(left, leaf(1), leaf(3)), side(right, leaf(2), leaf(4))).unwrap();
            prop_assert_eq!(usize::from(met.level), common);
            let whole = met.climb(DOMAIN, &old.line(common, met.index, 6));
            prop_assert_eq!(whole, Transition { old: old.root(), new: tree.root(), index: 0, level: 6 });
        }
    }

    #[test]
    fn a_frontier_gives_the_paths_that_the_whole_tree_has() {
        for start in 0..9u64 {
            let mut tree = SparseTree::new(DOMAIN, 4);
            for index in 0..start {
                tree.set(index, leaf(index + 1));
            }
            let mut frontier = Frontier::new(DOMAIN, tree.path(start));
            for index in start..16 {
                assert_eq!(frontier.next(), index);
                assert_eq!(frontier.append(leaf(index + 1)), tree.path(index).siblings);
                tree.set(index, leaf(index + 1));
            }
        }
    }

    #[test]
    fn transitions_that_are_not_two_children_of_one_parent_do_not_meet() {
        let at = |index, level| Transition { old: leaf(1), new: leaf(2), index, level };
        assert!(matches!(Transition::meet(DOMAIN, at(0, 0), at(0, 0)), Err(MeetError::NotSiblings { .. })));
        assert!(matches!(Transition::meet(DOMAIN, at(1, 0), at(2, 0)), Err(MeetError::NotSiblings { .. })));
        assert!(matches!(Transition::meet(DOMAIN, at(1, 0), at(0, 0)), Err(MeetError::NotSiblings { .. })));
        assert!(matches!(Transition::meet(DOMAIN, at(0, 0), at(1, 1)), Err(MeetError::Levels { .. })));
    }

    #[test]
    fn an_index_outside_the_tree_has_no_root() {
        assert_eq!(Path { index: 4, siblings: vec![Digest::ZERO; 2] }.root(DOMAIN, leaf(1)), None);
    }

    #[test]
    fn writing_the_empty_leaf_empties_the_tree() {
        let mut tree = SparseTree::new(DOMAIN, 40);
        tree.set(1 << 39, leaf(1));
        assert_eq!(tree.set(1 << 39, Digest::ZERO), leaf(1));
        assert_eq!(tree.root(), empty_root(DOMAIN, 40));
        assert_eq!(tree.nodes.len(), 0);
    }
}
