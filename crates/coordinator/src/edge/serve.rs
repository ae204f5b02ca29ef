//! What the coordinator serves: checkpoints, contracts, registrations, and the paths above the realms.

use parth_crypto::Digest;
use parth_jobs::wire::Committed;
use parth_protocol::ids::{CheckpointId, ContractId, NodeIndex, RegistrationIndex};
use parth_protocol::records::leaf::ContractLeaf;
use parth_store::Tree;

use crate::Coordinator;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, CONTRACTS, KEYS};

impl Coordinator {
    /// The newest final checkpoint.
    pub fn head(&self) -> Result<Committed, Halt> {
        let head = self.store.position()?.head;
        let head = head.ok_or_else(|| Halt::Contradiction("there is no genesis".to_owned()))?;
        let committed = CHECKPOINTS.get(&self.store, &head.checkpoint)?;
        committed.ok_or_else(|| Halt::Contradiction(format!("checkpoint {} has no row", head.checkpoint)))
    }

    /// A final checkpoint; nothing when it is not there yet.
    pub fn checkpoint(&self, at: CheckpointId) -> Result<Option<Committed>, Halt> {
        Ok(CHECKPOINTS.get(&self.store, &at)?)
    }

    /// Siblings of a checkpoint in the checkpoint tree as of another one.
    pub fn checkpoint_path(&self, as_of: CheckpointId, at: CheckpointId) -> Result<Vec<Digest>, Halt> {
        let tree = Tree::checkpoints(&self.network.rules.profile);
        Ok(self.forest.at(as_of)?.path(tree, at.get().into())?.siblings)
    }

    /// Siblings from a realm's root up to below the root of the user tree.
    pub fn realm_path(&self, as_of: CheckpointId, realm: NodeIndex) -> Result<Vec<Digest>, Halt> {
        Ok(self.forest.at(as_of)?.path(self.users(), realm.get())?.siblings)
    }

    /// Where a key is registered.
    pub fn registration(&self, key: Digest) -> Result<Option<RegistrationIndex>, Halt> {
        Ok(KEYS.get(&self.store, &key)?)
    }

    /// Siblings of a registration.
    pub fn registration_path(&self, as_of: CheckpointId, at: RegistrationIndex) -> Result<Vec<Digest>, Halt> {
        let tree = Tree::registrations(&self.network.rules.profile);
        Ok(self.forest.at(as_of)?.path(tree, at.get().into())?.siblings)
    }

    /// A contract's leaf and its siblings; nothing when it was not deployed by then.
    pub fn contract(
        &self,
        as_of: CheckpointId,
        contract: ContractId,
    ) -> Result<Option<(ContractLeaf, Vec<Digest>)>, Halt> {
        let (view, tree) = (self.forest.at(as_of)?, Tree::contracts(&self.network.rules.profile));
        if view.leaf(tree, contract.get().into())?.is_zero() {
            return Ok(None);
        }
        let Some(leaf) = CONTRACTS.get(&self.store, &contract)? else { return Ok(None) };
        Ok(Some((leaf, view.path(tree, contract.get().into())?.siblings)))
    }

    /// The id of a deployed contract, by its leaf.
    pub fn contract_id(&self, leaf: &ContractLeaf) -> Result<Option<ContractId>, Halt> {
        let all = CONTRACTS.all(&self.store)?;
        Ok(all.into_iter().find(|(_, deployed)| deployed == leaf).map(|(id, _)| id))
    }
}
