//! Row cliffs: the widest circuits of the design as skeletons, counted before their statements are written.
//!
//! Two verified nodes take almost all of 2^13 rows, and one row too many doubles the cost of every proof of a kind
//! (design/proving.md, "Row budget"). Each skeleton has the hashes, paths, climbs and range checks of its statement
//! and its real children; equalities are free. Replaced, circuit by circuit, by the budget in `circuits.lock`.

use parth_circuits::gadgets::hash::{DigestTarget, hash, link, node};
use parth_circuits::gadgets::merkle::{Climbed, TransitionTarget, meet};
use parth_circuits::gadgets::{logic, range};
use parth_circuits::records::guta::{AnchorTarget, GutaHeaderTarget, SessionStatsTarget, UserTransitionTarget};
use parth_circuits::records::session::EndCapStatsTarget;
use parth_circuits::recursion::{self, ChildClaim};
use parth_circuits::twin::{FeltsTarget, RecordTarget, TargetOf, Twin};
use parth_crypto::{Digest, Domain};
use parth_proof::circuit::placed_rows;
use parth_proof::class::config;
use parth_proof::{Builder, Class};
use parth_protocol::Profile;
use parth_protocol::circuit::Listed;
use parth_protocol::records::block::{CheckpointLeaf, CheckpointPublic, PartOne};
use parth_protocol::records::global::GlobalHeader;
use parth_protocol::records::guta::{Anchor, GutaHeader};
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf};
use parth_protocol::records::network::Parameters;
use parth_protocol::records::session::{Call, CallContext, EndCapResult, Session};
use parth_protocol::tree::{
    Checkpoints, Climb, ClimbKind, Contracts, Functions, GlobalWhitelist, GutaWhitelist, MixedClimb, SessionWhitelist,
    Siblings, TwoEndCapsClimb, TwoGutaClimb, UserContracts, WholeClimb,
};
use plonky2::iop::target::Target;

const PROFILE: Profile = Profile::STANDARD;
/// Free rows that every circuit must keep.
const SPARE: usize = 20;

fn alloc<T: Twin>(b: &mut Builder) -> TargetOf<T> {
    T::alloc(b, &PROFILE)
}

struct Side {
    climbed: Climbed,
    stats: SessionStatsTarget,
    withdrawals: DigestTarget,
    events: DigestTarget,
    parameters: DigestTarget,
}

fn end_cap_side<K: ClimbKind>(b: &mut Builder, anchor: &AnchorTarget) -> (Side, ChildClaim) {
    let result = alloc::<EndCapResult>(b);
    let path = alloc::<Siblings<Checkpoints>>(b);
    let at = path.index(b, result.anchor);
    path.check(b, anchor.root, &at, result.anchor_leaf);
    let age = b.sub(anchor.height, result.anchor);
    range::check(b, age, 8);
    let end_cap = DigestTarget::constant(b, Digest::from([1, 2, 3, 4]));
    let public = result.digest(b);
    let from = TransitionTarget { old: result.start_leaf, new: result.end_leaf, index: result.user, level: b.zero() };
    let climbed = alloc::<Climb<K>>(b).apply(b, &from);
    let EndCapStatsTarget { fees, calls, slots, events, withdrawn, deposited } = result.stats;
    let stats = SessionStatsTarget { sessions: b.one(), fees, calls, slots, events, withdrawn, deposited };
    let side =
        Side { climbed, stats, withdrawals: result.withdrawals, events: result.events, parameters: result.parameters };
    (side, ChildClaim::new(Class::Node, end_cap, public))
}

fn guta_side<K: ClimbKind>(b: &mut Builder) -> (Side, GutaHeaderTarget, ChildClaim) {
    let header = alloc::<GutaHeader>(b);
    let listed = alloc::<Listed<GutaWhitelist>>(b);
    listed.check(b, header.whitelist);
    let public = header.digest(b);
    let climbed = alloc::<Climb<K>>(b).apply(b, &header.transition.merkle());
    let side = Side {
        climbed,
        stats: header.stats.clone(),
        withdrawals: header.withdrawals,
        events: header.events,
        parameters: header.parameters,
    };
    (side, header, ChildClaim::new(Class::Node, listed.fingerprint, public))
}

fn join(b: &mut Builder, left: Side, right: Side, whitelist: DigestTarget, anchor: &AnchorTarget) -> Vec<Target> {
    left.parameters.connect(b, right.parameters);
    let met = meet(b, Domain::UserNode, PROFILE.users(), &left.climbed, &right.climbed);
    let mut sum = |one: Target, two: Target, width: usize| {
        let sum = b.add(one, two);
        range::check(b, sum, width);
        sum
    };
    let (l, r) = (&left.stats, &right.stats);
    let stats = SessionStatsTarget {
        sessions: sum(l.sessions, r.sessions, 33),
        fees: sum(l.fees, r.fees, 62),
        calls: sum(l.calls, r.calls, 56),
        slots: sum(l.slots, r.slots, 62),
        events: sum(l.events, r.events, 48),
        withdrawn: sum(l.withdrawn, r.withdrawn, 62),
        deposited: sum(l.deposited, r.deposited, 62),
    };
    let header = GutaHeaderTarget {
        whitelist,
        parameters: left.parameters,
        anchor: anchor.clone(),
        transition: UserTransitionTarget::from(met),
        stats,
        withdrawals: node(b, Domain::WithdrawalNode, left.withdrawals, right.withdrawals),
        events: node(b, Domain::EventNode, left.events, right.events),
    };
    header.digest(b).0.to_vec()
}

fn two_end_caps(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let (whitelist, anchor) = (alloc::<Digest>(b), alloc::<Anchor>(b));
    let (left, one) = end_cap_side::<TwoEndCapsClimb>(b, &anchor);
    let (right, two) = end_cap_side::<TwoEndCapsClimb>(b, &anchor);
    (join(b, left, right, whitelist, &anchor), vec![one, two])
}

fn mixed(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let (left, header, one) = guta_side::<MixedClimb>(b);
    let (right, two) = end_cap_side::<MixedClimb>(b, &header.anchor);
    (join(b, left, right, header.whitelist, &header.anchor), vec![one, two])
}

fn two_guta(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let (left, header, one) = guta_side::<TwoGutaClimb>(b);
    let (right, other, two) = guta_side::<TwoGutaClimb>(b);
    header.whitelist.connect(b, other.whitelist);
    header.anchor.connect(b, &other.anchor);
    (join(b, left, right, header.whitelist, &header.anchor), vec![one, two])
}

fn single_end_cap(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let (whitelist, anchor) = (alloc::<Digest>(b), alloc::<Anchor>(b));
    let (side, child) = end_cap_side::<WholeClimb>(b, &anchor);
    let transition = UserTransitionTarget::from(side.climbed.alone(b, PROFILE.users()));
    let header = GutaHeaderTarget {
        whitelist,
        parameters: side.parameters,
        anchor,
        transition,
        stats: side.stats,
        withdrawals: side.withdrawals,
        events: side.events,
    };
    (header.digest(b).0.to_vec(), vec![child])
}

fn step(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let previous = alloc::<Session>(b);
    let circuit = alloc::<Listed<SessionWhitelist>>(b);
    circuit.check(b, previous.whitelist);
    previous.leaf.digest(b).connect(b, previous.state.leaf);
    let public = previous.header(b).digest(b);
    let one = ChildClaim::new(Class::Node, circuit.fingerprint, public);

    let anchor_leaf = alloc::<CheckpointLeaf>(b);
    anchor_leaf.digest(b).connect(b, previous.start.anchor_leaf);
    let contract = alloc::<ContractLeaf>(b);
    let contract_path = alloc::<Siblings<Contracts>>(b);
    let call = alloc::<Call>(b);
    let at = contract_path.index(b, call.contract);
    let leaf = contract.digest(b);
    contract_path.check(b, anchor_leaf.globals.contracts, &at, leaf);
    let function = alloc::<FunctionLeaf>(b);
    let function_index = b.add_virtual_target();
    let function_path = alloc::<Siblings<Functions>>(b);
    let function_at = function_path.index(b, function_index);
    let leaf = function.digest(b);
    function_path.check(b, contract.functions, &function_at, leaf);

    let context = alloc::<CallContext>(b);
    call.digest(b).connect(b, context.call);
    let public = context.digest(b);
    let two = ChildClaim::new(Class::Call, function.fingerprint, public);

    // Numbers that the call reports, and totals.
    let grown = b.sub(context.events_after, context.events_before);
    for (number, width) in [
        (context.slots, 32),
        (grown, 32),
        (context.events_after, 48),
        (context.balance_out, 62),
        (context.balance_in, 62),
        (context.withdrawn, 62),
        (context.deposited, 62),
    ] {
        range::check(b, number, width);
    }
    let zero = b.zero();
    let emits = logic::is_zero(b, grown);
    let system = logic::is_zero(b, call.contract);
    let other = b.not(system);
    for number in [context.balance_out, context.balance_in, context.withdrawn, context.deposited] {
        logic::assert_zero_if(b, other, number);
        logic::assert_zero_if(b, function.view, number);
    }
    logic::assert_equal_digest_if(b, function.view, context.state, context.new_state);
    let none = DigestTarget::zero(b);
    logic::assert_equal_digest_if(b, function.view, context.deferred, none);
    logic::assert_equal_digest_if(b, function.view, context.inline, none);

    // The user's state in the contract.
    let (state_leaf, state_path) = (alloc::<Digest>(b), alloc::<Siblings<UserContracts>>(b));
    state_path.check(b, previous.leaf.contracts, &at, state_leaf);
    let fresh = logic::is_zero_digest(b, state_leaf);
    let state = logic::select_digest(b, fresh, contract.initial, state_leaf);
    state.connect(b, context.state);
    let same = logic::is_equal_digest(b, context.state, context.new_state);
    let new_leaf = logic::select_digest(b, same, state_leaf, context.new_state);
    let contracts = state_path.root(b, &at, new_leaf);

    // The session after the call.
    let mut push = |domain, stack: DigestTarget, list: DigestTarget| {
        let mut felts = stack.0.to_vec();
        felts.push(call.contract);
        felts.extend(list.0);
        let pushed = hash(b, domain, &felts);
        let empty = logic::is_zero_digest(b, list);
        logic::select_digest(b, empty, stack, pushed)
    };
    let deferred = push(Domain::DeferredStack, previous.state.deferred, context.deferred);
    let inline = push(Domain::InlineStack, previous.state.inline, context.inline);
    let mut state = previous.state.clone();
    state.deferred = deferred;
    state.inline = inline;
    state.call_stack = link(b, Domain::CallStack, previous.state.call_stack, context.call);
    let mut chain = |domain, old: DigestTarget, skip| {
        let mut felts = old.0.to_vec();
        felts.extend([call.contract, context.events_before]);
        felts.extend(context.events.0);
        let longer = hash(b, domain, &felts);
        logic::select_digest(b, skip, old, longer)
    };
    state.events = chain(Domain::SessionEvents, previous.state.events, emits);
    state.withdrawals = chain(Domain::SessionWithdrawals, previous.state.withdrawals, system);
    let mut total = |old: Target, more: Target, width| {
        let sum = b.add(old, more);
        range::check(b, sum, width);
        sum
    };
    let one_more = zero;
    state.calls = total(previous.state.calls, one_more, 24);
    state.slots = total(previous.state.slots, context.slots, 40);
    state.withdrawn = total(previous.state.withdrawn, context.withdrawn, 62);
    state.deposited = total(previous.state.deposited, context.deposited, 62);
    let mut leaf = previous.leaf.clone();
    leaf.contracts = contracts;
    leaf.balance = total(previous.leaf.balance, context.balance_in, 62);
    leaf.events = context.events_after;
    state.leaf = leaf.digest(b);
    let mut after = previous.clone();
    after.state = state;
    // The start of the session is the same, so its digest is not hashed twice.
    let start = previous.start.digest(b);
    let state = after.state.digest(b);
    let header = hash(b, Domain::SessionHeader, &[after.whitelist.0, start.0, state.0].concat());
    (header.0.to_vec(), vec![one, two])
}

fn end_cap(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let last = alloc::<Session>(b);
    let circuit = alloc::<Listed<SessionWhitelist>>(b);
    circuit.check(b, last.whitelist);
    last.leaf.digest(b).connect(b, last.state.leaf);
    let public = last.header(b).digest(b);
    let one = ChildClaim::new(Class::Node, circuit.fingerprint, public);
    let parameters = alloc::<Parameters>(b);
    parameters.digest(b).connect(b, last.start.parameters);
    let (signature, parameter) = (alloc::<Digest>(b), alloc::<Digest>(b));
    link(b, Domain::KeyCommitment, signature, parameter).connect(b, last.start.key);
    for number in [last.leaf.balance, last.leaf.nonce, last.state.calls, last.state.slots] {
        range::check(b, number, 62);
    }
    let end_leaf = last.leaf.digest(b);
    let mut felts = vec![last.start.user];
    felts.extend(last.state.events.0);
    let events = hash(b, Domain::EventLeaf, &felts);
    let withdrawals = hash(b, Domain::WithdrawalLeaf, &felts);
    let effects = link(b, Domain::Effects, withdrawals, events);
    // A message has 36 felts, the signed message 8, a result 33.
    let message = hash(b, Domain::SessionMessage, &[end_leaf.0; 9].concat());
    let signed = hash(b, Domain::Signature, &[message.0, parameter.0].concat());
    let result = hash(b, Domain::EndCapResult, &[[effects.0; 8].concat(), vec![last.start.user]].concat());
    (result.0.to_vec(), vec![one, ChildClaim::new(Class::Signature, signature, signed)])
}

fn fold(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let mut children = Vec::new();
    let mut headers = Vec::new();
    for _ in 0..2 {
        let header = alloc::<GlobalHeader>(b);
        let listed = alloc::<Listed<GlobalWhitelist>>(b);
        listed.check(b, header.whitelist);
        let public = header.digest(b);
        children.push(ChildClaim::new(Class::Node, listed.fingerprint, public));
        headers.push(header);
    }
    headers[0].new.connect(b, &headers[1].old);
    let mut out = headers[0].clone();
    out.new = headers[1].new.clone();
    (out.digest(b).0.to_vec(), children)
}

fn part_one(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let guta = alloc::<GutaHeader>(b);
    let guta_circuit = alloc::<Listed<GutaWhitelist>>(b);
    guta_circuit.check(b, guta.whitelist);
    let global = alloc::<GlobalHeader>(b);
    let global_circuit = alloc::<Listed<GlobalWhitelist>>(b);
    global_circuit.check(b, global.whitelist);
    let old = alloc::<CheckpointLeaf>(b);
    old.digest(b);
    old.globals.connect(b, &global.old);
    let one = guta.digest(b);
    let two = global.digest(b);
    let children = vec![
        ChildClaim::new(Class::Node, guta_circuit.fingerprint, one),
        ChildClaim::new(Class::Node, global_circuit.fingerprint, two),
    ];
    let out = alloc::<PartOne>(b);
    (out.digest(b).0.to_vec(), children)
}

fn checkpoint(b: &mut Builder) -> (Vec<Target>, Vec<ChildClaim>) {
    let previous = alloc::<CheckpointPublic>(b);
    let previous_circuit = alloc::<Digest>(b);
    let part = alloc::<PartOne>(b);
    let parameters = alloc::<Parameters>(b);
    parameters.digest(b).connect(b, previous.parameters);
    let start = logic::is_equal_digest(b, previous_circuit, parameters.start);
    let own = logic::is_equal_digest(b, previous_circuit, parameters.checkpoint);
    let known = b.or(start, own);
    b.assert_one(known.target);
    let old = alloc::<CheckpointLeaf>(b);
    old.digest(b).connect(b, previous.leaf);
    let part_digest = part.digest(b);
    let time = b.add_virtual_target();
    range::check(b, time, 48);
    range::assert_below(b, old.time, time, 48);
    let contribution = alloc::<Digest>(b);
    let mut leaf = old.clone();
    leaf.seed = link(b, Domain::RandomSeed, old.seed, contribution);
    let mut number = |one: Target, two: Target, width| {
        let sum = b.sub(one, two);
        range::check(b, sum, width);
        sum
    };
    leaf.registrations = number(part.globals.registered, old.globals.registered, 33);
    leaf.deployments = number(part.globals.deployed, old.globals.deployed, 33);
    leaf.supply = number(old.supply, part.stats.fees, 62);
    leaf.time = time;
    let digest = leaf.digest(b);
    let path = alloc::<Siblings<Checkpoints>>(b);
    let height = b.add_const(previous.height, parth_proof::field::element(parth_crypto::Felt::ONE));
    let at = path.index(b, height);
    let empty = DigestTarget::zero(b);
    path.check(b, previous.root, &at, empty);
    let root = path.root(b, &at, digest);
    let out = TargetOf::<CheckpointPublic> {
        genesis: previous.genesis,
        previous: previous.root,
        root,
        height,
        leaf: digest,
        parameters: previous.parameters,
    };
    let part_one = DigestTarget::constant(b, Digest::from([4, 3, 2, 1]));
    let children = vec![
        ChildClaim { class: Class::Checkpoint, fingerprint: previous_circuit, public: previous.targets() },
        ChildClaim::new(Class::Node, part_one, part_digest),
    ];
    (out.targets(), children)
}

#[test]
fn the_widest_circuits_fit_their_class_with_rows_to_spare() {
    type Rules = fn(&mut Builder) -> (Vec<Target>, Vec<ChildClaim>);
    let circuits: [(&str, Class, Rules); 9] = [
        ("guta::two_end_caps", Class::Node, two_end_caps),
        ("guta::left_guta_right_end_cap", Class::Node, mixed),
        ("guta::two_guta", Class::Node, two_guta),
        ("guta::single_end_cap", Class::Node, single_end_cap),
        ("session::step", Class::Node, step),
        ("session::end_cap", Class::Node, end_cap),
        ("global::fold", Class::Node, fold),
        ("block::part_one", Class::Node, part_one),
        ("block::checkpoint", Class::Checkpoint, checkpoint),
    ];
    let mut over = Vec::new();
    for (name, class, rules) in circuits {
        let mut builder = Builder::new(config());
        let (public, children) = rules(&mut builder);
        let alone = builder.num_gates();
        recursion::verify(&mut builder, &children);
        builder.register_public_inputs(&public);
        assert_eq!(builder.num_public_inputs(), class.public_inputs());
        let rows = placed_rows(&builder);
        println!("{name}: {rows} rows of {}, {alone} without children", class.rows());
        if rows + SPARE > class.rows() {
            over.push(name);
        }
    }
    assert!(over.is_empty(), "too few free rows: {over:?}");
}
