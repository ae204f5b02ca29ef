//! The system contract: id 0, in genesis, the only one that may move native balance.
//!
//! Value moves by send, then claim: a sender raises a total in its own state, the receiver takes what was added to
//! it since the last claim. Totals only grow, so nothing can be taken twice and nothing needs to be marked as spent.
//!
//! | slots | hold |
//! | --- | --- |
//! | 2^32 + u | all that this user has ever sent to user u ([`sent_slot`]) |
//! | 2·2^32 + u | all that this user has ever claimed from user u ([`claimed_slot`]) |
//!
//! Slots below 2^32 and from 3·2^32 are left for deposits and withdrawals. Source: design/protocol.md, "System contract".

use std::sync::LazyLock;

use parth_protocol::ids::{SlotIndex, UserId};

use crate::contract::Contract;
use crate::dapen;

/// Height of a user's state tree.
pub const STATE_HEIGHT: u8 = 34;
/// Region of the totals sent.
pub const SENT_REGION: u16 = 1;
/// Region of the totals claimed.
pub const CLAIMED_REGION: u16 = 2;
/// Senders that one `claim_many` names.
pub const CLAIM_MANY: usize = 8;

/// Where a user keeps all that it has sent to `to`.
pub fn sent_slot(to: UserId) -> SlotIndex {
    SlotIndex::constant((u64::from(SENT_REGION) << 32) + u64::from(to.get()))
}

/// Where a user keeps all that it has claimed from `from`.
pub fn claimed_slot(from: UserId) -> SlotIndex {
    SlotIndex::constant((u64::from(CLAIMED_REGION) << 32) + u64::from(from.get()))
}

/// The contract, compiled from its source in the standard library.
pub fn contract() -> Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| dapen::system().contract);
    CONTRACT.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parth_protocol::limits::MAX_STATE_HEIGHT;

    #[test]
    fn the_source_keeps_its_totals_where_the_turnstile_looks_for_them() {
        let compiled = dapen::system();
        assert_eq!(compiled.contract.state_height().get(), STATE_HEIGHT);
        let slots: Vec<u64> = compiled.layout.iter().map(|field| field.slot).collect();
        assert_eq!(slots, [sent_slot(UserId::ZERO).get(), claimed_slot(UserId::ZERO).get()]);
    }

    #[test]
    fn the_slots_of_every_user_are_inside_the_tree() {
        const { assert!(STATE_HEIGHT <= MAX_STATE_HEIGHT) };
        for slot in [sent_slot(UserId::MAX), claimed_slot(UserId::MAX)] {
            assert!(slot.get() >> STATE_HEIGHT == 0);
        }
        assert!(sent_slot(UserId::MAX) < claimed_slot(UserId::ZERO));
    }
}
