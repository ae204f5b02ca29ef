//! Calls of other contracts, and the own state there.

use super::{Lowerer, Parts};
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::hir::Expr;
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};
use crate::ir::{Context, Op, OtherContract, Parameter, Type, Value};
use parth_protocol::ids::{MethodId, StateHeight};

impl Lowerer<'_> {
    pub(super) fn other(&mut self, contract: ContractRef) -> OtherContract {
        let decl = self.program.contract(contract);
        let id = self.emit.number(Type::U32, decl.id.unwrap_or_default().into());
        // The layout gives heights from 1 to 48.
        OtherContract { id, height: StateHeight::constant(decl.height) }
    }

    /// The user's own state in another contract, before this call.
    pub(super) fn mine(&mut self, contract: ContractRef, span: Span) -> Value {
        self.before_calls(span);
        let other = self.other(contract);
        self.emit.pure(Op::Mine(other), Type::State)
    }

    /// Refuses to read the own state in another contract where an inline call may have changed it.
    pub(super) fn before_calls(&mut self, span: Span) {
        if let Some(call) = self.env.called {
            let message = "this shows your state as it was before the inline call";
            let found = Diagnostic::new(Code::E0323, span, message).and(call, "called here");
            self.findings.push(found.help("read first, or let the method that is called return what you need"));
        }
    }

    /// Is a view one of the user's own state as it stands?
    pub(super) fn is_mine(&self, view: Value) -> bool {
        matches!(self.emit.ops.get(view.index()), Some(Op::Mine(_)))
    }

    pub(super) fn defer(&mut self, contract: ContractRef, method: usize, arguments: &[Expr]) {
        let (id, method, inputs) = self.callee(contract, method, arguments);
        if self.fits_list(&inputs, self.emit.span) && self.emit.truth(self.path) != Some(false) {
            let when = self.when();
            self.emit.command(Op::Defer { contract: id, method, inputs, when });
        }
    }

    /// A call with results; nothing when it is refused, which gives zeros.
    pub(super) fn called(&mut self, contract: ContractRef, method: usize, arguments: &[Expr], span: Span) -> Parts {
        let result = self.program.contract(contract).methods[method].result.clone();
        let (contract, method, inputs) = self.callee(contract, method, arguments);
        let leaves = self.program.leaves(&result);
        let outputs = self.kinds(&result);
        let limit = crate::check::MAX_LIST;
        if outputs.len() > limit {
            let message = format!("{} results in one list, at most {limit} are allowed", outputs.len());
            self.findings.push(Diagnostic::new(Code::E0403, span, message));
            return Parts::new();
        }
        if !self.fits_list(&inputs, span) || self.emit.truth(self.path) == Some(false) {
            return Parts::new();
        }
        let when = self.when();
        self.env.called.get_or_insert(span);
        let call = Value(self.emit.command(Op::Inline { contract, method, inputs, outputs, when }));
        let mut parts = Parts::new();
        for (at, leaf) in leaves.iter().enumerate() {
            // At most 256 results.
            let value = self.emit.stateful(Op::Result(call, at as u16), leaf.ty.leaf().unwrap_or(Type::Felt));
            if leaf.ty == Ty::U8 {
                self.is_u8(value, "the result is no u8");
            }
            parts.push(value);
        }
        parts
    }

    /// The contract and the method that are called, and the inputs.
    fn callee(&mut self, contract: ContractRef, method: usize, arguments: &[Expr]) -> (Value, MethodId, Parts) {
        let inputs: Parts = arguments.iter().flat_map(|argument| self.value(argument)).collect();
        let decl = self.program.contract(contract);
        let callee = &decl.methods[method];
        let id = match decl.id {
            Some(id) => self.emit.number(Type::U32, id.into()),
            // The id of the own contract is known when the call runs.
            None => self.emit.context(Context::Contract),
        };
        let typed = |kind: Type| Parameter { name: String::new(), kind };
        let inputs_of: Vec<Parameter> =
            callee.parameters.iter().flat_map(|(_, ty)| self.kinds(ty)).map(typed).collect();
        let signature = crate::names::signature(&callee.name.text, &inputs_of, &self.kinds(&callee.result));
        (id, crate::names::method_id(&signature), inputs)
    }

    fn kinds(&self, ty: &Ty) -> Vec<Type> {
        self.program.leaves(ty).iter().map(|leaf| leaf.ty.leaf().unwrap_or(Type::Felt)).collect()
    }
}
