//! [`Function`]: one function whose code is checked, with its types and the openings that a call of it needs.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::{Length, MethodId, StateHeight};

use crate::ir::{Context, FunctionCode, Op, Type, Value};
use crate::names::felts_of_bytes;

/// What kind of opening a call needs at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpeningKind {
    /// A word of the user's own state.
    Own,
    /// An older checkpoint.
    Checkpoint,
    /// The state root of a user in a contract.
    State {
        /// Is the contract another one, whose leaf is opened too?
        other: bool,
    },
    /// A word of a frozen state.
    Slot {
        /// Height of that state.
        height: StateHeight,
    },
    /// A group of words.
    Group {
        /// Height of the state.
        height: StateHeight,
        /// How many words, as a power of two.
        log: u8,
        /// Is it of the user's own state?
        own: bool,
    },
    /// A position that nothing is proven of but its width.
    Position {
        /// It is below 2 to this.
        bits: u8,
    },
    /// The state root of the session's own user in another contract, as it stands.
    Mine,
    /// What an inline call gives, as the caller claims.
    Results {
        /// How many felts.
        felts: u16,
    },
}

impl OpeningKind {
    /// Does it need nothing of the chain?
    pub const fn is_own(self) -> bool {
        matches!(
            self,
            OpeningKind::Own
                | OpeningKind::Group { own: true, .. }
                | OpeningKind::Position { .. }
                | OpeningKind::Results { .. }
        )
    }
}

/// Which opening an operation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None.
    None,
    /// The next one, which it checks against a root.
    Opens(u32),
    /// One that an earlier operation checked: the same index of the own state, where since then at most this same
    /// word was written, so its siblings still stand.
    Again(u32),
}

/// A function that is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub(crate) code: FunctionCode,
    pub(crate) state_height: StateHeight,
    pub(crate) method: MethodId,
    pub(crate) event_ids: Vec<Felt>,
    pub(crate) types: Vec<Option<Type>>,
    pub(crate) access: Vec<Access>,
    pub(crate) openings: Vec<OpeningKind>,
    pub(crate) inputs_length: Length,
    pub(crate) outputs_length: Length,
}

impl Function {
    /// Its code.
    pub fn code(&self) -> &FunctionCode {
        &self.code
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.code.name
    }

    /// Does it only look?
    pub fn view(&self) -> bool {
        self.code.view
    }

    /// A digest of everything that its circuit depends on beside the profile: two functions with one digest have one
    /// circuit.
    pub fn digest(&self) -> Digest {
        // Writing to memory cannot fail.
        let bytes = borsh::to_vec(&(self.state_height, &self.event_ids, &self.code)).unwrap_or_default();
        hash(Domain::Code, &felts_of_bytes(&bytes))
    }

    /// Its id inside its contract.
    pub fn method(&self) -> MethodId {
        self.method
    }

    /// Height of a user's state tree in its contract.
    pub fn state_height(&self) -> StateHeight {
        self.state_height
    }

    /// Number of input felts.
    pub fn inputs_length(&self) -> Length {
        self.inputs_length
    }

    /// Number of output felts.
    pub fn outputs_length(&self) -> Length {
        self.outputs_length
    }

    /// The id of a kind of event: the first felt of each such event.
    pub fn event_id(&self, event: u16) -> Felt {
        self.event_ids[usize::from(event)]
    }

    /// The type of a value. Commands without a result have none.
    pub fn kind(&self, value: Value) -> Option<Type> {
        self.types[value.index()]
    }

    /// The types of the outputs.
    pub fn output_kinds(&self) -> Vec<Type> {
        self.code.outputs.iter().filter_map(|output| self.kind(output.value)).collect()
    }

    /// Which opening an operation uses.
    pub fn access(&self, op: usize) -> Access {
        self.access[op]
    }

    /// The openings that a call needs, in order.
    pub fn openings(&self) -> &[OpeningKind] {
        &self.openings
    }

    /// Does a call read the chain, so that it opens the anchor's checkpoint leaf?
    pub fn opens_anchor(&self) -> bool {
        let time = Op::Context(Context::Time);
        self.openings.iter().any(|opening| !opening.is_own()) || self.code.ops.contains(&time)
    }

    /// Does it move native balance, so that only the system contract may have it?
    pub fn moves_balance(&self) -> bool {
        self.code.ops.iter().any(|op| matches!(op, Op::BalanceOut(_) | Op::BalanceIn(_)))
    }
}
