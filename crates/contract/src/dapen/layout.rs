//! Where state stands: fields get slots in the order in which they are written.
//!
//! ```text
//!   slot 0, 1, …          scalars, structs, arrays, once, grows, lists: one word of 4 felts each, or more
//!                         maps by hash: nodes of a sorted list, each a group of 4, 8 or 16 words
//!   2^32, 2·2^32, …       maps: an entry for each of the 2^32 keys, under one subtree
//! ```
//! A word is never shared by two fields, so what a read or write costs can be seen in the source.

use parth_protocol::limits::MAX_STATE_HEIGHT;

use super::ast::Name;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::program::Program;
use super::types::Ty;
use crate::check::group::MAX_GROUP_LOG;
use crate::sorted::{self, SortedList};

/// What a field of state is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// A value, read and assigned as one.
    Value(Ty),
    /// A value for each key.
    Map { key: Ty, value: Ty },
    /// A number for each key that only grows.
    GrowMap { key: Ty, value: Ty },
    /// A number that only grows.
    Grows(Ty),
    /// A value that is set once.
    Once(Ty),
    /// A value for each hash, in a sorted list of at most 2 to `bits` nodes with its head. When it `grows`, the value is a
    /// number that only does so.
    HashMap { value: Ty, bits: u8, grows: bool },
    /// A list with a capacity.
    List { value: Ty, capacity: u32 },
}

impl StoreKind {
    /// The name in sources.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            StoreKind::Value(_) => "value",
            StoreKind::Map { .. } => "map",
            StoreKind::GrowMap { .. } => "growMap",
            StoreKind::Grows(_) => "grows",
            StoreKind::Once(_) => "once",
            StoreKind::HashMap { grows: false, .. } => "map by hash",
            StoreKind::HashMap { grows: true, .. } => "growMap by hash",
            StoreKind::List { .. } => "list",
        }
    }

    /// The type of what is stored.
    pub(crate) fn value(&self) -> &Ty {
        match self {
            StoreKind::Value(ty) | StoreKind::Grows(ty) | StoreKind::Once(ty) => ty,
            StoreKind::Map { value, .. } | StoreKind::GrowMap { value, .. } => value,
            StoreKind::HashMap { value, .. } | StoreKind::List { value, .. } => value,
        }
    }

    /// Does a value that somebody read stay true, or grow at most?
    pub(crate) const fn is_stable(&self) -> bool {
        match self {
            StoreKind::GrowMap { .. } | StoreKind::Grows(_) | StoreKind::Once(_) | StoreKind::List { .. } => true,
            StoreKind::HashMap { grows, .. } => *grows,
            StoreKind::Value(_) | StoreKind::Map { .. } => false,
        }
    }
}

/// A field of state with its place.
#[derive(Clone, Debug)]
pub(crate) struct StoreField {
    pub(crate) name: Name,
    pub(crate) kind: StoreKind,
    /// Its first slot.
    pub(crate) slot: u64,
    /// Words from one entry of a map or list to the next, or of one array element.
    pub(crate) stride: u64,
}

impl StoreField {
    /// Where the nodes of a map by hash lie.
    pub(crate) fn sorted(&self) -> Option<SortedList> {
        let StoreKind::HashMap { bits, .. } = self.kind else { return None };
        let log = self.stride.trailing_zeros() as u8;
        Some(SortedList { first: self.slot >> log, bits, log })
    }
}

/// Keys of a map by id or `u32`.
const KEYS: u64 = 1 << 32;

impl Program {
    /// Words that a value takes where it is stored alone. Array elements begin at words of their own.
    pub(crate) fn words(&self, ty: &Ty) -> u64 {
        match ty {
            Ty::Arr(element, length) => self.words(element).saturating_mul(u64::from(*length)),
            other => (self.felts(other) as u64).div_ceil(4).max(1),
        }
    }

    /// Has it an array anywhere?
    pub(crate) fn has_array(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Arr(..) => true,
            Ty::Struct(id) => self.structure(*id).fields.iter().any(|(_, ty)| self.has_array(ty)),
            _ => false,
        }
    }

    /// Can it be stored as one value? An array inside a struct cannot: its elements need words of their own.
    pub(crate) fn is_storable(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Arr(element, _) => self.is_storable(element),
            Ty::Struct(_) => !self.has_array(ty),
            other => other.leaf().is_some(),
        }
    }

    /// Gives each field its place, and the height of the state tree.
    pub(crate) fn place(&self, fields: &mut [StoreField], findings: &mut Findings) -> u8 {
        let (mut next, mut next_map) = (0u64, 1u64);
        for field in fields.iter_mut() {
            let (slots, stride) = match &field.kind {
                StoreKind::Value(Ty::Arr(element, length)) => {
                    let stride = self.words(element);
                    (stride.saturating_mul(u64::from(*length)), stride)
                }
                StoreKind::Value(ty) | StoreKind::Grows(ty) => (self.words(ty), 1),
                // A flag comes first.
                StoreKind::Once(ty) => (((1 + self.felts(ty)) as u64).div_ceil(4), 1),
                StoreKind::List { value, capacity } => {
                    let stride = self.words(value);
                    (stride.saturating_mul(u64::from(*capacity)).saturating_add(1), stride)
                }
                StoreKind::HashMap { value, bits, .. } => {
                    let stride = (u64::from(sorted::HEAD_WORDS) + self.words(value)).next_power_of_two();
                    if stride > 1 << MAX_GROUP_LOG {
                        let most = (1 << MAX_GROUP_LOG) - sorted::HEAD_WORDS;
                        let message = format!("values of a map by hash have at most {most} words");
                        findings.push(Diagnostic::new(Code::E0402, field.name.span, message));
                        return 1;
                    }
                    next = next.next_multiple_of(stride);
                    (stride << bits, stride)
                }
                StoreKind::Map { value, .. } | StoreKind::GrowMap { value, .. } => {
                    let stride = self.words(value);
                    field.slot = next_map.saturating_mul(KEYS);
                    field.stride = stride;
                    next_map = next_map.saturating_add(stride);
                    continue;
                }
            };
            (field.slot, field.stride) = (next, stride);
            next = next.saturating_add(slots);
            if next > KEYS {
                let message = format!("the fields up to `{}` take more than 2^32 words", field.name.text);
                findings.push(Diagnostic::new(Code::E0402, field.name.span, message));
                return 1;
            }
        }
        let end = if next_map > 1 { next_map.saturating_mul(KEYS) } else { next.max(1) };
        let height = (64 - (end - 1).leading_zeros()).max(1) as u8;
        if height > MAX_STATE_HEIGHT
            && let Some(last) = fields.last()
        {
            let message = format!("the state needs a tree of height {height}, at most {MAX_STATE_HEIGHT} is allowed");
            let found = Diagnostic::new(Code::E0402, last.name.span, message);
            findings.push(found.help("join maps with the same key into one map of a struct of up to four felts"));
        }
        height.min(MAX_STATE_HEIGHT)
    }
}
