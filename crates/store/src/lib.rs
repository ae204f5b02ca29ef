//! Storage: ordered key-value stores with fenced atomic batches, typed tables, and the versioned forest over them.
//!
//! ```text
//!   forest    Merkle trees by checkpoint: a view of the past, a draft of the next checkpoint, a check of all of it
//!   table     typed rows                       key     keys whose byte order is their order
//!   space     one role's part of a store: epoch, head, commit
//!   kv        what a backend offers
//!   memory    in memory      mdbx    one file of libmdbx      faults  over either, dies at a named crash point
//!   format    what a folder says about itself                 lock    one process a folder
//! ```
//!
//! Two promises carry everything above (design/network.md, "Storage"): a batch is stored whole or not at all, and a
//! batch of an epoch that no longer leads is refused.

pub mod error;
pub mod faults;
pub mod forest;
mod format;
pub mod key;
pub mod kv;
pub mod lock;
pub mod mdbx;
pub mod memory;
pub mod space;
pub mod table;

pub use error::{OpenError, ReadError, WriteError};
pub use forest::{Forest, ForestDraft, ForestError, ForestView, NodeReads, Sealed, Tree, TreeId};
pub use format::{FORMAT, FORMAT_FILE};
pub use key::Key;
pub use kv::{KvStore, MAX_KEY, MAX_VALUE};
pub use lock::FolderLock;
pub use mdbx::{Check, MdbxOptions, MdbxStore};
pub use memory::MemoryStore;
pub use space::{Batch, Condition, Epoch, Head, Position, Space, Store};
pub use table::Table;
