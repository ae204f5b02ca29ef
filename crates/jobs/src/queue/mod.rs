//! [`JobQueue`]: what roles and workers call.
//!
//! ```text
//!   role                                   worker
//!   publish(graph) ──→ table, hints ──→    lease → inputs → prove → complete
//!   wait(job)      ←── proofs       ←──    (renew meanwhile, fail or give back instead)
//! ```
//!
//! Every call writes the table first and the hints after. Opening a queue takes the next epoch of its space, so a queue
//! that somebody else has replaced changes nothing any more; leases of the one before are given back, since their
//! holders are gone with it. Here stand the calls of roles; those of workers are in `worker`.

mod answers;
mod errors;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use parth_protocol::circuit::{CircuitId, CircuitSet};
use parth_protocol::plan::{JobGraph, JobId};
use parth_runtime::Clock;
use parth_store::{Batch, Condition, Epoch, ReadError, Space, Store, WriteError};

pub use answers::{Completed, Counts, Inputs, Lease, LeaseTerms, Leased, Waited};
pub use errors::{CompleteError, PublishError, QueueError};

use crate::artifacts::{ArtifactId, Artifacts};
use crate::hints::Hints;
use crate::state::{Progress, Refused, State};
use crate::table::{Claim, JOBS, JobRow, PROOFS, all_proven};

/// Largest proof in bytes that is looked at: 4 MiB.
pub const MAX_PROOF: usize = 4 << 20;

/// How often a call that waits looks again for expired leases.
const TICK: Duration = Duration::from_millis(50);

/// How often, at most, a call that finds nothing to do looks for lost hints, which reads the whole table.
const REBUILD: Duration = Duration::from_secs(1);

/// Decides whether bytes are a proof of a claim. Injected, since jobs link no circuits.
pub trait CheckProof: Send + Sync {
    /// Nothing when they are, and otherwise what is wrong with them.
    fn check(&self, claim: &Claim, proof: &[u8]) -> Result<(), String>;
}

impl<F: Fn(&Claim, &[u8]) -> Result<(), String> + Send + Sync> CheckProof for F {
    fn check(&self, claim: &Claim, proof: &[u8]) -> Result<(), String> {
        self(claim, proof)
    }
}

#[derive(Debug, Default)]
struct Shared {
    hints: Hints,
    draining: bool,
    /// When the hints were last rebuilt.
    rebuilt: Option<Instant>,
}

/// The job table of a deployment, its hints, and everybody who waits for them. Cheap to clone; clones are one queue.
#[derive(Clone)]
pub struct JobQueue {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    epoch: Epoch,
    artifacts: Artifacts,
    clock: Arc<dyn Clock>,
    check: Box<dyn CheckProof>,
    terms: LeaseTerms,
    shared: Mutex<Shared>,
    changed: Condvar,
}

impl fmt::Debug for JobQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobQueue").field("store", &self.inner.store).field("epoch", &self.inner.epoch).finish()
    }
}

impl JobQueue {
    /// Opens the job table of a store: takes its epoch, gives back the leases of the queue before, rebuilds the hints.
    pub fn open(
        store: &Store,
        artifacts: Artifacts,
        clock: Arc<dyn Clock>,
        terms: LeaseTerms,
        check: impl CheckProof + 'static,
    ) -> Result<JobQueue, QueueError> {
        let store = store.of(Space::Jobs);
        let epoch = store.take_epoch()?;
        let (shared, changed, check) = (Mutex::default(), Condvar::new(), Box::new(check));
        let inner = Inner { store, epoch, artifacts, clock, check, terms, shared, changed };
        let queue = JobQueue { inner: Arc::new(inner) };
        let mut batch = queue.batch("jobs/open");
        for (id, mut row) in JOBS.all(&queue.inner.store)? {
            if let State::Leased { worker, attempt, .. } = row.progress.state {
                row.progress.give_back(worker, attempt).map_err(|refused| QueueError::Refused { job: id, refused })?;
                JOBS.put(&mut batch, &id, &row);
            }
        }
        if !batch.is_empty() {
            queue.write(batch)?;
        }
        queue.rebuild()?;
        Ok(queue)
    }

    /// The artifacts that statements and proofs go to.
    pub fn artifacts(&self) -> &Artifacts {
        &self.inner.artifacts
    }

    /// Adds a proof that exists already and that the caller has verified (an end cap at admission), for jobs to build on.
    pub fn admit(&self, claim: &Claim, proof: &[u8]) -> Result<ArtifactId, QueueError> {
        let artifact = self.inner.artifacts.put(proof)?;
        let mut shared = self.inner.shared.lock();
        let mut batch = self.batch("jobs/admit");
        PROOFS.put(&mut batch, &claim.id(), &artifact);
        let unblocked = self.unblock(&shared.hints, claim.id(), &mut batch)?;
        self.write(batch)?;
        self.settle(&mut shared, claim.id(), unblocked);
        Ok(artifact)
    }

    /// Publishes a graph, whole or not at all. Statements go into the artifacts first. A job that is known already, from
    /// an earlier try, keeps its state. `cost` is the expected work of a circuit in proving units.
    pub fn publish(
        &self,
        graph: &JobGraph,
        circuits: &CircuitSet,
        priority: u32,
        cost: impl Fn(CircuitId) -> u32,
    ) -> Result<(), PublishError> {
        let (mut depths, mut rows) = (BTreeMap::new(), Vec::new());
        for job in graph.jobs.iter().rev() {
            let depth = *depths.entry(job.id).or_insert(0u32);
            for child in &job.children {
                let below = depths.entry(*child).or_insert(0);
                *below = (*below).max(depth + 1);
            }
        }
        let mut known = BTreeSet::new();
        for job in &graph.jobs {
            let circuit = job.statement.circuit();
            let claim = Claim { circuit, fingerprint: circuits.fingerprint(circuit), public: job.public };
            if claim.id() != job.id {
                return Err(PublishError::Id { expected: claim.id(), actual: job.id });
            }
            for &child in &job.children {
                if !known.contains(&child) && !self.knows(child).map_err(QueueError::from)? {
                    return Err(PublishError::Child { job: job.id, child });
                }
            }
            known.insert(job.id);
            let bytes = borsh::to_vec(&job.statement)
                .map_err(|error| PublishError::Encode { job: job.id, found: error.to_string() })?;
            let statement = self.inner.artifacts.put(&bytes).map_err(QueueError::from)?;
            let (children, depth) = (job.children.clone(), depths.get(&job.id).copied().unwrap_or(0));
            let progress = Progress::new(false);
            rows.push((job.id, JobRow { claim, statement, children, cost: cost(circuit), priority, depth, progress }));
        }
        Ok(self.insert(rows)?)
    }

    /// Waits up to `timeout` for the proof of a job, published or admitted.
    pub fn wait(&self, job: JobId, timeout: Duration) -> Result<Waited, QueueError> {
        let end = Instant::now().checked_add(timeout);
        let mut shared = self.inner.shared.lock();
        loop {
            if let Some(artifact) = self.proof(job)? {
                return Ok(Waited::Proven(artifact));
            }
            if let State::Unprovable { evidence } = self.row(job)?.progress.state {
                return Ok(Waited::Unprovable { evidence });
            }
            if shared.draining {
                return Ok(Waited::Draining);
            }
            self.expire(&mut shared)?;
            if !self.pause(&mut shared, end) {
                return Ok(Waited::Pending);
            }
        }
    }

    /// The proof of a job, if there is one.
    pub fn proof(&self, job: JobId) -> Result<Option<ArtifactId>, QueueError> {
        Ok(PROOFS.get(&self.inner.store, &job)?)
    }

    /// A job's row.
    pub fn row(&self, job: JobId) -> Result<JobRow, QueueError> {
        JOBS.get(&self.inner.store, &job)?.ok_or(QueueError::Unknown { job })
    }

    /// How many jobs are in which state.
    pub fn counts(&self) -> Result<Counts, QueueError> {
        let mut counts = Counts::default();
        for (_, row) in JOBS.all(&self.inner.store)? {
            match row.progress.state {
                State::Blocked => counts.blocked += 1,
                State::Ready => counts.ready += 1,
                State::Leased { .. } => counts.leased += 1,
                State::Proven => counts.proven += 1,
                State::Unprovable { .. } => counts.unprovable += 1,
            }
        }
        Ok(counts)
    }

    /// Forgets jobs and proofs that nothing will build on any more. Their artifacts stay.
    pub fn retire(&self, jobs: &[JobId]) -> Result<(), QueueError> {
        let mut shared = self.inner.shared.lock();
        let mut batch = self.batch("jobs/retire");
        for job in jobs {
            JOBS.delete(&mut batch, job);
            PROOFS.delete(&mut batch, job);
        }
        self.write(batch)?;
        self.rebuild_in(&mut shared)
    }

    /// Stops handing out jobs and wakes everybody who waits. Proofs of jobs that are leased are still taken.
    pub fn drain(&self) {
        self.inner.shared.lock().draining = true;
        self.inner.changed.notify_all();
    }

    /// Forgets every hint, as a wiped queue server would.
    pub fn wipe_hints(&self) {
        let mut shared = self.inner.shared.lock();
        shared.hints = Hints::default();
        shared.rebuilt = None;
    }

    /// Rebuilds the hints from the table. Waiting calls do so by themselves.
    pub fn rebuild(&self) -> Result<(), QueueError> {
        self.rebuild_in(&mut self.inner.shared.lock())
    }

    fn rebuild_in(&self, shared: &mut Shared) -> Result<(), QueueError> {
        let mut hints = Hints::default();
        let mut batch = self.batch("jobs/rebuild");
        for (id, mut row) in JOBS.all(&self.inner.store)? {
            // A child's proof was stored and the queue died, or lost its hints, before it told the parent.
            if row.progress.state == State::Blocked && all_proven(&self.inner.store, &row.children, None)? {
                row.progress.unblock().map_err(|refused| QueueError::Refused { job: id, refused })?;
                JOBS.put(&mut batch, &id, &row);
            }
            hints.note(id, &row);
        }
        if !batch.is_empty() {
            self.write(batch)?;
        }
        shared.hints = hints;
        shared.rebuilt = Some(Instant::now());
        self.inner.changed.notify_all();
        Ok(())
    }

    fn insert(&self, rows: Vec<(JobId, JobRow)>) -> Result<(), QueueError> {
        let inner = &*self.inner;
        let mut shared = inner.shared.lock();
        let mut batch = self.batch("jobs/publish");
        let mut fresh = BTreeMap::new();
        for (id, mut row) in rows {
            if fresh.contains_key(&id) || self.knows(id)? {
                continue;
            }
            row.progress = Progress::new(all_proven(&inner.store, &row.children, None)?);
            JOBS.put(&mut batch, &id, &row);
            fresh.insert(id, row);
        }
        if fresh.is_empty() {
            return Ok(());
        }
        self.write(batch)?;
        for (id, row) in &fresh {
            shared.hints.note(*id, row);
        }
        inner.changed.notify_all();
        Ok(())
    }

    /// Is this job in the table, or its proof in the set of proofs?
    fn knows(&self, job: JobId) -> Result<bool, ReadError> {
        let store = &self.inner.store;
        Ok(PROOFS.get(store, &job)?.is_some() || JOBS.get(store, &job)?.is_some())
    }

    /// Changes one job: in the store, then in the hints.
    fn transition(
        &self,
        shared: &mut Shared,
        id: JobId,
        mut row: JobRow,
        label: &'static str,
        step: impl FnOnce(&mut Progress) -> Result<(), Refused>,
    ) -> Result<(), QueueError> {
        let before = row.progress.clone();
        step(&mut row.progress).map_err(|refused| QueueError::Refused { job: id, refused })?;
        if row.progress == before {
            return Ok(());
        }
        let mut batch = self.batch(label);
        JOBS.put(&mut batch, &id, &row);
        self.write(batch)?;
        shared.hints.note(id, &row);
        self.inner.changed.notify_all();
        Ok(())
    }

    /// Adds to the batch that proves `child` every parent that it was the last to wait for.
    fn unblock(&self, hints: &Hints, child: JobId, batch: &mut Batch) -> Result<Vec<(JobId, JobRow)>, QueueError> {
        let mut out = Vec::new();
        for id in hints.parents(child) {
            let Some(mut row) = JOBS.get(&self.inner.store, &id)? else { continue };
            if row.progress.state == State::Blocked && all_proven(&self.inner.store, &row.children, Some(child))? {
                row.progress.unblock().map_err(|refused| QueueError::Refused { job: id, refused })?;
                JOBS.put(batch, &id, &row);
                out.push((id, row));
            }
        }
        Ok(out)
    }

    /// Takes in what a stored proof has changed.
    fn settle(&self, shared: &mut Shared, proven: JobId, unblocked: Vec<(JobId, JobRow)>) {
        shared.hints.take_parents(proven);
        for (id, row) in unblocked {
            shared.hints.note(id, &row);
        }
        self.inner.changed.notify_all();
    }

    /// Sleeps until something changes, a tick at most. Returns false when `end` has passed.
    fn pause(&self, shared: &mut MutexGuard<'_, Shared>, end: Option<Instant>) -> bool {
        let now = Instant::now();
        let left = end.map_or(TICK, |end| end.saturating_duration_since(now));
        if left.is_zero() {
            return false;
        }
        self.inner.changed.wait_for(shared, left.min(TICK));
        true
    }

    fn batch(&self, label: &'static str) -> Batch {
        self.inner.store.batch(label)
    }

    fn write(&self, batch: Batch) -> Result<(), WriteError> {
        self.inner.store.write(batch, Condition::Leads(self.inner.epoch))
    }
}
