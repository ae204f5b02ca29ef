//! A call that fails, shown at its place in the source with the values that decided.

use parth_crypto::{Digest, Felt};

use super::codes::Code;
use super::diagnostic::{Diagnostic, Label};
use super::{Compiled, SourceMap};
use crate::error::ExecError;
use crate::function::Function;
use crate::ir::{Type, Value};
use crate::machine::Values;

/// What went wrong in a call of a compiled function. `values` are what the code computed until then; see
/// [`crate::interpret::execute_with_values`].
pub fn diagnostic(compiled: &Compiled, function: &str, error: &ExecError, values: &Values) -> Diagnostic {
    let functions = compiled.contract.functions().iter().zip(&compiled.functions);
    let found = functions.into_iter().find(|(known, _)| known.name() == function);
    let Some((function, map)) = found else {
        return Diagnostic::without_place(Code::E3003, error.to_string());
    };
    let Some(op) = error.op() else {
        return Diagnostic::new(Code::E3003, map.head, error.to_string());
    };
    let code = match error {
        ExecError::Assert { .. } if !map.is_check(op) => Code::E3001,
        ExecError::Assert { .. }
        | ExecError::Overflow { .. }
        | ExecError::Integer { .. }
        | ExecError::Convert { .. } => Code::E3002,
        _ => Code::E3003,
    };
    let message = match error {
        ExecError::Assert { message, .. } if code == Code::E3001 => format!("require failed: {message}"),
        ExecError::Overflow { sign, kind, left, right, .. } => format!("{left} {sign} {right} is no {kind}"),
        ExecError::Integer { operator, left, right, .. } => {
            format!("{left} {} {right} {}", operator.sign(), operator.failure())
        }
        ExecError::Convert { to, value, .. } => format!("{value} is no {to}"),
        ExecError::Overdrawn { balance, amount, .. } => format!("the balance is {balance}, the call takes {amount}"),
        ExecError::NotOlder { checkpoint, anchor, .. } => {
            format!("checkpoint {checkpoint} is not older than the session's, {anchor}")
        }
        other => other.to_string(),
    };
    let mut diagnostic = Diagnostic::new(code, map.span(op), message);
    diagnostic.labels.extend(operands(function, map, op, values));
    diagnostic
}

fn operands(function: &Function, map: &SourceMap, op: usize, values: &Values) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for operand in map.operands(op) {
        let Some(text) = show(function, operand.value, values) else { continue };
        let label = Label { span: operand.span, text: format!("is {text}") };
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// A value for people.
fn show(function: &Function, value: Value, values: &Values) -> Option<String> {
    let felts = values.get(value.index())?;
    match (function.kind(value)?, felts.as_slice()) {
        (Type::Bool, [felt]) => Some(if *felt == Felt::ONE { "true" } else { "false" }.to_owned()),
        (_, [felt]) => Some(felt.as_u64().to_string()),
        (_, &[a, b, c, d]) => Some(Digest([a, b, c, d]).to_string()),
        _ => None,
    }
}
