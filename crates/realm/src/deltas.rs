//! Brings the trees of a realm up to date with one session: used at admission, when a checkpoint is made, and when a
//! commit is replayed, so that all three mean the same.

use std::collections::BTreeMap;

use parth_crypto::Digest;
use parth_jobs::wire::EndedSession;
use parth_protocol::Record;
use parth_protocol::ids::{Amount, SlotIndex};
use parth_store::{ForestDraft, ForestError, Tree};

use crate::Realm;
use crate::error::Refusal;
use crate::turnstile::Moves;

/// What a session does, once its writes are known to lead to its end leaf.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Moves of native balance.
    pub moves: Moves,
    /// Balance before the session.
    pub before: Amount,
}

impl Realm {
    /// Writes one session into a draft. `before` is the user's balance before it.
    pub(crate) fn apply(
        &self,
        draft: &mut ForestDraft,
        session: &EndedSession,
        before: Amount,
    ) -> Result<Result<Applied, Refusal>, ForestError> {
        let (profile, user) = (&self.network.rules.profile, session.result.user);
        let moves = match self.moves(draft, session)? {
            Ok(moves) => moves,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut leaves = BTreeMap::new();
        for change in &session.contracts {
            let height = change.opening.leaf.state_height;
            let outside = change.writes.iter().find(|(slot, _)| slot.get() >> height.get() != 0);
            if let Some(&(slot, _)) = outside {
                return Ok(Err(Refusal::NoSlot { contract: change.contract, slot: slot.get() }));
            }
            let words = change.writes.iter().map(|&(slot, word)| (slot.get(), word)).collect();
            let root = draft.set_leaves(Tree::state(user, change.contract, height), &words)?;
            leaves.insert(u64::from(change.contract.get()), root);
        }
        let contracts = draft.set_leaves(Tree::user_contracts(profile, user), &leaves)?;
        let end_leaf = session.end_leaf.digest();
        let checks = [
            ("contracts root", session.end_leaf.contracts, contracts),
            ("end leaf", session.result.end_leaf, end_leaf),
        ];
        if let Some(&(what, expected, actual)) = checks.iter().find(|(_, expected, actual)| expected != actual) {
            return Ok(Err(Refusal::Deltas { what, expected, actual }));
        }
        draft.set_leaf(self.users(), u64::from(user.get()), end_leaf)?;
        Ok(Ok(Applied { moves, before }))
    }

    fn moves(&self, draft: &ForestDraft, session: &EndedSession) -> Result<Result<Moves, Refusal>, ForestError> {
        let system =
            session.contracts.first().filter(|change| change.contract == parth_protocol::ids::ContractId::SYSTEM);
        let height = system.map(|change| change.opening.leaf.state_height);
        let word = |slot: SlotIndex| -> Result<Digest, ForestError> {
            match height {
                Some(height) if slot.get() >> height.get() == 0 => {
                    let tree = Tree::state(session.result.user, parth_protocol::ids::ContractId::SYSTEM, height);
                    draft.leaf(tree, slot.get())
                }
                _ => Ok(Digest::ZERO),
            }
        };
        Ok(Moves::of(session, word)?.map_err(Refusal::from))
    }
}
