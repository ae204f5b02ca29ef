//! [`ExecError`]: why a call cannot be made.

use parth_crypto::Digest;
use parth_protocol::ids::{Amount, CheckpointId, ContractId, EventCount, StateHeight};
use thiserror::Error;

use crate::debt::Debt;
use crate::ir::{IntegerOp, Type};
use crate::opening::{BadOpening, Unavailable};
use crate::sorted::SearchError;

/// Why a call cannot be made. Whatever gives one of these has no proof either.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecError {
    /// An assertion of the code failed.
    #[error("{message}")]
    Assert {
        /// Position of the operation.
        op: usize,
        /// The code's message.
        message: String,
    },
    /// An integer outgrows its type or falls below zero.
    #[error("{left} {sign} {right} is no {kind} (operation {op})")]
    Overflow {
        /// Position of the operation.
        op: usize,
        /// `+`, `-` or `*`.
        sign: &'static str,
        /// The type.
        kind: Type,
        /// The left operand.
        left: u64,
        /// The right operand.
        right: u64,
    },
    /// A division by zero, or a shift that loses bits or is too far.
    #[error("{left} {} {right} {} (operation {op})", .operator.sign(), .operator.failure())]
    Integer {
        /// Position of the operation.
        op: usize,
        /// What was to be done.
        operator: IntegerOp,
        /// The left operand.
        left: u64,
        /// The right operand.
        right: u64,
    },
    /// A number does not fit the type that it is converted to.
    #[error("{value} is no {to} (operation {op})")]
    Convert {
        /// Position of the operation.
        op: usize,
        /// The type asked for.
        to: Type,
        /// The number.
        value: u64,
    },
    /// The user's balance does not cover an amount.
    #[error("overdrawn: the balance is {balance}, the call takes {amount}")]
    Overdrawn {
        /// Position of the operation.
        op: usize,
        /// What the user has.
        balance: Amount,
        /// What the call takes.
        amount: Amount,
    },
    /// A call has the wrong number of inputs.
    #[error("function {function} takes {expected} felts of input, {actual} were given")]
    InputCount {
        /// The function's name.
        function: String,
        /// Felts that it takes.
        expected: usize,
        /// Felts given.
        actual: usize,
    },
    /// An input does not fit its type.
    #[error("input {position}, {name}, is {value}, which is no {kind}")]
    InputRange {
        /// Position in the parameter list.
        position: usize,
        /// The parameter's name.
        name: String,
        /// Its type.
        kind: Type,
        /// The number given.
        value: u64,
    },
    /// The contract has no such function.
    #[error("contract {contract} has no function {name}")]
    UnknownFunction {
        /// The contract's name.
        contract: String,
        /// The function asked for.
        name: String,
    },
    /// A slot does not exist.
    #[error("slot {index} is outside a state of height {height} (operation {op})")]
    SlotOutside {
        /// Position of the operation.
        op: usize,
        /// The slot.
        index: u64,
        /// Height of the state tree.
        height: StateHeight,
    },
    /// A checkpoint is not below the anchor.
    #[error("checkpoint {checkpoint} is not older than the anchor, {anchor} (operation {op})")]
    NotOlder {
        /// Position of the operation.
        op: usize,
        /// The checkpoint asked for.
        checkpoint: CheckpointId,
        /// The session's anchor.
        anchor: CheckpointId,
    },
    /// Another contract's state has another height than the code says.
    #[error("states of contract {contract} have height {actual}, the code says {expected} (operation {op})")]
    OtherHeight {
        /// Position of the operation.
        op: usize,
        /// The contract.
        contract: ContractId,
        /// What the code says.
        expected: StateHeight,
        /// What the contract's leaf says.
        actual: StateHeight,
    },
    /// Only the system contract moves native balance.
    #[error("function {function} moves native balance, contract {contract} is not the system contract")]
    NotSystem {
        /// The function's name.
        function: String,
        /// The contract that the call names.
        contract: ContractId,
    },
    /// The reader has no answer.
    #[error("a read is not available: {0}")]
    Unavailable(#[from] Unavailable),
    /// The reader found no place of a key.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The reader's answer, or the witness, does not lead to the known root.
    #[error(transparent)]
    Opening(#[from] BadOpening),
    /// The function reads the chain, but the checkpoint leaf of the anchor is not given.
    #[error("the function reads the chain, the checkpoint leaf of the anchor is missing")]
    NoAnchor,
    /// The checkpoint leaf is not that of the session's anchor.
    #[error("the checkpoint leaf has digest {actual}, the session's anchor {expected}")]
    Anchor {
        /// What the session starts from.
        expected: Digest,
        /// Digest of the leaf given.
        actual: Digest,
    },
    /// The call does not name this function, or its inputs.
    #[error("the call's {part} is {actual}, expected {expected}")]
    Call {
        /// Which part of the call.
        part: &'static str,
        /// What it should be.
        expected: Digest,
        /// What the call says.
        actual: Digest,
    },
    /// The own state given has another height than the contract's.
    #[error("the own state has height {actual}, expected {expected}")]
    OwnHeight {
        /// The contract's.
        expected: StateHeight,
        /// Of the state given.
        actual: usize,
    },
    /// A result of an inline call does not fit its type.
    #[error("result {position} of the inline call is {value}, which is no {kind} (operation {op})")]
    ResultRange {
        /// Position of the operation.
        op: usize,
        /// Position among the results.
        position: usize,
        /// Its type.
        kind: Type,
        /// The number claimed.
        value: u64,
    },
    /// The results of an inline call are not known yet. Given by a run without a claim about this very call;
    /// see [`crate::settle`].
    #[error("the results of an inline call are not known (operation {op})")]
    NeedsResults {
        /// Position of the operation.
        op: usize,
        /// The inline calls before this one.
        before: Vec<Debt>,
        /// This one.
        call: Box<Debt>,
        /// Felts of results that it gives.
        felts: usize,
    },
    /// The event count leaves its range.
    #[error("{before} events and {count} more are not below 2^48")]
    EventCount {
        /// Events before the call.
        before: EventCount,
        /// Events of the call.
        count: u64,
    },
}

impl ExecError {
    /// The operation that failed, when it was one.
    pub fn op(&self) -> Option<usize> {
        match self {
            ExecError::Assert { op, .. }
            | ExecError::Overflow { op, .. }
            | ExecError::Integer { op, .. }
            | ExecError::Convert { op, .. }
            | ExecError::Overdrawn { op, .. }
            | ExecError::SlotOutside { op, .. }
            | ExecError::NotOlder { op, .. }
            | ExecError::ResultRange { op, .. }
            | ExecError::NeedsResults { op, .. }
            | ExecError::OtherHeight { op, .. } => Some(*op),
            _ => None,
        }
    }
}
