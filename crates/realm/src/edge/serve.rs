//! What a realm serves of its users, as of any checkpoint that it has followed.

use parth_crypto::Digest;
use parth_jobs::wire::SubmissionId;
use parth_protocol::ids::{CheckpointId, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::turnstile::Holdings;
use parth_store::Tree;

use crate::Realm;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, HELD, LEAVES, PENDING, newest_first};

/// Words of one answer of [`Realm::words`].
pub const PAGE: usize = 1 << 14;

/// A user at a checkpoint, with the realm's part of the user's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAt {
    /// The user's leaf; nothing before the first session.
    pub leaf: Option<UserLeaf>,
    /// Siblings from the leaf up to below the realm's root.
    pub siblings: Vec<Digest>,
}

impl Realm {
    /// A user as of a checkpoint.
    pub fn user(&self, at: CheckpointId, user: UserId) -> Result<UserAt, Halt> {
        let path = self.forest.at(at)?.path(self.users(), user.get().into())?;
        Ok(UserAt { leaf: self.leaf(user, at)?, siblings: path.siblings })
    }

    /// The contracts that a user has used, with the root of the user's state in each.
    pub fn contracts(&self, at: CheckpointId, user: UserId) -> Result<Vec<(ContractId, Digest)>, Halt> {
        let tree = Tree::user_contracts(&self.network.rules.profile, user);
        let leaves = self.forest.at(at)?.written_leaves(tree, 0, PAGE)?;
        Ok(leaves.into_iter().map(|(index, root)| (ContractId::constant(index as u32), root)).collect())
    }

    /// Siblings of a contract in the user's contract tree.
    pub fn contract_path(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<Vec<Digest>, Halt> {
        let tree = Tree::user_contracts(&self.network.rules.profile, user);
        Ok(self.forest.at(at)?.path(tree, contract.get().into())?.siblings)
    }

    /// The words of a user's state in a contract, from a place on, [`PAGE`] at most.
    pub fn words(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        height: StateHeight,
        from: SlotIndex,
    ) -> Result<Vec<(SlotIndex, Digest)>, Halt> {
        let tree = Tree::state(user, contract, height);
        let words = self.forest.at(at)?.written_leaves(tree, from.get(), PAGE)?;
        Ok(words.into_iter().map(|(index, word)| (SlotIndex::constant(index), word)).collect())
    }

    /// A word of a user's state in a contract, and its siblings.
    pub fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        height: StateHeight,
        slot: SlotIndex,
    ) -> Result<(Digest, Vec<Digest>), Halt> {
        let (view, tree) = (self.forest.at(at)?, Tree::state(user, contract, height));
        Ok((view.leaf(tree, slot.get())?, view.path(tree, slot.get())?.siblings))
    }

    /// The leaf of a checkpoint that this realm has followed.
    pub fn checkpoint(&self, at: CheckpointId) -> Result<Option<CheckpointLeaf>, Halt> {
        Ok(CHECKPOINTS.get(&self.store, &at)?)
    }

    /// Native balance of the realm's users as of its head.
    pub fn held(&self) -> Result<Holdings, Halt> {
        let head = self.head()?;
        HELD.get(&self.store, &head)?.ok_or_else(|| Halt::Contradiction {
            realm: self.index,
            reason: format!("checkpoint {head} has no holdings"),
        })
    }

    /// The session of a user that waits for a checkpoint.
    pub fn pending(&self, user: UserId) -> Result<Option<SubmissionId>, Halt> {
        let Some(id) = PENDING.get(&self.store, &user)? else { return Ok(None) };
        match Digest::from_bytes(&id) {
            Ok(digest) => Ok(Some(SubmissionId(digest))),
            Err(error) => Err(Halt::Contradiction {
                realm: self.index,
                reason: format!("the pending submission of user {user} has no name: {error}"),
            }),
        }
    }

    /// A user's leaf as of a checkpoint.
    pub(crate) fn leaf(&self, user: UserId, at: CheckpointId) -> Result<Option<UserLeaf>, Halt> {
        let (from, to) = ((user, newest_first(at)), (user, u32::MAX));
        let newest = LEAVES.between(&self.store, &from, &to, 1)?;
        if let Some((_, leaf)) = newest.into_iter().next() {
            return Ok(Some(leaf));
        }
        // `between` leaves out its end, which is the key of genesis.
        Ok(LEAVES.get(&self.store, &to)?)
    }
}
