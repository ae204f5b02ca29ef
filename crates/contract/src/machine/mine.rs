//! [`crate::ir::Op::Mine`]: the own state in another contract.

use parth_protocol::ids::{ContractId, StateHeight};

use super::{Datum, FrozenState, Machine, Source};
use crate::error::ExecError;

impl<S: Source> Machine<'_, S> {
    pub(super) fn mine(&mut self, op: usize, contract: ContractId, height: StateHeight) -> Result<Datum, ExecError> {
        let (at, user) = (self.head.session.anchor, self.head.session.user);
        let opening = self.source.mine(at, contract)?;
        let root = opening.check(self.profile, self.anchor()?, self.head.user_contracts, contract)?;
        let actual = opening.contract.leaf.state_height;
        if actual != height {
            return Err(ExecError::OtherHeight { op, contract, expected: height, actual });
        }
        self.states.push(FrozenState { at, user, contract, height, root, exists: true, mine: true });
        Ok(Datum::State(self.states.len() - 1))
    }
}
