//! The IR: a list of operations, each of which may use the results of earlier ones.
//!
//! ```text
//!   0: input 0            u32       pure operations form a DAG; state commands (read, write, emit, balance) take
//!   1: const 5            u64       effect in the order of the list. The same list is run by the interpreter and
//!   2: read(0)            hash      compiled to a circuit; nothing else gives a contract its meaning.
//!   3: lane(2, 0)         felt
//! ```
//! There are no jumps: a branch computes both sides and selects, and writes and events carry a condition of their own.
//! Code is data of deployers, so it is hostile until [`crate::check`] has accepted it.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{MethodId, StateHeight};
use serde::{Deserialize, Serialize};

use crate::sorted::SortedList;

/// Integers of type `u64` are below 2^62, so that sums and differences of two never wrap in the field.
pub const U64_BITS: u32 = 62;

/// The type of a value.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// An element of the field; arithmetic wraps.
    Felt,
    /// True or false.
    Bool,
    /// An integer below 2^32; arithmetic is checked.
    U32,
    /// An integer below 2^62; arithmetic is checked.
    U64,
    /// Four felts: a digest, or a word of state.
    Hash,
    /// A proven older checkpoint. Never an input, an output or part of an event.
    Checkpoint,
    /// The proven state of a user in a contract, frozen. Never an input, an output or part of an event.
    State,
}

impl Type {
    /// How many felts a value takes; nothing for handles, which are no data.
    pub const fn felts(self) -> Option<usize> {
        match self {
            Type::Felt | Type::Bool | Type::U32 | Type::U64 => Some(1),
            Type::Hash => Some(4),
            Type::Checkpoint | Type::State => None,
        }
    }

    /// Values of an integer type are below 2 to this; nothing for other types.
    pub const fn bits(self) -> Option<u32> {
        match self {
            Type::Bool => Some(1),
            Type::U32 => Some(32),
            Type::U64 => Some(U64_BITS),
            Type::Felt | Type::Hash | Type::Checkpoint | Type::State => None,
        }
    }

    /// Is this an integer with checked arithmetic?
    pub const fn is_integer(self) -> bool {
        matches!(self, Type::U32 | Type::U64)
    }

    /// The name in signatures and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Felt => "felt",
            Type::Bool => "bool",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::Hash => "hash",
            Type::Checkpoint => "checkpoint",
            Type::State => "state",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of an operation: its position in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Value(pub u32);

impl Value {
    /// The position.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value that stands in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Constant {
    /// A felt.
    Felt(Felt),
    /// A truth value.
    Bool(bool),
    /// An integer below 2^32.
    U32(u32),
    /// An integer below 2^62.
    U64(u64),
    /// Four felts.
    Hash(Digest),
}

impl Constant {
    /// Its type.
    pub const fn kind(&self) -> Type {
        match self {
            Constant::Felt(_) => Type::Felt,
            Constant::Bool(_) => Type::Bool,
            Constant::U32(_) => Type::U32,
            Constant::U64(_) => Type::U64,
            Constant::Hash(_) => Type::Hash,
        }
    }
}

/// What a call knows of its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Context {
    /// The user whose session this is (`u32`).
    User,
    /// The contract's own id (`u32`).
    Contract,
    /// The calling contract, or 2^32 for a top-level call (`u64`).
    Caller,
    /// The user's sessions before this one (`u64`).
    Nonce,
    /// Height of the anchor (`u32`).
    Checkpoint,
    /// Block time of the anchor, in milliseconds since the Unix epoch (`u64`).
    Time,
    /// The user's native balance before the call (`u64`).
    Balance,
    /// The user's public key commitment, as the user's leaf holds it (`hash`).
    Key,
}

impl Context {
    /// The type of the answer.
    pub const fn kind(self) -> Type {
        match self {
            Context::User | Context::Contract | Context::Checkpoint => Type::U32,
            Context::Caller | Context::Nonce | Context::Time | Context::Balance => Type::U64,
            Context::Key => Type::Hash,
        }
    }
}

/// What is done with two integers of one type, beside sums, differences and products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum IntegerOp {
    /// The whole quotient. A division by zero fails the call.
    Divide,
    /// What a division leaves. A division by zero fails the call.
    Remainder,
    /// The bits that both `u32` have.
    BitAnd,
    /// The bits that one `u32` has, or both.
    BitOr,
    /// The bits that one `u32` has, and not both.
    BitXor,
    /// The first `u32` moved up by as many bits as the second says, below 32. One that outgrows its type, or is moved by
    /// 32 or more, fails the call.
    ShiftLeft,
    /// The first `u32` moved down by as many bits as the second says. One that is moved by 32 or more fails the call.
    ShiftRight,
}

impl IntegerOp {
    /// Every one.
    pub const ALL: [IntegerOp; 7] = [
        IntegerOp::Divide,
        IntegerOp::Remainder,
        IntegerOp::BitAnd,
        IntegerOp::BitOr,
        IntegerOp::BitXor,
        IntegerOp::ShiftLeft,
        IntegerOp::ShiftRight,
    ];

    /// How it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            IntegerOp::Divide => "/",
            IntegerOp::Remainder => "%",
            IntegerOp::BitAnd => "&",
            IntegerOp::BitOr => "|",
            IntegerOp::BitXor => "^",
            IntegerOp::ShiftLeft => "<<",
            IntegerOp::ShiftRight => ">>",
        }
    }

    /// What it did when it failed a call.
    pub const fn failure(self) -> &'static str {
        match self {
            IntegerOp::Divide | IntegerOp::Remainder => "divides by zero",
            _ => "loses bits",
        }
    }

    /// Does it look at bits, and so takes `u32` only?
    pub const fn is_bitwise(self) -> bool {
        !matches!(self, IntegerOp::Divide | IntegerOp::Remainder)
    }

    /// The result for two integers below 2 to `bits`; nothing when it fails the call.
    pub fn apply(self, left: u64, right: u64, bits: u32) -> Option<u64> {
        let amount = u32::try_from(right).ok().filter(|&amount| amount < bits);
        match self {
            IntegerOp::Divide => left.checked_div(right),
            IntegerOp::Remainder => left.checked_rem(right),
            IntegerOp::BitAnd => Some(left & right),
            IntegerOp::BitOr => Some(left | right),
            IntegerOp::BitXor => Some(left ^ right),
            // Both are below 2^32 here, so nothing falls off the end.
            IntegerOp::ShiftLeft => amount.map(|amount| left << amount).filter(|result| result >> bits == 0),
            IntegerOp::ShiftRight => amount.map(|amount| left >> amount),
        }
    }
}

/// A contract other than the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct OtherContract {
    /// Its id (`u32`).
    pub id: Value,
    /// The height of its state trees. The call fails when its leaf says otherwise.
    pub height: StateHeight,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Op {
    /// A constant.
    Const(Constant),
    /// The input at a position of the parameter list.
    Input(u16),
    /// Sum of two values of one type: felt, `u32` or `u64`. An integer that outgrows its type fails the call.
    Add(Value, Value),
    /// Difference; an integer below zero fails the call.
    Sub(Value, Value),
    /// Product; an integer that outgrows its type fails the call.
    Mul(Value, Value),
    /// Is the first integer below the second? Both `u32` or both `u64`.
    Less(Value, Value),
    /// Are two values of one type the same?
    Equal(Value, Value),
    /// The second value when the first, a bool, is true, else the third. Both of one type, not a handle.
    Select(Value, Value, Value),
    /// Both of two bools.
    And(Value, Value),
    /// One of two bools, or both.
    Or(Value, Value),
    /// The other truth value.
    Not(Value),
    /// The digest, in the domain of contract hashes, of the felts of all values in order.
    Hash(Vec<Value>),
    /// Fails the call, with a message, unless the bool is true.
    Assert(Value, String),
    /// The same number in another type: felt, bool, `u32` or `u64`. One that does not fit fails the call.
    Convert(Value, Type),
    /// A hash of four one-felt values.
    Pack([Value; 4]),
    /// One of the four felts of a hash, 0 to 3.
    Lane(Value, u8),
    /// Something about the call's surroundings.
    Context(Context),
    /// A word of the user's own state, at an index (felt, `u32` or `u64`) inside the state tree. Sees earlier writes.
    Read(Value),
    /// Replaces a word of the user's own state.
    Write {
        /// The index, as in a read.
        index: Value,
        /// The new word.
        word: Value,
        /// Writes only when this bool is true, if it is given.
        when: Option<Value>,
    },
    /// The checkpoint at a height (`u32`) below the anchor's.
    Checkpoint(Value),
    /// Block time of an older checkpoint (`u64`).
    CheckpointTime(Value),
    /// The state of a user (`u32`) in a contract, frozen at the anchor or at an older checkpoint. A user or a state
    /// that does not exist there reads as zeros.
    State {
        /// Whose state.
        user: Value,
        /// In which contract; the running one unless given.
        contract: Option<OtherContract>,
        /// At which older checkpoint; at the anchor unless given.
        at: Option<Value>,
    },
    /// A word of a frozen state, at an index as in a read.
    Slot(Value, Value),
    /// Did the user of a frozen state exist at that checkpoint?
    Exists(Value),
    /// Emits an event of the contract's list.
    Emit {
        /// Position in the contract's list of events.
        event: u16,
        /// One value a field.
        fields: Vec<Value>,
        /// Emits only when this bool is true, if it is given.
        when: Option<Value>,
    },
    /// Owes a call of another contract, by the same user, that is made before the session ends. Nothing of its results
    /// is known here. It becomes an item of the list of deferred calls: see [`crate::debt`].
    Defer {
        /// The contract to call (`u32`).
        contract: Value,
        /// The method to call there.
        method: MethodId,
        /// Its inputs in order. The caller vouches for their number and types: the callee checks them.
        inputs: Vec<Value>,
        /// Owes the call only when this bool is true, if it is given.
        when: Option<Value>,
    },
    /// Takes an amount (`u64`) of native balance from the user. System contract only; fails when overdrawn.
    BalanceOut(Value),
    /// Gives an amount (`u64`) of native balance to the user. System contract only.
    BalanceIn(Value),
    /// Does the first hash come before the second? Felts are compared in order, as integers below p.
    Before(Value, Value),
    /// Advice: a position (`u32`) in a sorted list, of the node with a key (hash) or of the node before it. Nothing is
    /// proven of it but that it is below 2 to the list's `bits`; 0 when nothing is found.
    Find {
        /// In which frozen state; in the own one unless given.
        state: Option<Value>,
        /// Where the list lies.
        list: SortedList,
        /// The key.
        key: Value,
    },
    /// Advice: a position (`u32`) in a list of the own state where a new node of a key (hash) could go, as in a find.
    FindFree {
        /// Where the list lies.
        list: SortedList,
        /// The key.
        key: Value,
    },
    /// A word of a group of the own state: 2^`log` words at a multiple of as many, which one opening proves at once.
    ReadGroup {
        /// Number of the group (felt, `u32` or `u64`): its first index divided by 2^`log`.
        group: Value,
        /// How many words, as a power of two.
        log: u8,
        /// Which of them.
        at: u8,
    },
    /// As [`Op::ReadGroup`], of a frozen state.
    SlotGroup {
        /// The state.
        state: Value,
        /// Number of the group.
        group: Value,
        /// How many words, as a power of two.
        log: u8,
        /// Which of them.
        at: u8,
    },
    /// Replaces words of a group of the own state that follow each other.
    WriteGroup {
        /// Number of the group, as in [`Op::ReadGroup`].
        group: Value,
        /// Words of the group, as a power of two.
        log: u8,
        /// The first word that is replaced.
        at: u8,
        /// The new words.
        words: Vec<Value>,
        /// Writes only when this bool is true, if it is given.
        when: Option<Value>,
    },
    /// Something else with two integers of one type: both `u32`, or both `u64` where no bits are looked at.
    Integer(IntegerOp, Value, Value),
    /// The user's own state in another contract, as it stands before this call: what earlier calls of the session wrote
    /// is in it. A state that does not exist reads as zeros.
    Mine(OtherContract),
    /// Calls another contract inline: by the same user, right after this call, before anything else. Its results are
    /// known here: the caller claims them, and the session takes nothing else before a call that gives exactly them.
    /// It becomes an item of the list of inline calls: see [`crate::debt`]. Itself it has no result; see [`Op::Result`].
    Inline {
        /// The contract to call (`u32`).
        contract: Value,
        /// The method to call there.
        method: MethodId,
        /// Its inputs in order. The caller vouches for their number and types: the callee checks them.
        inputs: Vec<Value>,
        /// The types of its results in order. None is a handle.
        outputs: Vec<Type>,
        /// Makes the call only when this bool is true, if it is given. Results of a call that is not made are zeros.
        when: Option<Value>,
    },
    /// The result of an inline call at a position.
    Result(Value, u16),
}

/// A named input, output or field.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
}

/// A kind of event.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct EventCode {
    /// Its name.
    pub name: String,
    /// Its fields, in the order in which they are hashed.
    pub fields: Vec<Parameter>,
}

/// A named result of a function.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The value; its type is that of the operation.
    pub value: Value,
}

/// A function as its deployer gives it; see [`crate::Function`] for one that is checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct FunctionCode {
    /// Its name.
    pub name: String,
    /// Does it only look? A view has no write, event or balance command.
    pub view: bool,
    /// The parameters.
    pub inputs: Vec<Parameter>,
    /// The operations.
    pub ops: Vec<Op>,
    /// The results.
    pub outputs: Vec<Output>,
}

/// A contract as its deployer gives it; see [`crate::Contract`] for one that is checked.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ContractCode {
    /// Its name.
    pub name: String,
    /// Height of a user's state tree.
    pub state_height: StateHeight,
    /// The kinds of events.
    pub events: Vec<EventCode>,
    /// The functions. A function's position here is its index in the function tree.
    pub functions: Vec<FunctionCode>,
}
