//! Warnings: code that is compiled, and likely not what was meant on a ledger of frozen reads.

use super::ast::BinaryOp;
use super::check::Bodies;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::hir::{Change, Expr, ExprKind, Instance, LocalId, Read, Root, Stmt, StmtKind};
use super::program::Program;
use super::source::Span;
use super::types::{ContractRef, Ty};
use crate::ir::Context;

/// Looks at all methods of a contract.
pub(crate) fn lint(program: &Program, contract: ContractRef, bodies: &Bodies, findings: &mut Findings) {
    let mut timed = Vec::new();
    for method in bodies.iter().flatten() {
        let collector = Collector { timed: &mut timed };
        collect(collector, &method.body);
    }
    for method in bodies.iter().flatten() {
        let kinds = vec![Taint::default(); method.locals.len()];
        let mut linter = Linter { program, contract, findings, timed: &timed, locals: kinds };
        linter.block(&method.body);
    }
}

/// What a value comes from.
#[derive(Clone, Copy, Debug, Default)]
struct Taint {
    /// Where another user's value is read that can change.
    foreign: Option<Span>,
    /// Is it a counter of a loop?
    counter: bool,
    /// Is it a reported time?
    reported: bool,
    /// Is it a view of something that no longer changes: an older checkpoint, or the caller's own state?
    fixed: bool,
}

impl Taint {
    fn or(self, other: Taint) -> Taint {
        Taint {
            foreign: self.foreign.or(other.foreign),
            counter: self.counter || other.counter,
            reported: self.reported || other.reported,
            fixed: false,
        }
    }
}

/// Fields of the contract that hold the writer's own report of the time.
struct Collector<'a> {
    timed: &'a mut Vec<usize>,
}

fn is_time(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Context(Context::Checkpoint | Context::Time) => true,
        ExprKind::Convert(inner) => is_time(inner),
        _ => false,
    }
}

fn collect(collector: Collector<'_>, body: &[Stmt]) {
    let Collector { timed } = collector;
    for statement in body {
        match &statement.kind {
            StmtKind::Assign { place, value, .. } if is_time(value) => {
                if let Root::Field(field) = place.root {
                    timed.push(field);
                }
            }
            StmtKind::Expr(Expr { kind: ExprKind::Change { field, what }, .. }) => {
                let (Change::Set { value, .. } | Change::SetOnce(value)) = what else { continue };
                if is_time(value) {
                    timed.push(*field);
                }
            }
            StmtKind::If { then, otherwise, .. } => {
                collect(Collector { timed }, then);
                collect(Collector { timed }, otherwise);
            }
            StmtKind::Count { body, .. } | StmtKind::Each { body, .. } | StmtKind::Block(body) => {
                collect(Collector { timed }, body);
            }
            _ => {}
        }
    }
}

struct Linter<'a> {
    program: &'a Program,
    contract: ContractRef,
    findings: &'a mut Findings,
    timed: &'a [usize],
    locals: Vec<Taint>,
}

impl Linter<'_> {
    fn block(&mut self, body: &[Stmt]) {
        for statement in body {
            match &statement.kind {
                StmtKind::Let(local, init) => self.locals[local.0] = self.expr(init),
                StmtKind::Assign { place, value, .. } => {
                    let taint = self.expr(value);
                    if let Root::Local(local) = place.root {
                        self.locals[local.0] = self.locals[local.0].or(taint);
                    }
                }
                StmtKind::Expr(expr) => drop(self.expr(expr)),
                StmtKind::If { test, then, otherwise } => {
                    let taint = self.expr(test);
                    self.decides(test, taint);
                    self.block(then);
                    self.block(otherwise);
                }
                StmtKind::Count { variable, body, .. } => {
                    self.locals[variable.0].counter = true;
                    self.block(body);
                }
                StmtKind::Each { variable, list, body } => {
                    self.locals[variable.0] = self.expr(list);
                    self.block(body);
                }
                StmtKind::Return(value) => {
                    if let Some(value) = value {
                        self.expr(value);
                    }
                }
                StmtKind::Block(body) => self.block(body),
            }
        }
    }

    /// W101: a decision on what another user may have changed since.
    fn decides(&mut self, test: &Expr, taint: Taint) {
        if let Some(read) = taint.foreign {
            let message = "this decides on another user's value that may have changed since the session's checkpoint";
            let mut found = Diagnostic::new(Code::W101, test.span, message);
            if read != test.span {
                found = found.and(read, "read here");
            }
            self.findings.push(found.help(
                "make it `once`, `grows` or `growMap`, or read it at a fixed older checkpoint with `.at(user, n)`",
            ));
        }
    }

    fn both(&mut self, a: &Expr, b: &Expr) -> Taint {
        let a = self.expr(a);
        a.or(self.expr(b))
    }

    fn all(&mut self, list: &[Expr]) -> Taint {
        list.iter().fold(Taint::default(), |taint, expr| taint.or(self.expr(expr)))
    }

    fn expr(&mut self, expr: &Expr) -> Taint {
        match &expr.kind {
            ExprKind::Local(LocalId(local)) => self.locals[*local],
            ExprKind::Binary(op, a, b) => {
                let (left, right) = (self.expr(a), self.expr(b));
                let orders =
                    matches!(op, BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual);
                if orders && left.reported && right.reported {
                    let message = "this compares what two users say of their own time";
                    let found = Diagnostic::new(Code::W103, expr.span, message);
                    self.findings
                        .push(found.help("read both at one checkpoint: who had acted by then, and who had not"));
                }
                left.or(right)
            }
            ExprKind::Same(a, b) => self.both(a, b),
            ExprKind::Not(inner)
            | ExprKind::Convert(inner)
            | ExprKind::Fill(inner)
            | ExprKind::Field(inner, _)
            | ExprKind::IsUser(inner)
            | ExprKind::TimeAt(inner)
            | ExprKind::Balance { amount: inner, .. } => self.expr(inner),
            ExprKind::Index(a, b) => self.both(a, b),
            ExprKind::Conditional(test, a, b) => {
                let taint = self.expr(test);
                self.decides(test, taint);
                self.both(a, b)
            }
            ExprKind::Parts(list) | ExprKind::Hash(list) | ExprKind::Inline(_, list) => self.all(list),
            ExprKind::Emit { fields, .. } => {
                self.all(fields);
                Taint::default()
            }
            ExprKind::Defer { arguments, .. } | ExprKind::Called { arguments, .. } => {
                self.all(arguments);
                Taint::default()
            }
            // The own state: nobody else changes it.
            ExprKind::Mine(_) => Taint { fixed: true, ..Taint::default() },
            ExprKind::View { user, at, .. } => {
                let taint = self.expr(user);
                if let Some(at) = at {
                    self.expr(at);
                }
                if taint.counter {
                    let message = "this reads users by their number, and never all of them";
                    let found = Diagnostic::new(Code::W104, user.span, message);
                    self.findings.push(found.help("take an `Arr<UserId, N>` as an argument, padded with `NOBODY`"));
                }
                let own = matches!(user.kind, ExprKind::Context(Context::User));
                Taint { fixed: at.is_some() || own, ..Taint::default() }
            }
            ExprKind::Read { instance, contract, field, what } => {
                self.read(instance, *contract, *field, what, expr.span)
            }
            ExprKind::Require { test, .. } => {
                let taint = self.expr(test);
                self.decides(test, taint);
                self.deadline(test);
                Taint::default()
            }
            ExprKind::Change { what, .. } => {
                match what {
                    Change::Set { key, value } => drop(self.both(key, value)),
                    Change::AddTo { key, by } => drop(self.both(key, by)),
                    Change::Add(value) | Change::SetOnce(value) | Change::Push(value) => drop(self.expr(value)),
                }
                Taint::default()
            }
            ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Context(_) | ExprKind::Nothing => {
                Taint::default()
            }
        }
    }

    fn read(&mut self, instance: &Instance, contract: ContractRef, field: usize, what: &Read, span: Span) -> Taint {
        match what {
            Read::Entry(key) | Read::Has(key) | Read::At(key) => drop(self.expr(key)),
            Read::Value(path) => {
                for step in path {
                    if let super::hir::Step::Index(index) = step {
                        self.expr(index);
                    }
                }
            }
            Read::Grown | Read::Once | Read::IsSet | Read::Length => {}
        }
        let decl = &self.program.contract(contract).fields[field];
        let reported = contract == self.contract && self.timed.contains(&field) && *decl.kind.value() != Ty::Bool;
        let mut taint = Taint { reported, ..Taint::default() };
        if let Instance::Frozen(view) = instance {
            let fixed = self.expr(view).fixed;
            // A key that is there stays there.
            if !decl.kind.is_stable() && !fixed && !matches!(what, Read::Has(_)) {
                taint.foreign = Some(span);
            }
        }
        taint
    }

    /// W102: an upper bound on the time, checked by who acts.
    fn deadline(&mut self, test: &Expr) {
        let ExprKind::Binary(op, a, b) = &test.kind else { return };
        match op {
            BinaryOp::And => {
                self.deadline(a);
                self.deadline(b);
            }
            BinaryOp::Less | BinaryOp::LessEqual if is_time(a) => self.late(test.span),
            BinaryOp::Greater | BinaryOp::GreaterEqual if is_time(b) => self.late(test.span),
            _ => {}
        }
    }

    fn late(&mut self, span: Span) {
        let message = "this bound can be passed late, from a session that starts at an old checkpoint";
        let found = Diagnostic::new(Code::W102, span, message);
        self.findings.push(found.help("let the reader check: `C.at(user, deadline)` shows what was there in time"));
    }
}
