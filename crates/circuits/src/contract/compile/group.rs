//! Groups of words, advice on where they stand, and the order of hashes. Twin: `contract/src/machine/group.rs`.

use parth_contract::function::Access;
use parth_contract::ir::Value;
use parth_crypto::Domain;
use parth_proof::Builder;
use plonky2::iop::target::BoolTarget;

use super::super::opening::OpeningTarget;
use super::{Compiler, Wire};
use crate::gadgets::hash::{DigestTarget, node};
use crate::gadgets::{logic, merkle, order, range};

/// A group of words whose siblings are proven; one of the own state as it stands now.
#[derive(Clone, Debug)]
pub(super) struct GroupWords {
    bits: Vec<BoolTarget>,
    siblings: Vec<DigestTarget>,
    words: Vec<DigestTarget>,
}

impl GroupWords {
    /// The root above. A row a word and a row a level above the group, less one.
    fn root(&self, builder: &mut Builder) -> DigestTarget {
        let mut level = self.words.clone();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| node(builder, Domain::StateNode, pair[0], pair[1])).collect();
        }
        merkle::root(builder, Domain::StateNode, &self.bits, level[0], &self.siblings)
    }
}

impl Compiler<'_> {
    pub(super) fn before(&mut self, a: Value, b: Value) -> Wire {
        Wire::One(order::is_before(self.builder, self.digest(a), self.digest(b)).target)
    }

    /// A position is any number of the list's width: what stands there is proven by reads.
    pub(super) fn position(&mut self, at: usize) -> Wire {
        let OpeningTarget::Position { position, bits } = self.opening(at) else {
            return Wire::Nothing;
        };
        range::check(self.builder, *position, *bits);
        Wire::One(*position)
    }

    /// Proves a group, unless an earlier operation did, and gives the number of its opening.
    fn open_group(&mut self, at: usize, state: Option<Value>, group: Value) -> usize {
        let number = match self.function.access(at) {
            Access::Opens(number) | Access::Again(number) => number as usize,
            Access::None => unreachable!("the check of the code gave operation {at} an opening"),
        };
        if let (Access::Opens(_), OpeningTarget::Group(group_target)) = (self.function.access(at), self.opening(at)) {
            let root = match state.map(|state| self.get(state)) {
                Some(Wire::State(state)) => self.states[state].root,
                _ => self.effects.state,
            };
            let bits = self.bits(self.one(group), group_target.siblings.len());
            let (words, siblings) = (group_target.words.clone(), group_target.siblings.clone());
            let opened = GroupWords { bits, siblings, words };
            opened.root(self.builder).connect(self.builder, root);
            self.groups[number] = Some(opened);
        }
        number
    }

    pub(super) fn group_word(&mut self, at: usize, state: Option<Value>, group: Value, word: u8) -> Wire {
        let number = self.open_group(at, state, group);
        let word = self.groups[number].as_ref().and_then(|group| group.words.get(usize::from(word)));
        word.map_or(Wire::Nothing, |word| Wire::Digest(*word))
    }

    pub(super) fn write_group(
        &mut self,
        at: usize,
        group: Value,
        first: u8,
        words: &[Value],
        when: Option<Value>,
    ) -> Wire {
        let number = self.open_group(at, None, group);
        let new: Vec<DigestTarget> = words.iter().map(|word| self.digest(*word)).collect();
        let when = when.map(|when| self.bool(when));
        if let Some(group) = &mut self.groups[number] {
            for (place, word) in group.words.iter_mut().skip(usize::from(first)).zip(new) {
                *place = match when {
                    Some(when) => logic::select_digest(self.builder, when, word, *place),
                    None => word,
                };
            }
            self.effects.state = group.root(self.builder);
        }
        for _ in words {
            self.effects.slots = self.count(self.effects.slots, when);
        }
        Wire::Nothing
    }
}
