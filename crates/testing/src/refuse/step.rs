//! Calls: everything that a hostile deployer's circuit may report, and everything a prover may show beside it.

use parth_crypto::{Digest, Domain, Felt, hash, merkle};
use parth_protocol::ids::{
    Amount, CallCount, Caller, ContractId, EventCount, Fingerprint, FunctionIndex, Length, MethodId, SlotCount,
    WhitelistIndex,
};
use parth_protocol::session::call_list;
use parth_protocol::session::step::Step;
use parth_protocol::{CircuitId, Record, Rule};

use super::seal::{SealStep, root};
use super::world::World;
use super::{Book, LENGTH, broken, other};
use crate::CallEffect;
use crate::chain::COUNTER;

pub(super) fn write(book: &mut Book, world: &World) {
    let call = world.session(3).step(COUNTER, 0, &World::write());
    let system = world.session(3).step(ContractId::SYSTEM, 0, &World::write());
    let view = world.session(3).step(COUNTER, 1, &CallEffect::default());
    hold(book, world, &call, &system);
    refuse_previous(book, world, &call);
    refuse_function(book, world, &call);
    refuse_context(book, &call);
    refuse_state(book, world, &call);
    refuse_counts(book, &call);
    refuse_amounts(book, &call, &system);
    refuse_balances(book, &system);
    let system_view = world.session(3).step(ContractId::SYSTEM, 1, &CallEffect::default());
    refuse_view(book, &view, &system_view);
}

fn felt(value: u64) -> Felt {
    Felt::constant(value)
}

/// −value in the field.
fn minus(value: u64) -> Felt {
    Felt::ZERO - felt(value)
}

fn hold(book: &mut Book, world: &World, call: &Step, system: &Step) {
    book.holds("a call of a contract that the user has used", call.clone());
    book.holds("the first call of a contract", world.session(7).step(COUNTER, 0, &World::write()));
    book.holds("the first call of a new user", world.session(11).step(COUNTER, 0, &World::write()));
    book.holds(
        "a view of a contract that the user has used",
        world.session(3).step(COUNTER, 1, &CallEffect::default()),
    );
    book.holds("a view of a contract that the user never used", {
        world.session(7).step(COUNTER, 1, &CallEffect::default())
    });
    book.holds("a call that writes nothing on first use", world.session(7).step(COUNTER, 0, &CallEffect::default()));
    book.holds("a call that only emits", {
        world.session(7).step(COUNTER, 0, &CallEffect { events: 3, ..CallEffect::default() })
    });
    let second = world.called(7, COUNTER, 0, &World::write());
    book.holds("the second call of a session", second.step(ContractId::SYSTEM, 0, &World::write()));
    book.holds("the second call of the same contract", second.step(COUNTER, 0, &CallEffect::default()));
    let list = call_list(&[Digest::from([1, 2, 3, 4]), Digest::from([5, 6, 7, 8])]);
    let lists = |deferred, inline| CallEffect { deferred, inline, ..World::write() };
    book.holds("a call that makes deferred calls", world.session(3).step(COUNTER, 0, &lists(list, Digest::ZERO)));
    book.holds("a call that makes inline calls", world.session(3).step(COUNTER, 0, &lists(Digest::ZERO, list)));
    book.holds("a call that makes calls of both kinds", world.session(3).step(COUNTER, 0, &lists(list, list)));
    let first_lane = Digest::from([1, 0, 0, 0]);
    book.holds("a call whose list is zero in all lanes but one", {
        world.session(3).step(COUNTER, 0, &lists(first_lane, Digest::ZERO))
    });
    book.holds("a call whose new state is the empty leaf", broken(call, |s| s.taken.context.new_state = Digest::ZERO));
    book.holds(
        "a call whose new state is the initial one",
        broken(call, |s| s.taken.context.new_state = s.taken.contract.initial),
    );

    let moves: [(&str, [u64; 4]); 6] = [
        ("a call that sends", [100, 0, 0, 0]),
        ("a call that claims", [0, 100, 0, 0]),
        ("a call that withdraws", [0, 0, 100, 0]),
        ("a call that deposits", [0, 0, 0, 100]),
        ("a call that moves balance in all four ways", [400, 300, 200, 100]),
        ("a call that spends what it claims and deposits", [1_000_000, 1_000_000, 1_000_000, 1_000_000]),
    ];
    for (name, [balance_out, balance_in, withdrawn, deposited]) in moves {
        let effect = CallEffect { balance_out, balance_in, withdrawn, deposited, ..World::write() };
        book.holds(name, world.session(7).step(ContractId::SYSTEM, 0, &effect));
    }
    let earlier = CallEffect { withdrawn: 5, deposited: 6, ..World::write() };
    let second = world.called(7, ContractId::SYSTEM, 0, &earlier);
    book.holds("a second withdrawal", second.step(ContractId::SYSTEM, 0, &earlier));
    book.holds("a call after a withdrawal", second.step(COUNTER, 0, &World::write()));
    let whole = world.session(7).session.leaf.balance.get();
    let all = CallEffect { balance_out: whole, ..World::write() };
    book.holds("a call that sends the whole balance", world.session(7).step(ContractId::SYSTEM, 0, &all));
    hold_at_the_bounds(book, call, system);
}

fn hold_at_the_bounds(book: &mut Book, call: &Step, system: &Step) {
    let top = Amount::MAX.get();
    book.holds("a call that reports the most slots", broken(call, |s| s.taken.context.slots = felt((1 << 32) - 1)));
    let slots = book.sealed(call, |s| {
        s.previous.state.slots = SlotCount::constant((1 << 40) - 2);
    });
    book.holds("the call with which a session reaches its most slots", slots);
    let calls = book.sealed(call, |s| s.previous.state.calls = CallCount::constant((1 << 24) - 2));
    book.holds("the call with which a session reaches its most calls", calls);
    let events = book.sealed(call, |s| {
        s.previous.leaf.events = EventCount::constant(EventCount::MAX.get() - ((1 << 32) - 1));
        s.taken.context.events_after = felt(EventCount::MAX.get());
    });
    book.holds("a call that reports the most events", events);
    let full = book.sealed(system, |s| {
        s.previous.leaf.balance = Amount::ZERO;
        s.taken.context.balance_in = felt(top);
    });
    book.holds("a call that claims the largest balance", full);
    let through = book.sealed(system, |s| {
        s.previous.leaf.balance = Amount::MAX;
        let context = &mut s.taken.context;
        (context.balance_in, context.deposited) = (felt(top), felt(top));
        (context.balance_out, context.withdrawn) = (felt(top), felt(top));
    });
    book.holds("a call in which all five amounts are the largest", through);
    let totals = book.sealed(system, |s| {
        s.previous.state.withdrawn = Amount::constant(top - 1);
        s.previous.state.deposited = Amount::constant(top - 1);
        (s.taken.context.withdrawn, s.taken.context.deposited) = (felt(1), felt(1));
    });
    book.holds("the call with which the totals of a session reach their bounds", totals);
}

fn refuse_previous(book: &mut Book, world: &World, call: &Step) {
    let end_cap = world.chain.circuits.fingerprint(CircuitId::EndCap);
    let rule = Rule::SessionWhitelist;
    book.refuse(rule, "a step over an end cap", broken(call, |s| s.previous_circuit.fingerprint = end_cap));
    let place = broken(call, |s| s.previous_circuit.index = WhitelistIndex::constant(7));
    book.refuse(rule, "a previous circuit at an empty place", place);
    let sibling = broken(call, |s| s.previous_circuit.path.0[1] = other(s.previous_circuit.path.0[1]));
    book.refuse(rule, "a previous circuit with another sibling in the whitelist", sibling);
    let whitelist = broken(call, |s| s.previous.whitelist = other(s.previous.whitelist));
    book.refuse(rule, "a session of another whitelist", whitelist);

    let rich = broken(call, |s| {
        s.previous.leaf.balance = Amount::constant(5_000_000);
        s.seal_context();
    });
    book.refuse(Rule::StateLeaf, "an opened user leaf with more balance than the session's", rich);
    let state = broken(call, |s| s.previous.state.leaf = other(s.previous.state.leaf));
    book.refuse(Rule::StateLeaf, "a session state with another user leaf than the opened one", state);
    let deferred = broken(call, |s| s.previous.state.deferred = Digest::from([0, 0, 1, 0]));
    book.refuse(Rule::DeferredStackEmpty, "a top-level call while a deferred one is left to pay", deferred);
    let inline = broken(call, |s| s.previous.state.inline = Digest::from([0, 1, 0, 0]));
    book.refuse(Rule::InlineStackEmpty, "a top-level call while an inline one is left to pay", inline);
    let anchor = broken(call, |s| {
        s.previous.start.anchor_leaf = other(s.previous.start.anchor_leaf);
        s.seal_context();
    });
    book.refuse(Rule::AnchorLeaf, "a contract tree of another checkpoint than the anchor", anchor);
    let time = broken(call, |s| s.anchor_leaf.time = s.anchor_leaf.time.next().expect("a small time"));
    book.refuse(Rule::AnchorLeaf, "an anchor leaf with another time", time);
}

fn refuse_function(book: &mut Book, world: &World, call: &Step) {
    let profile = book.rules.profile;
    let rule = Rule::ContractPath;
    let evil = broken(call, |s| {
        s.taken.function.fingerprint = Fingerprint(other(s.taken.function.fingerprint.0));
        s.taken.contract.functions =
            root(&s.taken.function_path, s.taken.function_index.get(), s.taken.function.digest());
    });
    book.refuse(rule, "a contract that nobody deployed", evil);
    let place = broken(call, |s| {
        s.taken.call.contract = ContractId::constant(2);
        s.previous.leaf.contracts = root(&s.taken.state_path, 2u32, s.taken.state_leaf);
        s.seal_leaf();
    });
    book.refuse(rule, "a contract at the place of another", place);
    let system = broken(call, |s| {
        s.taken.call.contract = ContractId::SYSTEM;
        s.previous.leaf.contracts = root(&s.taken.state_path, 0u32, s.taken.state_leaf);
        s.seal_leaf();
    });
    book.refuse(rule, "a contract that says to be the system contract", system);
    let sibling = broken(call, |s| s.taken.contract_path.0[3] = other(s.taken.contract_path.0[3]));
    book.refuse(rule, "a contract path with another sibling", sibling);
    let tree = broken(call, |s| {
        s.anchor_leaf.globals.contracts = other(s.anchor_leaf.globals.contracts);
        s.seal_anchor();
    });
    book.refuse(rule, "an anchor with another contract tree", tree);
    let code = broken(call, |s| s.taken.contract.code = other(s.taken.contract.code));
    book.refuse(rule, "a contract leaf with other code", code);
    let outside = book.sealed(call, |s| s.taken.call.contract = ContractId::constant(16 + 1));
    book.refuse(rule, "a contract outside the tree whose low bits are right", outside);
    let short = broken(call, |s| s.taken.contract_path.0.truncate(3));
    book.refuse_natively(rule, LENGTH, "a contract path that is too short", short);

    let rule = Rule::FunctionPath;
    let circuit = broken(call, |s| s.taken.function.fingerprint = Fingerprint(other(s.taken.function.fingerprint.0)));
    book.refuse(rule, "a function with another circuit", circuit);
    let view = world.session(3).step(COUNTER, 1, &CallEffect::default());
    let writes = broken(&view, |s| {
        s.taken.function.view = false;
        s.taken.context.new_state = Digest::from([5, 1, 1, 1]);
    });
    book.refuse(rule, "a view that says to be none and writes", writes);
    let foreign = world.chain.contracts[0].functions[0].clone();
    let stranger = broken(call, |s| {
        s.taken.function = foreign;
        (s.taken.call.method, s.taken.call.inputs_length) = (s.taken.function.method, s.taken.function.inputs);
        s.seal_context();
    });
    book.refuse(rule, "a function of another contract", stranger);
    let place = broken(call, |s| s.taken.function_index = FunctionIndex::constant(1));
    book.refuse(rule, "a function at the place of another", place);
    let functions = broken(call, |s| {
        s.taken.contract.functions = other(s.taken.contract.functions);
        s.seal_contract(&profile);
    });
    book.refuse(rule, "a contract with another function tree", functions);
    let outside = broken(call, |s| s.taken.function_index = FunctionIndex::constant(8));
    book.refuse(rule, "a function outside the tree whose low bits are right", outside);
    let short = broken(call, |s| s.taken.function_path.0.truncate(2));
    book.refuse_natively(rule, LENGTH, "a function path that is too short", short);

    let method = book.sealed(call, |s| s.taken.call.method = MethodId::constant(s.taken.call.method.get() + 1));
    book.refuse(Rule::Method, "a call of another method than the function's", method);
    let longer =
        book.sealed(call, |s| s.taken.call.inputs_length = Length::constant(s.taken.call.inputs_length.get() + 1));
    book.refuse(Rule::InputsLength, "a call with one input more than the function takes", longer);
    let none = book.sealed(call, |s| s.taken.call.inputs_length = Length::ZERO);
    book.refuse(Rule::InputsLength, "a call without the inputs that the function takes", none);
    let rule = Rule::TopLevelCaller;
    let bank = book.sealed(call, |s| s.taken.call.caller = Caller::contract(ContractId::SYSTEM));
    book.refuse(rule, "a top-level call in the name of the system contract", bank);
    let itself = book.sealed(call, |s| s.taken.call.caller = Caller::contract(COUNTER));
    book.refuse(rule, "a top-level call in the name of the called contract", itself);
    let beyond = book.sealed(call, |s| s.taken.call.caller = Caller::constant(Caller::USER.get() + 1));
    book.refuse(rule, "a top-level call in the name of a contract that cannot exist", beyond);
}

fn refuse_context(book: &mut Book, call: &Step) {
    let mut wrong = |rule, name: &str, change: fn(&mut Step)| book.refuse(rule, name, broken(call, change));
    wrong(Rule::CallSession, "a call proof of another session", |s| {
        s.taken.context.session = other(s.taken.context.session)
    });
    wrong(Rule::CallUserContracts, "a call proof over other state of the user", |s| {
        s.taken.context.user_contracts = other(s.taken.context.user_contracts);
    });
    wrong(Rule::CallDigest, "a call proof of another call", |s| s.taken.context.call = other(s.taken.context.call));
    wrong(Rule::CallDigest, "a call with other inputs than its proof", |s| {
        s.taken.call.inputs = other(s.taken.call.inputs)
    });
    wrong(Rule::CallProofs, "a call proof over other attested proofs", |s| {
        s.taken.context.proofs = other(s.taken.context.proofs)
    });
    wrong(Rule::CallBalance, "a call proof that starts from more balance", |s| {
        s.taken.context.balance = Amount::constant(s.taken.context.balance.get() + 1);
    });
    wrong(Rule::CallEventCount, "a call proof that starts from another event count", |s| {
        s.taken.context.events_before = EventCount::constant(s.taken.context.events_before.get() + 1);
        s.taken.context.events_after += Felt::ONE;
    });
}

fn refuse_state(book: &mut Book, world: &World, call: &Step) {
    let rule = Rule::UserContractPath;
    let leaf = broken(call, |s| {
        s.taken.state_leaf = other(s.taken.state_leaf);
        s.taken.context.state = s.taken.state_leaf;
    });
    book.refuse(rule, "a call from a state that the user does not have", leaf);
    let reset = broken(call, |s| {
        s.taken.state_leaf = Digest::ZERO;
        s.taken.context.state = s.taken.contract.initial;
    });
    book.refuse(rule, "a call that says to be the first but is not", reset);
    let sibling = broken(call, |s| s.taken.state_path.0[0] = other(s.taken.state_path.0[0]));
    book.refuse(rule, "a state path with another sibling", sibling);
    let tree = broken(call, |s| {
        s.previous.leaf.contracts = other(s.previous.leaf.contracts);
        s.seal_leaf();
    });
    book.refuse(rule, "another user contract tree than that of the user", tree);
    let short = broken(call, |s| s.taken.state_path.0.truncate(3));
    book.refuse_natively(rule, LENGTH, "a state path that is too short", short);

    let rule = Rule::StateRoot;
    let elsewhere = broken(call, |s| s.taken.context.state = other(s.taken.context.state));
    book.refuse(rule, "a call proof that starts from another state", elsewhere);
    let initial = broken(call, |s| s.taken.context.state = s.taken.contract.initial);
    book.refuse(rule, "a call proof that starts from the initial state after the first use", initial);
    let first = world.session(7).step(COUNTER, 0, &World::write());
    let empty = broken(&first, |s| s.taken.context.state = Digest::ZERO);
    book.refuse(rule, "a first call that starts from the empty leaf", empty);
    let height = usize::from(first.taken.contract.state_height.get());
    let taller = merkle::empty_root(Domain::StateNode, height + 1);
    let tall = broken(&first, |s| s.taken.context.state = taller);
    book.refuse(rule, "a first call that starts from an empty tree of another height", tall);
}

fn refuse_counts(book: &mut Book, call: &Step) {
    let mut wrong = |rule, name: &str, change: fn(&mut Step)| {
        let statement = book.sealed(call, change);
        book.refuse(rule, name, statement);
    };
    wrong(Rule::CallSlots, "a call that reports 2^32 slots", |s| s.taken.context.slots = felt(1 << 32));
    wrong(Rule::CallSlots, "a call that reports minus one slot", |s| {
        s.previous.state.slots = SlotCount::constant(1);
        s.taken.context.slots = minus(1);
    });
    wrong(Rule::CallSlots, "a call whose slots cancel those of the session", |s| {
        s.previous.state.slots = SlotCount::constant(1_000);
        s.taken.context.slots = minus(1_000);
    });
    wrong(Rule::SessionSlots, "the call with which a session has 2^40 slots", |s| {
        s.previous.state.slots = SlotCount::constant((1 << 40) - 1);
    });
    wrong(Rule::SessionCalls, "the call with which a session has 2^24 calls", |s| {
        s.previous.state.calls = CallCount::constant((1 << 24) - 1);
    });
    wrong(Rule::CallEvents, "a call after which the event count is lower", |s| {
        s.taken.context.events_after -= felt(2);
    });
    wrong(Rule::CallEvents, "a call that reports 2^32 events", |s| {
        s.taken.context.events_after += felt((1 << 32) - 1);
    });
    wrong(Rule::CallEvents, "a call after which there are 2^48 events", |s| {
        s.previous.leaf.events = EventCount::MAX;
        s.taken.context.events_after = felt(1 << 48);
    });
    wrong(Rule::CallEvents, "a call that makes the event count wrap around", |s| {
        s.taken.context.events_after = minus(1);
    });
    wrong(Rule::NoEvents, "a call without events that has an events digest", |s| {
        s.taken.context.events_after -= Felt::ONE;
        s.taken.context.events = hash(Domain::CallEvents, &[Felt::ONE]);
    });
    wrong(Rule::NoEvents, "a call without events whose events digest has one lane", |s| {
        s.taken.context.events_after -= Felt::ONE;
        s.taken.context.events = Digest::from([0, 0, 0, 1]);
    });
}

/// The four amounts of a call.
type AmountField = (&'static str, fn(&mut Step) -> &mut Felt);

const AMOUNTS: [AmountField; 4] = [
    ("sends", |s| &mut s.taken.context.balance_out),
    ("claims", |s| &mut s.taken.context.balance_in),
    ("withdraws", |s| &mut s.taken.context.withdrawn),
    ("deposits", |s| &mut s.taken.context.deposited),
];

fn refuse_amounts(book: &mut Book, call: &Step, system: &Step) {
    for (verb, field) in AMOUNTS {
        // Balance and totals stay in range, also in the field, so that nothing but the width refuses the amount.
        let negative = book.sealed(system, |s| {
            (s.previous.state.withdrawn, s.previous.state.deposited) = (Amount::constant(50), Amount::constant(50));
            *field(s) = minus(10);
        });
        book.refuse(Rule::CallAmounts, format!("a call of the system contract that {verb} minus ten"), negative);
        let moved = book.sealed(call, |s| *field(s) = Felt::ONE);
        book.refuse(Rule::BalanceOnlySystem, format!("a call of an ordinary contract that {verb} one unit"), moved);
    }
    let top = felt(Amount::MAX.get());
    let sends = book.sealed(system, |s| {
        (s.taken.context.balance_out, s.taken.context.balance_in) = (felt(1 << 62), top);
    });
    book.refuse(Rule::CallAmounts, "a call of the system contract that sends 2^62", sends);
    let claims = book.sealed(system, |s| {
        (s.taken.context.balance_out, s.taken.context.balance_in) = (top, felt(1 << 62));
    });
    book.refuse(Rule::CallAmounts, "a call of the system contract that claims 2^62", claims);
    let both = book.sealed(call, |s| (s.taken.context.balance_out, s.taken.context.balance_in) = (felt(5), felt(5)));
    book.refuse(Rule::BalanceOnlySystem, "a call of an ordinary contract that sends what it claims", both);
}

fn refuse_balances(book: &mut Book, system: &Step) {
    let mut wrong = |rule, name: &str, change: fn(&mut Step)| {
        let statement = book.sealed(system, change);
        book.refuse(rule, name, statement);
    };
    let rule = Rule::Balance;
    wrong(rule, "a call that sends one unit more than there is", |s| {
        s.taken.context.balance_out = felt(s.previous.leaf.balance.get() + 1);
    });
    wrong(rule, "a call that withdraws one unit more than there is", |s| {
        s.taken.context.withdrawn = felt(s.previous.leaf.balance.get() + 1);
    });
    wrong(rule, "a call that sends and withdraws the same balance", |s| {
        let balance = felt(s.previous.leaf.balance.get());
        (s.taken.context.balance_out, s.taken.context.withdrawn) = (balance, balance);
    });
    wrong(rule, "a call that sends and withdraws the largest amounts", |s| {
        (s.taken.context.balance_out, s.taken.context.withdrawn) = (felt(Amount::MAX.get()), felt(Amount::MAX.get()));
    });
    wrong(rule, "a call that claims up to 2^62", |s| {
        s.taken.context.balance_in = felt((1 << 62) - s.previous.leaf.balance.get());
    });
    wrong(rule, "a call that deposits up to 2^62", |s| {
        s.taken.context.deposited = felt((1 << 62) - s.previous.leaf.balance.get());
    });
    wrong(rule, "a call that claims and deposits the largest amounts", |s| {
        s.previous.leaf.balance = Amount::MAX;
        (s.taken.context.balance_in, s.taken.context.deposited) = (felt(Amount::MAX.get()), felt(Amount::MAX.get()));
    });
    let rule = Rule::SessionAmounts;
    wrong(rule, "the call with which a session has withdrawn 2^62", |s| {
        s.previous.state.withdrawn = Amount::MAX;
        s.taken.context.withdrawn = Felt::ONE;
    });
    wrong(rule, "the call with which a session has deposited 2^62", |s| {
        s.previous.state.deposited = Amount::MAX;
        s.taken.context.deposited = Felt::ONE;
    });
}

fn refuse_view(book: &mut Book, view: &Step, system_view: &Step) {
    let mut wrong = |name: &str, change: fn(&mut Step)| book.refuse(Rule::View, name, broken(view, change));
    wrong("a view that writes", |s| s.taken.context.new_state = other(s.taken.context.new_state));
    wrong("a view that empties the state", |s| s.taken.context.new_state = Digest::ZERO);
    wrong("a view that makes a deferred call", |s| s.taken.context.deferred = Digest::from([0, 0, 0, 1]));
    wrong("a view that makes an inline call", |s| s.taken.context.inline = Digest::from([1, 0, 0, 0]));
    wrong("a view that reports a slot", |s| s.taken.context.slots = Felt::ONE);
    wrong("a view that emits", |s| {
        s.taken.context.events_after += Felt::ONE;
        s.taken.context.events = hash(Domain::CallEvents, &[Felt::ONE]);
    });
    for (verb, field) in AMOUNTS {
        let moved = broken(system_view, |s| *field(s) = Felt::ONE);
        book.refuse(Rule::View, format!("a view of the system contract that {verb} one unit"), moved);
    }
}
