//! What the queue refuses.

use parth_protocol::plan::JobId;
use parth_store::{ReadError, WriteError};
use thiserror::Error;

use crate::artifacts::ArtifactError;
use crate::state::{Refused, WorkerId};

/// Why the queue does not do what it was asked.
#[derive(Debug, Error)]
pub enum QueueError {
    /// The store does not serve a row.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store refuses a row.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An artifact is not stored or not served.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// There is no such job.
    #[error("there is no job {job}")]
    Unknown {
        /// The job.
        job: JobId,
    },
    /// The job does not make this transition.
    #[error("job {job}: {refused}")]
    Refused {
        /// The job.
        job: JobId,
        /// Why.
        refused: Refused,
    },
    /// A child of a leased job has no proof in the store any more.
    #[error("job {job}: its child {child} has no proof")]
    NoProof {
        /// The job.
        job: JobId,
        /// The child.
        child: JobId,
    },
}

/// Why a graph is not published. Nothing of it is.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The store, the artifacts or the queue refuse.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A job's id is not the one of its circuit and public inputs in this circuit set.
    #[error("job {actual} is {expected} in this circuit set")]
    Id {
        /// The id of its circuit and public inputs.
        expected: JobId,
        /// The id it has.
        actual: JobId,
    },
    /// A child is neither an earlier job of the graph nor known.
    #[error("job {job} builds on {child}, which is neither before it in the graph nor known")]
    Child {
        /// The job.
        job: JobId,
        /// The child.
        child: JobId,
    },
    /// A statement has no encoding.
    #[error("job {job}: its statement cannot be encoded: {found}")]
    Encode {
        /// The job.
        job: JobId,
        /// Why.
        found: String,
    },
}

/// Why a proof is not taken.
#[derive(Debug, Error)]
pub enum CompleteError {
    /// The store, the artifacts or the queue refuse.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// It is not a proof of the job. The job went back, and the worker does not get it again.
    #[error("job {job}: worker {worker} handed in a wrong proof: {found}")]
    Wrong {
        /// The job.
        job: JobId,
        /// Who.
        worker: WorkerId,
        /// What is wrong with it.
        found: String,
    },
}
