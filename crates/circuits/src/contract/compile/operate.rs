//! Division, remainders, bits and shifts.

use parth_contract::ir::{Constant, IntegerOp, Op, Value};
use plonky2::iop::target::{BoolTarget, Target};

use super::{Compiler, Wire};
use crate::gadgets::{integer, range};

/// Bits of a `u32`.
const WIDTH: usize = 32;

impl Compiler<'_> {
    pub(super) fn operate(&mut self, operator: IntegerOp, a: Value, b: Value) -> Wire {
        let (left, right) = (self.one(a), self.one(b));
        Wire::One(match operator {
            IntegerOp::Divide => self.divide(a, b).0,
            IntegerOp::Remainder => self.divide(a, b).1,
            IntegerOp::BitAnd => self.both(a, b),
            IntegerOp::BitOr => {
                let both = self.both(a, b);
                let sum = self.builder.add(left, right);
                self.builder.sub(sum, both)
            }
            IntegerOp::BitXor => {
                let both = self.both(a, b);
                let sum = self.builder.add(left, right);
                let twice = self.builder.add(both, both);
                self.builder.sub(sum, twice)
            }
            IntegerOp::ShiftLeft => {
                let power = self.power(b);
                // Below 2^32 times at most 2^31: nothing wraps.
                let moved = self.builder.mul(left, power);
                range::check(self.builder, moved, WIDTH);
                moved
            }
            IntegerOp::ShiftRight => match self.known(b).filter(|&known| known < WIDTH as u64) {
                Some(known) => self.halves(left, WIDTH, known as usize).0,
                None => {
                    let power = self.power(b);
                    integer::divide(self.builder, left, power, WIDTH).0
                }
            },
        })
    }

    /// The number of a value that is a constant.
    fn known(&self, value: Value) -> Option<u64> {
        match self.function.code().ops[value.index()] {
            Op::Const(Constant::U32(value)) => Some(value.into()),
            Op::Const(Constant::U64(value)) => Some(value),
            _ => None,
        }
    }

    /// Quotient and remainder: computed once for both.
    fn divide(&mut self, a: Value, b: Value) -> (Target, Target) {
        let width = self.width(a);
        let (left, right) = (self.one(a), self.one(b));
        if let Some(&found) = self.divisions.get(&(left, right)) {
            return found;
        }
        let found = match self.known(b) {
            Some(known) if known.is_power_of_two() => self.halves(left, width, known.trailing_zeros() as usize),
            Some(known) if known > 0 => integer::divide_by(self.builder, left, known, width),
            _ => integer::divide(self.builder, left, right, width),
        };
        self.divisions.insert((left, right), found);
        found
    }

    /// A number without its lowest bits, and the lowest bits.
    fn halves(&mut self, value: Target, width: usize, at: usize) -> (Target, Target) {
        let bits = self.bits(value, width);
        integer::halves(self.builder, value, &bits, at)
    }

    /// The bits that both numbers have.
    fn both(&mut self, a: Value, b: Value) -> Target {
        let (left, right) = (self.bits_of(a), self.bits_of(b));
        integer::both(self.builder, &left, &right)
    }

    /// The bits of a value; those of a constant take no row.
    fn bits_of(&mut self, value: Value) -> Vec<BoolTarget> {
        match self.known(value) {
            Some(known) => (0..WIDTH).map(|bit| self.builder.constant_bool(known >> bit & 1 == 1)).collect(),
            None => self.bits(self.one(value), WIDTH),
        }
    }

    /// 2 to a number below 32.
    fn power(&mut self, exponent: Value) -> Target {
        let bits = self.bits(self.one(exponent), WIDTH.trailing_zeros() as usize);
        integer::power(self.builder, &bits)
    }
}
