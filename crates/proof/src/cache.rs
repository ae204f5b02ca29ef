//! [`CircuitCache`]: built circuits on local disk.
//!
//! A circuit of 2^13 rows takes about half a second to build and a tenth of a second to read back. A file is keyed by the
//! circuit's name, the fingerprint that `circuits.lock` pins for it, and a hash of the sources that circuits are built
//! from; it carries a BLAKE3 checksum over key and content, and is written beside its place and then renamed. A file
//! that is torn, flipped or of another key is never served: it is rebuilt, and the caller gets a warning that names it.
//!
//! The folder is trusted as much as the binary is: the checksum finds accidents, not attackers.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parth_protocol::ids::Fingerprint;
use plonky2::util::serialization::WitnessGeneratorSerializer;
use thiserror::Error;

use crate::panic::guard;
use crate::{Circuit, CircuitError, ClassData, D, F, stored};

/// First bytes of every file; the digit is the version of the layout.
const MAGIC: &[u8; 8] = b"parthci2";
const CHECKSUM_LEN: usize = 32;
const HEAD_LEN: usize = MAGIC.len() + CHECKSUM_LEN;
/// Bytes that a file may have: several times those of the largest circuit.
const SIZE_LIMIT: u64 = 64 << 20;

/// How generators are written: the library's, and those of our own circuits. Gates are those of the class.
pub type Serializer<'a> = &'a dyn WitnessGeneratorSerializer<F, D>;

/// What a cached circuit is found by.
#[derive(Clone, Copy, Debug)]
pub struct CacheKey<'a> {
    /// Name of the circuit, such as `guta::two_guta`.
    pub name: &'a str,
    /// Fingerprint that the lock file pins, where there is one. A circuit of another fingerprint is not served.
    pub pinned: Option<Fingerprint>,
}

/// Built circuits in a folder.
#[derive(Clone, Debug)]
pub struct CircuitCache {
    folder: PathBuf,
    sources: [u8; 32],
}

/// A circuit from the cache, or built because the cache could not give it.
#[derive(Debug)]
pub struct Cached {
    /// The circuit.
    pub circuit: Circuit,
    /// What the builder noted down with it.
    pub notes: Vec<u8>,
    /// Was it read from disk?
    pub hit: bool,
    /// What was wrong with the cache, for the log. The circuit is good all the same.
    pub warning: Option<CacheWarning>,
}

/// What was wrong with a file of the cache.
#[derive(Debug, Error)]
pub enum CacheWarning {
    /// The file is there and cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The content is not what was written, so the circuit was built again.
    #[error("{} is corrupt ({reason}); the circuit was built again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The built circuit could not be stored.
    #[error("cannot write {}: {source}", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why there is no circuit, cached or built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CacheError {
    /// It cannot be built.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// It was built and is not the circuit that the lock file pins.
    #[error("{name} has the fingerprint {actual}, circuits.lock has {expected}")]
    Fingerprint {
        /// Name of the circuit.
        name: String,
        /// What the lock file pins.
        expected: Fingerprint,
        /// What was built.
        actual: Fingerprint,
    },
}

impl CircuitCache {
    /// The cache in a folder, which is made when it is first needed. `sources` is a hash of everything that circuits
    /// are built from.
    pub fn new(folder: impl Into<PathBuf>, sources: [u8; 32]) -> CircuitCache {
        CircuitCache { folder: folder.into(), sources }
    }

    /// The circuit of a key: from disk when a good file is there, else built and stored. Whoever builds it may give notes,
    /// such as which targets are its inputs, which are kept with the circuit.
    pub fn load_or_build(
        &self,
        key: CacheKey<'_>,
        class: &ClassData,
        serializer: Serializer<'_>,
        build: impl FnOnce() -> Result<(Circuit, Vec<u8>), CircuitError>,
    ) -> Result<Cached, CacheError> {
        let path = self.path(key);
        let mut warning = None;
        match read(&path) {
            Ok(bytes) => match bytes.and_then(|bytes| self.parse(key, class, serializer, &bytes)) {
                Ok((circuit, notes)) => return Ok(Cached { circuit, notes, hit: true, warning: None }),
                Err(reason) => warning = Some(CacheWarning::Corrupt { path: path.clone(), reason }),
            },
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => warning = Some(CacheWarning::Unreadable { path: path.clone(), source }),
        }
        let (circuit, notes) = build()?;
        if let Some(expected) = key.pinned.filter(|&pinned| pinned != circuit.fingerprint()) {
            let actual = circuit.fingerprint();
            return Err(CacheError::Fingerprint { name: key.name.to_owned(), expected, actual });
        }
        if let Err(source) = self.write(key, &path, &circuit, &notes, serializer) {
            warning.get_or_insert(CacheWarning::NotWritten { path, source });
        }
        Ok(Cached { circuit, notes, hit: false, warning })
    }

    /// Removes the files that were written from other sources, and what interrupted writes left. Returns the bytes that
    /// this frees.
    pub fn prune(&self) -> io::Result<u64> {
        let own = self.suffix();
        let mut freed = 0;
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".partial") || name.ends_with(".circuit") && !name.ends_with(&own) {
                freed += entry.metadata()?.len();
                fs::remove_file(entry.path())?;
            }
        }
        Ok(freed)
    }

    /// Where the circuit of a key is kept.
    pub fn path(&self, key: CacheKey<'_>) -> PathBuf {
        let name: String = key.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        // The name in the file is for people; the hash tells apart names that look alike.
        let hash = blake3::hash(&self.key_bytes(key)).to_hex();
        self.folder.join(format!("{name}.{}{}", &hash[..16], self.suffix()))
    }

    fn suffix(&self) -> String {
        format!(".{}.circuit", &blake3::Hash::from_bytes(self.sources).to_hex()[..16])
    }

    fn key_bytes(&self, key: CacheKey<'_>) -> Vec<u8> {
        let mut bytes = self.sources.to_vec();
        match key.pinned {
            Some(fingerprint) => bytes.extend([&[1], &fingerprint.0.to_bytes()[..]].concat()),
            None => bytes.push(0),
        }
        bytes.extend(key.name.as_bytes());
        bytes
    }

    fn checksum(&self, key: CacheKey<'_>, content: &[u8]) -> [u8; CHECKSUM_LEN] {
        let mut hasher = blake3::Hasher::new();
        let key = self.key_bytes(key);
        hasher.update(&(key.len() as u64).to_le_bytes()).update(&key).update(content);
        *hasher.finalize().as_bytes()
    }

    fn parse(
        &self,
        key: CacheKey<'_>,
        class: &ClassData,
        serializer: Serializer<'_>,
        bytes: &[u8],
    ) -> Result<(Circuit, Vec<u8>), String> {
        let (head, content) =
            bytes.split_at_checked(HEAD_LEN).ok_or_else(|| format!("{} bytes are too few", bytes.len()))?;
        if &head[..MAGIC.len()] != MAGIC {
            return Err("not a file of this cache".into());
        }
        if head[MAGIC.len()..] != self.checksum(key, content) {
            return Err("the checksum differs".into());
        }
        let (data, notes) = guard(|| stored::decode(class.common(), content, serializer))??;
        let circuit = Circuit::from_data(class, data).map_err(|error| error.to_string())?;
        match key.pinned.filter(|&pinned| pinned != circuit.fingerprint()) {
            Some(pinned) => Err(format!("the fingerprint is {}, not {pinned}", circuit.fingerprint())),
            None => Ok((circuit, notes)),
        }
    }

    fn write(
        &self,
        key: CacheKey<'_>,
        path: &Path,
        circuit: &Circuit,
        notes: &[u8],
        serializer: Serializer<'_>,
    ) -> io::Result<()> {
        let content = guard(|| stored::encode(circuit.data(), notes, serializer))
            .map_err(io::Error::other)?
            .map_err(|_| io::Error::other("the circuit has a generator that the serializer does not know"))?;
        fs::create_dir_all(&self.folder)?;
        // Two writers may store the same circuit at once; each has a file of its own until the rename.
        static WRITES: AtomicU64 = AtomicU64::new(0);
        let write = WRITES.fetch_add(1, Ordering::Relaxed);
        let partial = path.with_extension(format!("{}-{write}.partial", std::process::id()));
        let written = (|| {
            let mut file = fs::File::create(&partial)?;
            file.write_all(MAGIC)?;
            file.write_all(&self.checksum(key, &content))?;
            file.write_all(&content)?;
            file.sync_data()?;
            fs::rename(&partial, path)
        })();
        if written.is_err() {
            // Nothing more can be done about a leftover than to try.
            let _ = fs::remove_file(&partial);
        }
        written
    }
}

/// The bytes of a file, or why it cannot be one of this cache. A pipe is not opened: it would wait for a writer.
fn read(path: &Path) -> io::Result<Result<Vec<u8>, String>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(Err("not a regular file".to_owned()));
    }
    if metadata.len() > SIZE_LIMIT {
        return Ok(Err(format!("{} bytes, expected at most {SIZE_LIMIT}", metadata.len())));
    }
    fs::read(path).map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_large_is_not_read() {
        let folder = std::env::temp_dir().join(format!("parth-cache-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(read(&folder).unwrap(), Err("not a regular file".to_owned()));
        // A file with a hole takes no space.
        let large = folder.join("large");
        fs::File::create(&large).unwrap().set_len(SIZE_LIMIT + 1).unwrap();
        assert!(read(&large).unwrap().is_err_and(|reason| reason.contains("expected at most")));
        fs::write(&large, b"text").unwrap();
        assert_eq!(read(&large).unwrap(), Ok(b"text".to_vec()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
