//! What the coordinator takes in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parth_coordinator::{AdmitError, Halt, Refusal};
use parth_crypto::Digest;
use parth_jobs::{Leased, Worker, WorkerId};
use parth_protocol::ids::{StateHeight, Time};
use parth_protocol::plan::JobId;
use parth_protocol::plan::checkpoint::PrimaryChoice;
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::statement::Public;
use parth_protocol::{Record, Rule};
use parth_testing::chain::{TestContract, function, key_of};

use super::world::{ALICE, BOB, World, word};
use super::{counts, sends};

fn refused(answer: Result<(), AdmitError>) -> Refusal {
    match answer {
        Err(AdmitError::Refused(refusal)) => refusal,
        other => panic!("refused, not {other:?}"),
    }
}

#[test]
fn a_key_is_registered_once_and_the_empty_key_never() {
    let mut world = World::new(1_000);
    let key = key_of(world.chain.signature_circuit, 7);
    assert_eq!(refused(world.coordinator.register(Digest::ZERO)), Refusal::EmptyKey);
    world.coordinator.register(key).unwrap();
    assert_eq!(refused(world.coordinator.register(key)), Refusal::KeyPending(key));
    world.close(GlobalChanges { registrations: vec![key], deployments: Vec::new() });
    let at = world.coordinator.registration(key).unwrap().unwrap();
    assert_eq!(at.get(), 7);
    assert_eq!(refused(world.coordinator.register(key)), Refusal::Registered { key, at });
}

#[test]
fn a_contract_with_state_that_was_never_written_is_refused() {
    let mut world = World::new(1_000);
    let good = TestContract::new(&world.chain.rules.profile, 9, vec![function(5, 0, false)]).leaf;
    let mut minted = good.clone();
    minted.initial = word(1_000_000);
    assert!(
        matches!(refused(world.coordinator.deploy(&minted)), Refusal::Rule(reject) if reject.rule == Rule::InitialState)
    );
    for height in [0, 49, 63] {
        let mut leaf = good.clone();
        leaf.state_height = StateHeight::constant(height);
        let refusal = refused(world.coordinator.deploy(&leaf));
        assert!(matches!(refusal, Refusal::Rule(reject) if reject.rule == Rule::StateHeight));
    }
    world.coordinator.deploy(&good).unwrap();
    assert_eq!(refused(world.coordinator.deploy(&good)), Refusal::ContractPending(good.digest()));
    world.close(GlobalChanges { registrations: Vec::new(), deployments: vec![good.clone()] });
    assert!(world.coordinator.contract_id(&good).unwrap().is_some());
}

/// One key more than there are leaves, admitted, would stop every checkpoint after it.
#[test]
fn a_full_tree_takes_nothing_more_and_checkpoints_go_on() {
    let mut world = World::new(1_000);
    let places = 1u64 << world.chain.rules.profile.registrations;
    // The last leaf stays empty.
    let taken = world.chain.head().leaf().globals.registered.get();
    let keys: Vec<Digest> = (taken..places - 1).map(|number| word(1_000 + number)).collect();
    for &key in &keys {
        world.coordinator.register(key).unwrap();
    }
    let full = Refusal::Full { what: "keys", places };
    assert_eq!(refused(world.coordinator.register(word(1))), full);
    world.close(GlobalChanges { registrations: keys, deployments: Vec::new() });
    assert_eq!(refused(world.coordinator.register(word(1))), full);
    world.admit(ALICE, &counts(1));
    world.close(GlobalChanges::default());
}

#[test]
fn a_hand_over_that_mints_or_builds_on_an_older_head_makes_no_checkpoint() {
    let mut world = World::new(1_000);
    world.admit(ALICE, &counts(1));
    let honest = world.hand_overs();
    let choice = PrimaryChoice { time: Time::MAX, contribution: Digest::ZERO };
    let mut minted = honest.clone();
    minted[0].held.balances += 1;
    match world.coordinator.produce(minted, choice.clone()) {
        Err(Halt::Supply { anomaly, .. }) => assert_eq!(anomaly.difference, 1),
        other => panic!("the supply differs: {other:?}"),
    }
    world.close(GlobalChanges::default());
    assert!(matches!(world.coordinator.produce(honest, choice), Err(Halt::HandOver { .. })));
}

/// The jobs of realms are in no graph of the coordinator's, and it would wait for ever.
#[test]
fn a_job_of_a_realm_that_cannot_be_proven_ends_the_wait_with_its_evidence() {
    let mut world = World::new(1_000);
    world.admit(ALICE, &sends(BOB, 5, 5));
    world.admit(BOB, &counts(1));
    let hand_overs = world.hand_overs();
    let fingerprint = world.chain.circuits.fingerprint(hand_overs[0].circuit);
    let bad = JobId::new(fingerprint, hand_overs[0].header.public_digest());
    let choice = PrimaryChoice { time: Time::MAX, contribution: Digest::ZERO };
    let done = AtomicBool::new(false);
    let produced = std::thread::scope(|scope| {
        scope.spawn(|| {
            let worker = Worker { id: WorkerId(1), trusted: true };
            while !done.load(Ordering::SeqCst) {
                match world.queue.lease(worker, Duration::from_millis(10)).unwrap() {
                    Leased::Job(lease) if lease.job == bad => world.queue.fail(&lease, "no witness").unwrap(),
                    Leased::Job(lease) => drop(world.queue.complete(&lease, b"a proof").unwrap()),
                    _ => {}
                }
            }
        });
        let produced = world.coordinator.produce(hand_overs, choice);
        done.store(true, Ordering::SeqCst);
        produced
    });
    match produced {
        Err(Halt::Unprovable { evidence, .. }) => assert!(evidence.ends_with("no witness"), "{evidence}"),
        other => panic!("nobody can prove it: {other:?}"),
    }
}
