//! `contract::call`: one call of one contract function, as its proof shows it.
//!
//! The witness is everything that the circuit takes; [`CallWitness::apply`] re-checks it natively, root by root, and
//! gives what the proof will say. Twin: `circuits/src/contract/call.rs`. Source: design/protocol.md, `contract::call`.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::Record;
use parth_protocol::ids::{Amount, CheckpointId, ContractId, EventCount, SlotIndex, StateHeight, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::{Call, SessionStart};

use crate::debt::{Debt, InlineDebt};
use crate::error::ExecError;
use crate::function::Function;
use crate::machine::{self, FrozenState, Outcome, Source};
use crate::mine::MineOpening;
use crate::opening::{BadOpening, CheckpointOpening, GroupOpening, Opened, Opening, SlotOpening, StateOpening};
use crate::sorted::SortedList;

/// Inputs of one call's circuit.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CallWitness {
    /// What the session starts from.
    pub session: SessionStart,
    /// The call.
    pub call: Call,
    /// Its inputs, as felts in order.
    pub inputs: Vec<Felt>,
    /// UCON root before the call.
    pub user_contracts: Digest,
    /// CSTATE root before the call.
    pub state: Digest,
    /// Root of the session proof tree.
    pub proofs: Digest,
    /// Native balance before the call.
    pub balance: Amount,
    /// Event count before the call.
    pub events_before: EventCount,
    /// Checkpoint leaf of the anchor, when the function reads the chain.
    pub anchor: Option<CheckpointLeaf>,
    /// What proves the reads, in the order in which the function needs them.
    pub openings: Vec<Opening>,
}

impl CallWitness {
    /// Checks the whole witness natively and gives what the call does. The circuit accepts exactly these witnesses.
    pub fn apply(&self, profile: &Profile, function: &Function) -> Result<Outcome, ExecError> {
        let mut replay = Replay { openings: &self.openings, used: 0 };
        let outcome = machine::run(profile, function, self, &mut replay)?;
        if replay.used != self.openings.len() {
            return Err(BadOpening::Extra { expected: replay.used, actual: self.openings.len() }.into());
        }
        Ok(outcome)
    }

    /// Checks that the call is one of this function and that the anchor is the session's.
    pub(crate) fn check(&self, function: &Function) -> Result<(), ExecError> {
        let same = |part, expected: Digest, actual: Digest| {
            if expected == actual { Ok(()) } else { Err(ExecError::Call { part, expected, actual }) }
        };
        let number = |value: u32| Digest([Felt::from(value), Felt::ZERO, Felt::ZERO, Felt::ZERO]);
        same("method", number(function.method().get()), number(self.call.method.get()))?;
        same("number of inputs", number(function.inputs_length().get()), number(self.call.inputs_length.get()))?;
        same("inputs digest", hash(Domain::Inputs, &self.inputs), self.call.inputs)?;
        if function.moves_balance() && self.call.contract != ContractId::SYSTEM {
            let function = function.name().to_owned();
            return Err(ExecError::NotSystem { function, contract: self.call.contract });
        }
        match &self.anchor {
            None if function.opens_anchor() => Err(ExecError::NoAnchor),
            Some(leaf) if leaf.digest() != self.session.anchor_leaf => {
                Err(ExecError::Anchor { expected: self.session.anchor_leaf, actual: leaf.digest() })
            }
            _ => Ok(()),
        }
    }
}

/// Openings of a recorded witness, one after the other.
struct Replay<'a> {
    openings: &'a [Opening],
    used: usize,
}

impl<'a> Replay<'a> {
    fn next(&mut self, what: Opened) -> Result<&'a Opening, BadOpening> {
        let opening = self.openings.get(self.used).ok_or(BadOpening::Missing { what, position: self.used })?;
        self.used += 1;
        Ok(opening)
    }

    fn missing<T>(&self, what: Opened) -> Result<T, ExecError> {
        Err(BadOpening::Missing { what, position: self.used - 1 }.into())
    }
}

impl Source for Replay<'_> {
    fn own(&mut self, _: SlotIndex) -> Result<SlotOpening, ExecError> {
        match self.next(Opened::Own)? {
            Opening::Own(opening) => Ok(opening.clone()),
            _ => self.missing(Opened::Own),
        }
    }

    fn wrote(&mut self, _: SlotIndex, _: Digest) {}

    fn checkpoint(&mut self, _: CheckpointId, _: CheckpointId) -> Result<CheckpointOpening, ExecError> {
        match self.next(Opened::Checkpoint)? {
            Opening::Checkpoint(opening) => Ok((**opening).clone()),
            _ => self.missing(Opened::Checkpoint),
        }
    }

    fn state(&mut self, _: CheckpointId, _: UserId, _: ContractId, _: bool) -> Result<StateOpening, ExecError> {
        match self.next(Opened::State)? {
            Opening::State(opening) => Ok((**opening).clone()),
            _ => self.missing(Opened::State),
        }
    }

    fn slot(&mut self, _: &FrozenState, _: SlotIndex) -> Result<SlotOpening, ExecError> {
        match self.next(Opened::Slot)? {
            Opening::Slot(opening) => Ok(opening.clone()),
            _ => self.missing(Opened::Slot),
        }
    }

    fn group(&mut self, _: Option<&FrozenState>, _: StateHeight, _: u8, _: u64) -> Result<GroupOpening, ExecError> {
        match self.next(Opened::Group)? {
            Opening::Group(opening) => Ok(opening.clone()),
            _ => self.missing(Opened::Group),
        }
    }

    fn find(&mut self, _: Option<&FrozenState>, _: SortedList, _: Digest) -> Result<u32, ExecError> {
        match self.next(Opened::Position)? {
            Opening::Position(position) => Ok(*position),
            _ => self.missing(Opened::Position),
        }
    }

    fn free(&mut self, list: SortedList, key: Digest) -> Result<u32, ExecError> {
        self.find(None, list, key)
    }

    fn mine(&mut self, _: CheckpointId, _: ContractId) -> Result<MineOpening, ExecError> {
        match self.next(Opened::Mine)? {
            Opening::Mine(opening) => Ok((**opening).clone()),
            _ => self.missing(Opened::Mine),
        }
    }

    fn results(&mut self, _: usize, _: &[InlineDebt], _: &Debt, felts: usize) -> Result<Vec<Felt>, ExecError> {
        self.no_results(felts)
    }

    fn no_results(&mut self, _: usize) -> Result<Vec<Felt>, ExecError> {
        match self.next(Opened::Results)? {
            Opening::Results(felts) => Ok(felts.clone()),
            _ => self.missing(Opened::Results),
        }
    }
}
