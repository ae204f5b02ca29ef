//! `global::deploy_contracts`: appends contract leaves to the contract tree.
//!
//! The initial state of each is proven to be the empty tree of its height, so nobody deploys state that was never
//! written (attack A4). Twin: `circuits/src/global/deploy_contracts.rs`. Source: seed 001, step 3.2.

use parth_crypto::{Domain, merkle};

use super::{Batch, GlobalEntry, append};
use crate::circuit::{CircuitId, Rules};
use crate::limits::MAX_STATE_HEIGHT;
use crate::record::{Record, native};
use crate::records::global::{GlobalHeader, GlobalState};
use crate::records::leaf::ContractLeaf;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Contracts, Siblings};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! global_deploy_contracts {
    ($define:ident) => {
        $define! {
            /// One contract to deploy.
            witness Deployment {
                /// Its leaf.
                contract: ContractLeaf,
                /// Siblings of its place, after the deployments before it.
                path: Siblings<Contracts>,
            }

            /// Inputs of `global::deploy_contracts`.
            witness DeployContracts {
                /// What the change builds on.
                entry: GlobalEntry,
                /// The contracts, in order.
                deployments: Batch<Deployment>,
            }
        }
    };
}
global_deploy_contracts!(native);

impl Statement for DeployContracts {
    type Header = GlobalHeader;
    const CIRCUIT: CircuitId = CircuitId::GlobalDeployContracts;

    fn apply(&self, rules: &Rules) -> Result<GlobalHeader, Reject> {
        let (old, items) = (&self.entry.old, &self.deployments.0);
        for item in items {
            check_contract(&item.contract)?;
        }
        let leaves: Vec<_> = items.iter().map(|item| (item.contract.digest(), &item.path)).collect();
        let (contracts, deployed) = append(rules, old.contracts, old.deployed, leaves.into_iter())?;
        Ok(self.entry.header(GlobalState { contracts, deployed, ..old.clone() }))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}

/// Checks what a contract leaf must say before it may be deployed.
pub fn check_contract(contract: &ContractLeaf) -> Result<(), Reject> {
    let height = contract.state_height.get();
    let allowed = (1..=MAX_STATE_HEIGHT).contains(&height);
    Reject::unless(Rule::StateHeight, allowed, "1 to 48", u64::from(height))?;
    let empty = merkle::empty_root(Domain::StateNode, usize::from(height));
    Reject::unless_equal(Rule::InitialState, empty, contract.initial)
}
