//! Operators in tests: checked as in contracts, where what leaves its type fails.

use super::run::Runner;
use super::value::Held;
use super::{Ran, stop, stop_with};
use crate::dapen::ast::{self, BinaryOp};
use crate::dapen::codes::Code;
use crate::dapen::source::Span;
use crate::dapen::types::Ty;

impl Runner<'_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        wanted: Option<&Ty>,
        span: Span,
    ) -> Ran<Held> {
        let truth = |truth: bool| Ok(Held::one(u64::from(truth), Some(Ty::Bool)));
        if let BinaryOp::And | BinaryOp::Or = op {
            let a = self.truth(left)?;
            // The right side is left alone where the left one decides.
            let decides = a == (op == BinaryOp::Or);
            if decides && !self.dry {
                return truth(a);
            }
            let b = self.truth(right)?;
            return truth(if op == BinaryOp::And { a && b } else { a || b });
        }
        let compares = matches!(
            op,
            BinaryOp::Equal
                | BinaryOp::Differ
                | BinaryOp::Less
                | BinaryOp::LessEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterEqual
        );
        let (a, b) = self.same_type(left, right, if compares { None } else { wanted })?;
        if !compares {
            return self.compute(op, a, b, span);
        }
        let equality = matches!(op, BinaryOp::Equal | BinaryOp::Differ);
        let fits =
            a.ty.as_ref()
                .is_none_or(|ty| if equality { ty.leaf().is_some() && *ty != Ty::Hash } else { ty.is_ordered() });
        if !fits {
            let help = if equality { "use `eq(a, b)`" } else { "only numbers, users and checkpoints have an order" };
            return stop_with(Code::E0305, span, format!("`{}` does not work here", op.sign()), help);
        }
        let (x, y) = (a.get(), b.get());
        truth(match op {
            BinaryOp::Equal => x == y,
            BinaryOp::Differ => x != y,
            BinaryOp::Less => x < y,
            BinaryOp::LessEqual => x <= y,
            BinaryOp::Greater => x > y,
            _ => x >= y,
        })
    }

    /// Arithmetic on two values of one type. Numbers without a type count as `u64`.
    pub(super) fn compute(&mut self, op: BinaryOp, a: Held, b: Held, span: Span) -> Ran<Held> {
        let ty = a.ty.clone().or(b.ty.clone());
        let kind = ty.clone().unwrap_or(Ty::U64);
        if !kind.is_integer() {
            let message = format!("`{}` does not work on {}", op.sign(), self.program.show(&kind));
            return stop_with(Code::E0305, span, message, "arithmetic is for u8, u32 and u64");
        }
        let (x, y) = (a.get(), b.get());
        let shift = u32::try_from(y).ok();
        let result = match op {
            BinaryOp::Add => x.checked_add(y),
            BinaryOp::Sub => x.checked_sub(y),
            BinaryOp::Mul => x.checked_mul(y),
            BinaryOp::Rem => return self.remainder(a, b, span),
            BinaryOp::BitAnd => Some(x & y),
            BinaryOp::BitOr => Some(x | y),
            BinaryOp::BitXor => Some(x ^ y),
            // Bits that are shifted out are lost, as in contracts.
            BinaryOp::ShiftLeft => shift.map(|by| x.checked_shl(by).unwrap_or(0) & kind.max()),
            BinaryOp::ShiftRight => shift.map(|by| x.checked_shr(by).unwrap_or(0)),
            _ => None,
        };
        match result.filter(|&result| result <= kind.max()) {
            Some(result) => Ok(Held::one(result, ty)),
            None if self.dry => Ok(Held::one(0, ty)),
            None => {
                let kind = self.program.show(&kind);
                stop(Code::E3002, span, format!("{x} {} {y} is no {kind}", op.sign()))
            }
        }
    }

    /// `div(a, b)`: the whole part.
    pub(super) fn divide(&mut self, a: Held, b: Held, span: Span) -> Ran<Held> {
        self.quotient(a, b, span, u64::checked_div)
    }

    fn remainder(&mut self, a: Held, b: Held, span: Span) -> Ran<Held> {
        self.quotient(a, b, span, u64::checked_rem)
    }

    fn quotient(&mut self, a: Held, b: Held, span: Span, of: fn(u64, u64) -> Option<u64>) -> Ran<Held> {
        let ty = a.ty.clone().or(b.ty.clone());
        if let Some(other) = ty.as_ref().filter(|ty| !ty.is_integer()) {
            return stop(Code::E0305, span, format!("{} is not divided", self.program.show(other)));
        }
        match of(a.get(), b.get()) {
            Some(result) => Ok(Held::one(result, ty)),
            None if self.dry => Ok(Held::one(0, ty)),
            None => stop(Code::E3002, span, format!("{} is divided by zero", a.get())),
        }
    }

    /// `u64(x)` and its like, which check that the number fits.
    pub(super) fn convert(&mut self, to: &Ty, value: &ast::Expr, span: Span) -> Ran<Held> {
        let held = self.value(value, None)?.some(value.span)?;
        let single = |ty: &Ty| ty.is_number() || *ty == Ty::Bool;
        if !to.is_number() || !held.ty.as_ref().is_none_or(single) {
            let from = held.ty.as_ref().map_or_else(|| "a number".to_owned(), |ty| self.program.show(ty));
            return stop(Code::E0303, span, format!("{from} cannot be made {}", self.program.show(to)));
        }
        if held.get() > to.max() && held.ty.is_some() && self.dry {
            return Ok(self.zeros(to)); // a walk knows no values
        }
        if held.get() > to.max() {
            let code = if held.ty.is_none() { Code::E0311 } else { Code::E3002 };
            return stop(code, span, format!("{} is no {}", held.get(), self.program.show(to)));
        }
        Ok(Held { ty: Some(to.clone()), ..held })
    }

    /// An index into an array.
    pub(super) fn index(&mut self, index: &ast::Expr, length: u32) -> Ran<usize> {
        let at = self.number(index, &Ty::U32)?;
        if at < u64::from(length) {
            return Ok(at as usize);
        }
        if self.dry {
            return Ok(0);
        }
        stop(Code::E0318, index.span, format!("index {at} is outside an array of {length}"))
    }
}
