//! Killed around any write of the queue, on MDBX and with artifacts on disk: the work goes on where it stood.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parth_crypto::Digest;
use parth_jobs::{Artifacts, Counts, JobQueue, Leased, State, Waited};
use parth_store::faults::{Crash, Faulty, Side};
use parth_store::{KvStore, MdbxOptions, MdbxStore, MemoryStore};

use crate::{OWN, claim, graph, id, midnight, proof, publish, stranger, try_open};

type Failed = Box<dyn std::error::Error>;

/// Everything a queue writes: an end cap, a graph, leases, a wrong proof, an expiry, proofs, a retirement.
fn run(kv: Arc<dyn KvStore>, artifacts: Artifacts) -> Result<JobQueue, Failed> {
    let clock = midnight();
    let queue = try_open(kv, artifacts, clock.clone())?;
    if !matches!(queue.wait(id(3), Duration::ZERO), Ok(Waited::Proven(_))) {
        queue.admit(&claim(50), b"end cap")?;
        publish(&queue, &graph(&[(1, &[50]), (2, &[]), (3, &[1, 2])]))?;
    }
    if let Leased::Job(lease) = queue.lease(stranger(1), Duration::ZERO)? {
        match queue.complete(&lease, b"a lie") {
            Err(parth_jobs::CompleteError::Wrong { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => panic!("a lie was taken"),
        }
        if let Leased::Job(_) = queue.lease(stranger(2), Duration::ZERO)? {
            clock.advance(Duration::from_secs(3600));
        }
    }
    while let Leased::Job(lease) = queue.lease(OWN, Duration::ZERO)? {
        clock.advance(Duration::from_secs(1));
        queue.renew(&lease)?;
        queue.complete(&lease, &proof(&lease.claim))?;
    }
    Ok(queue)
}

fn mdbx(folder: &Path) -> Arc<dyn KvStore> {
    let genesis = Digest::from([1, 0, 0, 0]);
    Arc::new(MdbxStore::open(&folder.join("store"), genesis, MdbxOptions::default()).unwrap())
}

fn disk(folder: &Path) -> Artifacts {
    Artifacts::on_disk(&folder.join("artifacts")).unwrap()
}

#[test]
fn a_queue_killed_around_any_write_goes_on_and_every_job_is_proven_once() {
    let counting = Arc::new(Faulty::counting(Arc::new(MemoryStore::new())));
    run(counting.clone(), Artifacts::in_memory()).unwrap();
    let points = counting.points();
    let labels: std::collections::BTreeSet<_> = points.iter().map(|point| point.label.as_str()).collect();
    for label in ["jobs/publish", "jobs/admit", "jobs/lease", "jobs/return", "jobs/expire", "jobs/renew", "jobs/proven"]
    {
        assert!(labels.contains(label), "{label} of {labels:?}");
    }
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        let faulty = Arc::new(Faulty::dying(mdbx(folder.path()), point.clone(), Crash::Silence));
        assert!(run(faulty.clone(), disk(folder.path())).is_err(), "{point}");
        assert!(faulty.is_dead(), "{point}");
        drop(faulty);
        let kv = mdbx(folder.path());
        {
            let queue = try_open(kv.clone(), disk(folder.path()), midnight()).unwrap();
            // A proof and the word that its job is proven are one write; what is proven is ready to be built on.
            for number in 1..=3 {
                let Ok(row) = queue.row(id(number)) else { continue };
                let has_proof = queue.proof(id(number)).unwrap();
                assert_eq!(has_proof.is_some(), row.progress.state == State::Proven, "{point}");
                if let Some(artifact) = has_proof {
                    assert_eq!(queue.artifacts().get(artifact).unwrap(), proof(&claim(number)), "{point}");
                }
                let ready = row.children.iter().all(|child| queue.proof(*child).unwrap().is_some());
                assert_eq!(ready, row.progress.state != State::Blocked, "{point}");
                assert!(!matches!(row.progress.state, State::Leased { .. }), "{point}");
            }
            if point.label == "jobs/publish" {
                let published = queue.row(id(1)).is_ok();
                assert_eq!(published, point.side == Side::After, "{point}");
                assert_eq!(queue.row(id(3)).is_ok(), published, "{point}");
            }
        }
        let queue = run(kv, disk(folder.path())).unwrap();
        assert_eq!(queue.counts().unwrap(), Counts { proven: 3, ..Counts::default() }, "{point}");
    }
}
