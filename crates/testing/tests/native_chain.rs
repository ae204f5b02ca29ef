//! The whole journey without proofs: many users, several realms, quiet and busy checkpoints.

use parth_crypto::Digest;
use parth_protocol::ids::{ContractId, RealmBits, RegistrationIndex, UserId};
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::tree::user_of_registration;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rule};
use parth_testing::chain::{COUNTER, TestContract, function, key_of};
use parth_testing::{CallEffect, TestChain};
use proptest::prelude::*;

fn user(chain: &TestChain, registration: u32) -> UserId {
    user_of_registration(&chain.rules.profile, chain.parameters.realm_bits, RegistrationIndex::constant(registration))
}

fn write(value: u64) -> CallEffect {
    CallEffect { new_state: Some(Digest::from([value, 1, 1, 1])), slots: 1, events: 1, ..CallEffect::default() }
}

#[test]
fn users_call_send_and_arrive_over_several_checkpoints() {
    let mut chain = TestChain::small(&[1_000, 2_000, 3_000]);
    let key = key_of(chain.signature_circuit, 4);
    let registrations = GlobalChanges { registrations: vec![key], deployments: Vec::new() };
    let sessions = (1..=3)
        .map(|n| {
            let session = chain.session(user(&chain, n)).unwrap().call(COUNTER, 0, &write(n.into())).unwrap();
            let send = CallEffect { balance_out: 100, ..write(9) };
            session.call(ContractId::SYSTEM, 0, &send).unwrap().end().unwrap()
        })
        .collect();
    let first = chain.close(sessions, registrations).unwrap();
    // 10 a session, 3 a call, 1 a slot; two calls and two slots each.
    assert_eq!(first.head.leaf.stats.fees.get(), 3 * (10 + 2 * 3 + 2));
    assert_eq!(first.head.leaf.supply.get(), 6_000 - first.head.leaf.stats.fees.get());
    assert_eq!(first.head.leaf.registrations.get(), 1);

    // A checkpoint in which nothing happens.
    let quiet = chain.close(Vec::new(), GlobalChanges::default()).unwrap();
    assert_eq!(quiet.head.leaf.users, first.head.leaf.users);
    let circuits: Vec<_> = quiet.graph.jobs.iter().map(|job| job.statement.circuit()).collect();
    assert_eq!(
        circuits,
        [CircuitId::GutaNoChange, CircuitId::GlobalUnchanged, CircuitId::BlockPartOne, CircuitId::BlockCheckpoint]
    );

    // The new user arrives with a claim; the fee is taken after it.
    let claim = CallEffect { balance_in: 100, ..write(5) };
    let arrival = chain.session(user(&chain, 4)).unwrap().call(ContractId::SYSTEM, 0, &claim).unwrap().end().unwrap();
    assert_eq!(arrival.end_leaf.balance.get(), 100 - 10 - 3 - 1);
    let contract = TestContract::new(&chain.rules.profile, 9, vec![function(8, 0, false)]);
    let changes = GlobalChanges { registrations: Vec::new(), deployments: vec![contract.leaf] };
    let third = chain.close(vec![arrival], changes).unwrap();
    assert_eq!(third.head.public.height.get(), 3);
    assert_eq!(third.head.leaf.globals.deployed.get(), 3);
}

#[test]
fn a_checkpoint_plans_on_trees_of_the_standard_heights() {
    let mut chain = TestChain::new(Profile::STANDARD, CircuitSet::stand_in(), RealmBits::constant(2), &[1_000; 9]);
    let sessions = (1..=9)
        .map(|n| chain.session(user(&chain, n)).unwrap().call(COUNTER, 0, &write(n.into())).unwrap().end().unwrap())
        .collect();
    let closed = chain.close(sessions, GlobalChanges::default()).unwrap();
    let text = closed.graph.to_string();
    assert!(text.contains("guta::two_guta") && text.contains("guta::to_cap"), "{text}");
    assert_eq!(closed.graph.root().unwrap().statement.circuit(), CircuitId::BlockCheckpoint);
}

#[test]
fn a_plan_that_fills_a_tree_beyond_its_last_place_is_refused() {
    let mut chain = TestChain::small(&[1_000; 30]);
    let key = |n| key_of(chain.signature_circuit, n);
    let two = GlobalChanges { registrations: vec![key(31), key(32)], deployments: Vec::new() };
    assert_eq!(chain.plan(&[], &two).unwrap_err().rule, Rule::AppendPath);
    let one = GlobalChanges { registrations: vec![key(31)], deployments: Vec::new() };
    chain.close(Vec::new(), one.clone()).unwrap();
    assert_eq!(chain.plan(&[], &one).unwrap_err().rule, Rule::AppendPath);
    let leaf = chain.contracts[1].leaf.clone();
    let contracts = GlobalChanges { registrations: Vec::new(), deployments: vec![leaf; 15] };
    assert_eq!(chain.plan(&[], &contracts).unwrap_err().rule, Rule::AppendPath);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any set of users aggregates to the root that writing their leaves gives; every job's children come before it.
    #[test]
    fn any_set_of_users_aggregates(chosen in prop::collection::btree_set(1u32..=30, 1..20)) {
        let mut chain = TestChain::small(&[1_000; 30]);
        let sessions = chosen
            .iter()
            .map(|&n| chain.session(user(&chain, n)).unwrap().call(COUNTER, 0, &write(n.into())).unwrap().end().unwrap())
            .collect();
        let closed = chain.close(sessions, GlobalChanges::default()).unwrap();
        prop_assert_eq!(closed.head.leaf.stats.sessions.get(), chosen.len() as u64);
        let outside = TestChain::outside(&closed.graph);
        prop_assert_eq!(outside.len(), chosen.len() + 1, "every end cap once, and the previous checkpoint");
        let mut seen = outside;
        for job in &closed.graph.jobs {
            prop_assert!(job.children.iter().all(|child| seen.contains(child)));
            seen.push(job.id);
        }
    }
}
