//! The coordinator's rows, beside the forest's.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;
use parth_jobs::wire::Committed;
use parth_protocol::ids::{CheckpointId, ContractId, RegistrationIndex};
use parth_protocol::records::leaf::ContractLeaf;
use parth_protocol::turnstile::{Holdings, Issued};
use parth_store::Table;

/// Every final checkpoint.
pub(crate) const CHECKPOINTS: Table<CheckpointId, Committed> = Table::new(16, "checkpoints");
/// Where each key is registered.
pub(crate) const KEYS: Table<Digest, RegistrationIndex> = Table::new(17, "registered keys");
/// Contract leaves.
pub(crate) const CONTRACTS: Table<ContractId, ContractLeaf> = Table::new(18, "contracts");
/// Keys that wait for a checkpoint, in order of arrival.
pub(crate) const PENDING_KEYS: Table<u64, Digest> = Table::new(19, "pending keys");
/// Contracts that wait for a checkpoint, in order of arrival.
pub(crate) const PENDING_CONTRACTS: Table<u64, ContractLeaf> = Table::new(20, "pending contracts");
/// What the users of each realm hold, of every realm that ever handed over, or had users at genesis.
pub(crate) const HELD: Table<u64, Holdings> = Table::new(21, "holdings");
/// What came into being and what left, up to each checkpoint.
pub(crate) const ISSUED: Table<CheckpointId, Issued> = Table::new(22, "issued");

/// What waits for a checkpoint, by order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Waiting {
    /// Keys.
    pub keys: Vec<(u64, Digest)>,
    /// Contracts.
    pub contracts: Vec<(u64, ContractLeaf)>,
}
