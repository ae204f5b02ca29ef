//! Why a realm refuses a session, and why it stops.

use parth_contract::opening::BadOpening;
use parth_crypto::Digest;
use parth_jobs::wire::{SubmissionId, WireError};
use parth_jobs::{ArtifactError, PublishError, QueueError};
use parth_protocol::CircuitId;
use parth_protocol::ids::{CheckpointId, ContractId, NodeIndex, Nonce, UserId};
use parth_protocol::turnstile::SessionAnomaly;
use parth_store::{ForestError, ReadError, WriteError};
use thiserror::Error;

use crate::turnstile::Unreadable;

/// Why a session is not admitted. The submitter's business: nothing else is affected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The bytes are not a submission.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The user lives in another realm.
    #[error("user {user} lives in realm {expected}, this is realm {actual}")]
    OtherRealm {
        /// The user.
        user: UserId,
        /// The user's realm.
        expected: NodeIndex,
        /// This realm.
        actual: NodeIndex,
    },
    /// Another network's parameters, so another chain.
    #[error("the session is of the network with parameters {actual}, this one has {expected}")]
    OtherNetwork {
        /// Parameters of this network.
        expected: Digest,
        /// Parameters of the session.
        actual: Digest,
    },
    /// The anchor is not a checkpoint of this chain.
    #[error("the session's anchor {actual} is not known here, the newest checkpoint is {head}")]
    UnknownAnchor {
        /// Newest checkpoint.
        head: CheckpointId,
        /// Anchor of the session.
        actual: CheckpointId,
    },
    /// The anchor's leaf is not this chain's.
    #[error("checkpoint {anchor} has leaf {expected} here, the session starts from {actual}")]
    OtherChain {
        /// The anchor.
        anchor: CheckpointId,
        /// Leaf of this chain.
        expected: Digest,
        /// Leaf that the session names.
        actual: Digest,
    },
    /// The anchor is too old by the next checkpoint.
    #[error("the session's anchor {actual} is {max} or more checkpoints older than the newest, {head}")]
    OldAnchor {
        /// Newest checkpoint.
        head: CheckpointId,
        /// Age at which an anchor is too old.
        max: u64,
        /// Anchor of the session.
        actual: CheckpointId,
    },
    /// The user's leaf has changed since the session started.
    #[error("user {user} has leaf {expected} now, the session starts from {actual}: it is stale, start again")]
    StaleStart {
        /// The user.
        user: UserId,
        /// The leaf now.
        expected: Digest,
        /// The leaf that the session starts from.
        actual: Digest,
    },
    /// The user has a session waiting already; one a checkpoint is the rule.
    #[error("user {user} has session {pending} waiting for the next checkpoint already")]
    AlreadyPending {
        /// The user.
        user: UserId,
        /// The session that waits.
        pending: SubmissionId,
    },
    /// The proof is said to be of a circuit that closes no session.
    #[error("the session is said to be closed by {actual}, which closes no session")]
    OtherCircuit {
        /// The circuit that the session names.
        actual: CircuitId,
    },
    /// The proof does not show the result.
    #[error("the end cap proof is refused: {reason}")]
    Proof {
        /// What is wrong; for people.
        reason: String,
    },
    /// An opening does not lead to the anchor.
    #[error(transparent)]
    Opening(#[from] BadOpening),
    /// A list of the submission is not in order, or names something twice.
    #[error("{what} are not in order, or one is named twice")]
    Order {
        /// Which list.
        what: &'static str,
    },
    /// The writes do not lead to the claimed end leaf.
    #[error("the session's writes lead to {what} {actual}, its end cap says {expected}")]
    Deltas {
        /// Which value.
        what: &'static str,
        /// What the end cap says.
        expected: Digest,
        /// What the writes lead to.
        actual: Digest,
    },
    /// A place outside the contract's state.
    #[error("contract {contract} has no slot {slot}")]
    NoSlot {
        /// The contract.
        contract: ContractId,
        /// The place.
        slot: u64,
    },
    /// More words written than the calls report, and are paid for.
    #[error("the session writes {actual} words, its calls report {expected}")]
    Slots {
        /// Words reported.
        expected: u64,
        /// Words written.
        actual: u64,
    },
    /// A contract is listed, and nothing of it changes.
    #[error("the session lists contract {contract} and changes nothing of it")]
    Unchanged {
        /// The contract.
        contract: ContractId,
    },
    /// The end leaf is another user's.
    #[error("the end leaf is of user {actual}, the end cap of user {expected}")]
    OtherUser {
        /// User of the end cap.
        expected: UserId,
        /// User of the end leaf.
        actual: UserId,
    },
    /// The end leaf is not one session later.
    #[error("a session that starts with nonce {start} ends with the next one, not with {end}")]
    Nonce {
        /// Nonce before the session.
        start: Nonce,
        /// Nonce of the end leaf.
        end: Nonce,
    },
    /// What the session moves cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The session creates or destroys native balance.
    #[error("the session does not conserve native balance: {0}")]
    Turnstile(#[from] SessionAnomaly),
}

/// Why a realm cannot go on: its store, its artifacts or its queue fail, or what they hold cannot be. Never caused by a
/// submission.
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
    /// Native rules contradict what was admitted or committed.
    #[error("realm {realm}: {reason}")]
    Contradiction {
        /// The realm.
        realm: NodeIndex,
        /// What contradicts what.
        reason: String,
    },
}

/// Why a submission has no place in the queue.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The submission is at fault.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// This realm is at fault; the submission may be sent again.
    #[error(transparent)]
    Halt(#[from] Halt),
}

impl From<Refusal> for SubmitError {
    fn from(refusal: Refusal) -> SubmitError {
        SubmitError::Refused(Box::new(refusal))
    }
}

macro_rules! halts {
    ($($kind:ty)+) => {$(
        impl From<$kind> for SubmitError {
            fn from(error: $kind) -> SubmitError {
                SubmitError::Halt(error.into())
            }
        }
    )+};
}
halts! { ReadError WriteError ForestError ArtifactError QueueError }
