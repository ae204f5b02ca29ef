//! Resolves the names of method bodies and types their expressions. What comes out is [`super::hir`].
//!
//! | file | checks |
//! | --- | --- |
//! | this one | methods and statements |
//! | [`expr`] | expressions and places |
//! | [`order`] | values whose order matters |
//! | [`call`] | built-in functions, storage, other contracts |
//! | [`alias`] | second names for what changes |
//! | [`other`] | calls with results, and the own state in other contracts |

mod alias;
mod call;
mod expr;
mod order;
mod other;

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{self, BinaryOp, Name};
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::hir::{Expr, ExprKind, LocalId, Method, Place, Root, Stmt, StmtKind};
use super::program::{MethodDecl, Program, Reach, Symbol};
use super::source::{FileId, Span};
use super::types::{ContractRef, Ty};

/// What may be done with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    /// `let`: all.
    Variable,
    /// `const`: its parts may change.
    Constant,
    /// A struct or array that would be an alias in JavaScript: nothing.
    Frozen,
}

/// What a method does, beside giving a value.
#[derive(Clone, Debug, Default)]
struct Effects {
    /// Where it first changes something.
    changes: Option<Span>,
    /// Methods of the contract that it calls, each with the first place.
    calls: BTreeMap<usize, Span>,
}

/// The checked bodies of a contract.
pub(crate) type Bodies = Vec<Option<Method>>;

/// Checks all methods of a contract. Nothing where a body is wrong.
pub(crate) fn check(
    program: &Program,
    file: FileId,
    class: &ast::Class,
    contract: ContractRef,
    findings: &mut Findings,
) -> Bodies {
    let decls = &program.contract(contract).methods;
    let mut bodies = Vec::with_capacity(decls.len());
    let mut effects = Vec::with_capacity(decls.len());
    for decl in decls {
        // The declaration was made from this method, so it is there.
        let source = class.methods.iter().find(|method| method.name.span == decl.name.span);
        let mut body = Body {
            program,
            file,
            contract,
            decl,
            findings: &mut *findings,
            locals: Vec::new(),
            scopes: vec![Vec::new()],
            effects: Effects::default(),
            errors: false,
        };
        let method = source.and_then(|source| body.method(source));
        effects.push(body.effects);
        bodies.push(method);
    }
    recursion(decls, &effects, &mut bodies, findings);
    views(decls, &effects, findings);
    alias::check(decls, &bodies, findings);
    bodies
}

/// Refuses methods that call themselves, and removes their bodies, so that nobody inlines them.
fn recursion(decls: &[MethodDecl], effects: &[Effects], bodies: &mut Bodies, findings: &mut Findings) {
    for (start, decl) in decls.iter().enumerate() {
        let reached = reachable(start, effects);
        if reached.contains(&start) {
            let message = format!("{} calls itself", decl.name.text);
            let mut found = Diagnostic::new(Code::E0310, decl.name.span, message);
            if let Some((_, span)) = effects[start]
                .calls
                .iter()
                .find(|(next, _)| **next == start || reachable(**next, effects).contains(&start))
            {
                found = found.and(*span, "by way of this call");
            }
            findings.push(found.help("methods are inlined into each other; use a loop with a constant bound"));
            bodies[start] = None;
        }
    }
}

fn reachable(start: usize, effects: &[Effects]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<usize> = effects[start].calls.keys().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(effects[next].calls.keys());
        }
    }
    reached
}

fn views(decls: &[MethodDecl], effects: &[Effects], findings: &mut Findings) {
    for (at, decl) in decls.iter().enumerate().filter(|(_, decl)| decl.reach == Reach::View) {
        if let Some(span) = effects[at].changes {
            let found =
                Diagnostic::new(Code::E0315, span, format!("the view {} changes something here", decl.name.text));
            findings.push(found.help("mark the method `@call`"));
        }
        for (&next, &span) in &effects[at].calls {
            let deeper = reachable(next, effects).into_iter().chain([next]);
            if let Some(change) = deeper.filter_map(|method| effects[method].changes).next() {
                let message = format!("the view {} calls a method that changes something", decl.name.text);
                let found = Diagnostic::new(Code::E0315, span, message).and(change, "changed here");
                findings.push(found.help("mark the method `@call`"));
            }
        }
    }
}

/// One method under check.
struct Body<'a> {
    program: &'a Program,
    file: FileId,
    contract: ContractRef,
    decl: &'a MethodDecl,
    findings: &'a mut Findings,
    locals: Vec<Ty>,
    scopes: Vec<Vec<(String, LocalId, Binding)>>,
    effects: Effects,
    errors: bool,
}

type Checked<T> = Option<T>;

impl Body<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.errors = true;
        self.findings.push(diagnostic);
    }

    fn refuse<T>(&mut self, code: Code, span: Span, message: impl Into<String>) -> Checked<T> {
        self.report(Diagnostic::new(code, span, message));
        None
    }

    fn refuse_with<T>(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Checked<T> {
        self.report(Diagnostic::new(code, span, message).help(help));
        None
    }

    fn show(&self, ty: &Ty) -> String {
        self.program.show(ty)
    }

    fn symbol(&self, name: &str) -> Option<Symbol> {
        self.program.scopes[usize::from(self.file.0)].get(name).copied()
    }

    /// Remembers that the method changes something.
    fn changes(&mut self, span: Span) {
        self.effects.changes.get_or_insert(span);
    }

    fn method(&mut self, source: &ast::Method) -> Checked<Method> {
        for (name, ty) in &self.decl.parameters {
            let binding = if ty.is_compound() { Binding::Frozen } else { Binding::Variable };
            self.declare(name, ty.clone(), binding);
        }
        let body = self.block(&source.body);
        if self.decl.result != Ty::Void && !returns(&source.body) {
            let found = Diagnostic::new(Code::E0309, self.decl.name.span, "not every path returns a value");
            let help = format!("end with `return …;` of type {}", self.show(&self.decl.result));
            self.report(found.help(help));
        }
        let locals = std::mem::take(&mut self.locals);
        (!self.errors).then_some(Method { locals, body })
    }

    fn declare(&mut self, name: &Name, ty: Ty, binding: Binding) -> LocalId {
        let taken = self.scopes.iter().flatten().any(|(known, ..)| *known == name.text);
        if taken || super::builtins::is_taken(&name.text) || self.symbol(&name.text).is_some() {
            let found = Diagnostic::new(Code::E0302, name.span, format!("the name {} is taken", name.text));
            let help = match super::builtins::is_taken(&name.text) {
                true => "the language comes with this name: choose another",
                false => "one name means one thing inside a method: choose another",
            };
            self.report(found.help(help));
        } else if !crate::names::is_name(&name.text) {
            let message = format!("the name {} has other signs than letters, digits and _", name.text);
            self.report(Diagnostic::new(Code::E0404, name.span, message));
        }
        self.locals.push(ty);
        let id = LocalId(self.locals.len() - 1);
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name.text.clone(), id, binding));
        }
        id
    }

    fn local(&self, name: &str) -> Option<(LocalId, Binding)> {
        let found = self.scopes.iter().rev().flatten().find(|(known, ..)| known == name);
        found.map(|&(_, id, binding)| (id, binding))
    }

    fn block(&mut self, statements: &[ast::Stmt]) -> Vec<Stmt> {
        self.scopes.push(Vec::new());
        let checked = statements.iter().filter_map(|statement| self.statement(statement)).collect();
        self.scopes.pop();
        checked
    }

    fn statement(&mut self, statement: &ast::Stmt) -> Checked<Stmt> {
        let kind = match &statement.kind {
            ast::StmtKind::Let { mutable, name, annotation, init } => {
                self.variable(*mutable, name, annotation, init)?
            }
            ast::StmtKind::Expr(expression) => self.expression(expression)?,
            ast::StmtKind::If { test, then, otherwise } => {
                let test = self.typed(test, &Ty::Bool);
                let (then, otherwise) = (self.block(then), self.block(otherwise));
                StmtKind::If { test: test?, then, otherwise }
            }
            ast::StmtKind::For { variable, annotation, from, test, update, body } => {
                self.count(variable, annotation, from, test, update, body)?
            }
            ast::StmtKind::ForOf { variable, list, body } => {
                let list = self.expr(list, None);
                let element = match list.as_ref().map(|list| &list.ty) {
                    Some(Ty::Arr(element, _)) => (**element).clone(),
                    Some(other) => {
                        let message = format!("{} is no array", self.show(other));
                        let span = list.as_ref().map_or(statement.span, |list| list.span);
                        return self.refuse_with(Code::E0208, span, message, "loop over an `Arr<T, N>`");
                    }
                    None => return None,
                };
                self.scopes.push(Vec::new());
                let variable = self.declare(variable, element, Binding::Frozen);
                let body = self.block(body);
                self.scopes.pop();
                StmtKind::Each { variable, list: list?, body }
            }
            ast::StmtKind::Return(value) => {
                let wanted = self.decl.result.clone();
                match (value, wanted) {
                    (None, Ty::Void) => StmtKind::Return(None),
                    (None, wanted) => {
                        let message = format!("a value of type {} is returned here", self.show(&wanted));
                        return self.refuse(Code::E0309, statement.span, message);
                    }
                    (Some(value), Ty::Void) => {
                        let message = format!("{} gives nothing", self.decl.name.text);
                        return self.refuse_with(
                            Code::E0303,
                            value.span,
                            message,
                            "name the result type of the method",
                        );
                    }
                    (Some(value), wanted) => StmtKind::Return(Some(self.typed(value, &wanted)?)),
                }
            }
            ast::StmtKind::Block(body) => StmtKind::Block(self.block(body)),
        };
        Some(Stmt { kind, span: statement.span })
    }

    fn variable(
        &mut self,
        mutable: bool,
        name: &Name,
        annotation: &Option<ast::TypeExpr>,
        init: &ast::Expr,
    ) -> Checked<StmtKind> {
        let wanted = match annotation {
            Some(annotation) => match super::declare::resolve_type(self.program, self.file, annotation) {
                Ok(ty) => Some(ty),
                Err(found) => {
                    self.report(found);
                    None
                }
            },
            None => None,
        };
        let value = match &wanted {
            Some(wanted) => self.typed(init, wanted),
            None if annotation.is_none() => self.expr(init, None),
            None => None,
        };
        let value = value.and_then(|value| self.is_value(value)).and_then(|value| self.owned(value));
        if let Some(Ty::View(_)) = value.as_ref().map(|value| &value.ty)
            && mutable
        {
            return self.refuse_with(Code::E0303, name.span, "a view does not change", "use `const`");
        }
        // A name whose value is wrong is known all the same, so that its uses are not wrong again.
        let ty = wanted.or_else(|| value.as_ref().map(|value| value.ty.clone()));
        let Some(ty) = ty else {
            self.forget(name);
            return None;
        };
        let local = self.declare(name, ty, if mutable { Binding::Variable } else { Binding::Constant });
        Some(StmtKind::Let(local, value?))
    }

    /// Declares a name whose type is not known: nothing is said of it, since something was said of its value.
    fn forget(&mut self, name: &Name) {
        self.declare(name, Ty::Void, Binding::Variable);
    }

    /// Refuses what gives nothing.
    fn is_value(&mut self, value: Expr) -> Checked<Expr> {
        if value.ty != Ty::Void {
            return Some(value);
        }
        if let ExprKind::Defer { .. } = value.kind {
            let help = "a deferred call runs after this one; nothing of it can be known here";
            return self.refuse_with(Code::E0325, value.span, "a deferred call gives nothing", help);
        }
        if let ExprKind::Local(_) = value.kind {
            return None; // its declaration was refused
        }
        self.refuse(Code::E0314, value.span, "this gives nothing")
    }

    /// Refuses a second name for a struct or an array.
    fn owned(&mut self, value: Expr) -> Checked<Expr> {
        if value.ty.is_compound() && is_place(&value) {
            let found = Diagnostic::new(Code::E0313, value.span, "this would be a second name for the same thing");
            self.report(found.label("a struct or an array").help("write `copy(…)` for a copy of its own"));
            return None;
        }
        Some(value)
    }

    fn expression(&mut self, expression: &ast::Expr) -> Checked<StmtKind> {
        if let ast::ExprKind::Assign(op, target, value) = &expression.kind {
            return self.assignment(*op, target, value, expression.span);
        }
        let value = self.expr(expression, None)?;
        let acts = matches!(value.kind, ExprKind::Inline(..) | ExprKind::Called { .. }) || value.ty == Ty::Void;
        if !acts {
            let found = Diagnostic::new(Code::E0201, value.span, "this computes something and does nothing with it");
            self.report(found.help("assign it, return it or remove it"));
            return None;
        }
        Some(StmtKind::Expr(value))
    }

    fn assignment(
        &mut self,
        op: Option<BinaryOp>,
        target: &ast::Expr,
        value: &ast::Expr,
        span: Span,
    ) -> Checked<StmtKind> {
        let place = self.place(target);
        let Some(place) = place else {
            // Say what is wrong with the value as well, but not that its type is unclear.
            if !expr::is_literal(value) {
                self.expr(value, None);
            }
            return None;
        };
        if let Root::Field(_) = place.root {
            self.changes(span);
        }
        let Some(op) = op else {
            let value = self.typed(value, &place.ty).and_then(|value| self.owned(value))?;
            return Some(StmtKind::Assign { place, op: None, value });
        };
        self.arithmetic(op, &place.ty, span)?;
        let value = self.typed(value, &place.ty)?;
        Some(StmtKind::Assign { place, op: Some(op), value })
    }

    /// A loop that counts up by a constant from a constant to a constant.
    fn count(
        &mut self,
        variable: &Name,
        annotation: &Option<ast::TypeExpr>,
        from: &ast::Expr,
        test: &ast::Expr,
        update: &ast::Expr,
        body: &[ast::Stmt],
    ) -> Checked<StmtKind> {
        let ty = match annotation {
            None => Ty::U32,
            Some(annotation) => match super::declare::resolve_type(self.program, self.file, annotation) {
                Ok(ty) if ty.is_integer() => ty,
                Ok(_) => return self.refuse(Code::E0208, annotation.span, "a loop counts in u8, u32 or u64"),
                Err(found) => {
                    self.report(found);
                    return None;
                }
            },
        };
        const SHAPE: &str = "write `for (let i = 0; i < 8; i++)` with constants";
        let is_variable = |expr: &ast::Expr| matches!(&expr.kind, ast::ExprKind::Name(name) if *name == variable.text);
        let Some(first) = self.constant(from) else {
            return self.refuse_with(Code::E0208, from.span, "the first value of a loop is a constant", SHAPE);
        };
        let (bound, inclusive) = match &test.kind {
            ast::ExprKind::Binary(BinaryOp::Less, left, right) if is_variable(left) => (right, false),
            ast::ExprKind::Binary(BinaryOp::LessEqual, left, right) if is_variable(left) => (right, true),
            _ => return self.refuse_with(Code::E0208, test.span, "the bound of a loop is a constant", SHAPE),
        };
        let Some(bound) = self.constant(bound) else {
            return self.refuse_with(Code::E0208, bound.span, "the bound of a loop is a constant", SHAPE);
        };
        let step = match &update.kind {
            ast::ExprKind::Assign(Some(BinaryOp::Add), target, by) if is_variable(target) => {
                self.constant(by).filter(|&by| by > 0)
            }
            _ => None,
        };
        let Some(step) = step else {
            return self.refuse_with(Code::E0208, update.span, "a loop counts up by a constant", SHAPE);
        };
        let end = if inclusive { bound.saturating_add(1) } else { bound };
        if first < end && end - 1 > ty.max() {
            let message = format!("{} is no {}", end - 1, self.show(&ty));
            return self.refuse(Code::E0311, test.span, message);
        }
        self.scopes.push(Vec::new());
        let variable = self.declare(variable, ty, Binding::Frozen);
        let body = self.block(body);
        self.scopes.pop();
        Some(StmtKind::Count { variable, values: first..end, step, body })
    }

    /// The value of a constant that stands in the source: a literal, a constant of a contract, a length.
    fn constant(&mut self, expr: &ast::Expr) -> Option<u64> {
        if let ast::ExprKind::Member(object, name) = &expr.kind
            && name.text == "length"
            && let ast::ExprKind::Name(list) = &object.kind
            && let Some((local, _)) = self.local(list)
            && let Ty::Arr(_, length) = self.locals[local.0]
        {
            return Some(length.into());
        }
        super::declare::constant_value(self.program, self.file, expr)
    }
}

/// Does a second name for this stand for something that the first still names?
fn is_place(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Local(_) => true,
        ExprKind::Field(inner, _) | ExprKind::Index(inner, _) => is_place(inner),
        ExprKind::Read { what, .. } => matches!(what, super::hir::Read::Value(_)),
        ExprKind::Conditional(_, a, b) => is_place(a) || is_place(b),
        _ => false,
    }
}

/// Does a block always return?
fn returns(statements: &[ast::Stmt]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        ast::StmtKind::Return(_) => true,
        ast::StmtKind::If { then, otherwise, .. } => returns(then) && returns(otherwise),
        ast::StmtKind::Block(body) => returns(body),
        _ => false,
    })
}

/// A place with nothing behind its root.
fn root(root: Root, ty: Ty) -> Place {
    Place { root, path: Vec::new(), ty }
}
