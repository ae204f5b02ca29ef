//! `C.mine()`: the user's own state in another contract, as it stands before a call.
//!
//! ```text
//!   anchor ── contracts ──▸ contract leaf: height and initial root
//!   call ──── user_contracts ──▸ UCON ──▸ CSTATE root ──▸ word
//! ```
//! The user contract tree is the one that the call starts from, which the step compares with the session. So what
//! earlier calls of the session wrote is seen, and what this call and those that it makes write is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::Digest;
use parth_crypto::merkle::SparseTree;
use parth_protocol::ids::{CheckpointId, ContractId, SlotIndex, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::tree::{Siblings, UserContracts};

use crate::opening::{
    CheckpointOpening, ContractOpening, Opened, Reader, SlotOpening, StateOpening, Unavailable, check,
};
use crate::sorted::{SearchError, SortedList};

/// The state root of the session's own user in another contract.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MineOpening {
    /// The leaf of the user's contract tree: a state root; zero when the user never used the contract.
    pub state: Digest,
    /// Its siblings in the user's contract tree.
    pub state_path: Siblings<UserContracts>,
    /// The contract's leaf, as of the anchor.
    pub contract: ContractOpening,
}

impl MineOpening {
    /// Checks the opening against the anchor and the user's contract tree before the call, and gives the root of the
    /// state: the contract's initial root when the user never used it.
    pub fn check(
        &self,
        profile: &Profile,
        anchor: &CheckpointLeaf,
        user_contracts: Digest,
        contract: ContractId,
    ) -> Result<Digest, crate::opening::BadOpening> {
        self.contract.check(profile, anchor, contract)?;
        let index = u64::from(contract.get());
        check(Opened::Mine, profile, user_contracts, index, self.state, &self.state_path)?;
        Ok(if self.state.is_zero() { self.contract.leaf.initial } else { self.state })
    }
}

/// A chain as an open session sees it: frozen reads from the chain, own state from the session.
#[derive(Clone, Copy)]
pub struct InSession<'a> {
    /// The chain.
    pub chain: &'a dyn Reader,
    /// The session's anchor. What no call of the session wrote is as of there.
    pub anchor: CheckpointId,
    /// Whose session it is.
    pub user: UserId,
    /// The user's contract tree, as it stands.
    pub contracts: &'a SparseTree,
    /// The user's states that the session holds, as they stand.
    pub states: &'a BTreeMap<ContractId, Arc<SparseTree>>,
}

impl Reader for InSession<'_> {
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        self.chain.checkpoint(anchor, at)
    }

    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable> {
        self.chain.state(at, user, contract)
    }

    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable> {
        self.chain.contract(at, contract)
    }

    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable> {
        self.chain.slot(at, user, contract, index)
    }

    fn find(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        list: SortedList,
        key: Digest,
    ) -> Result<u32, SearchError> {
        self.chain.find(at, user, contract, list, key)
    }

    fn mine(&self, contract: ContractId) -> Result<(Digest, Siblings<UserContracts>), Unavailable> {
        let index = contract.get().into();
        Ok((self.contracts.leaf(index), Siblings::new(self.contracts.path(index).siblings)))
    }

    fn mine_slot(&self, contract: ContractId, index: SlotIndex) -> Result<SlotOpening, Unavailable> {
        match self.states.get(&contract) {
            Some(state) => {
                let index = index.get();
                Ok(SlotOpening { word: state.leaf(index), siblings: state.path(index).siblings })
            }
            // No call of this session wrote it: it is as the session found it.
            None => self.chain.slot(self.anchor, self.user, contract, index),
        }
    }

    fn mine_find(&self, contract: ContractId, list: SortedList, key: Digest) -> Result<u32, SearchError> {
        match self.states.get(&contract) {
            Some(state) => Ok(list.find_in(key, state)),
            None => self.chain.find(self.anchor, self.user, contract, list, key),
        }
    }
}
