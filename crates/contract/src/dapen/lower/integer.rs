//! Division, remainders, bits and shifts: what fails only where the path is taken, constants computed.

use super::{Lowerer, Operand};
use crate::dapen::ast::BinaryOp;
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::source::Span;
use crate::dapen::types::Ty;
use crate::ir::{IntegerOp, Op, Value};

/// What the IR calls an operator. The caller has dealt with those that the IR has operations of their own for.
pub(super) fn operator(op: BinaryOp) -> IntegerOp {
    match op {
        BinaryOp::Rem => IntegerOp::Remainder,
        BinaryOp::BitAnd => IntegerOp::BitAnd,
        BinaryOp::BitOr => IntegerOp::BitOr,
        BinaryOp::BitXor => IntegerOp::BitXor,
        BinaryOp::ShiftLeft => IntegerOp::ShiftLeft,
        BinaryOp::ShiftRight => IntegerOp::ShiftRight,
        _ => IntegerOp::Divide,
    }
}

impl Lowerer<'_> {
    /// An operation on two integers under the present path; `spans` are those of the operands.
    pub(super) fn operate(&mut self, operator: IntegerOp, ty: &Ty, a: Value, b: Value, spans: [Span; 2]) -> Value {
        let kind = self.emit.kind(a);
        let bits = if *ty == Ty::U8 { 8 } else { kind.bits().unwrap_or_default() };
        let (left, right) = (self.emit.known_number(a), self.emit.known_number(b));
        if let (Some(left), Some(right)) = (left, right)
            && let Some(result) = operator.apply(left, right, bits)
        {
            return self.emit.number(kind, result);
        }
        if let Some(value) = self.unchanged(operator, a, b, bits) {
            return value;
        }
        // Nothing helps against such a right side, whatever stands on the left.
        let hopeless = right.is_some_and(|right| operator.apply(0, right, bits).is_none());
        if self.emit.truth(self.path) == Some(true) && (hopeless || left.is_some() && right.is_some()) {
            let shown = |known: Option<u64>| known.map_or("…".to_owned(), |known| known.to_string());
            let (sign, failure) = (operator.sign(), operator.failure());
            let message = format!("{} {sign} {} {failure}", shown(left), shown(right));
            self.findings.push(Diagnostic::new(Code::E0319, self.emit.span, message));
        }
        let operands = [(spans[0], a), (spans[1], b)].map(|(span, value)| Operand { span, value });
        let (left, right) = self.harmless(operator, ty, a, b, &operands);
        let result = self.emit.pure(Op::Integer(operator, left, right), kind);
        self.emit.operands.entry(result.0).or_insert_with(|| operands.to_vec());
        if *ty == Ty::U8 && operator == IntegerOp::ShiftLeft {
            self.is_u8(result, "the result is no u8");
        }
        result
    }

    /// One of the sides, or zero, where that is the result whatever the other side is.
    fn unchanged(&mut self, operator: IntegerOp, a: Value, b: Value, bits: u32) -> Option<Value> {
        let all = (1u64 << bits) - 1;
        let zero = |lowerer: &mut Self| lowerer.emit.zero(lowerer.emit.kind(a));
        match (operator, self.emit.known_number(a), self.emit.known_number(b)) {
            (IntegerOp::Divide, _, Some(1)) => Some(a),
            (IntegerOp::Remainder, _, Some(1)) => Some(zero(self)),
            (IntegerOp::ShiftLeft | IntegerOp::ShiftRight, _, Some(0)) => Some(a),
            (IntegerOp::BitOr | IntegerOp::BitXor, _, Some(0)) => Some(a),
            (IntegerOp::BitOr | IntegerOp::BitXor, Some(0), _) => Some(b),
            (IntegerOp::BitAnd, _, Some(0)) | (IntegerOp::BitAnd, Some(0), _) => Some(zero(self)),
            (IntegerOp::BitAnd, _, Some(right)) if right == all => Some(a),
            (IntegerOp::BitAnd, Some(left), _) if left == all => Some(b),
            _ => None,
        }
    }

    /// The operands where the path is taken, and others that fail nothing where it is not.
    fn harmless(&mut self, operator: IntegerOp, ty: &Ty, a: Value, b: Value, operands: &[Operand]) -> (Value, Value) {
        let known = self.emit.known_number(b);
        match operator {
            IntegerOp::BitAnd | IntegerOp::BitOr | IntegerOp::BitXor => (a, b),
            IntegerOp::Divide | IntegerOp::Remainder if known.is_some_and(|known| known != 0) => (a, b),
            IntegerOp::Divide | IntegerOp::Remainder => {
                let one = self.emit.number(self.emit.kind(b), 1);
                (a, self.emit.select(self.path, b, one))
            }
            IntegerOp::ShiftLeft | IntegerOp::ShiftRight => {
                if *ty == Ty::U8 && known.is_none_or(|known| known >= 8) {
                    let end = self.emit.number(self.emit.kind(b), 8);
                    let near = self.emit.less(b, end);
                    self.require(near, "a u8 is moved by 7 bits at most", operands.to_vec());
                }
                match known {
                    // A short way is known: only what is moved can make it fail.
                    Some(known) if known < 32 => (self.masked(a), b),
                    _ => (a, self.masked(b)),
                }
            }
        }
    }
}
