//! [`Artifacts`]: statements, proofs, deltas and code, each named by its content.
//!
//! ```text
//!   folder/ab/cdef…   the artifact whose BLAKE3 is abcdef…
//!   folder/tmp/…      on its way: written and flushed here, then moved into place in one step
//! ```
//!
//! An artifact is written once and never changed. It is hashed again whenever it is read: a damaged file is an error
//! that names the file, never content.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use borsh::{BorshDeserialize, BorshSerialize};
use parking_lot::RwLock;
use parth_crypto::hex::{self, HexError};
use parth_store::Key;
use thiserror::Error;

/// Largest artifact in bytes: 64 MiB. Larger files are not read.
pub const MAX_ARTIFACT: usize = 64 << 20;

/// The name of an artifact: BLAKE3 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct ArtifactId(pub [u8; 32]);

impl ArtifactId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> ArtifactId {
        ArtifactId(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactId({self})")
    }
}

impl FromStr for ArtifactId {
    type Err = HexError;

    fn from_str(text: &str) -> Result<ArtifactId, HexError> {
        Ok(ArtifactId(hex::decode(text)?))
    }
}

impl Key for ArtifactId {
    const LENGTH: usize = 32;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<ArtifactId> {
        Some(ArtifactId(bytes.try_into().ok()?))
    }
}

/// Why an artifact is not stored or not served.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// Nothing of this name was ever stored here.
    #[error("there is no artifact {artifact}")]
    Missing {
        /// Its name.
        artifact: ArtifactId,
    },
    /// The file is not what was stored.
    #[error("{file} is damaged: its content is {actual}, its name {expected}")]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// The artifact that was asked for.
        expected: ArtifactId,
        /// The name of what the file holds.
        actual: ArtifactId,
    },
    /// Longer than any artifact may be.
    #[error("{what} has {actual} bytes, an artifact has at most {limit}")]
    TooLarge {
        /// The artifact or the file.
        what: String,
        /// [`MAX_ARTIFACT`].
        limit: usize,
        /// Its length.
        actual: u64,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

#[derive(Debug)]
enum Place {
    Memory(RwLock<BTreeMap<ArtifactId, Arc<[u8]>>>),
    Disk { folder: PathBuf, next: AtomicU64 },
}

/// A store of artifacts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Artifacts {
    place: Arc<Place>,
}

impl Artifacts {
    /// Artifacts that live as long as the process.
    pub fn in_memory() -> Artifacts {
        Artifacts { place: Arc::new(Place::Memory(RwLock::default())) }
    }

    /// Artifacts in a folder on a local disk. One process at a time: the caller holds the lock of a folder around it.
    /// What an earlier process left on its way is removed.
    pub fn on_disk(folder: &Path) -> Result<Artifacts, ArtifactError> {
        let temporary = folder.join("tmp");
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&temporary)(error)),
            _ => {}
        }
        fs::create_dir_all(&temporary).map_err(at(&temporary))?;
        sync_folder(folder)?;
        Ok(Artifacts { place: Arc::new(Place::Disk { folder: folder.into(), next: AtomicU64::new(0) }) })
    }

    /// Stores bytes; when this returns they survive power loss. Storing the same again is cheap and mends a damaged
    /// file.
    pub fn put(&self, bytes: &[u8]) -> Result<ArtifactId, ArtifactError> {
        let id = ArtifactId::of(bytes);
        if bytes.len() > MAX_ARTIFACT {
            let (what, actual) = (id.to_string(), bytes.len() as u64);
            return Err(ArtifactError::TooLarge { what, limit: MAX_ARTIFACT, actual });
        }
        match &*self.place {
            Place::Memory(artifacts) => {
                artifacts.write().entry(id).or_insert_with(|| bytes.into());
            }
            Place::Disk { folder, next } => {
                let file = file_of(folder, id);
                if !matches!(read(&file), Ok(found) if found == bytes) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    write(folder, &file, &folder.join("tmp").join(number.to_string()), bytes)?;
                }
            }
        }
        Ok(id)
    }

    /// The bytes of an artifact, verified.
    pub fn get(&self, id: ArtifactId) -> Result<Vec<u8>, ArtifactError> {
        match &*self.place {
            Place::Memory(artifacts) => {
                let found = artifacts.read().get(&id).map(|bytes| bytes.to_vec());
                found.ok_or(ArtifactError::Missing { artifact: id })
            }
            Place::Disk { folder, .. } => {
                let file = file_of(folder, id);
                let bytes = match read(&file) {
                    Err(ArtifactError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                        return Err(ArtifactError::Missing { artifact: id });
                    }
                    result => result?,
                };
                let actual = ArtifactId::of(&bytes);
                if actual != id {
                    return Err(ArtifactError::Corrupt { file, expected: id, actual });
                }
                Ok(bytes)
            }
        }
    }

    /// Is there an artifact of this name? Its content is verified when it is read.
    pub fn has(&self, id: ArtifactId) -> bool {
        match &*self.place {
            Place::Memory(artifacts) => artifacts.read().contains_key(&id),
            Place::Disk { folder, .. } => file_of(folder, id).is_file(),
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ArtifactError {
    let path = path.to_path_buf();
    move |source| ArtifactError::Io { path, source }
}

fn file_of(folder: &Path, id: ArtifactId) -> PathBuf {
    let text = id.to_string();
    // `0x`, two digits for the folder, the others for the file.
    folder.join(&text[2..4]).join(&text[4..])
}

fn read(file: &Path) -> Result<Vec<u8>, ArtifactError> {
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(at(file))?;
    let read = opened.take(MAX_ARTIFACT as u64 + 1).read_to_end(&mut bytes).map_err(at(file))?;
    if read > MAX_ARTIFACT {
        let what = file.display().to_string();
        return Err(ArtifactError::TooLarge { what, limit: MAX_ARTIFACT, actual: read as u64 });
    }
    Ok(bytes)
}

/// Flushes the bytes under another name, then moves them into place.
fn write(folder: &Path, file: &Path, temporary: &Path, bytes: &[u8]) -> Result<(), ArtifactError> {
    let parent = file.parent().unwrap_or(folder);
    if !parent.is_dir() {
        fs::create_dir_all(parent).map_err(at(parent))?;
        sync_folder(folder)?;
    }
    let mut out = File::create(temporary).map_err(at(temporary))?;
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(at(temporary))?;
    fs::rename(temporary, file).map_err(at(file))?;
    sync_folder(parent)
}

fn sync_folder(folder: &Path) -> Result<(), ArtifactError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}
