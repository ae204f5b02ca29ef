//! The short forms of a session, `single_call` and `first_two_calls`: one bad input for each rule that they state.
//!
//! They call the rules of `start`, `step` and `end_cap`, whose own pages hold every other way to break a rule; here
//! each rule is broken once, at each place where a short form asks for it.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::{
    Amount, Caller, CheckpointId, ContractId, EventCount, FeeRate, Fingerprint, Length, MethodId, Nonce,
    RegistrationIndex, Scalar, UserId,
};
use parth_protocol::plan::AnyStatement;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::{Profile, Rule};

use super::seal::Seal;
use super::session::{new_user, start};
use super::world::{HEIGHT, World};
use super::{Book, broken, other};
use crate::chain::COUNTER;
use crate::{CallEffect, TestSession};

/// Sends, claims and emits: what a call of the system contract may do.
pub(super) const RICH: CallEffect = CallEffect {
    new_state: Some(Digest([Felt::ONE; 4])),
    slots: 1,
    events: 1,
    balance_out: 0,
    balance_in: 10_000,
    withdrawn: 0,
    deposited: 0,
    deferred: Digest::ZERO,
    inline: Digest::ZERO,
};

pub(super) fn write(book: &mut Book, world: &World) {
    single_calls(book, world);
    first_calls(book, world);
}

/// A statement with one or two calls in it.
pub(super) trait Short: Seal + Clone + Into<AnyStatement> {
    /// Are its calls top-level ones?
    const TOP_LEVEL: bool = true;

    /// The calls, in order.
    fn calls(&mut self) -> Vec<&mut TakenCall>;
    /// What follows in the calls from the start and one another.
    fn seal_calls(&mut self, profile: &Profile);
}

/// A statement of a user who has a leaf.
trait Started: Short {
    fn start(&mut self) -> &mut Start;
}

/// A statement of a new user.
trait Arrived: Short {
    fn start(&mut self) -> &mut StartNewUser;
}

/// A statement that closes a session.
trait Closing: Short {
    fn whitelist(&mut self) -> &mut Digest;
    fn signer(&mut self) -> (&mut Fingerprint, &mut Digest);
}

macro_rules! short {
    ($name:ident, $started:ident, $start:ident, $($call:ident),+) => {
        impl Short for $name {
            fn calls(&mut self) -> Vec<&mut TakenCall> {
                vec![$(&mut self.$call),+]
            }

            fn seal_calls(&mut self, profile: &Profile) {
                let opened = self.start.opened(profile);
                super::seal::seal_calls(profile, &self.start.anchor_leaf, opened, [$(&mut self.$call),+]);
            }
        }

        impl $started for $name {
            fn start(&mut self) -> &mut $start {
                &mut self.start
            }
        }
    };
}
short!(SingleCall, Started, Start, taken);
short!(SingleCallNewUser, Arrived, StartNewUser, taken);
short!(FirstTwoCalls, Started, Start, first, second);
short!(FirstTwoCallsNewUser, Arrived, StartNewUser, first, second);

macro_rules! closing {
    ($($name:ident)+) => {$(
        impl Closing for $name {
            fn whitelist(&mut self) -> &mut Digest {
                &mut self.start.whitelist
            }

            fn signer(&mut self) -> (&mut Fingerprint, &mut Digest) {
                (&mut self.signature_circuit, &mut self.key_parameter)
            }
        }
    )+};
}
closing! { SingleCall SingleCallNewUser }

/// The first call of a session.
fn call(session: &TestSession<'_>, place: usize) -> TakenCall {
    session.steps[place].taken.clone()
}

/// A session of one call as one statement.
pub(crate) fn single(session: TestSession<'_>) -> SingleCall {
    let end_cap = session.end_cap();
    SingleCall {
        taken: call(&session, 0),
        start: start(session),
        parameters: end_cap.parameters,
        signature_circuit: end_cap.signature_circuit,
        key_parameter: end_cap.key_parameter,
    }
}

fn single_of_new_user(session: TestSession<'_>) -> SingleCallNewUser {
    let end_cap = session.end_cap();
    SingleCallNewUser {
        taken: call(&session, 0),
        start: new_user(session),
        signature_circuit: end_cap.signature_circuit,
        key_parameter: end_cap.key_parameter,
    }
}

fn two(session: TestSession<'_>) -> FirstTwoCalls {
    FirstTwoCalls { first: call(&session, 0), second: call(&session, 1), start: start(session) }
}

fn two_of_new_user(session: TestSession<'_>) -> FirstTwoCallsNewUser {
    FirstTwoCallsNewUser { first: call(&session, 0), second: call(&session, 1), start: new_user(session) }
}

/// A session with calls, each of a contract, a function and an effect.
fn played<'a>(world: &'a World, user: u32, calls: &[(ContractId, u16, &CallEffect)]) -> TestSession<'a> {
    calls.iter().fold(world.session(user), |session, &(contract, function, effect)| {
        session.call(contract, function, effect).expect("a call that holds")
    })
}

fn single_calls(book: &mut Book, world: &World) {
    let (system, quiet, write) = (ContractId::SYSTEM, CallEffect::default(), World::write());
    let of =
        |user, contract, function, effect: &CallEffect| single(played(world, user, &[(contract, function, effect)]));
    let base = of(7, COUNTER, 0, &write);
    let rich = CallEffect { withdrawn: 40, deposited: 7, ..RICH };
    book.holds("a session of one call", base.clone());
    book.holds("a session of one call of a user who has had others", of(2, COUNTER, 0, &write));
    book.holds("a session of one view", of(3, COUNTER, 1, &quiet));
    book.holds("a session of one call that moves balance in every way", of(7, system, 0, &rich));
    let exact = book.sealed(&base, |s| s.start.leaf.balance = Amount::constant(10 + 3 + 1));
    book.holds("a session of one call that takes the whole balance as the fee", exact);

    let arrival = |effect: &CallEffect| single_of_new_user(played(world, 11, &[(system, 0, effect)]));
    let newcomer = arrival(&RICH);
    book.holds("the first session of a user, of one call", newcomer.clone());
    book.holds("the first session of a user, of one call that withdraws", arrival(&rich));
    let exact = broken(&newcomer, |s| s.taken.context.balance_in = Felt::constant(14));
    book.holds("the first session of a user, who claims just the fee", exact);

    let calls = [
        (Kind::Call, base.clone()),
        (Kind::System, of(7, system, 0, &RICH)),
        (Kind::View, of(3, COUNTER, 1, &quiet)),
        (Kind::SystemView, of(3, system, 1, &quiet)),
    ];
    for (kind, statement) in &calls {
        bad_calls(book, *kind, statement);
    }
    bad_calls(book, Kind::System, &newcomer);
    bad_starts(book, &of(2, COUNTER, 0, &write));
    bad_arrivals(book, &newcomer);
    bad_ends(book, &base);
    bad_ends(book, &newcomer);

    let rule = Rule::ParametersOfSession;
    let fees = broken(&base, |s| s.parameters.fee_base = FeeRate::ZERO);
    book.refuse(rule, "a session of one call with other parameters than those of the anchor", fees);
    let poor = book.sealed(&base, |s| s.start.leaf.balance = Amount::constant(10 + 3));
    book.refuse(Rule::Fee, "a session of one call with a balance one unit below the fee", poor);
    let poor = broken(&newcomer, |s| s.taken.context.balance_in = Felt::constant(13));
    book.refuse(Rule::Fee, "the first session of a user, who claims one unit less than the fee", poor);
    let last = book.sealed(&base, |s| s.start.leaf.nonce = Nonce::MAX);
    book.refuse(Rule::Nonce, "a session of one call after the last nonce", last);
}

fn first_calls(book: &mut Book, world: &World) {
    let (system, quiet, write) = (ContractId::SYSTEM, CallEffect::default(), World::write());
    let base = two(played(world, 3, &[(COUNTER, 0, &write), (COUNTER, 0, &write)]));
    let systems = two(played(world, 7, &[(system, 0, &RICH), (system, 0, &RICH)]));
    book.holds("two first calls of one contract", base.clone());
    book.holds("two first calls of two contracts", two(played(world, 7, &[(COUNTER, 0, &write), (system, 0, &RICH)])));
    book.holds("two first calls that both claim", systems.clone());
    let owing =
        CallEffect { deferred: Digest::from([1, 2, 3, 4]), inline: Digest::from([5, 6, 7, 8]), ..World::write() };
    let owed = two(played(world, 7, &[(COUNTER, 0, &write), (COUNTER, 0, &owing)]));
    book.holds("two first calls, of which the second leaves calls to pay", owed);
    let newcomer = two_of_new_user(played(world, 11, &[(system, 0, &RICH), (COUNTER, 0, &write)]));
    book.holds("the first two calls of a user", newcomer.clone());
    let reads = two_of_new_user(played(world, 11, &[(COUNTER, 1, &quiet), (system, 0, &RICH)]));
    book.holds("the first two calls of a user, of which one reads", reads);

    let calls = [
        (Kind::Call, base.clone()),
        (Kind::System, systems.clone()),
        (Kind::View, two(played(world, 3, &[(COUNTER, 1, &quiet), (COUNTER, 1, &quiet)]))),
        (Kind::SystemView, two(played(world, 3, &[(system, 1, &quiet), (system, 1, &quiet)]))),
    ];
    for (kind, statement) in &calls {
        bad_calls(book, *kind, statement);
    }
    let wrote = two_of_new_user(played(world, 11, &[(COUNTER, 0, &write), (COUNTER, 0, &write)]));
    bad_calls(book, Kind::Call, &wrote);
    bad_starts(book, &base);
    bad_arrivals(book, &newcomer);

    let rule = Rule::SessionAmounts;
    let most = Felt::constant(Amount::MAX.get());
    let totals = |field: fn(&mut TakenCall) -> (&mut Felt, &mut Felt)| {
        book.sealed(&systems, |s| {
            for (call, amount) in [(&mut s.first, most), (&mut s.second, Felt::ONE)] {
                (call.context.balance_in, call.context.balance_out) = (Felt::ZERO, Felt::ZERO);
                let (counted, balance) = field(call);
                (*counted, *balance) = (amount, amount);
            }
        })
    };
    let deposited = totals(|call| (&mut call.context.deposited, &mut call.context.balance_out));
    let withdrawn = totals(|call| (&mut call.context.withdrawn, &mut call.context.balance_in));
    book.refuse(rule, "two first calls that deposit 2^62 together", deposited);
    book.refuse(rule, "two first calls that withdraw 2^62 together", withdrawn);
}

/// What the calls of a statement are, as bad inputs differ for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Call,
    System,
    View,
    SystemView,
}

/// One bad input: the rule, its name, the change, and whether the digests that follow are made again.
type BadCall = (Rule, &'static str, fn(&mut TakenCall), bool);

const BAD_CALLS: &[BadCall] = &[
    (Rule::ContractPath, "a contract that nobody deployed", |t| t.contract.code = other(t.contract.code), false),
    (
        Rule::FunctionPath,
        "a function with another circuit",
        |t| {
            t.function.fingerprint = Fingerprint(other(t.function.fingerprint.0));
        },
        false,
    ),
    (
        Rule::Method,
        "a call of another method",
        |t| {
            t.call.method = MethodId::constant(t.call.method.get() + 1);
        },
        true,
    ),
    (Rule::InputsLength, "a call without its inputs", |t| t.call.inputs_length = Length::ZERO, true),
    (
        Rule::TopLevelCaller,
        "a call in the name of the system contract",
        |t| {
            t.call.caller = Caller::contract(ContractId::SYSTEM);
        },
        true,
    ),
    (Rule::CallSession, "a call proof of another session", |t| t.context.session = other(t.context.session), false),
    (
        Rule::CallUserContracts,
        "a call proof over other state of the user",
        |t| {
            t.context.user_contracts = other(t.context.user_contracts);
        },
        false,
    ),
    (Rule::CallDigest, "a call proof of another call", |t| t.context.call = other(t.context.call), false),
    (
        Rule::CallProofs,
        "a call proof over other attested proofs",
        |t| t.context.proofs = other(t.context.proofs),
        false,
    ),
    (
        Rule::CallBalance,
        "a call proof that starts from more balance",
        |t| {
            t.context.balance = Amount::constant(t.context.balance.get() + 1);
        },
        false,
    ),
    (
        Rule::CallEventCount,
        "a call proof that starts from another event count",
        |t| {
            t.context.events_before = EventCount::constant(t.context.events_before.get() + 1);
            t.context.events_after += Felt::ONE;
        },
        false,
    ),
    (
        Rule::UserContractPath,
        "a state path with another sibling",
        |t| t.state_path.0[0] = other(t.state_path.0[0]),
        false,
    ),
    (
        Rule::StateRoot,
        "a call proof that starts from another state",
        |t| t.context.state = other(t.context.state),
        false,
    ),
    (Rule::CallSlots, "a call that reports minus one slot", |t| t.context.slots = Felt::ZERO - Felt::ONE, false),
    (
        Rule::CallEvents,
        "a call after which the event count is lower",
        |t| {
            t.context.events_after -= Felt::constant(2);
        },
        false,
    ),
    (
        Rule::NoEvents,
        "a call without events that has an events digest",
        |t| {
            t.context.events_after -= Felt::ONE;
            t.context.events = hash(Domain::CallEvents, &[Felt::ONE]);
        },
        false,
    ),
    (
        Rule::BalanceOnlySystem,
        "a call of an ordinary contract that claims one unit",
        |t| {
            t.context.balance_in = Felt::ONE;
        },
        false,
    ),
];

const BAD_SYSTEM_CALLS: &[BadCall] = &[
    (
        Rule::CallAmounts,
        "a call of the system contract that sends minus ten",
        |t| {
            t.context.balance_out = Felt::ZERO - Felt::constant(10);
        },
        false,
    ),
    (
        Rule::Balance,
        "a call of the system contract that sends more than there is",
        |t| {
            t.context.balance_out = t.context.balance.to_felt() + t.context.balance_in + Felt::ONE;
        },
        false,
    ),
];

const BAD_VIEWS: &[BadCall] =
    &[(Rule::View, "a view that writes", |t| t.context.new_state = other(t.context.new_state), false)];

const BAD_SYSTEM_VIEWS: &[BadCall] =
    &[(Rule::View, "a view of the system contract that claims", |t| t.context.balance_in = Felt::ONE, false)];

/// Breaks each call of a statement in every way, and lets it leave calls to pay where none may be left.
pub(super) fn bad_calls<S: Short>(book: &mut Book, kind: Kind, base: &S) {
    let breaks = match kind {
        Kind::Call => BAD_CALLS,
        Kind::System => BAD_SYSTEM_CALLS,
        Kind::View => BAD_VIEWS,
        Kind::SystemView => BAD_SYSTEM_VIEWS,
    };
    let profile = book.rules.profile;
    let places = base.clone().calls().len();
    for place in 0..places {
        for &(rule, name, change, sealed) in breaks {
            if rule == Rule::TopLevelCaller && !S::TOP_LEVEL {
                continue;
            }
            let mut statement = base.clone();
            change(statement.calls()[place]);
            if sealed {
                statement.seal_calls(&profile);
            }
            book.refuse(rule, format!("{name} (call {} of {places})", place + 1), statement);
        }
    }
    if kind == Kind::Call && S::TOP_LEVEL {
        let owing = |change: fn(&mut TakenCall)| broken(base, |s| change(s.calls()[0]));
        let deferred = owing(|t| t.context.deferred = Digest::from([1, 2, 3, 4]));
        let name = format!("a deferred call that is left to pay after the first of {places}");
        book.refuse(Rule::DeferredStackEmpty, name, deferred);
        let inline = owing(|t| t.context.inline = Digest::from([0, 0, 0, 1]));
        let name = format!("an inline call that is left to pay after the first of {places}");
        book.refuse(Rule::InlineStackEmpty, name, inline);
    }
}

fn bad_starts<S: Started>(book: &mut Book, base: &S) {
    let path = broken(base, |s| s.start().user_path.0[0] = other(s.start().user_path.0[0]));
    book.refuse(Rule::UserPath, "a start leaf that is not in the user tree", path);
    let late = book.sealed(base, |s| s.start().leaf.last_checkpoint = CheckpointId::constant(HEIGHT + 1));
    book.refuse(Rule::AnchorNotBelowLast, "an anchor before the one of the last session", late);
    let nobody = book.sealed(base, |s| s.start().leaf.user = UserId::NOBODY);
    book.refuse(Rule::Nobody, "a session of user 0", nobody);
}

fn bad_arrivals<S: Arrived>(book: &mut Book, base: &S) {
    let profile = book.rules.profile;
    let mut parameters = base.clone();
    parameters.start().anchor_leaf.parameters = other(parameters.start().anchor_leaf.parameters);
    parameters.seal_calls(&profile);
    book.refuse(Rule::ParametersOfAnchor, "an anchor of a network with other parameters", parameters);
    let user = book.sealed(base, |s| s.start().user = UserId::constant(12));
    book.refuse(Rule::RegistrationIndex, "another user than the one of the registration", user);
    let path = broken(base, |s| s.start().registration_path.0[2] = other(s.start().registration_path.0[2]));
    book.refuse(Rule::RegistrationPath, "a key that is not registered", path);
    let taken = broken(base, |s| s.start().user_path.0[1] = other(s.start().user_path.0[1]));
    book.refuse(Rule::UserPath, "a user who has a leaf already", taken);
    let nobody = book.sealed(base, |s| {
        let start = s.start();
        (start.user, start.registration) = (UserId::NOBODY, RegistrationIndex::ZERO);
    });
    book.refuse(Rule::Nobody, "the first session of user 0", nobody);
}

fn bad_ends<S: Closing>(book: &mut Book, base: &S) {
    let pinned = broken(base, |s| *s.whitelist() = other(*s.whitelist()));
    book.refuse(Rule::SessionWhitelistPinned, "a whole session under another session whitelist", pinned);
    let rule = Rule::KeyCommitment;
    let key = broken(base, |s| *s.signer().1 = other(*s.signer().1));
    book.refuse(rule, "a whole session that another key signed", key);
    let circuit = broken(base, |s| s.signer().0.0 = other(s.signer().0.0));
    book.refuse(rule, "a whole session that another circuit verified", circuit);
}
