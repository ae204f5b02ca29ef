//! Operations on groups of words and sorted lists.

use parth_protocol::ids::StateHeight;

use super::{Checked, Checker, Problem};
use crate::function::{Access, OpeningKind};
use crate::ir::{Op, OtherContract, Type, Value};
use crate::sorted::SortedList;

/// Most words of a group, as a power of two.
pub(crate) const MAX_GROUP_LOG: u8 = 4;

impl Checker<'_> {
    /// The height of the tree of a frozen state.
    pub(super) fn height_of(&self, state: Value) -> StateHeight {
        // Only these operations make a state, and no other hands one on.
        match self.code.ops[state.index()] {
            Op::State { contract: Some(OtherContract { height, .. }), .. } | Op::Mine(OtherContract { height, .. }) => {
                height
            }
            _ => self.contract.state_height,
        }
    }

    fn height(&self, state: Option<Value>) -> Checked<StateHeight> {
        let Some(state) = state else { return Ok(self.contract.state_height) };
        self.is(state, Type::State, "state")?;
        Ok(self.height_of(state))
    }

    pub(super) fn find(
        &mut self,
        state: Option<Value>,
        list: SortedList,
        key: Value,
    ) -> Checked<(Access, Option<Type>)> {
        let height = self.height(state)?;
        self.is(key, Type::Hash, "hash")?;
        if !(1..=MAX_GROUP_LOG).contains(&list.log) || !list.fits(height) {
            return Err(Problem::Group);
        }
        Ok((self.open(OpeningKind::Position { bits: list.bits }), Some(Type::U32)))
    }

    fn group(&mut self, state: Option<Value>, group: Value, log: u8, words: u8) -> Checked<Access> {
        let height = self.height(state)?;
        self.index(group)?;
        if !(1..=MAX_GROUP_LOG.min(height.get())).contains(&log) || words == 0 || words > 1 << log {
            return Err(Problem::Group);
        }
        let open = match state {
            None => self.own_groups.get(&(group, log)),
            Some(state) => self.frozen_groups.get(&(state, group, log)),
        };
        if let Some(&opening) = open {
            return Ok(Access::Again(opening));
        }
        let access = self.open(OpeningKind::Group { height, log, own: state.is_none() });
        let opening = self.openings.len() as u32 - 1;
        match state {
            None => self.own_groups.insert((group, log), opening),
            Some(state) => self.frozen_groups.insert((state, group, log), opening),
        };
        Ok(access)
    }

    pub(super) fn group_word(
        &mut self,
        state: Option<Value>,
        group: Value,
        log: u8,
        at: u8,
    ) -> Checked<(Access, Option<Type>)> {
        Ok((self.group(state, group, log, at.saturating_add(1))?, Some(Type::Hash)))
    }

    pub(super) fn write_group(
        &mut self,
        group: Value,
        log: u8,
        at: u8,
        words: &[Value],
        when: Option<Value>,
    ) -> Checked<Access> {
        self.changes(when)?;
        let count = u8::try_from(words.len()).map_err(|_| Problem::Group)?;
        if count == 0 {
            return Err(Problem::Group);
        }
        let access = self.group(None, group, log, at.saturating_add(count))?;
        words.iter().try_for_each(|word| self.is(*word, Type::Hash, "hash"))?;
        // Only the opening of this same group still stands.
        self.own.clear();
        self.own_groups.retain(|key, _| *key == (group, log));
        Ok(access)
    }
}
