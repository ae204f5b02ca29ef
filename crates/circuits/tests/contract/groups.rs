//! Groups of words, advice and the order of hashes in the random programs of [`super::programs`].

use parth_contract::ir::{Op, Type, Value};
use parth_contract::sorted::SortedList;

use super::programs::{Choice, Program};

/// The lists that fit a state of height 3.
const LISTS: [SortedList; 3] = [
    SortedList { first: 0, bits: 1, log: 1 },
    SortedList { first: 1, bits: 1, log: 1 },
    SortedList { first: 0, bits: 1, log: 2 },
];

impl Program {
    /// A state of the running contract.
    fn own_kind_of_state(&self, choice: u16) -> Option<Value> {
        self.pick(Type::State, choice)
            .filter(|state| matches!(self.ops[state.index()], Op::State { contract: None, .. }))
    }

    pub(super) fn add_group(&mut self, (which, a, b, c, number): Choice) -> Option<()> {
        let list = LISTS[number as usize % 3];
        let log = 1 + (number >> 8) as u8 % 2;
        // Numbers of groups that mostly exist; some were found.
        let group = if b % 3 == 0 { self.pick(Type::U32, a)? } else { self.small(a % 2) };
        let at = (c % 2) as u8;
        let (op, kind) = match which % 8 {
            0 => (Op::Before(self.pick(Type::Hash, a)?, self.pick(Type::Hash, b)?), Some(Type::Bool)),
            1 => (Op::Find { state: None, list, key: self.pick(Type::Hash, a)? }, Some(Type::U32)),
            2 => {
                let state = Some(self.own_kind_of_state(b)?);
                (Op::Find { state, list, key: self.pick(Type::Hash, a)? }, Some(Type::U32))
            }
            3 => (Op::FindFree { list, key: self.pick(Type::Hash, a)? }, Some(Type::U32)),
            4 | 5 => (Op::ReadGroup { group, log, at }, Some(Type::Hash)),
            6 => (Op::SlotGroup { state: self.own_kind_of_state(c)?, group, log, at }, Some(Type::Hash)),
            _ => {
                let mut words = vec![self.pick(Type::Hash, a)?];
                if at == 0 && c % 4 == 0 {
                    words.push(self.pick(Type::Hash, b)?);
                }
                let when = if a % 2 == 0 { self.pick(Type::Bool, b) } else { None };
                (Op::WriteGroup { group, log, at, words, when }, None)
            }
        };
        self.push(op, kind);
        Some(())
    }
}
