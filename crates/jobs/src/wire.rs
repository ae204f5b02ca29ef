//! What roles hand one another: submissions of users, hand-overs of realms, commits of the coordinator.
//!
//! ```text
//!   user ── Submission ──▸ realm ── HandOver ──▸ coordinator ── Committed ──▸ every realm, every user
//! ```
//! Pure values with canonical bytes; the API of a later milestone carries the same ones.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_contract::opening::{ContractOpening, SlotOpening, StateOpening};
use parth_crypto::{Digest, Domain, hash};
use parth_protocol::CircuitId;
use parth_protocol::ids::{ContractId, NodeIndex, SlotIndex, UserId};
use parth_protocol::plan::checkpoint::Head;
use parth_protocol::records::guta::GutaHeader;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::EndCapResult;
use parth_protocol::turnstile::Holdings;
use parth_protocol::{Felts, Record};
use parth_store::Epoch;

use crate::artifacts::ArtifactId;

/// Most bytes of a submission without its proof: 1 MiB.
pub const MAX_SUBMISSION: usize = 1 << 20;
/// Most contracts that one session may change.
pub const MAX_CONTRACTS: usize = 256;
/// Most words that one session may write.
pub const MAX_WRITES: usize = 1 << 14;
/// Most users that one session may claim from.
pub const MAX_CLAIMS: usize = 1 << 10;

/// Names a submission by what it says, never by the bytes of its proof: sending it again is the same submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct SubmissionId(pub Digest);

impl std::fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A session that ended, as its user sends it to a realm.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Submission {
    /// What the session changes.
    pub session: EndedSession,
    /// Bytes of the end cap proof.
    pub proof: Vec<u8>,
}

/// What one session changes, in full: enough to bring every tree of the realm up to date.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EndedSession {
    /// What the end cap says.
    pub result: EndCapResult,
    /// The circuit of its proof: one that closes a session.
    pub circuit: CircuitId,
    /// The user's leaf after the session.
    pub end_leaf: UserLeaf,
    /// The contracts whose leaf in UCON changes, in order of their ids.
    pub contracts: Vec<ContractWrites>,
    /// For each user whose sends are claimed: what it has sent, as of the session's anchor. In order of the users.
    pub claims: Vec<ClaimOpening>,
}

/// What a session leaves in the user's state of one contract.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ContractWrites {
    /// The contract.
    pub contract: ContractId,
    /// Its leaf in GCON, as of the session's anchor.
    pub opening: ContractOpening,
    /// Words written, with their last values, in order of their places.
    pub writes: Vec<(SlotIndex, Digest)>,
}

/// The total that one user had sent to the session's user, as of the session's anchor.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ClaimOpening {
    /// Who sent.
    pub from: UserId,
    /// The sender's state root in the system contract.
    pub state: StateOpening,
    /// The total in that state.
    pub slot: SlotOpening,
}

impl EndedSession {
    /// The name of the submission.
    pub fn id(&self) -> SubmissionId {
        let mut felts = self.result.parameters.felts();
        self.result.digest().write_felts(&mut felts);
        SubmissionId(hash(Domain::Submission, &felts))
    }

    /// Reads what a stranger sent. Refuses anything longer than [`MAX_SUBMISSION`] or with longer lists than allowed.
    pub fn from_bytes(bytes: &[u8]) -> Result<EndedSession, WireError> {
        if bytes.len() > MAX_SUBMISSION {
            return Err(WireError::Length { expected: MAX_SUBMISSION, actual: bytes.len() });
        }
        let session: EndedSession =
            borsh::from_slice(bytes).map_err(|error| WireError::Malformed { reason: error.to_string() })?;
        session.check_lists()?;
        Ok(session)
    }

    /// Refuses longer lists than allowed: whoever works through them asks this first, wherever the session comes from.
    pub fn check_lists(&self) -> Result<(), WireError> {
        let writes = self.contracts.iter().map(|contract| contract.writes.len()).sum();
        let lists = [
            ("contracts", MAX_CONTRACTS, self.contracts.len()),
            ("writes", MAX_WRITES, writes),
            ("claims", MAX_CLAIMS, self.claims.len()),
        ];
        match lists.into_iter().find(|(_, expected, actual)| actual > expected) {
            Some((what, expected, actual)) => Err(WireError::List { what, expected, actual }),
            None => Ok(()),
        }
    }
}

/// Why bytes are not a submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Too many bytes.
    #[error("a submission has at most {expected} bytes without its proof, not {actual}")]
    Length {
        /// Most bytes allowed.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// Not the encoding of a submission.
    #[error("not a submission: {reason}")]
    Malformed {
        /// What is wrong; for people.
        reason: String,
    },
    /// A list is too long.
    #[error("a submission has at most {expected} {what}, not {actual}")]
    List {
        /// Which list.
        what: &'static str,
        /// Most items allowed.
        expected: usize,
        /// Items found.
        actual: usize,
    },
}

/// What a realm gives the coordinator at the cut-off of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct HandOver {
    /// The realm, as the index of its root at the coordinator's level of the user tree.
    pub realm: NodeIndex,
    /// The realm's term of leadership.
    pub epoch: Epoch,
    /// What the realm's aggregation says: the change of its root.
    pub header: GutaHeader,
    /// The circuit that proves it.
    pub circuit: CircuitId,
    /// The sessions in it: a list of [`EndedSession`], in order of the users.
    pub deltas: ArtifactId,
    /// Native balance of the realm's users after it.
    pub held: Holdings,
}

/// What a realm did in a checkpoint, as the coordinator's commit records it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct RealmRecord {
    /// The realm.
    pub realm: NodeIndex,
    /// Its root after the checkpoint.
    pub root: Digest,
    /// The sessions.
    pub deltas: ArtifactId,
    /// The term of leadership that handed over.
    pub epoch: Epoch,
}

/// A checkpoint that is final.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Committed {
    /// Its public inputs and its leaf.
    pub head: Head,
    /// The realms that took part.
    pub realms: Vec<RealmRecord>,
    /// Its proof; nothing for genesis, whose proof is made when the first checkpoint needs it.
    pub proof: Option<ArtifactId>,
}
