//! Expressions and places.

use super::{Binding, Body, Checked, root};
use crate::dapen::ast::{self, BinaryOp, Name};
use crate::dapen::builtins;
use crate::dapen::codes::Code;
use crate::dapen::diagnostic::Diagnostic;
use crate::dapen::hir::{Expr, ExprKind, Instance, Place, Read, Root, Step};
use crate::dapen::layout::StoreKind;
use crate::dapen::program::Symbol;
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};
use crate::ir::Context;

/// Is it a number without a type of its own?
pub(super) fn is_literal(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Number(_) => true,
        ast::ExprKind::Binary(op, left, right) => {
            !matches!(op, BinaryOp::And | BinaryOp::Or) && is_literal(left) && is_literal(right)
        }
        ast::ExprKind::Conditional(_, then, otherwise) => is_literal(then) && is_literal(otherwise),
        _ => false,
    }
}

impl Body<'_> {
    /// An expression of a given type.
    pub(super) fn typed(&mut self, expr: &ast::Expr, wanted: &Ty) -> Checked<Expr> {
        let value = self.expr(expr, Some(wanted))?;
        if value.ty == *wanted {
            return Some(value);
        }
        let value = self.is_value(value)?;
        let (found, expected) = (self.show(&value.ty), self.show(wanted));
        if value.ty.is_integer() && wanted.is_integer() {
            let help = format!("convert: `{expected}(…)`, which checks that the number fits");
            return self.refuse_with(Code::E0304, value.span, format!("{found} where {expected} is expected"), help);
        }
        self.refuse(Code::E0303, value.span, format!("{found} where {expected} is expected"))
    }

    /// An expression. `wanted` gives literals their type and is no demand.
    pub(super) fn expr(&mut self, expr: &ast::Expr, wanted: Option<&Ty>) -> Checked<Expr> {
        let span = expr.span;
        let make = |kind, ty| Some(Expr { kind, ty, span });
        match &expr.kind {
            ast::ExprKind::Number(number) => match wanted {
                Some(ty) if ty.is_number() => {
                    if *number > ty.max() {
                        let message = format!("{number} is no {}, the largest is {}", self.show(ty), ty.max());
                        return self.refuse(Code::E0311, span, message);
                    }
                    make(ExprKind::Number(*number), ty.clone())
                }
                Some(ty) if *ty != Ty::Void => {
                    let message = format!("a number where {} is expected", self.show(ty));
                    self.refuse(Code::E0303, span, message)
                }
                _ => {
                    let help = "name the type: `let x: u64 = 0;`, or convert: `u64(0)`";
                    self.refuse_with(Code::E0312, span, "the type of this number is not clear", help)
                }
            },
            ast::ExprKind::Bool(truth) => make(ExprKind::Bool(*truth), Ty::Bool),
            ast::ExprKind::Text(_) => {
                let help = "texts are messages of `require` and `log`; store the hash of a text instead";
                self.refuse_with(Code::E0211, span, "a text is no value", help)
            }
            ast::ExprKind::Name(name) => self.name(name, span),
            ast::ExprKind::This => self.refuse_with(Code::E0202, span, "`this` is no value", "name one of its fields"),
            ast::ExprKind::Member(object, name) => self.member(object, name, span),
            ast::ExprKind::Index(list, index) => {
                let list = self.expr(list, None)?;
                let (element, index) = self.index(&list.ty, list.span, index)?;
                if let ExprKind::Read { instance, contract, field, what: Read::Value(mut path) } = list.kind {
                    path.push(Step::Index(index));
                    return make(ExprKind::Read { instance, contract, field, what: Read::Value(path) }, element);
                }
                make(ExprKind::Index(Box::new(list), Box::new(index)), element)
            }
            ast::ExprKind::Call { callee, types, arguments } => self.call(callee, types, arguments, span, wanted),
            ast::ExprKind::Not(inner) => {
                let inner = self.typed(inner, &Ty::Bool)?;
                make(ExprKind::Not(Box::new(inner)), Ty::Bool)
            }
            ast::ExprKind::Binary(op, left, right) => self.binary(*op, left, right, span, wanted),
            ast::ExprKind::Conditional(test, then, otherwise) => {
                let test = self.typed(test, &Ty::Bool);
                // A literal takes the type of the other side.
                let (then, otherwise) = if wanted.is_none() && is_literal(then) {
                    let otherwise = self.expr(otherwise, None)?;
                    (self.typed(then, &otherwise.ty)?, otherwise)
                } else {
                    let then = self.expr(then, wanted)?;
                    let ty = then.ty.clone();
                    (then, self.typed(otherwise, &ty)?)
                };
                let then = self.is_value(then)?;
                if let Ty::View(_) = then.ty {
                    let help = "choose the user instead: `Token.of(c ? a : b)`";
                    return self.refuse_with(Code::E0303, span, "views are not chosen between", help);
                }
                let ty = then.ty.clone();
                make(ExprKind::Conditional(Box::new(test?), Box::new(then), Box::new(otherwise)), ty)
            }
            ast::ExprKind::Assign(..) => {
                let help = "write the assignment on a line of its own";
                self.refuse_with(Code::E0202, span, "an assignment is no value", help)
            }
            ast::ExprKind::Object(fields) => self.object(fields, span, wanted),
            ast::ExprKind::List(elements) => self.list(elements, span, wanted),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Checked<Expr> {
        if let Some((local, _)) = self.local(name) {
            let ty = self.locals[local.0].clone();
            if ty == Ty::Void {
                self.errors = true;
                return None; // its declaration was refused
            }
            return Some(Expr { kind: ExprKind::Local(local), ty, span });
        }
        if let Some(&(_, ty, value, _)) = builtins::CONSTANTS.iter().find(|(known, ..)| *known == name) {
            let ty = Ty::plain(ty).unwrap_or(Ty::Hash);
            let kind = if ty == Ty::Hash { ExprKind::None } else { ExprKind::Number(value) };
            return Some(Expr { kind, ty, span });
        }
        let declared = self.symbol(name).is_some() || builtins::is_taken(name);
        if declared {
            return self.refuse(Code::E0303, span, format!("{name} is no value"));
        }
        let own = self.program.contract(self.contract);
        if own.field(name).is_some() || own.method(name).is_some() {
            return self.refuse_with(
                Code::E0301,
                span,
                format!("there is no variable {name}"),
                format!("write `this.{name}`"),
            );
        }
        if own.constants.iter().any(|constant| constant.name.text == name) {
            let help = format!("write `{}.{name}`", own.name.text);
            return self.refuse_with(Code::E0301, span, format!("there is no variable {name}"), help);
        }
        if matches!(name, "Math" | "Date" | "JSON" | "console" | "Promise" | "undefined" | "BigInt" | "Number") {
            let help = "nothing of JavaScript's library exists here: a contract is proven, not run by JavaScript";
            return self.refuse_with(Code::E0301, span, format!("there is no {name}"), help);
        }
        self.refuse(Code::E0301, span, format!("there is no {name}"))
    }

    fn member(&mut self, object: &ast::Expr, name: &Name, span: Span) -> Checked<Expr> {
        let make = |kind, ty| Some(Expr { kind, ty, span });
        match &object.kind {
            ast::ExprKind::This => return self.field_of(Instance::Own, self.contract, name, span),
            ast::ExprKind::Name(base) if self.local(base).is_none() => {
                if base == "ctx" {
                    return self.context(name, span);
                }
                if let Some(Symbol::Contract(contract)) = self.symbol(base) {
                    let constants = &self.program.contract(contract).constants;
                    if let Some(found) = constants.iter().find(|constant| constant.name.text == name.text) {
                        let (ty, value) = (found.ty.clone(), found.value);
                        let kind = if ty == Ty::Bool { ExprKind::Bool(value == 1) } else { ExprKind::Number(value) };
                        return make(kind, ty);
                    }
                    let help = format!(
                        "state is read as `this.{}`, or of others as `{base}.of(user).{}`",
                        name.text, name.text
                    );
                    let message = format!("{base} has no constant {}", name.text);
                    return self.refuse_with(Code::E0306, name.span, message, help);
                }
            }
            _ => {}
        }
        let value = self.expr(object, None)?;
        match value.ty.clone() {
            Ty::View(contract) => self.field_of(Instance::Frozen(Box::new(value)), contract, name, span),
            Ty::Struct(id) => {
                let fields = &self.program.structure(id).fields;
                let Some(at) = fields.iter().position(|(field, _)| field.text == name.text) else {
                    let message = format!("{} has no field {}", self.show(&value.ty), name.text);
                    return self.refuse(Code::E0306, name.span, message);
                };
                let ty = fields[at].1.clone();
                if let ExprKind::Read { instance, contract, field, what: Read::Value(mut path) } = value.kind {
                    path.push(Step::Field(at));
                    return make(ExprKind::Read { instance, contract, field, what: Read::Value(path) }, ty);
                }
                make(ExprKind::Field(Box::new(value), at), ty)
            }
            Ty::Arr(_, length) if name.text == "length" => make(ExprKind::Number(length.into()), Ty::U32),
            other => {
                let value = self.is_value(value)?;
                let message = format!("{} has no member {}", self.show(&other), name.text);
                self.refuse(Code::E0306, name.span.min(value.span), message)
            }
        }
    }

    /// A plain field of an instance.
    fn field_of(&mut self, instance: Instance, contract: ContractRef, name: &Name, span: Span) -> Checked<Expr> {
        let decl = self.program.contract(contract);
        let Some(field) = decl.field(&name.text) else {
            if decl.method(&name.text).is_some() {
                return self.refuse(Code::E0306, name.span, format!("the method {} is not called", name.text));
            }
            let message = format!("{} has no field {}", decl.name.text, name.text);
            return self.refuse(Code::E0306, name.span, message);
        };
        let StoreKind::Value(ty) = &decl.fields[field].kind else {
            let word = decl.fields[field].kind.word();
            let message = format!("{} is a {word}, which is no value", name.text);
            return self.refuse_with(Code::E0303, span, message, members_of(&decl.fields[field].kind));
        };
        let ty = ty.clone();
        let kind = ExprKind::Read { instance, contract, field, what: Read::Value(Vec::new()) };
        Some(Expr { kind, ty, span })
    }

    fn context(&mut self, name: &Name, span: Span) -> Checked<Expr> {
        let context = match name.text.as_str() {
            "user" => Context::User,
            "contract" => Context::Contract,
            "caller" => Context::Caller,
            "nonce" => Context::Nonce,
            "checkpoint" => Context::Checkpoint,
            "time" => Context::Time,
            "balance" => Context::Balance,
            "publicKey" => Context::Key,
            other => {
                let names: Vec<_> = builtins::CONTEXT.iter().map(|(name, ..)| *name).collect();
                let help = format!("there are {}", names.join(", "));
                return self.refuse_with(Code::E0306, name.span, format!("ctx has no {other}"), help);
            }
        };
        let listed = builtins::CONTEXT.iter().find(|(known, ..)| *known == name.text);
        let ty = listed.and_then(|(_, ty, _)| Ty::plain(ty)).unwrap_or(Ty::U64);
        Some(Expr { kind: ExprKind::Context(context), ty, span })
    }

    /// An index into a list: the element's type and the index.
    fn index(&mut self, list: &Ty, span: Span, index: &ast::Expr) -> Checked<(Ty, Expr)> {
        let Ty::Arr(element, length) = list else {
            let message = format!("{} is no array", self.show(list));
            return self.refuse_with(Code::E0306, span, message, "maps are read with `.get(key)`");
        };
        let index = self.typed(index, &Ty::U32)?;
        if let ExprKind::Number(at) = index.kind
            && at >= u64::from(*length)
        {
            let message = format!("index {at} is outside an array of {length}");
            return self.refuse(Code::E0318, index.span, message);
        }
        Some(((**element).clone(), index))
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        wanted: Option<&Ty>,
    ) -> Checked<Expr> {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let (left, right) = (self.typed(left, &Ty::Bool), self.typed(right, &Ty::Bool));
            let kind = ExprKind::Binary(op, Box::new(left?), Box::new(right?));
            return Some(Expr { kind, ty: Ty::Bool, span });
        }
        let compares = is_comparison(op);
        let hint = if compares { None } else { wanted };
        // The side with a type of its own says what a literal on the other side is.
        let (a, b) = if is_literal(left) && !is_literal(right) {
            let b = self.expr(right, hint)?;
            (self.expr(left, Some(&b.ty))?, b)
        } else {
            let a = self.expr(left, hint)?;
            let b = self.expr(right, Some(&a.ty))?;
            (a, b)
        };
        let (a, b) = (self.is_value(a)?, self.is_value(b)?);
        if a.ty != b.ty {
            let (x, y) = (self.show(&a.ty), self.show(&b.ty));
            let mixed = a.ty.is_number() && b.ty.is_number();
            let code = if mixed { Code::E0304 } else { Code::E0303 };
            let found = Diagnostic::new(code, span, format!("{x} {} {y}", op.sign()));
            let found = found.and(a.span, x.clone()).and(b.span, y.clone());
            let help = format!("convert one side, as in `{y}(…)`");
            self.report(if mixed { found.help(help) } else { found });
            return None;
        }
        if compares {
            let fits = match op {
                BinaryOp::Equal | BinaryOp::Differ => a.ty.leaf().is_some() && a.ty != Ty::Hash,
                _ => a.ty.is_ordered(),
            };
            if !fits {
                let message = format!("`{}` does not work on {}", op.sign(), self.show(&a.ty));
                let help = match op {
                    BinaryOp::Equal => "use `eq(a, b)`: in JavaScript `===` compares identity here",
                    BinaryOp::Differ => "use `!eq(a, b)`: in JavaScript `!==` compares identity here",
                    _ => "only numbers, users and checkpoints have an order",
                };
                return self.refuse_with(Code::E0305, span, message, help);
            }
            let kind = ExprKind::Binary(op, Box::new(a), Box::new(b));
            return Some(Expr { kind, ty: Ty::Bool, span });
        }
        let ty = a.ty.clone();
        self.arithmetic(op, &ty, span)?;
        Some(Expr { kind: ExprKind::Binary(op, Box::new(a), Box::new(b)), ty, span })
    }

    /// Does arithmetic work on a type?
    pub(super) fn arithmetic(&mut self, op: BinaryOp, ty: &Ty, span: Span) -> Checked<()> {
        if !ty.is_integer() {
            let message = format!("`{}` does not work on {}", op.sign(), self.show(ty));
            let help = match ty {
                Ty::Felt => "felts wrap around, so they have `felt.add`, `felt.sub` and `felt.mul`",
                Ty::User | Ty::Checkpoint | Ty::Contract => "convert an id first: `u32(id)`",
                _ => "arithmetic is for u8, u32 and u64",
            };
            return self.refuse_with(Code::E0305, span, message, help);
        }
        let bits = !matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem);
        if bits && *ty == Ty::U64 {
            let message = format!("`{}` does not work on u64", op.sign());
            return self.refuse_with(Code::E0305, span, message, "bits are for u8 and u32: convert with `u32(x)`");
        }
        Some(())
    }

    fn object(&mut self, fields: &[(Name, ast::Expr)], span: Span, wanted: Option<&Ty>) -> Checked<Expr> {
        let Some(&Ty::Struct(id)) = wanted else {
            let help = "name the struct: `const t: Tally = { yes: 0, no: 0 };`";
            return self.refuse_with(Code::E0312, span, "the type of this object is not clear", help);
        };
        let declared = self.program.structure(id);
        let parts = self.named_values(&declared.name.text, &declared.fields, fields, span)?;
        Some(Expr { kind: ExprKind::Parts(parts), ty: Ty::Struct(id), span })
    }

    /// A value for each declared field, in the order of the declaration.
    pub(super) fn named_values(
        &mut self,
        what: &str,
        declared: &[(Name, Ty)],
        given: &[(Name, ast::Expr)],
        span: Span,
    ) -> Checked<Vec<Expr>> {
        let mut whole = true;
        for (at, (name, _)) in given.iter().enumerate() {
            if !declared.iter().any(|(field, _)| field.text == name.text) {
                self.report(Diagnostic::new(Code::E0306, name.span, format!("{what} has no field {}", name.text)));
                whole = false;
            } else if given[..at].iter().any(|(other, _)| other.text == name.text) {
                self.report(Diagnostic::new(Code::E0302, name.span, format!("{} is given twice", name.text)));
                whole = false;
            }
        }
        self.in_order(what, declared, given)?;
        let mut parts = Vec::new();
        for (field, ty) in declared {
            let Some((_, value)) = given.iter().find(|(name, _)| name.text == field.text) else {
                self.report(Diagnostic::new(Code::E0307, span, format!("{what} needs a value for {}", field.text)));
                whole = false;
                continue;
            };
            parts.extend(self.typed(value, ty).and_then(|value| self.owned(value)));
        }
        (whole && parts.len() == declared.len()).then_some(parts)
    }

    fn list(&mut self, elements: &[ast::Expr], span: Span, wanted: Option<&Ty>) -> Checked<Expr> {
        let element = match wanted {
            Some(Ty::Arr(element, _)) => Some((**element).clone()),
            _ => None,
        };
        let Some(first) = elements.first() else {
            return self.refuse(Code::E0312, span, "an array has at least one element");
        };
        let element = match element {
            Some(element) => element,
            None => self.expr(first, None)?.ty,
        };
        let parts: Vec<Expr> =
            elements.iter().filter_map(|one| self.typed(one, &element).and_then(|value| self.owned(value))).collect();
        if parts.len() != elements.len() {
            return None;
        }
        let ty = Ty::Arr(Box::new(element), elements.len() as u32);
        if let Ty::View(_) | Ty::Void = parts[0].ty {
            return self.refuse(Code::E0303, span, "views are not kept in arrays");
        }
        self.small_enough(&ty, span)?;
        Some(Expr { kind: ExprKind::Parts(parts), ty, span })
    }

    pub(super) fn small_enough(&mut self, ty: &Ty, span: Span) -> Checked<()> {
        let limit = crate::dapen::types::MAX_FELTS;
        if self.program.felts(ty) > limit {
            return self.refuse(Code::E0403, span, format!("this value has more than {limit} felts"));
        }
        Some(())
    }

    /// Something that can be assigned to.
    pub(super) fn place(&mut self, target: &ast::Expr) -> Checked<Place> {
        self.place_in(target, true)
    }

    /// `whole`: is this the thing that is replaced, rather than something that holds it?
    fn place_in(&mut self, target: &ast::Expr, whole: bool) -> Checked<Place> {
        const OTHERS: &str =
            "a call writes only the state of its own user; let the other user make a call that reads this";
        match &target.kind {
            ast::ExprKind::Name(name) => {
                let Some((local, binding)) = self.local(name) else {
                    self.name(name, target.span)?;
                    return self.refuse(Code::E0308, target.span, format!("{name} cannot be assigned to"));
                };
                let fixed = binding == Binding::Frozen || (binding == Binding::Constant && whole);
                if fixed {
                    let help = match binding {
                        Binding::Constant => "declare it with `let`",
                        _ => "copy it first: `const own = copy(…);`",
                    };
                    return self.refuse_with(Code::E0308, target.span, format!("{name} cannot be assigned to"), help);
                }
                let ty = self.locals[local.0].clone();
                if ty == Ty::Void {
                    self.errors = true;
                    return None;
                }
                Some(root(Root::Local(local), ty))
            }
            ast::ExprKind::Member(object, name) => {
                if let ast::ExprKind::This = object.kind {
                    let value = self.member(object, name, target.span)?;
                    let ExprKind::Read { field, .. } = value.kind else { return None };
                    return Some(root(Root::Field(field), value.ty));
                }
                let frozen = match &object.kind {
                    ast::ExprKind::Name(base) => {
                        let local = self.local(base).map(|(local, _)| &self.locals[local.0]);
                        matches!(local, Some(Ty::View(_)))
                    }
                    ast::ExprKind::Call { .. } => {
                        let value = self.expr(object, None)?;
                        if !matches!(value.ty, Ty::View(_)) {
                            let help = "what a call gives is a copy: keep it with `const`, change it, and store it";
                            return self.refuse_with(Code::E0308, target.span, "this cannot be assigned to", help);
                        }
                        true
                    }
                    _ => false,
                };
                if frozen {
                    return self.refuse_with(Code::E0316, target.span, "the state of others is read-only", OTHERS);
                }
                if let ast::ExprKind::Name(base) = &object.kind
                    && self.local(base).is_none()
                {
                    return self.refuse(
                        Code::E0308,
                        target.span,
                        format!("{base}.{} cannot be assigned to", name.text),
                    );
                }
                let mut place = self.place_in(object, false)?;
                let Ty::Struct(id) = place.ty else {
                    let message = format!("{} has no fields", self.show(&place.ty));
                    return self.refuse(Code::E0306, name.span, message);
                };
                let fields = &self.program.structure(id).fields;
                let Some(at) = fields.iter().position(|(field, _)| field.text == name.text) else {
                    let message = format!("{} has no field {}", self.show(&place.ty), name.text);
                    return self.refuse(Code::E0306, name.span, message);
                };
                place.ty = fields[at].1.clone();
                place.path.push(Step::Field(at));
                Some(place)
            }
            ast::ExprKind::Index(list, index) => {
                let mut place = self.place_in(list, false)?;
                let (element, index) = self.index(&place.ty.clone(), target.span, index)?;
                place.ty = element;
                place.path.push(Step::Index(index));
                Some(place)
            }
            _ => {
                let help = "assign to a variable, a field of `this`, or a part of one";
                self.refuse_with(Code::E0308, target.span, "this cannot be assigned to", help)
            }
        }
    }
}

pub(super) fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::Differ
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
    )
}

/// What can be done with a collection, in words.
pub(super) fn members_of(kind: &StoreKind) -> &'static str {
    match kind {
        StoreKind::Value(_) => "read and assign it",
        StoreKind::Map { .. } => "maps have `get(key)`, `set(key, value)` and, for numbers, `add(key, by)`",
        StoreKind::GrowMap { .. } => "growing maps have `get(key)` and `add(key, by)`",
        StoreKind::HashMap { grows: false, .. } => {
            "maps by hash have `get(key)`, `has(key)`, `set(key, value)` and, for numbers, `add(key, by)`"
        }
        StoreKind::HashMap { grows: true, .. } => "growing maps by hash have `get(key)`, `has(key)` and `add(key, by)`",
        StoreKind::Grows(_) => "growing numbers have `get()` and `add(by)`",
        StoreKind::Once(_) => "values that are set once have `get()`, `isSet()` and `set(value)`",
        StoreKind::List { .. } => "lists have `len()`, `at(i)` and `push(value)`",
    }
}
