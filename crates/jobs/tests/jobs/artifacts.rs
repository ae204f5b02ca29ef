//! Artifacts: what was stored, or an error that names the file.

use std::fs;
use std::path::{Path, PathBuf};

use parth_jobs::{ArtifactError, ArtifactId, Artifacts};

fn file(folder: &Path, id: ArtifactId) -> PathBuf {
    let text = id.to_string();
    folder.join(&text[2..4]).join(&text[4..])
}

#[test]
fn an_artifact_is_read_as_it_was_stored_by_its_name_and_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for artifacts in [Artifacts::in_memory(), Artifacts::on_disk(folder.path()).unwrap()] {
        for bytes in [b"".as_slice(), b"a proof", &[7; 300_000]] {
            let id = artifacts.put(bytes).unwrap();
            assert_eq!(id, ArtifactId::of(bytes));
            assert_eq!(id.to_string().parse::<ArtifactId>().unwrap(), id);
            assert_eq!(artifacts.put(bytes).unwrap(), id);
            assert_eq!(artifacts.get(id).unwrap(), bytes);
            assert!(artifacts.has(id));
        }
        let other = ArtifactId::of(b"never stored");
        assert!(!artifacts.has(other));
        assert!(matches!(artifacts.get(other), Err(ArtifactError::Missing { artifact }) if artifact == other));
    }
    let reopened = Artifacts::on_disk(folder.path()).unwrap();
    assert_eq!(reopened.get(ArtifactId::of(b"a proof")).unwrap(), b"a proof");
}

#[test]
fn a_damaged_file_is_named_and_never_served_and_storing_again_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::on_disk(folder.path()).unwrap();
    let id = artifacts.put(b"a proof of something").unwrap();
    let damage: [&[u8]; 4] = [b"a proof of nothing..", b"a proof of something.", b"a proof", b""];
    for bytes in damage {
        fs::write(file(folder.path(), id), bytes).unwrap();
        let error = artifacts.get(id).unwrap_err();
        let ArtifactError::Corrupt { file: named, expected, actual } = &error else { panic!("{error}") };
        assert_eq!((named, *expected, *actual), (&file(folder.path(), id), id, ArtifactId::of(bytes)));
        assert_eq!(artifacts.put(b"a proof of something").unwrap(), id);
        assert_eq!(artifacts.get(id).unwrap(), b"a proof of something");
    }
}

#[test]
fn what_a_killed_process_left_on_its_way_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let id = Artifacts::on_disk(folder.path()).unwrap().put(b"whole").unwrap();
    fs::write(folder.path().join("tmp").join("0"), "hal").unwrap();
    let artifacts = Artifacts::on_disk(folder.path()).unwrap();
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    assert_eq!(artifacts.get(id).unwrap(), b"whole");
}

#[test]
fn many_threads_store_the_same_artifacts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::on_disk(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..20u8 {
                    let id = artifacts.put(&[number; 5000]).unwrap();
                    assert_eq!(artifacts.get(id).unwrap(), [number; 5000]);
                }
            });
        }
    });
}
