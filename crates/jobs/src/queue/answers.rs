//! What the queue hands out and answers.

use std::time::Duration;

use parth_protocol::plan::JobId;
use parth_runtime::Moment;

use crate::artifacts::ArtifactId;
use crate::state::Worker;
use crate::table::Claim;

/// How long a lease lasts: three times the expected time of the job, and never less than `least`.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTerms {
    /// Expected time of one proving unit.
    pub unit: Duration,
    /// The shortest lease.
    pub least: Duration,
}

impl Default for LeaseTerms {
    /// A unit of a second, and no lease below half a minute.
    fn default() -> LeaseTerms {
        LeaseTerms { unit: Duration::from_secs(1), least: Duration::from_secs(30) }
    }
}

/// A job that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// What its proof must show.
    pub claim: Claim,
    /// The statement.
    pub statement: ArtifactId,
    /// The proofs of its children, in order.
    pub proofs: Vec<ArtifactId>,
    /// The holder.
    pub worker: Worker,
    /// Which of the job's leases this is, from 1.
    pub attempt: u32,
    /// When it ends.
    pub deadline: Moment,
}

/// What a lease is proven from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Bytes of the statement.
    pub statement: Vec<u8>,
    /// Bytes of the children's proofs, in order.
    pub proofs: Vec<Vec<u8>>,
}

/// Answer to a worker that asks for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leased {
    /// A job.
    Job(Box<Lease>),
    /// Nothing came up in time.
    Nothing,
    /// The queue is draining: there will be no more.
    Draining,
}

/// Answer to a worker that hands in a valid proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// It is the proof of the job now.
    First(ArtifactId),
    /// The job had one already; nothing changed.
    Duplicate(ArtifactId),
}

/// Answer to a role that waits for a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The proof.
    Proven(ArtifactId),
    /// There will be none.
    Unprovable {
        /// What the trusted worker reported.
        evidence: String,
    },
    /// Not yet.
    Pending,
    /// Not yet, and the queue is draining.
    Draining,
}

/// How many jobs are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Wait for a child.
    pub blocked: usize,
    /// Wait for a worker.
    pub ready: usize,
    /// Are being proven.
    pub leased: usize,
    /// Are proven.
    pub proven: usize,
    /// Cannot be proven.
    pub unprovable: usize,
}
