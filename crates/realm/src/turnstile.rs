//! What a session does to native balance, recomputed from its writes: a second lock beside the circuits.
//!
//! Per session: Δbalance + Δsent − Δclaimed + fee + withdrawn − deposited = 0, and nobody claims more than was sent
//! (design/protocol.md, "Supply"; attacks F14, F15). A session that fails is refused; the rest goes on.

use std::collections::BTreeMap;

use parth_contract::contracts::system::{CLAIMED_REGION, SENT_REGION, sent_slot};
use parth_contract::opening::{BadOpening, Opened};
use parth_crypto::{Digest, Felt};
use parth_jobs::wire::{ClaimOpening, EndedSession, RealmTotals};
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use thiserror::Error;

/// How a session breaks the conservation of native balance.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Imbalance {
    /// A total of the system contract is not an amount.
    #[error("slot {slot} of the system contract holds {word}, which is no amount")]
    NotAnAmount {
        /// The place.
        slot: SlotIndex,
        /// What stands there.
        word: Digest,
    },
    /// A total became smaller.
    #[error("slot {slot} of the system contract went from {before} to {after}; totals only grow")]
    Shrunk {
        /// The place.
        slot: SlotIndex,
        /// The total before.
        before: Amount,
        /// The total after.
        after: Amount,
    },
    /// What came in is not what went out.
    #[error("{incoming} before, claimed and deposited, but {outgoing} after, sent, paid and withdrawn")]
    Unequal {
        /// Balance before + claimed + deposited.
        incoming: u128,
        /// Balance after + sent + fee + withdrawn.
        outgoing: u128,
    },
    /// A claim without the opening of what was sent.
    #[error("the submission does not open what user {from} has sent")]
    NotOpened {
        /// Who sent.
        from: UserId,
    },
    /// More is claimed than was sent.
    #[error("{claimed} claimed from user {from}, who had sent {sent} at the session's anchor")]
    OverClaim {
        /// Who sent.
        from: UserId,
        /// The total sent.
        sent: Amount,
        /// The total claimed.
        claimed: Amount,
    },
}

/// The totals of the system contract that a session moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Added to the totals sent.
    pub sent: u128,
    /// Added to the totals claimed.
    pub claimed: u128,
    /// The totals claimed after the session, by sender.
    pub claims: BTreeMap<UserId, Amount>,
}

impl Moves {
    /// The moves of a session: `before` gives a word of the user's state in the system contract before it.
    pub fn of<E>(
        session: &EndedSession,
        mut before: impl FnMut(SlotIndex) -> Result<Digest, E>,
    ) -> Result<Result<Moves, Imbalance>, E> {
        let mut moves = Moves::default();
        let system = session.contracts.iter().find(|contract| contract.contract == ContractId::SYSTEM);
        for &(slot, word) in system.into_iter().flat_map(|contract| &contract.writes) {
            let old = before(slot)?;
            if let Err(imbalance) = moves.add(slot, old, word) {
                return Ok(Err(imbalance));
            }
        }
        Ok(Ok(moves))
    }

    fn add(&mut self, slot: SlotIndex, old: Digest, new: Digest) -> Result<(), Imbalance> {
        let region = slot.get() >> 32;
        if region != u64::from(SENT_REGION) && region != u64::from(CLAIMED_REGION) {
            return Ok(());
        }
        let (before, after) = (amount(slot, old)?, amount(slot, new)?);
        let grown = after.checked_sub(before).ok_or(Imbalance::Shrunk { slot, before, after })?;
        if region == u64::from(SENT_REGION) {
            self.sent += u128::from(grown.get());
        } else {
            self.claimed += u128::from(grown.get());
            self.claims.insert(UserId::constant(slot.get() as u32), after);
        }
        Ok(())
    }

    /// Checks that the session conserves native balance, starting from `balance`.
    pub fn conserve(&self, session: &EndedSession, balance: Amount) -> Result<(), Imbalance> {
        let stats = &session.result.stats;
        let wide = |amount: Amount| u128::from(amount.get());
        let incoming = wide(balance) + self.claimed + wide(stats.deposited);
        let outgoing = wide(session.end_leaf.balance) + self.sent + wide(stats.fees) + wide(stats.withdrawn);
        if incoming == outgoing { Ok(()) } else { Err(Imbalance::Unequal { incoming, outgoing }) }
    }

    /// Totals of a realm after the session; nothing when one leaves the range of amounts.
    pub fn apply(&self, totals: RealmTotals, before: Amount, after: Amount) -> Option<RealmTotals> {
        let narrow = |value: u128| u64::try_from(value).ok().and_then(Amount::new);
        Some(RealmTotals {
            balances: totals.balances.checked_sub(before)?.checked_add(after)?,
            sent: totals.sent.checked_add(narrow(self.sent)?)?,
            claimed: totals.claimed.checked_add(narrow(self.claimed)?)?,
        })
    }
}

/// The amount in a word of the system contract.
fn amount(slot: SlotIndex, word: Digest) -> Result<Amount, Imbalance> {
    let [value, rest @ ..] = word.0;
    let amount = Amount::new(value.as_u64()).filter(|_| rest == [Felt::ZERO; 3]);
    amount.ok_or(Imbalance::NotAnAmount { slot, word })
}

/// What a user had sent to `to` at the anchor, from an opening that leads there.
pub fn sent_at_anchor(
    profile: &Profile,
    anchor: &CheckpointLeaf,
    height: StateHeight,
    to: UserId,
    claim: &ClaimOpening,
) -> Result<Result<Amount, Imbalance>, BadOpening> {
    let root = claim.state.check(profile, anchor, claim.from, ContractId::SYSTEM, height)?;
    let slot = sent_slot(to);
    claim.slot.check(Opened::Slot, height, root, slot.get())?;
    Ok(amount(slot, claim.slot.word))
}
