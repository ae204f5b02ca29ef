//! The queue: who gets which job, what becomes of proofs, and who is told.

use std::sync::Arc;
use std::time::Duration;

use parth_jobs::{
    ArtifactError, Artifacts, CompleteError, Completed, Counts, JobQueue, Lease, Leased, MAX_FAILURES, PublishError,
    QueueError, Refused, State, Waited, Worker, WorkerId,
};
use parth_protocol::plan::JobGraph;
use parth_runtime::{ManualClock, SystemClock};
use parth_store::{MemoryStore, WriteError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{OWN, claim, graph, id, midnight, open, proof, publish, stranger};

fn queue() -> (JobQueue, ManualClock) {
    let clock = midnight();
    (open(Arc::new(MemoryStore::new()), Artifacts::in_memory(), clock.clone()), clock)
}

fn lease(queue: &JobQueue, worker: Worker) -> Option<Lease> {
    match queue.lease(worker, Duration::ZERO).unwrap() {
        Leased::Job(lease) => Some(*lease),
        _ => None,
    }
}

fn prove(queue: &JobQueue, lease: &Lease) -> Completed {
    queue.complete(lease, &proof(&lease.claim)).unwrap()
}

/// Two pairs under two parents under a root.
fn tree() -> JobGraph {
    graph(&[(1, &[]), (2, &[]), (3, &[1, 2]), (4, &[]), (5, &[]), (6, &[4, 5]), (7, &[3, 6])])
}

#[test]
fn a_job_is_ready_when_all_its_children_are_proven_and_gets_their_proofs_in_order() {
    let (queue, _) = queue();
    publish(&queue, &tree()).unwrap();
    assert_eq!(queue.counts().unwrap(), Counts { ready: 4, blocked: 3, ..Counts::default() });
    let mut order = Vec::new();
    while let Some(lease) = lease(&queue, OWN) {
        let children = queue.row(lease.job).unwrap().children;
        let inputs = queue.inputs(&lease).unwrap();
        let expected: Vec<_> = children.iter().map(|child| proof(&queue.row(*child).unwrap().claim)).collect();
        assert_eq!(inputs.proofs, expected);
        assert_eq!(
            borsh::from_slice::<parth_protocol::plan::AnyStatement>(&inputs.statement).unwrap(),
            crate::statement()
        );
        assert!(children.iter().all(|child| order.contains(child)));
        assert!(matches!(prove(&queue, &lease), Completed::First(_)));
        order.push(lease.job);
    }
    assert_eq!(order.len(), 7);
    assert_eq!(queue.counts().unwrap(), Counts { proven: 7, ..Counts::default() });
    let Waited::Proven(artifact) = queue.wait(id(7), Duration::ZERO).unwrap() else { panic!() };
    assert_eq!(queue.artifacts().get(artifact).unwrap(), proof(&claim(7)));
}

#[test]
fn a_job_can_build_on_a_proof_that_was_admitted_before_or_after_it_was_published() {
    let (queue, _) = queue();
    queue.admit(&claim(50), b"end cap").unwrap();
    publish(&queue, &graph(&[(1, &[50])])).unwrap();
    let lease = lease(&queue, OWN).unwrap();
    assert_eq!(queue.inputs(&lease).unwrap().proofs, [b"end cap".to_vec()]);
    let unknown = publish(&queue, &graph(&[(2, &[]), (3, &[2, 51])])).unwrap_err();
    assert!(
        matches!(unknown, PublishError::Child { job, child } if job == id(3) && child == id(51)),
        "nothing of the graph is published"
    );
    assert!(matches!(queue.row(id(2)), Err(QueueError::Unknown { .. })));
    let late = publish(&queue, &graph(&[(3, &[2]), (2, &[])])).unwrap_err();
    assert!(matches!(late, PublishError::Child { .. }), "children come first");
    let mut forged = graph(&[(2, &[])]);
    forged.jobs[0].id = id(9);
    assert!(matches!(publish(&queue, &forged), Err(PublishError::Id { expected, .. }) if expected == id(2)));
}

#[test]
fn publishing_again_changes_nothing() {
    let (queue, _) = queue();
    publish(&queue, &tree()).unwrap();
    let first = lease(&queue, OWN).unwrap();
    prove(&queue, &first);
    let second = lease(&queue, OWN).unwrap();
    publish(&queue, &tree()).unwrap();
    assert_eq!(queue.counts().unwrap(), Counts { blocked: 3, ready: 2, leased: 1, proven: 1, ..Counts::default() });
    assert!(matches!(prove(&queue, &second), Completed::First(_)));
}

#[test]
fn the_higher_priority_comes_first_and_then_the_longest_way_to_the_root() {
    let (queue, _) = queue();
    publish(&queue, &graph(&[(1, &[]), (2, &[]), (3, &[2]), (4, &[1, 3])])).unwrap();
    queue.publish(&graph(&[(10, &[])]), &parth_protocol::circuit::CircuitSet::stand_in(), 2, |_| 1).unwrap();
    let order: Vec<_> = std::iter::from_fn(|| lease(&queue, OWN)).map(|lease| lease.job).collect();
    assert_eq!(order, [id(10), id(2), id(1)]);
}

#[test]
fn a_lease_lasts_three_times_the_expected_time_and_a_heartbeat_moves_its_end() {
    let (queue, clock) = queue();
    publish(&queue, &graph(&[(1, &[])])).unwrap();
    let first = lease(&queue, stranger(1)).unwrap();
    assert_eq!(first.deadline, midnight().now_after(60));
    clock.advance(Duration::from_secs(59));
    assert_eq!(lease(&queue, stranger(2)), None);
    assert_eq!(queue.renew(&first).unwrap(), midnight().now_after(119));
    clock.advance(Duration::from_secs(59));
    assert_eq!(lease(&queue, stranger(2)), None);
    clock.advance(Duration::from_secs(1));
    let second = lease(&queue, stranger(2)).unwrap();
    assert_eq!(second.attempt, 2);
    let refused = queue.renew(&first).unwrap_err();
    assert!(matches!(refused, QueueError::Refused { refused: Refused::NotHolder { attempt: 1, .. }, .. }), "{refused}");
    // The first worker was only slow: its proof is as good as any.
    let Completed::First(artifact) = prove(&queue, &first) else { panic!() };
    assert_eq!(prove(&queue, &second), Completed::Duplicate(artifact));
    assert_eq!(queue.counts().unwrap(), Counts { proven: 1, ..Counts::default() });
}

trait After {
    fn now_after(&self, seconds: u64) -> parth_runtime::Moment;
}

impl After for ManualClock {
    fn now_after(&self, seconds: u64) -> parth_runtime::Moment {
        parth_runtime::Clock::now(self).after(Duration::from_secs(seconds))
    }
}

#[test]
fn a_wrong_proof_is_never_stored_as_done_and_its_worker_is_excluded() {
    let (queue, _) = queue();
    publish(&queue, &graph(&[(1, &[]), (2, &[1])])).unwrap();
    let bad = lease(&queue, stranger(1)).unwrap();
    let huge = vec![0; parth_jobs::queue::MAX_PROOF + 1];
    for bytes in [b"nonsense".to_vec(), proof(&claim(2)), Vec::new(), huge] {
        let error = queue.complete(&bad, &bytes).unwrap_err();
        assert!(matches!(error, CompleteError::Wrong { worker, .. } if worker == bad.worker.id), "{error}");
        assert_eq!(queue.proof(id(1)).unwrap(), None);
    }
    assert_eq!(lease(&queue, stranger(1)), None);
    // A worker that brings back another claim does not get it checked.
    let mut forged = lease(&queue, stranger(2)).unwrap();
    forged.claim = claim(2);
    assert!(matches!(queue.complete(&forged, &proof(&claim(2))), Err(CompleteError::Wrong { .. })));
    // One that is not of the queue does not take it down either.
    forged.job = id(77);
    assert!(matches!(
        queue.complete(&forged, b"?"),
        Err(CompleteError::Queue(QueueError::Unknown { job })) if job == id(77)
    ));
    let good = lease(&queue, stranger(3)).unwrap();
    assert!(matches!(prove(&queue, &good), Completed::First(_)));
    assert_eq!(queue.counts().unwrap(), Counts { ready: 1, proven: 1, ..Counts::default() });
}

#[test]
fn hostile_workers_cannot_keep_a_job_open_and_a_trusted_one_alone_can_give_it_up() {
    let (queue, clock) = queue();
    publish(&queue, &graph(&[(1, &[])])).unwrap();
    for number in 0..u64::from(MAX_FAILURES) {
        let held = lease(&queue, stranger(number)).unwrap();
        match number % 3 {
            0 => assert!(queue.complete(&held, b"wrong").is_err()),
            1 => queue.fail(&held, "I would rather not").unwrap(),
            _ => clock.advance(Duration::from_secs(3600)),
        }
    }
    assert_eq!(lease(&queue, stranger(50)), None);
    let held = lease(&queue, OWN).unwrap();
    assert_eq!(queue.wait(id(1), Duration::ZERO).unwrap(), Waited::Pending);
    queue.fail(&held, "the witness does not exist").unwrap();
    let expected = Waited::Unprovable { evidence: "the witness does not exist".into() };
    assert_eq!(queue.wait(id(1), Duration::ZERO).unwrap(), expected);
    assert_eq!(lease(&queue, OWN), None);
}

#[test]
fn draining_hands_out_nothing_more_and_takes_what_is_under_way() {
    let (queue, _) = queue();
    publish(&queue, &graph(&[(1, &[]), (2, &[]), (3, &[1])])).unwrap();
    let (held, other) = (lease(&queue, OWN).unwrap(), lease(&queue, stranger(1)).unwrap());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.wait(id(3), Duration::MAX).unwrap());
        let idle = scope.spawn(|| queue.lease(stranger(2), Duration::MAX).unwrap());
        queue.drain();
        assert_eq!((waiting.join().unwrap(), idle.join().unwrap()), (Waited::Draining, Leased::Draining));
    });
    assert!(matches!(prove(&queue, &held), Completed::First(_)));
    queue.give_back(&other).unwrap();
    assert_eq!(queue.row(other.job).unwrap().progress.failures, 0);
    assert_eq!(queue.lease(OWN, Duration::MAX).unwrap(), Leased::Draining);
}

#[test]
fn a_queue_that_was_replaced_changes_nothing() {
    let kv = Arc::new(MemoryStore::new());
    let artifacts = Artifacts::in_memory();
    let old = open(kv.clone(), artifacts.clone(), midnight());
    publish(&old, &tree()).unwrap();
    let held = lease(&old, OWN).unwrap();
    let new = open(kv, artifacts, midnight());
    assert_eq!(new.row(held.job).unwrap().progress.state, State::Ready, "its holder is gone with the old queue");
    assert_eq!(new.row(held.job).unwrap().progress.failures, 0);
    let fenced = old.complete(&held, &proof(&held.claim)).unwrap_err();
    assert!(matches!(fenced, CompleteError::Queue(QueueError::Write(WriteError::Fenced { .. }))), "{fenced}");
    assert!(matches!(old.lease(OWN, Duration::ZERO), Err(QueueError::Write(WriteError::Fenced { .. }))));
    assert_eq!(new.counts().unwrap(), Counts { ready: 4, blocked: 3, ..Counts::default() });
}

#[test]
fn a_statement_or_proof_that_is_damaged_on_disk_is_named_and_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::on_disk(folder.path()).unwrap();
    let queue = open(Arc::new(MemoryStore::new()), artifacts, midnight());
    publish(&queue, &graph(&[(1, &[]), (2, &[1])])).unwrap();
    let first = lease(&queue, OWN).unwrap();
    let Completed::First(artifact) = prove(&queue, &first) else { panic!() };
    let text = artifact.to_string();
    let file = folder.path().join(&text[2..4]).join(&text[4..]);
    std::fs::write(&file, b"proof of another thing").unwrap();
    let second = lease(&queue, OWN).unwrap();
    let error = queue.inputs(&second).unwrap_err();
    assert!(
        matches!(&error, QueueError::Artifact(ArtifactError::Corrupt { file: named, .. }) if *named == file),
        "{error}"
    );
}

#[test]
fn jobs_that_are_retired_are_forgotten() {
    let (queue, _) = queue();
    publish(&queue, &graph(&[(1, &[]), (2, &[])])).unwrap();
    let first = lease(&queue, OWN).unwrap();
    prove(&queue, &first);
    queue.retire(&[first.job]).unwrap();
    assert_eq!(queue.counts().unwrap(), Counts { ready: 1, ..Counts::default() });
    assert!(matches!(queue.wait(first.job, Duration::ZERO), Err(QueueError::Unknown { .. })));
}

#[test]
fn any_graph_is_proven_by_any_mix_of_workers_while_the_hints_are_wiped() {
    // Each job builds on up to two earlier ones.
    let graphs = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..3), 1..30);
    let cases = (graphs, prop::collection::vec(any::<prop::sample::Index>(), 20));
    TestRunner::new(Config::with_cases(12))
        .run(&cases, |(shape, wipes)| {
            let children: Vec<Vec<u64>> = (0u64..)
                .zip(&shape)
                .map(|(number, (left, right, count))| {
                    let pick = |index: &prop::sample::Index| index.index(number.max(1) as usize) as u64;
                    let mut children = vec![pick(left), pick(right)];
                    children.dedup();
                    children.truncate(if number == 0 { 0 } else { usize::from(*count) });
                    children
                })
                .collect();
            let jobs: Vec<_> =
                (0u64..).zip(&children).map(|(number, children)| (number, children.as_slice())).collect();
            let queue = open(Arc::new(MemoryStore::new()), Artifacts::in_memory(), SystemClock::new());
            publish(&queue, &graph(&jobs)).unwrap();
            std::thread::scope(|scope| {
                for number in 0..3 {
                    let (queue, wipes) = (&queue, &wipes);
                    scope.spawn(move || {
                        let worker = if number == 0 { OWN } else { stranger(number) };
                        let mut done = 0;
                        while let Leased::Job(lease) = queue.lease(worker, Duration::MAX).unwrap() {
                            // The second stranger is a liar from its second job on.
                            let bytes = if number == 2 && done > 0 { b"lie".to_vec() } else { proof(&lease.claim) };
                            let result = queue.complete(&lease, &bytes);
                            assert_eq!(result.is_ok(), bytes != b"lie");
                            if wipes.iter().any(|at| at.index(shape_size(queue)) == done) {
                                queue.wipe_hints();
                            }
                            done += 1;
                        }
                    });
                }
                for (number, _) in &jobs {
                    assert!(matches!(queue.wait(id(*number), Duration::from_secs(30)).unwrap(), Waited::Proven(_)));
                }
                queue.drain();
            });
            let counts = queue.counts().unwrap();
            assert_eq!(counts, Counts { proven: jobs.len(), ..Counts::default() });
            Ok(())
        })
        .unwrap();
}

fn shape_size(queue: &JobQueue) -> usize {
    queue.counts().map(|counts| counts.proven + counts.ready + counts.blocked + counts.leased).unwrap().max(1)
}

#[test]
fn workers_have_names() {
    assert_eq!(WorkerId(7).to_string(), "7");
}
