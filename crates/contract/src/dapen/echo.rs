//! W105: a result that comes of `mine()`, which a contract that calls the method inline may have written.
//!
//! Follows what `mine()` shows through variables, own fields, arguments and branches to what the method returns. What a
//! `require` looks at decides whether the call succeeds, and not what it gives.

use std::collections::BTreeMap;

use super::ast::BinaryOp;
use super::check::Bodies;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::hir::{Change, Expr, ExprKind, Instance, Method, Read, Root, Step, Stmt, StmtKind};
use super::program::{MethodDecl, Program, Reach};
use super::source::Span;
use super::types::{ContractRef, Ty};

/// Warns of methods of a contract that others may call for such a result.
pub(super) fn echoes(program: &Program, contract: ContractRef, bodies: &Bodies, findings: &mut Findings) {
    let mut known = Helpers::new();
    let gives = |decl: &MethodDecl| decl.reach != Reach::Private && decl.result != Ty::Void;
    for (decl, body) in program.contract(contract).methods.iter().zip(bodies).filter(|(decl, _)| gives(decl)) {
        let Some(read) = body.as_ref().and_then(|body| flow(bodies, &mut known, body, 0).result) else { continue };
        let message = format!("what {} gives comes of what its caller may just have written", decl.name.text);
        let found = Diagnostic::new(Code::W105, read, message).and(decl.name.span, "a contract can call this inline");
        findings.push(found.help("give what comes of `this`, of arguments or of checkpoints, or nothing"));
    }
}

/// What is known of helpers; each is looked at once.
type Helpers = BTreeMap<usize, Helper>;

/// What a helper takes from `mine()` itself, and from the own fields of its caller.
#[derive(Clone, Copy, Debug, Default)]
struct Helper {
    /// Where `mine()` is read that its result, or what it writes, comes of.
    result: Option<Span>,
    fields: Option<Span>,
    /// Does it read own fields for more than a `require`, and does it write any?
    reads: bool,
    writes: bool,
}

/// Most blocks and expressions inside each other that are looked at, those of helpers included.
const MAX_DEPTH: usize = 400;
/// How often a method is gone through: what the end of a loop sets, its beginning may use.
const PASSES: usize = 4;

/// Where `mine()` is read that things of a method come of. No method calls itself.
fn flow<'a>(bodies: &'a Bodies, helpers: &'a mut Helpers, method: &Method, depth: usize) -> Flow<'a> {
    let locals = vec![None; method.locals.len()];
    let mut flow =
        Flow { bodies, helpers, depth, locals, fields: None, path: None, result: None, reads: false, writes: false };
    for _ in 0..PASSES {
        flow.path = None;
        flow.block(&method.body);
    }
    flow
}

/// Where the value of each thing comes of `mine()`.
struct Flow<'a> {
    bodies: &'a Bodies,
    helpers: &'a mut Helpers,
    depth: usize,
    locals: Vec<Option<Span>>,
    /// Of the own fields, all together.
    fields: Option<Span>,
    /// Of the branches that lead here.
    path: Option<Span>,
    result: Option<Span>,
    /// Were own fields read, or written?
    reads: bool,
    writes: bool,
}

impl Flow<'_> {
    fn block(&mut self, body: &[Stmt]) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        for statement in body {
            match &statement.kind {
                StmtKind::Let(local, init) => {
                    let from = self.expr(init);
                    self.set(local.0, from);
                }
                StmtKind::Assign { place, value, .. } => {
                    let index = place.path.iter().find_map(|step| match step {
                        Step::Index(index) => self.expr(index),
                        Step::Field(_) => None,
                    });
                    let from = self.expr(value).or(index);
                    match place.root {
                        Root::Local(local) => self.set(local.0, from),
                        Root::Field(_) => self.write(from),
                    }
                }
                StmtKind::Expr(expr) => drop(self.expr(expr)),
                StmtKind::If { test, then, otherwise } => {
                    let outer = self.path;
                    self.path = outer.or(self.expr(test));
                    self.block(then);
                    self.block(otherwise);
                    // What follows a return is a branch as well.
                    if !(returns(then) || returns(otherwise)) {
                        self.path = outer;
                    }
                }
                StmtKind::Count { body, .. } | StmtKind::Block(body) => self.block(body),
                StmtKind::Each { variable, list, body } => {
                    let from = self.expr(list);
                    self.set(variable.0, from);
                    self.block(body);
                }
                StmtKind::Return(value) => {
                    let from = value.as_ref().and_then(|value| self.expr(value));
                    self.result = self.result.or(from).or(self.path);
                }
            }
        }
        self.depth -= 1;
    }

    /// Adds to what a variable comes of; what it came of before stays.
    fn set(&mut self, local: usize, from: Option<Span>) {
        if let Some(slot) = self.locals.get_mut(local) {
            *slot = slot.or(from).or(self.path);
        }
    }

    /// Adds to what the own fields come of.
    fn write(&mut self, from: Option<Span>) {
        self.writes = true;
        self.fields = self.fields.or(from).or(self.path);
    }

    fn helper(&mut self, method: usize) -> Helper {
        if let Some(known) = self.helpers.get(&method) {
            return *known;
        }
        let bodies = self.bodies;
        let Some(body) = bodies.get(method).and_then(Option::as_ref) else { return Helper::default() };
        let Flow { result, fields, reads, writes, .. } = flow(bodies, self.helpers, body, self.depth);
        let known = Helper { result, fields, reads, writes };
        self.helpers.insert(method, known);
        known
    }

    /// An expression that is computed only where another one says so.
    fn perhaps(&mut self, test: Option<Span>, expr: &Expr) -> Option<Span> {
        let outer = self.path;
        self.path = outer.or(test);
        let from = self.expr(expr);
        self.path = outer;
        from
    }

    /// Looks at expressions for what they write; what they give goes nowhere.
    fn effects<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) {
        let reads = self.reads;
        self.any(list);
        self.reads = reads;
    }

    fn any<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) -> Option<Span> {
        list.into_iter().fold(None, |from, expr| {
            // Each is looked at, for what it writes.
            let this = self.expr(expr);
            from.or(this)
        })
    }

    fn expr(&mut self, expr: &Expr) -> Option<Span> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let from = self.source(expr);
        self.depth -= 1;
        from
    }

    fn source(&mut self, expr: &Expr) -> Option<Span> {
        match &expr.kind {
            ExprKind::Mine(_) => Some(expr.span),
            ExprKind::Local(local) => self.locals.get(local.0).copied().flatten(),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, a, b) => {
                let from = self.expr(a);
                let other = self.perhaps(from, b);
                from.or(other)
            }
            ExprKind::Binary(_, a, b) | ExprKind::Same(a, b) | ExprKind::Index(a, b) => self.any([&**a, &**b]),
            ExprKind::Conditional(test, a, b) => {
                let test = self.expr(test);
                let (a, b) = (self.perhaps(test, a), self.perhaps(test, b));
                test.or(a).or(b)
            }
            ExprKind::Not(inner)
            | ExprKind::Convert(inner)
            | ExprKind::Fill(inner)
            | ExprKind::Field(inner, _)
            | ExprKind::IsUser(inner)
            | ExprKind::TimeAt(inner) => self.expr(inner),
            ExprKind::Parts(list) | ExprKind::Hash(list) => self.any(list),
            ExprKind::Called { arguments, .. } => self.any(arguments),
            ExprKind::Inline(method, arguments) => {
                let given = self.any(arguments);
                // A helper is part of its caller: it may write fields, here where the path may come of `mine()`, and
                // give what it reads of fields that do.
                let helper = self.helper(*method);
                if helper.writes {
                    self.write(given.or(helper.fields));
                }
                self.reads |= helper.reads;
                given.or(helper.result).or(if helper.reads { self.fields } else { None })
            }
            ExprKind::View { user, at, .. } => self.any([Some(&**user), at.as_deref()].into_iter().flatten()),
            ExprKind::Read { instance, what, .. } => {
                let of = match instance {
                    Instance::Own => {
                        self.reads = true;
                        self.fields
                    }
                    Instance::Frozen(view) => self.expr(view),
                };
                let place = match what {
                    Read::Entry(key) | Read::At(key) | Read::Has(key) => self.expr(key),
                    Read::Value(path) => path.iter().find_map(|step| match step {
                        Step::Index(index) => self.expr(index),
                        Step::Field(_) => None,
                    }),
                    _ => None,
                };
                of.or(place)
            }
            ExprKind::Change { what, .. } => {
                let from = match what {
                    Change::Set { key, value } => self.any([&**key, &**value]),
                    Change::AddTo { key, by } => self.any([&**key, &**by]),
                    Change::Add(value) | Change::SetOnce(value) | Change::Push(value) => self.expr(value),
                };
                self.write(from);
                None
            }
            ExprKind::Require { test: inner, .. } | ExprKind::Balance { amount: inner, .. } => {
                self.effects([&**inner]);
                None
            }
            ExprKind::Emit { fields: list, .. } | ExprKind::Defer { arguments: list, .. } => {
                self.effects(list);
                None
            }
            ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Context(_) | ExprKind::Nothing => None,
        }
    }
}

fn returns(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match &statement.kind {
        StmtKind::Return(_) => true,
        StmtKind::If { then, otherwise, .. } => returns(then) || returns(otherwise),
        StmtKind::Count { body, .. } | StmtKind::Each { body, .. } | StmtKind::Block(body) => returns(body),
        _ => false,
    })
}
