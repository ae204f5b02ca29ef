//! `global::fold`: two changes of the global trees, one after the other.
//!
//! The right one starts exactly where the left one ends, for every tree; two changes from the same start never
//! combine (attack F17). Twin: `circuits/src/global/fold.rs`. Source: seed 001, step 3.2.

use super::GlobalChild;
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::global::{GlobalHeader, GlobalState};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! global_fold {
    ($define:ident) => {
        $define! {
            /// Inputs of `global::fold`.
            witness Fold {
                /// The first change.
                left: GlobalChild,
                /// The second change.
                right: GlobalChild,
            }
        }
    };
}
global_fold!(native);

impl Statement for Fold {
    type Header = GlobalHeader;
    const CIRCUIT: CircuitId = CircuitId::GlobalFold;

    fn apply(&self, rules: &Rules) -> Result<GlobalHeader, Reject> {
        self.left.check(rules)?;
        self.right.check(rules)?;
        let (left, right) = (&self.left.header, &self.right.header);
        Reject::unless_equal(Rule::WhitelistEqual, left.whitelist, right.whitelist)?;
        Reject::unless_equal(Rule::ParametersEqual, left.parameters, right.parameters)?;
        Reject::unless_equal(Rule::AnchorEqual, left.anchor.root, right.anchor.root)?;
        let (one, other) = (left.anchor.height.get(), right.anchor.height.get());
        Reject::unless_equal(Rule::AnchorEqual, u64::from(one), u64::from(other))?;
        sequential(&left.new, &right.old)?;
        Ok(GlobalHeader { old: left.old.clone(), new: right.new.clone(), ..left.clone() })
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.left.proof(), self.right.proof()]
    }
}

fn sequential(left: &GlobalState, right: &GlobalState) -> Result<(), Reject> {
    let roots = [
        (left.contracts, right.contracts),
        (left.registrations, right.registrations),
        (left.deposits, right.deposits),
        (left.deposit_chain, right.deposit_chain),
    ];
    let counts =
        [(left.deployed, right.deployed), (left.registered, right.registered), (left.deposited, right.deposited)];
    for (ended, started) in roots {
        Reject::unless_equal(Rule::FoldSequential, ended, started)?;
    }
    for (ended, started) in counts {
        Reject::unless_equal(Rule::FoldSequential, ended.get(), started.get())?;
    }
    Ok(())
}
