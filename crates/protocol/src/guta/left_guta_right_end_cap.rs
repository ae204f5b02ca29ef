//! `guta::left_guta_right_end_cap`: an aggregation and, right of it in the user tree, an end cap meet.
//!
//! Twin: `circuits/src/guta/left_guta_right_end_cap.rs`. Source: seed 001, step 2.2.

use super::{EndCapChild, GutaChild};
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::guta::GutaHeader;
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};
use crate::tree::{Climb, MixedClimb};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_left_guta_right_end_cap {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::left_guta_right_end_cap`.
            witness LeftGutaRightEndCap {
                /// The aggregation.
                left: GutaChild,
                /// The session.
                right: EndCapChild,
                /// Siblings from the left side to below the common ancestor.
                left_climb: Climb<MixedClimb>,
                /// Siblings from the right side to below the common ancestor.
                right_climb: Climb<MixedClimb>,
            }
        }
    };
}
guta_left_guta_right_end_cap!(native);

impl Statement for LeftGutaRightEndCap {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaLeftGutaRightEndCap;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        let guta = &self.left.header;
        let left = self.left.enter(rules)?.climb(rules, &self.left_climb)?;
        let right = self.right.enter(rules, &guta.anchor)?.climb(rules, &self.right_climb)?;
        left.meet(rules, right, guta.whitelist, &guta.anchor)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.left.proof(), self.right.proof()]
    }
}
