//! The own state in another contract. Twin: `parth_contract`'s `machine/mine.rs`.

use parth_contract::ir::OtherContract;

use super::{Compiler, StateWire, Wire};
use crate::contract::opening::OpeningTarget;

impl Compiler<'_> {
    pub(super) fn mine(&mut self, at: usize, other: &OtherContract) -> Wire {
        let OpeningTarget::Mine(opening) = self.opening(at) else {
            return Wire::Nothing;
        };
        let contract = self.bits(self.one(other.id), opening.contract_levels());
        let (anchor, user_contracts) = (self.anchor(), self.head.user_contracts);
        let root = opening.root(self.builder, anchor, user_contracts, &contract, other.height);
        // The user has a session, so the user exists.
        let exists = self.builder._true();
        self.states.push(StateWire { root, height: other.height, exists });
        Wire::State(self.states.len() - 1)
    }
}
