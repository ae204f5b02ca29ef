//! Tests of the job queue and the artifacts.

mod artifacts;
mod crash;
mod queue;

use std::sync::Arc;

use parth_crypto::Digest;
use parth_jobs::{Artifacts, Claim, JobQueue, LeaseTerms, Worker, WorkerId};
use parth_protocol::circuit::{CircuitId, CircuitSet};
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::plan::{AnyStatement, Job, JobGraph, JobId};
use parth_runtime::{Clock, Moment};
use parth_store::{KvStore, Space, Store};

const CIRCUIT: CircuitId = CircuitId::GlobalUnchanged;
/// A worker of the operator.
const OWN: Worker = Worker { id: WorkerId(1), trusted: true };

fn stranger(number: u64) -> Worker {
    Worker { id: WorkerId(100 + number), trusted: false }
}

/// Any statement: the queue never looks inside.
fn statement() -> AnyStatement {
    let zeros = [0; 4096];
    let read = (0..zeros.len()).find_map(|length| borsh::from_slice::<Unchanged>(&zeros[..length]).ok());
    read.unwrap().into()
}

fn claim(number: u64) -> Claim {
    let fingerprint = CircuitSet::stand_in().fingerprint(CIRCUIT);
    Claim { circuit: CIRCUIT, fingerprint, public: Digest::from([number, 0, 0, 9]) }
}

fn id(number: u64) -> JobId {
    claim(number).id()
}

/// Jobs by number, each with the numbers of its children; children first.
fn graph(jobs: &[(u64, &[u64])]) -> JobGraph {
    let job = |&(number, children): &(u64, &[u64])| Job {
        id: id(number),
        public: claim(number).public,
        children: children.iter().map(|child| id(*child)).collect(),
        statement: statement(),
    };
    JobGraph { jobs: jobs.iter().map(job).collect() }
}

/// What the tests take for a proof of a claim.
fn proof(claim: &Claim) -> Vec<u8> {
    [b"proof of ".as_slice(), &claim.public.to_bytes()].concat()
}

fn check(claim: &Claim, bytes: &[u8]) -> Result<(), String> {
    if bytes == proof(claim) { Ok(()) } else { Err("it proves something else".into()) }
}

fn open(kv: Arc<dyn KvStore>, artifacts: Artifacts, clock: impl Clock + 'static) -> JobQueue {
    try_open(kv, artifacts, clock).unwrap()
}

fn try_open(
    kv: Arc<dyn KvStore>,
    artifacts: Artifacts,
    clock: impl Clock + 'static,
) -> Result<JobQueue, parth_jobs::QueueError> {
    let store = Store::new(kv, Space::Coordinator);
    JobQueue::open(&store, artifacts, Arc::new(clock), LeaseTerms::default(), check)
}

fn publish(queue: &JobQueue, graph: &JobGraph) -> Result<(), parth_jobs::PublishError> {
    queue.publish(graph, &CircuitSet::stand_in(), 1, |_| 20)
}

fn midnight() -> parth_runtime::ManualClock {
    parth_runtime::ManualClock::at(Moment(1_000_000))
}
