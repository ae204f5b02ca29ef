//! What every backend promises. A backend joins by one more line in [`for_every_backend`].

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use parth_protocol::ids::CheckpointId;
use parth_store::kv::{Changes, KeyRange};
use parth_store::{
    Condition, Epoch, Head, KvStore, MAX_KEY, MAX_VALUE, MdbxOptions, MdbxStore, MemoryStore, Position, ReadError,
    Space, Store, Table, WriteError,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{digest, genesis};

const NOTES: Table<(u32, u64), String> = Table::new(16, "notes");
const COUNTS: Table<u32, u64> = Table::new(17, "counts");

/// Runs a test on a fresh store of each backend.
pub(crate) fn for_every_backend(test: impl Fn(Arc<dyn KvStore>)) {
    test(Arc::new(MemoryStore::new()));
    let folder = tempfile::tempdir().unwrap();
    test(Arc::new(MdbxStore::open(folder.path(), genesis(), MdbxOptions::default()).unwrap()));
}

fn realm(kv: &Arc<dyn KvStore>) -> Store {
    Store::new(Arc::clone(kv), Space::Realm(3))
}

fn put(kv: &dyn KvStore, rows: &[(&[u8], Option<&[u8]>)]) -> Result<(), WriteError> {
    let rows = rows.iter().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
    kv.write(b"position", &Condition::Any, &Changes { label: "test/put", rows })
}

fn head(checkpoint: u32) -> Head {
    Head { checkpoint: CheckpointId::constant(checkpoint), digest: digest(u64::from(checkpoint)) }
}

#[test]
fn a_value_is_read_as_it_was_written_and_a_deleted_one_not_at_all() {
    for_every_backend(|kv| {
        assert_eq!(kv.get(b"a").unwrap(), None);
        put(&*kv, &[(b"a", Some(b"1")), (b"b", Some(b"")), (b"c", Some(&[255; 5000]))]).unwrap();
        assert_eq!(kv.get(b"a").unwrap().as_deref(), Some(b"1".as_slice()));
        assert_eq!(kv.get(b"b").unwrap().as_deref(), Some(b"".as_slice()));
        assert_eq!(kv.get(b"c").unwrap().as_deref(), Some([255; 5000].as_slice()));
        put(&*kv, &[(b"a", None), (b"never there", None)]).unwrap();
        assert_eq!(kv.get(b"a").unwrap(), None);
        let keys = [b"c".to_vec(), b"a".to_vec(), b"b".to_vec(), b"c".to_vec()];
        let many = kv.get_many(&keys).unwrap();
        assert_eq!(many, vec![Some(vec![255; 5000]), None, Some(vec![]), Some(vec![255; 5000])]);
    });
}

#[test]
fn the_last_change_of_a_key_in_a_batch_wins() {
    for_every_backend(|kv| {
        put(&*kv, &[(b"a", Some(b"1")), (b"a", None), (b"a", Some(b"2")), (b"b", Some(b"3")), (b"b", None)]).unwrap();
        assert_eq!(kv.get(b"a").unwrap().as_deref(), Some(b"2".as_slice()));
        assert_eq!(kv.get(b"b").unwrap(), None);
    });
}

#[test]
fn keys_and_values_beyond_the_limits_are_refused_and_nothing_of_their_batch_is_stored() {
    for_every_backend(|kv| {
        let (longest, largest) = ([7; MAX_KEY], vec![9; MAX_VALUE]);
        put(&*kv, &[(&longest, Some(&largest))]).unwrap();
        assert_eq!(kv.get(&longest).unwrap(), Some(largest));
        let key = put(&*kv, &[(b"x", Some(b"1")), (&[7; MAX_KEY + 1], Some(b"1"))]);
        assert_eq!(key, Err(WriteError::KeyLength { limit: MAX_KEY, actual: MAX_KEY + 1 }));
        assert_eq!(put(&*kv, &[(b"", Some(b"1"))]), Err(WriteError::KeyLength { limit: MAX_KEY, actual: 0 }));
        let value = put(&*kv, &[(b"x", Some(b"1")), (b"y", Some(&vec![0; MAX_VALUE + 1]))]);
        assert_eq!(value, Err(WriteError::ValueLength { limit: MAX_VALUE, actual: MAX_VALUE + 1 }));
        assert_eq!(kv.get(b"x").unwrap(), None);
        assert_eq!(kv.get(&[0; 4000]), Err(ReadError::KeyLength { limit: MAX_KEY, actual: 4000 }));
        assert_eq!(kv.get(b""), Err(ReadError::KeyLength { limit: MAX_KEY, actual: 0 }));
    });
}

#[test]
fn a_batch_of_another_epoch_is_refused_with_both_epochs() {
    for_every_backend(|kv| {
        let store = realm(&kv);
        let old = store.take_epoch().unwrap();
        let write = |epoch, value| {
            let mut batch = store.batch("test/write");
            COUNTS.put(&mut batch, &1, &value);
            store.write(batch, Condition::Leads(epoch))
        };
        write(old, 1).unwrap();
        let new = store.take_epoch().unwrap();
        assert_eq!((old, new), (Epoch(1), Epoch(2)));
        assert_eq!(write(old, 2), Err(WriteError::Fenced { expected: new, actual: old }));
        assert_eq!(write(Epoch(9), 2), Err(WriteError::Fenced { expected: new, actual: Epoch(9) }));
        assert_eq!(COUNTS.get(&store, &1).unwrap(), Some(1));
        let stale = store.commit(store.batch("test/commit"), old, None, head(1));
        assert_eq!(stale, Err(WriteError::Fenced { expected: new, actual: old }));
        write(new, 3).unwrap();
        assert_eq!(COUNTS.get(&store, &1).unwrap(), Some(3));
    });
}

#[test]
fn a_commit_moves_the_head_with_its_rows_and_only_from_the_head_it_was_made_on() {
    for_every_backend(|kv| {
        let store = realm(&kv);
        let epoch = store.take_epoch().unwrap();
        let commit = |from, to, value| {
            let mut batch = store.batch("test/commit");
            COUNTS.put(&mut batch, &1, &value);
            store.commit(batch, epoch, from, to)
        };
        commit(None, head(4), 4).unwrap();
        commit(Some(head(4)), head(5), 5).unwrap();
        let moved = WriteError::HeadMoved { expected: Some(head(4)), actual: Some(head(5)) };
        assert_eq!(commit(Some(head(4)), head(6), 6), Err(moved));
        assert_eq!(commit(None, head(6), 6), Err(WriteError::HeadMoved { expected: None, actual: Some(head(5)) }));
        let twin = Head { digest: digest(99), ..head(5) };
        assert!(matches!(commit(Some(twin), head(6), 6), Err(WriteError::HeadMoved { .. })));
        let back = WriteError::NotForward { head: Some(head(5)), actual: CheckpointId::constant(5) };
        assert_eq!(commit(Some(head(5)), head(5), 6), Err(back));
        assert_eq!(COUNTS.get(&store, &1).unwrap(), Some(5));
        assert_eq!(store.position().unwrap(), Position { epoch, head: Some(head(5)), head_epoch: epoch });
    });
}

#[test]
fn terms_tell_which_epoch_committed_which_checkpoints() {
    for_every_backend(|kv| {
        let store = realm(&kv);
        let mut from = None;
        for (epochs_taken, checkpoint) in [(2, 0), (0, 1), (0, 2), (3, 7), (0, 8), (1, 9)] {
            for _ in 0..epochs_taken {
                store.take_epoch().unwrap();
            }
            let epoch = store.position().unwrap().epoch;
            store.commit(store.batch("test/commit"), epoch, from, head(checkpoint)).unwrap();
            from = Some(head(checkpoint));
        }
        assert_eq!(
            store.terms().unwrap(),
            [(0, 2), (3, 5), (9, 6)].map(|(first, epoch)| (CheckpointId::constant(first), Epoch(epoch)))
        );
    });
}

#[test]
fn spaces_and_tables_do_not_see_each_other() {
    for_every_backend(|kv| {
        let spaces = [Space::Coordinator, Space::Realm(0), Space::Realm(1), Space::Realm(u32::MAX), Space::Jobs];
        for (n, space) in (0u64..).zip(spaces) {
            let store = Store::new(Arc::clone(&kv), space);
            for _ in 0..=n {
                store.take_epoch().unwrap();
            }
            let mut batch = store.batch("test/fill");
            for key in [0, 5, u32::MAX] {
                COUNTS.put(&mut batch, &key, &(n + 10));
                NOTES.put(&mut batch, &(key, 0), &format!("note {n}"));
            }
            store.write(batch, Condition::Any).unwrap();
        }
        for (n, space) in (0u64..).zip(spaces) {
            let store = Store::new(Arc::clone(&kv), space);
            assert_eq!(store.position().unwrap().epoch, Epoch(n + 1));
            assert_eq!(COUNTS.all(&store).unwrap(), [0, 5, u32::MAX].map(|key| (key, n + 10)));
            assert_eq!(COUNTS.from(&store, &5, 9).unwrap(), [5, u32::MAX].map(|key| (key, n + 10)));
            assert_eq!(NOTES.all(&store).unwrap().len(), 3);
        }
        let (here, there) = (realm(&kv), Store::new(Arc::clone(&kv), Space::Jobs));
        let lost = there.write(here.batch("test/lost"), Condition::Any);
        assert_eq!(lost, Err(WriteError::Space { expected: Space::Jobs, actual: Space::Realm(3) }));
    });
}

#[test]
fn a_row_that_is_not_of_its_table_is_an_error_that_names_table_and_key() {
    for_every_backend(|kv| {
        let store = realm(&kv);
        const AS_BYTES: Table<u32, u8> = Table::new(17, "counts as bytes");
        let mut batch = store.batch("test/write");
        AS_BYTES.put(&mut batch, &6, &1);
        store.write(batch, Condition::Any).unwrap();
        let error = COUNTS.get(&store, &6).unwrap_err();
        assert!(matches!(&error, ReadError::Row { table: "counts", key, .. } if key == "0x00000006"), "{error}");
        assert!(matches!(COUNTS.all(&store), Err(ReadError::Row { .. })));
    });
}

#[test]
fn leaders_that_race_for_an_epoch_each_get_their_own_and_one_head_wins() {
    for_every_backend(|kv| {
        let (store, barrier) = (realm(&kv), Barrier::new(4));
        let epochs: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        (0..8).map(|_| store.take_epoch().unwrap()).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let mut sorted = epochs.clone();
        sorted.sort();
        assert_eq!(sorted, (1..=32).map(Epoch).collect::<Vec<_>>());
        let won = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4u64)
                .map(|n| {
                    let (store, barrier) = (&store, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        let to = Head { digest: digest(n), ..head(1) };
                        store.commit(store.batch("test/race"), Epoch(32), None, to)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(Result::is_ok).count()
        });
        assert_eq!(won, 1);
    });
}

#[test]
fn readers_never_see_half_of_a_batch() {
    for_every_backend(|kv| {
        let store = realm(&kv);
        let write = |value: u64| {
            let mut batch = store.batch("test/write");
            (0..20).for_each(|key| COUNTS.put(&mut batch, &key, &value));
            store.write(batch, Condition::Any).unwrap();
        };
        write(0);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (1..60).for_each(write));
            while !writer.is_finished() {
                let rows = COUNTS.get_many(&store, &(0..20).collect::<Vec<_>>()).unwrap();
                assert!(rows.iter().all(|row| row == &rows[0] && row.is_some()), "{rows:?}");
                let rows = COUNTS.all(&store).unwrap();
                assert!(rows.len() == 20 && rows.iter().all(|row| row.1 == rows[0].1), "{rows:?}");
            }
        });
    });
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[test]
fn every_backend_equals_an_ordered_map_on_random_batches() {
    let key = || prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(254), Just(255)], 1..4);
    let batch = || prop::collection::vec((key(), prop::option::of(prop::collection::vec(any::<u8>(), 0..40))), 0..12);
    let read = || (key(), key(), 0usize..6);
    let cases = (prop::collection::vec(batch(), 1..6), prop::collection::vec(read(), 1..8));
    TestRunner::new(Config::with_cases(24))
        .run(&cases, |(batches, reads)| {
            for_every_backend(|kv| {
                // A fresh MDBX holds its format row; the model starts from what the backend starts from.
                let mut model: Model = kv.range(&KeyRange::prefix(&[]), usize::MAX).unwrap().into_iter().collect();
                for rows in &batches {
                    kv.write(b"position", &Condition::Any, &Changes { label: "test/model", rows: rows.clone() })
                        .unwrap();
                    for (key, value) in rows {
                        match value {
                            Some(value) => model.insert(key.clone(), value.clone()),
                            None => model.remove(key),
                        };
                    }
                }
                let all: Vec<_> = model.clone().into_iter().collect();
                assert_eq!(kv.range(&KeyRange::prefix(&[]), usize::MAX).unwrap(), all);
                for (from, to, limit) in &reads {
                    let range = KeyRange { from: from.clone(), to: to.clone() };
                    let inside = |key: &Vec<u8>| key >= from && key < to;
                    let expected: Vec<_> = all.iter().filter(|(key, _)| inside(key)).cloned().collect();
                    assert_eq!(kv.range(&range, *limit).unwrap(), expected[..expected.len().min(*limit)]);
                    let firsts = kv.first_of(&[range.clone(), KeyRange::prefix(from), range]).unwrap();
                    let prefixed = all.iter().find(|(key, _)| key.starts_with(from)).cloned();
                    assert_eq!(firsts, [expected.first().cloned(), prefixed, expected.first().cloned()]);
                    assert_eq!(kv.get(from).unwrap().as_ref(), model.get(from));
                }
            });
            Ok(())
        })
        .unwrap();
}
