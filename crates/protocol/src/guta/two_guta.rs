//! `guta::two_guta`: two aggregations of disjoint parts of the user tree meet.
//!
//! Twin: `circuits/src/guta/two_guta.rs`. Source: seed 001, steps 2.2 and 3.1.

use super::{GutaChild, same_family};
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::guta::GutaHeader;
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};
use crate::tree::{Climb, TwoGutaClimb};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_two_guta {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::two_guta`.
            witness TwoGuta {
                /// The left part.
                left: GutaChild,
                /// The right part.
                right: GutaChild,
                /// Siblings from the left part to below the common ancestor.
                left_climb: Climb<TwoGutaClimb>,
                /// Siblings from the right part to below the common ancestor.
                right_climb: Climb<TwoGutaClimb>,
            }
        }
    };
}
guta_two_guta!(native);

impl Statement for TwoGuta {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaTwoGuta;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        same_family(&self.left.header, &self.right.header)?;
        let left = self.left.enter(rules)?.climb(rules, &self.left_climb)?;
        let right = self.right.enter(rules)?.climb(rules, &self.right_climb)?;
        left.meet(rules, right, self.left.header.whitelist, &self.left.header.anchor)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.left.proof(), self.right.proof()]
    }
}
