//! Why a session cannot go on.

use parth_contract::ExecError;
use parth_contract::opening::{BadOpening, Unavailable};
use parth_contract::settle::MakeError;
use parth_crypto::Digest;
use parth_protocol::Reject;
use parth_protocol::ids::{Caller, CheckpointId, ContractId, Fingerprint, UserId};
use thiserror::Error;

/// Why a session cannot be opened, or a call cannot be made, or a session cannot be closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The network does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The network's answer does not lead to the anchor.
    #[error(transparent)]
    Opening(#[from] BadOpening),
    /// The anchor is not final yet.
    #[error("checkpoint {actual} is not final, the newest is {head}")]
    UnknownAnchor {
        /// Newest checkpoint.
        head: CheckpointId,
        /// Anchor asked for.
        actual: CheckpointId,
    },
    /// The anchor would be refused for its age.
    #[error("checkpoint {actual} is {max} or more checkpoints older than the newest, {head}")]
    OldAnchor {
        /// Newest checkpoint.
        head: CheckpointId,
        /// Age at which an anchor is too old.
        max: u64,
        /// Anchor asked for.
        actual: CheckpointId,
    },
    /// The checkpoint is of another network.
    #[error("the anchor has parameters {actual}, this network has {expected}")]
    OtherNetwork {
        /// Parameters of this network.
        expected: Digest,
        /// Parameters of the anchor.
        actual: Digest,
    },
    /// The key is not registered at the anchor.
    #[error("key {key} is not registered at checkpoint {anchor}")]
    NotRegistered {
        /// The public key commitment.
        key: Digest,
        /// The anchor.
        anchor: CheckpointId,
    },
    /// The user's leaf has another key.
    #[error("user {user} has key {actual}, expected {expected}")]
    OtherKey {
        /// The user.
        user: UserId,
        /// The key that opens the session.
        expected: Digest,
        /// The key in the leaf.
        actual: Digest,
    },
    /// The user's leaf has changed since the anchor: no realm takes a session that starts from the old one.
    #[error(
        "user {user} has leaf {expected} at the newest checkpoint, {actual} at the anchor: it is stale, start again"
    )]
    StaleStart {
        /// The user.
        user: UserId,
        /// The leaf at the newest checkpoint; zero when there is none.
        expected: Digest,
        /// The leaf at the anchor; zero when there is none.
        actual: Digest,
    },
    /// The state that the network gives has another root.
    #[error("the network's {what} of user {user} has root {actual}, expected {expected}")]
    OtherState {
        /// What was asked for.
        what: String,
        /// The user.
        user: UserId,
        /// The root that is known.
        expected: Digest,
        /// The root of the answer.
        actual: Digest,
    },
    /// The deployed contract is not the one that the code gives.
    #[error("contract {contract} has leaf {actual} at the anchor, its code gives {expected}")]
    OtherCode {
        /// The contract.
        contract: ContractId,
        /// Leaf by the code.
        expected: Digest,
        /// Leaf in the contract tree.
        actual: Digest,
    },
    /// The contract has no such function.
    #[error("contract {contract} has no function {function}; it has {known}")]
    NoFunction {
        /// The contract's name.
        contract: String,
        /// The name asked for.
        function: String,
        /// The names that it has.
        known: String,
    },
    /// A call is made by a contract that the session does not know.
    #[error("contract {caller} calls contract {contract}, whose code this session does not know")]
    UnknownDebt {
        /// The contract that calls.
        caller: Caller,
        /// The contract to be called.
        contract: ContractId,
    },
    /// A call makes more calls than a session takes for one.
    #[error("one call makes more than {expected} others")]
    OwesTooMuch {
        /// Most calls that are made for one.
        expected: usize,
    },
    /// What a call makes cannot be made as a whole.
    #[error(transparent)]
    Make(MakeError),
    /// The call fails.
    #[error("{contract}.{function}: {error}")]
    Call {
        /// The contract's name.
        contract: String,
        /// The function's name.
        function: String,
        /// Why.
        error: Box<ExecError>,
    },
    /// A rule of the protocol.
    #[error(transparent)]
    Rule(#[from] Reject),
    /// A session without calls changes nothing and only costs its fee.
    #[error("the session has no calls")]
    Empty,
    /// Somebody else signed.
    #[error("the session is signed by the key with parameter {actual}, expected {expected}")]
    OtherSigner {
        /// Parameter of the user's key.
        expected: Digest,
        /// Parameter of the key that signed.
        actual: Digest,
    },
    /// The user's key is of a signature circuit that this client cannot prove.
    #[error("the user's signatures are of circuit {actual}, this client proves {expected}")]
    OtherSignatureCircuit {
        /// The signature circuit of this network that the client proves.
        expected: Fingerprint,
        /// The signature circuit that the session was closed for.
        actual: Fingerprint,
    },
    /// The signature is not the key's, or not over this session.
    #[error("the signature does not hold: {0}")]
    Signature(Reject),
}
