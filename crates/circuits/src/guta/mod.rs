//! Circuits that aggregate user leaves. Twin of `protocol::guta`.

pub mod left_end_cap_right_guta;
pub mod left_guta_right_end_cap;
pub mod no_change;
pub mod single_end_cap;
pub mod to_cap;
pub mod two_end_caps;
pub mod two_guta;

use parth_crypto::Domain;
use parth_proof::{Builder, Class};
use parth_protocol::circuit::Listed;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::ids::{Amount, CallCount, EventCount, Scalar, SessionCount, SlotCount};
use parth_protocol::records::guta::GutaHeader;
use parth_protocol::records::session::EndCapResult;
use parth_protocol::tree::{Checkpoints, EndCapWhitelist, GutaWhitelist, Siblings};
use parth_protocol::{Rules, guta_children};

use crate::gadgets::hash::{DigestTarget, node};
use crate::gadgets::merkle::{Climbed, TransitionTarget, meet};
use crate::gadgets::range;
use crate::records::guta::{AnchorTarget, GutaHeaderTarget, SessionStatsTarget};
use crate::recursion::ChildClaim;
use crate::twin::{ClimbTarget, FeltsTarget, RecordTarget, twin};

guta_children!(twin);

/// One side of an aggregation after its climb.
pub(crate) struct Side {
    climbed: Climbed,
    parameters: DigestTarget,
    stats: SessionStatsTarget,
    withdrawals: DigestTarget,
    events: DigestTarget,
}

impl EndCapChildTarget {
    /// The user's transition, once the session's anchor is known to be a young ancestor of `anchor`.
    pub(crate) fn enter(&self, builder: &mut Builder, rules: &Rules, anchor: &AnchorTarget, up: &ClimbTarget) -> Side {
        let (profile, result) = (&rules.profile, &self.result);
        let at = self.anchor_path.index(builder, result.anchor);
        self.anchor_path.check(builder, anchor.root, &at, result.anchor_leaf);
        // Both are below 2^32, so a session from the future has a negative age, which is no small number.
        let age = builder.sub(anchor.height, result.anchor);
        range::check(builder, age, profile.max_anchor_age.ilog2() as usize);
        let zero = builder.zero();
        let from = TransitionTarget { old: result.start_leaf, new: result.end_leaf, index: result.user, level: zero };
        let stats = &result.stats;
        Side {
            climbed: up.apply(builder, &from),
            parameters: result.parameters,
            stats: SessionStatsTarget {
                sessions: builder.one(),
                fees: stats.fees,
                calls: stats.calls,
                slots: stats.slots,
                events: stats.events,
                withdrawn: stats.withdrawn,
                deposited: stats.deposited,
            },
            withdrawals: result.withdrawals,
            events: result.events,
        }
    }

    /// The session's proof: of a circuit that this network has for closing sessions.
    pub(crate) fn proof(&self, builder: &mut Builder, rules: &Rules) -> ChildClaim {
        let pinned = DigestTarget::constant(builder, rules.end_cap_whitelist);
        self.circuit.check(builder, pinned);
        let public = self.result.digest(builder);
        ChildClaim::new(Class::Node, self.circuit.fingerprint, public)
    }
}

impl GutaChildTarget {
    /// The aggregation's transition after its climb.
    pub(crate) fn enter(&self, builder: &mut Builder, up: &ClimbTarget) -> Side {
        let header = &self.header;
        Side {
            climbed: up.apply(builder, &header.transition.merkle()),
            parameters: header.parameters,
            stats: header.stats.clone(),
            withdrawals: header.withdrawals,
            events: header.events,
        }
    }

    /// The aggregation's proof: of a circuit that its own header whitelists.
    pub(crate) fn proof(&self, builder: &mut Builder) -> ChildClaim {
        self.circuit.check(builder, self.header.whitelist);
        let public = self.header.digest(builder);
        ChildClaim::new(Class::Node, self.circuit.fingerprint, public)
    }
}

impl Side {
    /// The header of one side alone: its effects pass through unfolded.
    pub(crate) fn alone(
        self,
        builder: &mut Builder,
        rules: &Rules,
        whitelist: DigestTarget,
        anchor: &AnchorTarget,
    ) -> GutaHeaderTarget {
        let top = self.climbed.alone(builder, rules.profile.users());
        GutaHeaderTarget {
            whitelist,
            parameters: self.parameters,
            anchor: anchor.clone(),
            transition: top.into(),
            stats: self.stats,
            withdrawals: self.withdrawals,
            events: self.events,
        }
    }

    /// The header of two sides that meet.
    pub(crate) fn meet(
        self,
        right: Side,
        builder: &mut Builder,
        rules: &Rules,
        whitelist: DigestTarget,
        anchor: &AnchorTarget,
    ) -> GutaHeaderTarget {
        self.parameters.connect(builder, right.parameters);
        let met = meet(builder, Domain::UserNode, rules.profile.users(), &self.climbed, &right.climbed);
        GutaHeaderTarget {
            whitelist,
            parameters: self.parameters,
            anchor: anchor.clone(),
            transition: met.into(),
            stats: add(builder, &self.stats, &right.stats),
            withdrawals: node(builder, Domain::WithdrawalNode, self.withdrawals, right.withdrawals),
            events: node(builder, Domain::EventNode, self.events, right.events),
        }
    }
}

/// The statistics of two disjoint sets of sessions; no total is wider than the native one. Seven rows.
fn add(builder: &mut Builder, left: &SessionStatsTarget, right: &SessionStatsTarget) -> SessionStatsTarget {
    let mut sum = |left, right, bits: u32| {
        let sum = builder.add(left, right);
        range::check(builder, sum, bits as usize);
        sum
    };
    SessionStatsTarget {
        sessions: sum(left.sessions, right.sessions, SessionCount::BITS),
        fees: sum(left.fees, right.fees, Amount::BITS),
        calls: sum(left.calls, right.calls, CallCount::BITS),
        slots: sum(left.slots, right.slots, SlotCount::BITS),
        events: sum(left.events, right.events, EventCount::BITS),
        withdrawn: sum(left.withdrawn, right.withdrawn, Amount::BITS),
        deposited: sum(left.deposited, right.deposited, Amount::BITS),
    }
}

/// Both children of a node of two aggregations name the same whitelist and anchor.
pub(crate) fn same_family(builder: &mut Builder, left: &GutaHeaderTarget, right: &GutaHeaderTarget) {
    left.whitelist.connect(builder, right.whitelist);
    left.anchor.connect(builder, &right.anchor);
}
