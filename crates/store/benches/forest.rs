//! How fast the forest takes leaves, and how long a store takes to open: `cargo bench -p parth-store --bench forest`.
//!
//! Fills a tree of 2^20 users, then commits batches of leaves at random places, in memory and on MDBX. Prints for each
//! step the time that passed and the time that the processors worked (on a busy machine the second is the steadier), and
//! beside each backend the limit that hashing alone sets on one thread. Environment: `PARTH_BENCH_LEAVES` (leaves in the
//! tree before, default 2^20), `PARTH_BENCH_BATCH` (leaves of one checkpoint, default 100,000), `PARTH_BENCH_BATCHES`
//! (default 4).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parth_crypto::hash::nodes;
use parth_crypto::poseidon::kernels::Kernel;
use parth_crypto::{Digest, Domain};
use parth_protocol::ids::CheckpointId;
use parth_store::forest::check;
use parth_store::mdbx::{DATA_FILE, check_file};
use parth_store::{Check, Forest, Head, KvStore, MdbxOptions, MdbxStore, MemoryStore, Space, Store, Tree, TreeId};

const USERS: Tree = Tree::whole(TreeId::Users, 20);

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Seconds that all threads of this process have run on a processor; nothing where the system does not say.
fn worked() -> Option<f64> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 / 1e9)
}

fn timed<T>(what: &str, leaves: usize, work: impl FnOnce() -> T) -> T {
    let (before, start) = (worked(), Instant::now());
    let out = work();
    let seconds = start.elapsed().as_secs_f64();
    let busy = worked().zip(before).map_or(String::new(), |(after, before)| {
        let busy = after - before;
        format!("; worked {busy:.3} s, {:.0} leaves a second of one processor", leaves as f64 / busy)
    });
    println!("{what}: {seconds:.3} s for {leaves} leaves, {:.0} leaves/s{busy}", leaves as f64 / seconds);
    out
}

fn mdbx(folder: &Path, check: Check) -> Arc<dyn KvStore> {
    let options = MdbxOptions { check, ..MdbxOptions::default() };
    Arc::new(MdbxStore::open(folder, Digest::from([1, 0, 0, 0]), options).expect("the store opens"))
}

/// Leaves of checkpoint `number` at `count` different places of the first `among`.
fn leaves(number: u32, count: usize, among: u64) -> BTreeMap<u64, Digest> {
    let mut out = BTreeMap::new();
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while out.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.insert(state % among, Digest::from([out.len() as u64 + 1, u64::from(number), 0, 0]));
    }
    out
}

/// Drafts and commits one checkpoint.
fn checkpoint(name: &str, forest: &Forest, number: u32, leaves: &BTreeMap<u64, Digest>) {
    let store = forest.store();
    let epoch = store.position().expect("a position").epoch;
    timed(&format!("{name}: draft and commit"), leaves.len(), || {
        let mut draft = forest.at_head().expect("a head").draft();
        let root = timed(&format!("{name}: draft"), leaves.len(), || draft.set_leaves(USERS, leaves).expect("leaves"));
        let rows = draft.changed();
        timed(&format!("{name}: commit of {rows} rows"), leaves.len(), || {
            let mut batch = store.batch("bench/commit");
            let checkpoint = CheckpointId::constant(number);
            draft.seal().write_into(&mut batch, checkpoint, epoch);
            let from = store.position().expect("a position").head;
            store.commit(batch, epoch, from, Head { checkpoint, digest: root }).expect("a commit");
        });
    });
}

/// The rate at which hashing alone could go: every node above a changed leaf once, on one thread.
fn limit(leaves: &BTreeMap<u64, Digest>) {
    let mut level: BTreeSet<u64> = leaves.keys().copied().collect();
    let mut hashes = 0;
    for _ in USERS.floor()..USERS.top() {
        level = level.into_iter().map(|index| index >> 1).collect();
        hashes += level.len();
    }
    let pairs: Vec<_> = (0..1 << 14).map(|at| (Digest::from([at, 1, 2, 3]), Digest::from([4, 5, 6, at]))).collect();
    let best = (0..10).map(|_| {
        let start = Instant::now();
        std::hint::black_box(nodes(Domain::UserNode, std::hint::black_box(&pairs)));
        start.elapsed().as_secs_f64() / pairs.len() as f64
    });
    let each = best.fold(f64::INFINITY, f64::min);
    println!(
        "limit by hashing, one thread, {}: {hashes} hashes of {:.0} ns for {} leaves, {:.0} leaves/s",
        Kernel::current(),
        each * 1e9,
        leaves.len(),
        leaves.len() as f64 / (hashes as f64 * each)
    );
}

fn main() {
    let (full, batch) = (setting("PARTH_BENCH_LEAVES", 1 << 20), setting("PARTH_BENCH_BATCH", 100_000));
    let batches = setting("PARTH_BENCH_BATCHES", 4) as u32;
    let folder = tempfile::tempdir().expect("a folder");
    let backends: [(&str, Arc<dyn KvStore>); 2] =
        [("memory", Arc::new(MemoryStore::new())), ("mdbx", mdbx(folder.path(), Check::Whole))];
    let filling: BTreeMap<u64, Digest> = (0..full as u64).map(|at| (at, Digest::from([at + 1, 0, 0, 0]))).collect();
    for (name, kv) in backends {
        let forest = Forest::new(Store::new(kv, Space::Realm(0)));
        forest.store().take_epoch().expect("an epoch");
        checkpoint(&format!("{name}, filling"), &forest, 0, &filling);
        for number in 1..=batches {
            let leaves = leaves(number, batch, full as u64);
            checkpoint(&format!("{name}, batch {number}"), &forest, number, &leaves);
        }
        // The same with nothing in memory: the first batch of a process.
        let fresh = Forest::new(forest.store().clone());
        checkpoint(
            &format!("{name}, batch after a start"),
            &fresh,
            batches + 1,
            &leaves(batches + 1, batch, full as u64),
        );
        limit(&leaves(batches, batch, full as u64));
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
