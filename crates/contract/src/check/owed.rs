//! Calls of other contracts.

use super::{Checked, Checker, MAX_LIST, Problem};
use crate::function::{Access, OpeningKind};
use crate::ir::{Op, Type, Value};

impl Checker<'_> {
    pub(super) fn owes(&mut self, contract: Value, inputs: &[Value], when: Option<Value>) -> Checked<()> {
        self.changes(when)?;
        self.is(contract, Type::U32, "u32")?;
        self.list(inputs)?;
        self.calls += 1;
        if self.calls > MAX_LIST { Err(Problem::Calls(self.calls)) } else { Ok(()) }
    }

    /// The results of an inline call are an opening of their own: the witness claims them.
    pub(super) fn results(&mut self, outputs: &[Type]) -> Checked<Access> {
        if outputs.len() > MAX_LIST {
            return Err(Problem::List(outputs.len()));
        }
        let mut felts = 0;
        for &kind in outputs {
            felts += kind.felts().ok_or(Problem::ResultHandle(kind))?;
        }
        // At most 256 results of at most four felts.
        Ok(self.open(OpeningKind::Results { felts: felts as u16 }))
    }

    pub(super) fn result(&self, call: Value, position: u16) -> Checked<Type> {
        if call.index() >= self.types.len() {
            return Err(Problem::NotEarlier(call.0));
        }
        match &self.code.ops[call.index()] {
            Op::Inline { outputs, .. } => {
                outputs.get(usize::from(position)).copied().ok_or(Problem::NoSuchResult { call: call.0, position })
            }
            _ => Err(Problem::NoSuchResult { call: call.0, position }),
        }
    }
}
