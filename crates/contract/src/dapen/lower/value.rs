//! Expressions.

use super::{Lowerer, MAX_NESTED, Operand, Parts};
use crate::dapen::ast::BinaryOp;
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::hir::{Expr, ExprKind};
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, MAX_FELTS, Ty};
use crate::ir::{Context, Op, Type, Value};

/// One step into a value, its index computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Field(usize),
    Index(Value, Span),
}

impl Lowerer<'_> {
    /// The value of an expression of one part.
    pub(super) fn one(&mut self, expr: &Expr) -> Value {
        let parts = self.value(expr);
        parts.first().copied().unwrap_or(Value(0))
    }

    /// Stored arrays may be larger than any value: their elements are read one by one, never the whole.
    fn is_small(&mut self, expr: &Expr) -> bool {
        let small = self.program.felts(&expr.ty) <= MAX_FELTS;
        if !small {
            let message = format!("this value has more than {MAX_FELTS} felts");
            let found = Diagnostic::new(Code::E0403, expr.span, message);
            self.findings.push(found.help("read or assign one element at a time"));
            (self.stopped, self.refused) = (true, true);
        }
        small
    }

    pub(super) fn zeros(&mut self, ty: &Ty) -> Parts {
        if self.program.felts(ty) > MAX_FELTS {
            return Vec::new(); // refused
        }
        let leaves = self.program.leaves(ty);
        leaves.iter().map(|leaf| self.emit.zero(leaf.ty.leaf().unwrap_or(Type::Felt))).collect()
    }

    /// The value of an expression. When the function is too large already, any value of the right shape.
    pub(super) fn value(&mut self, expr: &Expr) -> Parts {
        if !self.is_small(expr) || !self.step() {
            return self.zeros(&expr.ty);
        }
        if self.nested == MAX_NESTED {
            self.stopped = true;
            self.emit.too_large.get_or_insert(expr.span);
            return self.zeros(&expr.ty);
        }
        self.nested += 1;
        let outer = std::mem::replace(&mut self.emit.span, expr.span);
        let parts = self.parts(expr);
        self.emit.span = outer;
        self.nested -= 1;
        // Copies take time too.
        self.steps += parts.len() / 32;
        if parts.len() == self.program.width(&expr.ty) { parts } else { self.zeros(&expr.ty) }
    }

    fn parts(&mut self, expr: &Expr) -> Parts {
        let kind = expr.ty.leaf().unwrap_or(Type::Felt);
        match &expr.kind {
            ExprKind::Number(number) => vec![self.emit.number(kind, *number)],
            ExprKind::Bool(truth) => vec![self.emit.bool(*truth)],
            ExprKind::None => vec![self.emit.zero(Type::Hash)],
            ExprKind::Local(local) => self.get_local(*local),
            ExprKind::Context(context) => {
                let value = self.emit.context(*context);
                // Contracts are held as u64, since the caller may be 2^32.
                vec![self.emit.convert(value, kind)]
            }
            ExprKind::Binary(op, left, right) => vec![self.binary(*op, left, right, expr)],
            ExprKind::Same(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                let mut same = self.emit.bool(true);
                for (a, b) in a.into_iter().zip(b) {
                    let equal = self.emit.equal(a, b);
                    same = self.emit.and(same, equal);
                }
                vec![same]
            }
            ExprKind::Not(inner) => {
                let inner = self.one(inner);
                vec![self.emit.not(inner)]
            }
            ExprKind::Conditional(test, then, otherwise) => {
                let test = self.one(test);
                let (mut a, mut b) = (None, None);
                self.branch(
                    test,
                    |lowerer| a = Some(lowerer.value(then)),
                    |lowerer| b = Some(lowerer.value(otherwise)),
                );
                match (a, b) {
                    (Some(a), Some(b)) => self.select_parts(test, &a, &b),
                    (a, b) => a.or(b).unwrap_or_default(),
                }
            }
            ExprKind::Convert(inner) => {
                let parts = self.value(inner);
                if inner.ty == expr.ty {
                    return parts;
                }
                vec![self.convert(parts[0], &inner.ty, &expr.ty)]
            }
            ExprKind::Parts(list) => list.iter().flat_map(|part| self.value(part)).collect(),
            ExprKind::Fill(element) => {
                let element = self.value(element);
                let Ty::Arr(_, length) = expr.ty else { return element };
                std::iter::repeat_n(element, length as usize).flatten().collect()
            }
            ExprKind::Field(inner, field) => {
                let whole = self.value(inner);
                self.part(&whole, &inner.ty, &[At::Field(*field)])
            }
            ExprKind::Index(inner, index) => {
                let whole = self.value(inner);
                let at = At::Index(self.one(index), index.span);
                self.part(&whole, &inner.ty, &[at])
            }
            ExprKind::Hash(values) => {
                let parts: Parts = values.iter().flat_map(|value| self.value(value)).collect();
                if !self.fits_list(&parts, expr.span) {
                    return Vec::new();
                }
                self.steps += parts.len() / 4;
                vec![self.emit.pure(Op::Hash(parts), Type::Hash)]
            }
            ExprKind::Inline(method, arguments) => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect();
                self.inline(*method, arguments).unwrap_or_default()
            }
            ExprKind::View { contract, user, at } => {
                let user = self.one(user);
                let at = at.as_ref().map(|at| self.one(at));
                vec![self.view(*contract, user, at)]
            }
            ExprKind::IsUser(user) => {
                let user = self.one(user);
                let state = self.view(self.contract, user, None);
                vec![self.emit.pure(Op::Exists(state), Type::Bool)]
            }
            ExprKind::TimeAt(checkpoint) => {
                let height = self.one(checkpoint);
                let checkpoint = self.checkpoint(height);
                vec![self.emit.pure(Op::CheckpointTime(checkpoint), Type::U64)]
            }
            ExprKind::Read { instance, contract, field, what } => {
                self.read(instance, *contract, *field, what, &expr.ty)
            }
            ExprKind::Require { test, message } => {
                let outer = self.watched.replace(Vec::new());
                let condition = self.one(test);
                let operands = std::mem::replace(&mut self.watched, outer).unwrap_or_default();
                self.emit.span = expr.span;
                self.assert(condition, message, operands, false);
                Vec::new()
            }
            ExprKind::Emit { event, fields } => {
                let fields: Parts = fields.iter().flat_map(|field| self.value(field)).collect();
                if self.fits_list(&fields, expr.span) {
                    let (event, when) = (self.events.number(*event), self.when());
                    if self.emit.truth(self.path) != Some(false) {
                        self.emit.command(Op::Emit { event, fields, when });
                    }
                }
                Vec::new()
            }
            ExprKind::Change { field, what } => {
                self.change(*field, what, expr.span);
                Vec::new()
            }
            ExprKind::Balance { out, amount } => {
                let amount = self.one(amount);
                let amount = self.masked(amount);
                self.emit.command(if *out { Op::BalanceOut(amount) } else { Op::BalanceIn(amount) });
                Vec::new()
            }
            ExprKind::Defer { contract, method, arguments } => {
                self.defer(*contract, *method, arguments);
                Vec::new()
            }
            ExprKind::Called { contract, method, arguments } => self.called(*contract, *method, arguments, expr.span),
            ExprKind::Mine(contract) => vec![self.mine(*contract, expr.span)],
            ExprKind::Nothing => Vec::new(),
        }
    }

    pub(super) fn fits_list(&mut self, parts: &[Value], span: Span) -> bool {
        let limit = crate::check::MAX_LIST;
        if parts.len() > limit {
            let message = format!("{} values in one list, at most {limit} are allowed", parts.len());
            self.findings.push(Diagnostic::new(Code::E0403, span, message));
        }
        parts.len() <= limit
    }

    /// The condition of a command under the present path.
    pub(super) fn when(&self) -> Option<Value> {
        (self.emit.truth(self.path) != Some(true)).then_some(self.path)
    }

    /// The value where the path is taken, else zero: an operand that fails nothing.
    pub(super) fn masked(&mut self, value: Value) -> Value {
        if self.emit.truth(self.path) == Some(true) {
            return value;
        }
        let zero = self.emit.zero(self.emit.kind(value));
        self.emit.select(self.path, value, zero)
    }

    /// A check of the compiler: fails the call when the path is taken and the condition does not hold.
    pub(super) fn require(&mut self, condition: Value, message: &str, operands: Vec<Operand>) {
        self.assert(condition, message, operands, true);
    }

    fn assert(&mut self, condition: Value, message: &str, operands: Vec<Operand>, check: bool) {
        let skipped = self.emit.not(self.path);
        let condition = self.emit.or(skipped, condition);
        self.emit.assert(condition, message, operands, check);
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, whole: &Expr) -> Value {
        match op {
            BinaryOp::And => {
                let a = self.one(left);
                let mut b = a;
                self.branch(a, |lowerer| b = lowerer.one(right), |_| {});
                self.emit.and(a, b)
            }
            BinaryOp::Or => {
                let a = self.one(left);
                let mut b = a;
                self.branch(a, |_| {}, |lowerer| b = lowerer.one(right));
                self.emit.or(a, b)
            }
            BinaryOp::Equal | BinaryOp::Differ => {
                let (a, b) = self.compared(left, right);
                let equal = self.emit.equal(a, b);
                if op == BinaryOp::Equal { equal } else { self.emit.not(equal) }
            }
            BinaryOp::Less => {
                let (a, b) = self.compared(left, right);
                self.emit.less(a, b)
            }
            BinaryOp::Greater => {
                let (a, b) = self.compared(left, right);
                self.emit.less(b, a)
            }
            BinaryOp::LessEqual => {
                let (a, b) = self.compared(left, right);
                let more = self.emit.less(b, a);
                self.emit.not(more)
            }
            BinaryOp::GreaterEqual => {
                let (a, b) = self.compared(left, right);
                let less = self.emit.less(a, b);
                self.emit.not(less)
            }
            _ => {
                let (a, b) = (self.one(left), self.one(right));
                self.emit.span = whole.span;
                self.arithmetic(op, &whole.ty, a, b, [left.span, right.span])
            }
        }
    }

    /// Both sides of a comparison, remembered when they decide over a `require`.
    fn compared(&mut self, left: &Expr, right: &Expr) -> (Value, Value) {
        let (a, b) = (self.one(left), self.one(right));
        if let Some(watched) = &mut self.watched {
            for (side, value) in [(left, a), (right, b)] {
                if !matches!(side.kind, ExprKind::Number(_)) {
                    watched.push(Operand { span: side.span, value });
                }
            }
        }
        (a, b)
    }

    /// Checked arithmetic under the present path; `spans` are those of the operands.
    pub(super) fn arithmetic(&mut self, op: BinaryOp, ty: &Ty, a: Value, b: Value, spans: [Span; 2]) -> Value {
        let sign = match op {
            BinaryOp::Add => '+',
            BinaryOp::Sub => '-',
            BinaryOp::Mul => '*',
            other => return self.operate(super::integer::operator(other), ty, a, b, spans),
        };
        if let Some(value) = self.emit.folded(sign, a, b) {
            if *ty == Ty::U8 {
                self.is_u8(value, "the result is no u8");
            }
            return value;
        }
        if *ty == Ty::Felt {
            return self.emit.arithmetic(sign, a, b);
        }
        let taken = self.emit.truth(self.path) == Some(true);
        if let (true, Some(x), Some(y)) = (taken, self.emit.known_number(a), self.emit.known_number(b)) {
            let message = format!("{x} {sign} {y} is no {}", self.program.show(ty));
            self.findings.push(Diagnostic::new(Code::E0319, self.emit.span, message));
        }
        let (left, right) = (self.masked(a), self.masked(b));
        let result = self.emit.arithmetic(sign, left, right);
        let operands = [(spans[0], a), (spans[1], b)].map(|(span, value)| Operand { span, value });
        self.emit.operands.entry(result.0).or_insert_with(|| operands.to_vec());
        if *ty == Ty::U8 {
            self.is_u8(result, "the result is no u8");
        }
        result
    }

    /// Fails the call unless a `u32` is below 2^8.
    pub(super) fn is_u8(&mut self, value: Value, message: &str) {
        let end = self.emit.number(Type::U32, 1 << 8);
        let inside = self.emit.less(value, end);
        let span = self.emit.span;
        self.require(inside, message, vec![Operand { span, value }]);
    }

    fn convert(&mut self, value: Value, from: &Ty, to: &Ty) -> Value {
        let (kind, target) = (self.emit.kind(value), to.leaf().unwrap_or(Type::Felt));
        let fits = match (kind.bits(), target.bits()) {
            (_, None) => true,
            (Some(from), Some(to)) => from <= to,
            (None, Some(_)) => false,
        };
        let known = self.emit.known_number(value).is_some();
        let value = if fits || known && self.emit.truth(self.path) == Some(true) { value } else { self.masked(value) };
        let converted = self.emit.convert(value, target);
        if *to == Ty::U8 && !matches!(from, Ty::U8 | Ty::Bool) {
            self.is_u8(converted, "the number is no u8");
        }
        converted
    }

    /// A part of a value.
    pub(super) fn part(&mut self, whole: &[Value], ty: &Ty, path: &[At]) -> Parts {
        let (mut parts, mut ty) = (whole.to_vec(), ty.clone());
        for at in path {
            (parts, ty) = match (at, &ty) {
                (At::Field(field), Ty::Struct(id)) => {
                    let (start, inner) = self.program.field(*id, *field);
                    let end = start + self.program.width(&inner);
                    (parts.get(start..end).unwrap_or_default().to_vec(), inner)
                }
                (At::Index(index, span), Ty::Arr(element, length)) => {
                    let width = self.program.width(element);
                    let elements: Vec<Parts> = parts.chunks(width.max(1)).map(<[Value]>::to_vec).collect();
                    (self.element(&elements, *index, *length, *span), (**element).clone())
                }
                _ => (parts, ty),
            };
        }
        parts
    }

    fn element(&mut self, elements: &[Parts], index: Value, length: u32, span: Span) -> Parts {
        if let Some(known) = self.known_index(index, length, span) {
            return elements.get(known).cloned().unwrap_or_default();
        }
        self.inside(index, length, span);
        self.steps += elements.len() / 4;
        let mut found = elements.first().cloned().unwrap_or_default();
        for (at, element) in elements.iter().enumerate().skip(1) {
            let here = self.is_at(index, at);
            found = self.select_parts(here, element, &found);
        }
        found
    }

    fn is_at(&mut self, index: Value, at: usize) -> Value {
        let at = self.emit.number(Type::U32, at as u64);
        self.emit.equal(index, at)
    }

    /// A constant index, refused when it is outside.
    pub(super) fn known_index(&mut self, index: Value, length: u32, span: Span) -> Option<usize> {
        let known = self.emit.known_number(index)?;
        if known >= u64::from(length) {
            if self.emit.truth(self.path) != Some(true) {
                return None; // perhaps never reached: fails when it is
            }
            let message = format!("index {known} is outside an array of {length}");
            self.findings.push(Diagnostic::new(Code::E0318, span, message));
        }
        usize::try_from(known).ok()
    }

    /// Fails the call unless an index is inside.
    pub(super) fn inside(&mut self, index: Value, length: u32, span: Span) {
        let end = self.emit.number(Type::U32, length.into());
        let inside = self.emit.less(index, end);
        self.require(inside, "the index is outside the array", vec![Operand { span, value: index }]);
    }

    /// A value with one part replaced.
    pub(super) fn replaced(&mut self, whole: &[Value], ty: &Ty, path: &[At], new: &[Value]) -> Parts {
        let Some((first, rest)) = path.split_first() else {
            return new.to_vec();
        };
        let mut parts = whole.to_vec();
        match (first, ty) {
            (At::Field(field), Ty::Struct(id)) => {
                let (start, inner) = self.program.field(*id, *field);
                let end = start + self.program.width(&inner);
                if let Some(old) = whole.get(start..end) {
                    let part = self.replaced(old, &inner, rest, new);
                    parts.splice(start..end, part);
                }
            }
            (At::Index(index, span), Ty::Arr(element, length)) => {
                let width = self.program.width(element).max(1);
                if let Some(known) = self.known_index(*index, *length, *span) {
                    let range = known.saturating_mul(width)..known.saturating_add(1).saturating_mul(width);
                    if let Some(old) = whole.get(range.clone()) {
                        let part = self.replaced(old, element, rest, new);
                        parts.splice(range, part);
                    }
                    return parts;
                }
                self.inside(*index, *length, *span);
                parts.clear();
                for (at, old) in whole.chunks(width).enumerate() {
                    let part = self.replaced(old, element, rest, new);
                    let here = self.is_at(*index, at);
                    parts.extend(self.select_parts(here, &part, old));
                }
            }
            _ => {}
        }
        parts
    }

    /// A user's frozen state in a contract, at the anchor or at an older checkpoint.
    pub(super) fn view(&mut self, contract: ContractRef, user: Value, at: Option<Value>) -> Value {
        let other = (contract != self.contract).then(|| self.other(contract));
        let at = at.map(|at| self.checkpoint(at));
        self.emit.pure(Op::State { user, contract: other, at }, Type::State)
    }

    /// An older checkpoint. On a path that may not be taken, the one before the anchor stands in for a height that is
    /// none, whatever the path, so that one opening serves all uses of a height.
    fn checkpoint(&mut self, height: Value) -> Value {
        let plain = Op::Checkpoint(height);
        if self.emit.truth(self.path) == Some(true) || self.emit.find(&plain).is_some() {
            return self.emit.pure(plain, Type::Checkpoint);
        }
        let anchor = self.emit.context(Context::Checkpoint);
        let older = self.emit.less(height, anchor);
        let span = self.emit.span;
        let operands = vec![Operand { span, value: height }, Operand { span, value: anchor }];
        self.require(older, "the checkpoint is not older than the session's", operands);
        let one = self.emit.number(Type::U32, 1);
        let newest = self.emit.arithmetic('-', anchor, one);
        let height = self.emit.select(older, height, newest);
        self.emit.pure(Op::Checkpoint(height), Type::Checkpoint)
    }
}
