//! Executes a call natively, before anything is proven, and records what its proof needs.

use parth_crypto::merkle::{self, SparseTree};
use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::{Caller, CheckpointId, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::{Call, CallContext, Session};

use crate::call::CallWitness;
use crate::debt::{Debt, InlineDebt};
use crate::error::ExecError;
use crate::function::Function;
use crate::machine::{self, Event, FrozenState, Outcome, Source, Values, Write};
use crate::mine::MineOpening;
use crate::opening::{CheckpointOpening, GroupOpening, Opening, Reader, SlotOpening, StateOpening, Unavailable};
use crate::sorted::SortedList;

/// A call that can be made, with everything that its proof needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The call.
    pub call: Call,
    /// What its proof says.
    pub context: CallContext,
    /// The outputs, as felts in order.
    pub outputs: Vec<Felt>,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The words written, in order.
    pub writes: Vec<Write>,
    /// The calls that it owes, in the order in which they are to be made.
    pub deferred: Vec<Debt>,
    /// The calls that it makes inline, in order, with the results that were claimed of them.
    pub inline: Vec<InlineDebt>,
    /// Inputs of the call's circuit.
    pub witness: CallWitness,
}

/// Executes a top-level call of `function`, which stands in `contract`, as the next call of an open session.
///
/// `own` is the user's state in the contract before the call. Deterministic: the result depends on the arguments
/// only. Refuses whatever could not be proven, see [`ExecError`].
#[allow(clippy::too_many_arguments)] // each is another root of trust of the call
pub fn execute(
    profile: &Profile,
    contract: ContractId,
    function: &Function,
    session: &Session,
    anchor: &CheckpointLeaf,
    inputs: &[Felt],
    own: &SparseTree,
    reader: &dyn Reader,
) -> Result<Execution, ExecError> {
    let user = Caller::USER;
    let executed = execute_with_values(profile, contract, function, user, session, anchor, inputs, own, reader, &[]);
    executed.map_err(|(error, _)| error)
}

/// As [`execute`], for any caller, with claimed results of the inline calls that are made; a refusal comes with the
/// values that the code computed until then, to show them at their place in the source.
///
/// That the callees give these results is for [`crate::settle`] to find, and for the session to prove.
#[allow(clippy::too_many_arguments)] // as `execute`
pub fn execute_with_values(
    profile: &Profile,
    contract: ContractId,
    function: &Function,
    caller: Caller,
    session: &Session,
    anchor: &CheckpointLeaf,
    inputs: &[Felt],
    own: &SparseTree,
    reader: &dyn Reader,
    claims: &[InlineDebt],
) -> Result<Execution, (ExecError, Values)> {
    if own.height() != usize::from(function.state_height().get()) {
        let error = ExecError::OwnHeight { expected: function.state_height(), actual: own.height() };
        return Err((error, Values::new()));
    }
    let call = Call {
        caller,
        contract,
        method: function.method(),
        inputs_length: function.inputs_length(),
        inputs: hash(Domain::Inputs, inputs),
    };
    let mut witness = CallWitness {
        session: session.start.clone(),
        call: call.clone(),
        inputs: inputs.to_vec(),
        user_contracts: session.leaf.contracts,
        state: own.root(),
        proofs: session.state.proofs,
        balance: session.leaf.balance,
        events_before: session.leaf.events,
        anchor: function.opens_anchor().then(|| anchor.clone()),
        openings: Vec::new(),
    };
    let mut live = Live { own: own.clone(), reader, claims, openings: Vec::new() };
    let outcome = machine::run_with_values(profile, function, &witness, &mut live)?;
    witness.openings = live.openings;
    let Outcome { context, outputs, events, writes, deferred, inline } = outcome;
    Ok(Execution { call, context, outputs, events, writes, deferred, inline, witness })
}

/// Openings from the user's own state, as it evolves, and from a reader; all are recorded.
struct Live<'a> {
    own: SparseTree,
    reader: &'a dyn Reader,
    /// Results of the inline calls that are made, in order.
    claims: &'a [InlineDebt],
    openings: Vec<Opening>,
}

impl Live<'_> {
    fn frozen_slot(&self, state: &FrozenState, index: SlotIndex) -> Result<SlotOpening, Unavailable> {
        if state.mine {
            self.reader.mine_slot(state.contract, index)
        } else {
            self.reader.slot(state.at, state.user, state.contract, index)
        }
    }
}

impl Source for Live<'_> {
    fn own(&mut self, index: SlotIndex) -> Result<SlotOpening, ExecError> {
        let index = index.get();
        let opening = SlotOpening { word: self.own.leaf(index), siblings: self.own.path(index).siblings };
        self.openings.push(Opening::Own(opening.clone()));
        Ok(opening)
    }

    fn wrote(&mut self, index: SlotIndex, word: Digest) {
        self.own.set(index.get(), word);
    }

    fn checkpoint(&mut self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, ExecError> {
        let opening = self.reader.checkpoint(anchor, at)?;
        self.openings.push(Opening::Checkpoint(Box::new(opening.clone())));
        Ok(opening)
    }

    fn state(
        &mut self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        other: bool,
    ) -> Result<StateOpening, ExecError> {
        let mut opening = self.reader.state(at, user, contract)?;
        opening.contract = if other { Some(self.reader.contract(at, contract)?) } else { None };
        self.openings.push(Opening::State(Box::new(opening.clone())));
        Ok(opening)
    }

    fn slot(&mut self, state: &FrozenState, index: SlotIndex) -> Result<SlotOpening, ExecError> {
        let empty = merkle::empty_root(Domain::StateNode, usize::from(state.height.get()));
        let opening =
            if state.root == empty { SlotOpening::empty(state.height) } else { self.frozen_slot(state, index)? };
        self.openings.push(Opening::Slot(opening.clone()));
        Ok(opening)
    }

    fn group(
        &mut self,
        state: Option<&FrozenState>,
        height: StateHeight,
        log: u8,
        group: u64,
    ) -> Result<GroupOpening, ExecError> {
        let first = group << log;
        let opening = match state {
            None => {
                let words = (first..).take(1 << log).map(|index| self.own.leaf(index)).collect();
                let siblings = self.own.path(first).siblings.split_off(usize::from(log));
                GroupOpening { words, siblings }
            }
            Some(state) if state.root == merkle::empty_root(Domain::StateNode, usize::from(height.get())) => {
                GroupOpening::empty(height, log)
            }
            Some(state) => {
                let mut opening = GroupOpening { words: Vec::new(), siblings: Vec::new() };
                for index in (first..).take(1 << log).map_while(SlotIndex::new) {
                    let slot = self.frozen_slot(state, index)?;
                    opening.words.push(slot.word);
                    opening.siblings = slot.siblings.get(usize::from(log)..).unwrap_or_default().to_vec();
                }
                opening
            }
        };
        self.openings.push(Opening::Group(opening.clone()));
        Ok(opening)
    }

    fn find(&mut self, state: Option<&FrozenState>, list: SortedList, key: Digest) -> Result<u32, ExecError> {
        let position = match state {
            None => list.find_in(key, &self.own),
            Some(state) => {
                let empty = merkle::empty_root(Domain::StateNode, usize::from(state.height.get()));
                // Where the path is not taken the key is zero, and nobody is asked.
                if key.is_zero() || state.root == empty {
                    0
                } else if state.mine {
                    self.reader.mine_find(state.contract, list, key)?
                } else {
                    self.reader.find(state.at, state.user, state.contract, list, key)?
                }
            }
        };
        self.openings.push(Opening::Position(position));
        Ok(position)
    }

    fn free(&mut self, list: SortedList, key: Digest) -> Result<u32, ExecError> {
        let position = list.free_in(key, &self.own);
        self.openings.push(Opening::Position(position));
        Ok(position)
    }

    fn mine(&mut self, anchor: CheckpointId, contract: ContractId) -> Result<MineOpening, ExecError> {
        let (state, state_path) = self.reader.mine(contract)?;
        let opening = MineOpening { state, state_path, contract: self.reader.contract(anchor, contract)? };
        self.openings.push(Opening::Mine(Box::new(opening.clone())));
        Ok(opening)
    }

    fn results(&mut self, op: usize, before: &[InlineDebt], call: &Debt, felts: usize) -> Result<Vec<Felt>, ExecError> {
        // A claim is about one call: where other results led to another call, its results are not known yet.
        let claim = self.claims.get(before.len()).filter(|claim| claim.debt == *call && claim.outputs.len() == felts);
        let Some(InlineDebt { outputs, .. }) = claim else {
            let before = before.iter().map(|made| made.debt.clone()).collect();
            return Err(ExecError::NeedsResults { op, before, call: Box::new(call.clone()), felts });
        };
        self.openings.push(Opening::Results(outputs.clone()));
        Ok(outputs.clone())
    }

    fn no_results(&mut self, felts: usize) -> Result<Vec<Felt>, ExecError> {
        let zeros = vec![Felt::ZERO; felts];
        self.openings.push(Opening::Results(zeros.clone()));
        Ok(zeros)
    }
}
