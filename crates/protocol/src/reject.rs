//! Why a statement does not hold: the rule it breaks, what was expected and what was found.
//!
//! A [`Reject`] is about the input. A fault of the machine (a store that cannot be read, say) is never one.

use std::fmt;

use parth_crypto::{Digest, Felt};
use thiserror::Error;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The rules of the protocol, one entry a rule that an input can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Rule] = &[$(Rule::$name,)+];

            /// The rule in words.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Rule::$name => concat!($($doc),+),)+
                }
            }
        }
    };
}

rules! {
    // Sessions: start.
    /// the user leaf stands at its user id in the user tree of the anchor
    UserPath,
    /// the anchor is not older than the last checkpoint that the user leaf names
    AnchorNotBelowLast,
    /// user 0 is nobody
    Nobody,
    /// the key stands at its index in the registration tree of the anchor
    RegistrationPath,
    /// the registration index maps to the user id by the realm bits of the network
    RegistrationIndex,
    /// the opened parameters are those of the anchor
    ParametersOfAnchor,

    // Sessions: step.
    /// the previous proof is of a circuit of the session whitelist
    SessionWhitelist,
    /// the opened user leaf is that of the session state
    StateLeaf,
    /// the deferred stack is empty
    DeferredStackEmpty,
    /// the inline stack is empty
    InlineStackEmpty,
    /// the opened anchor leaf is that of the session
    AnchorLeaf,
    /// the contract leaf stands at its id in the contract tree of the anchor
    ContractPath,
    /// the function leaf stands at its index in the function tree of the contract
    FunctionPath,
    /// the call proof is of the circuit that the function leaf names
    FunctionCircuit,
    /// the call names the method of the function leaf
    Method,
    /// the call has as many inputs as the function leaf says
    InputsLength,
    /// a top-level call has no caller
    TopLevelCaller,
    /// the call is the first item of the top deferred frame
    DeferredCall,
    /// the call and its outputs are the first item of the top inline frame
    InlineCall,
    /// the caller is the contract that made the frame
    FrameCaller,
    /// the call proof starts from this session
    CallSession,
    /// the call proof starts from the user contract tree of the session state
    CallUserContracts,
    /// the call proof is about this call
    CallDigest,
    /// the call proof starts from the session proof tree of the session state
    CallProofs,
    /// the call proof starts from the balance of the session state
    CallBalance,
    /// the call proof starts from the event count of the session state
    CallEventCount,
    /// the UCON leaf stands at the contract in the user contract tree
    UserContractPath,
    /// the call starts from the user's state in the contract, or from the contract's initial state on first use
    StateRoot,
    /// the slots that a call reports are below 2^32
    CallSlots,
    /// the slots of a session are below 2^40
    SessionSlots,
    /// the calls of a session are below 2^24
    SessionCalls,
    /// the event count grows by less than 2^32 a call and stays below 2^48
    CallEvents,
    /// a call without events has the empty events digest
    NoEvents,
    /// the amounts that a call reports are below 2^62
    CallAmounts,
    /// only the system contract moves native balance
    BalanceOnlySystem,
    /// the balance stays between 0 and 2^62
    Balance,
    /// the totals withdrawn and deposited of a session are below 2^62
    SessionAmounts,
    /// a view changes nothing
    View,

    // Sessions: end cap and signature.
    /// the session whitelist is the one that this network pins
    SessionWhitelistPinned,
    /// the opened parameters are those of the session
    ParametersOfSession,
    /// the key commitment of the user is unchanged
    KeyUnchanged,
    /// the signature circuit and key parameter are those of the key commitment
    KeyCommitment,
    /// the user id is unchanged
    UserUnchanged,
    /// the nonce of the user is unchanged until the end cap, which adds one
    Nonce,
    /// the balance covers the fee
    Fee,
    /// the signature is by the key, over this session
    Signature,

    // Aggregation of user leaves.
    /// the session's anchor leaf stands at its id in the aggregation's checkpoint tree
    AnchorPath,
    /// the session's anchor is younger than the maximum age
    AnchorAge,
    /// all children have the parameters of the network
    ParametersEqual,
    /// a climb is not longer than its circuit allows
    ClimbLength,
    /// two transitions meet as the left and right child of one parent
    Meet,
    /// the proof of a session is of a circuit of the end cap whitelist that this network pins
    EndCapWhitelist,
    /// the child proof is of a circuit of the aggregation whitelist
    GutaWhitelist,
    /// both children have the same whitelist
    WhitelistEqual,
    /// both children have the same anchor
    AnchorEqual,
    /// totals stay inside their widths
    Totals,
    /// the opened leaf is that of the anchor checkpoint
    NoChangeLeaf,

    // Global trees.
    /// the batch has at least one item and not more than the circuit allows
    BatchLength,
    /// the place of an appended leaf is the next free one, and empty
    AppendPath,
    /// a registered key is not the empty leaf
    KeyNotEmpty,
    /// the state height of a contract is 1 to 48
    StateHeight,
    /// the initial state of a contract is the empty tree of its height
    InitialState,
    /// the child proof is of a circuit of the global whitelist
    GlobalWhitelist,
    /// the right child starts where the left one ends, for every tree
    FoldSequential,

    // Block.
    /// the aggregation is of the root of the user tree: level and index
    GutaRoot,
    /// the aggregation whitelist is the one that this network pins
    GutaWhitelistPinned,
    /// the global whitelist is the one that this network pins
    GlobalWhitelistPinned,
    /// the user tree changes from that of the previous checkpoint
    UsersOfPrevious,
    /// the global trees change from those of the previous checkpoint
    GlobalsOfPrevious,
    /// the parameters are those of the previous checkpoint
    ParametersOfPrevious,
    /// the genesis leaf has the empty checkpoint tree before it
    GenesisBefore,
    /// the previous proof is of the start or of the checkpoint circuit that the parameters name
    PreviousCircuit,
    /// the opened previous leaf is that of the previous proof
    PreviousLeaf,
    /// part one is of the circuit that this network pins
    PartOneCircuit,
    /// part one builds on the root and height of the previous proof
    PartOneAnchor,
    /// part one opened the leaf of the previous checkpoint
    PartOneLeaf,
    /// the checkpoint leaf is appended at the next height of the checkpoint tree
    CheckpointAppend,
    /// block time grows
    Time,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().trim())
    }
}

/// A value on either side of a broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A digest.
    Digest(Digest),
    /// A number, as its felt.
    Number(u64),
    /// Anything else, in words.
    Words(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Digest(digest) => digest.fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::Words(words) => f.write_str(words),
        }
    }
}

impl From<Digest> for Value {
    fn from(digest: Digest) -> Value {
        Value::Digest(digest)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

impl From<Felt> for Value {
    fn from(felt: Felt) -> Value {
        Value::Number(felt.as_u64())
    }
}

impl From<&str> for Value {
    fn from(words: &str) -> Value {
        Value::Words(words.to_owned())
    }
}

impl From<String> for Value {
    fn from(words: String) -> Value {
        Value::Words(words)
    }
}

/// The first rule that an input breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("broken rule: {rule} (expected {expected}, got {actual})")]
pub struct Reject {
    /// The rule.
    pub rule: Rule,
    /// What the rule asks for.
    pub expected: Box<Value>,
    /// What the input has.
    pub actual: Box<Value>,
}

impl Reject {
    /// A broken rule with what was expected and what was found.
    pub fn new(rule: Rule, expected: impl Into<Value>, actual: impl Into<Value>) -> Reject {
        Reject { rule, expected: Box::new(expected.into()), actual: Box::new(actual.into()) }
    }

    /// A broken rule about a number.
    pub fn number(rule: Rule, expected: u64, actual: u64) -> Reject {
        Reject::new(rule, expected, actual)
    }

    /// Fails unless both values are the same.
    pub fn unless_equal<T: PartialEq + Into<Value>>(rule: Rule, expected: T, actual: T) -> Result<(), Reject> {
        if expected == actual { Ok(()) } else { Err(Reject::new(rule, expected, actual)) }
    }

    /// Fails unless the condition holds.
    pub fn unless(rule: Rule, holds: bool, expected: &str, actual: impl Into<Value>) -> Result<(), Reject> {
        if holds { Ok(()) } else { Err(Reject::new(rule, expected, actual)) }
    }

    /// The integer of a reported number below 2^bits, or a refusal.
    pub fn unless_below(rule: Rule, bits: u32, reported: Felt) -> Result<u64, Reject> {
        match reported.as_u64() {
            value if value >> bits == 0 => Ok(value),
            value => Err(Reject::new(rule, format!("a number below 2^{bits}"), value)),
        }
    }
}
