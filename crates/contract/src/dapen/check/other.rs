//! Calls of other contracts with results, and the own state there.

use super::{Body, Checked};
use crate::dapen::codes::Code;
use crate::dapen::hir::{Expr, ExprKind};
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};

impl Body<'_> {
    /// `C.mine()`.
    pub(super) fn mine(&mut self, contract: ContractRef, span: Span) -> Checked<Expr> {
        if contract == self.contract {
            let help = "write `this.field`: it shows what this call wrote as well";
            return self.refuse_with(Code::E0317, span, "your own state in this contract is `this`", help);
        }
        self.needs_id(contract, span)?;
        Some(Expr { kind: ExprKind::Mine(contract), ty: Ty::View(contract), span })
    }

    /// `C.call().method(…)`.
    pub(super) fn called(
        &mut self,
        contract: ContractRef,
        method: usize,
        arguments: Vec<Expr>,
        span: Span,
    ) -> Checked<Expr> {
        let callee = &self.program.contract(contract).methods[method];
        if contract == self.contract {
            let help = format!("write `this.{}(…)`, which is a part of this call", callee.name.text);
            return self.refuse_with(Code::E0317, span, "a contract does not call itself inline", help);
        }
        let ty = callee.result.clone();
        Some(Expr { kind: ExprKind::Called { contract, method, arguments }, ty, span })
    }
}
