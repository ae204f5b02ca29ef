//! Aggregation of user leaves (GUTA): end caps enter, transitions of the user tree meet, one proof is left.
//!
//! ```text
//!   end cap   end cap    end cap    end cap
//!       \      /            |           |
//!    two_end_caps     single_end_cap    |
//!          \               /            |
//!           \           to_cap          |
//!            \           /              |
//!             two_guta         left_guta_right_end_cap | left_end_cap_right_guta
//! ```
//! Every circuit gives a [`GutaHeader`]. A checkpoint without sessions uses `no_change`.
//! Source: seed 001, phases 2 and 3.1; design/protocol.md, "Statements".

pub mod left_end_cap_right_guta;
pub mod left_guta_right_end_cap;
pub mod no_change;
pub mod single_end_cap;
pub mod to_cap;
pub mod two_end_caps;
pub mod two_guta;

use parth_crypto::merkle::Transition;
use parth_crypto::{Digest, Domain, node};

use crate::circuit::{Listed, Rules};
use crate::record::{Record, native};
use crate::records::guta::{Anchor, GutaHeader, SessionStats, UserTransition};
use crate::records::session::EndCapResult;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Public};
use crate::tree::{Checkpoints, Climb, ClimbKind, EndCapWhitelist, GutaWhitelist, Siblings};

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! guta_children {
    ($define:ident) => {
        $define! {
            /// An end cap as a child.
            witness EndCapChild {
                /// What it says.
                result: EndCapResult,
                /// Its circuit.
                circuit: Listed<EndCapWhitelist>,
                /// Siblings of the session's anchor in the checkpoint tree that the aggregation builds on.
                anchor_path: Siblings<Checkpoints>,
            }

            /// An aggregation as a child.
            witness GutaChild {
                /// What it says.
                header: GutaHeader,
                /// Its circuit.
                circuit: Listed<GutaWhitelist>,
            }
        }
    };
}
guta_children!(native);

/// One side of an aggregation: what is common to end caps and aggregations.
pub(crate) struct Side {
    transition: Transition,
    parameters: Digest,
    stats: SessionStats,
    withdrawals: Digest,
    events: Digest,
}

impl EndCapChild {
    /// The user's transition, once its circuit is known to close sessions of this network, and the session's anchor
    /// to be a young ancestor of `anchor`.
    pub(crate) fn enter(&self, rules: &Rules, anchor: &Anchor) -> Result<Side, Reject> {
        let (profile, result, listed) = (&rules.profile, &self.result, &self.circuit);
        let (pinned, slot) = (rules.end_cap_whitelist, u64::from(listed.index.get()));
        listed.path.check(profile, Rule::EndCapWhitelist, pinned, slot, listed.fingerprint.0)?;
        let at = u64::from(result.anchor.get());
        self.anchor_path.check(profile, Rule::AnchorPath, anchor.root, at, result.anchor_leaf)?;
        let height = u64::from(anchor.height.get());
        let age = height.checked_sub(at).filter(|&age| age < profile.max_anchor_age);
        age.ok_or_else(|| {
            Reject::new(Rule::AnchorAge, format!("{height}, or less than {} below", profile.max_anchor_age), at)
        })?;
        Ok(Side {
            transition: Transition {
                old: result.start_leaf,
                new: result.end_leaf,
                index: u64::from(result.user.get()),
                level: 0,
            },
            parameters: result.parameters,
            stats: SessionStats::from(&result.stats),
            withdrawals: result.withdrawals,
            events: result.events,
        })
    }

    pub(crate) fn proof(&self) -> ChildProof {
        ChildProof { fingerprint: self.circuit.fingerprint, public: self.result.public_digest() }
    }
}

impl GutaChild {
    /// The aggregation's transition, once its circuit is known to be whitelisted.
    pub(crate) fn enter(&self, rules: &Rules) -> Result<Side, Reject> {
        let (header, listed) = (&self.header, &self.circuit);
        let slot = u64::from(listed.index.get());
        let rule = Rule::GutaWhitelist;
        listed.path.check(&rules.profile, rule, header.whitelist, slot, listed.fingerprint.0)?;
        Ok(Side {
            transition: header.transition.merkle(),
            parameters: header.parameters,
            stats: header.stats.clone(),
            withdrawals: header.withdrawals,
            events: header.events,
        })
    }

    pub(crate) fn proof(&self) -> ChildProof {
        ChildProof { fingerprint: self.circuit.fingerprint, public: self.header.digest() }
    }
}

impl Side {
    pub(crate) fn climb<K: ClimbKind>(self, rules: &Rules, climb: &Climb<K>) -> Result<Side, Reject> {
        Ok(Side { transition: climb.apply(&rules.profile, self.transition)?, ..self })
    }

    /// The header of one side alone: its effects pass through unfolded.
    pub(crate) fn alone(self, whitelist: Digest, anchor: &Anchor) -> Result<GutaHeader, Reject> {
        Ok(GutaHeader {
            whitelist,
            parameters: self.parameters,
            anchor: anchor.clone(),
            transition: UserTransition::try_from(self.transition)?,
            stats: self.stats,
            withdrawals: self.withdrawals,
            events: self.events,
        })
    }

    /// The header of two sides that meet, at the root of the user tree at the highest.
    pub(crate) fn meet(
        self,
        rules: &Rules,
        right: Side,
        whitelist: Digest,
        anchor: &Anchor,
    ) -> Result<GutaHeader, Reject> {
        Reject::unless_equal(Rule::ParametersEqual, self.parameters, right.parameters)?;
        let met = Transition::meet(Domain::UserNode, self.transition, right.transition)
            .map_err(|error| Reject::new(Rule::Meet, "two children of one parent", error.to_string()))?;
        let top = rules.profile.users() as u64;
        let inside = u64::from(met.level) <= top;
        Reject::unless(Rule::Meet, inside, &format!("a level up to {top}"), u64::from(met.level))?;
        Ok(GutaHeader {
            whitelist,
            parameters: self.parameters,
            anchor: anchor.clone(),
            transition: UserTransition::try_from(met)?,
            stats: self.stats.add(&right.stats)?,
            withdrawals: fold(Domain::WithdrawalNode, self.withdrawals, right.withdrawals),
            events: fold(Domain::EventNode, self.events, right.events),
        })
    }
}

/// Effects of two children together: always a node, also of two empty sides (attack F31).
pub fn fold(domain: Domain, left: Digest, right: Digest) -> Digest {
    node(domain, left, right)
}

/// Both children of a node of two aggregations name the same whitelist and anchor.
pub(crate) fn same_family(left: &GutaHeader, right: &GutaHeader) -> Result<(), Reject> {
    Reject::unless_equal(Rule::WhitelistEqual, left.whitelist, right.whitelist)?;
    Reject::unless_equal(Rule::AnchorEqual, left.anchor.root, right.anchor.root)?;
    let height = |header: &GutaHeader| u64::from(header.anchor.height.get());
    Reject::unless_equal(Rule::AnchorEqual, height(left), height(right))
}
