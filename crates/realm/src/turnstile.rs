//! What a session does to native balance, read from its writes: a second lock beside the circuits.
//!
//! The rules are [`parth_protocol::turnstile`]'s; here the totals of the system contract become the numbers that they
//! are about. "Before" comes from the realm's own state, "sent at the anchor" from openings that lead to the anchor.

use std::collections::BTreeMap;

use parth_contract::contracts::system::{CLAIMED_REGION, SENT_REGION, sent_slot};
use parth_contract::opening::{BadOpening, Opened};
use parth_crypto::{Digest, Felt};
use parth_jobs::wire::{ClaimOpening, EndedSession};
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::turnstile::{Claimed, Sent, SessionMoves};
use thiserror::Error;

/// Why the writes of a session do not say what it moves.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// A total of the system contract is not an amount.
    #[error("slot {slot} of the system contract holds {word}, which is no amount")]
    NotAnAmount {
        /// The place.
        slot: SlotIndex,
        /// What stands there.
        word: Digest,
    },
    /// A claim without the opening of what was sent.
    #[error("the submission does not open what user {from} has sent")]
    NotOpened {
        /// Who sent.
        from: UserId,
    },
    /// An opening that no claim needs, so that nothing would check it.
    #[error("the submission opens what user {from} has sent and claims nothing of it")]
    NotClaimed {
        /// Who sent.
        from: UserId,
    },
    /// An opening does not lead to the anchor.
    #[error("what user {from} has sent: {error}")]
    Opening {
        /// Who sent.
        from: UserId,
        /// Where it leads.
        error: BadOpening,
    },
}

/// The places of the system contract that a session writes, in order.
pub(crate) fn system_slots(session: &EndedSession) -> Option<(StateHeight, Vec<SlotIndex>)> {
    let system = session.contracts.iter().find(|change| change.contract == ContractId::SYSTEM)?;
    Some((system.opening.leaf.state_height, system.writes.iter().map(|(slot, _)| *slot).collect()))
}

/// The moves of a session. `balance` is the user's before it, `before` the words of the user's state in the system
/// contract before it, at [`system_slots`]; both from state. Not judged yet: see [`SessionMoves::check`].
pub(crate) fn moves(
    profile: &Profile,
    anchor: &CheckpointLeaf,
    session: &EndedSession,
    balance: Amount,
    before: &[Digest],
) -> Result<SessionMoves, Unreadable> {
    let (user, stats) = (session.result.user, &session.result.stats);
    let mut moves = SessionMoves {
        user,
        balance_before: balance,
        balance_after: session.end_leaf.balance,
        fee: stats.fees,
        withdrawn: stats.withdrawn,
        deposited: stats.deposited,
        sent: Vec::new(),
        claimed: Vec::new(),
    };
    let mut opened: BTreeMap<UserId, &ClaimOpening> = session.claims.iter().map(|claim| (claim.from, claim)).collect();
    let system = session.contracts.iter().find(|change| change.contract == ContractId::SYSTEM);
    if let Some(system) = system {
        let height = system.opening.leaf.state_height;
        for (&(slot, after), &before) in system.writes.iter().zip(before) {
            match region(slot) {
                Some((SENT_REGION, to)) => {
                    let (before, after) = (amount(slot, before)?, amount(slot, after)?);
                    moves.sent.push(Sent { to, before, after });
                }
                Some((CLAIMED_REGION, from)) => {
                    let (before, after) = (amount(slot, before)?, amount(slot, after)?);
                    let claim = opened.remove(&from).ok_or(Unreadable::NotOpened { from })?;
                    let sent_at_anchor = sent_at_anchor(profile, anchor, height, user, claim)?;
                    moves.claimed.push(Claimed { from, before, after, sent_at_anchor });
                }
                _ => {}
            }
        }
    }
    match opened.into_keys().next() {
        Some(from) => Err(Unreadable::NotClaimed { from }),
        None => Ok(moves),
    }
}

/// The region of a place, and the user whom it is about; nothing for places of no region.
fn region(slot: SlotIndex) -> Option<(u16, UserId)> {
    let (region, user) = (slot.get() >> 32, slot.get() & u64::from(u32::MAX));
    Some((u16::try_from(region).ok()?, UserId::new(u32::try_from(user).ok()?)?))
}

/// The amount in a word of the system contract.
fn amount(slot: SlotIndex, word: Digest) -> Result<Amount, Unreadable> {
    let [value, rest @ ..] = word.0;
    let amount = Amount::new(value.as_u64()).filter(|_| rest == [Felt::ZERO; 3]);
    amount.ok_or(Unreadable::NotAnAmount { slot, word })
}

/// What a user had sent to `to` at the anchor, from an opening that leads there.
fn sent_at_anchor(
    profile: &Profile,
    anchor: &CheckpointLeaf,
    height: StateHeight,
    to: UserId,
    claim: &ClaimOpening,
) -> Result<Amount, Unreadable> {
    let from = claim.from;
    let opening = |error| Unreadable::Opening { from, error };
    let root = claim.state.check(profile, anchor, from, ContractId::SYSTEM, height).map_err(opening)?;
    let slot = sent_slot(to);
    claim.slot.check(Opened::Slot, height, root, slot.get()).map_err(opening)?;
    amount(slot, claim.slot.word)
}
