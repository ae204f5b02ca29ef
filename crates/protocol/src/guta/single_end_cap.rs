//! `guta::single_end_cap`: one end cap enters aggregation and climbs as far as is wanted.
//!
//! Twin: `circuits/src/guta/single_end_cap.rs`. Source: seed 001, step 2.1.

use parth_crypto::Digest;

use super::EndCapChild;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::guta::{Anchor, GutaHeader};
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};
use crate::tree::{Climb, WholeClimb};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_single_end_cap {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::single_end_cap`.
            witness SingleEndCap {
                /// Whitelist of aggregation circuits.
                whitelist: Digest,
                /// What the aggregation builds on.
                anchor: Anchor,
                /// The session.
                end_cap: EndCapChild,
                /// Siblings past which the user's leaf climbs.
                climb: Climb<WholeClimb>,
            }
        }
    };
}
guta_single_end_cap!(native);

impl Statement for SingleEndCap {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaSingleEndCap;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        self.end_cap.enter(rules, &self.anchor)?.climb(rules, &self.climb)?.alone(self.whitelist, &self.anchor)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.end_cap.proof()]
    }
}
