//! [`NodeReads`]: the nodes of a committed tree for code that cannot fail.

use std::cell::RefCell;

use parth_crypto::Digest;

use super::ForestError;
use super::tree::Tree;
use super::view::ForestView;

/// Nodes of one tree for a planner, which is pure and has no errors of a store: a read that fails gives the zero digest,
/// and the first failure is kept for whoever called the planner.
#[derive(Debug)]
pub struct NodeReads<'a> {
    view: &'a ForestView,
    tree: Tree,
    failed: RefCell<Option<ForestError>>,
}

impl<'a> NodeReads<'a> {
    /// The nodes of a tree, or of a part of it, as of a view.
    pub fn new(view: &'a ForestView, tree: Tree) -> NodeReads<'a> {
        NodeReads { view, tree, failed: RefCell::new(None) }
    }

    /// A node.
    pub fn node(&self, level: usize, index: u64) -> Digest {
        // A tree has fewer than 64 levels; a level beyond them does not exist, which the view says.
        let level = u8::try_from(level).unwrap_or(u8::MAX);
        self.view.node(self.tree, level, index).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            Digest::ZERO
        })
    }

    /// What was planned, unless a read failed meanwhile.
    pub fn checked<T>(self, planned: T) -> Result<T, ForestError> {
        match self.failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(planned),
        }
    }
}
