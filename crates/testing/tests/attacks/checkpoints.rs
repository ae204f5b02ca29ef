//! Aggregation, global changes, checkpoints and supply.

use super::*;

fn moves(user: u32, before: u64, after: u64, fee: u64) -> SessionMoves {
    SessionMoves {
        user: UserId::constant(user),
        balance_before: Amount::constant(before),
        balance_after: Amount::constant(after),
        fee: Amount::constant(fee),
        withdrawn: Amount::ZERO,
        deposited: Amount::ZERO,
        sent: Vec::new(),
        claimed: Vec::new(),
    }
}

/// F14: claims above what was sent pass every circuit and leave the global sum as it is. F15: the session that does so
/// is refused; the others and the checkpoint go on.
#[test]
fn an_over_claim_is_refused_at_admission_and_stops_nobody_else() {
    let mut chain = TestChain::small(&[1_000, 1_000, 1_000]);
    let profile = chain.rules.profile;
    let bits = chain.parameters.realm_bits;
    let users: Vec<UserId> =
        (1..=3).map(|n| user_of_registration(&profile, bits, RegistrationIndex::constant(n))).collect();
    let (alice, bob, carol) = (users[0], users[1], users[2]);
    let total = |value| Amount::constant(value);
    let session = |chain: &TestChain, user, effect: &CallEffect| {
        chain.session(user).and_then(|s| s.call(ContractId::SYSTEM, 0, effect)).and_then(TestSession::end).unwrap()
    };
    let fee = 10 + 3 + 1;
    let mut held = Holdings::genesis([1_000, 1_000, 1_000].map(total));
    let mut issued = Issued::genesis(chain.parameters.genesis_supply);

    // Alice sends 100 to Bob.
    let send = session(&chain, alice, &CallEffect { balance_out: 100, ..World::write() });
    let sends = SessionMoves {
        sent: vec![Sent { to: bob, before: Amount::ZERO, after: total(100) }],
        ..moves(alice.get(), 1_000, send.end_leaf.balance.get(), fee)
    };
    assert_eq!(sends.check(), Ok(()));
    held = held.after(&sends);
    let first = chain.close(vec![send], GlobalChanges::default()).unwrap();
    issued = issued.after(&first.head.leaf.stats);
    assert_eq!(check_supply(&held, &issued, first.head.leaf.supply), Ok(()));

    // Bob's evil client claims 150. Every statement holds, since the circuit of the system contract is his to forge in
    // this test; the sum of the checkpoint would not show it.
    let over = session(&chain, bob, &CallEffect { balance_in: 150, ..World::write() });
    let claim = |after| Claimed { from: alice, before: Amount::ZERO, after: total(after), sent_at_anchor: total(100) };
    let over_claims =
        SessionMoves { claimed: vec![claim(150)], ..moves(bob.get(), 1_000, over.end_leaf.balance.get(), fee) };
    let blind = chain.clone().close(vec![over.clone()], GlobalChanges::default()).unwrap();
    let sums = held.after(&over_claims);
    assert_eq!(check_supply(&sums, &issued.after(&blind.head.leaf.stats), blind.head.leaf.supply), Ok(()));
    let refused = SessionAnomaly::OverClaim { user: bob, from: alice, claimed: total(150), sent: total(100) };
    assert_eq!(over_claims.check(), Err(refused));
    // Hiding part of the claim does not balance.
    let hidden = SessionMoves { claimed: vec![claim(100)], ..over_claims };
    assert!(matches!(hidden.check(), Err(SessionAnomaly::Unbalanced { .. })));

    // Carol's session is in the same checkpoint, without Bob's.
    let honest = session(&chain, carol, &World::write());
    let quiet = moves(carol.get(), 1_000, honest.end_leaf.balance.get(), fee);
    assert_eq!(quiet.check(), Ok(()));
    held = held.after(&quiet);
    let second = chain.close(vec![honest], GlobalChanges::default()).unwrap();
    issued = issued.after(&second.head.leaf.stats);
    assert_eq!(check_supply(&held, &issued, second.head.leaf.supply), Ok(()));

    // A mint that gets past everything is caught by the sum, one unit of it.
    held.balances += 1;
    assert_eq!(check_supply(&held, &issued, second.head.leaf.supply).unwrap_err().difference, 1);
}

/// F16: the transition of a part of the tree as that of the root.
#[test]
fn a_part_of_the_user_tree_never_passes_as_its_root() {
    let world = World::new();
    let rules = &world.chain.rules;
    for level in 0..5 {
        let header = world.single(7, level).apply(rules).unwrap();
        let mut part = part_one_of(&world, 1).clone();
        (part.old_leaf, part.global.header) = part_one_like(&world);
        // Even when the previous leaf says that its user tree is this part.
        part.old_leaf.users = header.transition.old;
        part.guta = world.guta_child(header, CircuitId::GutaSingleEndCap);
        assert_eq!(rule(part.apply(rules)), Rule::GutaRoot, "level {level}");
    }
    // Levels that are told otherwise than climbed change the header, which then is of no proof.
    let header = world.single(7, 4).apply(rules).unwrap();
    let mut risen = header.clone();
    risen.transition.level = Level::constant(5);
    assert_ne!(header.digest(), risen.digest());
}

/// F17: two moves of one tree from the same old root.
#[test]
fn two_changes_of_one_tree_from_the_same_start_do_not_fold() {
    let world = World::new();
    let chain = &world.chain;
    let register = |number| {
        let changes =
            GlobalChanges { registrations: vec![key_of(chain.signature_circuit, number)], deployments: Vec::new() };
        let closed = chain.plan(&[], &changes).unwrap();
        let part = job(closed.graph.jobs.iter().map(|job| &job.statement), |statement| match statement {
            AnyStatement::PartOne(part) => Some(part.as_ref()),
            _ => None,
        });
        part.global.clone()
    };
    let (one, two) = (register(50), register(51));
    assert_eq!(one.header.old, two.header.old);
    let both = Fold { left: one.clone(), right: two };
    assert_eq!(rule(both.apply(&chain.rules)), Rule::FoldSequential);
    let twice = Fold { left: one.clone(), right: one };
    assert_eq!(rule(twice.apply(&chain.rules)), Rule::FoldSequential);
}

/// F24: after a replan the same place means another statement.
#[test]
fn a_job_is_named_by_what_its_proof_shows() {
    let world = World::new();
    let chain = &world.chain;
    let plan = |users: &[u32]| {
        let sessions: Vec<_> = users.iter().map(|&user| world.ended(user)).collect();
        chain.plan(&sessions, &GlobalChanges::default()).unwrap().graph
    };
    let (all, cut) = (plan(&[2, 3, 20]), plan(&[2, 20]));
    assert_eq!(plan(&[2, 3, 20]).jobs, all.jobs, "planning is deterministic");
    for job in &all.jobs {
        for stale in cut.jobs.iter().filter(|stale| stale.id == job.id) {
            assert_eq!((stale.public, stale.statement.circuit()), (job.public, job.statement.circuit()));
        }
    }
    assert_ne!(all.root().unwrap().id, cut.root().unwrap().id);
    let public = all.jobs[0].public;
    let circuit = |circuit| chain.circuits.fingerprint(circuit);
    assert_ne!(JobId::new(circuit(CircuitId::GutaToCap), public), JobId::new(circuit(CircuitId::GutaTwoGuta), public));
}

/// F27: every user's last checkpoint is genesis, and so is the first anchor.
#[test]
fn sessions_may_start_at_genesis_and_again_at_the_anchor_of_the_last_one() {
    let mut chain = TestChain::small(&[1_000; 2]);
    let user = UserId::constant(1);
    let write = |chain: &TestChain, anchor| {
        chain.session_at(user, anchor).and_then(|s| s.call(COUNTER, 0, &World::write())).and_then(TestSession::end)
    };
    let first = write(&chain, CheckpointId::ZERO).unwrap();
    chain.close(vec![first], GlobalChanges::default()).unwrap();
    let second = write(&chain, CheckpointId::constant(1)).unwrap();
    assert_eq!(second.end_leaf.last_checkpoint, CheckpointId::constant(1));
    chain.close(vec![second], GlobalChanges::default()).unwrap();
    // An anchor whose start leaf is no longer the user's does not aggregate to the user tree.
    let stale = write(&chain, CheckpointId::constant(1)).unwrap();
    assert_eq!(rule(chain.plan(&[stale], &GlobalChanges::default())), Rule::UsersOfPrevious);
}

/// F30: one kind of header taken for another inside one class.
#[test]
fn headers_of_different_kinds_never_have_one_digest() {
    let world = World::new();
    let ended = world.ended(7);
    // The felts of each header under every domain of public inputs.
    let felts = [ended.result.felts(), world.single(7, 0).apply(&world.chain.rules).unwrap().felts(), Vec::new()];
    let kinds = [
        Domain::SessionHeader,
        Domain::EndCapResult,
        Domain::GutaHeader,
        Domain::GlobalHeader,
        Domain::PartOne,
        Domain::Signature,
        Domain::CallContext,
        Domain::CheckpointPublic,
    ];
    for felts in &felts {
        let mut digests: Vec<Digest> = kinds.iter().map(|&kind| hash(kind, felts)).collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), kinds.len());
    }
    let digest = ended.result.digest();
    assert_eq!(digest, hash(Domain::EndCapResult, &ended.result.felts()));
    // And no two jobs of a chain, whatever their kind, show the same public inputs under one id.
    let mut seen = std::collections::BTreeMap::new();
    for job in world.closed.iter().flat_map(|closed| &closed.graph.jobs) {
        let kind = job.statement.circuit();
        assert_eq!(*seen.entry(job.public).or_insert(kind), kind);
    }
}

/// F31, A7: effects folded in another order, or with an empty side left out.
#[test]
fn effects_fold_in_one_way_only() {
    let world = World::new();
    let rules = &world.chain.rules;
    let pair: TwoEndCaps = world.pair(2, 3);
    let header = pair.apply(rules).unwrap();
    let (left, right) = (pair.left.result.events, pair.right.result.events);
    assert_eq!(header.events, fold(Domain::EventNode, left, right));
    assert_ne!(header.events, fold(Domain::EventNode, right, left));
    assert_ne!(header.events, fold(Domain::WithdrawalNode, left, right));
    // Nobody withdrew: the fold of two empty sides is a node all the same, and never the empty digest.
    assert_eq!(header.withdrawals, fold(Domain::WithdrawalNode, Digest::ZERO, Digest::ZERO));
    assert_ne!(header.withdrawals, Digest::ZERO);
    // One empty side is not left out.
    let mut quiet = world.pair(2, 3);
    quiet.right.result.events = Digest::ZERO;
    let half = quiet.apply(rules).unwrap();
    assert_eq!(half.events, fold(Domain::EventNode, left, Digest::ZERO));
    assert_ne!(half.events, left);
    // A session's leaf is no node: it has a domain of its own.
    assert_ne!(left, fold(Domain::EventNode, Digest::ZERO, Digest::ZERO));
    // A climb passes effects through.
    let alone = world.single(7, 5);
    assert_eq!(alone.apply(rules).unwrap().events, alone.end_cap.result.events);
}

/// Found sound in the reading: replays, and two sessions of one user in a checkpoint.
#[test]
fn one_user_changes_at_most_once_in_a_checkpoint() {
    let world = World::new();
    let rules = &world.chain.rules;
    let mut twice = world.pair(2, 3);
    twice.right = twice.left.clone();
    assert_eq!(rule(twice.apply(rules)), Rule::Meet);
    assert_eq!(rule(world.chain.plan(&[world.ended(2), world.ended(2)], &GlobalChanges::default())), Rule::Meet);
    // Nor as the second half of a transition: the user's old leaf is the one in the previous tree.
    let at = |user: u32| Transition { old: Digest::ZERO, new: other(Digest::ZERO), index: user.into(), level: 0 };
    assert!(Transition::meet(Users::DOMAIN, at(2), at(2)).is_err());
    let climb: Climb<parth_protocol::tree::TwoEndCapsClimb> = Climb::new(Vec::new());
    assert_eq!(climb.apply(&rules.profile, at(2)).unwrap(), at(2));
    // A replay in the next checkpoint starts from a leaf that is no longer there.
    let mut chain = world.chain.clone();
    let ended = world.ended(2);
    chain.close(vec![ended.clone()], GlobalChanges::default()).unwrap();
    assert_eq!(rule(chain.plan(&[ended], &GlobalChanges::default())), Rule::UsersOfPrevious);
}

/// D9 and the start-or-self link: a checkpoint cannot follow a checkpoint of another chain.
#[test]
fn a_checkpoint_carries_the_genesis_of_the_proof_that_it_follows() {
    let world = World::new();
    let rules = &world.chain.rules;
    for height in 1..=3 {
        let checkpoint = checkpoint_of(&world, height);
        let shown = checkpoint.apply(rules).unwrap();
        assert_eq!(shown.genesis, world.chain.history[0].head.public.root);
        assert_eq!(shown.previous, world.chain.history[height - 1].head.public.root);
        assert_eq!(shown.parameters, world.chain.parameters.digest());
    }
    let mut foreign = checkpoint_of(&world, 2).clone();
    foreign.previous.root = other(foreign.previous.root);
    assert_eq!(rule(foreign.apply(rules)), Rule::PartOneAnchor);
    foreign.part_one.anchor.root = foreign.previous.root;
    assert_eq!(rule(foreign.apply(rules)), Rule::CheckpointAppend);
    // The leaf binds its past: the same changes after another past have another leaf.
    let mut early = checkpoint_of(&world, 3).clone();
    early.append_path = Siblings::empty(&rules.profile);
    early.seal(&rules.profile);
    assert_ne!(early.apply(rules).unwrap().leaf, checkpoint_of(&world, 3).apply(rules).unwrap().leaf);
}
