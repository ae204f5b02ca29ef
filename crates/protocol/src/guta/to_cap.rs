//! `guta::to_cap`: carries an aggregation up past unchanged siblings.
//!
//! Twin: `circuits/src/guta/to_cap.rs`. Source: seed 001, step 2.2.

use super::GutaChild;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::guta::GutaHeader;
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};
use crate::tree::{Climb, WholeClimb};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! guta_to_cap {
    ($define:ident) => {
        $define! {
            /// Inputs of `guta::to_cap`.
            witness ToCap {
                /// The aggregation.
                child: GutaChild,
                /// Siblings past which it climbs.
                climb: Climb<WholeClimb>,
            }
        }
    };
}
guta_to_cap!(native);

impl Statement for ToCap {
    type Header = GutaHeader;
    const CIRCUIT: CircuitId = CircuitId::GutaToCap;

    fn apply(&self, rules: &Rules) -> Result<GutaHeader, Reject> {
        let header = &self.child.header;
        self.child.enter(rules)?.climb(rules, &self.climb)?.alone(header.whitelist, &header.anchor)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.child.proof()]
    }
}
