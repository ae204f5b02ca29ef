//! Refuses second names for a struct or an array of the own state that is changed while the name is in use: in
//! JavaScript the change would be seen under both names, here values are never shared.
//!
//! ```text
//!   for (const x of this.list) { this.list[1] = 5; }     the list changes while it is walked
//!   this.rename(this.entry)                              `rename` changes `entry` under its own parameter
//!   get(): Entry { return this.entry; }                  what a caller gets is the field itself
//!   this.entry.a = this.renew();                         `renew` assigns a new `entry`; the old one is meant
//!   this.list[this.renew()]                              `renew` assigns a new `list`; the old one is meant
//! ```
//! Variables need less: nobody but their own method can change them.

use std::collections::BTreeSet;

use crate::dapen::codes::Code;
use crate::dapen::diagnostic::{Diagnostic, Findings};
use crate::dapen::hir::{Change, Expr, ExprKind, Instance, LocalId, Method, Read, Root, Step, Stmt, StmtKind};
use crate::dapen::program::MethodDecl;
use crate::dapen::source::Span;

use super::Bodies;

/// Looks at all methods of a contract whose bodies are right and call nobody in a circle.
pub(super) fn check(decls: &[MethodDecl], bodies: &Bodies, findings: &mut Findings) {
    if bodies.iter().any(Option::is_none) {
        return;
    }
    let methods: Vec<&Method> = bodies.iter().flatten().collect();
    let own: Vec<Changes> = methods.iter().map(|method| Changes::of_block(&method.body)).collect();
    let called: BTreeSet<usize> = own.iter().flat_map(|changes| changes.calls.iter().copied()).collect();
    let all: Vec<Fields> = (0..own.len()).map(|at| fields_changed_from(at, &own)).collect();
    for (at, method) in methods.iter().enumerate() {
        let mut shared: BTreeSet<LocalId> = (0..decls[at].parameters.len()).map(LocalId).collect();
        let mut watch = Watch { fields: &all, shared: &mut shared, gives: called.contains(&at), findings };
        watch.block(&method.body);
    }
}

/// Fields that are changed.
#[derive(Debug, Default)]
struct Fields {
    changed: BTreeSet<usize>,
    /// Those where a struct or an array is another one afterwards.
    replaced: BTreeSet<usize>,
}

/// What some statements change themselves, and what they call.
#[derive(Debug, Default)]
struct Changes {
    fields: Fields,
    locals: BTreeSet<LocalId>,
    calls: BTreeSet<usize>,
}

impl Changes {
    fn of_block(body: &[Stmt]) -> Changes {
        let mut changes = Changes::default();
        changes.block(body);
        changes
    }

    fn block(&mut self, body: &[Stmt]) {
        for statement in body {
            if let StmtKind::Assign { place, .. } = &statement.kind {
                match place.root {
                    Root::Field(field) => {
                        self.fields.changed.insert(field);
                        if place.ty.is_compound() {
                            self.fields.replaced.insert(field);
                        }
                    }
                    Root::Local(local) => drop(self.locals.insert(local)),
                }
            }
            expressions(statement, &mut |expr| self.expr(expr));
            blocks(statement, &mut |block| self.block(block));
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Inline(method, _) = expr.kind {
            self.calls.insert(method);
        }
        children(expr, &mut |child| self.expr(child));
    }

    /// Do they, with everything that they call, change this? `fields` is what each method changes.
    fn reach(&self, root: &Root, fields: &[Fields]) -> bool {
        match root {
            Root::Local(local) => self.locals.contains(local),
            Root::Field(field) => {
                let changed = |fields: &Fields| fields.changed.contains(field);
                changed(&self.fields) || self.calls.iter().any(|&method| changed(&fields[method]))
            }
        }
    }
}

/// What a method and all that it calls change.
fn fields_changed_from(start: usize, own: &[Changes]) -> Fields {
    let (mut fields, mut seen, mut open) = (Fields::default(), BTreeSet::from([start]), vec![start]);
    while let Some(method) = open.pop() {
        fields.changed.extend(&own[method].fields.changed);
        fields.replaced.extend(&own[method].fields.replaced);
        open.extend(own[method].calls.iter().filter(|&&next| seen.insert(next)));
    }
    fields
}

/// Looks at one method.
struct Watch<'a> {
    /// What each method of the contract changes.
    fields: &'a [Fields],
    /// Variables that stand for something of the caller's, or for an element of a list.
    shared: &'a mut BTreeSet<LocalId>,
    /// Do other methods use its result?
    gives: bool,
    findings: &'a mut Findings,
}

impl Watch<'_> {
    fn block(&mut self, body: &[Stmt]) {
        for statement in body {
            expressions(statement, &mut |expr| self.expr(expr));
            match &statement.kind {
                StmtKind::Each { variable, list, body } => {
                    let changes = Changes::of_block(body);
                    if roots(list).iter().any(|root| changes.reach(root, self.fields)) {
                        self.refuse(list, "the list changes while it is walked");
                    }
                    if !roots(list).is_empty() {
                        self.shared.insert(*variable);
                    }
                }
                StmtKind::Return(Some(value)) if self.gives && value.ty.is_compound() => {
                    let alias = |root: &Root| match root {
                        Root::Field(_) => true,
                        Root::Local(local) => self.shared.contains(local),
                    };
                    if roots(value).iter().any(alias) {
                        self.refuse(value, "a method that uses this would have a second name for the same thing");
                    }
                }
                StmtKind::Assign { place, value, .. } if !place.path.is_empty() => {
                    self.in_part(&place.root, &place.path, Some(value), value.span);
                }
                _ => {}
            }
            blocks(statement, &mut |block| self.block(block));
        }
    }

    /// Refuses a part of a field that is replaced before the part is read or assigned: JavaScript takes the part of what
    /// the field was when the expression began. `value` is what is assigned.
    fn in_part(&mut self, root: &Root, path: &[Step], value: Option<&Expr>, span: Span) {
        let Root::Field(field) = root else { return };
        let mut meanwhile = Changes::default();
        steps(path, &mut |index| meanwhile.expr(index));
        value.into_iter().for_each(|value| meanwhile.expr(value));
        if meanwhile.calls.iter().any(|&method| self.fields[method].replaced.contains(field)) {
            let message = "a method that is called here replaces the struct or array of which a part is used";
            let found = Diagnostic::new(Code::E0313, span, message);
            self.findings.push(found.help("call the method before, and keep its result in a variable"));
        }
    }

    /// Refuses operands that stand for a field which the rest of the expression changes.
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Read { instance: Instance::Own, field, what: Read::Value(path), .. } = &expr.kind {
            self.in_part(&Root::Field(*field), path, None, expr.span);
        }
        let mut operands: Vec<&Expr> = Vec::new();
        children(expr, &mut |child| operands.push(child));
        for (at, operand) in operands.iter().enumerate() {
            let roots = if operand.ty.is_compound() { roots(operand) } else { Vec::new() };
            if roots.is_empty() {
                continue;
            }
            // Operands are no statements, so they change nothing but by what they call.
            let mut later = Changes::default();
            if let ExprKind::Inline(method, _) = expr.kind {
                later.calls.insert(method);
            }
            operands.iter().skip(at + 1).for_each(|other| later.expr(other));
            if roots.iter().any(|root| later.reach(root, self.fields)) {
                self.refuse(operand, "this changes while it is in use here under another name");
            }
        }
        for operand in operands {
            self.expr(operand);
        }
    }

    fn refuse(&mut self, value: &Expr, message: &str) {
        let found = Diagnostic::new(Code::E0313, value.span, message);
        self.findings.push(found.label("a struct or an array").help("write `copy(…)` for a copy of its own"));
    }
}

/// The variables and own fields that a value is, or is a part of; none when it is a value of its own.
fn roots(value: &Expr) -> Vec<Root> {
    match &value.kind {
        ExprKind::Local(local) => vec![Root::Local(*local)],
        ExprKind::Field(inner, _) | ExprKind::Index(inner, _) => roots(inner),
        ExprKind::Read { instance: Instance::Own, field, what: Read::Value(_), .. } => vec![Root::Field(*field)],
        ExprKind::Conditional(_, a, b) => roots(a).into_iter().chain(roots(b)).collect(),
        _ => Vec::new(),
    }
}

/// The expressions of a statement itself, not of the blocks in it.
fn expressions(statement: &Stmt, see: &mut dyn FnMut(&Expr)) {
    match &statement.kind {
        StmtKind::Let(_, value) | StmtKind::Expr(value) | StmtKind::Return(Some(value)) => see(value),
        StmtKind::Assign { place, value, .. } => {
            steps(&place.path, see);
            see(value);
        }
        StmtKind::If { test, .. } => see(test),
        StmtKind::Each { list, .. } => see(list),
        StmtKind::Count { .. } | StmtKind::Return(None) | StmtKind::Block(_) => {}
    }
}

/// The blocks of a statement.
fn blocks(statement: &Stmt, see: &mut dyn FnMut(&[Stmt])) {
    match &statement.kind {
        StmtKind::If { then, otherwise, .. } => {
            see(then);
            see(otherwise);
        }
        StmtKind::Count { body, .. } | StmtKind::Each { body, .. } | StmtKind::Block(body) => see(body),
        StmtKind::Let(..) | StmtKind::Expr(_) | StmtKind::Return(_) | StmtKind::Assign { .. } => {}
    }
}

fn steps<'e>(path: &'e [Step], see: &mut dyn FnMut(&'e Expr)) {
    for step in path {
        if let Step::Index(index) = step {
            see(index);
        }
    }
}

/// The operands of an expression, in the order in which they are computed.
fn children<'e>(expr: &'e Expr, see: &mut dyn FnMut(&'e Expr)) {
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Local(_)
        | ExprKind::Context(_)
        | ExprKind::Mine(_)
        | ExprKind::Nothing => {}
        ExprKind::Binary(_, a, b) | ExprKind::Same(a, b) | ExprKind::Index(a, b) => {
            see(a);
            see(b);
        }
        ExprKind::Not(inner)
        | ExprKind::Convert(inner)
        | ExprKind::Fill(inner)
        | ExprKind::Field(inner, _)
        | ExprKind::IsUser(inner)
        | ExprKind::TimeAt(inner)
        | ExprKind::Require { test: inner, .. }
        | ExprKind::Balance { amount: inner, .. } => see(inner),
        ExprKind::Conditional(test, a, b) => {
            see(test);
            see(a);
            see(b);
        }
        ExprKind::Parts(list)
        | ExprKind::Hash(list)
        | ExprKind::Inline(_, list)
        | ExprKind::Emit { fields: list, .. }
        | ExprKind::Called { arguments: list, .. }
        | ExprKind::Defer { arguments: list, .. } => list.iter().for_each(see),
        ExprKind::View { user, at, .. } => {
            see(user);
            at.iter().for_each(|at| see(at));
        }
        ExprKind::Read { instance, what, .. } => {
            if let Instance::Frozen(view) = instance {
                see(view);
            }
            match what {
                Read::Value(path) => steps(path, see),
                Read::Entry(key) | Read::Has(key) | Read::At(key) => see(key),
                Read::Grown | Read::Once | Read::IsSet | Read::Length => {}
            }
        }
        ExprKind::Change { what, .. } => match what {
            Change::Set { key: a, value: b } | Change::AddTo { key: a, by: b } => {
                see(a);
                see(b);
            }
            Change::Add(value) | Change::SetOnce(value) | Change::Push(value) => see(value),
        },
    }
}
