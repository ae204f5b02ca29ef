//! Calls that are owed: `deferred_step` and `inline_step`. The rules about frames in full; of the rules about the call
//! and the session before it, which `step` has on its own page, one bad input each.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::{Caller, ContractId, Fingerprint};
use parth_protocol::records::session::Session;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::call_list;
use parth_protocol::session::debt::{Frame, inline_item};
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::session::inline_step::InlineStep;
use parth_protocol::{Profile, Record, Rule};

use super::seal::{Seal, seal_call, whitelist_of};
use super::short::{Kind, RICH, Short, bad_calls};
use super::world::World;
use super::{Book, broken, other};
use crate::chain::COUNTER;
use crate::{CallEffect, TestSession};

/// What a call with no outputs gives.
fn no_outputs() -> Digest {
    hash(Domain::Outputs, &[])
}

/// A function of a contract as an item of a deferred list of the counter's.
pub(crate) fn deferred(session: &TestSession<'_>, contract: ContractId, index: u16) -> Digest {
    session.made(contract, index, Caller::contract(COUNTER)).digest()
}

/// A function of a contract, with no outputs, as an item of an inline list of the counter's.
pub(crate) fn inline(session: &TestSession<'_>, contract: ContractId, index: u16) -> Digest {
    inline_item(&session.made(contract, index, Caller::contract(COUNTER)), no_outputs())
}

/// The top frame with one item.
pub(crate) fn last(below: Digest, caller: ContractId) -> Frame {
    Frame { below, caller, rest: Digest::ZERO }
}

/// A step that pays a call.
trait Pays: Short {
    /// The stack from which it pays.
    fn stack(&mut self) -> &mut Digest;
    fn previous(&mut self) -> &mut Session;
    fn anchor_time(&mut self);
    fn frame(&mut self) -> &mut Frame;
    fn circuit(&mut self) -> &mut Fingerprint;
    /// The rule that the call is the one that is due.
    const DUE: Rule;
}

macro_rules! pays {
    ($name:ident, $rule:ident, $stack:ident, $domain:ident, $item:expr) => {
        impl Short for $name {
            const TOP_LEVEL: bool = false;

            fn calls(&mut self) -> Vec<&mut TakenCall> {
                vec![&mut self.taken]
            }

            fn seal_calls(&mut self, _: &Profile) {
                self.previous.state.$stack = self.frame.stack(Domain::$domain, $item(&self.taken));
                seal_call(&mut self.taken, &self.previous);
            }
        }

        impl Pays for $name {
            const DUE: Rule = Rule::$rule;

            fn stack(&mut self) -> &mut Digest {
                &mut self.previous.state.$stack
            }

            fn previous(&mut self) -> &mut Session {
                &mut self.previous
            }

            fn anchor_time(&mut self) {
                self.anchor_leaf.time = self.anchor_leaf.time.next().expect("a small time");
            }

            fn frame(&mut self) -> &mut Frame {
                &mut self.frame
            }

            fn circuit(&mut self) -> &mut Fingerprint {
                &mut self.previous_circuit.fingerprint
            }
        }

        impl Seal for $name {
            /// The stack follows from frame and call, the call from the session. Trees are left as they are.
            fn seal(&mut self, profile: &Profile) {
                self.previous.whitelist = whitelist_of(&self.previous_circuit);
                self.previous.state.leaf = self.previous.leaf.digest();
                self.seal_calls(profile);
            }
        }
    };
}
pays!(DeferredStep, DeferredCall, deferred, DeferredStack, |taken: &TakenCall| taken.call.digest());
pays!(InlineStep, InlineCall, inline, InlineStack, |taken: &TakenCall| inline_item(&taken.call, taken.context.outputs));

pub(super) fn write(book: &mut Book, world: &World) {
    deferred_steps(book, world);
    inline_steps(book, world);
}

fn owing(deferred: Digest, inline: Digest) -> CallEffect {
    CallEffect { deferred, inline, ..World::write() }
}

fn deferred_steps(book: &mut Book, world: &World) {
    let (system, quiet, write) = (ContractId::SYSTEM, CallEffect::default(), World::write());
    // User 3 calls the counter, which defers calls of functions of a contract; the first of them is due.
    let due = |contract: ContractId, functions: &[u16], effect: &CallEffect| {
        let items: Vec<Digest> =
            functions.iter().map(|&function| deferred(&world.session(3), contract, function)).collect();
        let session = world.called(3, COUNTER, 0, &owing(call_list(&items), Digest::ZERO));
        let frame = Frame { below: Digest::ZERO, caller: COUNTER, rest: call_list(&items[1..]) };
        session.deferred_step(frame, contract, functions[0], effect)
    };
    let base = due(COUNTER, &[0], &write);
    book.holds("the only deferred call", base.clone());
    book.holds("the first of two deferred calls", due(COUNTER, &[0, 1], &write));
    book.holds("a deferred call of the system contract, which claims", due(system, &[0], &RICH));
    book.holds("a deferred view", due(COUNTER, &[1], &quiet));
    let again = owing(call_list(&[Digest::from([1, 2, 3, 4])]), call_list(&[Digest::from([5, 6, 7, 8])]));
    book.holds("a deferred call that leaves calls itself", due(COUNTER, &[0], &again));
    let deep = book.sealed(&base, |s| s.frame.below = Digest::from([1, 2, 3, 4]));
    book.holds("a deferred call with other frames below", deep);
    let second = {
        let items = [0, 1].map(|function| deferred(&world.session(3), COUNTER, function));
        let session = world.called(3, COUNTER, 0, &owing(call_list(&items), Digest::ZERO));
        let first = Frame { below: Digest::ZERO, caller: COUNTER, rest: call_list(&items[1..]) };
        let session = session.pay_deferred(first, COUNTER, 0, &write).expect("the first one");
        session.deferred_step(last(Digest::ZERO, COUNTER), COUNTER, 1, &quiet)
    };
    book.holds("the second of two deferred calls", second);

    bad_frames(book, &base);
    for (kind, statement) in [
        (Kind::Call, base.clone()),
        (Kind::System, due(system, &[0], &RICH)),
        (Kind::View, due(COUNTER, &[1], &quiet)),
        (Kind::SystemView, due(system, &[1], &quiet)),
    ] {
        bad_calls(book, kind, &statement);
    }
    let open = broken(&base, |s| s.previous.state.inline = Digest::from([0, 0, 0, 1]));
    book.refuse(Rule::InlineStackEmpty, "a deferred call while an inline one is left to pay", open);
    let later = broken(&due(COUNTER, &[0, 1], &write), |s| {
        let item = deferred(&world.session(3), COUNTER, 0);
        s.taken = due(COUNTER, &[1], &quiet).taken;
        s.frame.rest = call_list(&[item]);
    });
    book.refuse(Rule::DeferredCall, "the second of two deferred calls before the first", later);
    let kind = broken(&base, |s| {
        let list = call_list(&[deferred(&world.session(3), COUNTER, 0)]);
        s.previous.state.deferred =
            parth_protocol::session::push_frame(Domain::InlineStack, Digest::ZERO, COUNTER, list);
    });
    book.refuse(Rule::DeferredCall, "a deferred call out of an inline frame", kind);
}

fn inline_steps(book: &mut Book, world: &World) {
    let (system, quiet, write) = (ContractId::SYSTEM, CallEffect::default(), World::write());
    let due = |contract: ContractId, functions: &[u16], effect: &CallEffect| {
        let items: Vec<Digest> =
            functions.iter().map(|&function| inline(&world.session(3), contract, function)).collect();
        let session = world.called(3, COUNTER, 0, &owing(Digest::ZERO, call_list(&items)));
        let frame = Frame { below: Digest::ZERO, caller: COUNTER, rest: call_list(&items[1..]) };
        session.inline_step(frame, contract, functions[0], effect)
    };
    let base = due(COUNTER, &[0], &write);
    book.holds("the only inline call", base.clone());
    book.holds("the first of two inline calls", due(COUNTER, &[0, 1], &write));
    book.holds("an inline call of the system contract, which claims", due(system, &[0], &RICH));
    book.holds("an inline view", due(COUNTER, &[1], &quiet));
    let again = owing(call_list(&[Digest::from([1, 2, 3, 4])]), call_list(&[Digest::from([5, 6, 7, 8])]));
    book.holds("an inline call that leaves calls itself", due(COUNTER, &[0], &again));
    let below = broken(&base, |s| s.previous.state.deferred = Digest::from([1, 2, 3, 4]));
    book.holds("an inline call while a deferred one waits", below);
    let deep = book.sealed(&base, |s| s.frame.below = Digest::from([1, 2, 3, 4]));
    book.holds("an inline call with other frames below", deep);

    bad_frames(book, &base);
    for (kind, statement) in [
        (Kind::Call, base.clone()),
        (Kind::System, due(system, &[0], &RICH)),
        (Kind::View, due(COUNTER, &[1], &quiet)),
        (Kind::SystemView, due(system, &[1], &quiet)),
    ] {
        bad_calls(book, kind, &statement);
    }
    let outputs = broken(&base, |s| s.taken.context.outputs = hash(Domain::Outputs, &[Felt::ONE]));
    book.refuse(Rule::InlineCall, "an inline call with other outputs than its caller was given", outputs);
    let kind = broken(&base, |s| {
        let list = call_list(&[inline(&world.session(3), COUNTER, 0)]);
        s.previous.state.inline =
            parth_protocol::session::push_frame(Domain::DeferredStack, Digest::ZERO, COUNTER, list);
    });
    book.refuse(Rule::InlineCall, "an inline call out of a deferred frame", kind);
    let item = broken(&base, |s| {
        let list = call_list(&[deferred(&world.session(3), COUNTER, 0)]);
        s.previous.state.inline = parth_protocol::session::push_frame(Domain::InlineStack, Digest::ZERO, COUNTER, list);
    });
    book.refuse(Rule::InlineCall, "an inline call whose item names no outputs", item);
}

fn bad_frames<S: Pays>(book: &mut Book, base: &S) {
    let mut due = |name: &str, change: fn(&mut S)| book.refuse(S::DUE, name, broken(base, change));
    due("a call while nothing is owed", |s| *s.stack() = Digest::ZERO);
    due("a call of a frame in the name of the system contract", |s| s.frame().caller = ContractId::SYSTEM);
    due("a call of a frame with other items after it", |s| s.frame().rest = other(s.frame().rest));
    due("a call of a frame over another stack", |s| s.frame().below = other(s.frame().below));
    due("a call with other inputs than those owed", |s| {
        let taken = &mut *s.calls()[0];
        taken.call.inputs = other(taken.call.inputs);
        taken.context.call = taken.call.digest();
    });
    let rule = Rule::FrameCaller;
    for (name, caller) in [
        ("an owed call in nobody's name", Caller::USER),
        ("an owed call in the name of the system contract", Caller::contract(ContractId::SYSTEM)),
    ] {
        let statement = book.sealed(base, |s| s.calls()[0].call.caller = caller);
        book.refuse(rule, name, statement);
    }
    let circuit = broken(base, |s| s.circuit().0 = other(s.circuit().0));
    book.refuse(Rule::SessionWhitelist, "an owed call over an evil step", circuit);
    let leaf = broken(base, |s| s.previous().state.leaf = other(s.previous().state.leaf));
    book.refuse(Rule::StateLeaf, "an owed call over another user leaf than the opened one", leaf);
    let anchor = broken(base, |s| s.anchor_time());
    book.refuse(Rule::AnchorLeaf, "an owed call at an anchor with another time", anchor);
}
