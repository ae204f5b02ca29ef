//! The turnstile: native balance is neither made nor lost, counted natively beside the proofs.
//!
//! ```text
//!   a session      balance before + claimed + deposited  =  balance after + sent + fee + withdrawn
//!   each pair      claimed by b from a                  <=  sent by a to b, at the anchor
//!   a checkpoint   Σ balances + Σ (sent − claimed)       =  genesis + deposited − withdrawn − fees
//! ```
//! A session that fails is refused at admission and harms nobody else (attack F15). A claim above what was sent leaves
//! the sum of a checkpoint as it is, so only the line about pairs sees it (attack F14). A checkpoint that fails is
//! never finalised: the node halts and shows the [`SupplyAnomaly`].
//!
//! Edge, processor and indexer each run these checks on numbers they have read from state themselves; what is passed
//! in as "before" or "at the anchor" must come from openings that were checked. That a deposit is claimed once is
//! checked where deposits are, once a network has an L1. Source: design/protocol.md, "Supply".

use std::collections::BTreeSet;
use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use thiserror::Error;

use crate::ids::{Amount, UserId};
use crate::records::guta::SessionStats;

/// A total of what one user has sent to another, before and after a session of the sender. It only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The receiver.
    pub to: UserId,
    /// The total before the session.
    pub before: Amount,
    /// The total after it.
    pub after: Amount,
}

/// A total of what one user has claimed from another, before and after a session of the receiver. It only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The sender.
    pub from: UserId,
    /// The total before the session.
    pub before: Amount,
    /// The total after it.
    pub after: Amount,
    /// What the sender had sent to this user at the anchor of the session.
    pub sent_at_anchor: Amount,
}

/// Everything that one session moved, in the smallest unit of native balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionMoves {
    /// The user.
    pub user: UserId,
    /// Balance in the start leaf.
    pub balance_before: Amount,
    /// Balance in the end leaf.
    pub balance_after: Amount,
    /// Fee of the end cap.
    pub fee: Amount,
    /// Withdrawn to L1.
    pub withdrawn: Amount,
    /// Deposited from L1.
    pub deposited: Amount,
    /// Every total of what this user sent that the session touched.
    pub sent: Vec<Sent>,
    /// Every total of what this user claimed that the session touched.
    pub claimed: Vec<Claimed>,
}

/// Which total of a pair of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// What was sent.
    Sent,
    /// What was claimed.
    Claimed,
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Total::Sent => "sent",
            Total::Claimed => "claimed",
        })
    }
}

/// Why a session may not enter a checkpoint. It is about this session alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionAnomaly {
    /// A total fell.
    #[error("user {user}: the total {total} with user {other} fell from {before} to {after}")]
    Fell {
        /// Whose session.
        user: UserId,
        /// The other side of the pair.
        other: UserId,
        /// Which total.
        total: Total,
        /// Before the session.
        before: Amount,
        /// After it.
        after: Amount,
    },
    /// A total is listed twice, so that its growth would count twice.
    #[error("user {user}: the total {total} with user {other} is listed twice")]
    Twice {
        /// Whose session.
        user: UserId,
        /// The other side of the pair.
        other: UserId,
        /// Which total.
        total: Total,
    },
    /// More is claimed than was sent.
    #[error("user {user} has claimed {claimed} from user {from}, who had sent {sent} at the anchor")]
    OverClaim {
        /// Who claims.
        user: UserId,
        /// From whom.
        from: UserId,
        /// The total claimed after the session.
        claimed: Amount,
        /// The total sent at the anchor.
        sent: Amount,
    },
    /// The session makes or loses balance.
    #[error("user {user}: {coming} comes in (balance before, claims, deposits), {going} goes out or stays")]
    Unbalanced {
        /// Whose session.
        user: UserId,
        /// Balance before, claimed and deposited.
        coming: u128,
        /// Balance after, sent, fee and withdrawn.
        going: u128,
    },
}

impl SessionMoves {
    /// Checks the session by itself; see the head of this file for the rules.
    pub fn check(&self) -> Result<(), SessionAnomaly> {
        let sent = self.sent.iter().map(|total| (Total::Sent, total.to, total.before, total.after));
        let claimed = self.claimed.iter().map(|total| (Total::Claimed, total.from, total.before, total.after));
        self.check_totals(sent)?;
        self.check_totals(claimed)?;
        for total in &self.claimed {
            let (from, claimed, sent) = (total.from, total.after, total.sent_at_anchor);
            if claimed > sent {
                return Err(SessionAnomaly::OverClaim { user: self.user, from, claimed, sent });
            }
        }
        let (sent, claimed) = (self.newly_sent(), self.newly_claimed());
        let coming = wide(self.balance_before) + claimed + wide(self.deposited);
        let going = wide(self.balance_after) + sent + wide(self.fee) + wide(self.withdrawn);
        if coming == going { Ok(()) } else { Err(SessionAnomaly::Unbalanced { user: self.user, coming, going }) }
    }

    fn check_totals(
        &self,
        totals: impl Iterator<Item = (Total, UserId, Amount, Amount)>,
    ) -> Result<(), SessionAnomaly> {
        let (user, mut seen) = (self.user, BTreeSet::new());
        for (total, other, before, after) in totals {
            if !seen.insert(other) {
                return Err(SessionAnomaly::Twice { user, other, total });
            }
            if after < before {
                return Err(SessionAnomaly::Fell { user, other, total, before, after });
            }
        }
        Ok(())
    }

    /// What this session sent to all receivers.
    fn newly_sent(&self) -> u128 {
        self.sent.iter().map(|total| grown(total.before, total.after)).sum()
    }

    /// What this session claimed from all senders.
    fn newly_claimed(&self) -> u128 {
        self.claimed.iter().map(|total| grown(total.before, total.after)).sum()
    }
}

/// Where native balance is: the left side of the equation of a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Holdings {
    /// Sum of the balances of all user leaves.
    pub balances: u128,
    /// Sum of all totals sent.
    pub sent: u128,
    /// Sum of all totals claimed.
    pub claimed: u128,
}

impl Holdings {
    /// The holdings after genesis: everything is in user leaves.
    pub fn genesis(balances: impl IntoIterator<Item = Amount>) -> Holdings {
        Holdings { balances: balances.into_iter().map(wide).sum(), ..Holdings::default() }
    }

    /// The holdings of both together: of two realms, of disjoint users.
    pub fn with(self, other: Holdings) -> Holdings {
        Holdings {
            balances: self.balances + other.balances,
            sent: self.sent + other.sent,
            claimed: self.claimed + other.claimed,
        }
    }

    /// The holdings after one more session that passed [`SessionMoves::check`].
    pub fn after(self, session: &SessionMoves) -> Holdings {
        Holdings {
            balances: (self.balances + wide(session.balance_after)).saturating_sub(wide(session.balance_before)),
            sent: self.sent + session.newly_sent(),
            claimed: self.claimed + session.newly_claimed(),
        }
    }
}

/// What came into being and what left, since genesis: the right side of the equation of a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Issued {
    /// Native balance at genesis.
    pub genesis: u128,
    /// Deposited from L1.
    pub deposited: u128,
    /// Withdrawn to L1.
    pub withdrawn: u128,
    /// Fees, which are burned.
    pub fees: u128,
}

impl Issued {
    /// What exists right after genesis.
    pub fn genesis(supply: Amount) -> Issued {
        Issued { genesis: wide(supply), ..Issued::default() }
    }

    /// After one more checkpoint, by the statistics in its leaf.
    pub fn after(self, stats: &SessionStats) -> Issued {
        Issued {
            genesis: self.genesis,
            deposited: self.deposited + wide(stats.deposited),
            withdrawn: self.withdrawn + wide(stats.withdrawn),
            fees: self.fees + wide(stats.fees),
        }
    }
}

/// A checkpoint whose sums differ. The node that finds it halts and shows this report; it never finalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "supply differs by {}: balances {}, sent {}, claimed {}; genesis {}, deposited {}, withdrawn {}, fees {}, leaf {leaf}",
    .difference, .held.balances, .held.sent, .held.claimed,
    .issued.genesis, .issued.deposited, .issued.withdrawn, .issued.fees
)]
pub struct SupplyAnomaly {
    /// Where balance is.
    pub held: Holdings,
    /// What should exist.
    pub issued: Issued,
    /// What the checkpoint leaf says exists.
    pub leaf: Amount,
    /// How much more is held than should exist; below zero when balance is lost. Zero when only the leaf differs.
    pub difference: i128,
}

/// Checks a checkpoint: what is held, what was issued, and the supply in the checkpoint leaf are one number.
pub fn check_supply(held: &Holdings, issued: &Issued, leaf: Amount) -> Result<(), Box<SupplyAnomaly>> {
    // Saturating: sums that large are never equal to the supply of a leaf, which is below 2^62.
    let holding = signed(held.balances + held.sent).saturating_sub(signed(held.claimed));
    let expected = signed(issued.genesis + issued.deposited).saturating_sub(signed(issued.withdrawn + issued.fees));
    let difference = holding.saturating_sub(expected);
    if difference == 0 && expected == signed(wide(leaf)) {
        return Ok(());
    }
    Err(Box::new(SupplyAnomaly { held: *held, issued: *issued, leaf, difference }))
}

fn wide(amount: Amount) -> u128 {
    u128::from(amount.get())
}

fn grown(before: Amount, after: Amount) -> u128 {
    wide(after).saturating_sub(wide(before))
}

/// Sums are of amounts below 2^62, so 2^64 of them stay below 2^127.
fn signed(sum: u128) -> i128 {
    i128::try_from(sum).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn amount(value: u64) -> Amount {
        Amount::constant(value)
    }

    const ALICE: UserId = UserId::constant(1);
    const BOB: UserId = UserId::constant(2);

    fn quiet(user: UserId, balance: u64) -> SessionMoves {
        SessionMoves {
            user,
            balance_before: amount(balance),
            balance_after: amount(balance),
            fee: Amount::ZERO,
            withdrawn: Amount::ZERO,
            deposited: Amount::ZERO,
            sent: Vec::new(),
            claimed: Vec::new(),
        }
    }

    fn sends(to: UserId, before: u64, after: u64) -> Sent {
        Sent { to, before: amount(before), after: amount(after) }
    }

    fn claims(from: UserId, before: u64, after: u64, sent: u64) -> Claimed {
        Claimed { from, before: amount(before), after: amount(after), sent_at_anchor: amount(sent) }
    }

    #[test]
    fn a_session_may_send_claim_deposit_withdraw_and_pay() {
        let session = SessionMoves {
            balance_after: amount(1_000 - 300 + 50 - 10 - 200 + 500),
            fee: amount(10),
            withdrawn: amount(200),
            deposited: amount(500),
            sent: vec![sends(BOB, 7, 207), sends(ALICE, 0, 100)],
            claimed: vec![claims(BOB, 10, 60, 60)],
            ..quiet(ALICE, 1_000)
        };
        assert_eq!(session.check(), Ok(()));
    }

    #[test]
    fn a_session_that_makes_or_loses_one_unit_is_refused() {
        for after in [999, 1_001] {
            let session = SessionMoves { balance_after: amount(after), ..quiet(ALICE, 1_000) };
            let going = u128::from(after);
            assert_eq!(session.check(), Err(SessionAnomaly::Unbalanced { user: ALICE, coming: 1_000, going }));
        }
    }

    /// F14: the sum of a checkpoint does not see it.
    #[test]
    fn a_claim_above_what_was_sent_is_refused_although_the_sum_is_right() {
        let session = SessionMoves {
            balance_after: amount(1_051),
            claimed: vec![claims(BOB, 10, 61, 60)],
            ..quiet(ALICE, 1_000)
        };
        let (claimed, sent) = (amount(61), amount(60));
        assert_eq!(session.check(), Err(SessionAnomaly::OverClaim { user: ALICE, from: BOB, claimed, sent }));
        let held = Holdings { balances: 1_000, sent: 60, claimed: 10 };
        let issued = Issued { genesis: 1_050, ..Issued::default() };
        assert_eq!(check_supply(&held, &issued, amount(1_050)), Ok(()));
        assert_eq!(check_supply(&held.after(&session), &issued, amount(1_050)), Ok(()), "the sum is blind");
    }

    #[test]
    fn a_total_that_falls_or_is_listed_twice_is_refused() {
        let falls =
            SessionMoves { sent: vec![sends(BOB, 60, 50)], balance_after: amount(1_010), ..quiet(ALICE, 1_000) };
        let fell = |total, before, after| SessionAnomaly::Fell { user: ALICE, other: BOB, total, before, after };
        assert_eq!(falls.check(), Err(fell(Total::Sent, amount(60), amount(50))));
        let falls = SessionMoves { claimed: vec![claims(BOB, 60, 50, 90)], ..quiet(ALICE, 1_000) };
        assert_eq!(falls.check(), Err(fell(Total::Claimed, amount(60), amount(50))));
        let twice = SessionMoves {
            balance_after: amount(1_100),
            claimed: vec![claims(BOB, 0, 50, 50), claims(BOB, 0, 50, 50)],
            ..quiet(ALICE, 1_000)
        };
        assert_eq!(twice.check(), Err(SessionAnomaly::Twice { user: ALICE, other: BOB, total: Total::Claimed }));
    }

    #[test]
    fn a_checkpoint_that_mints_loses_or_misstates_one_unit_is_reported() {
        let issued = Issued { genesis: 1_000, deposited: 50, withdrawn: 20, fees: 30 };
        let held = Holdings { balances: 900, sent: 150, claimed: 50 };
        assert_eq!(check_supply(&held, &issued, amount(1_000)), Ok(()));
        for (balances, difference) in [(901, 1), (899, -1)] {
            let held = Holdings { balances, ..held };
            let report = check_supply(&held, &issued, amount(1_000)).unwrap_err();
            assert_eq!(report.difference, difference);
            assert!(report.to_string().starts_with(&format!("supply differs by {difference}: balances {balances}")));
        }
        assert_eq!(check_supply(&held, &issued, amount(999)).unwrap_err().difference, 0);
    }

    proptest! {
        #[test]
        fn no_numbers_make_the_turnstile_panic(
            numbers in prop::collection::vec(prop_oneof![0u64..5, Just(Amount::MAX.get()), 0..=Amount::MAX.get()], 11),
            sums in prop::collection::vec(prop_oneof![Just(0u128), Just(u128::MAX / 4), 0..u128::MAX / 4], 7),
        ) {
            let n: Vec<Amount> = numbers.iter().map(|&n| amount(n)).collect();
            let mut session = SessionMoves {
                user: ALICE,
                balance_before: n[0],
                balance_after: n[1],
                fee: n[2],
                withdrawn: n[3],
                deposited: n[4],
                sent: vec![Sent { to: BOB, before: n[5], after: n[6] }],
                claimed: vec![Claimed { from: BOB, before: n[7], after: n[8], sent_at_anchor: n[9] }],
            };
            // Half of the time what is left is what it should be.
            if let Err(SessionAnomaly::Unbalanced { coming, going, .. }) = session.check() {
                let left = (coming + wide(n[1])).checked_sub(going).and_then(|left| u64::try_from(left).ok());
                session.balance_after = left.and_then(Amount::new).unwrap_or(n[1]);
            }
            let accepted = session.check().is_ok();
            let held = Holdings { balances: sums[0], sent: sums[1], claimed: sums[2] };
            let issued = Issued { genesis: sums[3], deposited: sums[4], withdrawn: sums[5], fees: sums[6] };
            let _ = check_supply(&held.after(&session), &issued, n[10]);
            if accepted {
                // What one honest session does to both sides of a balanced checkpoint leaves it balanced.
                let before = Holdings { balances: 1 << 70, sent: 1 << 70, claimed: 1 << 70 };
                let after = before.after(&session);
                let change = |now: u128, then: u128| signed(now) - signed(then);
                let held = change(after.balances, before.balances) + change(after.sent, before.sent)
                    - change(after.claimed, before.claimed);
                let issued = signed(wide(session.deposited)) - signed(wide(session.withdrawn) + wide(session.fee));
                prop_assert_eq!(held, issued);
            }
        }
    }
}
