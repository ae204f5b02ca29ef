//! [`Table`]: typed rows over a [`Store`].
//!
//! ```
//! use std::sync::Arc;
//! use parth_store::{Condition, MemoryStore, Space, Store, Table};
//!
//! /// Nonce by user.
//! const NONCES: Table<u32, u64> = Table::new(16, "nonces");
//!
//! let store = Store::new(Arc::new(MemoryStore::new()), Space::Realm(1));
//! let mut batch = store.batch("realm/nonces");
//! NONCES.put(&mut batch, &7, &1);
//! store.write(batch, Condition::Any)?;
//! assert_eq!(NONCES.get(&store, &7)?, Some(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::marker::PhantomData;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::error::ReadError;
use crate::key::Key;
use crate::space::{Batch, Store, hexadecimal};

/// The rows of one kind in a space. A constant of the role that owns it.
#[derive(Debug)]
pub struct Table<K, V> {
    number: u8,
    name: &'static str,
    types: PhantomData<fn(K) -> V>,
}

impl<K: Key, V: BorshSerialize + BorshDeserialize> Table<K, V> {
    /// A table. Numbers below 16 belong to the store itself; a number is used once in a space and never again for
    /// something else.
    ///
    /// # Panics
    /// When `number` is below 16; tables are constants, so at compile time.
    pub const fn new(number: u8, name: &'static str) -> Table<K, V> {
        assert!(number >= 16, "tables below 16 belong to the store");
        Table { number, name, types: PhantomData }
    }

    /// Its name, as errors show it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value of a key.
    pub fn get(&self, store: &Store, key: &K) -> Result<Option<V>, ReadError> {
        let key = key.encoded();
        store.get(self.number, &key)?.map(|value| self.value(&key, &value)).transpose()
    }

    /// The values of many keys, in the order asked for, all of one state of the store.
    pub fn get_many(&self, store: &Store, keys: &[K]) -> Result<Vec<Option<V>>, ReadError> {
        let keys: Vec<_> = keys.iter().map(Key::encoded).collect();
        let values = store.get_many(self.number, &keys)?;
        keys.iter().zip(values).map(|(key, value)| value.map(|value| self.value(key, &value)).transpose()).collect()
    }

    /// The first `limit` rows from a key on (included), in key order.
    pub fn from(&self, store: &Store, from: &K, limit: usize) -> Result<Vec<(K, V)>, ReadError> {
        self.rows(store.range(self.number, &from.encoded(), None, limit)?)
    }

    /// The first `limit` rows from a key on (included) up to another (excluded), in key order.
    pub fn between(&self, store: &Store, from: &K, to: &K, limit: usize) -> Result<Vec<(K, V)>, ReadError> {
        self.rows(store.range(self.number, &from.encoded(), Some(&to.encoded()), limit)?)
    }

    /// Every row, in key order. For small tables and for recovery.
    pub fn all(&self, store: &Store) -> Result<Vec<(K, V)>, ReadError> {
        self.rows(store.range(self.number, &[], None, usize::MAX)?)
    }

    /// Sets a row when the batch is written.
    pub fn put(&self, batch: &mut Batch, key: &K, value: &V) {
        batch.put_value(self.number, self.name, &key.encoded(), value);
    }

    /// Deletes a row, if there is one, when the batch is written.
    pub fn delete(&self, batch: &mut Batch, key: &K) {
        batch.delete(self.number, &key.encoded());
    }

    fn rows(&self, rows: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<(K, V)>, ReadError> {
        rows.into_iter()
            .map(|(key, value)| {
                let typed = K::decoded(&key).ok_or_else(|| self.unreadable(&key, "not a key of the table".into()))?;
                Ok((typed, self.value(&key, &value)?))
            })
            .collect()
    }

    fn value(&self, key: &[u8], value: &[u8]) -> Result<V, ReadError> {
        borsh::from_slice(value).map_err(|error| self.unreadable(key, error.to_string()))
    }

    fn unreadable(&self, key: &[u8], found: String) -> ReadError {
        ReadError::Row { table: self.name, key: hexadecimal(key), found }
    }
}
