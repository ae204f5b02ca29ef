//! Checks code and gives every operation its type. Total: any list of operations gets a [`Function`] or a typed error.
//!
//! The check also plans the openings that a call needs, in order. That plan depends on the code alone, so the
//! interpreter, the native replay and the circuit agree on it by construction.

pub(crate) mod group;
mod integer;
mod owed;

use std::collections::BTreeMap;

use parth_protocol::ids::Length;
use parth_protocol::limits::MAX_STATE_HEIGHT;
use thiserror::Error;

use crate::function::{Access, Function, OpeningKind};
use crate::ir::{Constant, ContractCode, EventCode, FunctionCode, Op, OtherContract, Parameter, Type, U64_BITS, Value};
use crate::names;

/// Most operations of one function.
pub const MAX_OPS: usize = 1 << 16;
/// Most parameters, outputs, event fields or hashed values in one list.
pub const MAX_LIST: usize = 256;
/// Most functions of one contract.
pub const MAX_FUNCTIONS: usize = 256;
/// Most kinds of events of one contract.
pub const MAX_EVENTS: usize = 256;
/// Longest message of an assertion, in bytes.
pub const MAX_MESSAGE: usize = 200;

/// Why code is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// A name is not a plain identifier.
    #[error("the {what} name {name:?} is not 1 to 64 ASCII letters, digits and '_' that start with no digit")]
    Name {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Two things of one kind have one name, or their names hash to one id.
    #[error("two {what}s are called {name}, or share its id")]
    Twice {
        /// What is named.
        what: &'static str,
        /// The second one's name.
        name: String,
    },
    /// A list is too long.
    #[error("{actual} {what}, at most {limit} are allowed")]
    TooMany {
        /// What is listed.
        what: &'static str,
        /// Most that are allowed.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// The height of the state trees is not 1 to 48.
    #[error("state height {actual}, allowed are 1 to {MAX_STATE_HEIGHT}")]
    StateHeight {
        /// The height found.
        actual: u8,
    },
    /// A parameter or field has a type that is no data.
    #[error("{what} {name} has type {kind}, which is no data")]
    Handle {
        /// What is typed.
        what: &'static str,
        /// Its name.
        name: String,
        /// Its type.
        kind: Type,
    },
    /// An operation is not well formed.
    #[error("operation {op} of function {function}: {problem}")]
    Op {
        /// The function's name.
        function: String,
        /// Position of the operation; the number of operations when an output is meant.
        op: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with one operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// It uses a value that comes later, or itself.
    #[error("it uses value {0}, which is not an earlier one")]
    NotEarlier(u32),
    /// It uses the result of a command that has none.
    #[error("it uses the result of operation {0}, which has none")]
    NoResult(u32),
    /// A value has another type than it needs.
    #[error("value {value} has type {actual}, expected {expected}")]
    Type {
        /// The value.
        value: u32,
        /// The types that are allowed, in words.
        expected: &'static str,
        /// Its type.
        actual: Type,
    },
    /// Two values differ in type.
    #[error("values of types {0} and {1} do not go together")]
    Mixed(Type, Type),
    /// A constant has too many bits for its type.
    #[error("constant {0} is not below 2^62")]
    Constant(u64),
    /// There is no such parameter.
    #[error("there is no input {0}")]
    NoInput(u16),
    /// A hash has four lanes.
    #[error("there is no lane {0}, a hash has four")]
    NoLane(u8),
    /// There is no such kind of event, or it has another number of fields.
    #[error("event {event} does not exist or has not {fields} fields")]
    Event {
        /// Position in the contract's list.
        event: u16,
        /// Fields given.
        fields: usize,
    },
    /// A view must not do this.
    #[error("a view changes nothing")]
    View,
    /// A list of values is too long.
    #[error("{0} values, at most {MAX_LIST} are allowed")]
    List(usize),
    /// It owes too many calls.
    #[error("{0} calls, at most {MAX_LIST} are allowed")]
    Calls(usize),
    /// A result of an inline call has a type that is no data.
    #[error("a result of type {0} is no data")]
    ResultHandle(Type),
    /// There is no such inline call, or it has fewer results.
    #[error("operation {call} is no inline call with a result {position}")]
    NoSuchResult {
        /// The operation.
        call: u32,
        /// Position among the results.
        position: u16,
    },
    /// A message is too long or has control characters.
    #[error("a message has at most {MAX_MESSAGE} bytes and no control characters")]
    Message,
    /// A group of words or a sorted list does not lie in the state tree, or is too large.
    #[error("this group of words or sorted list does not lie in the state")]
    Group,
    /// The height of another contract's state is not 1 to 48.
    #[error("state height {0}, allowed are 1 to {MAX_STATE_HEIGHT}")]
    Height(u8),
}

pub(crate) fn limit(what: &'static str, limit: usize, actual: usize) -> Result<(), CodeError> {
    if actual > limit { Err(CodeError::TooMany { what, limit, actual }) } else { Ok(()) }
}

pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), CodeError> {
    if names::is_name(name) { Ok(()) } else { Err(CodeError::Name { what, name: name.to_owned() }) }
}

fn check_parameters(what: &'static str, list: &[Parameter]) -> Result<(), CodeError> {
    limit("parameters", MAX_LIST, list.len())?;
    for (position, parameter) in list.iter().enumerate() {
        let name = &parameter.name;
        check_name(what, name)?;
        if list[..position].iter().any(|other| other.name == *name) {
            return Err(CodeError::Twice { what, name: name.clone() });
        }
        if parameter.kind.felts().is_none() {
            return Err(CodeError::Handle { what, name: name.clone(), kind: parameter.kind });
        }
    }
    Ok(())
}

/// Checks one function of a contract.
pub(crate) fn check_function(contract: &ContractCode, code: &FunctionCode) -> Result<Function, CodeError> {
    check_name("function", &code.name)?;
    limit("operations", MAX_OPS, code.ops.len())?;
    check_parameters("input", &code.inputs)?;
    let mut checker = Checker {
        contract,
        code,
        types: Vec::new(),
        access: Vec::new(),
        openings: Vec::new(),
        own: BTreeMap::new(),
        own_groups: BTreeMap::new(),
        frozen_groups: BTreeMap::new(),
        calls: 0,
    };
    for (op, operation) in code.ops.iter().enumerate() {
        let found = checker.operation(operation);
        let kind = found.map_err(|problem| CodeError::Op { function: code.name.clone(), op, problem })?;
        checker.types.push(kind);
    }
    let mut outputs = Vec::new();
    for output in &code.outputs {
        let problem = |problem| CodeError::Op { function: code.name.clone(), op: code.ops.len(), problem };
        let kind = checker.data(output.value).map_err(problem)?;
        outputs.push(Parameter { name: output.name.clone(), kind });
    }
    check_parameters("output", &outputs)?;
    let outputs: Vec<Type> = outputs.iter().map(|output| output.kind).collect();
    let length = |kinds: &mut dyn Iterator<Item = Type>| kinds.filter_map(Type::felts).sum::<usize>() as u32;
    Ok(Function {
        state_height: contract.state_height,
        method: names::method_id(&names::signature(&code.name, &code.inputs, &outputs)),
        event_ids: contract.events.iter().map(|event| names::event_id(&event.name, &event.fields)).collect(),
        // At most 256 values of at most four felts, so both fit their 16 bits.
        inputs_length: Length::constant(length(&mut code.inputs.iter().map(|input| input.kind))),
        outputs_length: Length::constant(length(&mut outputs.iter().copied())),
        types: checker.types,
        access: checker.access,
        openings: checker.openings,
        code: code.clone(),
    })
}

/// Checks what a contract lists beside its functions.
pub(crate) fn check_contract(code: &ContractCode) -> Result<(), CodeError> {
    check_name("contract", &code.name)?;
    limit("functions", MAX_FUNCTIONS, code.functions.len())?;
    limit("events", MAX_EVENTS, code.events.len())?;
    if !(1..=MAX_STATE_HEIGHT).contains(&code.state_height.get()) {
        return Err(CodeError::StateHeight { actual: code.state_height.get() });
    }
    for event in &code.events {
        check_name("event", &event.name)?;
        check_parameters("field", &event.fields)?;
    }
    let id = |event: &EventCode| names::event_id(&event.name, &event.fields);
    for (position, event) in code.events.iter().enumerate() {
        if code.events[..position].iter().any(|other| other.name == event.name || id(other) == id(event)) {
            return Err(CodeError::Twice { what: "event", name: event.name.clone() });
        }
    }
    Ok(())
}

struct Checker<'a> {
    contract: &'a ContractCode,
    code: &'a FunctionCode,
    types: Vec<Option<Type>>,
    access: Vec<Access>,
    openings: Vec<OpeningKind>,
    /// Own words whose openings stand at this point, by index value.
    own: BTreeMap<Value, u32>,
    /// Own groups whose openings stand at this point, by number and size.
    own_groups: BTreeMap<(Value, u8), u32>,
    /// Groups of frozen states, by state, number and size. They stand for good, so they are kept apart: no write looks
    /// at them.
    frozen_groups: BTreeMap<(Value, Value, u8), u32>,
    /// Calls owed so far.
    calls: usize,
}

type Checked<T> = Result<T, Problem>;

impl Checker<'_> {
    fn operation(&mut self, op: &Op) -> Checked<Option<Type>> {
        let (mut access, mut kind) = (Access::None, None);
        match op {
            Op::Const(constant) => {
                if let Constant::U64(value) = *constant
                    && value >> U64_BITS != 0
                {
                    return Err(Problem::Constant(value));
                }
                kind = Some(constant.kind());
            }
            Op::Input(at) => {
                let input = self.code.inputs.get(usize::from(*at)).ok_or(Problem::NoInput(*at))?;
                kind = Some(input.kind);
            }
            Op::Add(a, b) | Op::Sub(a, b) | Op::Mul(a, b) => kind = Some(self.same(*a, *b, Self::number)?),
            Op::Less(a, b) => {
                self.same(*a, *b, Self::integer)?;
                kind = Some(Type::Bool);
            }
            Op::Equal(a, b) => {
                self.same(*a, *b, Self::data)?;
                kind = Some(Type::Bool);
            }
            Op::Select(when, a, b) => {
                self.is(*when, Type::Bool, "bool")?;
                kind = Some(self.same(*a, *b, Self::data)?);
            }
            Op::And(a, b) | Op::Or(a, b) => {
                self.is(*a, Type::Bool, "bool")?;
                self.is(*b, Type::Bool, "bool")?;
                kind = Some(Type::Bool);
            }
            Op::Not(a) => {
                self.is(*a, Type::Bool, "bool")?;
                kind = Some(Type::Bool);
            }
            Op::Hash(values) => {
                self.list(values)?;
                kind = Some(Type::Hash);
            }
            Op::Assert(condition, message) => {
                self.is(*condition, Type::Bool, "bool")?;
                if message.len() > MAX_MESSAGE || message.chars().any(char::is_control) {
                    return Err(Problem::Message);
                }
            }
            Op::Convert(value, to) => {
                self.single(*value)?;
                if to.felts() != Some(1) {
                    return Err(Problem::Type { value: value.0, expected: "a one-felt target type", actual: *to });
                }
                kind = Some(*to);
            }
            Op::Pack(values) => {
                for value in values {
                    self.single(*value)?;
                }
                kind = Some(Type::Hash);
            }
            Op::Lane(value, lane) => {
                self.is(*value, Type::Hash, "hash")?;
                if *lane > 3 {
                    return Err(Problem::NoLane(*lane));
                }
                kind = Some(Type::Felt);
            }
            Op::Context(context) => kind = Some(context.kind()),
            Op::Read(index) => {
                self.index(*index)?;
                access = self.own(*index);
                kind = Some(Type::Hash);
            }
            Op::Write { index, word, when } => {
                self.changes(*when)?;
                self.index(*index)?;
                self.is(*word, Type::Hash, "hash")?;
                access = self.own(*index);
                self.own.retain(|open, _| open == index);
                self.own_groups.clear();
            }
            Op::Checkpoint(height) => {
                self.is(*height, Type::U32, "u32")?;
                access = self.open(OpeningKind::Checkpoint);
                kind = Some(Type::Checkpoint);
            }
            Op::CheckpointTime(checkpoint) => {
                self.is(*checkpoint, Type::Checkpoint, "checkpoint")?;
                kind = Some(Type::U64);
            }
            Op::State { user, contract, at } => {
                self.is(*user, Type::U32, "u32")?;
                contract.map_or(Ok(()), |other| self.other(other))?;
                if let Some(at) = at {
                    self.is(*at, Type::Checkpoint, "checkpoint")?;
                }
                access = self.open(OpeningKind::State { other: contract.is_some() });
                kind = Some(Type::State);
            }
            Op::Slot(state, index) => {
                self.is(*state, Type::State, "state")?;
                self.index(*index)?;
                let height = self.height_of(*state);
                access = self.open(OpeningKind::Slot { height });
                kind = Some(Type::Hash);
            }
            Op::Exists(state) => {
                self.is(*state, Type::State, "state")?;
                kind = Some(Type::Bool);
            }
            Op::Defer { contract, inputs, when, .. } => self.owes(*contract, inputs, *when)?,
            Op::Inline { contract, inputs, outputs, when, .. } => {
                self.owes(*contract, inputs, *when)?;
                access = self.results(outputs)?;
            }
            Op::Result(call, position) => kind = Some(self.result(*call, *position)?),
            Op::Emit { event, fields, when } => {
                self.changes(*when)?;
                let wanted = self.contract.events.get(usize::from(*event)).map(|event| &event.fields);
                let wanted = wanted.filter(|wanted| wanted.len() == fields.len());
                let wanted = wanted.ok_or(Problem::Event { event: *event, fields: fields.len() })?;
                for (parameter, value) in wanted.iter().zip(fields) {
                    self.is(*value, parameter.kind, "the type of the event's field")?;
                }
            }
            Op::Before(a, b) => {
                self.is(*a, Type::Hash, "hash")?;
                self.is(*b, Type::Hash, "hash")?;
                kind = Some(Type::Bool);
            }
            Op::Find { state, list, key } => (access, kind) = self.find(*state, *list, *key)?,
            Op::FindFree { list, key } => (access, kind) = self.find(None, *list, *key)?,
            Op::ReadGroup { group, log, at } => (access, kind) = self.group_word(None, *group, *log, *at)?,
            Op::SlotGroup { state, group, log, at } => {
                (access, kind) = self.group_word(Some(*state), *group, *log, *at)?;
            }
            Op::WriteGroup { group, log, at, words, when } => {
                access = self.write_group(*group, *log, *at, words, *when)?;
            }
            Op::BalanceOut(amount) | Op::BalanceIn(amount) => {
                self.changes(None)?;
                self.is(*amount, Type::U64, "u64")?;
            }
            Op::Integer(operator, a, b) => kind = Some(self.operate(*operator, *a, *b)?),
            Op::Mine(other) => {
                self.other(*other)?;
                access = self.open(OpeningKind::Mine);
                kind = Some(Type::State);
            }
        }
        self.access.push(access);
        Ok(kind)
    }

    fn kind(&self, value: Value) -> Checked<Type> {
        let found = self.types.get(value.index()).ok_or(Problem::NotEarlier(value.0))?;
        found.ok_or(Problem::NoResult(value.0))
    }

    fn is(&self, value: Value, wanted: Type, expected: &'static str) -> Checked<()> {
        self.any(value, expected, |kind| kind == wanted).map(|_| ())
    }

    fn any(&self, value: Value, expected: &'static str, allowed: impl Fn(Type) -> bool) -> Checked<Type> {
        let actual = self.kind(value)?;
        if allowed(actual) { Ok(actual) } else { Err(Problem::Type { value: value.0, expected, actual }) }
    }

    fn data(&self, value: Value) -> Checked<Type> {
        self.any(value, "data", |kind| kind.felts().is_some())
    }

    fn single(&self, value: Value) -> Checked<Type> {
        self.any(value, "felt, bool, u32 or u64", |kind| kind.felts() == Some(1))
    }

    fn number(&self, value: Value) -> Checked<Type> {
        self.any(value, "felt, u32 or u64", |kind| kind == Type::Felt || kind.is_integer())
    }

    fn integer(&self, value: Value) -> Checked<Type> {
        self.any(value, "u32 or u64", Type::is_integer)
    }

    fn index(&self, value: Value) -> Checked<()> {
        self.number(value).map(|_| ())
    }

    /// Another contract whose state is read.
    fn other(&self, OtherContract { id, height }: OtherContract) -> Checked<()> {
        self.is(id, Type::U32, "u32")?;
        let inside = (1..=MAX_STATE_HEIGHT).contains(&height.get());
        if inside { Ok(()) } else { Err(Problem::Height(height.get())) }
    }

    fn same(&self, a: Value, b: Value, allowed: impl Fn(&Self, Value) -> Checked<Type>) -> Checked<Type> {
        let (left, right) = (allowed(self, a)?, allowed(self, b)?);
        if left == right { Ok(left) } else { Err(Problem::Mixed(left, right)) }
    }

    fn list(&self, values: &[Value]) -> Checked<()> {
        if values.len() > MAX_LIST {
            return Err(Problem::List(values.len()));
        }
        values.iter().try_for_each(|value| self.data(*value).map(|_| ()))
    }

    fn changes(&self, when: Option<Value>) -> Checked<()> {
        if self.code.view {
            return Err(Problem::View);
        }
        when.map_or(Ok(()), |when| self.is(when, Type::Bool, "bool"))
    }

    fn open(&mut self, kind: OpeningKind) -> Access {
        self.openings.push(kind);
        Access::Opens(self.openings.len() as u32 - 1)
    }

    fn own(&mut self, index: Value) -> Access {
        if let Some(&opening) = self.own.get(&index) {
            return Access::Again(opening);
        }
        let access = self.open(OpeningKind::Own);
        self.own.insert(index, self.openings.len() as u32 - 1);
        access
    }
}
