//! Statements of a test.

use parth_crypto::Felt;

use super::value::Held;
use super::world::World;
use super::{Ran, Stop, Table, stop, stop_with};
use crate::dapen::ast::{self, BinaryOp, ExprKind, Name, StmtKind};
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::program::{Program, Symbol};
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};

/// Most statements and expressions that one test may take.
const MAX_STEPS: usize = 1 << 20;

/// A variable of a test.
struct Variable {
    name: String,
    mutable: bool,
    /// Nothing when what it should hold was refused.
    value: Option<Held>,
}

/// One test on its way.
pub(super) struct Runner<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) program: &'a Program,
    pub(super) world: World,
    /// What the test calls its world.
    world_name: String,
    variables: Vec<Variable>,
    /// The events of the last call: name and fields.
    pub(super) events: Vec<(String, Vec<Felt>)>,
    pub(super) calls: usize,
    steps: usize,
    /// Is the test only walked through, with zeros for what calls give?
    pub(super) dry: bool,
    /// What the walk found so far.
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(table: &'a Table<'a>, method: &ast::Method, seed: u64, dry: bool) -> Runner<'a> {
        let world_name = method.parameters.first().map_or_else(|| "w".to_owned(), |(name, _)| name.text.clone());
        Runner {
            table,
            program: &table.program,
            world: World::new(table.chain.clone(), seed),
            world_name,
            variables: Vec::new(),
            events: Vec::new(),
            calls: 0,
            steps: 0,
            dry,
            found: Vec::new(),
        }
    }

    /// Counts a step.
    pub(super) fn step(&mut self, span: Span) -> Ran<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return stop(Code::E0108, span, format!("the test takes more than {MAX_STEPS} steps"));
        }
        Ok(())
    }

    /// Runs statements in a scope of their own. A walk goes on after what is wrong, to find more.
    pub(super) fn body(&mut self, statements: &[ast::Stmt]) -> Ran<()> {
        let outside = self.variables.len();
        let ran = statements.iter().try_for_each(|statement| match self.statement(statement) {
            Err(Stop::Found(found)) if self.dry => {
                self.found.push(*found);
                Ok(())
            }
            Err(Stop::Known) if self.dry => Ok(()),
            other => other,
        });
        self.variables.truncate(outside);
        ran
    }

    fn statement(&mut self, statement: &ast::Stmt) -> Ran<()> {
        self.step(statement.span)?;
        match &statement.kind {
            StmtKind::Let { mutable, name, annotation, init } => {
                let value = match annotation {
                    Some(annotation) => self.ty(annotation).and_then(|ty| self.typed(init, &ty)),
                    None => self.value(init, None).and_then(|value| value.some(init.span)),
                };
                match value {
                    Ok(value) => self.declare(name, *mutable, Some(value)),
                    Err(stopped) => {
                        self.declare(name, *mutable, None)?;
                        Err(stopped)
                    }
                }
            }
            StmtKind::Expr(expr) => self.act(expr),
            StmtKind::Block(body) => self.body(body),
            StmtKind::If { test, then, otherwise } => {
                let holds = self.truth(test);
                if self.dry {
                    self.body(then)?;
                    self.body(otherwise)?;
                    return holds.map(drop);
                }
                if holds? { self.body(then) } else { self.body(otherwise) }
            }
            StmtKind::For { variable, annotation, from, test, update, body } => {
                let ty = match annotation {
                    Some(annotation) => self.ty(annotation)?,
                    None => Ty::U32,
                };
                let first = self.typed(from, &ty)?;
                let outside = self.variables.len();
                self.declare(variable, true, Some(first))?;
                let mut ran = Ok(());
                while ran.is_ok() {
                    match self.truth(test) {
                        Ok(true) => {}
                        Ok(false) if self.dry => {}
                        Ok(false) => break,
                        Err(stopped) => {
                            ran = Err(stopped);
                            break;
                        }
                    }
                    ran = self.step(statement.span).and_then(|()| self.body(body)).and_then(|()| self.act(update));
                    if self.dry {
                        break;
                    }
                }
                self.variables.truncate(outside);
                ran
            }
            StmtKind::ForOf { variable, list, body } => {
                let whole = self.value(list, None)?;
                let Some(Ty::Arr(element, _)) = whole.ty else {
                    return stop_with(Code::E0208, list.span, "this is no array", "loop over an `Arr<T, N>`");
                };
                let width = self.program.felts(&element).max(1);
                let rounds = if self.dry { 1 } else { usize::MAX };
                let outside = self.variables.len();
                for felts in whole.felts.chunks(width).take(rounds) {
                    let value = Held { felts: felts.to_vec(), ty: Some((*element).clone()) };
                    let ran = self.declare(variable, false, Some(value)).and_then(|()| self.body(body));
                    self.variables.truncate(outside);
                    ran?;
                }
                Ok(())
            }
            StmtKind::Return(_) => {
                let help = "put what follows into the other branch of an `if`";
                stop_with(Code::E0201, statement.span, "a test runs to its end", help)
            }
        }
    }

    /// A statement that is an expression.
    fn act(&mut self, expr: &ast::Expr) -> Ran<()> {
        if let ExprKind::Assign(op, target, value) = &expr.kind {
            return self.assign(*op, target, value, expr.span);
        }
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else {
            return stop(Code::E0201, expr.span, "this does nothing in a test");
        };
        match &callee.kind {
            ExprKind::Name(name) if name == "expect" => self.expect(arguments, expr.span),
            ExprKind::Name(name) if name == "require" => self.require(arguments, expr.span),
            ExprKind::Name(name) if name == "log" => arguments.iter().skip(1).try_for_each(|argument| {
                self.value(argument, Some(&Ty::U64))?;
                Ok(())
            }),
            ExprKind::Member(object, verb) if self.is_world(object) => self.verb(verb, arguments, expr.span),
            _ => self.outcome(expr).map(drop),
        }
    }

    fn expect(&mut self, arguments: &[ast::Expr], span: Span) -> Ran<()> {
        let [actual, expected] = arguments else {
            return stop_with(Code::E0307, span, "expect takes two values", "write `expect(actual, expected);`");
        };
        let (left, right) = self.same_type(actual, expected, None)?;
        if left.felts != right.felts && !self.dry {
            let (left, right) = (self.show(&left), self.show(&right));
            let found = Diagnostic::new(Code::E3001, span, format!("expected {right}, got {left}"));
            return Err(found.and(actual.span, format!("is {left}")).into());
        }
        Ok(())
    }

    fn require(&mut self, arguments: &[ast::Expr], span: Span) -> Ran<()> {
        let [test, message] = arguments else {
            return stop(Code::E0307, span, "require takes a condition and a message");
        };
        let ExprKind::Text(message) = &message.kind else {
            return stop(Code::E0303, message.span, "the message is a text in quotes");
        };
        if self.truth(test)? || self.dry {
            return Ok(());
        }
        stop(Code::E3001, span, format!("require failed: {message}"))
    }

    /// `w.verb(…);`
    fn verb(&mut self, verb: &Name, arguments: &[ast::Expr], span: Span) -> Ran<()> {
        match (verb.text.as_str(), arguments) {
            ("as", [user]) => {
                self.world.user = Some(self.user_of(user)?);
                Ok(())
            }
            ("checkpoint", []) if self.dry => Ok(()),
            ("checkpoint", []) => self.world.checkpoint(span),
            ("anchor", [back]) => {
                let back = self.number(back, &Ty::U32)?;
                if self.dry { Ok(()) } else { self.world.anchor(back, span) }
            }
            ("fails", [message, call]) => self.fails(message, call),
            ("emits", [event, fields]) => self.emits(event, fields, span),
            ("user", _) => self.new_user(arguments, span).map(drop),
            ("as" | "checkpoint" | "anchor" | "fails" | "emits", given) => stop_with(
                Code::E0307,
                span,
                format!("{} takes other arguments than {} values", verb.text, given.len()),
                VERBS,
            ),
            _ => stop_with(Code::E0306, verb.span, format!("a world has no {}", verb.text), VERBS),
        }
    }

    fn assign(&mut self, op: Option<BinaryOp>, target: &ast::Expr, value: &ast::Expr, span: Span) -> Ran<()> {
        let (at, range, ty) = self.place(target)?;
        let new = match op {
            None => self.typed_or_free(value, ty.as_ref())?,
            Some(op) => {
                let old = Held { felts: self.felts_at(at, range.clone()), ty: ty.clone() };
                let by = self.typed_or_free(value, ty.as_ref())?;
                self.compute(op, old, by, span)?
            }
        };
        if let Some(felts) = self.variables[at].value.as_mut().and_then(|held| held.felts.get_mut(range))
            && felts.len() == new.felts.len()
        {
            felts.copy_from_slice(&new.felts);
        }
        Ok(())
    }

    fn felts_at(&self, at: usize, range: std::ops::Range<usize>) -> Vec<Felt> {
        let held = self.variables[at].value.as_ref();
        held.and_then(|held| held.felts.get(range)).unwrap_or_default().to_vec()
    }

    /// Where in which variable a target stands, and its type.
    fn place(&mut self, target: &ast::Expr) -> Ran<(usize, std::ops::Range<usize>, Option<Ty>)> {
        match &target.kind {
            ExprKind::Name(name) => {
                let Some(at) = self.variables.iter().position(|known| known.name == *name) else {
                    return stop(Code::E0301, target.span, format!("there is no variable {name}"));
                };
                let Some(value) = &self.variables[at].value else { return Err(Stop::Known) };
                if !self.variables[at].mutable {
                    let message = format!("{name} cannot be assigned to");
                    return stop_with(Code::E0308, target.span, message, "declare it with `let`");
                }
                Ok((at, 0..value.felts.len(), value.ty.clone()))
            }
            ExprKind::Member(object, name) => {
                let (at, range, ty) = self.place(object)?;
                let Some(Ty::Struct(id)) = ty else {
                    return stop(Code::E0306, name.span, format!("there is no member {}", name.text));
                };
                let Some((skip, ty)) = self.field_in(id, &name.text) else {
                    return stop(Code::E0306, name.span, format!("there is no field {}", name.text));
                };
                let start = range.start + skip;
                Ok((at, start..start + self.program.felts(&ty), Some(ty)))
            }
            ExprKind::Index(list, index) => {
                let (at, range, ty) = self.place(list)?;
                let Some(Ty::Arr(element, length)) = ty else {
                    return stop(Code::E0306, list.span, "this is no array");
                };
                let index = self.index(index, length)?;
                let width = self.program.felts(&element);
                let start = range.start + index * width;
                Ok((at, start..start + width, Some(*element)))
            }
            _ => {
                let help = "assign to a variable or a part of one; the state of users changes by calls";
                stop_with(Code::E0308, target.span, "this cannot be assigned to", help)
            }
        }
    }

    fn declare(&mut self, name: &Name, mutable: bool, value: Option<Held>) -> Ran<()> {
        let taken = self.variables.iter().any(|known| known.name == name.text) || name.text == self.world_name;
        self.variables.push(Variable { name: name.text.clone(), mutable, value });
        if taken || crate::dapen::builtins::is_taken(&name.text) || self.symbol(&name.text).is_some() {
            return stop(Code::E0302, name.span, format!("the name {} is taken", name.text));
        }
        Ok(())
    }

    pub(super) fn variable(&self, name: &str, span: Span) -> Ran<Held> {
        match self.variables.iter().find(|known| known.name == name) {
            Some(Variable { value: Some(value), .. }) => Ok(value.clone()),
            Some(_) => Err(Stop::Known),
            None => stop(Code::E0301, span, format!("there is no variable {name}")),
        }
    }

    pub(super) fn is_world(&self, object: &ast::Expr) -> bool {
        matches!(&object.kind, ExprKind::Name(name) if *name == self.world_name)
    }

    pub(super) fn symbol(&self, name: &str) -> Option<Symbol> {
        self.program.scopes[usize::from(self.table.file.0)].get(name).copied()
    }

    pub(super) fn contract(&self, name: &str) -> Option<ContractRef> {
        match self.symbol(name) {
            Some(Symbol::Contract(contract)) => Some(contract),
            _ => None,
        }
    }

    fn ty(&self, annotation: &ast::TypeExpr) -> Ran<Ty> {
        let ty = crate::dapen::declare::resolve_type(self.program, self.table.file, annotation)?;
        if self.program.felts(&ty) > crate::dapen::types::MAX_FELTS {
            return stop(Code::E0403, annotation.span, "a value of this type is too large");
        }
        Ok(ty)
    }
}

/// What a world has.
pub(super) const VERBS: &str = "there are w.user(name), w.as(user), w.checkpoint(), w.anchor(back), \
    w.fails(message, call), w.emits(Event, { … }), w.random(below) and w.newest()";
