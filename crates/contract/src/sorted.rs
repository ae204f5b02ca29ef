//! Sorted lists in a state tree, which maps by hash are made of: any key can be shown to be there, or not to be.
//!
//! ```text
//!   position   0: head            1: empty      2: node          3: node
//!   word 0     0                  0             key 70…          key 2c…         a node is a group of words that
//!   word 1     2c… ───────╮       0             0  (the end)     70… ──────╮     begins at a multiple of their number
//!   word 2 …   0          │       0             value            value     │
//!                         ╰──── next KEY: positions are hints, and prove ──╯     nothing
//! ```
//! A key is absent when a node `low` with low.key < key has key < low.next, or no next key. `low` must be the head or
//! have a key: a place that was never written is no node. A new node takes a place whose key is zero, never the head's.
//! The code that the compiler writes checks all of this with reads and asserts (`dapen/lower/sorted.rs`); this file only
//! finds places, and whoever finds wrong ones can make no call.

use std::cmp::Ordering;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;
use parth_crypto::merkle::SparseTree;
use parth_protocol::ids::{SlotIndex, StateHeight};
use thiserror::Error;

use crate::opening::Unavailable;

/// The word of a node that holds its key.
pub const KEY: u8 = 0;
/// The word of a node that holds the next key in order; zero at the end.
pub const NEXT: u8 = 1;
/// Words of a node before its value.
pub const HEAD_WORDS: u8 = 2;

/// Places that are tried around the preferred one before the list is walked.
pub const MAX_PROBES: usize = 64;
/// Most words that a reader without a better way asks for to find one place.
pub const MAX_READS: usize = 4096;

/// Where a sorted list lies in a state tree, in groups of 2^`log` words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct SortedList {
    /// The group of the head.
    pub first: u64,
    /// Positions are below 2 to this, the head's included. 1 to 32.
    pub bits: u8,
    /// Words of a node, as a power of two.
    pub log: u8,
}

/// Why no place of a key was found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchError {
    /// The reader has no answer.
    #[error("a read is not available: {0}")]
    Unavailable(#[from] Unavailable),
    /// The reader gave up, or its answers lead nowhere.
    #[error("no place of key {key} was found after {reads} reads")]
    Exhausted {
        /// The key.
        key: Digest,
        /// Words that were read.
        reads: usize,
    },
}

/// The order of keys: felt by felt, as integers.
pub fn order(a: Digest, b: Digest) -> Ordering {
    a.0.map(|felt| felt.as_u64()).cmp(&b.0.map(|felt| felt.as_u64()))
}

impl SortedList {
    /// Does it lie inside a tree?
    pub fn fits(&self, height: StateHeight) -> bool {
        let groups = height.get().checked_sub(self.log).map_or(0, |levels| 1u128 << levels);
        (1..=32).contains(&self.bits) && u128::from(self.first) + (1u128 << self.bits) <= groups
    }

    /// The slot of a word of a node.
    pub fn slot(&self, position: u32, word: u8) -> u64 {
        ((self.first + u64::from(position)) << self.log) + u64::from(word)
    }

    /// The place that a key has when nobody took it.
    pub fn preferred(&self, key: Digest) -> u32 {
        (key.0[3].as_u64() & self.mask()) as u32
    }

    fn mask(&self) -> u64 {
        (1 << self.bits) - 1
    }

    /// The places to try for a key, best first; the head's is none.
    fn places(&self, key: Digest) -> impl Iterator<Item = u32> + use<> {
        let (start, mask) = (u64::from(self.preferred(key)), self.mask());
        (0..=mask).map(move |step| ((start + step) & mask) as u32).filter(|&position| position != 0)
    }

    /// The position of the node with a key, when it stands at its preferred place or among those next to it.
    pub fn near<E>(&self, key: Digest, read: impl FnMut(u64) -> Result<Digest, E>) -> Result<Option<u32>, E> {
        self.probe(key, MAX_PROBES, read)
    }

    /// As [`SortedList::near`], at so many places at most. Where each node took the first place that was free, this finds
    /// every key when it may try them all.
    pub fn probe<E>(
        &self,
        key: Digest,
        most: usize,
        mut read: impl FnMut(u64) -> Result<Digest, E>,
    ) -> Result<Option<u32>, E> {
        for position in self.places(key).take(most) {
            let at = read(self.slot(position, KEY))?;
            if at == key {
                return Ok(Some(position));
            }
            if at.is_zero() {
                break;
            }
        }
        Ok(None)
    }

    /// The position of the node with a key or, when there is none, of the node before it, among all words of a state.
    /// No order is taken on trust.
    pub fn among(&self, key: Digest, words: impl Iterator<Item = (u64, Digest)>) -> u32 {
        let (start, end) = (self.slot(0, KEY), (self.first + self.mask() + 1) << self.log);
        let is_key = |index: u64| (start..end).contains(&index) && index & ((1 << self.log) - 1) == 0;
        let below = words.filter(|&(index, at)| is_key(index) && !at.is_zero() && order(at, key).is_le());
        let low = below.max_by(|a, b| order(a.1, b.1));
        low.map_or(0, |(index, _)| ((index >> self.log) - self.first) as u32)
    }

    /// As [`SortedList::among`], in a state at hand.
    pub fn find_in(&self, key: Digest, state: &SparseTree) -> u32 {
        if key.is_zero() {
            return 0;
        }
        let near = self.near(key, |index| Ok::<_, std::convert::Infallible>(state.leaf(index)));
        let Ok(near) = near;
        near.unwrap_or_else(|| self.among(key, state.leaves()))
    }

    /// A place for a new node of a key; 0 when all are taken.
    pub fn free_in(&self, key: Digest, state: &SparseTree) -> u32 {
        if key.is_zero() {
            return 0;
        }
        self.places(key).find(|&position| state.leaf(self.slot(position, KEY)).is_zero()).unwrap_or(0)
    }

    /// As [`SortedList::among`], by reading few words: the preferred place and those behind it, else along the list.
    pub fn walk(
        &self,
        key: Digest,
        mut read: impl FnMut(SlotIndex) -> Result<Digest, Unavailable>,
    ) -> Result<u32, SearchError> {
        let mut reads = 0;
        let mut word = |index: u64| {
            reads += 1;
            let slot = SlotIndex::new(index).filter(|_| reads <= MAX_READS);
            read(slot.ok_or(SearchError::Exhausted { key, reads })?).map_err(SearchError::from)
        };
        if key.is_zero() {
            return Ok(0);
        }
        if let Some(position) = self.near(key, &mut word)? {
            return Ok(position);
        }
        let mut low = 0;
        loop {
            let next = word(self.slot(low, NEXT))?;
            if next.is_zero() || order(key, next).is_lt() {
                return Ok(low);
            }
            low = self.near(next, &mut word)?.ok_or(SearchError::Exhausted { key, reads: MAX_READS })?;
        }
    }
}
