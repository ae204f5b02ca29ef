//! Calls of contracts: what they give, how they fail, what they emit.

use parth_crypto::Felt;
use parth_protocol::ids::ContractId;

use super::run::Runner;
use super::value::Held;
use super::{Ran, Stop, stop, stop_with};
use crate::dapen::ast::{self, ExprKind};
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::failure;
use crate::dapen::program::{Reach, Symbol};
use crate::dapen::source::Span;
use crate::sandbox::SandboxError;

/// How a call failed: at its place in the contract, and in the words that `w.fails` looks for.
struct Failed {
    diagnostic: Diagnostic,
    text: String,
}

impl Runner<'_> {
    /// A call that has to succeed.
    pub(super) fn outcome(&mut self, expr: &ast::Expr) -> Ran<Held> {
        let called = self.call(expr)?;
        called.map_err(|failed| failed.diagnostic.and(expr.span, "called here").into())
    }

    /// Makes a call, `C.call().method(…)`, for the present user. The inner result says whether the contract failed it.
    fn call(&mut self, expr: &ast::Expr) -> Ran<Result<Held, Failed>> {
        let shape = || stop(Code::E0202, expr.span, "a test calls `Name.call().method(…)`");
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else { return shape() };
        let ExprKind::Member(object, method) = &callee.kind else { return shape() };
        let ExprKind::Call { callee: how, .. } = &object.kind else { return shape() };
        let ExprKind::Member(base, how) = &how.kind else { return shape() };
        let (ExprKind::Name(base), "call") = (&base.kind, how.text.as_str()) else { return shape() };
        let Some(contract) = self.contract(base) else {
            return stop(Code::E0301, expr.span, format!("there is no contract {base}"));
        };
        let decl = self.program.contract(contract);
        let Some(declared) = decl.method(&method.text).map(|at| &decl.methods[at]) else {
            return stop(Code::E0306, method.span, format!("{base} has no method {}", method.text));
        };
        if declared.reach == Reach::Private {
            let help = "mark it `@call` or `@view` if users may call it too";
            return stop_with(Code::E0317, method.span, format!("{} is private", method.text), help);
        }
        if declared.parameters.len() != arguments.len() {
            let message =
                format!("{} takes {} arguments, {} are given", method.text, declared.parameters.len(), arguments.len());
            return stop(Code::E0307, expr.span, message);
        }
        let mut inputs = Vec::new();
        for ((_, ty), argument) in declared.parameters.iter().zip(arguments) {
            inputs.extend(self.typed(argument, ty)?.felts);
        }
        let result = declared.result.clone();
        if self.dry {
            return Ok(Ok(self.zeros(&result)));
        }
        self.events.clear();
        let (user, mut session) = self.world.session(expr.span)?;
        let id = decl.id.unwrap_or_default();
        self.calls += 1;
        let contract_id = ContractId::new(id).unwrap_or(ContractId::SYSTEM);
        let first = session.calls().len();
        let made = self.world.chain.call(&mut session, contract_id, &method.text, &inputs);
        let outcome = match made {
            Ok(execution) => {
                // Those of the calls that it makes as well.
                let calls = session.calls().get(first..).unwrap_or_default().iter();
                for (made, event) in calls.flat_map(|made| made.events.iter().map(move |event| (made, event))) {
                    let code = self.world.chain.code(made.call.contract).map(|contract| &contract.code().events);
                    let name = code.and_then(|events| events.get(usize::from(event.event))).map(|event| &event.name);
                    let fields = event.felts.get(1..).unwrap_or_default().to_vec();
                    self.events.push((name.cloned().unwrap_or_default(), fields));
                }
                Ok(Held { felts: execution.outputs, ty: Some(result) })
            }
            Err(SandboxError::Exec(error)) => {
                let values = self.world.chain.values(&session, contract_id, &method.text, &inputs);
                let diagnostic = match self.table.contracts.get(&id) {
                    Some((_, compiled)) => failure::diagnostic(compiled, &method.text, &error, &values),
                    None => Diagnostic::new(Code::E3003, expr.span, error.to_string()),
                };
                Err(Failed { diagnostic, text: error.to_string() })
            }
            // A call that this one makes, shown where it stands.
            Err(SandboxError::Owed { contract, function, error, values, .. }) => {
                let diagnostic = match self.table.contracts.get(&contract.get()) {
                    Some((_, compiled)) => failure::diagnostic(compiled, &function, &error, &values),
                    None => Diagnostic::new(Code::E3003, expr.span, error.to_string()),
                };
                Err(Failed { diagnostic, text: error.to_string() })
            }
            Err(other) => {
                let text = other.to_string();
                Err(Failed { diagnostic: Diagnostic::new(Code::E3003, expr.span, text.clone()), text })
            }
        };
        self.world.open.insert(user, session);
        Ok(outcome)
    }

    /// `w.fails(message, call);`
    pub(super) fn fails(&mut self, message: &ast::Expr, call: &ast::Expr) -> Ran<()> {
        let ExprKind::Text(wanted) = &message.kind else {
            return stop(Code::E0303, message.span, "the message is a text in quotes");
        };
        match self.call(call)? {
            Ok(_) if self.dry => Ok(()),
            Ok(_) => stop(Code::E3001, call.span, format!("the call should fail with \"{wanted}\", and succeeds")),
            Err(failed) if failed.text.contains(wanted.as_str()) => Ok(()),
            // What people are shown may be what they expect.
            Err(failed) if failed.diagnostic.message.contains(wanted.as_str()) => Ok(()),
            Err(failed) => Err(failed.diagnostic.and(call.span, format!("should fail with \"{wanted}\"")).into()),
        }
    }

    /// `w.emits(Event, { … });`: the last call emitted this.
    pub(super) fn emits(&mut self, event: &ast::Expr, fields: &ast::Expr, span: Span) -> Ran<()> {
        let symbol = match &event.kind {
            ExprKind::Name(name) => self.symbol(name),
            _ => None,
        };
        let Some(Symbol::Event(declared)) = symbol else {
            return stop_with(Code::E0301, event.span, "this is no event", "import it beside its contract");
        };
        let declared = &self.program.events[declared];
        let ExprKind::Object(given) = &fields.kind else {
            return stop(Code::E0303, fields.span, "the fields are given as `{ to, amount }`");
        };
        let wanted = self.named(&declared.fields, given, fields.span)?;
        let name = &declared.name.text;
        if self.dry || self.events.iter().any(|(other, felts)| other == name && *felts == wanted) {
            return Ok(());
        }
        let show = |felts: &[Felt]| {
            let mut rest = felts;
            let fields = declared.fields.iter().map(|(name, ty)| {
                let (mine, left) = rest.split_at(self.program.felts(ty).min(rest.len()));
                rest = left;
                format!("{}: {}", name.text, self.show(&Held { felts: mine.to_vec(), ty: Some(ty.clone()) }))
            });
            format!("{name} {{ {} }}", fields.collect::<Vec<_>>().join(", "))
        };
        let same = self.events.iter().filter(|(other, _)| other == name).map(|(_, felts)| show(felts));
        let seen: Vec<String> = same.collect();
        let others: Vec<&str> = self.events.iter().map(|(other, _)| other.as_str()).collect();
        let seen = match (seen.as_slice(), others.as_slice()) {
            ([], []) => "no event".to_owned(),
            ([], others) => others.join(", "),
            (seen, _) => seen.join(", "),
        };
        let found = Diagnostic::new(Code::E3001, span, format!("expected {}", show(&wanted)));
        Err(Stop::from(found.label(format!("the last call emitted {seen}"))))
    }
}
