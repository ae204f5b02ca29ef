//! The one evaluator: runs checked code over openings, whoever supplies them.
//!
//! `interpret` supplies them from a live state and a reader, `call` from a recorded witness. What is checked is the
//! same in both, and is what the circuit enforces.
//!
//! | file | what |
//! | --- | --- |
//! | this one | the evaluator: values, own and frozen state |
//! | `group` | groups of words, and advice on where they stand |
//! | `integer` | division, bits and shifts |
//! | `mine` | the own state in another contract |
//! | `owed` | calls of other contracts |
//! | `source` | where openings come from |
//! | `outcome` | what a call does |

mod group;
mod integer;
mod mine;
mod outcome;
mod owed;
mod source;

pub use outcome::{Event, Outcome, Write, events_digest};
pub(crate) use source::{FrozenState, Source};

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::Record;
use parth_protocol::ids::{Amount, CheckpointId, ContractId, EventCount, Scalar, SlotIndex, StateHeight, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::CallContext;

use crate::call::CallWitness;
use crate::debt::{self, Debt, InlineDebt};
use crate::error::ExecError;
use crate::function::{Access, Function};
use crate::ir::{Constant, Context, Op, Type, U64_BITS, Value};
use crate::opening::{self, BadOpening, GroupOpening, Opened, SlotOpening};
use crate::sorted;

/// A value while the code runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Datum {
    Nothing,
    Felt(Felt),
    Bool(bool),
    U32(u32),
    U64(u64),
    Hash(Digest),
    Checkpoint(usize),
    State(usize),
    Results(usize),
}

impl Datum {
    fn felts(&self) -> Vec<Felt> {
        match *self {
            Datum::Nothing | Datum::Checkpoint(_) | Datum::State(_) | Datum::Results(_) => Vec::new(),
            Datum::Felt(felt) => vec![felt],
            Datum::Bool(truth) => vec![truth.into()],
            Datum::U32(value) => vec![value.into()],
            Datum::U64(value) => vec![Felt::reduce(value)],
            Datum::Hash(digest) => digest.0.to_vec(),
        }
    }
}

struct Machine<'a, S> {
    profile: &'a Profile,
    function: &'a Function,
    head: &'a CallWitness,
    source: &'a mut S,
    values: Vec<Datum>,
    /// Openings of the own state by their number: the siblings, and the word as it stands now.
    own: Vec<Option<SlotOpening>>,
    /// Groups of words by the number of their opening; those of the own state as they stand now.
    groups: Vec<Option<GroupOpening>>,
    checkpoints: Vec<(CheckpointId, CheckpointLeaf)>,
    states: Vec<FrozenState>,
    state: Digest,
    balance: Amount,
    balance_out: Amount,
    balance_in: Amount,
    events: Vec<Event>,
    writes: Vec<Write>,
    deferred: Vec<Debt>,
    inline: Vec<InlineDebt>,
    /// Results of the inline calls, those that are not made included.
    results: Vec<Vec<Datum>>,
}

/// The values of the operations up to one that failed, each as felts; commands and handles have none.
pub type Values = Vec<Vec<Felt>>;

/// Runs a function. `head` says where the call starts; its openings are not looked at.
pub(crate) fn run<S: Source>(
    profile: &Profile,
    function: &Function,
    head: &CallWitness,
    source: &mut S,
) -> Result<Outcome, ExecError> {
    run_with_values(profile, function, head, source).map_err(|(error, _)| error)
}

/// As [`run`]; a refusal comes with the values that were computed until then.
pub(crate) fn run_with_values<S: Source>(
    profile: &Profile,
    function: &Function,
    head: &CallWitness,
    source: &mut S,
) -> Result<Outcome, (ExecError, Values)> {
    head.check(function).map_err(|error| (error, Values::new()))?;
    let mut machine = Machine {
        profile,
        function,
        head,
        source,
        values: Vec::with_capacity(function.code().ops.len()),
        own: vec![None; function.openings().len()],
        groups: vec![None; function.openings().len()],
        checkpoints: Vec::new(),
        states: Vec::new(),
        state: head.state,
        balance: head.balance,
        balance_out: Amount::ZERO,
        balance_in: Amount::ZERO,
        events: Vec::new(),
        writes: Vec::new(),
        deferred: Vec::new(),
        inline: Vec::new(),
        results: Vec::new(),
    };
    let inputs = machine.inputs().map_err(|error| (error, Values::new()))?;
    for (at, op) in function.code().ops.iter().enumerate() {
        match machine.step(at, op, &inputs) {
            Ok(datum) => machine.values.push(datum),
            Err(error) => return Err((error, machine.values.iter().map(Datum::felts).collect())),
        }
    }
    machine.finish().map_err(|error| (error, Values::new()))
}

impl<S: Source> Machine<'_, S> {
    /// The inputs as typed values. Refuses a wrong number of felts and a felt that does not fit its type.
    fn inputs(&self) -> Result<Vec<Datum>, ExecError> {
        let (felts, parameters) = (&self.head.inputs, &self.function.code().inputs);
        let expected = self.function.inputs_length().get() as usize;
        if felts.len() != expected {
            let function = self.function.name().to_owned();
            return Err(ExecError::InputCount { function, expected, actual: felts.len() });
        }
        let (mut data, mut at) = (Vec::with_capacity(parameters.len()), 0);
        for (position, parameter) in parameters.iter().enumerate() {
            let width = parameter.kind.felts().unwrap_or_default();
            let datum = typed(parameter.kind, &felts[at..at + width]).ok_or_else(|| ExecError::InputRange {
                position,
                name: parameter.name.clone(),
                kind: parameter.kind,
                value: felts[at].as_u64(),
            })?;
            data.push(datum);
            at += width;
        }
        Ok(data)
    }

    fn step(&mut self, at: usize, op: &Op, inputs: &[Datum]) -> Result<Datum, ExecError> {
        Ok(match op {
            Op::Const(constant) => match *constant {
                Constant::Felt(felt) => Datum::Felt(felt),
                Constant::Bool(truth) => Datum::Bool(truth),
                Constant::U32(value) => Datum::U32(value),
                Constant::U64(value) => Datum::U64(value),
                Constant::Hash(digest) => Datum::Hash(digest),
            },
            Op::Input(position) => inputs[usize::from(*position)],
            Op::Add(a, b) => self.arithmetic(at, "+", *a, *b, |x, y| x + y, u64::checked_add)?,
            Op::Sub(a, b) => self.arithmetic(at, "-", *a, *b, |x, y| x - y, u64::checked_sub)?,
            Op::Mul(a, b) => self.arithmetic(at, "*", *a, *b, |x, y| x * y, u64::checked_mul)?,
            Op::Less(a, b) => Datum::Bool(self.integer(*a) < self.integer(*b)),
            Op::Equal(a, b) => Datum::Bool(self.get(*a) == self.get(*b)),
            Op::Select(when, a, b) => self.get(if self.truth(*when) { *a } else { *b }),
            Op::And(a, b) => Datum::Bool(self.truth(*a) && self.truth(*b)),
            Op::Or(a, b) => Datum::Bool(self.truth(*a) || self.truth(*b)),
            Op::Not(a) => Datum::Bool(!self.truth(*a)),
            Op::Hash(values) => Datum::Hash(hash(Domain::ContractHash, &self.flat(values))),
            Op::Assert(condition, message) => {
                if !self.truth(*condition) {
                    return Err(ExecError::Assert { op: at, message: message.clone() });
                }
                Datum::Nothing
            }
            Op::Convert(value, to) => {
                let felt = self.felt(*value);
                typed(*to, &[felt]).ok_or(ExecError::Convert { op: at, to: *to, value: felt.as_u64() })?
            }
            Op::Pack(values) => Datum::Hash(Digest(values.map(|value| self.felt(value)))),
            Op::Lane(value, lane) => Datum::Felt(self.digest(*value).0[usize::from(*lane)]),
            Op::Context(context) => self.context(*context)?,
            Op::Read(index) => {
                let (opening, _) = self.open_own(at, *index)?;
                Datum::Hash(opening.word)
            }
            Op::Write { index, word, when } => {
                self.write(at, *index, self.digest(*word), self.happens(*when))?;
                Datum::Nothing
            }
            Op::Checkpoint(height) => {
                let height = CheckpointId::constant(self.small(*height));
                self.checkpoint(at, height)?
            }
            Op::CheckpointTime(checkpoint) => match self.get(*checkpoint) {
                Datum::Checkpoint(position) => Datum::U64(self.checkpoints[position].1.time.get()),
                _ => Datum::Nothing,
            },
            Op::State { user, contract, at: old } => {
                let user = UserId::constant(self.small(*user));
                let other = contract.map(|other| (ContractId::constant(self.small(other.id)), other.height));
                self.frozen(at, user, other, *old)?
            }
            Op::Slot(state, index) => match self.get(*state) {
                Datum::State(position) => {
                    let state = self.states[position];
                    let index = self.slot_index(at, *index, state.height)?;
                    let opening = self.source.slot(&state, index)?;
                    opening.check(Opened::Slot, state.height, state.root, index.get())?;
                    Datum::Hash(opening.word)
                }
                _ => Datum::Nothing,
            },
            Op::Exists(state) => match self.get(*state) {
                Datum::State(position) => Datum::Bool(self.states[position].exists),
                _ => Datum::Nothing,
            },
            Op::Defer { contract, method, inputs, when } => {
                if self.happens(*when) {
                    let debt = self.owed(*contract, *method, inputs);
                    self.deferred.push(debt);
                }
                Datum::Nothing
            }
            Op::Inline { contract, method, inputs, outputs, when } => {
                let debt = self.owed(*contract, *method, inputs);
                self.inline(at, debt, outputs, self.happens(*when))?
            }
            Op::Result(call, position) => self.result(*call, *position),
            Op::Emit { event, fields, when } => {
                if self.happens(*when) {
                    let mut felts = vec![self.function.event_id(*event)];
                    felts.extend(self.flat(fields));
                    self.events.push(Event { event: *event, felts });
                }
                Datum::Nothing
            }
            Op::BalanceOut(amount) => {
                let amount = self.amount(*amount);
                let (balance, overdrawn) =
                    (self.balance, ExecError::Overdrawn { op: at, balance: self.balance, amount });
                self.balance = balance.checked_sub(amount).ok_or(overdrawn)?;
                self.balance_out = total(at, self.balance_out, amount)?;
                Datum::Nothing
            }
            Op::BalanceIn(amount) => {
                let amount = self.amount(*amount);
                self.balance = total(at, self.balance, amount)?;
                self.balance_in = total(at, self.balance_in, amount)?;
                Datum::Nothing
            }
            Op::Before(a, b) => Datum::Bool(sorted::order(self.digest(*a), self.digest(*b)).is_lt()),
            Op::Find { state, list, key } => self.find(*state, *list, *key)?,
            Op::FindFree { list, key } => self.find_free(*list, *key)?,
            Op::ReadGroup { group, log, at: word } => self.group_word(at, None, *group, *log, *word)?,
            Op::SlotGroup { state, group, log, at: word } => self.group_word(at, Some(*state), *group, *log, *word)?,
            Op::WriteGroup { group, log, at: first, words, when } => {
                self.write_group(at, *group, *log, *first, words, self.happens(*when))?
            }
            Op::Integer(operator, a, b) => self.operate(at, *operator, *a, *b)?,
            Op::Mine(other) => self.mine(at, ContractId::constant(self.small(other.id)), other.height)?,
        })
    }

    fn get(&self, value: Value) -> Datum {
        self.values[value.index()]
    }

    // The check has typed every value, so the arms for other types below are never taken.

    fn truth(&self, value: Value) -> bool {
        matches!(self.get(value), Datum::Bool(true))
    }

    fn happens(&self, when: Option<Value>) -> bool {
        when.is_none_or(|when| self.truth(when))
    }

    fn small(&self, value: Value) -> u32 {
        match self.get(value) {
            Datum::U32(value) => value,
            _ => 0,
        }
    }

    fn integer(&self, value: Value) -> u64 {
        self.felt(value).as_u64()
    }

    fn amount(&self, value: Value) -> Amount {
        Amount::from_felt(self.felt(value)).unwrap_or(Amount::MAX)
    }

    fn felt(&self, value: Value) -> Felt {
        match self.get(value) {
            Datum::Felt(felt) => felt,
            Datum::Bool(truth) => truth.into(),
            Datum::U32(value) => value.into(),
            Datum::U64(value) => Felt::reduce(value),
            _ => Felt::ZERO,
        }
    }

    fn digest(&self, value: Value) -> Digest {
        match self.get(value) {
            Datum::Hash(digest) => digest,
            _ => Digest::ZERO,
        }
    }

    fn flat(&self, values: &[Value]) -> Vec<Felt> {
        let mut felts = Vec::with_capacity(values.len());
        for value in values {
            match self.get(*value) {
                Datum::Hash(digest) => felts.extend(digest.0),
                _ => felts.push(self.felt(*value)),
            }
        }
        felts
    }

    fn arithmetic(
        &self,
        op: usize,
        sign: &'static str,
        a: Value,
        b: Value,
        wrapping: fn(Felt, Felt) -> Felt,
        checked: fn(u64, u64) -> Option<u64>,
    ) -> Result<Datum, ExecError> {
        let (left, right) = (self.felt(a), self.felt(b));
        let kind = self.function.kind(a).unwrap_or(Type::Felt);
        let Some(bits) = kind.bits() else {
            return Ok(Datum::Felt(wrapping(left, right)));
        };
        let (left, right) = (left.as_u64(), right.as_u64());
        let result = checked(left, right).filter(|result| result >> bits == 0);
        let result = result.ok_or(ExecError::Overflow { op, sign, kind, left, right })?;
        Ok(if kind == Type::U32 { Datum::U32(result as u32) } else { Datum::U64(result) })
    }

    fn context(&self, context: Context) -> Result<Datum, ExecError> {
        let (session, call) = (&self.head.session, &self.head.call);
        Ok(match context {
            Context::User => Datum::U32(session.user.get()),
            Context::Contract => Datum::U32(call.contract.get()),
            Context::Checkpoint => Datum::U32(session.anchor.get()),
            Context::Caller => Datum::U64(call.caller.get()),
            Context::Nonce => Datum::U64(session.nonce.get()),
            Context::Time => Datum::U64(self.anchor()?.time.get()),
            Context::Balance => Datum::U64(self.head.balance.get()),
            Context::Key => Datum::Hash(session.key),
        })
    }

    fn anchor(&self) -> Result<&CheckpointLeaf, ExecError> {
        self.head.anchor.as_ref().ok_or(ExecError::NoAnchor)
    }

    fn slot_index(&self, op: usize, value: Value, height: StateHeight) -> Result<SlotIndex, ExecError> {
        let index = self.integer(value);
        let inside = index >> height.get() == 0;
        SlotIndex::new(index).filter(|_| inside).ok_or(ExecError::SlotOutside { op, index, height })
    }

    /// The opening of an own word as it stands now, and its number.
    fn open_own(&mut self, at: usize, index: Value) -> Result<(SlotOpening, usize), ExecError> {
        let height = self.function.state_height();
        let index = self.slot_index(at, index, height)?;
        let number = match self.function.access(at) {
            Access::Opens(number) => {
                let opening = self.source.own(index)?;
                opening.check(Opened::Own, height, self.state, index.get())?;
                self.own[number as usize] = Some(opening);
                number as usize
            }
            Access::Again(number) => number as usize,
            Access::None => usize::MAX,
        };
        let missing = BadOpening::Missing { what: Opened::Own, position: number };
        Ok((self.own.get(number).cloned().flatten().ok_or(missing)?, number))
    }

    fn write(&mut self, at: usize, index: Value, word: Digest, happens: bool) -> Result<(), ExecError> {
        let (opening, number) = self.open_own(at, index)?;
        if !happens {
            return Ok(());
        }
        let height = self.function.state_height();
        let index = self.slot_index(at, index, height)?;
        let levels = usize::from(height.get());
        self.state = opening::root(Opened::Own, Domain::StateNode, levels, index.get(), word, &opening.siblings)?;
        self.writes.push(Write { index, old: opening.word, new: word });
        self.own[number] = Some(SlotOpening { word, ..opening });
        self.source.wrote(index, word);
        Ok(())
    }

    fn checkpoint(&mut self, op: usize, height: CheckpointId) -> Result<Datum, ExecError> {
        let anchor = self.head.session.anchor;
        if height >= anchor {
            return Err(ExecError::NotOlder { op, checkpoint: height, anchor });
        }
        let opening = self.source.checkpoint(anchor, height)?;
        opening.check(self.profile, self.anchor()?, height)?;
        self.checkpoints.push((height, opening.leaf));
        Ok(Datum::Checkpoint(self.checkpoints.len() - 1))
    }

    fn frozen(
        &mut self,
        op: usize,
        user: UserId,
        other: Option<(ContractId, StateHeight)>,
        at: Option<Value>,
    ) -> Result<Datum, ExecError> {
        let own = (self.head.call.contract, self.function.state_height());
        let (contract, height) = other.unwrap_or(own);
        let old = match at.map(|at| self.get(at)) {
            Some(Datum::Checkpoint(position)) => Some(position),
            _ => None,
        };
        let id = old.map_or(self.head.session.anchor, |position| self.checkpoints[position].0);
        let opening = self.source.state(id, user, contract, other.is_some())?;
        let leaf = match old {
            Some(position) => &self.checkpoints[position].1,
            None => self.anchor()?,
        };
        if opening.contract.is_some() != other.is_some() {
            return Err(BadOpening::Missing { what: Opened::Contract, position: self.states.len() }.into());
        }
        let root = opening.check(self.profile, leaf, user, contract, height)?;
        if let Some(opened) = &opening.contract
            && opened.leaf.state_height != height
        {
            let (expected, actual) = (height, opened.leaf.state_height);
            return Err(ExecError::OtherHeight { op, contract, expected, actual });
        }
        let exists = opening.user.is_some();
        self.states.push(FrozenState { at: id, user, contract, height, root, exists, mine: false });
        Ok(Datum::State(self.states.len() - 1))
    }

    fn finish(self) -> Result<Outcome, ExecError> {
        let head = self.head;
        let values: Vec<Value> = self.function.code().outputs.iter().map(|output| output.value).collect();
        let outputs = self.flat(&values);
        let count = self.events.len() as u64;
        let emitted = EventCount::new(count).and_then(|count| head.events_before.checked_add(count));
        let context = CallContext {
            session: head.session.digest(),
            user_contracts: head.user_contracts,
            state: head.state,
            call: head.call.digest(),
            proofs: head.proofs,
            balance: head.balance,
            events_before: head.events_before,
            new_state: self.state,
            deferred: debt::list(&self.deferred),
            inline: debt::inline_list(&self.inline),
            outputs: hash(Domain::Outputs, &outputs),
            slots: Felt::reduce(self.writes.len() as u64),
            events: events_digest(&self.events),
            events_after: emitted.ok_or(ExecError::EventCount { before: head.events_before, count })?.to_felt(),
            balance_out: self.balance_out.to_felt(),
            balance_in: self.balance_in.to_felt(),
            withdrawn: Felt::ZERO,
            deposited: Felt::ZERO,
        };
        let Machine { events, writes, deferred, inline, .. } = self;
        Ok(Outcome { context, outputs, events, writes, deferred, inline })
    }
}

/// The datum of a data type from its felts, or nothing when a felt does not fit.
fn typed(kind: Type, felts: &[Felt]) -> Option<Datum> {
    let value = felts.first()?.as_u64();
    match kind {
        Type::Felt => Some(Datum::Felt(felts[0])),
        Type::Bool => (value <= 1).then_some(Datum::Bool(value == 1)),
        Type::U32 => u32::try_from(value).ok().map(Datum::U32),
        Type::U64 => (value >> U64_BITS == 0).then_some(Datum::U64(value)),
        Type::Hash => Some(Datum::Hash(Digest(felts.try_into().ok()?))),
        Type::Checkpoint | Type::State => None,
    }
}

fn total(op: usize, so_far: Amount, more: Amount) -> Result<Amount, ExecError> {
    let (left, right) = (so_far.get(), more.get());
    so_far.checked_add(more).ok_or(ExecError::Overflow { op, sign: "+", kind: Type::U64, left, right })
}
