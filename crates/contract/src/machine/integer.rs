//! Division, remainders, bits and shifts.

use super::{Datum, Machine, Source};
use crate::error::ExecError;
use crate::ir::{IntegerOp, Type, Value};

impl<S: Source> Machine<'_, S> {
    pub(super) fn operate(&self, op: usize, operator: IntegerOp, a: Value, b: Value) -> Result<Datum, ExecError> {
        let kind = self.function.kind(a).unwrap_or(Type::U32);
        let (left, right) = (self.integer(a), self.integer(b));
        let result = operator.apply(left, right, kind.bits().unwrap_or_default());
        let result = result.ok_or(ExecError::Integer { op, operator, left, right })?;
        Ok(if kind == Type::U32 { Datum::U32(result as u32) } else { Datum::U64(result) })
    }
}
