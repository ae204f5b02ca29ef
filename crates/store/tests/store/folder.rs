//! Folders that are not opened, each for its own reason and by name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parth_store::mdbx::DATA_FILE;
use parth_store::{Check, Condition, FORMAT_FILE, MdbxOptions, MdbxStore, OpenError, Space, Store, Table, WriteError};

use crate::{digest, genesis};

const COUNTS: Table<u32, u64> = Table::new(16, "counts");

fn open(folder: &Path) -> Result<MdbxStore, OpenError> {
    MdbxStore::open(folder, genesis(), MdbxOptions::default())
}

fn filled(folder: &Path) {
    let store = Store::new(Arc::new(open(folder).unwrap()), Space::Local(0));
    let mut batch = store.batch("test/fill");
    (0..1000).for_each(|key| COUNTS.put(&mut batch, &key, &7));
    store.write(batch, Condition::Any).unwrap();
}

#[test]
fn rows_are_there_after_closing_and_opening() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let store = Store::new(Arc::new(open(folder.path()).unwrap()), Space::Local(0));
    assert_eq!(COUNTS.all(&store).unwrap().len(), 1000);
}

#[test]
fn a_second_opening_is_refused_while_the_first_lives() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let refusal = open(folder.path()).unwrap_err();
    assert!(matches!(&refusal, OpenError::InUse { folder: named, .. } if named == folder.path()), "{refusal}");
    assert!(refusal.to_string().contains(&std::process::id().to_string()), "{refusal}");
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn the_folder_of_another_network_is_refused_with_both_roots() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let other = digest(5);
    let refusal = MdbxStore::open(folder.path(), other, MdbxOptions::default()).unwrap_err();
    let OpenError::Network { expected, actual, .. } = refusal else { panic!("{refusal}") };
    assert_eq!((expected, actual), (other, genesis()));
    // The text file alone is not believed either.
    let file = folder.path().join(FORMAT_FILE);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&genesis().to_string(), &other.to_string())).unwrap();
    let refusal = MdbxStore::open(folder.path(), other, MdbxOptions::default()).unwrap_err();
    assert!(matches!(&refusal, OpenError::Network { file, .. } if file.ends_with(DATA_FILE)), "{refusal}");
}

#[test]
fn another_format_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let file = folder.path().join(FORMAT_FILE);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("store 2", "store 1")).unwrap();
    let refusal = open(folder.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::Format { expected: 2, actual: 1, .. }), "{refusal}");
}

#[test]
fn files_that_are_not_ours_are_refused_by_name_and_left_alone() {
    for text in ["", "a shopping list", "parth store 2\n0x12\nready\n", "parth store 2\n"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FORMAT_FILE), text).unwrap();
        let refusal = open(folder.path()).unwrap_err();
        assert!(matches!(&refusal, OpenError::Foreign { file, .. } if file.ends_with(FORMAT_FILE)), "{refusal}");
        assert_eq!(fs::read_to_string(folder.path().join(FORMAT_FILE)).unwrap(), text);
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(DATA_FILE), "somebody's data").unwrap();
    let refusal = open(folder.path()).unwrap_err();
    assert!(matches!(&refusal, OpenError::Foreign { file, .. } if file.ends_with(DATA_FILE)), "{refusal}");
    assert_eq!(fs::read_to_string(folder.path().join(DATA_FILE)).unwrap(), "somebody's data");
}

#[test]
fn a_lost_emptied_or_overwritten_data_file_is_damage_and_not_a_fresh_store() {
    let break_file: [fn(&Path); 4] = [
        |file| fs::remove_file(file).unwrap(),
        |file| fs::write(file, "").unwrap(),
        |file| fs::write(file, vec![0; 1 << 20]).unwrap(),
        |file| fs::write(file, "this is not a database at all, only a text".repeat(5000)).unwrap(),
    ];
    for damage in break_file {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        damage(&folder.path().join(DATA_FILE));
        let refusal = open(folder.path()).unwrap_err();
        assert!(matches!(&refusal, OpenError::Corrupt { file, .. } if file.ends_with(DATA_FILE)), "{refusal}");
    }
}

#[test]
fn a_creation_that_was_interrupted_is_done_again() {
    for data in [None, Some("half a file")] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("parth store 2\n{}\ncreating\n", genesis());
        fs::write(folder.path().join(FORMAT_FILE), text).unwrap();
        if let Some(data) = data {
            fs::write(folder.path().join(DATA_FILE), data).unwrap();
        }
        filled(folder.path());
        open(folder.path()).unwrap();
    }
}

#[test]
fn a_full_store_refuses_by_name_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let options = MdbxOptions { max_bytes: 4 << 20, check: Check::Whole };
    let store = MdbxStore::open(folder.path(), genesis(), options).unwrap();
    let store = Store::new(Arc::new(store), Space::Local(0));
    const BLOBS: Table<u32, Vec<u8>> = Table::new(17, "blobs");
    let mut written = 0;
    let refusal = loop {
        let mut batch = store.batch("test/fill");
        BLOBS.put(&mut batch, &written, &vec![3; 300_000]);
        match store.write(batch, Condition::Any) {
            Ok(()) => written += 1,
            Err(refusal) => break refusal,
        }
        assert!(written < 100);
    };
    assert!(matches!(&refusal, WriteError::Full { file, .. } if file.ends_with(DATA_FILE)), "{refusal}");
    assert_eq!(BLOBS.all(&store).unwrap().len() as u32, written);
    drop(store);
    // Opened with more room, it goes on.
    let store = Store::new(Arc::new(open(folder.path()).unwrap()), Space::Local(0));
    let mut batch = store.batch("test/fill");
    (written..written + 20).for_each(|key| BLOBS.put(&mut batch, &key, &vec![3; 300_000]));
    store.write(batch, Condition::Any).unwrap();
    assert_eq!(BLOBS.all(&store).unwrap().len() as u32, written + 20);
}
