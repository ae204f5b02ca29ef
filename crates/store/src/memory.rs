//! [`MemoryStore`]: a [`KvStore`] that lives as long as the process. For tests, simulation and verification.

use std::collections::BTreeMap;

use parking_lot::RwLock;

use crate::error::{ReadError, WriteError};
use crate::kv::{Changes, KeyRange, KvStore, Row, changes_fit, key_fits, position};
use crate::space::Condition;

/// Rows in an ordered map in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }
}

impl KvStore for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        key_fits(key)?;
        Ok(self.rows.read().get(key).cloned())
    }

    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let rows = self.rows.read();
        keys.iter().map(|key| key_fits(key).map(|()| rows.get(key).cloned())).collect()
    }

    fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, ReadError> {
        if range.from >= range.to {
            return Ok(Vec::new());
        }
        let rows = self.rows.read();
        let rows = rows.range::<Vec<u8>, _>(&range.from..&range.to);
        Ok(rows.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn first_of(&self, ranges: &[KeyRange]) -> Result<Vec<Option<Row>>, ReadError> {
        let rows = self.rows.read();
        let first = |range: &KeyRange| {
            if range.from >= range.to {
                return None;
            }
            let mut rows = rows.range::<Vec<u8>, _>(&range.from..&range.to);
            rows.next().map(|(key, value)| (key.clone(), value.clone()))
        };
        Ok(ranges.iter().map(first).collect())
    }

    fn write(&self, at: &[u8], condition: &Condition, changes: &Changes) -> Result<(), WriteError> {
        changes_fit(changes)?;
        let mut rows = self.rows.write();
        condition.check(&position(rows.get(at).map(Vec::as_slice))?)?;
        for (key, value) in &changes.rows {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }
}
