//! What a session leaves behind, in full, with the openings that a realm asks for.
//!
//! It is complete before anything is signed or proven. What the network adds to it here is checked against the anchor
//! like everything else, since the realm would refuse the finished proof for it.

use std::collections::BTreeMap;

use parth_contract::contracts::system::{CLAIMED_REGION, sent_slot};
use parth_contract::opening::{ContractOpening, Opened, SlotOpening};
use parth_crypto::Digest;
use parth_jobs::wire::{ClaimOpening, ContractWrites, EndedSession};
use parth_protocol::CircuitId;
use parth_protocol::ids::{ContractId, SlotIndex, UserId};
use parth_protocol::records::session::EndCapResult;
use parth_protocol::session::end_cap::close;

use super::error::SessionError;
use super::open::{MadeCall, Session};

impl Session<'_> {
    /// What the session changes, when it ends with `result`, as a proof of `circuit` shows.
    pub(super) fn ended(&self, result: EndCapResult, circuit: CircuitId) -> Result<EndedSession, SessionError> {
        let (_, end_leaf) = close(&self.state, &self.network.parameters)?;
        // The first call of a contract found it as the anchor has it, and checked its opening there.
        let mut first_calls: BTreeMap<ContractId, &MadeCall> = BTreeMap::new();
        for made in &self.calls {
            first_calls.entry(made.execution.call.contract).or_insert(made);
        }
        let changed = first_calls
            .into_iter()
            .filter(|(contract, first)| first.taken.state_leaf != self.contracts.leaf(contract.get().into()));
        let contracts: Vec<ContractWrites> = changed
            .map(|(contract, first)| {
                let opening =
                    ContractOpening { leaf: first.taken.contract.clone(), path: first.taken.contract_path.clone() };
                ContractWrites { contract, opening, writes: self.writes(contract).into_iter().collect() }
            })
            .collect();
        let claims = self.claims(result.user, &contracts)?;
        Ok(EndedSession { result, circuit, end_leaf, contracts, claims })
    }

    /// The words that the calls wrote into a contract's state, with their last values.
    fn writes(&self, contract: ContractId) -> BTreeMap<SlotIndex, Digest> {
        let calls = self.calls.iter().filter(|made| made.execution.call.contract == contract);
        calls.flat_map(|made| &made.execution.writes).map(|write| (write.index, write.new)).collect()
    }

    /// What each user had sent from whom the session claims.
    fn claims(&self, to: UserId, contracts: &[ContractWrites]) -> Result<Vec<ClaimOpening>, SessionError> {
        let Some(system) = contracts.iter().find(|change| change.contract == ContractId::SYSTEM) else {
            return Ok(Vec::new());
        };
        let height = system.opening.leaf.state_height;
        let claimed = system.writes.iter().filter(|(slot, _)| slot.get() >> 32 == u64::from(CLAIMED_REGION));
        claimed
            .map(|(slot, _)| {
                // The low half of a slot in this region is the sender's id.
                let from = UserId::constant(slot.get() as u32);
                let mut state = self.chain.state(self.anchor, from, ContractId::SYSTEM)?;
                state.contract = None;
                let (profile, anchor) = (&self.network.rules.profile, &self.anchor_leaf);
                let root = state.check(profile, anchor, from, ContractId::SYSTEM, height)?;
                let slot = if state.user.is_none() || state.state.is_zero() {
                    SlotOpening::empty(height)
                } else {
                    self.chain.slot(self.anchor, from, ContractId::SYSTEM, sent_slot(to))?
                };
                slot.check(Opened::Slot, height, root, sent_slot(to).get())?;
                Ok(ClaimOpening { from, state, slot })
            })
            .collect()
    }
}
