//! What realms and the coordinator take in, and one refused input for each reason to refuse.

mod coordinator;
mod refused;
mod world;

use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_protocol::ids::UserId;
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::turnstile::Holdings;
use parth_realm::tables::SubmissionState;
use parth_realm::{Refusal, SubmitError};

use world::{ALICE, BOB, CAROL, FARAWAY, FORGED, Plot, World};

fn sends(to: UserId, total: u64, amount: u64) -> Plot {
    Plot { system: vec![(sent_slot(to), total)], sent: amount, ..Plot::default() }
}

fn claims(from: UserId, total: u64, amount: u64) -> Plot {
    Plot { system: vec![(claimed_slot(from), total)], claimed: amount, ..Plot::default() }
}

fn counts(to: u64) -> Plot {
    Plot { counter: vec![(3, to)], ..Plot::default() }
}

fn refusal(world: &World, user: UserId, submission: &parth_jobs::wire::Submission) -> Refusal {
    match world.home(user).submit(submission) {
        Err(SubmitError::Refused(refusal)) => *refusal,
        other => panic!("refused, not {other:?}"),
    }
}

#[test]
fn value_goes_from_realm_to_realm_and_back_and_every_submission_ends_final() {
    let mut world = World::new(1_000);
    let sent = world.admit(ALICE, &sends(FARAWAY, 300, 300));
    world.admit(BOB, &sends(ALICE, 50, 50));
    world.admit(FARAWAY, &counts(7));
    world.close(GlobalChanges::default());
    let id = sent.session.id();
    let state = |world: &World, id| world.home(ALICE).submission(id).unwrap();
    assert_eq!(state(&world, id), Some(SubmissionState::Final(world.head())));
    assert_eq!(world.home(ALICE).submit(&sent).unwrap(), id, "sent again it is the same submission");
    assert_eq!(world.home(ALICE).pending(ALICE).unwrap(), None);

    world.admit(FARAWAY, &claims(ALICE, 300, 300));
    let both =
        Plot { system: vec![(claimed_slot(BOB), 50), (sent_slot(FARAWAY), 310)], sent: 10, claimed: 50, ..counts(1) };
    world.admit(ALICE, &both);
    world.close(GlobalChanges::default());
    let held = |user| world.home(user).held().unwrap();
    let fees = u128::from(world.chain.head().leaf().stats.fees.get());
    assert!(fees > 0);
    let all = held(ALICE).with(held(FARAWAY));
    let Holdings { balances, sent, claimed } = all;
    assert_eq!((sent, claimed), (360, 350));
    assert_eq!(balances + sent - claimed, u128::from(world.chain.head().leaf().supply.get()));
}

#[test]
fn a_submission_sent_twice_is_one_and_another_session_of_its_user_waits_for_the_next_checkpoint() {
    let mut world = World::new(1_000);
    let (_, other) = world.session(ALICE, &counts(2));
    let first = world.admit(ALICE, &counts(1));
    let id = first.session.id();
    let mut again = first.clone();
    again.proof = b"another proof of the same".to_vec();
    assert_eq!(world.home(ALICE).submit(&again).unwrap(), id);
    assert_eq!(refusal(&world, ALICE, &other), Refusal::AlreadyPending { user: ALICE, pending: id });
    world.close(GlobalChanges::default());
    assert!(matches!(refusal(&world, ALICE, &other), Refusal::StaleStart { user: ALICE, .. }));
    world.admit(ALICE, &counts(2));
    world.close(GlobalChanges::default());
}

#[test]
fn a_forged_proof_is_refused_and_the_others_go_on() {
    let mut world = World::new(1_000);
    let (_, mut forged) = world.session(ALICE, &counts(1));
    forged.proof = FORGED.to_vec();
    assert!(matches!(refusal(&world, ALICE, &forged), Refusal::Proof { .. }));
    assert_eq!(world.home(ALICE).submission(forged.session.id()).unwrap(), None);
    world.admit(BOB, &counts(1));
    let committed = world.close(GlobalChanges::default());
    assert_eq!(committed.head.leaf.stats.sessions.get(), 1);
}

#[test]
fn a_session_that_grows_too_old_while_it_waits_is_rejected_with_its_reason_and_the_others_go_on() {
    let mut world = World::new(1_000);
    let (_, waits) = world.session(ALICE, &counts(1));
    world.home(ALICE).submit(&waits).unwrap();
    let anchor = world.head();
    for _ in 0..world.chain.rules.profile.max_anchor_age - 1 {
        world.pass();
    }
    let (_, late) = world.session_at(CAROL, anchor, &counts(4));
    world.home(CAROL).submit(&late).expect("the oldest age allowed");
    world.pass();
    world.admit(BOB, &sends(ALICE, 5, 5));
    let (_, old) = world.session_at(CAROL, anchor, &counts(5));
    assert!(matches!(refusal(&world, CAROL, &old), Refusal::OldAnchor { .. }));
    let committed = world.close(GlobalChanges::default());
    assert_eq!(committed.head.leaf.stats.sessions.get(), 1);
    let state = world.home(ALICE).submission(waits.session.id()).unwrap();
    assert!(matches!(&state, Some(SubmissionState::Rejected(why)) if why.contains("older")), "{state:?}");
    assert_eq!(world.home(ALICE).pending(ALICE).unwrap(), None);
    world.admit(ALICE, &counts(1));
    world.close(GlobalChanges::default());
}

#[test]
fn a_realm_that_was_opened_again_goes_on_and_the_one_before_changes_nothing() {
    let mut world = World::new(1_000);
    world.admit(ALICE, &counts(1));
    let again = world.open(0).unwrap();
    let before = std::mem::replace(&mut world.realms[0], again);
    let (_, late) = world.session(BOB, &counts(1));
    assert!(matches!(before.submit(&late), Err(SubmitError::Halt(_))));
    assert_eq!(world.realms[0].pending(BOB).unwrap(), None);
    let committed = world.close(GlobalChanges::default());
    assert_eq!(committed.head.leaf.stats.sessions.get(), 1, "what was admitted before is not lost");
    assert!(before.follow(&committed).is_ok(), "it sees the head of the one that leads");
    assert!(world.open(4).is_err(), "two levels have four realms");
}

/// Cumulative totals grow without end, unlike the supply: a realm that kept them as amounts would stop here.
#[test]
fn coins_sent_round_and_round_stop_no_realm() {
    let mut world = World::new(1 << 59);
    // All of a balance but enough for fees; each sender adds its own to what it has just got.
    let unit = (1u64 << 59) - 1_000;
    let ring = [ALICE, BOB, CAROL, ALICE, BOB, CAROL];
    let mut totals = std::collections::BTreeMap::new();
    let mut got: Option<(UserId, u64, u64)> = None;
    for (hop, own) in ring.windows(2).zip([1, 2, 3, 3, 3]) {
        let (from, to, amount) = (hop[0], hop[1], own * unit);
        let total = totals.entry((from, to)).and_modify(|total| *total += amount).or_insert(amount);
        let mut plot = sends(to, *total, amount);
        if let Some((sender, total, amount)) = got.replace((from, *total, amount)) {
            plot.system.push((claimed_slot(sender), total));
            plot.claimed = amount;
        }
        world.admit(from, &plot);
        world.close(GlobalChanges::default());
    }
    let sent = world.home(ALICE).held().unwrap().sent;
    assert!(sent > 1 << 62, "{sent}");
}
