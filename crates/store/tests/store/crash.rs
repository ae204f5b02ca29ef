//! Killed around any write: after reopening, the store is before or after that write, never between.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use parth_protocol::ids::CheckpointId;
use parth_store::faults::{Crash, CrashPoint, Faulty, Side};
use parth_store::forest::check;
use parth_store::{
    Forest, Head, KvStore, MdbxOptions, MdbxStore, MemoryStore, Space, Store, Table, Tree, TreeId, WriteError,
};

use crate::{digest, genesis};

const USERS: Tree = Tree::whole(TreeId::Users, 20);
const NONCES: Table<u64, u64> = Table::new(16, "nonces");
const CHECKPOINTS: u32 = 5;

/// Runs to the end, or to the crash. Each checkpoint changes rows and leaves together.
fn run(kv: Arc<dyn KvStore>) -> Result<(), WriteError> {
    let forest = Forest::new(Store::new(kv, Space::Realm(0)));
    let store = forest.store();
    let epoch = store.take_epoch()?;
    loop {
        let from = store.position()?.head;
        let checkpoint = next(from);
        if checkpoint == CHECKPOINTS {
            return Ok(());
        }
        let leaves: BTreeMap<u64, _> = (0..50)
            .map(|n| ((n * 7919 + u64::from(checkpoint)) % (1 << 20), digest(u64::from(checkpoint) + 1)))
            .collect();
        let mut draft = forest.at_head().map_err(read)?.draft();
        let root = draft.set_leaves(USERS, &leaves).map_err(read)?;
        let mut batch = store.batch("realm/commit");
        leaves.keys().for_each(|index| NONCES.put(&mut batch, index, &u64::from(checkpoint)));
        draft.seal().write_into(&mut batch, CheckpointId::constant(checkpoint), epoch);
        store.commit(batch, epoch, from, Head { checkpoint: CheckpointId::constant(checkpoint), digest: root })?;
    }
}

/// Number of the checkpoint after a head.
fn next(head: Option<Head>) -> u32 {
    head.map_or(0, |head| head.checkpoint.get() + 1)
}

fn read(error: parth_store::ForestError) -> WriteError {
    match error {
        parth_store::ForestError::Read(error) => error.into(),
        other => panic!("{other}"),
    }
}

/// Everything a reader can see.
fn seen(kv: &Arc<dyn KvStore>) -> (Option<Head>, Vec<(u64, u64)>) {
    let forest = Forest::new(Store::new(Arc::clone(kv), Space::Realm(0)));
    assert!(check(&forest).unwrap().is_sound());
    let head = forest.store().position().unwrap().head;
    if let Some(head) = head {
        assert_eq!(forest.at_head().unwrap().root(USERS).unwrap(), head.digest);
    }
    (head, NONCES.all(forest.store()).unwrap())
}

fn mdbx(folder: &Path) -> Arc<dyn KvStore> {
    Arc::new(MdbxStore::open(folder, genesis(), MdbxOptions::default()).unwrap())
}

#[test]
fn a_process_killed_around_any_write_finds_the_state_before_or_after_it_and_goes_on() {
    // What each checkpoint looks like, from a run without faults.
    let counting = Arc::new(Faulty::counting(Arc::new(MemoryStore::new())));
    run(counting.clone()).unwrap();
    let finished = seen(&(counting.clone() as Arc<dyn KvStore>));
    let points = counting.points();
    assert_eq!(points.len() as u32, 2 * (1 + CHECKPOINTS), "every write is a crash point: {points:?}");
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        let faulty = Arc::new(Faulty::dying(mdbx(folder.path()), point.clone(), Crash::Silence));
        let crash = run(faulty.clone()).unwrap_err();
        assert!(crash.to_string().contains(&point.to_string()), "{crash}");
        assert!(faulty.is_dead() && faulty.get(b"anything").is_err());
        drop(faulty);
        let reopened = mdbx(folder.path());
        let (head, rows) = seen(&reopened);
        let commits = match (point.label.as_str(), point.side) {
            ("realm/commit", Side::Before) => point.occurrence - 1,
            ("realm/commit", Side::After) => point.occurrence,
            _ => 0,
        };
        assert_eq!(next(head), commits, "{point}");
        assert!(rows.iter().all(|(_, checkpoint)| *checkpoint < u64::from(commits)), "{point}");
        run(reopened.clone()).unwrap();
        assert_eq!(seen(&reopened), finished, "{point}");
    }
}

#[test]
fn a_process_that_ends_in_the_middle_of_its_work_leaves_a_store_that_opens() {
    const VICTIM: &str = "PARTH_TEST_CRASHING_STORE";
    if let Ok(text) = std::env::var(VICTIM) {
        let (folder, point) = text.split_once('|').unwrap();
        let point: CrashPoint = point.parse().unwrap();
        let _ = run(Arc::new(Faulty::dying(mdbx(Path::new(folder)), point, Crash::Abort)));
        unreachable!("the process has aborted");
    }
    let folder = tempfile::tempdir().unwrap();
    for (occurrence, side) in [(1, Side::Before), (1, Side::After), (2, Side::Before), (1, Side::After)] {
        let point = CrashPoint { label: "realm/commit".into(), occurrence, side };
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::a_process_that_ends_in_the_middle_of_its_work_leaves_a_store_that_opens"])
            .env(VICTIM, format!("{}|{point}", folder.path().display()))
            .output()
            .unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status.status), Some(6), "{status:?}");
        seen(&mdbx(folder.path()));
    }
    // 0 + 1 + 1 + 1 commits of the killed runs stand.
    assert_eq!(seen(&mdbx(folder.path())).0.map(|head| head.checkpoint.get()), Some(2));
    let reopened = mdbx(folder.path());
    run(reopened.clone()).unwrap();
    assert_eq!(seen(&reopened).0.map(|head| head.checkpoint.get()), Some(CHECKPOINTS - 1));
}

#[test]
fn crash_points_read_back_from_their_text() {
    let point = CrashPoint { label: "coordinator/commit".into(), occurrence: 12, side: Side::After };
    assert_eq!(point.to_string().parse::<CrashPoint>().unwrap(), point);
    for text in ["", "a", "a@1", "a@x:before", "a@1:between"] {
        assert!(text.parse::<CrashPoint>().unwrap_err().contains("coordinator/commit@2:before"), "{text}");
    }
}
