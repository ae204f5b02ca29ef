//! Writes contracts in Rust: typed expressions, so that most mistakes do not compile, and one check at the end.
//!
//! ```
//! use parth_contract::builder::{ContractBuilder, kind};
//!
//! let mut counter = ContractBuilder::new("Counter", 1);
//! counter.function("increment", |f| {
//!     let by = f.input::<kind::U64>("by");
//!     let slot = f.slot(0);
//!     let count = f.read_u64(slot);
//!     let count = f.add(count, by); // fails the call when it outgrows 62 bits
//!     f.write_u64(slot, count);
//!     f.output("count", count);
//! });
//! let counter = counter.build().unwrap();
//! assert_eq!(counter.functions().len(), 1);
//! ```
//! Equal pure operations are written once, so naming an index twice costs nothing.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{MethodId, StateHeight};

use crate::check::CodeError;
use crate::contract::Contract;
use crate::ir::{
    Constant, Context, ContractCode, EventCode, FunctionCode, IntegerOp, Op, OtherContract, Output, Parameter, Type,
    Value,
};

/// The types of expressions.
pub mod kind {
    use crate::ir::Type;

    /// A type of expressions.
    pub trait Kind: Copy {
        /// The type in the IR.
        const TYPE: Type;
    }
    /// Types that are data: they may be inputs, outputs and parts of hashes and events.
    pub trait Data: Kind {}
    /// Data of one felt.
    pub trait Single: Data {}
    /// Data with arithmetic.
    pub trait Number: Single {}
    /// Numbers with checked arithmetic and an order.
    pub trait Integer: Number {}

    macro_rules! kinds {
        ($($(#[doc = $doc:literal])+ $name:ident: $($trait:ident)*;)+) => {$(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $name {}

            impl Kind for $name {
                const TYPE: Type = Type::$name;
            }
            $(impl $trait for $name {})*
        )+};
    }

    kinds! {
        /// An element of the field.
        Felt: Data Single Number;
        /// True or false.
        Bool: Data Single;
        /// An integer below 2^32.
        U32: Data Single Number Integer;
        /// An integer below 2^62.
        U64: Data Single Number Integer;
        /// Four felts.
        Hash: Data;
        /// A proven older checkpoint.
        Checkpoint: ;
        /// A frozen state of a user.
        State: ;
    }
}
use kind::{Data, Integer, Kind, Number, Single};

/// An expression of one type. Belongs to the function that made it.
#[derive(Debug)]
pub struct Expr<T> {
    value: Value,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Expr<T> {
    fn clone(&self) -> Expr<T> {
        *self
    }
}

impl<T> Copy for Expr<T> {}

impl<T> Expr<T> {
    /// The value in the IR.
    pub fn value(self) -> Value {
        self.value
    }
}

impl<T: Data> From<Expr<T>> for Value {
    fn from(expr: Expr<T>) -> Value {
        expr.value
    }
}

/// A kind of event of the contract under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind(u16);

/// An inline call of the function under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlineCall(Value);

/// A contract under construction.
#[derive(Clone, Debug)]
pub struct ContractBuilder {
    name: String,
    state_height: u8,
    events: Vec<EventCode>,
    functions: Vec<FunctionCode>,
}

impl ContractBuilder {
    /// A contract without functions, whose users have state trees of a height of 1 to 48.
    pub fn new(name: &str, state_height: u8) -> ContractBuilder {
        ContractBuilder { name: name.to_owned(), state_height, events: Vec::new(), functions: Vec::new() }
    }

    /// Adds a kind of event.
    pub fn event(&mut self, name: &str, fields: &[(&str, Type)]) -> EventKind {
        let fields = fields.iter().map(|&(name, kind)| Parameter { name: name.to_owned(), kind }).collect();
        self.events.push(EventCode { name: name.to_owned(), fields });
        // A contract has at most 256 kinds of events; the check at the end refuses more.
        EventKind(self.events.len() as u16 - 1)
    }

    /// Adds a function.
    pub fn function(&mut self, name: &str, body: impl FnOnce(&mut FunctionBuilder)) {
        self.add(name, false, body);
    }

    /// Adds a function that changes nothing.
    pub fn view(&mut self, name: &str, body: impl FnOnce(&mut FunctionBuilder)) {
        self.add(name, true, body);
    }

    fn add(&mut self, name: &str, view: bool, body: impl FnOnce(&mut FunctionBuilder)) {
        let code = FunctionCode { name: name.to_owned(), view, inputs: vec![], ops: vec![], outputs: vec![] };
        let mut builder = FunctionBuilder { code, known: BTreeMap::new() };
        body(&mut builder);
        self.functions.push(builder.code);
    }

    /// The contract, once checked.
    pub fn build(self) -> Result<Contract, CodeError> {
        let state_height = StateHeight::new(self.state_height);
        let state_height = state_height.ok_or(CodeError::StateHeight { actual: self.state_height })?;
        let ContractBuilder { name, events, functions, .. } = self;
        Contract::new(ContractCode { name, state_height, events, functions })
    }
}

/// A function under construction.
#[derive(Clone, Debug)]
pub struct FunctionBuilder {
    code: FunctionCode,
    /// Pure operations so far.
    known: BTreeMap<Op, Value>,
}

impl FunctionBuilder {
    /// Adds a parameter.
    pub fn input<T: Data>(&mut self, name: &str) -> Expr<T> {
        self.code.inputs.push(Parameter { name: name.to_owned(), kind: T::TYPE });
        // At most 256 parameters; the check at the end refuses more.
        let position = self.code.inputs.len() as u16 - 1;
        self.pure(Op::Input(position))
    }

    /// Adds a result.
    pub fn output<T: Data>(&mut self, name: &str, value: Expr<T>) {
        self.code.outputs.push(Output { name: name.to_owned(), value: value.value });
    }

    /// A constant felt.
    pub fn felt(&mut self, value: Felt) -> Expr<kind::Felt> {
        self.pure(Op::Const(Constant::Felt(value)))
    }

    /// A constant bool.
    pub fn bool(&mut self, value: bool) -> Expr<kind::Bool> {
        self.pure(Op::Const(Constant::Bool(value)))
    }

    /// A constant `u32`.
    pub fn u32(&mut self, value: u32) -> Expr<kind::U32> {
        self.pure(Op::Const(Constant::U32(value)))
    }

    /// A constant `u64`. The check at the end refuses one that is not below 2^62.
    pub fn u64(&mut self, value: u64) -> Expr<kind::U64> {
        self.pure(Op::Const(Constant::U64(value)))
    }

    /// A constant hash.
    pub fn hash_constant(&mut self, value: Digest) -> Expr<kind::Hash> {
        self.pure(Op::Const(Constant::Hash(value)))
    }

    /// Sum. An integer that outgrows its type fails the call.
    pub fn add<T: Number>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Add(a.value, b.value))
    }

    /// Difference. An integer below zero fails the call.
    pub fn sub<T: Number>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Sub(a.value, b.value))
    }

    /// Product. An integer that outgrows its type fails the call.
    pub fn mul<T: Number>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Mul(a.value, b.value))
    }

    /// Whole quotient. A division by zero fails the call.
    pub fn div<T: Integer>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Integer(IntegerOp::Divide, a.value, b.value))
    }

    /// What a division leaves. A division by zero fails the call.
    pub fn rem<T: Integer>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Integer(IntegerOp::Remainder, a.value, b.value))
    }

    /// Any of the other operations on two `u32`; see [`IntegerOp`] for what fails.
    pub fn bits(&mut self, operator: IntegerOp, a: Expr<kind::U32>, b: Expr<kind::U32>) -> Expr<kind::U32> {
        self.pure(Op::Integer(operator, a.value, b.value))
    }

    /// a < b.
    pub fn less<T: Integer>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<kind::Bool> {
        self.pure(Op::Less(a.value, b.value))
    }

    /// a = b.
    pub fn equal<T: Data>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<kind::Bool> {
        self.pure(Op::Equal(a.value, b.value))
    }

    /// a ≠ b.
    pub fn differ<T: Data>(&mut self, a: Expr<T>, b: Expr<T>) -> Expr<kind::Bool> {
        let equal = self.equal(a, b);
        self.not(equal)
    }

    /// `a` when `when` is true, else `b`.
    pub fn select<T: Data>(&mut self, when: Expr<kind::Bool>, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        self.pure(Op::Select(when.value, a.value, b.value))
    }

    /// Both.
    pub fn and(&mut self, a: Expr<kind::Bool>, b: Expr<kind::Bool>) -> Expr<kind::Bool> {
        self.pure(Op::And(a.value, b.value))
    }

    /// One or both.
    pub fn or(&mut self, a: Expr<kind::Bool>, b: Expr<kind::Bool>) -> Expr<kind::Bool> {
        self.pure(Op::Or(a.value, b.value))
    }

    /// The other truth value.
    pub fn not(&mut self, a: Expr<kind::Bool>) -> Expr<kind::Bool> {
        self.pure(Op::Not(a.value))
    }

    /// The digest of the felts of all values.
    pub fn hash(&mut self, values: &[Value]) -> Expr<kind::Hash> {
        self.pure(Op::Hash(values.to_vec()))
    }

    /// The same number in another type. One that does not fit fails the call.
    pub fn convert<A: Single, B: Single>(&mut self, value: Expr<A>) -> Expr<B> {
        self.pure(Op::Convert(value.value, B::TYPE))
    }

    /// A word of four felts.
    pub fn pack(&mut self, lanes: [Value; 4]) -> Expr<kind::Hash> {
        self.pure(Op::Pack(lanes))
    }

    /// One felt of a word, 0 to 3.
    pub fn lane(&mut self, word: Expr<kind::Hash>, lane: u8) -> Expr<kind::Felt> {
        self.pure(Op::Lane(word.value, lane))
    }

    /// Fails the call with a message unless the condition holds.
    pub fn require(&mut self, condition: Expr<kind::Bool>, message: &str) {
        self.command(Op::Assert(condition.value, message.to_owned()));
    }

    /// The user whose session this is.
    pub fn user(&mut self) -> Expr<kind::U32> {
        self.pure(Op::Context(Context::User))
    }

    /// The contract's own id.
    pub fn contract(&mut self) -> Expr<kind::U32> {
        self.pure(Op::Context(Context::Contract))
    }

    /// The calling contract, or 2^32 for a top-level call.
    pub fn caller(&mut self) -> Expr<kind::U64> {
        self.pure(Op::Context(Context::Caller))
    }

    /// The user's sessions before this one.
    pub fn nonce(&mut self) -> Expr<kind::U64> {
        self.pure(Op::Context(Context::Nonce))
    }

    /// Height of the anchor.
    pub fn checkpoint(&mut self) -> Expr<kind::U32> {
        self.pure(Op::Context(Context::Checkpoint))
    }

    /// Block time of the anchor, in milliseconds since the Unix epoch.
    pub fn time(&mut self) -> Expr<kind::U64> {
        self.pure(Op::Context(Context::Time))
    }

    /// The user's native balance before the call.
    pub fn balance(&mut self) -> Expr<kind::U64> {
        self.pure(Op::Context(Context::Balance))
    }

    /// The user's public key commitment.
    pub fn key(&mut self) -> Expr<kind::Hash> {
        self.pure(Op::Context(Context::Key))
    }

    /// The index of a fixed slot.
    pub fn slot(&mut self, index: u64) -> Expr<kind::Felt> {
        self.felt(Felt::reduce(index))
    }

    /// The index of an entry of a map by `u32`: maps lie in regions of 2^32 slots, `region` says which.
    pub fn map_slot(&mut self, region: u16, key: Expr<kind::U32>) -> Expr<kind::Felt> {
        let start = self.slot(u64::from(region) << 32);
        let key = self.convert::<_, kind::Felt>(key);
        self.add(start, key)
    }

    /// A word of the user's own state.
    pub fn read<T: Number>(&mut self, index: Expr<T>) -> Expr<kind::Hash> {
        self.push(Op::Read(index.value))
    }

    /// The `u64` in the first lane of a word of the own state.
    pub fn read_u64<T: Number>(&mut self, index: Expr<T>) -> Expr<kind::U64> {
        let word = self.read(index);
        self.word_u64(word)
    }

    /// The `u64` in the first lane of a word.
    pub fn word_u64(&mut self, word: Expr<kind::Hash>) -> Expr<kind::U64> {
        let lane = self.lane(word, 0);
        self.convert(lane)
    }

    /// A word that holds a `u64` in its first lane.
    pub fn u64_word(&mut self, value: Expr<kind::U64>) -> Expr<kind::Hash> {
        let zero = self.felt(Felt::ZERO).value;
        self.pack([value.value, zero, zero, zero])
    }

    /// Replaces a word of the own state.
    pub fn write<T: Number>(&mut self, index: Expr<T>, word: Expr<kind::Hash>) {
        self.command(Op::Write { index: index.value, word: word.value, when: None });
    }

    /// Replaces a word of the own state by a `u64` in its first lane.
    pub fn write_u64<T: Number>(&mut self, index: Expr<T>, value: Expr<kind::U64>) {
        let word = self.u64_word(value);
        self.write(index, word);
    }

    /// Replaces a word of the own state when a condition holds.
    pub fn write_when<T: Number>(&mut self, when: Expr<kind::Bool>, index: Expr<T>, word: Expr<kind::Hash>) {
        self.command(Op::Write { index: index.value, word: word.value, when: Some(when.value) });
    }

    /// An older checkpoint. Fails the call when its height is not below the anchor's.
    pub fn at(&mut self, height: Expr<kind::U32>) -> Expr<kind::Checkpoint> {
        self.pure(Op::Checkpoint(height.value))
    }

    /// Block time of an older checkpoint.
    pub fn time_of(&mut self, checkpoint: Expr<kind::Checkpoint>) -> Expr<kind::U64> {
        self.pure(Op::CheckpointTime(checkpoint.value))
    }

    /// A user's state in this contract, as of the anchor.
    pub fn of(&mut self, user: Expr<kind::U32>) -> Expr<kind::State> {
        self.pure(Op::State { user: user.value, contract: None, at: None })
    }

    /// A user's state in this contract, as of an older checkpoint.
    pub fn of_at(&mut self, user: Expr<kind::U32>, at: Expr<kind::Checkpoint>) -> Expr<kind::State> {
        self.pure(Op::State { user: user.value, contract: None, at: Some(at.value) })
    }

    /// A user's state in another contract, whose state trees have a height of 1 to 48, as of the anchor or of an
    /// older checkpoint.
    pub fn of_other(
        &mut self,
        contract: Expr<kind::U32>,
        height: StateHeight,
        user: Expr<kind::U32>,
        at: Option<Expr<kind::Checkpoint>>,
    ) -> Expr<kind::State> {
        let contract = Some(OtherContract { id: contract.value, height });
        self.pure(Op::State { user: user.value, contract, at: at.map(|at| at.value) })
    }

    /// The user's own state in another contract, whose state trees have a height of 1 to 48, as it stands before the
    /// call.
    pub fn mine(&mut self, contract: Expr<kind::U32>, height: StateHeight) -> Expr<kind::State> {
        self.pure(Op::Mine(OtherContract { id: contract.value, height }))
    }

    /// A word of a frozen state.
    pub fn read_of<T: Number>(&mut self, state: Expr<kind::State>, index: Expr<T>) -> Expr<kind::Hash> {
        self.pure(Op::Slot(state.value, index.value))
    }

    /// The `u64` in the first lane of a word of a frozen state.
    pub fn read_u64_of<T: Number>(&mut self, state: Expr<kind::State>, index: Expr<T>) -> Expr<kind::U64> {
        let word = self.read_of(state, index);
        self.word_u64(word)
    }

    /// Emits an event.
    pub fn emit(&mut self, event: EventKind, fields: &[Value]) {
        self.command(Op::Emit { event: event.0, fields: fields.to_vec(), when: None });
    }

    /// Emits an event when a condition holds.
    pub fn emit_when(&mut self, when: Expr<kind::Bool>, event: EventKind, fields: &[Value]) {
        self.command(Op::Emit { event: event.0, fields: fields.to_vec(), when: Some(when.value) });
    }

    /// Calls another contract inline, when a condition holds, if one is given; its results have these types. They are
    /// read with [`FunctionBuilder::result`].
    pub fn call_inline(
        &mut self,
        contract: Expr<kind::U32>,
        method: MethodId,
        inputs: &[Value],
        outputs: &[Type],
        when: Option<Expr<kind::Bool>>,
    ) -> InlineCall {
        let (inputs, outputs) = (inputs.to_vec(), outputs.to_vec());
        let when = when.map(Expr::value);
        self.command(Op::Inline { contract: contract.value, method, inputs, outputs, when });
        InlineCall(Value(self.code.ops.len() as u32 - 1))
    }

    /// A result of an inline call. The check at the end refuses another type than the call has there.
    pub fn result<T: Data>(&mut self, call: InlineCall, position: u16) -> Expr<T> {
        self.pure(Op::Result(call.0, position))
    }

    /// Takes native balance from the user. System contract only; fails the call when overdrawn.
    pub fn balance_out(&mut self, amount: Expr<kind::U64>) {
        self.command(Op::BalanceOut(amount.value));
    }

    /// Gives native balance to the user. System contract only.
    pub fn balance_in(&mut self, amount: Expr<kind::U64>) {
        self.command(Op::BalanceIn(amount.value));
    }

    /// Appends an operation whose result depends on its operands only, or finds it among those before.
    fn pure<T: Kind>(&mut self, op: Op) -> Expr<T> {
        if let Some(&value) = self.known.get(&op) {
            return Expr { value, kind: PhantomData };
        }
        let expr = self.push(op.clone());
        self.known.insert(op, expr.value);
        expr
    }

    /// Appends an operation without a result.
    fn command(&mut self, op: Op) {
        self.code.ops.push(op);
    }

    fn push<T>(&mut self, op: Op) -> Expr<T> {
        self.code.ops.push(op);
        Expr { value: Value(self.code.ops.len() as u32 - 1), kind: PhantomData }
    }
}
