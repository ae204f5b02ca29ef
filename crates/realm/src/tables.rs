//! The realm's rows, beside the forest's.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_jobs::ArtifactId;
use parth_jobs::wire::{EndedSession, SubmissionId};
use parth_protocol::ids::{CheckpointId, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::turnstile::Holdings;
use parth_store::Table;

/// User leaves by user and checkpoint, newest checkpoint first (see [`newest_first`]).
pub(crate) const LEAVES: Table<(UserId, u32), UserLeaf> = Table::new(16, "user leaves");
/// The checkpoint leaves that this realm has followed.
pub(crate) const CHECKPOINTS: Table<CheckpointId, CheckpointLeaf> = Table::new(17, "checkpoint leaves");
/// Native balance of the realm's users after each checkpoint.
pub(crate) const HELD: Table<CheckpointId, Holdings> = Table::new(18, "holdings");
/// Every submission ever admitted.
pub(crate) const SUBMISSIONS: Table<[u8; 32], SubmissionRow> = Table::new(19, "submissions");
/// The session of a user that waits for a checkpoint.
pub(crate) const PENDING: Table<UserId, [u8; 32]> = Table::new(20, "pending submissions");

/// The key of a checkpoint in tables that are read from the newest back.
pub(crate) fn newest_first(checkpoint: CheckpointId) -> u32 {
    u32::MAX - checkpoint.get()
}

/// The key of a submission.
pub(crate) fn key(id: SubmissionId) -> [u8; 32] {
    id.0.to_bytes()
}

/// A submission that was admitted.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SubmissionRow {
    /// What it changes; nothing any more once it is final, when the checkpoint's deltas hold it.
    pub session: Option<EndedSession>,
    /// Its proof.
    pub proof: ArtifactId,
    /// Where it stands.
    pub state: SubmissionState,
}

/// Where an admitted submission stands.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum SubmissionState {
    /// Waits for a checkpoint.
    Pending,
    /// In a checkpoint that is final.
    Final(CheckpointId),
    /// Refused after admission, with the reason.
    Rejected(String),
}
