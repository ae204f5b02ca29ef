//! What a user asks of the network. Implemented over a node in the same process now, over its API later.

use parth_contract::opening::{Reader, Unavailable};
use parth_crypto::Digest;
use parth_protocol::ids::{CheckpointId, ContractId, RegistrationIndex, SlotIndex, StateHeight, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::tree::{Registrations, Siblings, Users};

/// A user at a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserOpening {
    /// The user's leaf; nothing before the first session.
    pub leaf: Option<UserLeaf>,
    /// Its siblings in the user tree.
    pub path: Siblings<Users>,
}

/// A registration at a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationOpening {
    /// Where the key stands.
    pub index: RegistrationIndex,
    /// Its siblings in the registration tree.
    pub path: Siblings<Registrations>,
}

/// The network, as a user sees it. Every answer is checked against a checkpoint leaf before it is used.
pub trait Chain: Reader {
    /// The newest final checkpoint.
    fn head(&self) -> Result<CheckpointId, Unavailable>;

    /// The leaf of a final checkpoint.
    fn leaf(&self, at: CheckpointId) -> Result<CheckpointLeaf, Unavailable>;

    /// Where a key is registered, as of a checkpoint; nothing when it was not by then.
    fn registration(&self, at: CheckpointId, key: Digest) -> Result<Option<RegistrationOpening>, Unavailable>;

    /// A user, as of a checkpoint.
    fn user(&self, at: CheckpointId, user: UserId) -> Result<UserOpening, Unavailable>;

    /// All leaves of a user's contract tree, as of a checkpoint.
    fn user_contracts(&self, at: CheckpointId, user: UserId) -> Result<Vec<(ContractId, Digest)>, Unavailable>;

    /// All words of a user's state in a contract, as of a checkpoint.
    fn words(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        height: StateHeight,
    ) -> Result<Vec<(SlotIndex, Digest)>, Unavailable>;
}
