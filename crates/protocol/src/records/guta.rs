//! The header of an aggregation of user leaves (GUTA).

use parth_crypto::Digest;
use parth_crypto::merkle::Transition;

use crate::ids::{Amount, CallCount, CheckpointId, EventCount, Level, NodeIndex, SessionCount, SlotCount};
use crate::record::native;
use crate::records::session::EndCapStats;
use crate::reject::{Reject, Rule};

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! guta_records {
    ($define:ident) => {
        $define! {
            /// What an aggregation builds on: the checkpoint tree after the checkpoint at `height`.
            part Anchor {
                /// Root of CHKP.
                root: Digest,
                /// Height of its newest checkpoint.
                height: CheckpointId,
            }

            /// A node of GUSR that changes.
            part UserTransition {
                /// The node before.
                old: Digest,
                /// The node after.
                new: Digest,
                /// Position inside its level.
                index: NodeIndex,
                /// 0 for a user leaf.
                level: Level,
            }

            /// Statistics of some sessions.
            part SessionStats {
                /// Sessions.
                sessions: SessionCount,
                /// Fees paid.
                fees: Amount,
                /// Calls.
                calls: CallCount,
                /// State words written.
                slots: SlotCount,
                /// Events.
                events: EventCount,
                /// Withdrawn to L1.
                withdrawn: Amount,
                /// Deposited from L1.
                deposited: Amount,
            }

            /// Public inputs of every aggregation circuit.
            record GutaHeader in GutaHeader {
                /// Whitelist of aggregation circuits; pinned by part one.
                whitelist: Digest,
                /// Parameters of the network.
                parameters: Digest,
                /// What the aggregation builds on.
                anchor: Anchor,
                /// The change of the user tree.
                transition: UserTransition,
                /// Statistics of the sessions below.
                stats: SessionStats,
                /// Fold of the sessions' withdrawals.
                withdrawals: Digest,
                /// Fold of the sessions' events.
                events: Digest,
            }
        }
    };
}
guta_records!(native);

impl Copy for UserTransition {}

impl UserTransition {
    /// The same change as a Merkle transition.
    pub fn merkle(self) -> Transition {
        Transition { old: self.old, new: self.new, index: self.index.get(), level: self.level.get() }
    }
}

impl TryFrom<Transition> for UserTransition {
    type Error = Reject;

    /// Refuses an index or level outside every tree.
    fn try_from(from: Transition) -> Result<UserTransition, Reject> {
        let index =
            NodeIndex::new(from.index).ok_or_else(|| Reject::number(Rule::Meet, NodeIndex::MAX.get(), from.index))?;
        let level = Level::new(from.level)
            .ok_or_else(|| Reject::number(Rule::Meet, Level::MAX.get().into(), from.level.into()))?;
        Ok(UserTransition { old: from.old, new: from.new, index, level })
    }
}

impl SessionStats {
    /// No session.
    pub const NONE: SessionStats = SessionStats {
        sessions: SessionCount::ZERO,
        fees: Amount::ZERO,
        calls: CallCount::ZERO,
        slots: SlotCount::ZERO,
        events: EventCount::ZERO,
        withdrawn: Amount::ZERO,
        deposited: Amount::ZERO,
    };

    /// The statistics of two disjoint sets of sessions together.
    pub fn add(&self, other: &SessionStats) -> Result<SessionStats, Reject> {
        let sum = || {
            Some(SessionStats {
                sessions: self.sessions.checked_add(other.sessions)?,
                fees: self.fees.checked_add(other.fees)?,
                calls: self.calls.checked_add(other.calls)?,
                slots: self.slots.checked_add(other.slots)?,
                events: self.events.checked_add(other.events)?,
                withdrawn: self.withdrawn.checked_add(other.withdrawn)?,
                deposited: self.deposited.checked_add(other.deposited)?,
            })
        };
        sum().ok_or_else(|| Reject::new(Rule::Totals, "sums inside their widths", format!("{self:?} + {other:?}")))
    }
}

impl From<&EndCapStats> for SessionStats {
    /// The statistics of one session.
    fn from(one: &EndCapStats) -> SessionStats {
        SessionStats {
            sessions: SessionCount::constant(1),
            fees: one.fees,
            calls: one.calls,
            slots: one.slots,
            events: one.events,
            withdrawn: one.withdrawn,
            deposited: one.deposited,
        }
    }
}
