//! What a folder says about the demo in it: which flags, finished or not, in use or not.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use parth_protocol::genesis::Genesis;
use parth_protocol::ids::Time;
use parth_store::FolderLock;
use parth_store::lock::LOCK_FILE;
use serde::{Deserialize, Serialize};

use super::DemoError;
use super::options::Shape;

const SCHEMA: &str = "parth/demo-folder/1";
const MARKER: &str = "demo.json";
const GENESIS: &str = "genesis.json";
const NEXT: &str = "next.json";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Marker {
    schema: String,
    shape: Shape,
    finished: bool,
}

/// The checkpoint under way.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Next {
    height: u32,
    time: Time,
}

/// A folder that this process holds.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    shape: Shape,
    /// Is there a demo in it to go on with?
    pub(crate) resumed: bool,
    _lock: FolderLock,
}

impl Folder {
    /// Takes a folder for a demo: an empty one, or one with an unfinished demo of the same shape.
    pub(crate) fn take(path: &Path, shape: &Shape) -> Result<Folder, DemoError> {
        let refuse = |found: String| DemoError::Folder { folder: path.to_owned(), found };
        fs::create_dir_all(path).map_err(DemoError::io(path))?;
        let marker = path.join(MARKER);
        let resumed = match fs::read_to_string(&marker) {
            Ok(text) => {
                let found: Marker = serde_json::from_str(&text)
                    .map_err(|error| refuse(format!("{MARKER} is not readable: {error}")))?;
                if found.schema != SCHEMA {
                    return Err(refuse(format!("{MARKER} has schema {}, expected {SCHEMA}", found.schema)));
                }
                if found.shape != *shape {
                    return Err(refuse(format!("it holds a demo with other flags ({})", found.shape)));
                }
                if found.finished {
                    return Err(refuse("it holds a finished demo".to_owned()));
                }
                true
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !only_ours(path).map_err(DemoError::io(path))? {
                    return Err(refuse("it is not empty and holds no demo".to_owned()));
                }
                false
            }
            Err(error) => return Err(DemoError::Io { file: marker, error }),
        };
        let lock = FolderLock::take(path).map_err(|error| refuse(error.to_string()))?;
        let folder = Folder { path: path.to_owned(), shape: shape.clone(), resumed, _lock: lock };
        if !resumed {
            folder.mark(false)?;
        }
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The genesis of the demo: the one in the folder, or a new one that is stored there.
    pub(crate) fn genesis(&self, make: impl FnOnce() -> Result<Genesis, DemoError>) -> Result<Genesis, DemoError> {
        let file = self.path.join(GENESIS);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| DemoError::Folder {
                folder: self.path.clone(),
                found: format!("{GENESIS} is not readable: {error}"),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let genesis = make()?;
                self.write(GENESIS, &to_json(&genesis)?)?;
                Ok(genesis)
            }
            Err(error) => Err(DemoError::Io { file, error }),
        }
    }

    /// The time of a checkpoint: the one with which an earlier process tried to make it, whose proofs are of use with no
    /// other, or a new one that is stored.
    pub(crate) fn time(&self, height: u32, make: impl FnOnce() -> Time) -> Result<Time, DemoError> {
        let file = self.path.join(NEXT);
        let stored = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str::<Next>(&text).map(Some).map_err(|error| DemoError::Folder {
                folder: self.path.clone(),
                found: format!("{NEXT} is not readable: {error}"),
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(DemoError::Io { file, error }),
        };
        if let Some(next) = stored.filter(|next| next.height == height) {
            return Ok(next.time);
        }
        let time = make();
        self.write(NEXT, &to_json(&Next { height, time })?)?;
        Ok(time)
    }

    /// Stores a file whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, DemoError> {
        let (file, part) = (self.path.join(name), self.path.join(format!("{name}.part")));
        let write = || -> std::io::Result<()> {
            fs::write(&part, bytes)?;
            fs::File::open(&part)?.sync_all()?;
            fs::rename(&part, &file)
        };
        write().map_err(DemoError::io(&file))?;
        Ok(file)
    }

    /// Says that the demo in it is finished.
    pub(crate) fn finish(&self) -> Result<(), DemoError> {
        self.mark(true)
    }

    fn mark(&self, finished: bool) -> Result<(), DemoError> {
        let marker = Marker { schema: SCHEMA.to_owned(), shape: self.shape.clone(), finished };
        self.write(MARKER, &to_json(&marker)?).map(drop)
    }
}

/// Is there nothing in a folder but what a process leaves that dies before it has marked the folder?
fn only_ours(path: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK_FILE && name != format!("{MARKER}.part").as_str() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, DemoError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| DemoError::Unsound(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shape { users, realms, checkpoints, calls, seed } = self;
        write!(f, "--users {users} --realms {realms} --checkpoints {checkpoints} --calls {calls} --seed {seed:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(seed: &str) -> Shape {
        Shape { users: 2, realms: 1, checkpoints: 1, calls: 1, seed: seed.to_owned() }
    }

    fn refused(path: &Path, seed: &str) -> String {
        Folder::take(path, &shape(seed)).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_is_resumed_with_the_same_flags_and_refused_by_name_otherwise() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("demo");
        let folder = Folder::take(&path, &shape("a")).unwrap();
        assert!(!folder.resumed);
        assert!(refused(&path, "a").contains("in use"), "{}", refused(&path, "a"));
        drop(folder);
        assert!(refused(&path, "b").contains("other flags"));
        let folder = Folder::take(&path, &shape("a")).unwrap();
        assert!(folder.resumed);
        folder.finish().unwrap();
        drop(folder);
        assert!(refused(&path, "a").contains("finished"));
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("letter.txt"), "dear").unwrap();
        assert!(refused(&other, "a").contains("not empty"));
    }

    #[test]
    fn a_folder_whose_first_process_died_before_it_marked_it_is_taken_as_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        drop(FolderLock::take(folder.path()).unwrap());
        fs::write(folder.path().join("demo.json.part"), "{\"sch").unwrap();
        assert!(!Folder::take(folder.path(), &shape("a")).unwrap().resumed);
    }

    #[test]
    fn a_checkpoint_that_is_tried_again_has_the_time_of_the_first_try() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::take(parent.path(), &shape("a")).unwrap();
        let time = |height, now| folder.time(height, || Time::constant(now)).unwrap().get();
        assert_eq!([time(1, 10), time(1, 20), time(2, 30), time(2, 40)], [10, 10, 30, 30]);
    }
}
