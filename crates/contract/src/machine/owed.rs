//! [`Op::Defer`](crate::ir::Op::Defer) and [`Op::Inline`](crate::ir::Op::Inline): calls of other contracts.

use parth_protocol::ids::{ContractId, MethodId};

use super::{Datum, Machine, Source, typed};
use crate::debt::{Debt, InlineDebt};
use crate::error::ExecError;
use crate::ir::{Type, Value};
use crate::opening::BadOpening;

impl<S: Source> Machine<'_, S> {
    pub(super) fn owed(&self, contract: Value, method: MethodId, inputs: &[Value]) -> Debt {
        let contract = ContractId::constant(self.small(contract));
        Debt::new(self.head.call.contract, contract, method, self.flat(inputs))
    }

    /// Takes the results of a call as the witness has them. That they are the callee's is not checked here: the session
    /// takes nothing else before a call with exactly these results. A call that is not made gives zeros.
    pub(super) fn inline(
        &mut self,
        op: usize,
        debt: Debt,
        outputs: &[Type],
        happens: bool,
    ) -> Result<Datum, ExecError> {
        let widths = || outputs.iter().map(|kind| kind.felts().unwrap_or_default());
        let width: usize = widths().sum();
        let felts = if happens {
            self.source.results(op, &self.inline, &debt, width)?
        } else {
            self.source.no_results(width)?
        };
        if felts.len() != width {
            return Err(BadOpening::Results { expected: width, actual: felts.len() }.into());
        }
        if !happens && felts.iter().any(|felt| felt.as_u64() != 0) {
            return Err(BadOpening::NotCalled.into());
        }
        let (mut results, mut at) = (Vec::with_capacity(outputs.len()), 0);
        for (&kind, width) in outputs.iter().zip(widths()) {
            let value = felts[at].as_u64();
            let datum = typed(kind, &felts[at..at + width]);
            results.push(datum.ok_or(ExecError::ResultRange { op, position: results.len(), kind, value })?);
            at += width;
        }
        if happens {
            self.inline.push(InlineDebt { debt, outputs: felts });
        }
        self.results.push(results);
        Ok(Datum::Results(self.results.len() - 1))
    }

    pub(super) fn result(&self, call: Value, position: u16) -> Datum {
        match self.get(call) {
            Datum::Results(number) => self.results[number][usize::from(position)],
            _ => Datum::Nothing,
        }
    }
}
