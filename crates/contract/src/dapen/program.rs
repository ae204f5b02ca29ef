//! What the files of a program declare: structs, events, contracts, with types and places in the state.

use std::collections::BTreeMap;

use super::ast::Name;
use super::layout::StoreField;
use super::source::Span;
use super::types::{ContractRef, Leaf, MAX_FELTS, StructId, Ty};

/// What a name at the top of a file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Struct(StructId),
    Event(usize),
    Contract(ContractRef),
}

/// A struct, or the fields of an event.
#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) name: Name,
    pub(crate) fields: Vec<(Name, Ty)>,
    /// Felts in all.
    pub(crate) felts: usize,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Users and contracts.
    Call,
    /// The same, and it changes nothing.
    View,
    /// Only methods of the contract; inlined there.
    Private,
}

#[derive(Clone, Debug)]
pub(crate) struct MethodDecl {
    pub(crate) name: Name,
    pub(crate) reach: Reach,
    pub(crate) parameters: Vec<(Name, Ty)>,
    pub(crate) result: Ty,
    pub(crate) head: Span,
}

/// A `static readonly` number or truth value.
#[derive(Clone, Debug)]
pub(crate) struct ConstantDecl {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
    pub(crate) value: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ContractDecl {
    pub(crate) name: Name,
    pub(crate) id: Option<u32>,
    pub(crate) constants: Vec<ConstantDecl>,
    pub(crate) fields: Vec<StoreField>,
    pub(crate) methods: Vec<MethodDecl>,
    /// Height of a user's state tree.
    pub(crate) height: u8,
}

impl ContractDecl {
    pub(crate) fn method(&self, name: &str) -> Option<usize> {
        self.methods.iter().position(|method| method.name.text == name)
    }

    pub(crate) fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name.text == name)
    }
}

/// Everything that is declared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) structs: Vec<Struct>,
    pub(crate) events: Vec<Struct>,
    pub(crate) contracts: Vec<ContractDecl>,
    /// The names at the top of each file.
    pub(crate) scopes: Vec<BTreeMap<String, Symbol>>,
}

impl Program {
    pub(crate) fn contract(&self, contract: ContractRef) -> &ContractDecl {
        &self.contracts[contract.0]
    }

    pub(crate) fn structure(&self, id: StructId) -> &Struct {
        &self.structs[id.0]
    }

    /// The type as it is written.
    pub(crate) fn show(&self, ty: &Ty) -> String {
        match ty {
            Ty::Void => "void".to_owned(),
            Ty::Bool => "bool".to_owned(),
            Ty::U8 => "u8".to_owned(),
            Ty::U32 => "u32".to_owned(),
            Ty::U64 => "u64".to_owned(),
            Ty::Felt => "felt".to_owned(),
            Ty::Hash => "hash".to_owned(),
            Ty::User => "UserId".to_owned(),
            Ty::Contract => "ContractId".to_owned(),
            Ty::Checkpoint => "CheckpointId".to_owned(),
            Ty::Struct(id) => self.structure(*id).name.text.clone(),
            Ty::Arr(element, length) => format!("Arr<{}, {length}>", self.show(element)),
            Ty::View(contract) => format!("a view of {}", self.contract(*contract).name.text),
        }
    }

    /// Felts of a value; more than [`MAX_FELTS`] is only said to be more.
    pub(crate) fn felts(&self, ty: &Ty) -> usize {
        let felts = match ty {
            Ty::Void | Ty::View(_) => 0,
            Ty::Hash => 4,
            Ty::Struct(id) => self.structs.get(id.0).map_or(0, |found| found.felts),
            Ty::Arr(element, length) => self.felts(element).saturating_mul(*length as usize),
            _ => 1,
        };
        felts.min(MAX_FELTS + 1)
    }

    /// The values inside a value, in order. The type must be of at most [`MAX_FELTS`] felts.
    pub(crate) fn leaves(&self, ty: &Ty) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        self.collect(ty, "", &mut leaves);
        leaves
    }

    fn collect(&self, ty: &Ty, path: &str, leaves: &mut Vec<Leaf>) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}_{name}") };
        match ty {
            Ty::Void => {}
            Ty::Struct(id) => {
                for (name, ty) in &self.structure(*id).fields {
                    self.collect(ty, &below(&name.text), leaves);
                }
            }
            Ty::Arr(element, length) => {
                for at in 0..*length {
                    self.collect(element, &below(&at.to_string()), leaves);
                }
            }
            other => leaves.push(Leaf { path: path.to_owned(), ty: other.clone() }),
        }
    }

    /// How many values a value is made of.
    pub(crate) fn width(&self, ty: &Ty) -> usize {
        match ty {
            Ty::Void => 0,
            Ty::Struct(id) => self.structure(*id).fields.iter().map(|(_, ty)| self.width(ty)).sum(),
            Ty::Arr(element, length) => self.width(element).saturating_mul(*length as usize),
            _ => 1,
        }
    }

    /// Where the values of a field of a struct begin among those of the struct, and the field's type.
    pub(crate) fn field(&self, id: StructId, field: usize) -> (usize, Ty) {
        let fields = &self.structure(id).fields;
        let start = fields[..field].iter().map(|(_, ty)| self.width(ty)).sum();
        (start, fields[field].1.clone())
    }
}
