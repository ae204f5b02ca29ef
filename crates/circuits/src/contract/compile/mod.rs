//! Operations to constraints, one by one. Twin: `parth_contract`'s machine, operation by operation.
//!
//! Every integer is range-checked where it comes in or could leave its type, so that each value of type `u32` or
//! `u64` is below 2^32 or 2^62 wherever it is used. What the session start, the call and the opened leaves say of
//! themselves (user, contract, nonce, times, balance) is bounded by what vouches for their digests.

mod group;
mod mine;
mod operate;
mod owed;

use std::collections::HashMap;

use parth_contract::Function;
use parth_contract::function::Access;
use parth_contract::ir::{Constant, Context, Op, Type, U64_BITS, Value};
use parth_crypto::{Domain, Felt};
use parth_proof::Builder;
use parth_protocol::ids::StateHeight;
use plonky2::iop::target::{BoolTarget, Target};

use super::opening::{CheckpointTarget, OpeningTarget};
use crate::gadgets::hash::{DigestTarget, constant, hash, link};
use crate::gadgets::{integer, logic, merkle, range};
use crate::records::block::CheckpointLeafTarget;
use crate::records::session::{CallTarget, SessionStartTarget};
use crate::twin::RecordTarget;

/// A value as targets.
#[derive(Clone, Copy, Debug)]
enum Wire {
    Nothing,
    One(Target),
    Digest(DigestTarget),
    Checkpoint(usize),
    State(usize),
    /// The results of an inline call.
    Results(usize),
}

impl Wire {
    /// A value of one or four felts.
    fn of(felts: &[Target]) -> Wire {
        match *felts {
            [a, b, c, d] => Wire::Digest(DigestTarget([a, b, c, d])),
            [one] => Wire::One(one),
            _ => Wire::Nothing,
        }
    }
}

/// An own word whose siblings are proven, as it stands now.
#[derive(Clone, Debug)]
struct OwnWord {
    bits: Vec<BoolTarget>,
    siblings: Vec<DigestTarget>,
    word: DigestTarget,
}

/// A proven frozen state.
#[derive(Clone, Copy, Debug)]
struct StateWire {
    root: DigestTarget,
    height: StateHeight,
    /// Does its user exist?
    exists: BoolTarget,
}

/// Where a call starts.
pub(super) struct Head<'a> {
    pub(super) session: &'a SessionStartTarget,
    pub(super) call: &'a CallTarget,
    pub(super) anchor: Option<&'a CheckpointLeafTarget>,
    pub(super) user_contracts: DigestTarget,
    pub(super) state: DigestTarget,
    pub(super) balance: Target,
}

/// What a call did.
pub(super) struct Effects {
    pub(super) outputs: Vec<Target>,
    pub(super) state: DigestTarget,
    pub(super) slots: Target,
    pub(super) events: DigestTarget,
    pub(super) event_count: Target,
    pub(super) balance_out: Target,
    pub(super) balance_in: Target,
    pub(super) deferred: DigestTarget,
    pub(super) inline: DigestTarget,
}

/// More rows than any class has places for; compiling stops here, so that hostile code cannot ask for memory.
pub(super) const MAX_ROWS: usize = 1 << 16;

/// Compiles one function.
pub(super) struct Compiler<'a> {
    builder: &'a mut Builder,
    function: &'a Function,
    head: Head<'a>,
    openings: &'a [OpeningTarget],
    inputs: Vec<Wire>,
    wires: Vec<Wire>,
    own: Vec<Option<OwnWord>>,
    groups: Vec<Option<group::GroupWords>>,
    checkpoints: Vec<&'a CheckpointTarget>,
    states: Vec<StateWire>,
    deferred: owed::Items,
    inline: owed::Items,
    /// Results of inline calls so far.
    results: Vec<Vec<Wire>>,
    /// Rows that each operation so far began.
    rows: &'a mut Vec<usize>,
    /// Bits of values that were split before, by width.
    bits: HashMap<(Target, usize), Vec<BoolTarget>>,
    /// Quotients and remainders computed before, by the two numbers.
    divisions: HashMap<(Target, Target), (Target, Target)>,
    balance: Target,
    effects: Effects,
}

fn fits(builder: &mut Builder, value: Target, bits: usize) {
    match bits {
        1 => builder.assert_bool(BoolTarget::new_unsafe(value)),
        _ => range::check(builder, value, bits),
    }
}

impl<'a> Compiler<'a> {
    /// Checks that the inputs fit their types, and is then ready to run.
    pub(super) fn new(
        builder: &'a mut Builder,
        function: &'a Function,
        head: Head<'a>,
        openings: &'a [OpeningTarget],
        felts: &[Target],
        rows: &'a mut Vec<usize>,
    ) -> Compiler<'a> {
        let (zero, no_events) = (builder.zero(), DigestTarget::zero(builder));
        let mut inputs = Vec::new();
        let mut rest = felts;
        for parameter in &function.code().inputs {
            let (mine, others) = rest.split_at(parameter.kind.felts().unwrap_or_default());
            if let (Some(bits), &[one]) = (parameter.kind.bits(), mine) {
                fits(builder, one, bits as usize);
            }
            inputs.push(Wire::of(mine));
            rest = others;
        }
        let (state, balance) = (head.state, head.balance);
        Compiler {
            builder,
            function,
            head,
            openings,
            inputs,
            wires: Vec::new(),
            own: vec![None; openings.len()],
            groups: vec![None; openings.len()],
            checkpoints: Vec::new(),
            states: Vec::new(),
            deferred: Vec::new(),
            inline: Vec::new(),
            results: Vec::new(),
            rows,
            bits: HashMap::new(),
            divisions: HashMap::new(),
            balance,
            effects: Effects {
                outputs: Vec::new(),
                state,
                slots: zero,
                events: no_events,
                event_count: zero,
                balance_out: zero,
                balance_in: zero,
                deferred: no_events,
                inline: no_events,
            },
        }
    }

    /// Compiles all operations. Nothing when they take more than [`MAX_ROWS`] rows.
    pub(super) fn run(mut self) -> Option<Effects> {
        let function = self.function;
        for (at, op) in function.code().ops.iter().enumerate() {
            let before = self.builder.num_gates();
            let wire = self.step(at, op);
            self.wires.push(wire);
            self.rows.push(self.builder.num_gates() - before);
            if self.builder.num_gates() > MAX_ROWS {
                return None;
            }
        }
        let outputs: Vec<Value> = function.code().outputs.iter().map(|output| output.value).collect();
        self.effects.outputs = self.flat(&outputs);
        let (deferred, inline) = (std::mem::take(&mut self.deferred), std::mem::take(&mut self.inline));
        (self.effects.deferred, self.effects.inline) = (self.list(deferred), self.list(inline));
        Some(self.effects)
    }

    fn step(&mut self, at: usize, op: &Op) -> Wire {
        match op {
            Op::Const(value) => self.constant(value),
            Op::Input(position) => self.inputs[usize::from(*position)],
            Op::Add(a, b) => {
                let sum = self.builder.add(self.one(*a), self.one(*b));
                self.typed(*a, sum)
            }
            Op::Sub(a, b) => {
                let difference = self.builder.sub(self.one(*a), self.one(*b));
                self.typed(*a, difference)
            }
            Op::Mul(a, b) => self.product(*a, *b),
            Op::Less(a, b) => {
                let width = self.width(*a);
                Wire::One(range::is_below(self.builder, self.one(*a), self.one(*b), width).target)
            }
            Op::Equal(a, b) => Wire::One(match (self.get(*a), self.get(*b)) {
                (Wire::Digest(a), Wire::Digest(b)) => logic::is_equal_digest(self.builder, a, b).target,
                _ => logic::is_equal(self.builder, self.one(*a), self.one(*b)).target,
            }),
            Op::Select(when, a, b) => {
                let when = self.bool(*when);
                match (self.get(*a), self.get(*b)) {
                    (Wire::Digest(a), Wire::Digest(b)) => Wire::Digest(logic::select_digest(self.builder, when, a, b)),
                    _ => Wire::One(logic::select(self.builder, when, self.one(*a), self.one(*b))),
                }
            }
            Op::And(a, b) => Wire::One(self.builder.and(self.bool(*a), self.bool(*b)).target),
            Op::Or(a, b) => Wire::One(self.builder.or(self.bool(*a), self.bool(*b)).target),
            Op::Not(a) => Wire::One(self.builder.not(self.bool(*a)).target),
            Op::Hash(values) => Wire::Digest(hash(self.builder, Domain::ContractHash, &self.flat(values))),
            Op::Assert(condition, _) => {
                self.builder.assert_one(self.one(*condition));
                Wire::Nothing
            }
            Op::Convert(value, to) => {
                let one = self.one(*value);
                let from = self.function.kind(*value).and_then(Type::bits);
                match (from, to.bits()) {
                    (Some(from), Some(to)) if from <= to => {}
                    (_, Some(to)) => fits(self.builder, one, to as usize),
                    (_, None) => {}
                }
                Wire::One(one)
            }
            Op::Pack(values) => Wire::Digest(DigestTarget(values.map(|value| self.one(value)))),
            Op::Lane(value, lane) => Wire::One(self.digest(*value).0[usize::from(*lane)]),
            Op::Context(context) => self.context(*context),
            Op::Read(index) => {
                let number = self.open_own(at, *index);
                self.own[number].as_ref().map_or(Wire::Nothing, |own| Wire::Digest(own.word))
            }
            Op::Write { index, word, when } => self.write(at, *index, *word, *when),
            Op::Checkpoint(height) => self.checkpoint(at, *height),
            Op::CheckpointTime(checkpoint) => match self.get(*checkpoint) {
                Wire::Checkpoint(number) => Wire::One(self.checkpoints[number].leaf.time),
                _ => Wire::Nothing,
            },
            Op::State { user, contract, at: old } => {
                let contract = contract.map(|other| (self.one(other.id), other.height));
                self.frozen(at, *user, contract, *old)
            }
            Op::Slot(state, index) => self.slot(at, *state, *index),
            Op::Exists(state) => match self.get(*state) {
                Wire::State(number) => Wire::One(self.states[number].exists.target),
                _ => Wire::Nothing,
            },
            Op::Defer { contract, method, inputs, when } => {
                let item = self.owed(*contract, *method, inputs);
                self.deferred.push((item, when.map(|when| self.bool(when))));
                Wire::Nothing
            }
            Op::Inline { contract, method, inputs, outputs, when } => {
                let call = self.owed(*contract, *method, inputs);
                self.inline(at, call, outputs, *when)
            }
            Op::Result(call, position) => self.result(*call, *position),
            Op::Emit { event, fields, when } => self.emit(*event, fields, *when),
            Op::BalanceOut(amount) => {
                let amount = self.one(*amount);
                self.balance = self.builder.sub(self.balance, amount);
                range::check(self.builder, self.balance, U64_BITS as usize);
                self.effects.balance_out = self.total(self.effects.balance_out, amount);
                Wire::Nothing
            }
            Op::BalanceIn(amount) => {
                let amount = self.one(*amount);
                self.balance = self.builder.add(self.balance, amount);
                range::check(self.builder, self.balance, U64_BITS as usize);
                self.effects.balance_in = self.total(self.effects.balance_in, amount);
                Wire::Nothing
            }
            Op::Before(a, b) => self.before(*a, *b),
            Op::Find { .. } | Op::FindFree { .. } => self.position(at),
            Op::ReadGroup { group, at: word, .. } => self.group_word(at, None, *group, *word),
            Op::SlotGroup { state, group, at: word, .. } => self.group_word(at, Some(*state), *group, *word),
            Op::WriteGroup { group, at: first, words, when, .. } => self.write_group(at, *group, *first, words, *when),
            Op::Integer(operator, a, b) => self.operate(*operator, *a, *b),
            Op::Mine(other) => self.mine(at, other),
        }
    }

    fn get(&self, value: Value) -> Wire {
        self.wires[value.index()]
    }

    /// The target of a one-felt value. The check of the code has typed every value, so nothing else is asked for.
    fn one(&self, value: Value) -> Target {
        match self.get(value) {
            Wire::One(target) => target,
            other => unreachable!("the check of the code gave {value:?} one felt, it is {other:?}"),
        }
    }

    /// The bit of a value of type bool.
    fn bool(&self, value: Value) -> BoolTarget {
        BoolTarget::new_unsafe(self.one(value))
    }

    fn digest(&self, value: Value) -> DigestTarget {
        match self.get(value) {
            Wire::Digest(digest) => digest,
            other => unreachable!("the check of the code made {value:?} a hash, it is {other:?}"),
        }
    }

    fn flat(&self, values: &[Value]) -> Vec<Target> {
        let mut targets = Vec::with_capacity(values.len());
        for value in values {
            match self.get(*value) {
                Wire::Digest(digest) => targets.extend(digest.0),
                _ => targets.push(self.one(*value)),
            }
        }
        targets
    }

    fn width(&self, value: Value) -> usize {
        self.function.kind(value).and_then(Type::bits).map_or(0, |bits| bits as usize)
    }

    fn constant(&mut self, value: &Constant) -> Wire {
        let felt = match *value {
            Constant::Felt(felt) => felt,
            Constant::Bool(truth) => truth.into(),
            Constant::U32(value) => value.into(),
            Constant::U64(value) => Felt::reduce(value),
            Constant::Hash(digest) => return Wire::Digest(DigestTarget::constant(self.builder, digest)),
        };
        Wire::One(constant(self.builder, felt))
    }

    /// The result of arithmetic on values of the type of `like`: checked when that is an integer.
    fn typed(&mut self, like: Value, result: Target) -> Wire {
        if self.function.kind(like).is_some_and(Type::is_integer) {
            let width = self.width(like);
            range::check(self.builder, result, width);
        }
        Wire::One(result)
    }

    fn product(&mut self, a: Value, b: Value) -> Wire {
        let (left, right) = (self.one(a), self.one(b));
        if self.function.kind(a) != Some(Type::U64) {
            // Two integers below 2^32 multiply to at most 2^64 − 2^33 + 1, which is below p: nothing wraps.
            let product = self.builder.mul(left, right);
            return self.typed(a, product);
        }
        let product = integer::product(self.builder, left, right);
        self.typed(a, product)
    }

    fn context(&mut self, context: Context) -> Wire {
        let (session, call) = (self.head.session, self.head.call);
        Wire::One(match context {
            Context::User => session.user,
            Context::Contract => call.contract,
            Context::Caller => call.caller,
            Context::Nonce => session.nonce,
            Context::Checkpoint => session.anchor,
            Context::Time => self.anchor().time,
            Context::Balance => self.head.balance,
            Context::Key => return Wire::Digest(session.key),
        })
    }

    fn anchor(&self) -> &'a CheckpointLeafTarget {
        self.head.anchor.unwrap_or_else(|| unreachable!("a function that reads the chain opens the anchor"))
    }

    /// The bits of a value, which are also its range check; a value is split once a width.
    fn bits(&mut self, value: Target, width: usize) -> Vec<BoolTarget> {
        if let Some(bits) = self.bits.get(&(value, width)) {
            return bits.clone();
        }
        let bits = range::bits(self.builder, value, width);
        self.bits.insert((value, width), bits.clone());
        bits
    }

    fn opening(&self, at: usize) -> &'a OpeningTarget {
        match self.function.access(at) {
            Access::Opens(number) | Access::Again(number) => &self.openings[number as usize],
            Access::None => unreachable!("the check of the code gave operation {at} an opening"),
        }
    }

    /// Proves an own word, unless an earlier operation did, and gives the number of its opening.
    fn open_own(&mut self, at: usize, index: Value) -> usize {
        let number = match self.function.access(at) {
            Access::Opens(number) | Access::Again(number) => number as usize,
            Access::None => unreachable!("the check of the code gave operation {at} an opening"),
        };
        if let (Access::Opens(_), OpeningTarget::Own(slot)) = (self.function.access(at), self.opening(at)) {
            let bits = self.bits(self.one(index), slot.siblings.len());
            let state = self.effects.state;
            merkle::assert_inclusion(self.builder, Domain::StateNode, state, &bits, slot.word, &slot.siblings);
            self.own[number] = Some(OwnWord { bits, siblings: slot.siblings.clone(), word: slot.word });
        }
        number
    }

    fn write(&mut self, at: usize, index: Value, word: Value, when: Option<Value>) -> Wire {
        let number = self.open_own(at, index);
        let mut word = self.digest(word);
        let when = when.map(|when| self.bool(when));
        if let Some(own) = &mut self.own[number] {
            if let Some(when) = when {
                word = logic::select_digest(self.builder, when, word, own.word);
            }
            own.word = word;
            self.effects.state = merkle::root(self.builder, Domain::StateNode, &own.bits, word, &own.siblings);
        }
        self.effects.slots = self.count(self.effects.slots, when);
        Wire::Nothing
    }

    /// One more, when it happens.
    fn count(&mut self, so_far: Target, when: Option<BoolTarget>) -> Target {
        let one = self.builder.one();
        self.builder.add(so_far, when.map_or(one, |when| when.target))
    }

    fn checkpoint(&mut self, at: usize, height: Value) -> Wire {
        let OpeningTarget::Checkpoint(opening) = self.opening(at) else {
            return Wire::Nothing;
        };
        // Places of the tree before the anchor are empty from the anchor's own on, so the height is below it.
        let bits = self.bits(self.one(height), opening.path.siblings().len());
        let leaf = opening.leaf.digest(self.builder);
        opening.path.check(self.builder, self.anchor().before, &bits, leaf);
        self.checkpoints.push(opening);
        Wire::Checkpoint(self.checkpoints.len() - 1)
    }

    fn frozen(&mut self, at: usize, user: Value, other: Option<(Target, StateHeight)>, old: Option<Value>) -> Wire {
        let OpeningTarget::State(opening) = self.opening(at) else {
            return Wire::Nothing;
        };
        let checkpoint = match old.map(|old| self.get(old)) {
            Some(Wire::Checkpoint(number)) => &self.checkpoints[number].leaf,
            _ => self.anchor(),
        };
        let (contract, height) = other.unwrap_or((self.head.call.contract, self.function.state_height()));
        let user = self.bits(self.one(user), opening.user_levels());
        let contract = self.bits(contract, opening.contract_levels());
        let root = opening.root(self.builder, checkpoint, &user, &contract, height);
        self.states.push(StateWire { root, height, exists: opening.exists() });
        Wire::State(self.states.len() - 1)
    }

    fn slot(&mut self, at: usize, state: Value, index: Value) -> Wire {
        let (OpeningTarget::Slot(slot), Wire::State(number)) = (self.opening(at), self.get(state)) else {
            return Wire::Nothing;
        };
        let StateWire { root, height, .. } = self.states[number];
        let bits = self.bits(self.one(index), usize::from(height.get()));
        merkle::assert_inclusion(self.builder, Domain::StateNode, root, &bits, slot.word, &slot.siblings);
        Wire::Digest(slot.word)
    }

    fn emit(&mut self, event: u16, fields: &[Value], when: Option<Value>) -> Wire {
        let mut felts = vec![constant(self.builder, self.function.event_id(event))];
        felts.extend(self.flat(fields));
        let digest = hash(self.builder, Domain::Event, &felts);
        let chain = link(self.builder, Domain::CallEvents, self.effects.events, digest);
        let when = when.map(|when| self.bool(when));
        self.effects.events = match when {
            Some(when) => logic::select_digest(self.builder, when, chain, self.effects.events),
            None => chain,
        };
        self.effects.event_count = self.count(self.effects.event_count, when);
        Wire::Nothing
    }

    fn total(&mut self, so_far: Target, more: Target) -> Target {
        let total = self.builder.add(so_far, more);
        range::check(self.builder, total, U64_BITS as usize);
        total
    }
}
