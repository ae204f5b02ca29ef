//! The calls of workers: lease, inputs, renew, complete; or give back, or fail.

use std::time::{Duration, Instant};

use parth_runtime::Moment;

use super::{CompleteError, Completed, Inputs, JobQueue, Lease, Leased, MAX_PROOF, QueueError, REBUILD, Shared};
use crate::state::{Refused, Worker};
use crate::table::{JOBS, PROOFS};

impl JobQueue {
    /// Waits up to `timeout` for a job that this worker may have, and leases it.
    pub fn lease(&self, worker: Worker, timeout: Duration) -> Result<Leased, QueueError> {
        let end = Instant::now().checked_add(timeout);
        let mut shared = self.inner.shared.lock();
        loop {
            if shared.draining {
                return Ok(Leased::Draining);
            }
            self.expire(&mut shared)?;
            if let Some(lease) = self.take(&mut shared, worker)? {
                return Ok(Leased::Job(Box::new(lease)));
            }
            // Nothing to do may mean that the hints are lost.
            if shared.rebuilt.is_none_or(|rebuilt| rebuilt.elapsed() >= REBUILD) {
                self.rebuild_in(&mut shared)?;
                if let Some(lease) = self.take(&mut shared, worker)? {
                    return Ok(Leased::Job(Box::new(lease)));
                }
            }
            if !self.pause(&mut shared, end) {
                return Ok(Leased::Nothing);
            }
        }
    }

    /// Reads what a lease is proven from.
    pub fn inputs(&self, lease: &Lease) -> Result<Inputs, QueueError> {
        let statement = self.inner.artifacts.get(lease.statement)?;
        let proofs = lease.proofs.iter().map(|proof| self.inner.artifacts.get(*proof)).collect::<Result<_, _>>()?;
        Ok(Inputs { statement, proofs })
    }

    /// The worker is alive: moves the end of its lease, and returns it.
    pub fn renew(&self, lease: &Lease) -> Result<Moment, QueueError> {
        let mut shared = self.inner.shared.lock();
        let row = self.row(lease.job)?;
        let deadline = self.deadline(row.cost);
        self.transition(&mut shared, lease.job, row, "jobs/renew", |job| {
            job.renew(lease.worker.id, lease.attempt, deadline)
        })?;
        Ok(deadline)
    }

    /// Gives a job back untried, as a worker does that shuts down.
    pub fn give_back(&self, lease: &Lease) -> Result<(), QueueError> {
        let mut shared = self.inner.shared.lock();
        let row = self.row(lease.job)?;
        self.transition(&mut shared, lease.job, row, "jobs/return", |job| job.give_back(lease.worker.id, lease.attempt))
    }

    /// Reports that a job could not be proven. From a trusted worker, after others have failed, this is the end of it.
    pub fn fail(&self, lease: &Lease, evidence: &str) -> Result<(), QueueError> {
        let mut shared = self.inner.shared.lock();
        let row = self.row(lease.job)?;
        self.transition(&mut shared, lease.job, row, "jobs/return", |job| {
            job.fail(lease.worker, lease.attempt, evidence)
        })
    }

    /// Hands in a proof. It is checked before anything is written; the first valid one wins, whoever holds the lease.
    pub fn complete(&self, lease: &Lease, proof: &[u8]) -> Result<Completed, CompleteError> {
        let inner = &*self.inner;
        let (id, worker) = (lease.job, lease.worker);
        // The claim of the stored row counts, not the one that the worker brings back.
        let row = self.row(id)?;
        if let Some(artifact) = PROOFS.get(&inner.store, &id).map_err(QueueError::from)? {
            return Ok(Completed::Duplicate(artifact));
        }
        let checked = if proof.len() > MAX_PROOF {
            Err(format!("it has {} bytes, a proof has at most {MAX_PROOF}", proof.len()))
        } else {
            inner.check.check(&row.claim, proof)
        };
        if let Err(found) = checked {
            let mut shared = inner.shared.lock();
            let row = self.row(id)?;
            self.transition(&mut shared, id, row, "jobs/return", |job| job.wrong(worker, lease.attempt, &found))?;
            return Err(CompleteError::Wrong { job: id, worker: worker.id, found });
        }
        let artifact = inner.artifacts.put(proof).map_err(QueueError::from)?;
        let mut shared = inner.shared.lock();
        let mut row = self.row(id)?;
        let first = row.progress.prove().map_err(|refused| QueueError::Refused { job: id, refused })?;
        if !first {
            let stored = PROOFS.get(&inner.store, &id).map_err(QueueError::from)?;
            return Ok(Completed::Duplicate(stored.unwrap_or(artifact)));
        }
        let mut batch = self.batch("jobs/proven");
        JOBS.put(&mut batch, &id, &row);
        PROOFS.put(&mut batch, &id, &artifact);
        let unblocked = self.unblock(&shared.hints, id, &mut batch)?;
        self.write(batch).map_err(QueueError::from)?;
        shared.hints.note(id, &row);
        self.settle(&mut shared, id, unblocked);
        Ok(Completed::First(artifact))
    }

    /// Leases the first job that this worker may have.
    fn take(&self, shared: &mut Shared, worker: Worker) -> Result<Option<Lease>, QueueError> {
        let candidates: Vec<_> = shared.hints.ready.iter().copied().collect();
        for hint in candidates {
            let id = hint.2;
            let Some(row) = JOBS.get(&self.inner.store, &id)? else {
                shared.hints.ready.remove(&hint);
                continue;
            };
            match row.progress.may_lease(worker) {
                Ok(()) => {}
                Err(Refused::State { .. }) => {
                    // The hint was wrong.
                    shared.hints.note(id, &row);
                    continue;
                }
                Err(_) => continue,
            }
            let proofs = PROOFS.get_many(&self.inner.store, &row.children)?;
            let proofs = row
                .children
                .iter()
                .zip(proofs)
                .map(|(&child, proof)| proof.ok_or(QueueError::NoProof { job: id, child }));
            let proofs = proofs.collect::<Result<_, _>>()?;
            let deadline = self.deadline(row.cost);
            let (claim, statement) = (row.claim, row.statement);
            let mut attempt = 0;
            self.transition(shared, id, row, "jobs/lease", |job| {
                attempt = job.lease(worker, deadline)?;
                Ok(())
            })?;
            return Ok(Some(Lease { job: id, claim, statement, proofs, worker, attempt, deadline }));
        }
        Ok(None)
    }

    /// Returns jobs whose leases are over.
    pub(super) fn expire(&self, shared: &mut Shared) -> Result<(), QueueError> {
        let now = self.inner.clock.now();
        while let Some(&(deadline, id)) = shared.hints.deadlines.first() {
            if deadline > now {
                break;
            }
            if let Some(mut row) = JOBS.get(&self.inner.store, &id)?
                && row.progress.expire(now)
            {
                let mut batch = self.batch("jobs/expire");
                JOBS.put(&mut batch, &id, &row);
                self.write(batch)?;
                shared.hints.note(id, &row);
                self.inner.changed.notify_all();
            }
            // Also when it was renewed or proven meanwhile: its present deadline is a hint of its own.
            shared.hints.deadlines.remove(&(deadline, id));
        }
        Ok(())
    }

    fn deadline(&self, cost: u32) -> Moment {
        let terms = self.inner.terms;
        let expected = terms.unit.saturating_mul(cost).saturating_mul(3);
        self.inner.clock.now().after(expected.max(terms.least))
    }
}
