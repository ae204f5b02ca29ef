//! Damaged files: an error that names the file, or the rows as they were written; nothing else.
//!
//! A damaged page could take MDBX and the process with it, so damaged stores are opened by a child process: this test
//! binary again, with a list of damages in an environment variable.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use parth_store::kv::{Changes, KeyRange};
use parth_store::mdbx::{DATA_FILE, check_file};
use parth_store::{Check, Condition, KvStore, MdbxOptions, MdbxStore, OpenError, ReadError, Space, Store, Table};

use crate::genesis;

const BLOBS: Table<u32, Vec<u8>> = Table::new(16, "blobs");
const VICTIM: &str = "PARTH_TEST_DAMAGED_STORE";
const ROWS: u32 = 3000;

/// Numbers that look random and are the same in every run (a linear congruential generator, Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 20) as usize % limit
    }
}

fn value(key: u32) -> Vec<u8> {
    vec![key as u8; if key.is_multiple_of(500) { 9000 } else { 40 }]
}

fn open(folder: &Path, check: Check) -> Result<Store, OpenError> {
    let options = MdbxOptions { check, max_bytes: 1 << 30 };
    Ok(Store::new(Arc::new(MdbxStore::open(folder, genesis(), options)?), Space::Local(0)))
}

fn filled(folder: &Path) {
    let store = open(folder, Check::Whole).unwrap();
    // Twice, and some deleted: the file gets a list of free pages.
    for round in 0..2 {
        for start in (0..ROWS).step_by(600) {
            let mut batch = store.batch("test/fill");
            (start..start + 600).for_each(|key| BLOBS.put(&mut batch, &key, &value(key + 1 - round)));
            (start..start + 300).for_each(|key| BLOBS.put(&mut batch, &(ROWS + key), &value(key)));
            store.write(batch, Condition::Any).unwrap();
        }
    }
    let mut batch = store.batch("test/delete");
    (0..ROWS).for_each(|key| BLOBS.delete(&mut batch, &(ROWS + key)));
    store.write(batch, Condition::Any).unwrap();
}

/// Opens and reads a store, damages repaired in turn; run by the test below in a process of its own. Prints what became
/// of each damage.
#[test]
fn victim() {
    let Ok(text) = std::env::var(VICTIM) else { return };
    let (folder, damages) = text.split_once('|').unwrap();
    let folder = Path::new(folder);
    let file = folder.join(DATA_FILE);
    let good = fs::read(&file).unwrap();
    for damage in damages.split(',') {
        let (at, flip) = damage.split_once('^').unwrap();
        let (at, flip): (usize, u8) = (at.parse().unwrap(), flip.parse().unwrap());
        println!("damage {damage}");
        let out = OpenOptions::new().write(true).open(&file).unwrap();
        out.write_all_at(&[good[at] ^ flip], at as u64).unwrap();
        for check in [Check::Whole, Check::Structure] {
            match open(folder, check) {
                Err(OpenError::Corrupt { file: named, found }) if named == file => println!("refused: {found}"),
                Err(other) => panic!("{other:?}"),
                Ok(store) => match BLOBS.all(&store) {
                    Ok(rows) => {
                        assert_eq!(rows.len(), ROWS as usize);
                        assert!(rows.iter().all(|(key, bytes)| *bytes == value(*key)));
                        println!("intact");
                    }
                    Err(ReadError::Corrupt { file: named, .. }) if check == Check::Structure => assert_eq!(named, file),
                    Err(other) => panic!("{other:?}"),
                },
            }
        }
        // What was taken for intact can be written to, and is still intact.
        if let Ok(store) = open(folder, Check::Whole) {
            let mut batch = store.batch("test/fill");
            (0..ROWS).for_each(|key| BLOBS.put(&mut batch, &(2 * ROWS + key), &value(key)));
            store.write(batch, Condition::Any).unwrap();
            drop(store);
            assert_eq!(BLOBS.all(&open(folder, Check::Whole).unwrap()).unwrap().len(), 2 * ROWS as usize);
        }
        fs::write(&file, &good).unwrap();
    }
}

#[test]
fn damaged_files_are_named_and_never_served() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let good = fs::read(folder.path().join(DATA_FILE)).unwrap();
    let used = good.iter().rposition(|byte| *byte != 0).unwrap();
    let mut numbers = Numbers(7);
    let count = std::env::var("PARTH_TEST_DAMAGES").map_or(100, |count| count.parse().unwrap());
    let damages: Vec<String> = (0..count)
        .map(|number| {
            // Anywhere, or in the first bytes of a page, where its structure is, or in the meta pages.
            let at = match number % 4 {
                0 => numbers.below(used),
                1 => numbers.below(3) * 4096 + numbers.below(256),
                _ => numbers.below(used) / 4096 * 4096 + numbers.below(64),
            };
            let flip = if number % 3 == 0 { 255 } else { 1 << numbers.below(8) };
            format!("{at}^{flip}")
        })
        .collect();
    let (mut intact, mut refused) = (0, 0);
    for damages in damages.chunks(100) {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage::victim", "--nocapture"])
            .env(VICTIM, format!("{}|{}", folder.path().display(), damages.join(",")))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{:?} {text} {}", out.status, String::from_utf8_lossy(&out.stderr));
        intact += text.matches("intact").count();
        refused += text.matches("refused").count();
    }
    // A run that damaged too little has shown nothing.
    assert!(refused > count / 2 && intact > count / 10, "{refused} of {count} refused, {intact} intact");
}

#[test]
fn a_file_that_was_cut_off_is_named_and_not_served() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let file = folder.path().join(DATA_FILE);
    let good = fs::read(&file).unwrap();
    let used = good.iter().rposition(|byte| *byte != 0).unwrap();
    for length in [1, 4096, 5000, 3 * 4096, used / 4, used / 2] {
        fs::write(&file, &good[..length]).unwrap();
        let refusal = open(folder.path(), Check::Structure).unwrap_err();
        assert!(matches!(&refusal, OpenError::Corrupt { file: named, .. } if *named == file), "{length}: {refusal}");
    }
}

#[test]
fn a_damaged_table_of_readers_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    for bytes in [vec![], vec![0; 100], vec![255; 8192], b"not a lock".repeat(900)] {
        fs::write(folder.path().join("mdbx.lck"), bytes).unwrap();
        assert_eq!(BLOBS.all(&open(folder.path(), Check::Whole).unwrap()).unwrap().len(), ROWS as usize);
    }
}

#[test]
fn a_store_that_was_written_to_and_reopened_many_times_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(11);
    let mut model = std::collections::BTreeMap::new();
    for round in 0..40 {
        let store = MdbxStore::open(folder.path(), genesis(), MdbxOptions::default()).unwrap();
        for _ in 0..5 {
            let change = |numbers: &mut Numbers| {
                let key = vec![b'k'; 1 + numbers.below(200)];
                let key = [key.as_slice(), &(numbers.below(400) as u16).to_be_bytes()].concat();
                let length = [0, 10, 900, 3000, 5000, 70_000][numbers.below(6)];
                let value = (numbers.below(3) > 0).then(|| vec![round as u8; numbers.below(length + 1)]);
                (key, value)
            };
            let rows: Vec<_> = (0..numbers.below(120)).map(|_| change(&mut numbers)).collect();
            for (key, value) in &rows {
                match value {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
            store.write(b"position", &Condition::Any, &Changes { label: "test/churn", rows }).unwrap();
        }
        let found = store.range(&KeyRange::prefix(b"k"), usize::MAX).unwrap();
        assert_eq!(found, model.clone().into_iter().collect::<Vec<_>>());
        drop(store);
        let rows = check_file(&folder.path().join(DATA_FILE), Check::Whole).unwrap();
        assert_eq!(rows, model.len() as u64 + 1, "the rows and the format row");
    }
}
