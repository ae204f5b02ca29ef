//! The job table: one row a job, and the set of proofs. The truth that hints are rebuilt from.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;
use parth_protocol::circuit::CircuitId;
use parth_protocol::ids::Fingerprint;
use parth_protocol::plan::JobId;
use parth_store::{ReadError, Store, Table};

use crate::artifacts::ArtifactId;
use crate::state::Progress;

/// What a proof of a job must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Claim {
    /// The circuit, by name.
    pub circuit: CircuitId,
    /// The circuit, by what a verifier checks.
    pub fingerprint: Fingerprint,
    /// Digest of the public inputs.
    pub public: Digest,
}

impl Claim {
    /// The id of the job that proves it.
    pub fn id(&self) -> JobId {
        JobId::new(self.fingerprint, self.public)
    }
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct JobRow {
    /// What its proof must show.
    pub claim: Claim,
    /// The statement: borsh of [`parth_protocol::plan::AnyStatement`].
    pub statement: ArtifactId,
    /// The proofs it builds on, in the order in which its circuit verifies them.
    pub children: Vec<JobId>,
    /// Expected work, in proving units.
    pub cost: u32,
    /// Higher comes first.
    pub priority: u32,
    /// Jobs on the longest way from here to the root of its graph: at equal priority the longest way comes first.
    pub depth: u32,
    /// Where it stands.
    pub progress: Progress,
}

/// Jobs by id.
pub(crate) const JOBS: Table<JobId, JobRow> = Table::new(16, "jobs");

/// The set of proofs: those of proven jobs, and those that came from outside (end caps).
pub(crate) const PROOFS: Table<JobId, ArtifactId> = Table::new(17, "proofs");

/// Are all of these proven? `fresh` is proven too, by the batch that is being made.
pub(crate) fn all_proven(store: &Store, children: &[JobId], fresh: Option<JobId>) -> Result<bool, ReadError> {
    let others: Vec<JobId> = children.iter().copied().filter(|child| Some(*child) != fresh).collect();
    Ok(PROOFS.get_many(store, &others)?.iter().all(Option::is_some))
}
