//! Division, remainders, bits and shifts.

use super::{Checked, Checker};
use crate::ir::{IntegerOp, Type, Value};

impl Checker<'_> {
    /// The type of the result: that of both operands.
    pub(super) fn operate(&self, operator: IntegerOp, a: Value, b: Value) -> Checked<Type> {
        if operator.is_bitwise() {
            self.is(a, Type::U32, "u32")?;
            self.is(b, Type::U32, "u32")?;
        }
        self.same(a, b, Self::integer)
    }
}
