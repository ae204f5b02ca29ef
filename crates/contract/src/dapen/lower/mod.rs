//! Checked code to operations: methods inlined, loops unrolled, branches turned into conditions.
//!
//! ```text
//!   if (c) { A } else { B }     A runs under the path `p && c`, B under `p && !c`: writes, events and asserts carry the
//!                               path; arithmetic that could fail gets zeros where the path is not taken. Variables that
//!                               differ afterwards are selected by `c`.
//!   return v;                   the rest of the body runs under `not returned`.
//! ```
//! Plain fields of `this` are variables while a method runs; those that changed are written at its end, each word once.
//!
//! | file | lowers |
//! | --- | --- |
//! | this one | functions, statements, branches |
//! | [`value`] | expressions |
//! | [`integer`] | division, remainders, bits and shifts |
//! | [`store`] | state: words, maps, lists, views |
//! | [`sorted`] | maps by hash |
//! | [`other`] | calls of other contracts |
//! | [`emit`] | writes operations |

mod emit;
mod integer;
mod other;
mod sorted;
mod store;
mod value;

use std::collections::{BTreeMap, HashMap, HashSet};

use emit::Emitter;
pub use emit::Operand;

use super::check::Bodies;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::hir::{self, Root, Step, StmtKind};
use super::program::{MethodDecl, Program};
use super::source::Span;
use super::types::{ContractRef, Ty};
use crate::ir::{FunctionCode, Op, Output, Parameter, Type, Value};

/// Most statements and expressions that one function may become before any are operations.
const MAX_STEPS: usize = 1 << 20;
/// Most lookups of operations that one function may take, whether or not they find one that is there already.
const MAX_WORK: usize = 1 << 23;
/// Most expressions and inlined methods inside each other: what the stack of a thread holds with room to spare.
const MAX_NESTED: usize = 400;
/// Most branches inside each other; what follows a `return` inside an `if` counts as one.
const MAX_DEPTH: usize = 200;

/// A value: the values of all its parts, in order.
type Parts = Vec<Value>;

/// A plain field of the own instance while a method runs.
#[derive(Clone, Debug)]
struct FieldState {
    parts: Parts,
    /// Was it assigned (bool)?
    changed: Value,
}

/// What differs between branches.
#[derive(Clone, Debug, Default)]
struct Env {
    /// Variables of all open methods; nothing before the first value.
    locals: Vec<Option<Parts>>,
    /// Assigned fields.
    fields: BTreeMap<usize, FieldState>,
    /// Has the innermost open method returned (bool), and what?
    returned: Option<Value>,
    result: Option<Parts>,
    /// Where another contract was first called inline.
    called: Option<Span>,
}

/// The operations of a function with what is known of each.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) code: FunctionCode,
    pub(crate) spans: Vec<Span>,
    pub(crate) operands: HashMap<u32, Vec<Operand>>,
    pub(crate) checks: HashSet<u32>,
}

/// The events of a contract, in the order in which the code numbers them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    pub(crate) used: Vec<usize>,
}

impl Events {
    fn number(&mut self, event: usize) -> u16 {
        let known = self.used.iter().position(|&used| used == event);
        known.unwrap_or_else(|| {
            self.used.push(event);
            self.used.len() - 1
        }) as u16
    }
}

/// Lowers one method that others may call.
pub(crate) fn lower(
    program: &Program,
    contract: ContractRef,
    bodies: &Bodies,
    method: usize,
    events: &mut Events,
    findings: &mut Findings,
) -> Option<Lowered> {
    let decl = &program.contract(contract).methods[method];
    let mut lowerer = Lowerer {
        program,
        contract,
        bodies,
        events,
        findings,
        emit: Emitter::new(decl.head),
        env: Env::default(),
        method,
        base: 0,
        depth: 0,
        nested: 0,
        path: Value(0),
        known: HashMap::new(),
        nodes: HashMap::new(),
        loaded: BTreeMap::new(),
        steps: 0,
        stopped: false,
        refused: false,
        watched: None,
    };
    let code = lowerer.function(decl, method)?;
    let Emitter { spans, operands, checks, .. } = lowerer.emit;
    Some(Lowered { code, spans, operands, checks })
}

struct Lowerer<'a> {
    program: &'a Program,
    contract: ContractRef,
    bodies: &'a Bodies,
    events: &'a mut Events,
    findings: &'a mut Findings,
    emit: Emitter,
    env: Env,
    /// The innermost open method, and where its variables begin.
    method: usize,
    base: usize,
    /// Branches inside each other.
    depth: usize,
    /// Expressions inside each other.
    nested: usize,
    /// Is this code reached (bool)?
    path: Value,
    /// Words of the own state as they stand, by index value; see [`store`].
    known: HashMap<Value, store::KnownWord>,
    /// Nodes of maps by hash that were found, by state, field and key.
    nodes: HashMap<(Option<Value>, usize, Value), sorted::Node>,
    /// Plain fields as they were before the call.
    loaded: BTreeMap<usize, Parts>,
    steps: usize,
    stopped: bool,
    /// Did it stop for a reason that was said already?
    refused: bool,
    /// The operands of comparisons, while the condition of a `require` is computed.
    watched: Option<Vec<Operand>>,
}

impl Lowerer<'_> {
    fn function(&mut self, decl: &MethodDecl, method: usize) -> Option<FunctionCode> {
        self.path = self.emit.bool(true);
        let mut inputs = Vec::new();
        let mut arguments = Vec::new();
        for (name, ty) in &decl.parameters {
            self.emit.span = name.span;
            let mut parts = Vec::new();
            for leaf in self.program.leaves(ty) {
                let kind = leaf.ty.leaf().unwrap_or(Type::Felt);
                let label =
                    if leaf.path.is_empty() { name.text.clone() } else { format!("{}_{}", name.text, leaf.path) };
                let value = self.emit.pure(Op::Input(inputs.len() as u16), kind);
                inputs.push(Parameter { name: label, kind });
                if leaf.ty == Ty::U8 {
                    self.is_u8(value, "the input is no u8");
                }
                parts.push(value);
            }
            arguments.push(parts);
        }
        if inputs.len() > crate::check::MAX_LIST {
            let message = format!(
                "{} takes {} values, at most {} are allowed",
                decl.name.text,
                inputs.len(),
                crate::check::MAX_LIST
            );
            self.findings.push(Diagnostic::new(Code::E0403, decl.name.span, message));
            return None;
        }
        self.emit.span = decl.head;
        let result = self.inline(method, arguments)?;
        self.emit.span = decl.head;
        self.write_fields();
        if self.refused {
            return None;
        }
        if let Some(span) = self.emit.too_large.or(self.stopped.then_some(self.emit.span)) {
            let limit = crate::check::MAX_OPS;
            let message = format!("{} is more than {limit} operations once loops are unrolled", decl.name.text);
            let found = Diagnostic::new(Code::E0401, span, message).label("the limit is reached here");
            self.findings.push(found.and(decl.name.span, "in this method").help("take fewer elements at once"));
            return None;
        }
        let leaves = self.program.leaves(&decl.result);
        let outputs: Vec<Output> = leaves
            .iter()
            .zip(&result)
            .map(|(leaf, &value)| {
                let name = if leaf.path.is_empty() { "result".to_owned() } else { format!("result_{}", leaf.path) };
                Output { name, value }
            })
            .collect();
        if outputs.len() > crate::check::MAX_LIST {
            let limit = crate::check::MAX_LIST;
            let message = format!("{} gives {} values, at most {limit} are allowed", decl.name.text, outputs.len());
            self.findings.push(Diagnostic::new(Code::E0403, decl.name.span, message));
            return None;
        }
        let view = decl.reach == super::program::Reach::View;
        let ops = std::mem::take(&mut self.emit.ops);
        Some(FunctionCode { name: decl.name.text.clone(), view, inputs, ops, outputs })
    }

    /// Runs a method with arguments under the present path and gives its result.
    fn inline(&mut self, method: usize, arguments: Vec<Parts>) -> Option<Parts> {
        let bodies = self.bodies;
        let body = bodies.get(method)?.as_ref()?;
        let not_returned = self.emit.bool(false);
        let (base, returned, result) = (self.base, self.env.returned.take(), self.env.result.take());
        let outer = std::mem::replace(&mut self.method, method);
        self.base = self.env.locals.len();
        self.env.locals.extend(arguments.into_iter().map(Some));
        self.env.locals.resize(self.base + body.locals.len(), None);
        self.env.returned = Some(not_returned);
        self.block(&body.body);
        let value = self.env.result.take().unwrap_or_default();
        self.env.locals.truncate(self.base);
        (self.base, self.env.returned, self.env.result) = (base, returned, result);
        self.method = outer;
        Some(value)
    }

    /// Counts a step; false when there were too many.
    fn step(&mut self) -> bool {
        self.steps += 1;
        self.stopped |= self.steps > MAX_STEPS || self.emit.work > MAX_WORK || self.emit.too_large.is_some();
        !self.stopped
    }

    fn block(&mut self, statements: &[hir::Stmt]) {
        for (at, statement) in statements.iter().enumerate() {
            if !self.step() {
                return;
            }
            self.emit.span = statement.span;
            self.statement(statement);
            let returned = self.env.returned.and_then(|returned| self.emit.truth(returned));
            match (returned, self.env.returned) {
                (Some(true), _) => return,
                (None, Some(returned)) => {
                    let goes_on = self.emit.not(returned);
                    self.branch(goes_on, |lowerer| lowerer.block(&statements[at + 1..]), |_| {});
                    return;
                }
                _ => {}
            }
        }
    }

    /// Runs one of two sides: both under their path, then selects what differs.
    fn branch(&mut self, test: Value, then: impl FnOnce(&mut Self), otherwise: impl FnOnce(&mut Self)) {
        match self.emit.truth(test) {
            Some(true) => return then(self),
            Some(false) => return otherwise(self),
            None => {}
        }
        if self.depth == MAX_DEPTH {
            self.stopped = true;
            return;
        }
        self.depth += 1;
        let (path, depth) = (self.path, self.env.locals.len());
        // Copies are counted as well, so that many variables and many branches do not multiply without bound.
        let held = self.env.locals.iter().flatten().chain(self.env.fields.values().map(|field| &field.parts));
        self.steps += self.env.locals.len() / 4 + held.map(|parts| parts.len() / 16 + 1).sum::<usize>() / 4;
        let before = self.env.clone();
        self.path = self.emit.and(path, test);
        then(self);
        let first = std::mem::replace(&mut self.env, before);
        let other = self.emit.not(test);
        self.path = self.emit.and(path, other);
        otherwise(self);
        self.path = path;
        let second = std::mem::take(&mut self.env);
        self.env = self.merge(test, first, second, depth);
        self.depth -= 1;
    }

    fn merge(&mut self, test: Value, mut first: Env, mut second: Env, depth: usize) -> Env {
        let mut locals = Vec::with_capacity(depth);
        let (ours, theirs) = (std::mem::take(&mut first.locals), std::mem::take(&mut second.locals));
        for (a, b) in ours.into_iter().zip(theirs).take(depth) {
            locals.push(self.merge_parts(test, a, b));
        }
        let mut fields = BTreeMap::new();
        let assigned: Vec<usize> = first.fields.keys().chain(second.fields.keys()).copied().collect();
        let unchanged = self.emit.bool(false);
        for field in assigned {
            if fields.contains_key(&field) {
                continue;
            }
            let state = |env: &Env, lowerer: &mut Self| match env.fields.get(&field) {
                Some(state) => state.clone(),
                None => FieldState { parts: lowerer.load_field(field), changed: unchanged },
            };
            let (a, b) = (state(&first, self), state(&second, self));
            let parts = self.select_parts(test, &a.parts, &b.parts);
            let changed = self.emit.select(test, a.changed, b.changed);
            fields.insert(field, FieldState { parts, changed });
        }
        let returned = match (first.returned, second.returned) {
            (Some(a), Some(b)) => Some(self.emit.select(test, a, b)),
            (a, b) => a.or(b),
        };
        let result = self.merge_parts(test, first.result, second.result);
        let called = first.called.or(second.called);
        Env { locals, fields, returned, result, called }
    }

    fn merge_parts(&mut self, test: Value, a: Option<Parts>, b: Option<Parts>) -> Option<Parts> {
        match (a, b) {
            (Some(a), Some(b)) => Some(self.select_parts(test, &a, &b)),
            (a, b) => a.or(b),
        }
    }

    fn select_parts(&mut self, test: Value, a: &[Value], b: &[Value]) -> Parts {
        a.iter().zip(b).map(|(&a, &b)| if a == b { a } else { self.emit.select(test, a, b) }).collect()
    }

    fn statement(&mut self, statement: &hir::Stmt) {
        match &statement.kind {
            StmtKind::Let(local, init) => {
                let parts = self.value(init);
                self.set_local(*local, parts);
            }
            StmtKind::Assign { place, op, value } => self.assign(place, *op, value, statement.span),
            StmtKind::Expr(expression) => {
                self.value(expression);
            }
            StmtKind::If { test, then, otherwise } => {
                let test = self.one(test);
                self.branch(test, |lowerer| lowerer.block(then), |lowerer| lowerer.block(otherwise));
            }
            StmtKind::Count { variable, values, step, body } => {
                let kind = self.local_ty(*variable).leaf().unwrap_or(Type::U32);
                let step = usize::try_from(*step).unwrap_or(usize::MAX);
                let items = values.clone().step_by(step).map(|number| vec![(number, kind)]);
                self.repeat(*variable, &mut { items }, body, |lowerer, item| {
                    item.into_iter().map(|(number, kind)| lowerer.emit.number(kind, number)).collect()
                });
            }
            StmtKind::Each { variable, list, body } => {
                let width = self.program.width(&self.local_ty(*variable));
                let parts = self.value(list);
                let items: Vec<Parts> = parts.chunks(width.max(1)).map(<[Value]>::to_vec).collect();
                self.repeat(*variable, &mut items.into_iter(), body, |_, item| item);
            }
            StmtKind::Return(value) => {
                let result = value.as_ref().map(|value| self.value(value));
                self.env.result = result.or(self.env.result.take());
                let returned = self.emit.bool(true);
                self.env.returned = Some(returned);
            }
            StmtKind::Block(body) => self.block(body),
        }
    }

    /// Runs a body once for each item; what comes after a return inside runs under `not returned`.
    fn repeat<T>(
        &mut self,
        variable: hir::LocalId,
        items: &mut dyn Iterator<Item = T>,
        body: &[hir::Stmt],
        parts: fn(&mut Self, T) -> Parts,
    ) {
        while let Some(item) = items.next() {
            if !self.step() {
                return;
            }
            let parts_of_item = parts(self, item);
            self.set_local(variable, parts_of_item);
            self.block(body);
            let Some(returned) = self.env.returned else { continue };
            match self.emit.truth(returned) {
                Some(false) => {}
                Some(true) => return,
                None => {
                    let goes_on = self.emit.not(returned);
                    self.branch(goes_on, |lowerer| lowerer.repeat(variable, items, body, parts), |_| {});
                    return;
                }
            }
        }
    }

    /// The type of a variable of the innermost open method.
    fn local_ty(&self, local: hir::LocalId) -> Ty {
        let body = self.bodies.get(self.method).and_then(Option::as_ref);
        body.and_then(|body| body.locals.get(local.0)).cloned().unwrap_or(Ty::Void)
    }

    fn set_local(&mut self, local: hir::LocalId, parts: Parts) {
        if let Some(slot) = self.env.locals.get_mut(self.base + local.0) {
            *slot = Some(parts);
        }
    }

    fn get_local(&self, local: hir::LocalId) -> Parts {
        self.env.locals.get(self.base + local.0).cloned().flatten().unwrap_or_default()
    }

    fn assign(&mut self, place: &hir::Place, op: Option<super::ast::BinaryOp>, value: &hir::Expr, span: Span) {
        // An index is computed once, before the value.
        let path: Vec<value::At> = place.path.iter().map(|step| self.at(step)).collect();
        if let Root::Field(field) = place.root
            && self.is_direct(field)
        {
            return self.assign_stored(field, &path, &place.ty, op, value, span);
        }
        let root_ty = match place.root {
            Root::Local(local) => self.local_ty(local),
            Root::Field(field) => self.program.contract(self.contract).fields[field].kind.value().clone(),
        };
        let new = match op {
            None => self.value(value),
            Some(op) => {
                let whole = self.whole(&place.root);
                let old = self.part(&whole, &root_ty, &path);
                let by = self.value(value);
                self.emit.span = span;
                match (old.first(), by.first()) {
                    (Some(&old), Some(&by)) => vec![self.arithmetic(op, &place.ty, old, by, [span, value.span])],
                    // Outside of an array, which is refused.
                    _ => by,
                }
            }
        };
        let whole = if path.is_empty() {
            new
        } else {
            // As it stands after the value was computed: that may have changed other parts.
            let whole = self.whole(&place.root);
            self.replaced(&whole, &root_ty, &path, &new)
        };
        match place.root {
            Root::Local(local) => self.set_local(local, whole),
            Root::Field(field) => {
                let changed = self.emit.bool(true);
                self.env.fields.insert(field, FieldState { parts: whole, changed });
            }
        }
    }

    fn whole(&mut self, root: &Root) -> Parts {
        match root {
            Root::Local(local) => self.get_local(*local),
            Root::Field(field) => self.field_parts(*field),
        }
    }

    fn at(&mut self, step: &Step) -> value::At {
        match step {
            Step::Field(field) => value::At::Field(*field),
            Step::Index(index) => {
                let value = self.one(index);
                value::At::Index(value, index.span)
            }
        }
    }
}
