//! The attacks of the hostile reading of the protocol that statements alone can express: each is built as far as an
//! attacker gets, and refused where the protocol says. The F and A numbers are those of the reading.

mod checkpoints;
mod debts;
mod inline;

use parth_crypto::merkle::{Transition, empty_root};
use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::block::checkpoint::Checkpoint;
use parth_protocol::global::fold::Fold;
use parth_protocol::guta::fold;
use parth_protocol::guta::two_end_caps::TwoEndCaps;
use parth_protocol::ids::{
    Amount, Caller, CheckpointId, ContractId, FeeRate, Fingerprint, Level, RealmBits, RegistrationIndex, UserId,
};
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::plan::{AnyStatement, JobId};
use parth_protocol::tree::{Climb, Siblings, TreeKind, Users, user_of_registration};
use parth_protocol::turnstile::{Claimed, Holdings, Issued, Sent, SessionAnomaly, SessionMoves, check_supply};
use parth_protocol::{CircuitId, CircuitSet, Felts, Profile, Record, Reject, Rule, Statement};
use parth_testing::chain::{COUNTER, TestChain, key_of};
use parth_testing::refuse::{Seal, World};
use parth_testing::{CallEffect, TestSession};

fn rule<T: std::fmt::Debug>(outcome: Result<T, Reject>) -> Rule {
    outcome.expect_err("the attack is refused").rule
}

fn other(mut digest: Digest) -> Digest {
    digest.0[0] += Felt::ONE;
    digest
}

/// The first statement of a kind.
fn job<'a, S>(jobs: impl IntoIterator<Item = &'a AnyStatement>, pick: fn(&AnyStatement) -> Option<&S>) -> &'a S
where
    S: 'a,
{
    jobs.into_iter().find_map(pick).expect("the checkpoint has such a statement")
}

fn checkpoint_of(world: &World, height: usize) -> &Checkpoint {
    job(world.closed[height - 1].graph.jobs.iter().map(|job| &job.statement), |statement| match statement {
        AnyStatement::Checkpoint(checkpoint) => Some(checkpoint.as_ref()),
        _ => None,
    })
}

/// F1: a whitelist of one's own holds an evil step that mints; the honest end cap would close the session.
#[test]
fn a_session_in_a_whitelist_of_its_own_cannot_be_closed() {
    let world = World::new();
    let rules = &world.chain.rules;
    let mut end_cap = world.called(7, COUNTER, 0, &World::write()).end_cap();
    end_cap.last_circuit.fingerprint = Fingerprint(Digest::from([6, 6, 6, 6]));
    end_cap.last.leaf.balance = Amount::constant(1 << 50);
    end_cap.seal(&rules.profile);
    let listed = &end_cap.last_circuit;
    let slot = listed.index.get().into();
    let own =
        listed.path.check(&rules.profile, Rule::SessionWhitelist, end_cap.last.whitelist, slot, listed.fingerprint.0);
    assert_eq!(own, Ok(()), "the evil step stands in the evil whitelist");
    assert_eq!(rule(end_cap.apply(rules)), Rule::SessionWhitelistPinned);
}

/// F2: parameters of one's own, with no fees, from the start of the session on.
#[test]
fn a_session_under_fees_of_its_own_never_enters_a_checkpoint() {
    let world = World::new();
    let (rules, chain) = (&world.chain.rules, &world.chain);
    // Only in the end cap: they are not those of the session.
    let mut end_cap = world.called(7, COUNTER, 0, &World::write()).end_cap();
    end_cap.parameters.fee_base = FeeRate::ZERO;
    assert_eq!(rule(end_cap.apply(rules)), Rule::ParametersOfSession);
    // From a forged anchor leaf on: the session closes, but its anchor is no checkpoint.
    let mut forged = chain.clone();
    forged.parameters.fee_base = FeeRate::ZERO;
    for snapshot in &mut forged.history {
        snapshot.head.leaf.parameters = forged.parameters.digest();
    }
    let session = forged.session(UserId::constant(7)).and_then(|s| s.call(COUNTER, 0, &World::write())).unwrap();
    let cheap = session.end().unwrap();
    assert_eq!(cheap.result.stats.fees.get(), 4);
    let mut single = world.single(7, 5);
    single.end_cap = chain.end_cap_child(cheap.result.clone());
    assert_eq!(rule(single.apply(rules)), Rule::AnchorPath);
    // With the leaf digest of the real anchor it could only be the result of another end cap.
    single.end_cap.result.anchor_leaf = chain.head().leaf().digest();
    let entered = single.apply(rules).unwrap();
    let mut part = part_one_of(&world, 1).clone();
    (part.old_leaf, part.global.header) = part_one_like(&world);
    part.guta = world.guta_child(entered, CircuitId::GutaSingleEndCap);
    assert_eq!(rule(part.apply(rules)), Rule::ParametersOfPrevious);
}

/// F2: the age of an anchor is counted by the aggregation, not by the session.
#[test]
fn a_session_with_an_old_anchor_never_enters_whatever_height_the_aggregation_claims() {
    let world = World::new();
    let rules = &world.chain.rules;
    let mut single = world.single(7, 5);
    single.end_cap = world.end_cap_at(7, CheckpointId::constant(2));
    assert_eq!(rule(single.apply(rules)), Rule::AnchorAge);
    // A lower height passes here, and stands in the header until the checkpoint compares it with the previous proof.
    single.anchor.height = CheckpointId::constant(9);
    let header = single.apply(rules).unwrap();
    let mut part = part_one_of(&world, 1).clone();
    (part.old_leaf, part.global.header) = part_one_like(&world);
    part.global.header.anchor = header.anchor.clone();
    part.guta = world.guta_child(header, CircuitId::GutaSingleEndCap);
    let part = part.apply(rules).unwrap();
    let mut checkpoint = checkpoint_of(&world, 1).clone();
    checkpoint.previous = world.chain.head().head.public.clone();
    checkpoint.previous_circuit = world.chain.parameters.checkpoint;
    checkpoint.old_leaf = world.chain.head().leaf().clone();
    checkpoint.part_one = part;
    assert_eq!(rule(checkpoint.apply(rules)), Rule::PartOneAnchor);
}

fn part_one_of(world: &World, height: usize) -> &parth_protocol::block::part_one::PartOne {
    job(world.closed[height - 1].graph.jobs.iter().map(|job| &job.statement), |statement| match statement {
        AnyStatement::PartOne(part) => Some(part.as_ref()),
        _ => None,
    })
}

/// The previous leaf and an unchanged global header on top of the world's newest checkpoint.
fn part_one_like(
    world: &World,
) -> (parth_protocol::records::block::CheckpointLeaf, parth_protocol::records::global::GlobalHeader) {
    let leaf = world.chain.head().leaf().clone();
    let header = parth_protocol::records::global::GlobalHeader {
        whitelist: world.chain.rules.global_whitelist,
        parameters: leaf.parameters,
        anchor: world.anchor(),
        old: leaf.globals.clone(),
        new: leaf.globals.clone(),
    };
    (leaf, header)
}

/// F3: the right root beside another leaf or other parameters.
#[test]
fn the_start_ties_leaf_and_parameters_to_the_root_and_the_checkpoint_opens_them() {
    let world = World::new();
    let (rules, genesis) = (&world.chain.rules, world.chain.history[0].leaf().clone());
    let start = parth_protocol::block::start::Start { leaf: genesis.clone() };
    let shown = start.apply(rules).unwrap();
    assert_eq!(shown.leaf, genesis.digest());
    assert_eq!(shown.parameters, genesis.parameters);
    assert_eq!((shown.genesis, shown.previous), (shown.root, Digest::ZERO));
    // A leaf with more supply gives another root, and so another network.
    let mut rich = start.clone();
    rich.leaf.supply = Amount::MAX;
    assert_ne!(rich.apply(rules).unwrap().genesis, shown.genesis);
    // A checkpoint that opens another leaf than the proof shows.
    let mut next = checkpoint_of(&world, 1).clone();
    next.old_leaf.supply = Amount::MAX;
    assert_eq!(rule(next.apply(rules)), Rule::PreviousLeaf);
    let mut next = checkpoint_of(&world, 1).clone();
    next.parameters.checkpoint = Fingerprint(Digest::from([6, 6, 6, 6]));
    assert_eq!(rule(next.apply(rules)), Rule::ParametersOfPrevious);
}

/// F6: negative slots against fees, and a negative amount that credits.
#[test]
fn negative_numbers_of_a_hostile_circuit_are_refused() {
    let world = World::new();
    let rules = &world.chain.rules;
    let busy = CallEffect { slots: 1_000, ..World::write() };
    let session = world.called(7, COUNTER, 0, &busy);
    let refund = CallEffect { slots: Felt::ORDER - 1_000, ..World::write() };
    assert_eq!(rule(session.step(COUNTER, 0, &refund).apply(rules)), Rule::CallSlots);
    let credit = CallEffect { balance_out: Felt::ORDER - 1_000_000, ..World::write() };
    assert_eq!(rule(world.session(7).step(ContractId::SYSTEM, 0, &credit).apply(rules)), Rule::CallAmounts);
    // Together they would leave a balance in range.
    let both = CallEffect { withdrawn: 5, deposited: Felt::ORDER - 5, ..World::write() };
    assert_eq!(rule(world.session(7).step(ContractId::SYSTEM, 0, &both).apply(rules)), Rule::CallAmounts);
    let events = CallEffect { events: Felt::ORDER - 1, ..World::write() };
    assert_eq!(rule(world.session(2).step(COUNTER, 0, &events).apply(rules)), Rule::CallEvents);
}

/// F7: balance credited by an ordinary contract. F13: a withdrawal that looks like a send.
#[test]
fn only_the_system_contract_moves_balance_and_each_kind_of_move_is_counted_apart() {
    let world = World::new();
    let rules = &world.chain.rules;
    let moves = [
        CallEffect { balance_out: 1, ..World::write() },
        CallEffect { balance_in: 1, ..World::write() },
        CallEffect { withdrawn: 1, ..World::write() },
        CallEffect { deposited: 1, ..World::write() },
    ];
    for effect in &moves {
        assert_eq!(rule(world.session(7).step(COUNTER, 0, effect).apply(rules)), Rule::BalanceOnlySystem);
    }
    let [sent, _, withdrawn, _] = &moves;
    let sent = world.called(7, ContractId::SYSTEM, 0, sent).session;
    let withdrawn = world.called(7, ContractId::SYSTEM, 0, withdrawn).session;
    assert_eq!(sent.leaf, withdrawn.leaf, "both leave the user one unit poorer");
    assert_eq!((sent.state.withdrawn.get(), sent.state.withdrawals), (0, Digest::ZERO));
    assert_eq!(withdrawn.state.withdrawn.get(), 1);
    assert_ne!(withdrawn.state.withdrawals, Digest::ZERO);
}

/// F8: two new users have the same empty start leaf; the start context tells them apart.
#[test]
fn a_call_proof_of_one_new_user_does_not_serve_another() {
    let world = World::new();
    let (one, two) = (world.session(11), world.session(29));
    assert_eq!(one.session.start.start_leaf, two.session.start.start_leaf);
    assert_eq!(one.session.leaf.contracts, two.session.leaf.contracts);
    let claim = CallEffect { balance_in: 100, ..World::write() };
    let mut stolen = two.step(ContractId::SYSTEM, 0, &claim);
    stolen.taken.context = one.step(ContractId::SYSTEM, 0, &claim).taken.context;
    assert_eq!(rule(stolen.apply(&world.chain.rules)), Rule::CallSession);
}

/// F9, A6: an event that parses as a withdrawal, or a withdrawal that nobody made.
#[test]
fn withdrawals_come_only_from_calls_that_withdraw() {
    let world = World::new();
    let event = World::write();
    let session = world.called(7, COUNTER, 0, &event);
    assert_eq!(session.session.state.withdrawals, Digest::ZERO);
    let ended = session.end().unwrap();
    assert!(ended.result.withdrawals.is_zero() && !ended.result.events.is_zero());
    let withdraw = CallEffect { withdrawn: 9, ..World::write() };
    let ended = world.called(7, ContractId::SYSTEM, 0, &withdraw).end().unwrap();
    assert!(!ended.result.withdrawals.is_zero());
    // The same chain under the user and under nobody: the leaf names the user.
    let mut felts = UserId::constant(7).felts();
    ended.end_cap.last.state.withdrawals.write_felts(&mut felts);
    assert_eq!(ended.result.withdrawals, hash(Domain::WithdrawalLeaf, &felts));
    assert_ne!(ended.result.withdrawals, hash(Domain::EventLeaf, &felts));
}

/// F12, A4: state that nobody wrote, through another height's empty root or a pre-minted initial state.
#[test]
fn first_use_starts_from_the_empty_tree_of_the_contracts_height() {
    let world = World::new();
    let rules = &world.chain.rules;
    let first = world.session(7).step(COUNTER, 0, &World::write());
    assert!(first.taken.state_leaf.is_zero());
    for height in (0..=48).filter(|&height| height != usize::from(first.taken.contract.state_height.get())) {
        let mut step = first.clone();
        step.taken.context.state = empty_root(Domain::StateNode, height);
        assert_eq!(rule(step.apply(rules)), Rule::StateRoot, "empty root of height {height}");
    }
    let mut minted = first.clone();
    minted.taken.contract.initial = Digest::from([9, 9, 9, 9]);
    minted.taken.context.state = minted.taken.contract.initial;
    assert_eq!(rule(minted.apply(rules)), Rule::ContractPath);
    let mut deployed = first.taken.contract.clone();
    deployed.initial = Digest::from([9, 9, 9, 9]);
    let changes = GlobalChanges { registrations: Vec::new(), deployments: vec![deployed] };
    assert_eq!(rule(world.chain.plan(&[], &changes)), Rule::InitialState);
}

/// F28: realm bits that change later, so that two registrations map to one user.
#[test]
fn realm_bits_are_part_of_the_parameters_and_no_others_open() {
    let world = World::new();
    let session = world.session(11);
    let parth_testing::session::Opening::New(start) = session.opening else { panic!("user 11 never came") };
    let profile = &world.chain.rules.profile;
    for bits in (0..16).filter(|&bits| bits != world.chain.parameters.realm_bits.get()) {
        let mut moved = (*start).clone();
        moved.parameters.realm_bits = RealmBits::constant(bits);
        moved.user = user_of_registration(profile, moved.parameters.realm_bits, moved.registration);
        assert_eq!(rule(moved.apply(&world.chain.rules)), Rule::ParametersOfAnchor);
    }
}

/// F29: "no caller" that equals the system contract.
#[test]
fn a_top_level_call_is_no_call_of_the_system_contract() {
    assert!((0..=u32::MAX).step_by(65_537).all(|id| Caller::contract(ContractId::constant(id)) != Caller::USER));
    assert_ne!(Caller::contract(ContractId::SYSTEM), Caller::USER);
    assert_ne!(Caller::contract(ContractId::MAX), Caller::USER);
    let world = World::new();
    let mut step = world.session(7).step(ContractId::SYSTEM, 0, &World::write());
    step.taken.call.caller = Caller::contract(ContractId::SYSTEM);
    step.taken.context.call = step.taken.call.digest();
    assert_eq!(rule(step.apply(&world.chain.rules)), Rule::TopLevelCaller);
}

/// A12: fees at the largest rates, calls and slots stay inside an amount.
#[test]
fn fees_at_all_their_bounds_do_not_wrap() {
    let chain = TestChain::new(Profile::SMALL, CircuitSet::stand_in(), RealmBits::constant(1), &[1_000]);
    let mut parameters = chain.parameters;
    let rate = FeeRate::MAX;
    (parameters.fee_base, parameters.fee_per_call, parameters.fee_per_slot) = (rate, rate, rate);
    let fee = parth_protocol::session::end_cap::fee(&parameters, (1 << 24) - 1, (1 << 40) - 1).unwrap();
    assert_eq!(u128::from(fee.get()), u128::from(rate.get()) * (1 + (1 << 24) - 1 + (1 << 40) - 1));
    assert!(fee < Amount::MAX);
}
