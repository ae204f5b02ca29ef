//! Calls of other contracts. Twin: `parth_contract`'s `machine/owed.rs` and `debt.rs`.

use parth_contract::ir::{Type, Value};
use parth_crypto::{Domain, Felt};
use parth_protocol::ids::{MethodId, Scalar};
use plonky2::iop::target::BoolTarget;

use super::{Compiler, Wire, fits};
use crate::contract::opening::OpeningTarget;
use crate::gadgets::hash::{DigestTarget, constant, hash, link};
use crate::gadgets::logic;
use crate::records::session::CallTarget;
use crate::twin::RecordTarget;

/// Items of the calls owed, each with its condition.
pub(super) type Items = Vec<(DigestTarget, Option<BoolTarget>)>;

impl Compiler<'_> {
    /// The digest of a call that this one owes.
    pub(super) fn owed(&mut self, contract: Value, method: MethodId, inputs: &[Value]) -> DigestTarget {
        let inputs = self.flat(inputs);
        let call = CallTarget {
            caller: self.head.call.contract,
            contract: self.one(contract),
            method: constant(self.builder, method.to_felt()),
            inputs_length: constant(self.builder, Felt::reduce(inputs.len() as u64)),
            inputs: hash(self.builder, Domain::Inputs, &inputs),
        };
        call.digest(self.builder)
    }

    /// The results of an inline call: whatever the prover claims, of the right types, and zeros where the call is not
    /// made. The item names them, and only a call that gives exactly these pays it.
    pub(super) fn inline(&mut self, at: usize, call: DigestTarget, outputs: &[Type], when: Option<Value>) -> Wire {
        let OpeningTarget::Results(felts) = self.opening(at) else {
            return Wire::Nothing;
        };
        let when = when.map(|when| self.bool(when));
        if let Some(when) = when {
            for &felt in felts {
                let masked = self.builder.mul(when.target, felt);
                self.builder.connect(masked, felt);
            }
        }
        let (mut results, mut rest) = (Vec::new(), felts.as_slice());
        for kind in outputs {
            let (mine, others) = rest.split_at(kind.felts().unwrap_or_default());
            if let (Some(bits), &[one]) = (kind.bits(), mine) {
                fits(self.builder, one, bits as usize);
            }
            results.push(Wire::of(mine));
            rest = others;
        }
        let outputs = hash(self.builder, Domain::Outputs, felts);
        let item = link(self.builder, Domain::InlineItem, call, outputs);
        self.inline.push((item, when));
        self.results.push(results);
        Wire::Results(self.results.len() - 1)
    }

    pub(super) fn result(&self, call: Value, position: u16) -> Wire {
        match self.get(call) {
            Wire::Results(number) => self.results[number][usize::from(position)],
            _ => Wire::Nothing,
        }
    }

    /// The list of the calls owed: H(first item, rest), without those whose condition is false.
    pub(super) fn list(&mut self, items: Items) -> DigestTarget {
        let mut rest = DigestTarget::zero(self.builder);
        for (item, when) in items.into_iter().rev() {
            let list = link(self.builder, Domain::CallList, item, rest);
            rest = match when {
                Some(when) => logic::select_digest(self.builder, when, list, rest),
                None => list,
            };
        }
        rest
    }
}
