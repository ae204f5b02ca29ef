//! [`FolderLock`]: one process at a time works in a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Name of the lock file inside the folder.
pub const LOCK_FILE: &str = "LOCK";

/// Holds a folder until it is dropped or the process ends, however it ends: the lock is the operating system's, the
/// file's text only tells a person who holds it.
///
/// Only for folders on a local disk: on network file systems such locks may not exclude other machines.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    folder: PathBuf,
}

impl FolderLock {
    /// Creates the folder if need be and takes its lock, or says who holds it.
    pub fn take(folder: &Path) -> Result<FolderLock, OpenError> {
        let path = folder.join(LOCK_FILE);
        let io = |source| OpenError::Io { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(|source| OpenError::Io { path: folder.into(), source })?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                // Whoever holds it may be between locking and writing its name, so the text may be of its predecessor.
                let mut text = String::new();
                let _ = Read::by_ref(&mut file).take(64).read_to_string(&mut text);
                let holder = if text.trim().is_empty() { "another process".into() } else { text.trim().into() };
                return Err(OpenError::InUse { folder: folder.into(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "process {}", std::process::id()).map_err(io)?;
        Ok(FolderLock { file, folder: folder.into() })
    }

    /// The folder that is held.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // The file stays: removing it would let a third process lock a new file while a second one waits on this.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_who_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let refusal = FolderLock::take(folder.path()).unwrap_err();
        let OpenError::InUse { folder: named, holder } = &refusal else { panic!("{refusal}") };
        assert_eq!(named, folder.path());
        assert_eq!(*holder, format!("process {}", std::process::id()));
        drop(lock);
        FolderLock::take(folder.path()).unwrap();
    }
}
