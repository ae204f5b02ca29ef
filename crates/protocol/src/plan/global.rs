//! Plans the changes of the global trees: batches in order, folded pairwise.

use parth_crypto::Digest;
use parth_crypto::merkle::Frontier;

use crate::circuit::{CircuitId, CircuitSet, Rules};
use crate::global::deploy_contracts::{DeployContracts, Deployment};
use crate::global::fold::Fold;
use crate::global::register_users::{RegisterUsers, Registration};
use crate::global::unchanged::Unchanged;
use crate::global::{Batch, GlobalChild, GlobalEntry};
use crate::plan::job::JobGraph;
use crate::record::Record;
use crate::records::global::{GlobalHeader, GlobalState};
use crate::records::guta::Anchor;
use crate::records::leaf::ContractLeaf;
use crate::reject::{Reject, Rule};
use crate::tree::{GlobalWhitelist, Siblings};

/// What a checkpoint does to the global trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlobalChanges {
    /// Public key commitments to register, in order.
    pub registrations: Vec<Digest>,
    /// Contracts to deploy, in order.
    pub deployments: Vec<ContractLeaf>,
}

/// Adds the jobs for all changes. Both frontiers are left behind the last of them. Returns the whole change.
#[expect(clippy::too_many_arguments, reason = "a planning step is a function of the whole situation")]
pub fn plan_globals(
    graph: &mut JobGraph,
    rules: &Rules,
    circuits: &CircuitSet,
    parameters: Digest,
    anchor: &Anchor,
    old: &GlobalState,
    changes: &GlobalChanges,
    registration_tree: &mut Frontier,
    contract_tree: &mut Frontier,
) -> Result<(GlobalHeader, CircuitId), Reject> {
    let mut state = old.clone();
    let mut done = Vec::new();
    let entry = |old: &GlobalState| GlobalEntry {
        whitelist: rules.global_whitelist,
        parameters,
        anchor: anchor.clone(),
        old: old.clone(),
    };
    for keys in changes.registrations.chunks(rules.profile.batch) {
        let registrations =
            keys.iter().map(|&key| Registration { key, path: Siblings::new(registration_tree.append(key)) }).collect();
        let statement = RegisterUsers { entry: entry(&state), registrations: Batch(registrations) };
        let header = graph.add(rules, circuits, statement)?;
        state = header.new.clone();
        done.push((header, CircuitId::GlobalRegisterUsers));
    }
    for contracts in changes.deployments.chunks(rules.profile.batch) {
        let deployments = contracts
            .iter()
            .map(|contract| Deployment {
                contract: contract.clone(),
                path: Siblings::new(contract_tree.append(contract.digest())),
            })
            .collect();
        let statement = DeployContracts { entry: entry(&state), deployments: Batch(deployments) };
        let header = graph.add(rules, circuits, statement)?;
        state = header.new.clone();
        done.push((header, CircuitId::GlobalDeployContracts));
    }
    if done.is_empty() {
        let header = graph.add(rules, circuits, Unchanged { entry: entry(&state) })?;
        done.push((header, CircuitId::GlobalUnchanged));
    }
    fold_all(graph, rules, circuits, done)
}

/// Folds neighbours until one change is left.
fn fold_all(
    graph: &mut JobGraph,
    rules: &Rules,
    circuits: &CircuitSet,
    mut changes: Vec<(GlobalHeader, CircuitId)>,
) -> Result<(GlobalHeader, CircuitId), Reject> {
    while changes.len() > 1 {
        let mut folded = Vec::with_capacity(changes.len().div_ceil(2));
        let mut rest = changes.into_iter();
        while let Some(left) = rest.next() {
            let Some(right) = rest.next() else {
                folded.push(left);
                break;
            };
            let statement = Fold {
                left: global_child(rules, circuits, left.0, left.1)?,
                right: global_child(rules, circuits, right.0, right.1)?,
            };
            folded.push((graph.add(rules, circuits, statement)?, CircuitId::GlobalFold));
        }
        changes = folded;
    }
    changes.pop().ok_or_else(|| Reject::new(Rule::BatchLength, "at least one change", 0))
}

/// A change of the global trees as the child of another circuit.
pub fn global_child(
    rules: &Rules,
    circuits: &CircuitSet,
    header: GlobalHeader,
    circuit: CircuitId,
) -> Result<GlobalChild, Reject> {
    let listed = circuits.listed::<GlobalWhitelist>(&rules.profile, circuit);
    let circuit = listed.ok_or_else(|| Reject::new(Rule::GlobalWhitelist, "a global circuit", circuit.name()))?;
    Ok(GlobalChild { header, circuit })
}
