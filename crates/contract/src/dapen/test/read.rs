//! State of users as it stands, and parts of values.

use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{ContractId, SlotIndex, UserId};

use super::run::Runner;
use super::value::Held;
use super::{Ran, stop, stop_with};
use crate::dapen::ast::{self, ExprKind, Name};
use crate::dapen::codes::Code;
use crate::dapen::layout::StoreKind;
use crate::dapen::types::{ContractRef, MAX_FELTS, StructId, Ty};
use crate::sorted::{self, SortedList};

/// A value in a user's state: where it begins, and its type.
struct Stored {
    user: UserId,
    contract: ContractRef,
    slot: u64,
    /// Felts of the first word that belong to something else.
    skip: usize,
    ty: Ty,
}

impl Runner<'_> {
    /// A word of a user's state as it stands.
    fn word(&self, user: UserId, contract: ContractRef, slot: u64) -> Digest {
        let id = ContractId::new(self.program.contract(contract).id.unwrap_or_default()).unwrap_or(ContractId::SYSTEM);
        let open = self.world.open.get(&user).and_then(|session| session.state(id));
        match (open, SlotIndex::new(slot)) {
            (Some(state), _) => state.leaf(slot),
            (None, Some(slot)) => self.world.chain.word(user, id, slot),
            (None, None) => Digest::ZERO,
        }
    }

    /// Where a key of a map by hash stands, if it does.
    fn node(&self, user: UserId, contract: ContractRef, list: SortedList, key: Digest) -> Option<u32> {
        // Only the sandbox itself chose places, and it takes the first that is free.
        let word = |index| Ok::<_, std::convert::Infallible>(self.word(user, contract, index));
        let Ok(found) = list.probe(key, usize::MAX, word);
        found
    }

    fn felts(&self, stored: &Stored) -> Vec<Felt> {
        if let Ty::Arr(element, length) = &stored.ty {
            // Elements begin at words of their own.
            let stride = self.program.words(element);
            let each = |at: u64| Stored { slot: stored.slot + at * stride, ty: (**element).clone(), ..*stored };
            return (0..u64::from(*length)).flat_map(|at| self.felts(&each(at))).collect();
        }
        let count = self.program.felts(&stored.ty);
        let words = (stored.skip + count).div_ceil(4) as u64;
        let words = (0..words).flat_map(|at| self.word(stored.user, stored.contract, stored.slot + at).0);
        words.skip(stored.skip).take(count).collect()
    }

    fn read(&self, stored: Stored, span: crate::dapen::source::Span) -> Ran<Held> {
        if self.program.felts(&stored.ty) > MAX_FELTS {
            let message = format!("this value has more than {MAX_FELTS} felts");
            return stop_with(Code::E0403, span, message, "read one element at a time");
        }
        if self.dry {
            return Ok(self.zeros(&stored.ty));
        }
        Ok(Held { felts: self.felts(&stored), ty: Some(stored.ty) })
    }

    /// `C.of(user)`, if it is that.
    fn view(&mut self, expr: &ast::Expr) -> Ran<Option<(ContractRef, UserId)>> {
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else { return Ok(None) };
        let ExprKind::Member(base, how) = &callee.kind else { return Ok(None) };
        let ExprKind::Name(base) = &base.kind else { return Ok(None) };
        let Some(contract) = self.contract(base) else { return Ok(None) };
        match (how.text.as_str(), arguments.as_slice()) {
            ("of", [user]) => Ok(Some((contract, self.user_of(user)?))),
            ("of", given) => stop(Code::E0307, expr.span, format!("of takes one user, {} are given", given.len())),
            ("at" | "mine" | "defer", _) => {
                let help = format!("a test reads the state of users as it stands: `{base}.of(user)`");
                stop_with(Code::E0317, how.span, format!("{} is for contracts", how.text), help)
            }
            _ => Ok(None),
        }
    }

    /// A plain field of a user's instance or a part of one, if it is that. Reads nothing yet.
    fn stored(&mut self, expr: &ast::Expr) -> Ran<Option<Stored>> {
        match &expr.kind {
            ExprKind::Member(object, name) => {
                if let Some((contract, user)) = self.view(object)? {
                    let decl = self.program.contract(contract);
                    let field = decl.field(&name.text).map(|at| &decl.fields[at]);
                    return match field.map(|field| (field.slot, &field.kind)) {
                        Some((slot, StoreKind::Value(ty))) => {
                            Ok(Some(Stored { user, contract, slot, skip: 0, ty: ty.clone() }))
                        }
                        Some((_, kind)) => {
                            let message = format!("{} is a {}, which is no value", name.text, kind.word());
                            stop(Code::E0303, name.span, message)
                        }
                        None => stop(Code::E0306, name.span, format!("{} has no field {}", decl.name.text, name.text)),
                    };
                }
                let Some(whole) = self.stored(object)? else { return Ok(None) };
                let Ty::Struct(id) = whole.ty else {
                    return match (&whole.ty, name.text.as_str()) {
                        (Ty::Arr(..), "length") => Ok(None),
                        _ => stop(Code::E0306, name.span, format!("there is no member {}", name.text)),
                    };
                };
                let Some((skip, ty)) = self.field_in(id, &name.text) else {
                    return stop(Code::E0306, name.span, format!("there is no field {}", name.text));
                };
                let skip = whole.skip + skip;
                Ok(Some(Stored { slot: whole.slot + skip as u64 / 4, skip: skip % 4, ty, ..whole }))
            }
            ExprKind::Index(list, index) => {
                let Some(whole) = self.stored(list)? else { return Ok(None) };
                let Ty::Arr(element, length) = &whole.ty else {
                    return stop(Code::E0306, list.span, "this is no array");
                };
                let at = self.index(index, *length)? as u64;
                let slot = whole.slot + at * self.program.words(element);
                Ok(Some(Stored { slot, ty: (**element).clone(), ..whole }))
            }
            _ => Ok(None),
        }
    }

    /// Where the felts of a field of a struct begin, and its type.
    pub(super) fn field_in(&self, id: StructId, name: &str) -> Option<(usize, Ty)> {
        let mut skip = 0;
        for (field, ty) in &self.program.structure(id).fields {
            if field.text == name {
                return Some((skip, ty.clone()));
            }
            skip += self.program.felts(ty);
        }
        None
    }

    /// `object.name`: a constant of a contract, state of a user, or a part of a value.
    pub(super) fn member(&mut self, expr: &ast::Expr, object: &ast::Expr, name: &Name) -> Ran<Held> {
        if let ExprKind::Name(base) = &object.kind
            && let Some(contract) = self.contract(base)
        {
            let decl = self.program.contract(contract);
            return match decl.constants.iter().find(|known| known.name.text == name.text) {
                Some(found) => Ok(Held::one(found.value, Some(found.ty.clone()))),
                None => {
                    let help = format!("state is read as `{base}.of(user).{}`", name.text);
                    stop_with(Code::E0306, name.span, format!("{base} has no constant {}", name.text), help)
                }
            };
        }
        if let Some(stored) = self.stored(expr)? {
            return self.read(stored, expr.span);
        }
        let whole = self.value(object, None)?;
        match &whole.ty {
            Some(Ty::Struct(id)) => {
                let Some((skip, ty)) = self.field_in(*id, &name.text) else {
                    return stop(Code::E0306, name.span, format!("there is no field {}", name.text));
                };
                let end = skip + self.program.felts(&ty);
                Ok(Held { felts: whole.felts.get(skip..end).unwrap_or_default().to_vec(), ty: Some(ty) })
            }
            Some(Ty::Arr(_, length)) if name.text == "length" => Ok(Held::one((*length).into(), Some(Ty::U32))),
            _ => stop(Code::E0306, name.span, format!("there is no member {}", name.text)),
        }
    }

    /// `list[index]`.
    pub(super) fn element(&mut self, expr: &ast::Expr, list: &ast::Expr, index: &ast::Expr) -> Ran<Held> {
        if let Some(stored) = self.stored(expr)? {
            return self.read(stored, expr.span);
        }
        let whole = self.value(list, None)?;
        let Some(Ty::Arr(element, length)) = whole.ty else {
            return stop_with(Code::E0306, list.span, "this is no array", "maps are read with `.get(key)`");
        };
        let (at, width) = (self.index(index, length)?, self.program.felts(&element));
        let felts = whole.felts.get(at * width..(at + 1) * width).unwrap_or_default().to_vec();
        Ok(Held { felts, ty: Some(*element) })
    }

    /// `C.of(user).field.get(key)` and its like, if it is that.
    pub(super) fn collection(&mut self, object: &ast::Expr, verb: &Name, arguments: &[ast::Expr]) -> Ran<Option<Held>> {
        let ExprKind::Member(base, field) = &object.kind else { return Ok(None) };
        let Some((contract, user)) = self.view(base)? else { return Ok(None) };
        let decl = self.program.contract(contract);
        let Some(place) = decl.field(&field.text).map(|at| &decl.fields[at]) else {
            return stop(Code::E0306, field.span, format!("{} has no field {}", decl.name.text, field.text));
        };
        let (slot, stride) = (place.slot, place.stride);
        let at = |slot: u64, skip: usize, ty: &Ty| Stored { user, contract, slot, skip, ty: ty.clone() };
        let stored = match (&place.kind, verb.text.as_str(), arguments) {
            (StoreKind::Map { key, value } | StoreKind::GrowMap { key, value }, "get", [wanted]) => {
                let key = self.number(wanted, key)?;
                at(slot.saturating_add(key.saturating_mul(stride)), 0, value)
            }
            (StoreKind::HashMap { value, .. }, "get" | "has", [wanted]) => {
                let (list, key) = (place.sorted(), self.typed(wanted, &Ty::Hash)?.felts);
                let found = match list {
                    Some(list) if !self.dry => {
                        let node = key.try_into().ok().and_then(|key| self.node(user, contract, list, Digest(key)));
                        node.map(|node| list.slot(node, sorted::HEAD_WORDS))
                    }
                    _ => None,
                };
                match (verb.text.as_str(), found) {
                    ("has", found) => return Ok(Some(Held::one(found.is_some().into(), Some(Ty::Bool)))),
                    (_, Some(slot)) => at(slot, 0, value),
                    (_, None) => return Ok(Some(self.zeros(value))),
                }
            }
            (StoreKind::Grows(ty), "get", []) => at(slot, 0, ty),
            (StoreKind::Once(ty), "get", []) => at(slot, 1, ty),
            (StoreKind::Once(_), "isSet", []) => at(slot, 0, &Ty::Bool),
            (StoreKind::List { .. }, "len", []) => at(slot, 0, &Ty::U32),
            (StoreKind::List { value, .. }, "at", [wanted]) => {
                let index = self.number(wanted, &Ty::U32)?;
                let length = self.read(at(slot, 0, &Ty::U32), object.span)?.get();
                if index >= length && !self.dry {
                    let message = format!("index {index} is outside a list of {length}");
                    return stop(Code::E0318, wanted.span, message);
                }
                at(slot.saturating_add(1 + index.saturating_mul(stride)), 0, value)
            }
            (kind, verb_text, _) => {
                let message = format!("{verb_text} of a {} with these arguments reads nothing", kind.word());
                let help = "a test reads with get, isSet, len and at; it changes state by calls";
                return stop_with(Code::E0306, verb.span, message, help);
            }
        };
        self.read(stored, object.span).map(Some)
    }
}
