//! Openings and end caps.

use parth_crypto::Digest;
use parth_protocol::Rule;
use parth_protocol::ids::{
    Amount, CallCount, CheckpointId, EventCount, FeeRate, Fingerprint, Nonce, RealmBits, RegistrationIndex, SlotCount,
    UserId, WhitelistIndex,
};
use parth_protocol::session::end_cap::{EndCap, key_commitment};
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::tree::{SessionWhitelist, TreeKind};
use parth_protocol::{CircuitId, Record};

use super::seal::whitelist_of;
use super::world::{HEIGHT, OLD, World};
use super::{Book, LENGTH, broken, other};
use crate::chain::COUNTER;
use crate::session::Opening;
use crate::{CallEffect, TestSession};

pub(super) fn write(book: &mut Book, world: &World) {
    starts(book, &start(world.session(7)), &start(world.session(2)), world);
    new_users(book, &new_user(world.session(11)), world);
    end_caps(book, world);
    end_caps_of_strange_sessions(book, &world.called(7, COUNTER, 0, &World::write()).end_cap());
}

pub(super) fn start(session: TestSession<'_>) -> Start {
    match session.opening {
        Opening::Start(start) => *start,
        Opening::New(_) => panic!("the user has a leaf"),
    }
}

pub(super) fn new_user(session: TestSession<'_>) -> StartNewUser {
    match session.opening {
        Opening::New(start) => *start,
        Opening::Start(_) => panic!("the user has no leaf"),
    }
}

fn starts(book: &mut Book, genesis: &Start, used: &Start, world: &World) {
    book.holds("a session of a genesis user who never had one", genesis.clone());
    book.holds("a session of a user who has had others", used.clone());
    let old = world.chain.session_at(UserId::constant(2), OLD).expect("an older anchor");
    book.holds("a session at the anchor that the last one had, or just after it", start(old));
    let same = book.sealed(used, |s| s.leaf.last_checkpoint = s.anchor);
    book.holds("a session at the very anchor of the last one", same.clone());
    let widest = book.sealed(used, |s| {
        (s.leaf.balance, s.leaf.nonce, s.leaf.events) = (Amount::MAX, Nonce::MAX, EventCount::MAX);
    });
    book.holds("a session of a user with the widest numbers", widest);

    let rule = Rule::UserPath;
    let mut wrong = |name: &str, change: fn(&mut Start)| book.refuse(rule, name, broken(used, change));
    wrong("a start leaf with more balance than the tree has", |s| s.leaf.balance = Amount::constant(5_000_000));
    wrong("a start leaf with an earlier nonce", |s| s.leaf.nonce = Nonce::ZERO);
    wrong("a start leaf with another key", |s| s.leaf.key = other(s.leaf.key));
    wrong("a start leaf at the place of its neighbour", |s| s.leaf.user = UserId::constant(s.leaf.user.get() ^ 1));
    wrong("a user path with another leaf sibling", |s| s.user_path.0[0] = other(s.user_path.0[0]));
    wrong("a user path with another sibling at the top", |s| s.user_path.0[4] = other(s.user_path.0[4]));
    wrong("an anchor leaf with another user tree", |s| s.anchor_leaf.users = other(s.anchor_leaf.users));
    book.refuse(rule, "the leaf of another user at the own place", {
        let neighbour = world.chain.head().leaves[&UserId::constant(3)].clone();
        broken(used, |s| s.leaf = UserLeafAt { leaf: neighbour, user: s.leaf.user }.moved())
    });
    let earlier = world.chain.at(CheckpointId::constant(1)).leaf().clone();
    book.refuse(rule, "the leaf of one checkpoint in the tree of another", broken(used, |s| s.anchor_leaf = earlier));
    let outside = book.sealed(used, |s| s.leaf.user = UserId::constant(s.leaf.user.get() + 32));
    book.refuse(rule, "a user id outside the tree whose low bits are right", outside);
    let short = broken(used, |s| s.user_path.0.truncate(4));
    book.refuse_natively(rule, LENGTH, "a user path that is too short", short);
    let long = broken(used, |s| s.user_path.0.push(Digest::ZERO));
    book.refuse_natively(rule, LENGTH, "a user path that is too long", long);

    let rule = Rule::AnchorNotBelowLast;
    let late = book.sealed(used, |s| s.leaf.last_checkpoint = CheckpointId::constant(HEIGHT + 1));
    book.refuse(rule, "an anchor just before the one of the last session", late);
    let latest = book.sealed(used, |s| s.leaf.last_checkpoint = CheckpointId::MAX);
    book.refuse(rule, "an anchor far before the one of the last session", latest);
    let nobody = book.sealed(used, |s| s.leaf.user = UserId::NOBODY);
    book.refuse(Rule::Nobody, "a session of user 0", nobody);
}

/// A leaf of one user that says to be of another.
struct UserLeafAt {
    leaf: parth_protocol::records::leaf::UserLeaf,
    user: UserId,
}

impl UserLeafAt {
    fn moved(self) -> parth_protocol::records::leaf::UserLeaf {
        parth_protocol::records::leaf::UserLeaf { user: self.user, ..self.leaf }
    }
}

fn new_users(book: &mut Book, base: &StartNewUser, world: &World) {
    book.holds("the first session of a registered user", base.clone());
    book.holds("the first session of another registered user", new_user(world.session(29)));
    // The network itself has one bit.
    for bits in [0, 2] {
        let moved = book.sealed(base, |s| {
            s.parameters.realm_bits = RealmBits::constant(bits);
            let profile = &world.chain.rules.profile;
            s.user = parth_protocol::tree::user_of_registration(profile, s.parameters.realm_bits, s.registration);
        });
        book.holds(format!("the first session of a user where {bits} bits choose the realm"), moved);
    }

    let nobody = book.sealed(base, |s| (s.user, s.registration) = (UserId::NOBODY, RegistrationIndex::ZERO));
    book.refuse(Rule::Nobody, "the first session of user 0", nobody);

    let rule = Rule::ParametersOfAnchor;
    let fees = broken(base, |s| s.parameters.fee_base = FeeRate::ZERO);
    book.refuse(rule, "parameters with another fee than those of the anchor", fees);
    let anchor = broken(base, |s| s.anchor_leaf.parameters = other(s.anchor_leaf.parameters));
    book.refuse(rule, "an anchor of a network with other parameters", anchor);

    let rule = Rule::RegistrationIndex;
    let bits = book.sealed(base, |s| s.parameters.realm_bits = RealmBits::constant(2));
    book.refuse(rule, "a registration that other realm bits map to another user", bits);
    let neighbour = book.sealed(base, |s| s.registration = RegistrationIndex::constant(s.registration.get() ^ 1));
    book.refuse(rule, "the registration of another user", neighbour);
    let user = book.sealed(base, |s| s.user = UserId::constant(12));
    book.refuse(rule, "another user than the one of the registration", user);
    let why = "genesis names no more realm bits than the coordinator's levels";
    let many = book.sealed(base, |s| s.parameters.realm_bits = RealmBits::MAX);
    book.refuse_natively(rule, why, "more realm bits than levels", many);

    let rule = Rule::RegistrationPath;
    let mut wrong = |name: &str, change: fn(&mut StartNewUser)| book.refuse(rule, name, broken(base, change));
    wrong("a key that is not registered", |s| s.key = other(s.key));
    wrong("a registration path with another sibling", |s| s.registration_path.0[2] = other(s.registration_path.0[2]));
    wrong("an anchor with another registration tree", |s| {
        s.anchor_leaf.globals.registrations = other(s.anchor_leaf.globals.registrations);
    });
    let outside = book.sealed(base, |s| {
        s.registration = RegistrationIndex::constant(s.registration.get() + 32);
        s.user = UserId::constant(s.user.get() + 16);
    });
    book.refuse(rule, "a registration outside the tree whose low bits are right", outside);
    let short = broken(base, |s| s.registration_path.0.truncate(4));
    book.refuse_natively(rule, LENGTH, "a registration path that is too short", short);

    let rule = Rule::UserPath;
    let mut taken = base.clone();
    let leaf = Digest::from([1, 2, 3, 4]);
    taken.anchor_leaf.users = super::seal::root(&taken.user_path, taken.user.get(), leaf);
    book.refuse(rule, "the first session of a user who has a leaf already", taken);
    let sibling = broken(base, |s| s.user_path.0[1] = other(s.user_path.0[1]));
    book.refuse(rule, "a path of an empty user leaf with another sibling", sibling);
    let tree = broken(base, |s| s.anchor_leaf.users = other(s.anchor_leaf.users));
    book.refuse(rule, "a new user in another user tree than that of the anchor", tree);
}

fn end_caps(book: &mut Book, world: &World) {
    let base = world.called(7, COUNTER, 0, &World::write()).end_cap();
    book.holds("an end cap after one call", base.clone());
    book.holds("an end cap without a call", world.session(7).end_cap());
    let quiet = CallEffect::default();
    book.holds("an end cap after a call that changes nothing", world.called(2, COUNTER, 0, &quiet).end_cap());
    let system = parth_protocol::ids::ContractId::SYSTEM;
    let rich = CallEffect { withdrawn: 40, deposited: 7, balance_in: 1_000, ..World::write() };
    book.holds("an end cap of a session that deposits and withdraws", world.called(7, system, 0, &rich).end_cap());
    let arrival = world.called(11, system, 0, &rich);
    book.holds("an end cap of a new user who claims the fee", arrival.end_cap());
    let twice = world.called(3, COUNTER, 0, &World::write()).call(system, 0, &rich).expect("a second call");
    book.holds("an end cap after two calls", twice.end_cap());
    let exact = book.sealed(&base, |e| e.last.leaf.balance = Amount::constant(10 + 3 + 1));
    book.holds("an end cap that takes the whole balance as the fee", exact);
    let last_nonce = Nonce::constant(Nonce::MAX.get() - 1);
    let widest = book.sealed(&base, |e| {
        (e.last.start.nonce, e.last.leaf.nonce) = (last_nonce, last_nonce);
        (e.last.leaf.events, e.last.leaf.balance) = (EventCount::MAX, Amount::MAX);
        e.last.state.calls = CallCount::constant((1 << 24) - 1);
        e.last.state.slots = SlotCount::constant((1 << 40) - 1);
        let rate = FeeRate::MAX;
        let parameters = &mut e.parameters;
        (parameters.fee_base, parameters.fee_per_call, parameters.fee_per_slot) = (rate, rate, rate);
    });
    book.holds("an end cap with the widest numbers", widest);

    let rule = Rule::SessionWhitelistPinned;
    let pinned = broken(&base, |e| {
        e.last_circuit.path.0[3] = other(e.last_circuit.path.0[3]);
        e.last.whitelist = whitelist_of(&e.last_circuit);
    });
    book.refuse(rule, "a session whose whitelist is another, in which its circuit stands", pinned);
    let evil = broken(&base, |e| {
        e.last_circuit.fingerprint = Fingerprint(other(e.last_circuit.fingerprint.0));
        e.last.whitelist = whitelist_of(&e.last_circuit);
    });
    book.refuse(rule, "a session of an evil step in a whitelist of its own", evil);

    let rule = Rule::SessionWhitelist;
    let end_cap = world.chain.circuits.fingerprint(CircuitId::EndCap);
    book.refuse(rule, "an end cap over an end cap", broken(&base, |e| e.last_circuit.fingerprint = end_cap));
    let place = broken(&base, |e| e.last_circuit.index = WhitelistIndex::constant(1));
    book.refuse(rule, "a last circuit at the place of another", place);
    let sibling = broken(&base, |e| e.last_circuit.path.0[0] = other(e.last_circuit.path.0[0]));
    book.refuse(rule, "a last circuit with another sibling in the whitelist", sibling);
    let short = broken(&base, |e| e.last_circuit.path.0.truncate(SessionWhitelist::height(&book.rules.profile) - 1));
    book.refuse_natively(rule, LENGTH, "a whitelist path that is too short", short);

    let rule = Rule::ParametersOfSession;
    let mut wrong = |name: &str, change: fn(&mut EndCap)| book.refuse(rule, name, broken(&base, change));
    wrong("a base fee of zero", |e| e.parameters.fee_base = FeeRate::ZERO);
    wrong("a fee of zero a call", |e| e.parameters.fee_per_call = FeeRate::ZERO);
    wrong("a fee of zero a slot", |e| e.parameters.fee_per_slot = FeeRate::ZERO);
    wrong("the chain magic of another network", |e| e.parameters.chain = other(e.parameters.chain));
    wrong("a session of another network", |e| e.last.start.parameters = other(e.last.start.parameters));

    let rule = Rule::KeyCommitment;
    let mut wrong = |name: &str, change: fn(&mut EndCap)| book.refuse(rule, name, broken(&base, change));
    wrong("a signature by another key", |e| e.key_parameter = other(e.key_parameter));
    wrong("a signature by another circuit", |e| e.signature_circuit = Fingerprint(other(e.signature_circuit.0)));
    let theirs = world.session(3).end_cap().key_parameter;
    book.refuse(rule, "the key of another user", broken(&base, |e| e.key_parameter = theirs));
    let both = broken(&base, |e| {
        e.last.start.key = other(e.last.start.key);
        e.last.leaf.key = e.last.start.key;
        e.last.state.leaf = e.last.leaf.digest();
    });
    book.refuse(rule, "a session of another key commitment", both);

    let poor = book.sealed(&base, |e| e.last.leaf.balance = Amount::constant(10 + 3));
    book.refuse(Rule::Fee, "a balance one unit below the fee", poor);
    let calls = book.sealed(&base, |e| e.last.state.calls = CallCount::constant((1 << 24) - 1));
    book.refuse(Rule::Fee, "more calls than the balance pays for", calls);
    let slots = book.sealed(&base, |e| e.last.state.slots = SlotCount::constant((1 << 40) - 1));
    book.refuse(Rule::Fee, "more slots than the balance pays for", slots);
    let why = "the steps keep the slots of a session below 2^40";
    let wrapping = book.sealed(&base, |e| {
        (e.last.leaf.balance, e.last.state.slots) = (Amount::MAX, SlotCount::MAX);
        e.parameters.fee_per_slot = FeeRate::constant(5);
    });
    book.refuse_natively(Rule::Fee, why, "a fee that wraps around the field", wrapping);
}

/// What no session of honest steps can look like, and the end cap refuses all the same.
fn end_caps_of_strange_sessions(book: &mut Book, base: &EndCap) {
    let reseal_leaf = |e: &mut EndCap| e.last.state.leaf = e.last.leaf.digest();
    let mut wrong = |rule, name: &str, change: &dyn Fn(&mut EndCap)| book.refuse(rule, name, broken(base, change));
    wrong(Rule::StateLeaf, "an opened user leaf with more balance than that of the session", &|e| {
        e.last.leaf.balance = Amount::constant(5_000_000);
    });
    wrong(Rule::StateLeaf, "a session state with another user leaf than the opened one", &|e| {
        e.last.state.leaf = other(e.last.state.leaf);
    });
    wrong(Rule::DeferredStackEmpty, "an end cap with a deferred call left to pay", &|e| {
        e.last.state.deferred = Digest::from([1, 2, 3, 4]);
    });
    wrong(Rule::InlineStackEmpty, "an end cap with an inline call left to pay", &|e| {
        e.last.state.inline = Digest::from([0, 0, 0, 1]);
    });
    wrong(Rule::KeyUnchanged, "a key that changed during the session", &|e| {
        e.last.leaf.key = other(e.last.leaf.key);
        reseal_leaf(e);
    });
    wrong(Rule::KeyUnchanged, "a session that the new key signed", &|e| {
        e.last.leaf.key = key_commitment(e.signature_circuit, other(e.key_parameter));
        reseal_leaf(e);
    });
    wrong(Rule::UserUnchanged, "a session that ends as another user", &|e| {
        e.last.leaf.user = UserId::constant(e.last.leaf.user.get() ^ 1);
        reseal_leaf(e);
    });
    wrong(Rule::UserUnchanged, "a session that started as another user", &|e| {
        e.last.start.user = UserId::constant(e.last.start.user.get() ^ 1);
    });
    wrong(Rule::Nonce, "a nonce that grew before the end cap", &|e| {
        e.last.leaf.nonce = Nonce::constant(e.last.leaf.nonce.get() + 1);
        reseal_leaf(e);
    });
    wrong(Rule::Nonce, "a nonce that fell during the session", &|e| {
        e.last.start.nonce = Nonce::constant(e.last.start.nonce.get() + 1);
    });
    wrong(Rule::Nonce, "a nonce that wraps around", &|e| {
        (e.last.start.nonce, e.last.leaf.nonce) = (Nonce::MAX, Nonce::MAX);
        reseal_leaf(e);
    });
    wrong(Rule::CallEvents, "an event count that fell during the session", &|e| {
        e.last.start.events = EventCount::constant(e.last.leaf.events.get() + 1);
    });
}
