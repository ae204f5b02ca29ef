//! One refused input for each reason of a realm to refuse.

use std::collections::BTreeSet;

use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_contract::opening::BadOpening;
use parth_crypto::Digest;
use parth_jobs::wire::{MAX_CLAIMS, MAX_WRITES, Submission, WireError};
use parth_protocol::ids::{Amount, CheckpointId, Nonce, SlotCount, SlotIndex, StateHeight, UserId};
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::turnstile::SessionAnomaly;
use parth_protocol::{CircuitId, Record};
use parth_realm::turnstile::Unreadable;
use parth_realm::{Refusal, SubmitError};

use super::world::{ALICE, BOB, CAROL, FARAWAY, FORGED, Plot, World, word};
use super::{claims, counts, sends};

/// No wildcard: a new reason needs a name here, and then an input.
fn name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Wire(WireError::Length { .. }) => "length",
        Refusal::Wire(WireError::Malformed { .. }) => "malformed",
        Refusal::Wire(WireError::List { .. }) => "list",
        Refusal::OtherRealm { .. } => "other realm",
        Refusal::OtherNetwork { .. } => "other network",
        Refusal::UnknownAnchor { .. } => "unknown anchor",
        Refusal::OtherChain { .. } => "other chain",
        Refusal::OldAnchor { .. } => "old anchor",
        Refusal::StaleStart { .. } => "stale start",
        Refusal::AlreadyPending { .. } => "already pending",
        Refusal::OtherCircuit { .. } => "other circuit",
        Refusal::Proof { .. } => "proof",
        Refusal::Opening(_) => "opening",
        Refusal::Order { what } => what,
        Refusal::Deltas { what, .. } => what,
        Refusal::NoSlot { .. } => "no slot",
        Refusal::Slots { .. } => "slots",
        Refusal::Unchanged { .. } => "unchanged",
        Refusal::OtherUser { .. } => "other user",
        Refusal::Nonce { .. } => "nonce",
        Refusal::Unreadable(Unreadable::NotAnAmount { .. }) => "no amount",
        Refusal::Unreadable(Unreadable::NotOpened { .. }) => "not opened",
        Refusal::Unreadable(Unreadable::NotClaimed { .. }) => "not claimed",
        Refusal::Unreadable(Unreadable::Opening { .. }) => "claim opening",
        Refusal::Turnstile(SessionAnomaly::Fell { .. }) => "fell",
        Refusal::Turnstile(SessionAnomaly::Twice { .. }) => "twice",
        Refusal::Turnstile(SessionAnomaly::OverClaim { .. }) => "over-claim",
        Refusal::Turnstile(SessionAnomaly::Unbalanced { .. }) => "unbalanced",
    }
}

/// Two checkpoints old: Bob has sent 40 to Alice, Alice has used the counter and sent 20 to Carol.
fn world() -> World {
    let mut world = World::new(1_000);
    world.admit(BOB, &sends(ALICE, 40, 40));
    world.admit(ALICE, &Plot { counter: vec![(3, 1)], ..sends(CAROL, 20, 20) });
    world.close(GlobalChanges::default());
    world.pass();
    world
}

/// Alice claims from Bob, sends to Faraway and counts.
fn good() -> Plot {
    Plot {
        system: vec![(sent_slot(FARAWAY), 5), (claimed_slot(BOB), 40)],
        counter: vec![(3, 2), (9, 1)],
        sent: 5,
        claimed: 40,
    }
}

/// The end leaf says something else, and the end cap with it: as if the proof could be forged.
fn end(submission: &mut Submission, change: impl FnOnce(&mut parth_protocol::records::leaf::UserLeaf)) {
    change(&mut submission.session.end_leaf);
    submission.session.result.end_leaf = submission.session.end_leaf.digest();
}

type Change = Box<dyn Fn(&World, &mut Submission)>;

fn changes() -> Vec<(&'static str, Change)> {
    let mut all: Vec<(&'static str, Change)> = Vec::new();
    let mut add = |name, change: fn(&World, &mut Submission)| all.push((name, Box::new(change)));
    add("other realm", |_, s| s.session.result.user = FARAWAY);
    add("other realm", |_, s| s.session.result.user = UserId::MAX);
    add("other network", |_, s| s.session.result.parameters = word(1));
    add("unknown anchor", |_, s| s.session.result.anchor = CheckpointId::constant(3));
    add("unknown anchor", |_, s| s.session.result.anchor = CheckpointId::MAX);
    add("other chain", |_, s| s.session.result.anchor_leaf = word(1));
    add("other chain", |_, s| s.session.result.anchor = CheckpointId::constant(1));
    add("stale start", |_, s| s.session.result.start_leaf = Digest::ZERO);
    add("other circuit", |_, s| s.session.circuit = CircuitId::SessionStep);
    add("other circuit", |_, s| s.session.circuit = CircuitId::GutaSingleEndCap);
    add("proof", |_, s| s.proof = FORGED.to_vec());
    add("list", |_, s| s.session.claims = vec![s.session.claims[0].clone(); MAX_CLAIMS + 1]);
    add("list", |_, s| s.session.contracts[1].writes = vec![(SlotIndex::ZERO, word(1)); MAX_WRITES + 1]);
    add("contracts", |_, s| s.session.contracts.reverse());
    add("contracts", |_, s| s.session.contracts.insert(0, s.session.contracts[0].clone()));
    add("writes", |_, s| s.session.contracts[1].writes.reverse());
    add("writes", |_, s| s.session.contracts[0].writes[1].0 = s.session.contracts[0].writes[0].0);
    add("claims", |_, s| s.session.claims.push(s.session.claims[0].clone()));
    // What a circuit of a deployer does not count.
    add("slots", |_, s| s.session.result.stats.slots = SlotCount::constant(3));
    add("slots", |_, s| s.session.contracts[1].writes.push((SlotIndex::constant(30), word(1))));
    // A contract leaf that is not the deployed one: every height would be the submitter's choice.
    add("opening", |_, s| s.session.contracts[1].opening.leaf.state_height = StateHeight::constant(63));
    add("opening", |_, s| s.session.contracts[1].opening.leaf.state_height = StateHeight::ZERO);
    add("opening", |_, s| {
        s.session.contracts[1].opening.path.0.pop();
    });
    add("opening", |_, s| s.session.contracts[1].contract = parth_protocol::ids::ContractId::MAX);
    add("no slot", |_, s| s.session.contracts[1].writes[1].0 = SlotIndex::constant(32));
    add("no slot", |_, s| s.session.contracts[0].writes[1].0 = SlotIndex::MAX);
    // Writes that lead elsewhere.
    add("contracts root", |_, s| s.session.contracts[1].writes[0].1 = word(3));
    add("contracts root", |_, s| {
        s.session.contracts.pop();
    });
    add("unchanged", |_, s| s.session.contracts[1].writes.clear());
    add("unchanged", |_, s| s.session.contracts[1].writes = vec![(SlotIndex::constant(3), word(1))]);
    add("end leaf", |_, s| s.session.end_leaf.balance = Amount::constant(1_000_000));
    add("other user", |_, s| end(s, |leaf| leaf.user = BOB));
    add("nonce", |_, s| end(s, |leaf| leaf.nonce = Nonce::constant(1)));
    add("nonce", |_, s| end(s, |leaf| leaf.nonce = Nonce::MAX));
    add("key", |_, s| end(s, |leaf| leaf.key = word(9)));
    // A planted mint.
    add("unbalanced", |_, s| end(s, |leaf| leaf.balance = leaf.balance.next().unwrap()));
    add("unbalanced", |_, s| end(s, |leaf| leaf.balance = Amount::MAX));
    add("unbalanced", |_, s| s.session.result.stats.deposited = Amount::MAX);
    add("unbalanced", |_, s| {
        s.session.contracts[0].writes.remove(0);
    });
    // Claims.
    add("over-claim", |_, s| s.session.contracts[0].writes[1].1 = word(41));
    add("not opened", |_, s| s.session.claims.clear());
    add("not claimed", |world, s| {
        let claim = world.claim(s.session.result.anchor, CAROL, ALICE);
        s.session.claims.push(claim);
    });
    add("claim opening", |_, s| s.session.claims[0].slot.word = word(1_000));
    add("claim opening", |_, s| {
        s.session.claims[0].slot.siblings.pop();
    });
    add("claim opening", |_, s| s.session.claims[0].state.state = word(1));
    add("claim opening", |_, s| s.session.claims[0].state.user = None);
    add("claim opening", |world, s| s.session.claims[0].slot = world.claim(CheckpointId::ZERO, BOB, ALICE).slot);
    add("no amount", |_, s| s.session.contracts[0].writes[0].1 = Digest::from([5, 1, 0, 0]));
    add("no amount", |_, s| s.session.contracts[0].writes[0].1 = word(1 << 62));
    add("fell", |_, s| s.session.contracts[0].writes[0] = (sent_slot(CAROL), word(19)));
    all
}

#[test]
fn each_refused_submission_leaves_nothing_behind() {
    let mut world = world();
    let (_, good_one) = world.session(ALICE, &good());
    let mut seen = BTreeSet::new();
    for (number, (expected, change)) in changes().iter().enumerate() {
        let mut bad = good_one.clone();
        change(&world, &mut bad);
        assert_ne!(bad, good_one, "{number}: {expected}");
        let refusal = match world.realms[0].submit(&bad) {
            Err(SubmitError::Refused(refusal)) => refusal,
            other => panic!("{number}: {expected}: {other:?}"),
        };
        assert_eq!(name(&refusal), *expected, "{number}: {refusal}");
        assert!(!refusal.to_string().is_empty());
        assert_eq!(world.realms[0].pending(ALICE).unwrap(), None, "{number}: {expected}");
        assert_eq!(world.realms[0].submission(bad.session.id()).unwrap(), None, "{number}: {expected}");
        assert!(world.hand_overs().is_empty(), "{number}: {expected}");
        seen.insert(*expected);
    }
    assert!(seen.len() > 20);
    world.admit(ALICE, &good());
    world.close(GlobalChanges::default());
}

/// F14, F15: sessions that hang together in themselves, with the proofs of a hostile deployer's circuits behind them.
#[test]
fn a_mint_or_an_over_claim_is_refused_although_every_root_is_right() {
    let world = world();
    let refused = |plot: &Plot| {
        let (_, submission) = world.session(ALICE, plot);
        super::refusal(&world, ALICE, &submission)
    };
    let mint = Plot { claimed: 500, ..counts(5) };
    assert_eq!(name(&refused(&mint)), "unbalanced");
    let destroys = Plot { sent: 500, ..counts(5) };
    assert_eq!(name(&refused(&destroys)), "unbalanced");
    let (claimed, sent) = (Amount::constant(41), Amount::constant(40));
    let over = SessionAnomaly::OverClaim { user: ALICE, from: BOB, claimed, sent };
    assert_eq!(refused(&claims(BOB, 41, 41)), Refusal::Turnstile(over));
    // From somebody who never sent, and from a place where nobody is.
    assert_eq!(name(&refused(&claims(CAROL, 1, 1))), "over-claim");
    assert_eq!(name(&refused(&claims(UserId::constant(31), 1, 1))), "over-claim");
    // The total as it was sent, but claimed for twice the money.
    assert_eq!(name(&refused(&claims(BOB, 40, 80))), "unbalanced");
}

#[test]
fn what_was_claimed_once_is_not_claimed_again() {
    let mut world = world();
    world.admit(ALICE, &claims(BOB, 40, 40));
    world.close(GlobalChanges::default());
    let (_, again) = world.session(ALICE, &claims(BOB, 40, 40));
    assert!(world.home(ALICE).submit(&again).is_err());
    let (_, more) = world.session(ALICE, &claims(BOB, 80, 40));
    assert_eq!(name(&super::refusal(&world, ALICE, &more)), "over-claim");
}

#[test]
fn an_opening_of_another_user_opens_no_claim() {
    let world = world();
    let (_, mut submission) = world.session(ALICE, &good());
    let mut claim = world.claim(submission.session.result.anchor, ALICE, CAROL);
    claim.from = BOB;
    submission.session.claims = vec![claim];
    let refusal = super::refusal(&world, ALICE, &submission);
    assert!(
        matches!(&refusal, Refusal::Unreadable(Unreadable::Opening { from: BOB, error: BadOpening::Root { .. } })),
        "{refusal}"
    );
}
