//! Calls: built-in functions, collections of the state, private methods, other contracts.

use super::expr::members_of;
use super::{Body, Checked};
use crate::dapen::ast::{self, BinaryOp, Name, TypeExpr};
use crate::dapen::builtins::{self, Builtin};
use crate::dapen::codes::Code;
use crate::dapen::hir::{Change, Expr, ExprKind, Instance, Read};
use crate::dapen::layout::StoreKind;
use crate::dapen::program::{Reach, Symbol};
use crate::dapen::source::Span;
use crate::dapen::types::{ContractRef, Ty};

impl Body<'_> {
    pub(super) fn call(
        &mut self,
        callee: &ast::Expr,
        types: &[TypeExpr],
        arguments: &[ast::Expr],
        span: Span,
        wanted: Option<&Ty>,
    ) -> Checked<Expr> {
        if let Some(first) = types.first() {
            return self.refuse(Code::E0203, first.span, "calls have no type arguments");
        }
        match &callee.kind {
            ast::ExprKind::Name(name) => match builtins::function(name) {
                Some(builtin) => self.builtin(builtin, name, arguments, span, wanted),
                None => match Ty::plain(name) {
                    Some(ty) => self.convert(ty, arguments, span),
                    None if self.program.contract(self.contract).method(name).is_some() => self.refuse_with(
                        Code::E0301,
                        callee.span,
                        format!("there is no function {name}"),
                        format!("write `this.{name}(…)`"),
                    ),
                    None => self.refuse(Code::E0301, callee.span, format!("there is no function {name}")),
                },
            },
            ast::ExprKind::Member(object, name) => self.method_call(object, name, arguments, span),
            _ => self.refuse(Code::E0202, callee.span, "this cannot be called"),
        }
    }

    fn arguments<const N: usize>(&mut self, what: &str, given: &[ast::Expr], span: Span) -> Checked<[ast::Expr; N]> {
        let Ok(exact) = <[ast::Expr; N]>::try_from(given.to_vec()) else {
            let message = format!("{what} takes {N} arguments, {} are given", given.len());
            return self.refuse(Code::E0307, span, message);
        };
        Some(exact)
    }

    fn builtin(
        &mut self,
        builtin: Builtin,
        name: &str,
        given: &[ast::Expr],
        span: Span,
        wanted: Option<&Ty>,
    ) -> Checked<Expr> {
        let make = |kind, ty| Some(Expr { kind, ty, span });
        match builtin {
            Builtin::Require => {
                let [test, message] = self.arguments(name, given, span)?;
                let test = self.typed(&test, &Ty::Bool);
                let ast::ExprKind::Text(text) = message.kind else {
                    return self.refuse(Code::E0303, message.span, "the message is a text in quotes");
                };
                if text.len() > crate::check::MAX_MESSAGE || text.chars().any(char::is_control) {
                    let limit = crate::check::MAX_MESSAGE;
                    let message_text = format!("a message has at most {limit} bytes and no control characters");
                    return self.refuse(Code::E0404, message.span, message_text);
                }
                make(ExprKind::Require { test: Box::new(test?), message: text }, Ty::Void)
            }
            Builtin::Emit => {
                let [event, fields] = self.arguments(name, given, span)?;
                let symbol = match &event.kind {
                    ast::ExprKind::Name(event) => self.symbol(event),
                    _ => None,
                };
                let Some(Symbol::Event(event_index)) = symbol else {
                    return self.refuse_with(
                        Code::E0301,
                        event.span,
                        "this is no event",
                        "declare `class Sent extends Event`",
                    );
                };
                let ast::ExprKind::Object(values) = &fields.kind else {
                    return self.refuse(Code::E0303, fields.span, "the fields are given as `{ to, amount }`");
                };
                let declared = &self.program.events[event_index];
                let fields = self.named_values(&declared.name.text, &declared.fields, values, fields.span)?;
                self.changes(span);
                make(ExprKind::Emit { event: event_index, fields }, Ty::Void)
            }
            Builtin::HashOf => {
                let mut values = Vec::new();
                let mut felts = 0;
                for argument in given {
                    let value = self.data(argument)?;
                    felts += self.program.felts(&value.ty);
                    values.push(value);
                }
                if values.is_empty() {
                    return self.refuse(Code::E0307, span, "hashOf takes at least one value");
                }
                if felts > crate::dapen::types::MAX_FELTS {
                    return self.refuse(Code::E0403, span, "too many values are hashed at once");
                }
                make(ExprKind::Hash(values), Ty::Hash)
            }
            Builtin::Eq => {
                let [a, b] = self.arguments(name, given, span)?;
                let a = self.data(&a)?;
                let b = self.typed(&b, &a.ty)?;
                make(ExprKind::Same(Box::new(a), Box::new(b)), Ty::Bool)
            }
            Builtin::IsUser => {
                let [user] = self.arguments(name, given, span)?;
                let user = self.typed(&user, &Ty::User)?;
                make(ExprKind::IsUser(Box::new(user)), Ty::Bool)
            }
            Builtin::Log => {
                let Some((first, rest)) = given.split_first() else {
                    return self.refuse(Code::E0307, span, "log takes a text and values");
                };
                let ast::ExprKind::Text(_) = first.kind else {
                    return self.refuse(Code::E0303, first.span, "the first argument of log is a text in quotes");
                };
                for value in rest {
                    self.data(value)?;
                }
                make(ExprKind::Nothing, Ty::Void)
            }
            Builtin::Copy => {
                let [value] = self.arguments(name, given, span)?;
                let value = self.expr(&value, wanted)?;
                let value = self.is_value(value)?;
                if let Ty::View(_) = value.ty {
                    return self.refuse(Code::E0303, span, "a view is not copied");
                }
                // A copy is the value itself: values are never shared once they are computed.
                let ty = value.ty.clone();
                make(ExprKind::Convert(Box::new(value)), ty)
            }
            Builtin::Arr => {
                let [length, value] = self.arguments(name, given, span)?;
                let constant = self.constant(&length).and_then(|length| u32::try_from(length).ok());
                let Some(count) = constant.filter(|&count| count > 0) else {
                    return self.refuse(Code::E0303, length.span, "the length is a constant from 1");
                };
                let element = match wanted {
                    Some(Ty::Arr(element, _)) => self.typed(&value, &element.clone())?,
                    _ => self.data(&value)?,
                };
                let ty = Ty::Arr(Box::new(element.ty.clone()), count);
                self.small_enough(&ty, span)?;
                make(ExprKind::Fill(Box::new(element)), ty)
            }
            Builtin::Div => {
                let [a, b] = self.arguments(name, given, span)?;
                self.binary(BinaryOp::Div, &a, &b, span, wanted)
            }
            Builtin::TimeAt => {
                let [checkpoint] = self.arguments(name, given, span)?;
                let checkpoint = self.typed(&checkpoint, &Ty::Checkpoint)?;
                make(ExprKind::TimeAt(Box::new(checkpoint)), Ty::U64)
            }
            Builtin::BalanceOut | Builtin::BalanceIn => {
                if self.program.contract(self.contract).id != Some(0) {
                    let help = "pay with `System.defer().send(to, amount)`, from \"std\"";
                    return self.refuse_with(Code::E0324, span, "only the system contract moves native balance", help);
                }
                let [amount] = self.arguments(name, given, span)?;
                let amount = self.typed(&amount, &Ty::U64)?;
                self.changes(span);
                let out = builtin == Builtin::BalanceOut;
                make(ExprKind::Balance { out, amount: Box::new(amount) }, Ty::Void)
            }
            Builtin::Map | Builtin::GrowMap | Builtin::Grows | Builtin::Once | Builtin::List => {
                let help = "declare it as a field of the contract";
                self.refuse_with(Code::E0321, span, "collections live in the state only", help)
            }
        }
    }

    /// A value that can be hashed, compared or copied.
    fn data(&mut self, expr: &ast::Expr) -> Checked<Expr> {
        let value = self.expr(expr, None)?;
        let value = self.is_value(value)?;
        if let Ty::View(_) = value.ty {
            return self.refuse_with(Code::E0303, value.span, "a view is no value", "read one of its fields");
        }
        Some(value)
    }

    fn convert(&mut self, to: Ty, given: &[ast::Expr], span: Span) -> Checked<Expr> {
        let what = self.show(&to);
        let [value] = self.arguments(&what, given, span)?;
        let hint = if super::expr::is_literal(&value) { Some(&to) } else { None };
        let value = self.expr(&value, hint)?;
        let value = self.is_value(value)?;
        let fits = match (&value.ty, &to) {
            (from, to) if from == to => true,
            (from, to) if from.is_integer() && (to.is_integer() || *to == Ty::Felt) => true,
            (Ty::Felt, to) => to.is_integer(),
            (Ty::U32, Ty::User | Ty::Checkpoint | Ty::Contract) => true,
            (Ty::User | Ty::Checkpoint, Ty::U32 | Ty::U64 | Ty::Felt) => true,
            (Ty::Contract, Ty::U64 | Ty::Felt) | (Ty::U64, Ty::Contract) => true,
            (Ty::Bool, to) => to.is_integer() || *to == Ty::Felt,
            _ => false,
        };
        if !fits || to == Ty::Bool || to == Ty::Hash {
            let message = format!("{} cannot be made {what}", self.show(&value.ty));
            return self.refuse(Code::E0303, span, message);
        }
        Some(Expr { kind: ExprKind::Convert(Box::new(value)), ty: to, span })
    }

    fn method_call(&mut self, object: &ast::Expr, name: &Name, given: &[ast::Expr], span: Span) -> Checked<Expr> {
        match &object.kind {
            ast::ExprKind::This => return self.inline(name, given, span),
            ast::ExprKind::Name(base) if self.local(base).is_none() => {
                if base == "felt" {
                    return self.felt_arithmetic(name, given, span);
                }
                if let Some(Symbol::Contract(contract)) = self.symbol(base) {
                    return self.of_contract(contract, name, given, span);
                }
            }
            // `C.defer().f(…)` and `C.call().f(…)`
            ast::ExprKind::Call { callee, arguments, .. } => {
                if let ast::ExprKind::Member(base, how) = &callee.kind
                    && let ast::ExprKind::Name(base) = &base.kind
                    && let Some(Symbol::Contract(contract)) = self.symbol(base)
                    && matches!(how.text.as_str(), "defer" | "call")
                    && self.local(base).is_none()
                {
                    if !arguments.is_empty() {
                        return self.refuse(Code::E0307, callee.span, format!("{} takes no arguments", how.text));
                    }
                    return self.other_contract(contract, how, name, given, span);
                }
            }
            ast::ExprKind::Member(base, field) => {
                if let Some((instance, contract, at)) = self.collection(base, field)? {
                    return self.storage(instance, contract, at, name, given, span);
                }
            }
            _ => {}
        }
        let value = self.expr(object, None)?;
        if let Ty::View(contract) = value.ty {
            let decl = self.program.contract(contract);
            if decl.method(&name.text).is_some() {
                let help =
                    format!("read its fields, or call it as yourself: `{}.defer().{}(…)`", decl.name.text, name.text);
                return self.refuse_with(Code::E0317, name.span, "methods of other users cannot be called", help);
            }
        }
        let message = format!("{} has no method {}", self.show(&value.ty), name.text);
        self.refuse(Code::E0306, name.span, message)
    }

    /// Is `base.field` a collection of somebody's instance?
    #[allow(clippy::type_complexity)] // what it is, whose, and where
    fn collection(&mut self, base: &ast::Expr, field: &Name) -> Checked<Option<(Instance, ContractRef, usize)>> {
        let (instance, contract) = match &base.kind {
            ast::ExprKind::This => (Instance::Own, self.contract),
            ast::ExprKind::Name(name) if self.local(name).is_none() => return Some(None),
            ast::ExprKind::Name(_) | ast::ExprKind::Call { .. } => {
                let value = self.expr(base, None)?;
                let Ty::View(contract) = value.ty else { return Some(None) };
                (Instance::Frozen(Box::new(value)), contract)
            }
            _ => return Some(None),
        };
        let decl = self.program.contract(contract);
        let Some(at) = decl.field(&field.text) else {
            let message = format!("{} has no field {}", decl.name.text, field.text);
            return self.refuse(Code::E0306, field.span, message);
        };
        let plain = matches!(decl.fields[at].kind, StoreKind::Value(_));
        Some((!plain).then_some((instance, contract, at)))
    }

    fn storage(
        &mut self,
        instance: Instance,
        contract: ContractRef,
        field: usize,
        name: &Name,
        given: &[ast::Expr],
        span: Span,
    ) -> Checked<Expr> {
        let kind = self.program.contract(contract).fields[field].kind.clone();
        let value = kind.value().clone();
        let read = |what, ty| Some((Some(what), None, ty));
        let change = |what| Some((None, Some(what), Ty::Void));
        let (read, change, ty): (Option<Read>, Option<Change>, Ty) = match (&kind, name.text.as_str()) {
            (StoreKind::Map { key, .. } | StoreKind::GrowMap { key, .. }, "get") => {
                let [at] = self.arguments("get", given, span)?;
                read(Read::Entry(Box::new(self.typed(&at, key)?)), value)
            }
            (StoreKind::Map { key, .. }, "set") => {
                let [at, new] = self.arguments("set", given, span)?;
                let (at, new) = (self.typed(&at, key), self.typed(&new, &value));
                change(Change::Set { key: Box::new(at?), value: Box::new(new?) })
            }
            (StoreKind::Map { key, .. } | StoreKind::GrowMap { key, .. }, "add") if value.is_integer() => {
                let [at, by] = self.arguments("add", given, span)?;
                let (at, by) = (self.typed(&at, key), self.typed(&by, &value));
                change(Change::AddTo { key: Box::new(at?), by: Box::new(by?) })
            }
            (StoreKind::HashMap { .. }, "get") => {
                let [at] = self.arguments("get", given, span)?;
                read(Read::Entry(Box::new(self.typed(&at, &Ty::Hash)?)), value)
            }
            (StoreKind::HashMap { .. }, "has") => {
                let [at] = self.arguments("has", given, span)?;
                read(Read::Has(Box::new(self.typed(&at, &Ty::Hash)?)), Ty::Bool)
            }
            (StoreKind::HashMap { grows: false, .. }, "set") => {
                let [at, new] = self.arguments("set", given, span)?;
                let (at, new) = (self.typed(&at, &Ty::Hash), self.typed(&new, &value));
                change(Change::Set { key: Box::new(at?), value: Box::new(new?) })
            }
            (StoreKind::HashMap { .. }, "add") if value.is_integer() => {
                let [at, by] = self.arguments("add", given, span)?;
                let (at, by) = (self.typed(&at, &Ty::Hash), self.typed(&by, &value));
                change(Change::AddTo { key: Box::new(at?), by: Box::new(by?) })
            }
            (StoreKind::Grows(_), "get") => {
                let [] = self.arguments("get", given, span)?;
                read(Read::Grown, value)
            }
            (StoreKind::Grows(_), "add") => {
                let [by] = self.arguments("add", given, span)?;
                change(Change::Add(Box::new(self.typed(&by, &value)?)))
            }
            (StoreKind::Once(_), "get") => {
                let [] = self.arguments("get", given, span)?;
                read(Read::Once, value)
            }
            (StoreKind::Once(_), "isSet") => {
                let [] = self.arguments("isSet", given, span)?;
                read(Read::IsSet, Ty::Bool)
            }
            (StoreKind::Once(_), "set") => {
                let [new] = self.arguments("set", given, span)?;
                change(Change::SetOnce(Box::new(self.typed(&new, &value)?)))
            }
            (StoreKind::List { .. }, "len") => {
                let [] = self.arguments("len", given, span)?;
                read(Read::Length, Ty::U32)
            }
            (StoreKind::List { .. }, "at") => {
                let [at] = self.arguments("at", given, span)?;
                read(Read::At(Box::new(self.typed(&at, &Ty::U32)?)), value)
            }
            (StoreKind::List { .. }, "push") => {
                let [new] = self.arguments("push", given, span)?;
                change(Change::Push(Box::new(self.typed(&new, &value)?)))
            }
            (kind, other) => {
                let message = format!("a {} has no method {other}", kind.word());
                return self.refuse_with(Code::E0306, name.span, message, members_of(kind));
            }
        }?;
        if let Some(what) = read {
            return Some(Expr { kind: ExprKind::Read { instance, contract, field, what }, ty, span });
        }
        if let Instance::Frozen(_) = instance {
            let help = "a call writes only the state of its own user; let the other user make a call that reads this";
            return self.refuse_with(Code::E0316, span, "the state of others is read-only", help);
        }
        self.changes(span);
        Some(Expr { kind: ExprKind::Change { field, what: change? }, ty, span })
    }

    fn method_arguments(
        &mut self,
        what: &str,
        wanted: &[(Name, Ty)],
        given: &[ast::Expr],
        span: Span,
    ) -> Checked<Vec<Expr>> {
        if wanted.len() != given.len() {
            let message = format!("{what} takes {} arguments, {} are given", wanted.len(), given.len());
            return self.refuse(Code::E0307, span, message);
        }
        let mut values = Vec::new();
        for ((_, ty), value) in wanted.iter().zip(given) {
            values.extend(self.typed(value, ty));
        }
        (values.len() == wanted.len()).then_some(values)
    }

    /// A method of the own contract.
    fn inline(&mut self, name: &Name, given: &[ast::Expr], span: Span) -> Checked<Expr> {
        let decl = self.program.contract(self.contract);
        let Some(method) = decl.method(&name.text) else {
            if let Some(field) = decl.field(&name.text) {
                let message = format!("{} is a field, not a method", name.text);
                return self.refuse_with(Code::E0306, name.span, message, members_of(&decl.fields[field].kind));
            }
            return self.refuse(Code::E0306, name.span, format!("{} has no method {}", decl.name.text, name.text));
        };
        let wanted = &decl.methods[method];
        let arguments = self.method_arguments(&name.text, &wanted.parameters, given, span)?;
        self.effects.calls.entry(method).or_insert(span);
        Some(Expr { kind: ExprKind::Inline(method, arguments), ty: wanted.result.clone(), span })
    }

    fn felt_arithmetic(&mut self, name: &Name, given: &[ast::Expr], span: Span) -> Checked<Expr> {
        let Some(&(_, op)) = builtins::FELT.iter().find(|(known, _)| *known == name.text) else {
            let message = format!("felt has no {}", name.text);
            return self.refuse_with(Code::E0306, name.span, message, "there are felt.add, felt.sub and felt.mul");
        };
        let op: BinaryOp = op;
        let [a, b] = self.arguments(&name.text, given, span)?;
        let (a, b) = (self.typed(&a, &Ty::Felt), self.typed(&b, &Ty::Felt));
        Some(Expr { kind: ExprKind::Binary(op, Box::new(a?), Box::new(b?)), ty: Ty::Felt, span })
    }

    /// `C.of(user)` and its like.
    fn of_contract(&mut self, contract: ContractRef, name: &Name, given: &[ast::Expr], span: Span) -> Checked<Expr> {
        let view = Ty::View(contract);
        match name.text.as_str() {
            "of" => {
                let [user] = self.arguments("of", given, span)?;
                let user = Box::new(self.typed(&user, &Ty::User)?);
                self.needs_id(contract, span)?;
                Some(Expr { kind: ExprKind::View { contract, user, at: None }, ty: view, span })
            }
            "at" => {
                let [user, at] = self.arguments("at", given, span)?;
                let (user, at) = (self.typed(&user, &Ty::User), self.typed(&at, &Ty::Checkpoint));
                let (user, at) = (Box::new(user?), Some(Box::new(at?)));
                self.needs_id(contract, span)?;
                Some(Expr { kind: ExprKind::View { contract, user, at }, ty: view, span })
            }
            "mine" => {
                let [] = self.arguments("mine", given, span)?;
                self.mine(contract, span)
            }
            "defer" | "call" => {
                let help = format!(
                    "name the method: `{}.{}().method(…)`",
                    self.program.contract(contract).name.text,
                    name.text
                );
                self.refuse_with(Code::E0314, span, "nothing is called here", help)
            }
            other => {
                let decl = self.program.contract(contract);
                if decl.method(other).is_some() {
                    let how = if contract == self.contract { "this" } else { "Name.defer()" };
                    let help = format!("write `{how}.{other}(…)`");
                    return self.refuse_with(Code::E0317, name.span, "a contract itself has no methods to call", help);
                }
                let message = format!("{} has no {other}", decl.name.text);
                self.refuse_with(Code::E0306, name.span, message, "there are of, at, mine, defer and call")
            }
        }
    }

    /// Other contracts are known by their ids.
    pub(super) fn needs_id(&mut self, contract: ContractRef, span: Span) -> Checked<()> {
        let decl = self.program.contract(contract);
        if contract == self.contract || decl.id.is_some() {
            return Some(());
        }
        let name = &decl.name.text;
        let help = format!("write `@contract({{ id: 3 }})` above {name}, or give the id to the compiler");
        self.refuse_with(Code::E0322, span, format!("the id of {name} is not known"), help)
    }

    fn other_contract(
        &mut self,
        contract: ContractRef,
        how: &Name,
        name: &Name,
        given: &[ast::Expr],
        span: Span,
    ) -> Checked<Expr> {
        let decl = self.program.contract(contract);
        let Some(method) = decl.method(&name.text) else {
            return self.refuse(Code::E0306, name.span, format!("{} has no method {}", decl.name.text, name.text));
        };
        let wanted = &decl.methods[method];
        if wanted.reach == Reach::Private {
            let help = "mark it `@call` if users may call it too";
            return self.refuse_with(Code::E0317, name.span, format!("{} is private", name.text), help);
        }
        let arguments = self.method_arguments(&name.text, &wanted.parameters, given, span)?;
        self.needs_id(contract, span)?;
        self.changes(span);
        if how.text == "call" {
            return self.called(contract, method, arguments, span);
        }
        Some(Expr { kind: ExprKind::Defer { contract, method, arguments }, ty: Ty::Void, span })
    }
}
