//! Hashes everything that circuits are built from, as part of the key of the disk cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders and files, from this crate's folder. The lock file stands for the proving library.
const INPUTS: [&str; 6] =
    ["../crypto/src", "../protocol/src", "../contract/src", "../proof/src", "src", "../../Cargo.lock"];

fn main() -> io::Result<()> {
    let mut hasher = blake3::Hasher::new();
    for input in INPUTS {
        println!("cargo::rerun-if-changed={input}");
        for file in files(Path::new(input))? {
            let content = fs::read(&file)?;
            hasher.update(file.to_string_lossy().as_bytes());
            hasher.update(&(content.len() as u64).to_le_bytes());
            hasher.update(&content);
        }
    }
    println!("cargo::rustc-env=PARTH_CIRCUIT_SOURCES={}", hasher.finalize().to_hex());
    Ok(())
}

/// The files below a path, in order.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        found.extend(files(&entry)?);
    }
    Ok(found)
}
