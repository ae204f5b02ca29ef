//! `global::deploy_contracts`: appends contract leaves to the contract tree.
//!
//! Twin: `protocol/src/global/deploy_contracts.rs`.

use parth_crypto::{Domain, merkle};
use parth_proof::{Builder, Class};
use parth_protocol::global::deploy_contracts::{DeployContracts, Deployment};
use parth_protocol::global::{Batch, GlobalEntry};
use parth_protocol::limits::MAX_STATE_HEIGHT;
use parth_protocol::records::leaf::ContractLeaf;
use parth_protocol::tree::{Contracts, Siblings};
use parth_protocol::{Rules, global_deploy_contracts};
use plonky2::iop::target::Target;

use super::append;
use crate::gadgets::hash::DigestTarget;
use crate::gadgets::{logic, range};
use crate::records::global::GlobalStateTarget;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

global_deploy_contracts!(twin);

impl StatementCircuit for DeployContracts {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &DeployContractsTarget) -> Outcome {
        let (old, batch) = (&statement.entry.old, &statement.deployments);
        let mut items = Vec::with_capacity(batch.items.len());
        for (item, &used) in batch.items.iter().zip(&batch.used) {
            let contract = &item.contract;
            // A place that is not used stands in with height 1.
            let one = builder.one();
            let height = logic::select(builder, used, contract.state_height, one);
            let initial = empty_state(builder, height);
            logic::assert_equal_digest_if(builder, used, contract.initial, initial);
            items.push((contract.digest(builder), &item.path));
        }
        let (contracts, deployed) = append(builder, old.contracts, old.deployed, &items, &batch.used);
        let header = statement.entry.header(GlobalStateTarget { contracts, deployed, ..old.clone() });
        Outcome::new(header.digest(builder), Vec::new())
    }
}

/// The root of an empty state tree of a height of 1 to 48; no other height has one. Five rows.
fn empty_state(builder: &mut Builder, height: Target) -> DigestTarget {
    const GROUP: usize = 16;
    const GROUPS: usize = MAX_STATE_HEIGHT as usize / GROUP;
    // height − 1 = 16 · high + low, with high below 3.
    let bits = {
        let one = builder.one();
        let place = builder.sub(height, one);
        range::bits(builder, place, 6)
    };
    let (low, high) = (range::number(builder, &bits[..4]), range::number(builder, &bits[4..]));
    let fourth_group = builder.and(bits[4], bits[5]);
    builder.assert_zero(fourth_group.target);
    let groups: [DigestTarget; GROUPS] = std::array::from_fn(|group| {
        let roots: [DigestTarget; GROUP] = std::array::from_fn(|place| {
            let height = group * GROUP + place + 1;
            DigestTarget::constant(builder, merkle::empty_root(Domain::StateNode, height))
        });
        logic::pick_digest(builder, low, &roots)
    });
    let padded: [DigestTarget; GROUP] = std::array::from_fn(|group| groups[group.min(GROUPS - 1)]);
    logic::pick_digest(builder, high, &padded)
}
