//! `global::unchanged`: the global trees stay as they are. Which trees those are is checked by part one.
//!
//! Twin: `circuits/src/global/unchanged.rs`. Source: seed 001, step 3.2.

use super::GlobalEntry;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::global::GlobalHeader;
use crate::reject::Reject;
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! global_unchanged {
    ($define:ident) => {
        $define! {
            /// Inputs of `global::unchanged`.
            witness Unchanged {
                /// The trees, and what the checkpoint builds on.
                entry: GlobalEntry,
            }
        }
    };
}
global_unchanged!(native);

impl Statement for Unchanged {
    type Header = GlobalHeader;
    const CIRCUIT: CircuitId = CircuitId::GlobalUnchanged;

    fn apply(&self, _: &Rules) -> Result<GlobalHeader, Reject> {
        Ok(self.entry.header(self.entry.old.clone()))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}
