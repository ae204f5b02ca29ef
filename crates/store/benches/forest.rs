//! How fast the forest takes leaves, and how long a store takes to open: `cargo bench -p parth-store`.
//!
//! Prints one line a figure. Environment: `PARTH_BENCH_LEAVES` (leaves in the tree before, default 2^20),
//! `PARTH_BENCH_BATCH` (leaves of one checkpoint, default 100,000).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parth_crypto::Digest;
use parth_protocol::ids::CheckpointId;
use parth_store::forest::check;
use parth_store::mdbx::{DATA_FILE, check_file};
use parth_store::{Check, Forest, Head, KvStore, MdbxOptions, MdbxStore, MemoryStore, Space, Store, Tree, TreeId};

const USERS: Tree = Tree::whole(TreeId::Users, 20);

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn timed<T>(what: &str, leaves: usize, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = work();
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.3} s for {leaves} leaves, {:.0} leaves/s", leaves as f64 / seconds);
    out
}

fn mdbx(folder: &Path, check: Check) -> Arc<dyn KvStore> {
    let options = MdbxOptions { check, ..MdbxOptions::default() };
    Arc::new(MdbxStore::open(folder, Digest::from([1, 0, 0, 0]), options).expect("the store opens"))
}

/// Drafts and commits one checkpoint of leaves at `step` apart.
fn checkpoint(name: &str, forest: &Forest, number: u32, count: usize, step: u64) {
    let leaves: BTreeMap<u64, Digest> = (0..count as u64)
        .map(|at| (at.wrapping_mul(step) % (1 << 20), Digest::from([at + 1, u64::from(number), 0, 0])))
        .collect();
    let store = forest.store();
    let epoch = store.position().expect("a position").epoch;
    let mut draft = forest.at_head().expect("a head").draft();
    let root = timed(&format!("{name}: draft"), leaves.len(), || draft.set_leaves(USERS, &leaves).expect("leaves"));
    let rows = draft.changed();
    timed(&format!("{name}: commit of {rows} rows"), leaves.len(), || {
        let mut batch = store.batch("bench/commit");
        let checkpoint = CheckpointId::constant(number);
        draft.seal().write_into(&mut batch, checkpoint, epoch);
        let from = store.position().expect("a position").head;
        store.commit(batch, epoch, from, Head { checkpoint, digest: root }).expect("a commit");
    });
}

fn main() {
    let (full, batch) = (setting("PARTH_BENCH_LEAVES", 1 << 20), setting("PARTH_BENCH_BATCH", 100_000));
    let folder = tempfile::tempdir().expect("a folder");
    let backends: [(&str, Arc<dyn KvStore>); 2] =
        [("memory", Arc::new(MemoryStore::new())), ("mdbx", mdbx(folder.path(), Check::Whole))];
    for (name, kv) in backends {
        let forest = Forest::new(Store::new(kv, Space::Realm(0)));
        forest.store().take_epoch().expect("an epoch");
        checkpoint(&format!("{name}, filling"), &forest, 0, full, 1);
        checkpoint(&format!("{name}, batch"), &forest, 1, batch, 2_654_435_761);
    }
    let file = folder.path().join(DATA_FILE);
    println!("mdbx file: {} MB", file.metadata().map_or(0, |file| file.len()) >> 20);
    timed("mdbx: check of the file, structure", full, || check_file(&file, Check::Structure).expect("sound"));
    timed("mdbx: check of the file, whole", full, || check_file(&file, Check::Whole).expect("sound"));
    let kv = timed("mdbx: opening", full, || mdbx(folder.path(), Check::Whole));
    let forest = Forest::new(Store::new(kv, Space::Realm(0)));
    let checked = timed("mdbx: check of the forest", full, || check(&forest).expect("readable"));
    assert!(checked.is_sound());
}
