//! `block::part_one`: the aggregation of all user leaves and the changes of the global trees, tied to the previous
//! checkpoint.
//!
//! Twin: `circuits/src/block/part_one.rs`. Source: seed 001, step 3.3.

use crate::circuit::{CircuitId, Rules};
use crate::global::GlobalChild;
use crate::guta::GutaChild;
use crate::record::{Record, native};
use crate::records::block::{CheckpointLeaf, PartOne as Header};
use crate::records::global::GlobalState;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! block_part_one {
    ($define:ident) => {
        $define! {
            /// Inputs of `block::part_one`.
            witness PartOne {
                /// The change of the whole user tree.
                guta: GutaChild,
                /// The changes of the global trees.
                global: GlobalChild,
                /// The leaf of the previous checkpoint.
                old_leaf: CheckpointLeaf,
            }
        }
    };
}
block_part_one!(native);

impl Statement for PartOne {
    type Header = Header;
    const CIRCUIT: CircuitId = CircuitId::BlockPartOne;

    fn apply(&self, rules: &Rules) -> Result<Header, Reject> {
        let (guta, global, old) = (&self.guta.header, &self.global.header, &self.old_leaf);
        Reject::unless_equal(Rule::GutaWhitelistPinned, rules.guta_whitelist, guta.whitelist)?;
        Reject::unless_equal(Rule::GlobalWhitelistPinned, rules.global_whitelist, global.whitelist)?;
        self.guta.enter(rules)?;
        self.global.check(rules)?;
        Reject::unless_equal(Rule::ParametersOfPrevious, old.parameters, guta.parameters)?;
        Reject::unless_equal(Rule::ParametersOfPrevious, old.parameters, global.parameters)?;
        Reject::unless_equal(Rule::AnchorEqual, guta.anchor.root, global.anchor.root)?;
        let (one, other) = (guta.anchor.height.get(), global.anchor.height.get());
        Reject::unless_equal(Rule::AnchorEqual, u64::from(one), u64::from(other))?;
        Reject::unless_equal(Rule::GutaRoot, rules.profile.users() as u64, guta.transition.level.get().into())?;
        Reject::unless_equal(Rule::GutaRoot, 0, guta.transition.index.get())?;
        Reject::unless_equal(Rule::UsersOfPrevious, old.users, guta.transition.old)?;
        same_globals(&old.globals, &global.old)?;
        Ok(Header {
            parameters: old.parameters,
            anchor: guta.anchor.clone(),
            old_leaf: old.digest(),
            users: guta.transition.new,
            globals: global.new.clone(),
            withdrawals: guta.withdrawals,
            events: guta.events,
            stats: guta.stats.clone(),
        })
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        vec![self.guta.proof(), self.global.proof()]
    }
}

fn same_globals(leaf: &GlobalState, header: &GlobalState) -> Result<(), Reject> {
    let rule = Rule::GlobalsOfPrevious;
    Reject::unless_equal(rule, leaf.contracts, header.contracts)?;
    Reject::unless_equal(rule, leaf.registrations, header.registrations)?;
    Reject::unless_equal(rule, leaf.deposits, header.deposits)?;
    Reject::unless_equal(rule, leaf.deposit_chain, header.deposit_chain)?;
    Reject::unless_equal(rule, leaf.deployed.get(), header.deployed.get())?;
    Reject::unless_equal(rule, leaf.registered.get(), header.registered.get())?;
    Reject::unless_equal(rule, leaf.deposited.get(), header.deposited.get())
}
