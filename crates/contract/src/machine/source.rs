//! Where the openings of a call come from.

use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{CheckpointId, ContractId, SlotIndex, StateHeight, UserId};

use crate::debt::{Debt, InlineDebt};
use crate::error::ExecError;
use crate::mine::MineOpening;
use crate::opening::{CheckpointOpening, GroupOpening, SlotOpening, StateOpening};
use crate::sorted::SortedList;

/// A frozen state that the code may read words of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrozenState {
    pub(crate) at: CheckpointId,
    pub(crate) user: UserId,
    pub(crate) contract: ContractId,
    pub(crate) height: StateHeight,
    pub(crate) root: Digest,
    /// Does the user exist at the checkpoint?
    pub(crate) exists: bool,
    /// Is it the user's own, as the session has it, rather than as a checkpoint has it?
    pub(crate) mine: bool,
}

/// Where openings come from.
pub(crate) trait Source {
    fn own(&mut self, index: SlotIndex) -> Result<SlotOpening, ExecError>;
    fn wrote(&mut self, index: SlotIndex, word: Digest);
    fn checkpoint(&mut self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, ExecError>;
    fn state(
        &mut self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        other: bool,
    ) -> Result<StateOpening, ExecError>;
    fn slot(&mut self, state: &FrozenState, index: SlotIndex) -> Result<SlotOpening, ExecError>;
    /// A group of the own state, or of a frozen one.
    fn group(
        &mut self,
        state: Option<&FrozenState>,
        height: StateHeight,
        log: u8,
        group: u64,
    ) -> Result<GroupOpening, ExecError>;
    /// Where a key stands in a list of the own state, or of a frozen one.
    fn find(&mut self, state: Option<&FrozenState>, list: SortedList, key: Digest) -> Result<u32, ExecError>;
    /// Where a new node of a list of the own state could go.
    fn free(&mut self, list: SortedList, key: Digest) -> Result<u32, ExecError>;
    fn mine(&mut self, anchor: CheckpointId, contract: ContractId) -> Result<MineOpening, ExecError>;
    /// So many felts of results of an inline call, which is made after `before`.
    fn results(&mut self, op: usize, before: &[InlineDebt], call: &Debt, felts: usize) -> Result<Vec<Felt>, ExecError>;
    /// The results of an inline call that is not made.
    fn no_results(&mut self, felts: usize) -> Result<Vec<Felt>, ExecError>;
}
