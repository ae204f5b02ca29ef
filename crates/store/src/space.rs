//! [`Store`]: one role's part of a [`KvStore`], with the head and the epoch that fence its writes.
//!
//! ```text
//!   key = space (5 bytes) ‖ table (1 byte) ‖ key of the table
//!
//!   space        0 the store itself · 1 coordinator · 2 realm n · 3 jobs · 4 the user's own machine
//!   table 0      position: epoch of the leader, head
//!   table 1      terms: first checkpoint of each run of checkpoints that belong to one epoch
//!   table 2      nodes of the forest, by checkpoint
//!   table 3      tops of the forest's trees, by tree
//!   table 16..   the roles' own tables
//! ```
//!
//! A leader takes an epoch once ([`Store::take_epoch`]) and names it in every write. The store refuses a write that
//! names another epoch, so whoever took the epoch before can change nothing any more, however long it slept.

use std::fmt;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;
use parth_protocol::ids::CheckpointId;

use crate::error::{ReadError, WriteError};
use crate::forest::Advance;
use crate::key::Key;
use crate::kv::{Changes, KeyRange, KvStore, Row, position};

/// Whose rows these are. Spaces of one store share its file and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// The store itself: its format row.
    Meta,
    /// The coordinator.
    Coordinator,
    /// One realm, by number.
    Realm(u32),
    /// The job table.
    Jobs,
    /// A user's own machine, by a number of the user's choosing.
    Local(u32),
}

impl Space {
    /// The start of every key of this space.
    pub fn prefix(self) -> [u8; 5] {
        let (tag, number) = match self {
            Space::Meta => (0, 0),
            Space::Coordinator => (1, 0),
            Space::Realm(realm) => (2, realm),
            Space::Jobs => (3, 0),
            Space::Local(number) => (4, number),
        };
        let [a, b, c, d] = u32::to_be_bytes(number);
        [tag, a, b, c, d]
    }
}

/// A term of leadership over one space. Whoever leads names it in every write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The newest checkpoint that a space has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Head {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// What was committed: the coordinator names its state root, a realm the root of its users.
    pub digest: Digest,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.checkpoint, self.digest.short())
    }
}

/// Where a space stands: what conditions compare with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Position {
    /// Epoch of the present leader; 0 before the first.
    pub epoch: Epoch,
    /// The newest commit.
    pub head: Option<Head>,
    /// Epoch that committed it.
    pub head_epoch: Epoch,
}

/// What must hold in the store at the moment a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing. For rows that one writer owns by other means (a user's own machine).
    Any,
    /// This epoch leads.
    Leads(Epoch),
    /// This epoch leads and the head is this one.
    At {
        /// The leader's epoch.
        epoch: Epoch,
        /// The head that the batch was made on.
        head: Option<Head>,
    },
}

impl Condition {
    /// Compares with what is stored.
    pub fn check(&self, stored: &Position) -> Result<(), WriteError> {
        let (epoch, head) = match *self {
            Condition::Any => return Ok(()),
            Condition::Leads(epoch) => (epoch, stored.head),
            Condition::At { epoch, head } => (epoch, head),
        };
        if epoch != stored.epoch {
            return Err(WriteError::Fenced { expected: stored.epoch, actual: epoch });
        }
        if head != stored.head {
            return Err(WriteError::HeadMoved { expected: head, actual: stored.head });
        }
        Ok(())
    }
}

const POSITION: u8 = 0;
const TERMS: u8 = 1;
/// Table of the forest's nodes.
pub(crate) const NODES: u8 = 2;
/// Table of the tops of the forest's trees.
pub(crate) const TREES: u8 = 3;

/// Changes of one space, to be written together. Made by [`Store::batch`].
#[derive(Clone, Debug)]
pub struct Batch {
    space: Space,
    changes: Changes,
    /// The first value that had no encoding; [`Store::write`] refuses the batch for it.
    failure: Option<WriteError>,
    /// Drafts of the forest whose rows are in it.
    advances: Vec<Advance>,
}

impl Batch {
    /// How many changes are in it.
    pub fn len(&self) -> usize {
        self.changes.rows.len()
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.changes.rows.is_empty()
    }

    pub(crate) fn when_committed(&mut self, advance: Advance) {
        self.advances.push(advance);
    }

    pub(crate) fn put(&mut self, table: u8, key: &[u8], value: Vec<u8>) {
        let key = absolute(self.space, table, key);
        self.changes.rows.push((key, Some(value)));
    }

    pub(crate) fn put_value<T: BorshSerialize>(&mut self, table: u8, name: &'static str, key: &[u8], value: &T) {
        match borsh::to_vec(value) {
            Ok(bytes) => self.put(table, key, bytes),
            Err(error) => {
                self.failure.get_or_insert(WriteError::Encode { table: name, found: error.to_string() });
            }
        }
    }

    pub(crate) fn delete(&mut self, table: u8, key: &[u8]) {
        let key = absolute(self.space, table, key);
        self.changes.rows.push((key, None));
    }
}

fn absolute(space: Space, table: u8, key: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(6 + key.len());
    out.extend_from_slice(&space.prefix());
    out.push(table);
    out.extend_from_slice(key);
    out
}

/// One space of a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    kv: Arc<dyn KvStore>,
    space: Space,
}

impl Store {
    /// The part of `kv` that belongs to `space`.
    pub fn new(kv: Arc<dyn KvStore>, space: Space) -> Store {
        Store { kv, space }
    }

    /// Whose rows these are.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Another space of the same backend.
    pub fn of(&self, space: Space) -> Store {
        Store { kv: Arc::clone(&self.kv), space }
    }

    /// An empty batch. `label` names what it is for, as `role/step`; crash points are named after it.
    pub fn batch(&self, label: &'static str) -> Batch {
        Batch { space: self.space, changes: Changes { label, rows: Vec::new() }, failure: None, advances: Vec::new() }
    }

    /// Epoch and head as stored.
    pub fn position(&self) -> Result<Position, ReadError> {
        position(self.kv.get(&absolute(self.space, POSITION, &[]))?.as_deref())
    }

    /// Becomes the leader of this space: takes the next epoch, which fences whoever led before.
    pub fn take_epoch(&self) -> Result<Epoch, WriteError> {
        loop {
            let stored = self.position()?;
            let next = Position { epoch: Epoch(stored.epoch.0 + 1), ..stored };
            let mut batch = self.batch("store/epoch");
            batch.put_value(POSITION, "position", &[], &next);
            match self.write(batch, Condition::At { epoch: stored.epoch, head: stored.head }) {
                Ok(()) => return Ok(next.epoch),
                // Somebody else took the epoch or committed between the two steps: look again.
                Err(WriteError::Fenced { .. } | WriteError::HeadMoved { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes a batch that leaves the head where it is.
    pub fn write(&self, batch: Batch, condition: Condition) -> Result<(), WriteError> {
        if batch.space != self.space {
            return Err(WriteError::Space { expected: self.space, actual: batch.space });
        }
        if let Some(failure) = batch.failure {
            return Err(failure);
        }
        self.kv.write(&absolute(self.space, POSITION, &[]), &condition, &batch.changes)
    }

    /// Writes a batch and moves the head from `from` to `to`, in one step: the only way a head moves.
    pub fn commit(&self, mut batch: Batch, epoch: Epoch, from: Option<Head>, to: Head) -> Result<(), WriteError> {
        if from.is_some_and(|from| to.checkpoint <= from.checkpoint) {
            return Err(WriteError::NotForward { head: from, actual: to.checkpoint });
        }
        // Read apart from the write, and safe: `head_epoch` is fixed by the head, which the condition compares.
        let stored = self.position()?;
        if stored.head.is_none() || stored.head_epoch != epoch {
            // From behind the old head on: checkpoints that are skipped here belong to the new term, so that what an
            // ex-leader left behind for them stays unread.
            let first = from.and_then(|from| from.checkpoint.next()).unwrap_or(CheckpointId::ZERO);
            batch.put_value(TERMS, "terms", &first.encoded(), &epoch);
        }
        batch.put_value(POSITION, "position", &[], &Position { epoch, head: Some(to), head_epoch: epoch });
        let advances = std::mem::take(&mut batch.advances);
        self.write(batch, Condition::At { epoch, head: from })?;
        if stored.head == from {
            let before = from.map(|from| (from.checkpoint, stored.head_epoch));
            for advance in &advances {
                advance.committed(before, (to.checkpoint, epoch));
            }
        }
        Ok(())
    }

    /// The runs of checkpoints that belong to one epoch each: first checkpoint and epoch, in order. A run starts right
    /// behind the last commit of the run before, and what nobody committed in it has no rows of that epoch.
    pub fn terms(&self) -> Result<Vec<(CheckpointId, Epoch)>, ReadError> {
        let mut out = Vec::new();
        for (key, value) in self.range(TERMS, &[], None, usize::MAX)? {
            let row = |found: String| ReadError::Row { table: "terms", key: hexadecimal(&key), found };
            let checkpoint = CheckpointId::decoded(&key).ok_or_else(|| row("not a checkpoint".into()))?;
            out.push((checkpoint, borsh::from_slice(&value).map_err(|error| row(error.to_string()))?));
        }
        Ok(out)
    }

    pub(crate) fn get(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.kv.get(&absolute(self.space, table, key))
    }

    pub(crate) fn get_many(&self, table: u8, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let keys: Vec<_> = keys.iter().map(|key| absolute(self.space, table, key)).collect();
        self.kv.get_many(&keys)
    }

    /// Rows of a table from a key on, up to another one or the end; keys without space and table.
    pub(crate) fn range(&self, table: u8, from: &[u8], to: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, ReadError> {
        let range = self.key_range(table, from, to);
        let mut rows = self.kv.range(&range, limit)?;
        for (key, _) in &mut rows {
            key.drain(..6);
        }
        Ok(rows)
    }

    /// The first row of each range of a table; keys without space and table.
    pub(crate) fn first_of(&self, table: u8, ranges: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<Option<Row>>, ReadError> {
        let ranges: Vec<_> = ranges.iter().map(|(from, to)| self.key_range(table, from, Some(to))).collect();
        let mut rows = self.kv.first_of(&ranges)?;
        for (key, _) in rows.iter_mut().flatten() {
            key.drain(..6);
        }
        Ok(rows)
    }

    fn key_range(&self, table: u8, from: &[u8], to: Option<&[u8]>) -> KeyRange {
        match to {
            Some(to) => KeyRange { from: absolute(self.space, table, from), to: absolute(self.space, table, to) },
            None => KeyRange {
                from: absolute(self.space, table, from),
                to: KeyRange::prefix(&absolute(self.space, table, &[])).to,
            },
        }
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    parth_crypto::hex::encode(bytes)
}
