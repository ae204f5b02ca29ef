//! Maps by hash: sorted lists, whose every claim is checked where it is used. See [`crate::sorted`].
//!
//! ```text
//!   find      any position; the node there has the key, or it is shown that none has:
//!             node.key < key, and key < node.next or no next, and node.key is not zero or the node is the head
//!   insert    node.next := key; then, at a place that is not the head's and has no key: key, old next, value
//!   update    the same place again: key, the same next, value
//! ```
//! The order matters: the new place is opened after the node before it was changed, so it cannot be that same node.
//! Where the path is not taken the key is zero: the head stands in for the node, nothing fails and nothing is written.

use super::store::Source;
use super::{Lowerer, Operand, Parts};
use crate::dapen::layout::StoreField;
use crate::dapen::source::Span;
use crate::ir::{Op, Type, Value};
use crate::sorted::{HEAD_WORDS, KEY, NEXT, SortedList};
use parth_crypto::Felt;

/// The node of a key, or the one before it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The key; zero where the path is not taken (hash).
    key: Value,
    /// Is the key zero (bool)?
    none: Value,
    /// Is it the node of the key (bool)?
    pub(super) found: Value,
    position: Value,
    group: Value,
    words: Vec<Value>,
}

impl Lowerer<'_> {
    fn group(&mut self, list: SortedList, position: Value) -> Value {
        let first = self.emit.felt(Felt::reduce(list.first));
        let position = self.emit.convert(position, Type::Felt);
        self.emit.arithmetic('+', first, position)
    }

    fn word(&mut self, source: Source, list: SortedList, group: Value, at: u8) -> Value {
        let log = list.log;
        let op = match source {
            Source::Own => Op::ReadGroup { group, log, at },
            Source::Frozen(state) => Op::SlotGroup { state, group, log, at },
        };
        self.emit.stateful(op, Type::Hash)
    }

    /// Finds a key, and proves that it is there or that it is not.
    pub(super) fn sorted_node(&mut self, source: Source, place: &StoreField, field: usize, key: Value) -> Node {
        let key = self.masked(key);
        let state = match source {
            Source::Own => None,
            Source::Frozen(state) => Some(state),
        };
        if let Some(node) = self.nodes.get(&(state, field, key)) {
            return node.clone();
        }
        // Only fields that are sorted lists come here.
        let list = place.sorted().unwrap_or(SortedList { first: 0, bits: 1, log: 1 });
        let position = self.emit.stateful(Op::Find { state, list, key }, Type::U32);
        let group = self.group(list, position);
        let count = HEAD_WORDS + self.program.words(place.kind.value()) as u8;
        let words: Vec<Value> = (0..count).map(|at| self.word(source, list, group, at)).collect();
        let (at, next) = (words[usize::from(KEY)], words[usize::from(NEXT)]);
        let zero = self.emit.zero(Type::Hash);
        let none = self.emit.equal(key, zero);
        let some = self.emit.not(none);
        let same = self.emit.equal(at, key);
        let found = self.emit.and(some, same);
        // Else the key stands between this node and the next, and this is a node at all.
        let head = self.emit.number(Type::U32, 0);
        let is_head = self.emit.equal(position, head);
        let empty = self.emit.equal(at, zero);
        let written = self.emit.not(empty);
        let is_node = self.emit.or(is_head, written);
        let above = self.emit.before(at, key);
        let end = self.emit.equal(next, zero);
        let below = self.emit.before(key, next);
        let below = self.emit.or(end, below);
        let between = self.emit.and(above, below);
        let absent = self.emit.and(is_node, between);
        let shown = self.emit.or(found, absent);
        let shown = self.emit.or(none, shown);
        // The key is zero where the path is not taken, so this needs no path.
        self.emit.assert(shown, "the map was searched at a wrong place", Vec::new(), true);
        let node = Node { key, none, found, position, group, words };
        self.nodes.insert((state, field, key), node.clone());
        node
    }

    /// The value of a key, or zeros.
    pub(super) fn sorted_value(&mut self, source: Source, place: &StoreField, field: usize, key: Value) -> Parts {
        let node = self.sorted_node(source, place, field, key);
        let ty = place.kind.value();
        let mut lanes = Vec::new();
        for &word in node.words.iter().skip(usize::from(HEAD_WORDS)) {
            lanes.extend((0..4).map(|lane| self.emit.lane(word, lane)));
        }
        let parts = self.decode(source, ty, &lanes);
        let zeros = self.zeros(ty);
        self.select_parts(node.found, &parts, &zeros)
    }

    /// Inserts a key or gives it another value.
    pub(super) fn set_sorted(&mut self, place: &StoreField, field: usize, key: Value, parts: &[Value], span: Span) {
        if self.emit.truth(self.path) == Some(false) {
            return;
        }
        let Some(list) = place.sorted() else { return };
        let Node { key, none, found, position, group, words } = self.sorted_node(Source::Own, place, field, key);
        let operands = vec![Operand { span, value: key }];
        let some = self.emit.not(none);
        self.require(some, "NONE is no key of a map", operands);
        let zero = self.emit.zero(Type::Hash);
        let next = words[usize::from(NEXT)];
        // The node before the key, unless the key is there: it leads to the key from now on.
        let free = self.emit.stateful(Op::FindFree { list, key }, Type::U32);
        let log = list.log;
        let new = self.emit.not(found);
        let inserts = self.emit.and(self.path, new);
        self.emit.command(Op::WriteGroup { group, log, at: NEXT, words: vec![key], when: Some(inserts) });
        // The place of the key: its own, or one that is free.
        let position = self.emit.select(found, position, free);
        let group = self.group(list, position);
        let at = self.word(Source::Own, list, group, KEY);
        let head = self.emit.number(Type::U32, 0);
        let is_head = self.emit.equal(position, head);
        let not_head = self.emit.not(is_head);
        let empty = self.emit.equal(at, zero);
        let is_free = self.emit.and(not_head, empty);
        let fits = self.emit.or(found, is_free);
        self.require(fits, "the map is full", Vec::new());
        let value = self.encode(parts);
        let words = [key, next].into_iter().chain(value).collect();
        let when = self.when();
        self.emit.command(Op::WriteGroup { group, log, at: KEY, words, when });
        self.nodes.retain(|&(state, of, _), _| state.is_some() || of != field);
    }
}
