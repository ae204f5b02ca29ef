//! State: words and what is in them.

use super::value::At;
use super::{Lowerer, Operand, Parts};
use crate::dapen::ast::BinaryOp;
use crate::dapen::hir::{Change, Expr, Instance, Read};
use crate::dapen::layout::StoreKind;
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};
use crate::ir::{Op, Type, Value};
use parth_crypto::Felt;

/// A word of the own state as it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownWord {
    word: Value,
    /// The field that it belongs to, and which word of an entry it is: words of different fields, or at different
    /// places of an entry, are never the same.
    field: usize,
    place: u64,
}

/// Whose state is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Own,
    Frozen(Value),
}

/// Where an entry begins: a slot, and what is added to it when the code runs.
#[derive(Clone, Copy, Debug)]
struct Entry {
    slot: u64,
    shift: Option<Value>,
}

impl Lowerer<'_> {
    /// Is a field read and written where it is named, rather than kept as a variable? So it is for arrays, of which
    /// mostly a part is used.
    pub(super) fn is_direct(&self, field: usize) -> bool {
        matches!(&self.program.contract(self.contract).fields[field].kind, StoreKind::Value(Ty::Arr(..)))
    }

    /// A plain field as it was before the call.
    pub(super) fn load_field(&mut self, field: usize) -> Parts {
        if let Some(parts) = self.loaded.get(&field) {
            return parts.clone();
        }
        let place = &self.program.contract(self.contract).fields[field];
        let (slot, ty) = (place.slot, place.kind.value().clone());
        let parts = self.read_entry(Source::Own, field, Entry { slot, shift: None }, &ty);
        self.loaded.insert(field, parts.clone());
        parts
    }

    /// A plain field as it stands.
    pub(super) fn field_parts(&mut self, field: usize) -> Parts {
        match self.env.fields.get(&field) {
            Some(state) => state.parts.clone(),
            None => self.load_field(field),
        }
    }

    /// Writes the plain fields that changed.
    pub(super) fn write_fields(&mut self) {
        for (field, state) in std::mem::take(&mut self.env.fields) {
            let place = &self.program.contract(self.contract).fields[field];
            let (slot, span) = (place.slot, place.name.span);
            let old = self.loaded.get(&field).cloned().map(|parts| self.encode(&parts));
            let new = self.encode(&state.parts);
            self.emit.span = span;
            self.path = state.changed;
            for (at, &word) in new.iter().enumerate() {
                if old.as_ref().and_then(|old| old.get(at)) != Some(&word) {
                    let index = self.index(Entry { slot, shift: None }, at as u64);
                    self.write_word(field, at as u64, index, word);
                }
            }
        }
        self.path = self.emit.bool(true);
    }

    /// The index of a word of an entry.
    fn index(&mut self, entry: Entry, at: u64) -> Value {
        let slot = self.emit.felt(Felt::reduce(entry.slot + at));
        match entry.shift {
            Some(shift) => self.emit.arithmetic('+', slot, shift),
            None => slot,
        }
    }

    /// Where the entry of a key begins.
    fn entry(&mut self, slot: u64, stride: u64, key: Value) -> Entry {
        let key = self.emit.convert(key, Type::Felt);
        if let Some(known) = self.emit.known_number(key) {
            return Entry { slot: slot + known * stride, shift: None };
        }
        let stride = self.emit.felt(Felt::reduce(stride));
        Entry { slot, shift: Some(self.emit.arithmetic('*', key, stride)) }
    }

    fn read_word(&mut self, source: Source, field: usize, place: u64, index: Value) -> Value {
        let Source::Own = source else {
            let Source::Frozen(state) = source else { return index };
            return self.emit.pure(Op::Slot(state, index), Type::Hash);
        };
        if let Some(known) = self.known.get(&index) {
            return known.word;
        }
        let word = self.emit.stateful(Op::Read(index), Type::Hash);
        self.known.insert(index, KnownWord { word, field, place });
        word
    }

    fn write_word(&mut self, field: usize, place: u64, index: Value, word: Value) {
        if self.emit.truth(self.path) == Some(false) {
            return;
        }
        let when = self.when();
        self.emit.command(Op::Write { index, word, when });
        let now = match (when, self.known.get(&index)) {
            (None, _) => Some(word),
            (Some(when), Some(old)) => Some(self.emit.select(when, word, old.word)),
            (Some(_), None) => None,
        };
        let fixed = |emit: &super::Emitter, index: Value| emit.known_number(index).is_some();
        let here = fixed(&self.emit, index);
        let emit = &self.emit;
        self.known.retain(|&other, known| {
            let apart = known.field != field || known.place != place || (here && fixed(emit, other));
            other != index && apart
        });
        if let Some(word) = now {
            self.known.insert(index, KnownWord { word, field, place });
        }
    }

    /// The words of a value that holds no arrays.
    pub(super) fn encode(&mut self, parts: &[Value]) -> Vec<Value> {
        let lanes = self.lanes(parts);
        self.pack(&lanes)
    }

    fn lanes(&mut self, parts: &[Value]) -> Vec<Value> {
        let mut lanes = Vec::new();
        for &part in parts {
            if self.emit.kind(part) == Type::Hash {
                lanes.extend((0..4).map(|lane| self.emit.lane(part, lane)));
            } else {
                lanes.push(part);
            }
        }
        lanes
    }

    fn pack(&mut self, lanes: &[Value]) -> Vec<Value> {
        let zero = self.emit.felt(Felt::ZERO);
        lanes
            .chunks(4)
            .map(|chunk| {
                let lane = |at: usize| chunk.get(at).copied().unwrap_or(zero);
                self.emit.pack([lane(0), lane(1), lane(2), lane(3)])
            })
            .collect()
    }

    /// Is it the state of another contract? What stands there is what its deployer's circuits let anybody write, which
    /// need not be what its source says.
    fn is_foreign(&self, source: Source) -> bool {
        let Source::Frozen(state) = source else { return false };
        !matches!(self.emit.ops.get(state.index()), Some(Op::State { contract: None, .. }))
    }

    /// A number or truth value in a lane; where the path is not taken a word of another contract fails nothing.
    fn number_in(&mut self, source: Source, lane: Value, kind: Type) -> Value {
        let lane = if kind != Type::Felt && self.is_foreign(source) { self.masked(lane) } else { lane };
        self.emit.convert(lane, kind)
    }

    /// The value in lanes.
    pub(super) fn decode(&mut self, source: Source, ty: &Ty, lanes: &[Value]) -> Parts {
        let (mut parts, mut at) = (Vec::new(), 0);
        let lane = |at: usize| lanes.get(at).copied().unwrap_or(Value(0));
        for leaf in self.program.leaves(ty) {
            let kind = leaf.ty.leaf().unwrap_or(Type::Felt);
            if kind == Type::Hash {
                parts.push(self.emit.pack([lane(at), lane(at + 1), lane(at + 2), lane(at + 3)]));
                at += 4;
            } else {
                // Only this contract writes its state, and only values of this type here: this fails for others' only.
                let number = self.number_in(source, lane(at), kind);
                if leaf.ty == Ty::U8 && self.is_foreign(source) {
                    self.is_u8(number, "the number of the other contract is no u8");
                }
                parts.push(number);
                at += 1;
            }
        }
        parts
    }

    fn read_lanes(&mut self, source: Source, field: usize, entry: Entry, words: u64) -> Vec<Value> {
        let mut lanes = Vec::new();
        for at in 0..words {
            let index = self.index(entry, at);
            let word = self.read_word(source, field, at, index);
            lanes.extend((0..4).map(|lane| self.emit.lane(word, lane)));
        }
        lanes
    }

    fn read_entry(&mut self, source: Source, field: usize, entry: Entry, ty: &Ty) -> Parts {
        if let Ty::Arr(element, length) = ty {
            let stride = self.program.words(element);
            let mut parts = Vec::new();
            for at in 0..u64::from(*length) {
                if self.stopped {
                    break;
                }
                let element_entry = Entry { slot: entry.slot + at * stride, ..entry };
                parts.extend(self.read_entry(source, field, element_entry, element));
                self.step();
            }
            return parts;
        }
        let words = self.program.words(ty);
        let lanes = self.read_lanes(source, field, entry, words);
        self.decode(source, ty, &lanes)
    }

    fn write_entry(&mut self, field: usize, entry: Entry, ty: &Ty, parts: &[Value]) {
        if let Ty::Arr(element, _) = ty {
            let (stride, width) = (self.program.words(element), self.program.width(element).max(1));
            for (at, part) in parts.chunks(width).enumerate() {
                if !self.step() {
                    return;
                }
                let element_entry = Entry { slot: entry.slot + at as u64 * stride, ..entry };
                self.write_entry(field, element_entry, element, part);
            }
            return;
        }
        for (at, word) in self.encode(parts).into_iter().enumerate() {
            let index = self.index(entry, at as u64);
            self.write_word(field, at as u64, index, word);
        }
    }

    /// The entry of a part of a stored array, the type there, and the steps that are left.
    fn stored_part<'p>(&mut self, slot: u64, ty: &Ty, path: &'p [At]) -> (Entry, Ty, &'p [At]) {
        let (mut entry, mut ty, mut rest) = (Entry { slot, shift: None }, ty.clone(), path);
        while let (Ty::Arr(element, length), Some((At::Index(index, span), left))) = (&ty, rest.split_first()) {
            let stride = self.program.words(element);
            match self.known_index(*index, *length, *span) {
                Some(known) => entry.slot += (known as u64).min(u64::from(*length)) * stride,
                None => {
                    self.inside(*index, *length, *span);
                    let index = self.masked(*index);
                    let inner = self.entry(0, stride, index);
                    entry.slot += inner.slot;
                    entry.shift = match (entry.shift, inner.shift) {
                        (Some(a), Some(b)) => Some(self.emit.arithmetic('+', a, b)),
                        (a, b) => a.or(b),
                    };
                }
            }
            (ty, rest) = ((**element).clone(), left);
        }
        (entry, ty, rest)
    }

    /// Assigns a stored array or a part of one.
    pub(super) fn assign_stored(
        &mut self,
        field: usize,
        path: &[At],
        place_ty: &Ty,
        op: Option<BinaryOp>,
        value: &Expr,
        span: Span,
    ) {
        let place = &self.program.contract(self.contract).fields[field];
        let (slot, whole_ty) = (place.slot, place.kind.value().clone());
        let (entry, ty, rest) = self.stored_part(slot, &whole_ty, path);
        let new = match op {
            None => self.value(value),
            Some(op) => {
                let old = self.read_entry(Source::Own, field, entry, &ty);
                let part = self.part(&old, &ty, rest);
                let by = self.one(value);
                self.emit.span = span;
                vec![self.arithmetic(op, place_ty, part.first().copied().unwrap_or(Value(0)), by, [span, value.span])]
            }
        };
        let whole = if rest.is_empty() {
            new
        } else {
            // As it stands after the value was computed: that may have changed other parts.
            let old = self.read_entry(Source::Own, field, entry, &ty);
            self.replaced(&old, &ty, rest, &new)
        };
        self.emit.span = span;
        self.write_entry(field, entry, &ty, &whole);
    }

    pub(super) fn read(
        &mut self,
        instance: &Instance,
        contract: ContractRef,
        field: usize,
        what: &Read,
        ty: &Ty,
    ) -> Parts {
        let source = match instance {
            Instance::Own => Source::Own,
            Instance::Frozen(view) => {
                let state = self.one(view);
                if self.is_mine(state) {
                    self.before_calls(view.span);
                }
                Source::Frozen(state)
            }
        };
        let place = &self.program.contract(contract).fields[field];
        let (slot, stride, kind) = (place.slot, place.stride, place.kind.clone());
        match what {
            Read::Value(path) => {
                let path: Vec<At> = path.iter().map(|step| self.at(step)).collect();
                if let (Source::Own, false) = (source, self.is_own_array(contract, field)) {
                    let whole = self.field_parts(field);
                    return self.part(&whole, kind.value(), &path);
                }
                let (entry, inner, rest) = self.stored_part(slot, kind.value(), &path);
                let whole = self.read_entry(source, field, entry, &inner);
                self.part(&whole, &inner, rest)
            }
            Read::Entry(key) if place.sorted().is_some() => {
                let key = self.one(key);
                self.sorted_value(source, place, field, key)
            }
            Read::Has(key) => {
                let key = self.one(key);
                vec![self.sorted_node(source, place, field, key).found]
            }
            Read::Entry(key) => {
                let key = self.one(key);
                let entry = self.entry(slot, stride, key);
                self.read_entry(source, field, entry, ty)
            }
            Read::Grown => self.read_entry(source, field, Entry { slot, shift: None }, ty),
            Read::Once => {
                let lanes = self.once_lanes(source, field, slot, kind.value());
                self.decode(source, ty, lanes.get(1..).unwrap_or_default())
            }
            Read::IsSet => {
                let lanes = self.read_lanes(source, field, Entry { slot, shift: None }, 1);
                vec![self.number_in(source, lanes[0], Type::Bool)]
            }
            Read::Length => vec![self.length(source, field, slot)],
            Read::At(index) => {
                let at = self.one(index);
                let length = self.length(source, field, slot);
                let inside = self.emit.less(at, length);
                let operands = vec![Operand { span: index.span, value: at }];
                self.require(inside, "the list is not that long", operands);
                // Outside of the capacity only when the call fails, or where the path is not taken.
                let at = self.masked(at);
                let entry = self.entry(slot + 1, stride, at);
                self.read_entry(source, field, entry, ty)
            }
        }
    }

    fn is_own_array(&self, contract: ContractRef, field: usize) -> bool {
        matches!(&self.program.contract(contract).fields[field].kind, StoreKind::Value(Ty::Arr(..)))
    }

    fn once_lanes(&mut self, source: Source, field: usize, slot: u64, ty: &Ty) -> Vec<Value> {
        let words = (1 + self.program.felts(ty) as u64).div_ceil(4);
        self.read_lanes(source, field, Entry { slot, shift: None }, words)
    }

    fn length(&mut self, source: Source, field: usize, slot: u64) -> Value {
        // The word of the length has a place that no element has.
        let index = self.index(Entry { slot, shift: None }, 0);
        let word = self.read_word(source, field, u64::MAX, index);
        let lane = self.emit.lane(word, 0);
        self.number_in(source, lane, Type::U32)
    }

    pub(super) fn change(&mut self, field: usize, what: &Change, span: Span) {
        let place = &self.program.contract(self.contract).fields[field];
        let (slot, stride, kind) = (place.slot, place.stride, place.kind.clone());
        let ty = kind.value().clone();
        match what {
            Change::Set { key, value } if place.sorted().is_some() => {
                let key = self.one(key);
                let parts = self.value(value);
                self.emit.span = span;
                self.set_sorted(place, field, key, &parts, span);
            }
            Change::AddTo { key, by } if place.sorted().is_some() => {
                let key = self.one(key);
                let amount = self.one(by);
                let old = self.sorted_value(Source::Own, place, field, key);
                self.emit.span = span;
                let old = old.first().copied().unwrap_or(Value(0));
                let new = self.arithmetic(BinaryOp::Add, &ty, old, amount, [span, by.span]);
                self.set_sorted(place, field, key, &[new], span);
            }
            Change::Set { key, value } => {
                let key = self.one(key);
                let parts = self.value(value);
                let entry = self.entry(slot, stride, key);
                self.emit.span = span;
                self.write_entry(field, entry, &ty, &parts);
            }
            Change::AddTo { key, by } => {
                let key = self.one(key);
                let entry = self.entry(slot, stride, key);
                self.add(field, entry, &ty, by, span);
            }
            Change::Add(by) => self.add(field, Entry { slot, shift: None }, &ty, by, span),
            Change::SetOnce(value) => {
                let parts = self.value(value);
                let lanes = self.read_lanes(Source::Own, field, Entry { slot, shift: None }, 1);
                let set = self.emit.convert(lanes[0], Type::Bool);
                let free = self.emit.not(set);
                self.emit.span = span;
                self.require(free, "the value is already set", Vec::new());
                let mut new = vec![self.emit.felt(Felt::ONE)];
                new.extend(self.lanes(&parts));
                for (at, word) in self.pack(&new).into_iter().enumerate() {
                    let index = self.index(Entry { slot, shift: None }, at as u64);
                    self.write_word(field, at as u64, index, word);
                }
            }
            Change::Push(value) => {
                let parts = self.value(value);
                let StoreKind::List { capacity, .. } = kind else { return };
                self.emit.span = span;
                let length = self.length(Source::Own, field, slot);
                let end = self.emit.number(Type::U32, capacity.into());
                let room = self.emit.less(length, end);
                self.require(room, "the list is full", vec![Operand { span, value: length }]);
                // A full list fails the call where the path is taken; where it is not, the first place stands in.
                let at = self.masked(length);
                let entry = self.entry(slot + 1, stride, at);
                self.write_entry(field, entry, &ty, &parts);
                let one = self.emit.number(Type::U32, 1);
                let length = self.emit.arithmetic('+', at, one);
                let zero = self.emit.felt(Felt::ZERO);
                let word = self.emit.pack([length, zero, zero, zero]);
                let index = self.index(Entry { slot, shift: None }, 0);
                self.write_word(field, u64::MAX, index, word);
            }
        }
    }

    fn add(&mut self, field: usize, entry: Entry, ty: &Ty, by: &Expr, span: Span) {
        // What is added is computed before the call of `add` that reads the old value: it may change that.
        let amount = self.one(by);
        let old = self.read_entry(Source::Own, field, entry, ty);
        self.emit.span = span;
        let old = old.first().copied().unwrap_or(Value(0));
        let new = self.arithmetic(BinaryOp::Add, ty, old, amount, [span, by.span]);
        self.write_entry(field, entry, ty, &[new]);
    }
}
