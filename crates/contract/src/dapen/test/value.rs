//! Expressions of a test.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::UserId;

use super::run::{Runner, VERBS};
use super::{Ran, stop, stop_with};
use crate::dapen::ast::{self, BinaryOp, ExprKind, Name};
use crate::dapen::builtins;
use crate::dapen::codes::Code;
use crate::dapen::source::Span;
use crate::dapen::types::{MAX_FELTS, StructId, Ty};

/// A value in a test: its felts, and its type unless it is a number that takes the type of what it meets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub(super) felts: Vec<Felt>,
    pub(super) ty: Option<Ty>,
}

impl Held {
    pub(super) fn one(number: u64, ty: Option<Ty>) -> Held {
        Held { felts: vec![Felt::reduce(number)], ty }
    }

    /// The number of a value of one felt.
    pub(super) fn get(&self) -> u64 {
        self.felts.first().map_or(0, |felt| felt.as_u64())
    }

    /// Refuses what gives nothing.
    pub(super) fn some(self, span: Span) -> Ran<Held> {
        if self.ty == Some(Ty::Void) {
            return stop(Code::E0314, span, "this gives nothing");
        }
        Ok(self)
    }
}

impl Runner<'_> {
    /// A value of a type, zeros all over.
    pub(super) fn zeros(&self, ty: &Ty) -> Held {
        Held { felts: vec![Felt::ZERO; self.program.felts(ty)], ty: Some(ty.clone()) }
    }

    pub(super) fn truth(&mut self, expr: &ast::Expr) -> Ran<bool> {
        Ok(self.typed(expr, &Ty::Bool)?.get() == 1)
    }

    pub(super) fn number(&mut self, expr: &ast::Expr, ty: &Ty) -> Ran<u64> {
        Ok(self.typed(expr, ty)?.get())
    }

    pub(super) fn user_of(&mut self, expr: &ast::Expr) -> Ran<UserId> {
        let id = self.number(expr, &Ty::User)?;
        let user = u32::try_from(id).ok().and_then(UserId::new).filter(|user| *user != UserId::NOBODY);
        match user {
            Some(user) => Ok(user),
            None if self.dry => Ok(UserId::constant(1)),
            None => stop(Code::E0303, expr.span, "user 0 is nobody"),
        }
    }

    /// An expression of a given type.
    pub(super) fn typed(&mut self, expr: &ast::Expr, wanted: &Ty) -> Ran<Held> {
        let value = self.value(expr, Some(wanted))?.some(expr.span)?;
        match &value.ty {
            Some(ty) if ty == wanted => Ok(value),
            None if wanted.is_number() => self.fits(value, wanted, expr.span),
            found => {
                let expected = self.program.show(wanted);
                let found_word = found.as_ref().map_or_else(|| "a number".to_owned(), |ty| self.program.show(ty));
                let mixed = found.as_ref().is_some_and(Ty::is_integer) && wanted.is_integer();
                let message = format!("{found_word} where {expected} is expected");
                if mixed {
                    let help = format!("convert: `{expected}(…)`, which checks that the number fits");
                    return stop_with(Code::E0304, expr.span, message, help);
                }
                stop(Code::E0303, expr.span, message)
            }
        }
    }

    /// As [`Runner::typed`] when there is a type, else any value.
    pub(super) fn typed_or_free(&mut self, expr: &ast::Expr, wanted: Option<&Ty>) -> Ran<Held> {
        match wanted {
            Some(wanted) => self.typed(expr, wanted),
            None => self.value(expr, None)?.some(expr.span),
        }
    }

    /// A number given the type of what it meets.
    fn fits(&self, value: Held, ty: &Ty, span: Span) -> Ran<Held> {
        if value.get() > ty.max() {
            let message = format!("{} is no {}, the largest is {}", value.get(), self.program.show(ty), ty.max());
            return stop(Code::E0311, span, message);
        }
        Ok(Held { ty: Some(ty.clone()), ..value })
    }

    /// Two values of one type: numbers without a type take that of the other side.
    pub(super) fn same_type(&mut self, a: &ast::Expr, b: &ast::Expr, wanted: Option<&Ty>) -> Ran<(Held, Held)> {
        let left = self.value(a, wanted)?.some(a.span)?;
        let right = match &left.ty {
            Some(ty) => self.typed(b, &ty.clone())?,
            None => self.value(b, wanted)?.some(b.span)?,
        };
        match (&left.ty, &right.ty) {
            (None, Some(ty)) if ty.is_number() => {
                let left = self.fits(left, &ty.clone(), a.span)?;
                Ok((left, right))
            }
            (None, Some(ty)) => {
                stop(Code::E0303, a.span, format!("a number where {} is expected", self.program.show(ty)))
            }
            _ => Ok((left, right)),
        }
    }

    /// An expression. `wanted` helps where the form alone does not say what it is, and is no demand.
    pub(super) fn value(&mut self, expr: &ast::Expr, wanted: Option<&Ty>) -> Ran<Held> {
        self.step(expr.span)?;
        let span = expr.span;
        match &expr.kind {
            ExprKind::Number(number) => match wanted.filter(|ty| ty.is_number()) {
                Some(ty) => self.fits(Held::one(*number, None), ty, span),
                None if *number >= Felt::ORDER => stop(Code::E0311, span, format!("{number} is no felt")),
                None => Ok(Held::one(*number, None)),
            },
            ExprKind::Bool(truth) => Ok(Held::one(u64::from(*truth), Some(Ty::Bool))),
            ExprKind::Text(_) => stop(Code::E0211, span, "a text is no value"),
            ExprKind::This => stop(Code::E0202, span, "a test has no state of its own"),
            ExprKind::Name(name) => match builtins::CONSTANTS.iter().find(|(known, ..)| known == name) {
                Some((_, "hash", ..)) => Ok(self.zeros(&Ty::Hash)),
                Some((_, ty, number, _)) => Ok(Held::one(*number, Ty::plain(ty))),
                None => self.variable(name, span),
            },
            ExprKind::List(elements) => self.list(elements, wanted, span),
            ExprKind::Object(fields) => match wanted {
                Some(&Ty::Struct(id)) => self.object(id, fields, span),
                _ => stop(Code::E0312, span, "the type of this object is not clear"),
            },
            ExprKind::Member(object, name) => self.member(expr, object, name),
            ExprKind::Index(list, index) => self.element(expr, list, index),
            ExprKind::Not(inner) => {
                let truth = self.truth(inner)?;
                Ok(Held::one(u64::from(!truth), Some(Ty::Bool)))
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, wanted, span),
            ExprKind::Conditional(test, then, otherwise) => {
                let holds = self.truth(test)?;
                if self.dry {
                    return Ok(self.same_type(then, otherwise, wanted)?.0);
                }
                self.value(if holds { then } else { otherwise }, wanted)
            }
            ExprKind::Assign(..) => {
                stop_with(Code::E0202, span, "an assignment is no value", "write the assignment on a line of its own")
            }
            ExprKind::Call { callee, arguments, .. } => self.called(expr, callee, arguments, wanted),
        }
    }

    fn list(&mut self, elements: &[ast::Expr], wanted: Option<&Ty>, span: Span) -> Ran<Held> {
        let mut inner = match wanted {
            Some(Ty::Arr(element, _)) => Some((**element).clone()),
            _ => None,
        };
        let mut felts = Vec::new();
        for element in elements {
            let value = self.typed_or_free(element, inner.as_ref())?;
            inner = inner.or(value.ty.clone());
            felts.extend(value.felts);
        }
        if felts.len() > MAX_FELTS {
            return stop(Code::E0403, span, format!("this value has more than {MAX_FELTS} felts"));
        }
        match (inner, elements.len()) {
            (Some(inner), length @ 1..) => Ok(Held { felts, ty: Some(Ty::Arr(Box::new(inner), length as u32)) }),
            _ => stop(Code::E0312, span, "the type of this array is not clear"),
        }
    }

    fn object(&mut self, id: StructId, given: &[(Name, ast::Expr)], span: Span) -> Ran<Held> {
        let declared = &self.program.structure(id).fields;
        let felts = self.named(declared, given, span)?;
        Ok(Held { felts, ty: Some(Ty::Struct(id)) })
    }

    /// A value for each of some fields, in their order.
    pub(super) fn named(&mut self, declared: &[(Name, Ty)], given: &[(Name, ast::Expr)], span: Span) -> Ran<Vec<Felt>> {
        if let Some((other, _)) =
            given.iter().find(|(name, _)| declared.iter().all(|(field, _)| field.text != name.text))
        {
            return stop(Code::E0306, other.span, format!("there is no field {}", other.text));
        }
        let mut felts = Vec::new();
        for (name, ty) in declared {
            let Some((_, value)) = given.iter().find(|(given, _)| given.text == name.text) else {
                return stop(Code::E0307, span, format!("a value for {} is missing", name.text));
            };
            felts.extend(self.typed(value, ty)?.felts);
        }
        Ok(felts)
    }

    /// A call that gives a value: a function, something of the world, state of a user, or a call of a contract.
    fn called(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        arguments: &[ast::Expr],
        wanted: Option<&Ty>,
    ) -> Ran<Held> {
        match &callee.kind {
            ExprKind::Name(name) => self.function(name, arguments, wanted, callee.span, expr.span),
            ExprKind::Member(object, verb) if self.is_world(object) => self.of_world(verb, arguments, expr.span),
            ExprKind::Member(object, name) if matches!(&object.kind, ExprKind::Name(base) if base == "felt") => {
                self.felt_arithmetic(name, arguments, expr.span)
            }
            ExprKind::Member(object, verb) => match self.collection(object, verb, arguments)? {
                Some(read) => Ok(read),
                None => self.outcome(expr),
            },
            _ => self.outcome(expr),
        }
    }

    fn of_world(&mut self, verb: &Name, arguments: &[ast::Expr], span: Span) -> Ran<Held> {
        match (verb.text.as_str(), arguments) {
            ("user", _) => self.new_user(arguments, span),
            ("newest", []) => Ok(Held::one(self.world.checkpoints, Some(Ty::Checkpoint))),
            ("random", [below]) => {
                let end = self.number(below, &Ty::U64)?;
                match (end, self.dry) {
                    (_, true) => Ok(Held::one(0, Some(Ty::U64))),
                    (0, false) => stop(Code::E0311, below.span, "there is no number below 0"),
                    (end, false) => Ok(Held::one(self.world.random.below(end), Some(Ty::U64))),
                }
            }
            ("as" | "checkpoint" | "anchor" | "fails" | "emits", _) => {
                stop(Code::E0314, span, format!("{} gives nothing", verb.text))
            }
            ("newest" | "random", given) => {
                let message = format!("{} takes other arguments than {} values", verb.text, given.len());
                stop_with(Code::E0307, span, message, VERBS)
            }
            _ => stop_with(Code::E0306, verb.span, format!("a world has no {}", verb.text), VERBS),
        }
    }

    pub(super) fn new_user(&mut self, arguments: &[ast::Expr], span: Span) -> Ran<Held> {
        let (name, number) = match arguments {
            [name] => (name, None),
            [name, number] => (name, Some(self.number(number, &Ty::User)?)),
            _ => return stop(Code::E0307, span, "a user has a name, and perhaps a number"),
        };
        let ExprKind::Text(name) = &name.kind else {
            return stop(Code::E0303, name.span, "the name of a user is a text in quotes");
        };
        if self.dry {
            return Ok(Held::one(1, Some(Ty::User)));
        }
        let user = self.world.new_user(name, number, span)?;
        Ok(Held::one(user.get().into(), Some(Ty::User)))
    }

    fn function(
        &mut self,
        name: &str,
        arguments: &[ast::Expr],
        wanted: Option<&Ty>,
        at: Span,
        span: Span,
    ) -> Ran<Held> {
        if let Some(to) = Ty::plain(name) {
            let [value] = arguments else { return stop(Code::E0307, span, format!("{name} takes one value")) };
            return self.convert(&to, value, span);
        }
        match (name, arguments) {
            ("hashOf", [_, ..]) => {
                let mut felts = Vec::new();
                for argument in arguments {
                    felts.extend(self.value(argument, Some(&Ty::U64))?.some(argument.span)?.felts);
                }
                Ok(Held { felts: hash(Domain::ContractHash, &felts).0.to_vec(), ty: Some(Ty::Hash) })
            }
            ("eq", [a, b]) => {
                let (a, b) = self.same_type(a, b, None)?;
                Ok(Held::one(u64::from(a.felts == b.felts), Some(Ty::Bool)))
            }
            ("copy", [value]) => self.value(value, wanted)?.some(span),
            ("arr", [length, value]) => {
                let count = self.number(length, &Ty::U32)?.max(u64::from(self.dry));
                let inner = match wanted {
                    Some(Ty::Arr(element, _)) => Some((**element).clone()),
                    _ => None,
                };
                let value = self.typed_or_free(value, inner.as_ref())?;
                let Some(element) = value.ty else {
                    return stop(Code::E0312, span, "the type of this array is not clear");
                };
                let whole = value.felts.len().max(1) as u64 * count;
                if count == 0 || whole > MAX_FELTS as u64 {
                    return stop(Code::E0403, span, format!("an array has 1 to {MAX_FELTS} felts"));
                }
                Ok(Held {
                    felts: value.felts.repeat(count as usize),
                    ty: Some(Ty::Arr(Box::new(element), count as u32)),
                })
            }
            ("div", [a, b]) => {
                let (a, b) = self.same_type(a, b, wanted)?;
                self.divide(a, b, span)
            }
            ("hashOf" | "eq" | "copy" | "arr" | "div", given) => {
                stop(Code::E0307, span, format!("{name} takes other arguments than {} values", given.len()))
            }
            _ if builtins::function(name).is_some() || builtins::is_taken(name) => {
                stop(Code::E0317, at, format!("{name} cannot be called here"))
            }
            _ => stop(Code::E0301, at, format!("there is no function {name}")),
        }
    }

    fn felt_arithmetic(&mut self, name: &Name, arguments: &[ast::Expr], span: Span) -> Ran<Held> {
        let known = builtins::FELT.iter().find(|(known, _)| *known == name.text);
        let (Some((_, op)), [a, b]) = (known, arguments) else {
            return stop(Code::E0306, name.span, format!("felt has no {} of {} values", name.text, arguments.len()));
        };
        let a = self.typed(a, &Ty::Felt)?.felts.first().copied().unwrap_or_default();
        let b = self.typed(b, &Ty::Felt)?.felts.first().copied().unwrap_or_default();
        let felt = match op {
            BinaryOp::Add => a + b,
            BinaryOp::Sub => a - b,
            BinaryOp::Mul => a * b,
            _ => return stop(Code::E0305, span, format!("{} does not work on felt", op.sign())),
        };
        Ok(Held { felts: vec![felt], ty: Some(Ty::Felt) })
    }

    /// A value as people read it.
    pub(super) fn show(&self, held: &Held) -> String {
        match (&held.ty, held.felts.as_slice()) {
            (Some(Ty::Bool), [one]) => (*one == Felt::ONE).to_string(),
            (_, [one]) => one.as_u64().to_string(),
            (Some(Ty::Hash), &[a, b, c, d]) => Digest([a, b, c, d]).to_string(),
            (Some(Ty::Struct(id)), felts) => {
                let mut rest = felts;
                let fields = self.program.structure(*id).fields.iter().map(|(name, ty)| {
                    let (mine, left) = rest.split_at(self.program.felts(ty).min(rest.len()));
                    rest = left;
                    format!("{}: {}", name.text, self.show(&Held { felts: mine.to_vec(), ty: Some(ty.clone()) }))
                });
                format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
            }
            (Some(Ty::Arr(element, _)), felts) => {
                let width = self.program.felts(element).max(1);
                let show = |part: &[Felt]| self.show(&Held { felts: part.to_vec(), ty: Some((**element).clone()) });
                format!("[{}]", felts.chunks(width).map(show).collect::<Vec<_>>().join(", "))
            }
            (_, many) => format!("{:?}", many.iter().map(|felt| felt.as_u64()).collect::<Vec<_>>()),
        }
    }
}
