//! What opening, reading and writing a store refuse.

use std::io;
use std::path::PathBuf;

use parth_crypto::Digest;
use parth_protocol::ids::CheckpointId;
use thiserror::Error;

use crate::space::{Epoch, Head, Space};

/// Why a store is not opened. Nothing of the folder is changed by a refusal.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// Another process, or another store of this one, has the folder open.
    #[error("folder {folder} is in use by {holder}")]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Who wrote its name into the lock file.
        holder: String,
    },
    /// The file is not a store of Parth.
    #[error("{file} is not a Parth store: {found}")]
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        found: String,
    },
    /// The file was a store and is damaged.
    #[error("{file} is damaged: {found}")]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The store was written by a program with another layout.
    #[error("{file} has store format {actual}, this program reads format {expected}")]
    Format {
        /// The file.
        file: PathBuf,
        /// Format of this program.
        expected: u32,
        /// Format of the file.
        actual: u32,
    },
    /// The store belongs to another network.
    #[error("{file} belongs to the network with genesis root {actual}, not {expected}")]
    Network {
        /// The file.
        file: PathBuf,
        /// Genesis root that was asked for.
        expected: Digest,
        /// Genesis root of the file.
        actual: Digest,
    },
    /// The engine refused for a reason of its own.
    #[error("{file}: {found}")]
    Engine {
        /// The file.
        file: PathBuf,
        /// Its words.
        found: String,
    },
}

/// Why a row is not served.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// A stored row or page is not what was written.
    #[error("{file} is damaged: {found}")]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// A row is intact but is not a row of its table: written by another program.
    #[error("table {table}: row {key} is not readable: {found}")]
    Row {
        /// Name of the table.
        table: &'static str,
        /// The row's key, in hexadecimal digits.
        key: String,
        /// What is wrong with it.
        found: String,
    },
    /// The key is empty or too long for every backend.
    #[error("a key has {actual} bytes, allowed are 1 to {limit}")]
    KeyLength {
        /// [`crate::MAX_KEY`].
        limit: usize,
        /// Length of the key.
        actual: usize,
    },
    /// The engine refused for a reason of its own.
    #[error("{file}: {found}")]
    Engine {
        /// The file.
        file: PathBuf,
        /// Its words.
        found: String,
    },
    /// The process died at a crash point that a test has set.
    #[error("the process died at crash point {point}")]
    Crashed {
        /// Name of the point.
        point: String,
    },
}

/// Why a batch is not written. Nothing of a refused batch is stored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Somebody else leads: the epoch of the batch is not the epoch of the store.
    #[error("fenced: the batch is of epoch {actual}, the store is led by epoch {expected}")]
    Fenced {
        /// Epoch of the store.
        expected: Epoch,
        /// Epoch of the batch.
        actual: Epoch,
    },
    /// The batch was made on another head than the store has.
    #[error("the batch stands on head {}, the store on {}", shown(.expected), shown(.actual))]
    HeadMoved {
        /// Head that the batch was made on.
        expected: Option<Head>,
        /// Head of the store.
        actual: Option<Head>,
    },
    /// A commit must move the head forward.
    #[error("a commit of checkpoint {actual} does not come after head {}", shown(.head))]
    NotForward {
        /// Head that the batch was made on.
        head: Option<Head>,
        /// Checkpoint of the batch.
        actual: CheckpointId,
    },
    /// The key is empty or too long for every backend.
    #[error("a key has {actual} bytes, allowed are 1 to {limit}")]
    KeyLength {
        /// [`crate::MAX_KEY`].
        limit: usize,
        /// Length of the key.
        actual: usize,
    },
    /// The value is too long for every backend; big things are artifacts.
    #[error("a value has {actual} bytes, allowed are up to {limit}")]
    ValueLength {
        /// [`crate::MAX_VALUE`].
        limit: usize,
        /// Length of the value.
        actual: usize,
    },
    /// The batch was made for another space.
    #[error("a batch of {actual:?} is written to {expected:?}")]
    Space {
        /// The space it is written to.
        expected: Space,
        /// The space it was made for.
        actual: Space,
    },
    /// A value has no encoding.
    #[error("table {table}: a value cannot be encoded: {found}")]
    Encode {
        /// Name of the table.
        table: &'static str,
        /// Why.
        found: String,
    },
    /// The store has reached the size it was opened with, or the disk is full.
    #[error("{file} is full: {found}")]
    Full {
        /// The file.
        file: PathBuf,
        /// What is exhausted.
        found: String,
    },
    /// Reading what the condition compares with failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn shown(head: &Option<Head>) -> String {
    match head {
        None => "nothing".into(),
        Some(head) => head.to_string(),
    }
}
