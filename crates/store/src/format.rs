//! What a store's folder says about itself: the format of its rows and the network it belongs to.
//!
//! The same facts stand twice: as a row in the engine's file, and in the text file `FORMAT` beside it, which is written
//! before the engine's file is made and finished after. So a folder with another network's store is refused before its
//! file is touched, a lost or emptied engine file is noticed instead of becoming a fresh store, and a creation that was
//! interrupted is done again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;

use crate::error::{OpenError, ReadError, WriteError};
use crate::kv::{Changes, KeyRange, KvStore};
use crate::space::{Condition, Space};

/// Version of the layout of keys and values that this program reads and writes.
pub const FORMAT: u32 = 2;

/// Name of the text file.
pub const FORMAT_FILE: &str = "FORMAT";

const FIRST_LINE: &str = "parth store";
const MAGIC: [u8; 8] = *b"parth-kv";

/// What the text file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is no file: the folder holds no store.
    Absent,
    /// A creation was begun and not finished: nothing in the engine's file was ever acknowledged.
    Creating,
    /// The store is in use.
    Ready,
}

/// Reads the text file and compares it with this program and the network.
pub(crate) fn read_stage(folder: &Path, genesis: Digest) -> Result<Stage, OpenError> {
    let file = folder.join(FORMAT_FILE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Stage::Absent),
        Err(source) => return Err(OpenError::Io { path: file, source }),
    };
    let foreign = |found: &str| OpenError::Foreign { file: file.clone(), found: found.into() };
    let text = std::str::from_utf8(&bytes).map_err(|_| foreign("not a text"))?;
    let lines: Vec<_> = text.lines().collect();
    let &[first, network, stage] = lines.as_slice() else { return Err(foreign("not three lines")) };
    let version = first.strip_prefix(FIRST_LINE).and_then(|version| version.trim().parse().ok());
    let version: u32 = version.ok_or_else(|| foreign("the first line is another"))?;
    if version != FORMAT {
        return Err(OpenError::Format { file, expected: FORMAT, actual: version });
    }
    let actual: Digest = network.parse().map_err(|_| foreign("the second line is not a genesis root"))?;
    if actual != genesis {
        return Err(OpenError::Network { file, expected: genesis, actual });
    }
    match stage {
        "creating" => Ok(Stage::Creating),
        "ready" => Ok(Stage::Ready),
        _ => Err(foreign("the third line is another")),
    }
}

/// Writes the text file in one step.
pub(crate) fn write_stage(folder: &Path, genesis: Digest, stage: Stage) -> Result<(), OpenError> {
    let word = if stage == Stage::Ready { "ready" } else { "creating" };
    let text = format!("{FIRST_LINE} {FORMAT}\n{genesis}\n{word}\n");
    let (fresh, file) = (folder.join("FORMAT.new"), folder.join(FORMAT_FILE));
    let step = |path: &PathBuf, result: std::io::Result<()>| {
        result.map_err(|source| OpenError::Io { path: path.clone(), source })
    };
    let write = || {
        let mut out = File::create(&fresh)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()
    };
    step(&fresh, write())?;
    step(&file, fs::rename(&fresh, &file))?;
    step(&folder.into(), File::open(folder).and_then(|folder| folder.sync_all()))
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct FormatRow {
    magic: [u8; 8],
    format: u32,
    genesis: Digest,
}

fn row_key() -> Vec<u8> {
    [Space::Meta.prefix().as_slice(), &[0]].concat()
}

/// Writes the format row into a store that has just been made.
pub(crate) fn write_row(kv: &dyn KvStore, genesis: Digest) -> Result<(), WriteError> {
    let row = borsh::to_vec(&FormatRow { magic: MAGIC, format: FORMAT, genesis });
    let row = row.map_err(|error| WriteError::Encode { table: "format", found: error.to_string() })?;
    let changes = Changes { label: "store/format", rows: vec![(row_key(), Some(row))] };
    // The position key of the space that has no position: the condition does not read it.
    kv.write(&[Space::Meta.prefix().as_slice(), &[1]].concat(), &Condition::Any, &changes)
}

/// Compares the format row of a store that is in use; its absence is damage.
pub(crate) fn check_row(kv: &dyn KvStore, file: &Path, genesis: Digest) -> Result<(), OpenError> {
    let corrupt = |found: String| OpenError::Corrupt { file: file.into(), found };
    let bytes = kv.get(&row_key()).map_err(|error| opening(error, file))?;
    let Some(bytes) = bytes else {
        let rows = kv.range(&KeyRange::prefix(&[]), 1).map_err(|error| opening(error, file))?;
        let found = if rows.is_empty() { "it is empty, and the folder says it was in use" } else { "no format row" };
        return Err(corrupt(found.into()));
    };
    let row: FormatRow = borsh::from_slice(&bytes).map_err(|error| corrupt(format!("format row: {error}")))?;
    if row.magic != MAGIC {
        return Err(corrupt("the format row is another".into()));
    }
    if row.format != FORMAT {
        return Err(OpenError::Format { file: file.into(), expected: FORMAT, actual: row.format });
    }
    if row.genesis != genesis {
        return Err(OpenError::Network { file: file.into(), expected: genesis, actual: row.genesis });
    }
    Ok(())
}

/// The refusal to open of a refusal to read.
pub(crate) fn opening(error: ReadError, file: &Path) -> OpenError {
    match error {
        ReadError::Corrupt { file, found } => OpenError::Corrupt { file, found },
        other => OpenError::Engine { file: file.into(), found: other.to_string() },
    }
}
