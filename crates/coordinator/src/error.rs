//! Why the coordinator refuses something, and why it stops.

use parth_crypto::Digest;
use parth_jobs::{ArtifactError, PublishError, QueueError};
use parth_protocol::Reject;
use parth_protocol::ids::{CheckpointId, NodeIndex, RegistrationIndex};
use parth_protocol::turnstile::SupplyAnomaly;
use parth_store::{ForestError, ReadError, WriteError};
use thiserror::Error;

/// Why a registration or a deployment is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The key is registered already.
    #[error("key {key} is registered at index {at}")]
    Registered {
        /// The public key commitment.
        key: Digest,
        /// Where it stands.
        at: RegistrationIndex,
    },
    /// The key waits for a checkpoint already.
    #[error("key {0} waits for the next checkpoint already")]
    KeyPending(Digest),
    /// The empty key.
    #[error("the zero digest is no key")]
    EmptyKey,
    /// A rule of the protocol.
    #[error(transparent)]
    Rule(#[from] Reject),
    /// The tree has no place left, now or ever.
    #[error("all places for {what} are taken, of {places}")]
    Full {
        /// Keys or contracts.
        what: &'static str,
        /// Places of the tree.
        places: u64,
    },
    /// Too many wait already; it may be sent again after the next checkpoint.
    #[error("{max} {what} wait for a checkpoint already, send it again after the next one")]
    Busy {
        /// Keys or contracts.
        what: &'static str,
        /// Most that may wait.
        max: usize,
    },
    /// The contract waits for a checkpoint already.
    #[error("contract {0} waits for the next checkpoint already")]
    ContractPending(Digest),
}

/// Why the coordinator cannot go on.
#[derive(Debug, Error)]
pub enum Halt {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store refuses a write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The forest cannot be read.
    #[error(transparent)]
    Forest(#[from] ForestError),
    /// An artifact cannot be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The queue fails.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The queue does not take a graph.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Two realms handed over the same place, or one is not of this head.
    #[error("the hand-over of realm {realm}: {reason}")]
    HandOver {
        /// The realm.
        realm: NodeIndex,
        /// What is wrong with it.
        reason: String,
    },
    /// Native balance does not add up: nothing is finalised.
    #[error("checkpoint {height} is not made: {anomaly}")]
    Supply {
        /// The checkpoint that is not made.
        height: CheckpointId,
        /// The sums that differ.
        anomaly: Box<SupplyAnomaly>,
    },
    /// A worker that the operator trusts found a job unprovable.
    #[error("checkpoint {height} cannot be proven: {evidence}")]
    Unprovable {
        /// The checkpoint.
        height: u32,
        /// What was found.
        evidence: String,
    },
    /// Native rules contradict what was admitted or committed.
    #[error("coordinator: {0}")]
    Contradiction(String),
    /// The queue hands out no more jobs: the process is stopping.
    #[error("stopped before the checkpoint was proven; it goes on from here next time")]
    Stopping,
}

/// Why a registration or a deployment has no place in the next checkpoint.
#[derive(Debug, Error)]
pub enum AdmitError {
    /// The request is at fault.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The coordinator is at fault; the request may be sent again.
    #[error(transparent)]
    Halt(#[from] Halt),
}

macro_rules! halts {
    ($($kind:ty)+) => {$(
        impl From<$kind> for AdmitError {
            fn from(error: $kind) -> AdmitError {
                AdmitError::Halt(error.into())
            }
        }
    )+};
}
halts! { ReadError WriteError ForestError }
