//! The network as a client sees it, over the roles of this process.

use parth_client::Chain;
use parth_client::chain::{RegistrationOpening, UserOpening};
use parth_contract::opening::{CheckpointOpening, ContractOpening, Reader, SlotOpening, StateOpening, Unavailable};
use parth_contract::sorted::{SearchError, SortedList};
use parth_crypto::Digest;
use parth_protocol::ids::{CheckpointId, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::tree::Siblings;
use parth_realm::Realm;
use parth_realm::edge::PAGE;

use super::Node;

fn unavailable(error: impl std::fmt::Display) -> Unavailable {
    Unavailable(error.to_string())
}

impl Node {
    fn home(&self, user: UserId) -> Result<&Realm, Unavailable> {
        self.realm(user).ok_or_else(|| Unavailable(format!("user {user} lives in no realm of this network")))
    }

    fn height(&self, at: CheckpointId, contract: ContractId) -> Result<StateHeight, Unavailable> {
        Ok(Reader::contract(self, at, contract)?.leaf.state_height)
    }
}

impl Reader for Node {
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        // The tree before the anchor's leaf is the tree as of the checkpoint before it.
        let before = anchor.checked_sub(CheckpointId::constant(1));
        let before = before.ok_or_else(|| Unavailable("no checkpoint is older than genesis".to_owned()))?;
        let path = self.coordinator.checkpoint_path(before, at).map_err(unavailable)?;
        Ok(CheckpointOpening { leaf: self.leaf(at)?, path: Siblings::new(path) })
    }

    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable> {
        let opened = self.user(at, user)?;
        let realm = self.home(user)?;
        let contracts = realm.contracts(at, user).map_err(unavailable)?;
        let state = contracts.into_iter().find(|(used, _)| *used == contract).map(|(_, root)| root);
        let path = realm.contract_path(at, user, contract).map_err(unavailable)?;
        Ok(StateOpening {
            user: opened.leaf,
            user_path: opened.path,
            state: state.unwrap_or(Digest::ZERO),
            state_path: Siblings::new(path),
            contract: None,
        })
    }

    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable> {
        let found = self.coordinator.contract(at, contract).map_err(unavailable)?;
        let (leaf, path) =
            found.ok_or_else(|| Unavailable(format!("contract {contract} is not deployed at checkpoint {at}")))?;
        Ok(ContractOpening { leaf, path: Siblings::new(path) })
    }

    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable> {
        let height = self.height(at, contract)?;
        let (word, siblings) = self.home(user)?.slot(at, user, contract, height, index).map_err(unavailable)?;
        Ok(SlotOpening { word, siblings })
    }

    fn find(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        list: SortedList,
        key: Digest,
    ) -> Result<u32, SearchError> {
        let read = |index| match SlotIndex::new(index) {
            Some(index) => Ok(self.slot(at, user, contract, index)?.word),
            None => Ok(Digest::ZERO),
        };
        if let Some(position) = list.near(key, read).map_err(SearchError::Unavailable)? {
            return Ok(position);
        }
        // One pass over the user's words costs less than a path for each node of the list.
        let words = self.words(at, user, contract, self.height(at, contract)?)?;
        Ok(list.among(key, words.into_iter().map(|(slot, word)| (slot.get(), word))))
    }
}

impl Chain for Node {
    fn head(&self) -> Result<CheckpointId, Unavailable> {
        Ok(self.coordinator.head().map_err(unavailable)?.head.public.height)
    }

    fn leaf(&self, at: CheckpointId) -> Result<CheckpointLeaf, Unavailable> {
        let found = self.coordinator.checkpoint(at).map_err(unavailable)?;
        Ok(found.ok_or_else(|| Unavailable(format!("checkpoint {at} is not final")))?.head.leaf)
    }

    fn registration(&self, at: CheckpointId, key: Digest) -> Result<Option<RegistrationOpening>, Unavailable> {
        let Some(index) = self.coordinator.registration(key).map_err(unavailable)? else { return Ok(None) };
        if u64::from(index.get()) >= self.leaf(at)?.globals.registered.get() {
            return Ok(None);
        }
        let path = self.coordinator.registration_path(at, index).map_err(unavailable)?;
        Ok(Some(RegistrationOpening { index, path: Siblings::new(path) }))
    }

    fn user(&self, at: CheckpointId, user: UserId) -> Result<UserOpening, Unavailable> {
        let realm = self.home(user)?;
        let below = realm.user(at, user).map_err(unavailable)?;
        let above = self.coordinator.realm_path(at, realm.index()).map_err(unavailable)?;
        let path = Siblings::new([below.siblings, above].concat());
        Ok(UserOpening { leaf: below.leaf, path })
    }

    fn user_contracts(&self, at: CheckpointId, user: UserId) -> Result<Vec<(ContractId, Digest)>, Unavailable> {
        self.home(user)?.contracts(at, user).map_err(unavailable)
    }

    fn words(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        height: StateHeight,
    ) -> Result<Vec<(SlotIndex, Digest)>, Unavailable> {
        let realm = self.home(user)?;
        let (mut words, mut from) = (Vec::new(), SlotIndex::ZERO);
        loop {
            let page = realm.words(at, user, contract, height, from).map_err(unavailable)?;
            let (full, last) = (page.len() == PAGE, page.last().map(|(slot, _)| *slot));
            words.extend(page);
            match last.and_then(|slot| slot.next()) {
                Some(next) if full => from = next,
                _ => return Ok(words),
            }
        }
    }
}
