//! [`KvStore`]: what every backend offers, in absolute keys. Roles use [`crate::Store`] instead, which stays inside one
//! [`Space`](crate::Space).

use std::fmt;

use crate::error::{ReadError, WriteError};
use crate::space::{Condition, Position};

/// Longest key in bytes. The smallest limit of all backends (MDBX with pages of 4 KiB: 2,022) with room to spare.
pub const MAX_KEY: usize = 512;

/// Longest value in bytes: 1 MiB. Statements, proofs and deltas are artifacts, not rows.
pub const MAX_VALUE: usize = 1 << 20;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Keys from `from` (included) up to `to` (excluded), in byte order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// First key of the range.
    pub from: Vec<u8>,
    /// First key behind the range.
    pub to: Vec<u8>,
}

impl KeyRange {
    /// Every key that starts with `prefix`; of a prefix of nothing but 255s, every key from there on.
    pub fn prefix(prefix: &[u8]) -> KeyRange {
        let mut to = prefix.to_vec();
        while let Some(last) = to.pop() {
            if last < 255 {
                to.push(last + 1);
                break;
            }
        }
        if to.is_empty() {
            to = vec![255; MAX_KEY];
        }
        KeyRange { from: prefix.to_vec(), to }
    }
}

/// Changes that are stored together or not at all, in the order of the list; a later change of a key wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// What this batch is for. Crash points are named after it.
    pub label: &'static str,
    /// Key and new value; nothing deletes the row.
    pub rows: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// An ordered map of byte strings on durable storage.
///
/// Every backend passes the same conformance suite (`tests/store/conformance.rs`), which is the full statement of what
/// these methods promise.
pub trait KvStore: Send + Sync + fmt::Debug {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError>;

    /// The values of many keys, in the order asked for, all of one state of the store.
    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, ReadError>;

    /// The first `limit` rows of a range, in key order.
    fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, ReadError>;

    /// The first row of each range, all of one state of the store. Cheapest when the ranges are in order.
    fn first_of(&self, ranges: &[KeyRange]) -> Result<Vec<Option<Row>>, ReadError>;

    /// Stores all changes in one step and survives power loss after it returned, if the [`Position`] stored at the key
    /// `position` meets `condition`. A missing row is the default position.
    fn write(&self, position: &[u8], condition: &Condition, changes: &Changes) -> Result<(), WriteError>;
}

/// Refuses keys that some backend cannot hold.
pub(crate) fn key_fits(key: &[u8]) -> Result<(), ReadError> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(ReadError::KeyLength { limit: MAX_KEY, actual: key.len() });
    }
    Ok(())
}

/// Refuses changes that some backend cannot hold.
pub(crate) fn changes_fit(changes: &Changes) -> Result<(), WriteError> {
    for (key, value) in &changes.rows {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(WriteError::KeyLength { limit: MAX_KEY, actual: key.len() });
        }
        if let Some(value) = value
            && value.len() > MAX_VALUE
        {
            return Err(WriteError::ValueLength { limit: MAX_VALUE, actual: value.len() });
        }
    }
    Ok(())
}

/// Reads the row that conditions compare with.
pub(crate) fn position(row: Option<&[u8]>) -> Result<Position, ReadError> {
    let Some(bytes) = row else { return Ok(Position::default()) };
    borsh::from_slice(bytes).map_err(|error| ReadError::Row {
        table: "position",
        key: String::new(),
        found: error.to_string(),
    })
}
