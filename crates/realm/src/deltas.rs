//! Brings the trees of a realm up to date with one session: used at admission, when a checkpoint is made, and when a
//! commit is replayed, so that all three mean the same.

use std::collections::BTreeMap;

use parth_crypto::Digest;
use parth_jobs::wire::EndedSession;
use parth_protocol::Record;
use parth_protocol::ids::{Amount, ContractId, Nonce};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::turnstile::SessionMoves;
use parth_store::{ForestDraft, ForestError, Tree};

use crate::Realm;
use crate::error::Refusal;
use crate::turnstile::{moves, system_slots};

impl Realm {
    /// Writes one session into a draft, once everything in it is known to lead where its end cap says, and to conserve
    /// native balance. `start` is the user's leaf before it. A refusal may leave nodes of the user's own trees in the
    /// draft.
    pub(crate) fn apply(
        &self,
        draft: &mut ForestDraft,
        session: &EndedSession,
        anchor: &CheckpointLeaf,
        start: Option<&UserLeaf>,
    ) -> Result<Result<SessionMoves, Refusal>, ForestError> {
        if let Err(refusal) = self.check_content(session, anchor, start) {
            return Ok(Err(refusal));
        }
        let (profile, user) = (&self.network.rules.profile, session.result.user);
        let before = match system_slots(session) {
            Some((height, slots)) => {
                let slots: Vec<u64> = slots.into_iter().map(|slot| slot.get()).collect();
                draft.leaves(Tree::state(user, ContractId::SYSTEM, height), &slots)?
            }
            None => Vec::new(),
        };
        let balance = start.map_or(Amount::ZERO, |leaf| leaf.balance);
        let moves = match moves(profile, anchor, session, balance, &before) {
            Ok(moves) => moves,
            Err(unreadable) => return Ok(Err(unreadable.into())),
        };
        if let Err(anomaly) = moves.check() {
            return Ok(Err(anomaly.into()));
        }
        let mut roots = BTreeMap::new();
        for change in &session.contracts {
            let words = change.writes.iter().map(|&(slot, word)| (slot.get(), word)).collect();
            let root =
                draft.set_leaves(Tree::state(user, change.contract, change.opening.leaf.state_height), &words)?;
            roots.insert(u64::from(change.contract.get()), root);
        }
        let tree = Tree::user_contracts(profile, user);
        for (change, &root) in session.contracts.iter().zip(roots.values()) {
            if draft.leaf(tree, change.contract.get().into())? == root {
                return Ok(Err(Refusal::Unchanged { contract: change.contract }));
            }
        }
        let (expected, actual) = (session.end_leaf.contracts, draft.set_leaves(tree, &roots)?);
        if expected != actual {
            return Ok(Err(Refusal::Deltas { what: "contracts root", expected, actual }));
        }
        draft.set_leaf(self.users(), u64::from(user.get()), session.end_leaf.digest())?;
        Ok(Ok(moves))
    }

    /// What can be said of a session without the trees, cheapest first.
    fn check_content(
        &self,
        session: &EndedSession,
        anchor: &CheckpointLeaf,
        start: Option<&UserLeaf>,
    ) -> Result<(), Refusal> {
        session.check_lists()?;
        check_order(session)?;
        check_end_leaf(session, start)?;
        let written: usize = session.contracts.iter().map(|change| change.writes.len()).sum();
        let (expected, actual) = (session.result.stats.slots.get(), written as u64);
        if actual > expected {
            return Err(Refusal::Slots { expected, actual });
        }
        for change in &session.contracts {
            change.opening.check(&self.network.rules.profile, anchor, change.contract)?;
            let height = change.opening.leaf.state_height;
            if let Some(&(slot, _)) = change.writes.iter().find(|(slot, _)| slot.get() >> height.get() != 0) {
                return Err(Refusal::NoSlot { contract: change.contract, slot: slot.get() });
            }
        }
        Ok(())
    }
}

/// The end leaf is the one that the end cap names, of the same user, one session later. The circuits prove the latter
/// two; a realm keys its rows by them.
fn check_end_leaf(session: &EndedSession, start: Option<&UserLeaf>) -> Result<(), Refusal> {
    let (end, result) = (&session.end_leaf, &session.result);
    let (expected, actual) = (result.end_leaf, end.digest());
    if expected != actual {
        return Err(Refusal::Deltas { what: "end leaf", expected, actual });
    }
    if end.user != result.user {
        return Err(Refusal::OtherUser { expected: result.user, actual: end.user });
    }
    let nonce = start.map_or(Nonce::ZERO, |leaf| leaf.nonce);
    if nonce.next() != Some(end.nonce) {
        return Err(Refusal::Nonce { start: nonce, end: end.nonce });
    }
    match start {
        Some(start) if start.key != end.key => {
            Err(Refusal::Deltas { what: "key", expected: start.key, actual: end.key })
        }
        _ => Ok(()),
    }
}

/// Strictly in order: so nothing is named twice, and one session has one encoding.
fn check_order(session: &EndedSession) -> Result<(), Refusal> {
    let grows = |what, sorted: bool| if sorted { Ok(()) } else { Err(Refusal::Order { what }) };
    grows("contracts", session.contracts.is_sorted_by(|a, b| a.contract < b.contract))?;
    grows("claims", session.claims.is_sorted_by(|a, b| a.from < b.from))?;
    let writes = session.contracts.iter().all(|change| change.writes.is_sorted_by(|a, b| a.0 < b.0));
    grows("writes", writes)
}

/// The digest of a user's leaf; the zero digest before the first session.
pub(crate) fn leaf_digest(leaf: Option<&UserLeaf>) -> Digest {
    leaf.map_or(Digest::ZERO, Record::digest)
}
