//! Writes operations: each pure one once, constants folded, a source span with each.

use std::collections::{HashMap, HashSet};

use parth_crypto::{Digest, Felt};

use crate::dapen::source::Span;
use crate::ir::{Constant, Context, Op, Type, Value};

/// Something in the source whose value is worth showing when a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Where it stands.
    pub span: Span,
    /// Its value.
    pub value: Value,
}

/// Operations of one function so far.
pub(super) struct Emitter {
    pub(super) ops: Vec<Op>,
    pub(super) spans: Vec<Span>,
    pub(super) operands: HashMap<u32, Vec<Operand>>,
    /// Assertions that the compiler wrote of its own accord.
    pub(super) checks: HashSet<u32>,
    known: HashMap<Op, Value>,
    types: Vec<Option<Type>>,
    /// Lookups so far.
    pub(super) work: usize,
    pub(super) span: Span,
    /// Is the function too large, and where did it become so?
    pub(super) too_large: Option<Span>,
}

impl Emitter {
    pub(super) fn new(span: Span) -> Emitter {
        Emitter {
            ops: Vec::new(),
            spans: Vec::new(),
            operands: HashMap::new(),
            checks: HashSet::new(),
            known: HashMap::new(),
            types: Vec::new(),
            work: 0,
            span,
            too_large: None,
        }
    }

    fn push(&mut self, op: Op, kind: Option<Type>) -> Value {
        if self.ops.len() >= crate::check::MAX_OPS {
            self.too_large.get_or_insert(self.span);
            // Any value: the function is refused.
            return Value(0);
        }
        self.ops.push(op);
        self.spans.push(self.span);
        self.types.push(kind);
        Value(self.ops.len() as u32 - 1)
    }

    /// An operation whose result depends on its operands only.
    pub(super) fn pure(&mut self, op: Op, kind: Type) -> Value {
        self.work += 1;
        if let Some(&value) = self.known.get(&op) {
            return value;
        }
        let value = self.push(op.clone(), Some(kind));
        self.known.insert(op, value);
        value
    }

    /// An operation that depends on what happened before.
    pub(super) fn stateful(&mut self, op: Op, kind: Type) -> Value {
        self.push(op, Some(kind))
    }

    /// An operation without a result; gives its position.
    pub(super) fn command(&mut self, op: Op) -> u32 {
        self.push(op, None).0
    }

    /// The type of a value.
    pub(super) fn kind(&self, value: Value) -> Type {
        self.types.get(value.index()).copied().flatten().unwrap_or(Type::Felt)
    }

    pub(super) fn constant(&mut self, constant: Constant) -> Value {
        self.pure(Op::Const(constant), constant.kind())
    }

    pub(super) fn bool(&mut self, truth: bool) -> Value {
        self.constant(Constant::Bool(truth))
    }

    pub(super) fn felt(&mut self, felt: Felt) -> Value {
        self.constant(Constant::Felt(felt))
    }

    /// A number of a type; too large a one is cut, which the check of the source rules out.
    pub(super) fn number(&mut self, kind: Type, number: u64) -> Value {
        self.constant(match kind {
            Type::Bool => Constant::Bool(number != 0),
            Type::U32 => Constant::U32(number as u32),
            Type::U64 => Constant::U64(number),
            Type::Hash => Constant::Hash(Digest::ZERO),
            _ => Constant::Felt(Felt::reduce(number)),
        })
    }

    /// The zero of a type.
    pub(super) fn zero(&mut self, kind: Type) -> Value {
        self.number(kind, 0)
    }

    /// The value, if it is a constant.
    pub(super) fn known(&self, value: Value) -> Option<Constant> {
        match self.ops.get(value.index()) {
            Some(Op::Const(constant)) => Some(*constant),
            _ => None,
        }
    }

    pub(super) fn truth(&self, value: Value) -> Option<bool> {
        match self.known(value) {
            Some(Constant::Bool(truth)) => Some(truth),
            _ => None,
        }
    }

    /// The number of a constant of one felt.
    pub(super) fn known_number(&self, value: Value) -> Option<u64> {
        Some(match self.known(value)? {
            Constant::Felt(felt) => felt.as_u64(),
            Constant::Bool(truth) => u64::from(truth),
            Constant::U32(value) => value.into(),
            Constant::U64(value) => value,
            Constant::Hash(_) => return None,
        })
    }

    pub(super) fn not(&mut self, a: Value) -> Value {
        match (self.truth(a), self.ops.get(a.index())) {
            (Some(truth), _) => self.bool(!truth),
            (None, Some(&Op::Not(inner))) => inner,
            _ => self.pure(Op::Not(a), Type::Bool),
        }
    }

    pub(super) fn and(&mut self, a: Value, b: Value) -> Value {
        match (self.truth(a), self.truth(b)) {
            (Some(true), _) => b,
            (_, Some(true)) => a,
            (Some(false), _) | (_, Some(false)) => self.bool(false),
            _ if a == b => a,
            _ => self.pure(Op::And(a, b), Type::Bool),
        }
    }

    pub(super) fn or(&mut self, a: Value, b: Value) -> Value {
        match (self.truth(a), self.truth(b)) {
            (Some(false), _) => b,
            (_, Some(false)) => a,
            (Some(true), _) | (_, Some(true)) => self.bool(true),
            _ if a == b => a,
            _ => self.pure(Op::Or(a, b), Type::Bool),
        }
    }

    pub(super) fn select(&mut self, when: Value, a: Value, b: Value) -> Value {
        match self.truth(when) {
            Some(true) => return a,
            Some(false) => return b,
            None if a == b => return a,
            None => {}
        }
        let kind = self.kind(a);
        if kind == Type::Bool {
            match (self.truth(a), self.truth(b)) {
                (Some(true), Some(false)) => return when,
                (Some(false), Some(true)) => return self.not(when),
                _ => {}
            }
        }
        self.pure(Op::Select(when, a, b), kind)
    }

    pub(super) fn equal(&mut self, a: Value, b: Value) -> Value {
        match (self.known(a), self.known(b)) {
            _ if a == b => self.bool(true),
            (Some(x), Some(y)) => self.bool(x == y),
            _ => self.pure(Op::Equal(a, b), Type::Bool),
        }
    }

    pub(super) fn less(&mut self, a: Value, b: Value) -> Value {
        match (self.known_number(a), self.known_number(b)) {
            (Some(x), Some(y)) => self.bool(x < y),
            _ => self.pure(Op::Less(a, b), Type::Bool),
        }
    }

    /// Does the first hash come before the second?
    pub(super) fn before(&mut self, a: Value, b: Value) -> Value {
        self.pure(Op::Before(a, b), Type::Bool)
    }

    /// Sum, difference or product, when it needs no operation that could fail.
    pub(super) fn folded(&mut self, sign: char, a: Value, b: Value) -> Option<Value> {
        let kind = self.kind(a);
        if let (Some(x), Some(y)) = (self.known_number(a), self.known_number(b)) {
            let folded = match (kind.bits(), sign) {
                (Some(_), '+') => x.checked_add(y),
                (Some(_), '-') => x.checked_sub(y),
                (Some(_), _) => x.checked_mul(y),
                (None, sign) => {
                    let (x, y) = (Felt::reduce(x), Felt::reduce(y));
                    let felt = match sign {
                        '+' => x + y,
                        '-' => x - y,
                        _ => x * y,
                    };
                    return Some(self.felt(felt));
                }
            };
            let fits = |result: &u64| kind.bits().is_none_or(|bits| result >> bits == 0);
            if let Some(result) = folded.filter(fits) {
                return Some(self.number(kind, result));
            }
        }
        match (sign, self.known_number(a), self.known_number(b)) {
            ('+' | '-', _, Some(0)) | ('*', _, Some(1)) => Some(a),
            ('+', Some(0), _) | ('*', Some(1), _) => Some(b),
            _ => None,
        }
    }

    /// Sum, difference or product. Constants are folded when nothing fails; else the operation fails when it runs.
    pub(super) fn arithmetic(&mut self, sign: char, a: Value, b: Value) -> Value {
        if let Some(value) = self.folded(sign, a, b) {
            return value;
        }
        let kind = self.kind(a);
        let op = match sign {
            '+' => Op::Add(a, b),
            '-' => Op::Sub(a, b),
            _ => Op::Mul(a, b),
        };
        self.pure(op, kind)
    }

    /// The same number in another type.
    pub(super) fn convert(&mut self, value: Value, to: Type) -> Value {
        if self.kind(value) == to {
            return value;
        }
        if let Some(number) = self.known_number(value) {
            let fits = match to.bits() {
                Some(bits) => number >> bits == 0,
                None => true,
            };
            if fits {
                return self.number(to, number);
            }
        }
        // A felt that was just made of a number of this type is that number.
        if let Some(&Op::Convert(inner, Type::Felt)) = self.ops.get(value.index())
            && self.kind(inner) == to
        {
            return inner;
        }
        self.pure(Op::Convert(value, to), to)
    }

    pub(super) fn context(&mut self, context: Context) -> Value {
        self.pure(Op::Context(context), context.kind())
    }

    /// Was this operation written before?
    pub(super) fn find(&self, op: &Op) -> Option<Value> {
        self.known.get(op).copied()
    }

    /// Fails the call unless the condition holds. Nothing is written for one that always does.
    pub(super) fn assert(&mut self, condition: Value, message: &str, operands: Vec<Operand>, check: bool) {
        if self.truth(condition) != Some(true) {
            let at = self.command(Op::Assert(condition, message.to_owned()));
            self.operands.insert(at, operands);
            if check {
                self.checks.insert(at);
            }
        }
    }

    /// A word of four felts.
    pub(super) fn pack(&mut self, lanes: [Value; 4]) -> Value {
        // Four lanes of one word, in order, are that word.
        let of = |lane: usize| match self.ops.get(lanes[lane].index()) {
            Some(&Op::Lane(word, at)) if usize::from(at) == lane => Some(word),
            _ => None,
        };
        if let Some(word) = of(0)
            && (1..4).all(|lane| of(lane) == Some(word))
        {
            return word;
        }
        self.pure(Op::Pack(lanes), Type::Hash)
    }

    pub(super) fn lane(&mut self, word: Value, lane: u8) -> Value {
        match self.ops.get(word.index()) {
            Some(Op::Pack(lanes)) => {
                let value = lanes[usize::from(lane)];
                self.convert(value, Type::Felt)
            }
            Some(Op::Const(Constant::Hash(digest))) => {
                let felt = digest.0[usize::from(lane)];
                self.felt(felt)
            }
            _ => self.pure(Op::Lane(word, lane), Type::Felt),
        }
    }
}
