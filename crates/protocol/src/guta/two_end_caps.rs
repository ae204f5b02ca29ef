//! `guta::two_end_caps`: two end caps of different users enter aggregation and meet.
//!
//! Twin: `circuits/src/guta/two_end_caps.rs`. Source: seed 001, step 2.1.

use parth_crypto::Digest;

use super::EndCapChild;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::guta::{Anchor, GutaHeader};
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};
use crate::tree::{Climb, TwoEndCapsClimb};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_two_end_caps {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::two_end_caps`.
            witness TwoEndCaps {
                /// Whitelist of aggregation circuits.
                whitelist: Digest,
                /// What the aggregation builds on.
                anchor: Anchor,
                /// The session of the lower user id.
                left: EndCapChild,
                /// The session of the higher user id.
                right: EndCapChild,
                /// Siblings from the left leaf to below the common ancestor.
                left_climb: Climb<TwoEndCapsClimb>,
                /// Siblings from the right leaf to below the common ancestor.
                right_climb: Climb<TwoEndCapsClimb>,
            }
        }
    };
}
guta_two_end_caps!(native);

impl Statement for TwoEndCaps {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaTwoEndCaps;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        let left = self.left.enter(rules, &self.anchor)?.climb(rules, &self.left_climb)?;
        let right = self.right.enter(rules, &self.anchor)?.climb(rules, &self.right_climb)?;
        left.meet(rules, right, self.whitelist, &self.anchor)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.left.proof(), self.right.proof()]
    }
}
