//! Types of the language and what they are made of.

use crate::ir::Type;

/// A struct among those of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StructId(pub(crate) usize);

/// A contract among those of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ContractRef(pub(crate) usize);

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    Void,
    Bool,
    U8,
    U32,
    U64,
    Felt,
    Hash,
    User,
    /// Held as a `u64`, since the caller of a top-level call is 2^32.
    Contract,
    Checkpoint,
    Struct(StructId),
    Arr(Box<Ty>, u32),
    /// A frozen view of somebody's instance. No data.
    View(ContractRef),
}

/// Most felts of one value; more never fits a call.
pub(crate) const MAX_FELTS: usize = 1024;

impl Ty {
    /// A type with a name of its own.
    pub(crate) fn plain(name: &str) -> Option<Ty> {
        Some(match name {
            "bool" => Ty::Bool,
            "u8" => Ty::U8,
            "u32" => Ty::U32,
            "u64" => Ty::U64,
            "felt" => Ty::Felt,
            "hash" => Ty::Hash,
            "UserId" => Ty::User,
            "ContractId" => Ty::Contract,
            "CheckpointId" => Ty::Checkpoint,
            _ => return None,
        })
    }

    /// The names that [`Ty::plain`] knows.
    pub(crate) const PLAIN: [&'static str; 9] =
        ["bool", "u8", "u32", "u64", "felt", "hash", "UserId", "ContractId", "CheckpointId"];

    /// Has it checked arithmetic?
    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Ty::U8 | Ty::U32 | Ty::U64)
    }

    /// Can a number be written where it is wanted?
    pub(crate) fn is_number(&self) -> bool {
        self.is_integer() || self.is_id() || *self == Ty::Felt
    }

    /// Is it the name of something?
    pub(crate) fn is_id(&self) -> bool {
        matches!(self, Ty::User | Ty::Contract | Ty::Checkpoint)
    }

    /// Is there an order?
    pub(crate) fn is_ordered(&self) -> bool {
        self.is_integer() || matches!(self, Ty::User | Ty::Checkpoint)
    }

    /// Made of parts, so that a second name for it would be an alias in JavaScript?
    pub(crate) fn is_compound(&self) -> bool {
        matches!(self, Ty::Struct(_) | Ty::Arr(..))
    }

    /// The largest number of a number type.
    pub(crate) fn max(&self) -> u64 {
        match self {
            Ty::U8 => u64::from(u8::MAX),
            Ty::U32 | Ty::User | Ty::Checkpoint => u64::from(u32::MAX),
            Ty::U64 => (1 << crate::ir::U64_BITS) - 1,
            Ty::Contract => 1 << 32,
            Ty::Felt => parth_crypto::Felt::ORDER - 1,
            _ => 0,
        }
    }

    /// The type in the IR of a type of one value.
    pub(crate) fn leaf(&self) -> Option<Type> {
        Some(match self {
            Ty::Bool => Type::Bool,
            Ty::U8 | Ty::U32 | Ty::User | Ty::Checkpoint => Type::U32,
            Ty::U64 | Ty::Contract => Type::U64,
            Ty::Felt => Type::Felt,
            Ty::Hash => Type::Hash,
            Ty::Void | Ty::Struct(_) | Ty::Arr(..) | Ty::View(_) => return None,
        })
    }
}

/// One value inside a value: where it stands and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// `""`, `yes`, `0`, `0_yes`.
    pub(crate) path: String,
    pub(crate) ty: Ty,
}
