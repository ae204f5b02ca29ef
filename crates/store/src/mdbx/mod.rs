//! [`MdbxStore`]: a [`KvStore`] in one file of libmdbx, the embedded default.
//!
//! ```text
//!   folder/LOCK       who has the folder open (the operating system's lock is what counts)
//!   folder/FORMAT     format and network, see `format`
//!   folder/mdbx.dat   all rows, in the main table of the file
//!   folder/mdbx.lck   MDBX's own table of readers
//! ```
//!
//! Durable mode: a write that returned survives power loss. MDBX keeps no checksum of its pages, so every value carries
//! one of its own, over its key and itself: a flipped bit in a row is an error that names the file, never a value. And it
//! trusts the structure of its pages, so that is read as plain bytes before the file is given to it: see `pages`.
//!
//! MDBX aborts the process on keys and values beyond its limits, so lengths are checked before it is called.

mod pages;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use parth_crypto::Digest;
use rayon::prelude::*;
use signet_libmdbx::sys::PageSize;
use signet_libmdbx::tx::aliases::RoTxUnsync;
use signet_libmdbx::{
    Cursor, Database, DatabaseFlags, Environment, EnvironmentFlags, Geometry, MdbxError, Mode, ReadError as MdbxRead,
    Ro, SyncMode, WriteFlags,
};

use crate::error::{OpenError, ReadError, WriteError};
use crate::format::{self, Stage};
use crate::kv::{Changes, KeyRange, KvStore, Row, changes_fit, key_fits, position};
use crate::lock::FolderLock;
use crate::space::{Condition, hexadecimal};

/// Name of the engine's file inside the folder.
pub const DATA_FILE: &str = "mdbx.dat";

const PAGE: usize = 4096;
/// Bytes of the checksum behind every value.
const SEAL: usize = 8;

/// How much of a store is read when it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every page and the checksum of every row. About a second for a million rows.
    #[default]
    Whole,
    /// Every page; the checksum of a row when it is read.
    Structure,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct MdbxOptions {
    /// Size in bytes that the file may grow to. Takes address space, not disk. 64 GiB unless said otherwise.
    pub max_bytes: usize,
    /// How much is read at opening.
    pub check: Check,
}

impl Default for MdbxOptions {
    fn default() -> MdbxOptions {
        MdbxOptions { max_bytes: 64 << 30, check: Check::Whole }
    }
}

/// Reads the file of a store that nobody has open, without the engine. Returns how many rows it has.
pub fn check_file(file: &Path, check: Check) -> Result<u64, OpenError> {
    pages::check(file, check == Check::Whole).map_err(|error| match error {
        pages::Unsound::Damaged(found) => OpenError::Corrupt { file: file.into(), found },
        pages::Unsound::Io(source) => OpenError::Io { path: file.into(), source },
    })
}

/// Rows in a file of MDBX. One store a folder, one process a store.
pub struct MdbxStore {
    environment: Environment,
    rows: Database,
    file: PathBuf,
    /// Dropped last: the environment is closed before anybody else may open it.
    _lock: FolderLock,
}

impl std::fmt::Debug for MdbxStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MdbxStore").field("file", &self.file).finish_non_exhaustive()
    }
}

impl MdbxStore {
    /// Opens the store of a network in `folder`, and makes it when there is none.
    ///
    /// # Errors
    /// Refuses a folder in use, of another network, of another format, with files that are not ours, and a damaged file.
    pub fn open(folder: &Path, genesis: Digest, options: MdbxOptions) -> Result<MdbxStore, OpenError> {
        let lock = FolderLock::take(folder)?;
        let file = folder.join(DATA_FILE);
        let length = match fs::metadata(&file) {
            Ok(metadata) => Some(metadata.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(OpenError::Io { path: file, source }),
        };
        match (format::read_stage(folder, genesis)?, length) {
            (Stage::Absent, Some(_)) => {
                return Err(OpenError::Foreign { file, found: "an MDBX file without our FORMAT beside it".into() });
            }
            (Stage::Absent, None) => format::write_stage(folder, genesis, Stage::Creating)?,
            (Stage::Creating, None) => {}
            (Stage::Creating, Some(_)) => {
                fs::remove_file(&file).map_err(|source| OpenError::Io { path: file.clone(), source })?;
            }
            (Stage::Ready, None | Some(0)) => {
                let found = if length.is_none() { "it is missing" } else { "it is empty" };
                return Err(OpenError::Corrupt { file, found: found.into() });
            }
            (Stage::Ready, Some(_)) => {
                check_file(&file, options.check)?;
                let store = MdbxStore::attach(lock, file, options)?;
                format::check_row(&store, &store.file, genesis)?;
                return Ok(store);
            }
        }
        let store = MdbxStore::attach(lock, file, options)?;
        format::write_row(&store, genesis)
            .map_err(|error| OpenError::Engine { file: store.file.clone(), found: error.to_string() })?;
        format::write_stage(folder, genesis, Stage::Ready)?;
        Ok(store)
    }

    /// The engine's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn attach(lock: FolderLock, file: PathBuf, options: MdbxOptions) -> Result<MdbxStore, OpenError> {
        let fail = |error: MdbxError| {
            let (file, found) = (file.clone(), error.to_string());
            match error {
                MdbxError::Corrupted | MdbxError::PageNotFound | MdbxError::Panic => OpenError::Corrupt { file, found },
                MdbxError::Invalid | MdbxError::VersionMismatch => OpenError::Corrupt { file, found },
                _ => OpenError::Engine { file, found },
            }
        };
        let flags = EnvironmentFlags {
            exclusive: true,
            no_rdahead: true,
            mode: Mode::ReadWrite { sync_mode: SyncMode::Durable },
            ..EnvironmentFlags::default()
        };
        let geometry = Geometry {
            size: Some(0..options.max_bytes),
            growth_step: Some(16 << 20),
            shrink_threshold: Some(64 << 20),
            page_size: Some(PageSize::Set(PAGE)),
        };
        let environment = Environment::builder()
            .set_flags(flags)
            .set_geometry(geometry)
            .set_max_readers(512)
            .open(lock.folder())
            .map_err(fail)?;
        let transaction = environment.begin_rw_unsync().map_err(fail)?;
        let rows = transaction.create_db(None, DatabaseFlags::empty()).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(MdbxStore { environment, rows, file, _lock: lock })
    }

    fn reader(&self) -> Result<RoTxUnsync, ReadError> {
        self.environment.begin_ro_unsync().map_err(|error| self.engine(error))
    }

    fn fetch(&self, transaction: &RoTxUnsync, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        key_fits(key)?;
        let value = transaction.get::<Cow<'_, [u8]>>(self.rows.dbi(), key).map_err(|error| self.unread(error))?;
        value.map(|value| self.unseal(key, &value)).transpose()
    }

    fn unseal(&self, key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, ReadError> {
        let parts = sealed.len().checked_sub(SEAL).map(|at| sealed.split_at(at));
        match parts {
            Some((value, seal)) if seal == checksum(key, value) => Ok(value.to_vec()),
            _ => Err(self.corrupt(format!("the checksum of row {} is wrong", hexadecimal(key)))),
        }
    }

    fn corrupt(&self, found: String) -> ReadError {
        ReadError::Corrupt { file: self.file.clone(), found }
    }

    fn engine(&self, error: MdbxError) -> ReadError {
        let (file, found) = (self.file.clone(), error.to_string());
        match error {
            MdbxError::Corrupted | MdbxError::PageNotFound | MdbxError::Panic => ReadError::Corrupt { file, found },
            _ => ReadError::Engine { file, found },
        }
    }

    fn unread(&self, error: MdbxRead) -> ReadError {
        match error {
            MdbxRead::Mdbx(error) => self.engine(error),
            MdbxRead::Decoding(error) => self.corrupt(error.to_string()),
        }
    }

    fn unwritten(&self, error: MdbxError) -> WriteError {
        /// No space left on the device.
        const ENOSPC: i32 = 28;
        match error {
            MdbxError::MapFull | MdbxError::TxnFull | MdbxError::Other(ENOSPC) => {
                WriteError::Full { file: self.file.clone(), found: error.to_string() }
            }
            _ => self.engine(error).into(),
        }
    }
}

impl KvStore for MdbxStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.fetch(&self.reader()?, key)
    }

    fn get_many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, ReadError> {
        let transaction = self.reader()?;
        keys.iter().map(|key| self.fetch(&transaction, key)).collect()
    }

    fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, ReadError> {
        let transaction = self.reader()?;
        let mut cursor = transaction.cursor(self.rows).map_err(|error| self.engine(error))?;
        let mut out = Vec::new();
        if limit == 0 {
            return Ok(out);
        }
        let mut at = seek(&mut cursor, &range.from).map_err(|error| self.unread(error))?;
        while let Some((key, value)) = at {
            if *key >= *range.to {
                break;
            }
            out.push((key.to_vec(), self.unseal(&key, &value)?));
            if out.len() == limit {
                break;
            }
            at = cursor.next::<Cow<'_, [u8]>, Cow<'_, [u8]>>().map_err(|error| self.unread(error))?;
        }
        Ok(out)
    }

    fn first_of(&self, ranges: &[KeyRange]) -> Result<Vec<Option<Row>>, ReadError> {
        let transaction = self.reader()?;
        let mut cursor = transaction.cursor(self.rows).map_err(|error| self.engine(error))?;
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            let first = match seek(&mut cursor, &range.from).map_err(|error| self.unread(error))? {
                Some((key, value)) if *key < *range.to => Some((key.to_vec(), self.unseal(&key, &value)?)),
                _ => None,
            };
            out.push(first);
        }
        Ok(out)
    }

    fn write(&self, at: &[u8], condition: &Condition, changes: &Changes) -> Result<(), WriteError> {
        changes_fit(changes)?;
        // Before the transaction, and on every core when there are many: only one writer may be open.
        let seal =
            |(key, value): &(Vec<u8>, Option<Vec<u8>>)| value.as_ref().map_or([0; SEAL], |value| checksum(key, value));
        let seals: Vec<_> = changes.rows.par_iter().with_min_len(1024).map(seal).collect();
        let mut sealed = Vec::new();
        let transaction = self.environment.begin_rw_unsync().map_err(|error| self.unwritten(error))?;
        let stored = transaction.get::<Vec<u8>>(self.rows.dbi(), at).map_err(|error| self.unread(error))?;
        let stored = stored.map(|sealed| self.unseal(at, &sealed)).transpose()?;
        condition.check(&position(stored.as_deref())?)?;
        for ((key, value), seal) in changes.rows.iter().zip(seals) {
            match value {
                Some(value) => {
                    sealed.clear();
                    sealed.extend_from_slice(value);
                    sealed.extend_from_slice(&seal);
                    transaction.put(self.rows, key, &sealed, WriteFlags::UPSERT)
                }
                None => transaction.del(self.rows, key, None).map(drop),
            }
            .map_err(|error| self.unwritten(error))?;
        }
        // Dropping the transaction on any of the ways out above aborts it.
        transaction.commit().map_err(|error| self.unwritten(error))
    }
}

/// A row as the transaction shows it.
type Seen<'t> = (Cow<'t, [u8]>, Cow<'t, [u8]>);

/// The first row at or behind a key.
fn seek<'t>(cursor: &mut Cursor<'t, Ro>, from: &[u8]) -> Result<Option<Seen<'t>>, MdbxRead> {
    if from.is_empty() { cursor.first() } else { cursor.set_range(from) }
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; SEAL] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u32).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    let mut out = [0; SEAL];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..SEAL]);
    out
}
