//! Values are computed in the order of the declaration. JavaScript takes the order in which they are written, which is
//! the same thing unless one of them calls a method that changes what another reads, or another contract inline: calls
//! are made in the order in which they are computed.

use super::{Body, Checked};
use crate::dapen::ast::{Expr, ExprKind, Name};
use crate::dapen::codes::Code;
use crate::dapen::types::Ty;

impl Body<'_> {
    /// Refuses fields out of order where a value calls a method of the contract.
    pub(super) fn in_order(&mut self, what: &str, declared: &[(Name, Ty)], given: &[(Name, Expr)]) -> Checked<()> {
        let place = |name: &Name| declared.iter().position(|(field, _)| field.text == name.text);
        let sorted = given.is_sorted_by_key(|(name, _)| place(name));
        match given.iter().find(|(_, value)| calls(value)) {
            Some((_, value)) if !sorted => {
                let message = format!("a method is called among fields of {what} that are not in order");
                let help = "write the fields in the order of the declaration, or call the method before";
                self.refuse_with(Code::E0202, value.span, message, help)
            }
            _ => Some(()),
        }
    }
}

/// Does an expression call a method: `this.method(…)`, or `C.call().method(…)`?
fn calls(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { callee, arguments, .. } => {
            let method = match &callee.kind {
                ExprKind::Member(object, _) => matches!(object.kind, ExprKind::This) || is_other(object),
                _ => false,
            };
            method || calls(callee) || arguments.iter().any(calls)
        }
        ExprKind::Member(inner, _) | ExprKind::Not(inner) => calls(inner),
        ExprKind::Index(a, b) | ExprKind::Binary(_, a, b) | ExprKind::Assign(_, a, b) => calls(a) || calls(b),
        ExprKind::Conditional(test, a, b) => [test, a, b].into_iter().any(|part| calls(part)),
        ExprKind::Object(fields) => fields.iter().any(|(_, value)| calls(value)),
        ExprKind::List(elements) => elements.iter().any(calls),
        ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Text(_) | ExprKind::Name(_) | ExprKind::This => false,
    }
}

/// `C.call()`.
fn is_other(expr: &Expr) -> bool {
    let ExprKind::Call { callee, .. } = &expr.kind else { return false };
    matches!(&callee.kind, ExprKind::Member(object, how) if how.text == "call" && matches!(object.kind, ExprKind::Name(_)))
}
