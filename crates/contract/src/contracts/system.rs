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

use parth_protocol::ids::{SlotIndex, UserId};

use crate::builder::{ContractBuilder, EventKind, Expr, FunctionBuilder, kind};
use crate::contract::Contract;
use crate::ir::Type;

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

/// The contract.
pub fn contract() -> Contract {
    let mut contract = ContractBuilder::new("System", STATE_HEIGHT);
    let sent = contract.event("Sent", &[("to", Type::U32), ("amount", Type::U64)]);
    let claimed = contract.event("Claimed", &[("from", Type::U32), ("amount", Type::U64)]);

    contract.function("send", |f| {
        let (to, amount) = (f.input::<kind::U32>("to"), f.input::<kind::U64>("amount"));
        raise_sent(f, to, amount);
        f.balance_out(amount);
        f.emit(sent, &[to.into(), amount.into()]);
    });

    contract.function("claim", |f| {
        let from = f.input::<kind::U32>("from");
        let (amount, something) = claim_from(f, from);
        f.require(something, "there is nothing to claim from this user");
        f.balance_in(amount);
        f.emit(claimed, &[from.into(), amount.into()]);
        f.output("amount", amount);
    });

    contract.function("claim_many", |f| {
        let amount = claim_many(f, claimed);
        f.balance_in(amount);
        f.output("amount", amount);
    });

    super::fixed(contract.build())
}

/// Checks a payment and adds it to the total sent to `to`.
pub(super) fn raise_sent(f: &mut FunctionBuilder, to: Expr<kind::U32>, amount: Expr<kind::U64>) {
    let (nobody, me, zero) = (f.u32(0), f.user(), f.u64(0));
    let somebody = f.differ(to, nobody);
    f.require(somebody, "user 0 is nobody, so nothing can be sent to it");
    let other = f.differ(to, me);
    f.require(other, "you cannot send to yourself");
    let something = f.less(zero, amount);
    f.require(something, "the amount must be above zero");
    let slot = f.map_slot(SENT_REGION, to);
    let before = f.read_u64(slot);
    let total = f.add(before, amount);
    f.write_u64(slot, total);
}

/// Claims whatever `from` has sent since the last claim, which may be nothing; then nothing is written either. Gives
/// the amount, and whether there is any.
pub(super) fn claim_from(f: &mut FunctionBuilder, from: Expr<kind::U32>) -> (Expr<kind::U64>, Expr<kind::Bool>) {
    let (me, zero) = (f.user(), f.u64(0));
    let (theirs, mine) = (f.map_slot(SENT_REGION, me), f.map_slot(CLAIMED_REGION, from));
    let state = f.of(from);
    let total = f.read_u64_of(state, theirs);
    let before = f.read_u64(mine);
    // Totals only grow and a session's anchor is never older than that of the session before, so this is no overflow.
    let amount = f.sub(total, before);
    let something = f.less(zero, amount);
    let word = f.u64_word(total);
    f.write_when(something, mine, word);
    (amount, something)
}

/// Claims from up to [`CLAIM_MANY`] senders at once; entries of 0 and senders of nothing are passed over.
pub(super) fn claim_many(f: &mut FunctionBuilder, claimed: EventKind) -> Expr<kind::U64> {
    let zero = f.u64(0);
    let mut sum = zero;
    let senders: Vec<_> = (0..CLAIM_MANY).map(|i| f.input::<kind::U32>(&format!("from_{i}"))).collect();
    for from in senders {
        let (amount, something) = claim_from(f, from);
        f.emit_when(something, claimed, &[from.into(), amount.into()]);
        sum = f.add(sum, amount);
    }
    let something = f.less(zero, sum);
    f.require(something, "there is nothing to claim from these users");
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use parth_protocol::limits::MAX_STATE_HEIGHT;

    #[test]
    fn the_slots_of_every_user_are_inside_the_tree() {
        const { assert!(STATE_HEIGHT <= MAX_STATE_HEIGHT) };
        for slot in [sent_slot(UserId::MAX), claimed_slot(UserId::MAX)] {
            assert!(slot.get() >> STATE_HEIGHT == 0);
        }
        assert!(sent_slot(UserId::MAX) < claimed_slot(UserId::ZERO));
    }
}
