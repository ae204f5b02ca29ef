//! Groups of words, and advice on where they stand. Twin: `circuits/src/contract/compile/group.rs`.

use parth_protocol::ids::{SlotIndex, StateHeight};

use super::{Datum, FrozenState, Machine, Source, Write};
use crate::error::ExecError;
use crate::function::Access;
use crate::ir::Value;
use crate::opening::{BadOpening, Opened};
use crate::sorted::SortedList;

impl<S: Source> Machine<'_, S> {
    fn frozen_state(&self, state: Option<Value>) -> Option<FrozenState> {
        match self.get(state?) {
            Datum::State(position) => Some(self.states[position]),
            _ => None,
        }
    }

    pub(super) fn find(&mut self, state: Option<Value>, list: SortedList, key: Value) -> Result<Datum, ExecError> {
        let (state, key) = (self.frozen_state(state), self.digest(key));
        let position = self.source.find(state.as_ref(), list, key)?;
        inside(list, position)
    }

    pub(super) fn find_free(&mut self, list: SortedList, key: Value) -> Result<Datum, ExecError> {
        let position = self.source.free(list, self.digest(key))?;
        inside(list, position)
    }

    /// Proves a group, unless an earlier operation did, and gives the number of its opening.
    fn open_group(&mut self, op: usize, state: Option<Value>, group: Value, log: u8) -> Result<usize, ExecError> {
        let frozen = self.frozen_state(state);
        let (height, root) = match &frozen {
            Some(state) => (state.height, state.root),
            None => (self.function.state_height(), self.state),
        };
        let group = self.group_index(op, group, height, log)?;
        match self.function.access(op) {
            Access::Opens(number) => {
                let opening = self.source.group(frozen.as_ref(), height, log, group)?;
                opening.check(height, log, root, group)?;
                self.groups[number as usize] = Some(opening);
                Ok(number as usize)
            }
            Access::Again(number) => Ok(number as usize),
            Access::None => Err(BadOpening::Missing { what: Opened::Group, position: usize::MAX }.into()),
        }
    }

    fn group_index(&self, op: usize, group: Value, height: StateHeight, log: u8) -> Result<u64, ExecError> {
        let index = self.integer(group);
        let inside = index >> height.get().saturating_sub(log) == 0;
        if inside { Ok(index) } else { Err(ExecError::SlotOutside { op, index, height }) }
    }

    pub(super) fn group_word(
        &mut self,
        op: usize,
        state: Option<Value>,
        group: Value,
        log: u8,
        at: u8,
    ) -> Result<Datum, ExecError> {
        let number = self.open_group(op, state, group, log)?;
        let word = self.groups[number].as_ref().and_then(|opening| opening.words.get(usize::from(at)));
        word.map(|word| Datum::Hash(*word))
            .ok_or_else(|| BadOpening::Missing { what: Opened::Group, position: number }.into())
    }

    pub(super) fn write_group(
        &mut self,
        op: usize,
        group: Value,
        log: u8,
        first: u8,
        words: &[Value],
        happens: bool,
    ) -> Result<Datum, ExecError> {
        let number = self.open_group(op, None, group, log)?;
        if !happens {
            return Ok(Datum::Nothing);
        }
        let height = self.function.state_height();
        let group = self.group_index(op, group, height, log)?;
        let missing = BadOpening::Missing { what: Opened::Group, position: number };
        let mut opening = self.groups[number].take().ok_or(missing)?;
        for (at, word) in (u64::from(first)..).zip(words) {
            let new = self.digest(*word);
            let (Some(index), Some(place)) = (SlotIndex::new((group << log) + at), opening.words.get_mut(at as usize))
            else {
                return Err(ExecError::SlotOutside { op, index: group, height });
            };
            self.writes.push(Write { index, old: *place, new });
            *place = new;
            self.source.wrote(index, new);
        }
        self.state = opening.root(height, log, group)?;
        self.groups[number] = Some(opening);
        Ok(Datum::Nothing)
    }
}

/// A position, which the list must have.
fn inside(list: SortedList, position: u32) -> Result<Datum, ExecError> {
    if u64::from(position) >> list.bits != 0 {
        let (index, height) = (u64::from(position), usize::from(list.bits));
        return Err(BadOpening::Outside { what: Opened::Position, index, height }.into());
    }
    Ok(Datum::U32(position))
}
