//! Resolves what the files of a program declare, in passes: names, imports, structs, contracts.

use std::collections::BTreeMap;

use super::ast::{Class, Expr, ExprKind, Field, Name, TypeExpr, TypeKind};
use super::builtins::{self, Builtin};
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::layout::{StoreField, StoreKind};
use super::load::Loaded;
use super::program::{ConstantDecl, ContractDecl, MethodDecl, Program, Reach, Struct, Symbol};
use super::source::FileId;
use super::types::{ContractRef, MAX_FELTS, StructId, Ty};

/// Most classes of one program.
const MAX_CLASSES: usize = 256;
/// Positions of a map by hash whose declaration gives no capacity, as a power of two: a million keys.
const DEFAULT_BITS: u8 = 20;
/// Most positions of a map by hash, as a power of two.
const MAX_BITS: u8 = 28;

/// What a compilation is told beside its sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Ids of deployed contracts by name, for those whose source does not say.
    pub ids: BTreeMap<String, u32>,
}

/// Resolves what all files declare.
pub(crate) fn declare(loaded: &Loaded, options: &Options, findings: &mut Findings) -> Program {
    let mut declarer = Declarer { loaded, options, findings, program: Program::default(), classes: Vec::new() };
    declarer.names();
    declarer.imports();
    declarer.structs();
    declarer.contracts();
    declarer.program
}

struct Declarer<'a> {
    loaded: &'a Loaded,
    options: &'a Options,
    findings: &'a mut Findings,
    program: Program,
    /// Every class with its file and what it declares.
    classes: Vec<(FileId, &'a Class, Symbol)>,
}

impl<'a> Declarer<'a> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    fn names(&mut self) {
        let loaded = self.loaded;
        self.program.scopes = vec![BTreeMap::new(); loaded.files.len()];
        for file in loaded.files.iter().flatten() {
            for class in &file.classes {
                if self.classes.len() == MAX_CLASSES {
                    let message = format!("the program has more than {MAX_CLASSES} classes");
                    self.report(Diagnostic::new(Code::E0108, class.name.span, message));
                    return;
                }
                let symbol = match class.base.as_ref().map(|base| base.text.as_str()) {
                    Some("Contract") => Symbol::Contract(ContractRef(self.program.contracts.len())),
                    Some("Event") => Symbol::Event(self.program.events.len()),
                    Some("Tests") => continue,
                    None | Some("Struct") => Symbol::Struct(StructId(self.program.structs.len())),
                    Some(other) => {
                        let span = class.base.as_ref().map_or(class.name.span, |base| base.span);
                        let message = format!("a class cannot extend {other}");
                        self.report(
                            Diagnostic::new(Code::E0205, span, message).help("extend Contract, Event or nothing"),
                        );
                        continue;
                    }
                };
                if !self.take_name(file.id, &class.name, symbol) {
                    continue;
                }
                let empty = Struct { name: class.name.clone(), fields: Vec::new(), felts: 0 };
                match symbol {
                    Symbol::Struct(_) => self.program.structs.push(empty),
                    Symbol::Event(_) => self.program.events.push(empty),
                    Symbol::Contract(_) => self.program.contracts.push(ContractDecl {
                        name: class.name.clone(),
                        id: None,
                        constants: Vec::new(),
                        fields: Vec::new(),
                        methods: Vec::new(),
                        height: 1,
                    }),
                }
                self.classes.push((file.id, class, symbol));
            }
        }
    }

    fn take_name(&mut self, file: FileId, name: &Name, symbol: Symbol) -> bool {
        let scope = &mut self.program.scopes[usize::from(file.0)];
        if builtins::is_taken(&name.text) || scope.contains_key(&name.text) {
            self.report(Diagnostic::new(Code::E0302, name.span, format!("the name {} is taken", name.text)));
            return false;
        }
        if !crate::names::is_name(&name.text) {
            self.report(bad_name(name));
            return false;
        }
        scope.insert(name.text.clone(), symbol);
        true
    }

    fn imports(&mut self) {
        let loaded = self.loaded;
        let declared: Vec<BTreeMap<String, Symbol>> = self.program.scopes.clone();
        for (at, file) in loaded.files.iter().enumerate() {
            let Some(file) = file else { continue };
            for import in &file.imports {
                let Some(target) = loaded.targets[at].get(&import.path.text) else { continue };
                for (theirs, ours) in &import.names {
                    match declared[usize::from(target.0)].get(&theirs.text) {
                        Some(&symbol) => drop(self.take_name(file.id, ours, symbol)),
                        None if loaded.files[usize::from(target.0)].is_none() => {}
                        None => {
                            let message = format!("\"{}\" declares no {}", import.path.text, theirs.text);
                            self.report(Diagnostic::new(Code::E0301, theirs.span, message));
                        }
                    }
                }
            }
        }
    }

    /// The fields of structs and events. A struct may hold others, never itself.
    fn structs(&mut self) {
        let classes = self.classes.clone();
        for (file, class, symbol) in &classes {
            if let Symbol::Contract(_) = symbol {
                continue;
            }
            for method in &class.methods {
                let message = "structs and events have fields only";
                self.report(Diagnostic::new(Code::E0205, method.name.span, message));
            }
            for decorator in &class.decorators {
                let message = "structs and events have no decorators";
                self.report(Diagnostic::new(Code::E0206, decorator.name.span, message));
            }
            let mut fields: Vec<(Name, Ty)> = Vec::new();
            for field in &class.fields {
                let Some(annotation) = &field.annotation else {
                    let found = Diagnostic::new(Code::E0203, field.span, "this field needs a type");
                    self.report(found.help("write `amount: u64 = 0;`"));
                    continue;
                };
                if field.fixed {
                    self.report(Diagnostic::new(Code::E0205, field.span, "constants belong into a contract"));
                    continue;
                }
                if fields.iter().any(|(name, _)| name.text == field.name.text) {
                    let message = format!("the name {} is taken", field.name.text);
                    self.report(Diagnostic::new(Code::E0302, field.name.span, message));
                    continue;
                }
                if !crate::names::is_name(&field.name.text) {
                    self.report(bad_name(&field.name));
                    continue;
                }
                if field.init.is_none() {
                    let found = Diagnostic::new(Code::E0320, field.span, "this field needs a first value");
                    self.report(found.help("write `= 0`, `= false`, `= NOBODY` or `= NONE`"));
                }
                if let Some(ty) = self.ty(*file, annotation) {
                    fields.push((field.name.clone(), ty));
                }
            }
            if class.fields.is_empty() && matches!(symbol, Symbol::Struct(_)) {
                self.report(Diagnostic::new(Code::E0205, class.name.span, "a struct has at least one field"));
            }
            match symbol {
                Symbol::Struct(id) => self.program.structs[id.0].fields = fields,
                Symbol::Event(id) => self.program.events[*id].fields = fields,
                Symbol::Contract(_) => {}
            }
        }
        let mut done = vec![None; self.program.structs.len()];
        for at in 0..done.len() {
            self.size(StructId(at), &mut done);
        }
        for at in 0..self.program.events.len() {
            let felts = self.program.events[at].fields.iter().map(|(_, ty)| self.program.felts(ty)).sum::<usize>();
            self.program.events[at].felts = felts.min(MAX_FELTS + 1);
            if felts > MAX_FELTS {
                let name = self.program.events[at].name.clone();
                self.report(too_large(&name));
            }
        }
    }

    /// The felts of a struct; fields that lead back to it are taken out. `done` holds `Some(false)` while on the way.
    fn size(&mut self, id: StructId, done: &mut [Option<bool>]) {
        if done[id.0] == Some(true) {
            return;
        }
        done[id.0] = Some(false);
        let mut kept = Vec::new();
        let mut felts = 0usize;
        for (name, ty) in self.program.structs[id.0].fields.clone() {
            let inner = inner_struct(&ty);
            if let Some(inner) = inner {
                if done[inner.0] == Some(false) {
                    let found = Diagnostic::new(Code::E0203, name.span, "a struct cannot hold itself");
                    self.report(found.label("leads back to the struct"));
                    continue;
                }
                self.size(inner, done);
            }
            felts = felts.saturating_add(self.program.felts(&ty));
            kept.push((name, ty));
        }
        // At least one, so that structs of structs of nothing are too large as well, and nobody expands them.
        self.program.structs[id.0].felts = felts.clamp(1, MAX_FELTS + 1);
        if felts > MAX_FELTS {
            let name = self.program.structs[id.0].name.clone();
            self.report(too_large(&name));
            kept.clear();
        }
        self.program.structs[id.0].fields = kept;
        done[id.0] = Some(true);
    }

    fn contracts(&mut self) {
        let classes = self.classes.clone();
        // Constants first: lengths of arrays in other places may name them.
        for (file, class, symbol) in &classes {
            let Symbol::Contract(contract) = *symbol else { continue };
            self.identity(class, contract);
            for field in class.fields.iter().filter(|field| field.fixed) {
                self.constant(*file, contract, field);
            }
        }
        for (file, class, symbol) in &classes {
            let Symbol::Contract(contract) = *symbol else { continue };
            let mut fields: Vec<StoreField> = Vec::new();
            for field in class.fields.iter().filter(|field| !field.fixed) {
                if fields.iter().any(|other| other.name.text == field.name.text) {
                    let message = format!("the name {} is taken", field.name.text);
                    self.report(Diagnostic::new(Code::E0302, field.name.span, message));
                } else if let Some(kind) = self.storage(*file, field) {
                    fields.push(StoreField { name: field.name.clone(), kind, slot: 0, stride: 1 });
                }
            }
            let height = self.program.place(&mut fields, self.findings);
            let decl = &mut self.program.contracts[contract.0];
            (decl.fields, decl.height) = (fields, height);
            self.methods(*file, class, contract);
        }
    }

    /// The decorator of a contract, and its id.
    fn identity(&mut self, class: &Class, contract: ContractRef) {
        let mut id = self.options.ids.get(&class.name.text).copied();
        for decorator in &class.decorators {
            if decorator.name.text != "contract" {
                let message = format!("there is no decorator @{} for classes", decorator.name.text);
                self.report(Diagnostic::new(Code::E0206, decorator.name.span, message).help("use `@contract()`"));
                continue;
            }
            for argument in &decorator.arguments {
                let ExprKind::Object(options) = &argument.kind else {
                    self.report(Diagnostic::new(Code::E0206, argument.span, "expected options, as `{ id: 3 }`"));
                    continue;
                };
                for (name, value) in options {
                    match (&value.kind, name.text.as_str()) {
                        (ExprKind::Number(number), "id") if *number <= u64::from(u32::MAX) => id = Some(*number as u32),
                        _ => {
                            let found = Diagnostic::new(Code::E0206, name.span, "this is no option of a contract");
                            self.report(found.help("there is `id`, a number below 2^32"));
                        }
                    }
                }
            }
        }
        if class.decorators.is_empty() {
            let found = Diagnostic::new(Code::E0206, class.name.span, "a contract is marked by `@contract()`");
            self.report(found.help("write `@contract()` above the class"));
        }
        self.program.contracts[contract.0].id = id;
    }

    fn constant(&mut self, file: FileId, contract: ContractRef, field: &Field) {
        let Some(ty) = field.annotation.as_ref().and_then(|annotation| self.ty(file, annotation)) else {
            if field.annotation.is_none() {
                let found = Diagnostic::new(Code::E0203, field.span, "a constant needs a type");
                self.report(found.help("write `static readonly LIMIT: u64 = 5;`"));
            }
            return;
        };
        let value = field.init.as_ref().and_then(|init| constant_value(&self.program, file, init));
        let Some(value) = value.filter(|_| ty == Ty::Bool || ty.is_number()) else {
            let found =
                Diagnostic::new(Code::E0320, field.span, "a constant is a number or a truth value that stands here");
            self.report(found.help("write `static readonly LIMIT: u64 = 5;`"));
            return;
        };
        let max = if ty == Ty::Bool { 1 } else { ty.max() };
        if value > max {
            let message = format!("{value} is no {}", self.program.show(&ty));
            self.report(Diagnostic::new(Code::E0311, field.span, message));
            return;
        }
        let name = field.name.clone();
        self.program.contracts[contract.0].constants.push(ConstantDecl { name, ty, value });
    }

    /// What a field of state is.
    fn storage(&mut self, file: FileId, field: &Field) -> Option<StoreKind> {
        let Some(init) = &field.init else {
            let found = Diagnostic::new(Code::E0320, field.span, "a field of state needs a first value");
            self.report(
                found
                    .help("write `= 0`, `= false`, `= NOBODY`, `= NONE`, or a collection such as `map<UserId, u64>()`"),
            );
            return None;
        };
        if let ExprKind::Call { callee, types, arguments } = &init.kind
            && let ExprKind::Name(name) = &callee.kind
            && let Some(builtin @ (Builtin::Map | Builtin::GrowMap | Builtin::Grows | Builtin::Once | Builtin::List)) =
                builtins::function(name)
        {
            return self.collection(file, field, builtin, types, arguments);
        }
        let Some(annotation) = &field.annotation else {
            let found = Diagnostic::new(Code::E0203, field.span, "a field of state needs a type");
            self.report(found.help("write `count: u64 = 0;`"));
            return None;
        };
        let ty = self.ty(file, annotation)?;
        if !self.program.is_storable(&ty) {
            let found = Diagnostic::new(Code::E0321, annotation.span, "this type cannot be stored");
            self.report(found.help("a struct in the state holds no arrays; store the array as a field of its own"));
            return None;
        }
        if !is_zero(init) {
            let found = Diagnostic::new(Code::E0320, init.span, "state begins as zeros");
            self.report(found.label("not zero").help(
                "nobody writes an instance before its first call: count from zero, or keep a flag that says it is set",
            ));
            return None;
        }
        Some(StoreKind::Value(ty))
    }

    fn collection(
        &mut self,
        file: FileId,
        field: &Field,
        builtin: Builtin,
        types: &[TypeExpr],
        arguments: &[Expr],
    ) -> Option<StoreKind> {
        let wanted = if matches!(builtin, Builtin::Map | Builtin::GrowMap) { 2 } else { 1 };
        let by_hash = wanted == 2 && types.first().is_some_and(|key| is_hash(&key.kind));
        let takes = match builtin {
            Builtin::List => 1..=1,
            _ if by_hash => 0..=1,
            _ => 0..=0,
        };
        // The capacity may stand among the types as well, for TypeScript's sake.
        let fits = types.len() == wanted || builtin == Builtin::List && types.len() == 2;
        if !fits || !takes.contains(&arguments.len()) {
            let found = Diagnostic::new(Code::E0321, field.span, "this collection is not declared in full");
            self.report(found.help(
                "write `map<UserId, u64>()`, `growMap<UserId, u64>()`, `grows<u64>()`, `once<hash>()` or `list<u64>(10)`",
            ));
            return None;
        }
        let first = self.ty(file, &types[0])?;
        let value = if wanted == 2 { self.ty(file, &types[1])? } else { first.clone() };
        let value_span = types[wanted - 1].span;
        let must_count = matches!(builtin, Builtin::GrowMap | Builtin::Grows);
        if must_count && !value.is_integer() {
            let found = Diagnostic::new(Code::E0321, value_span, "only u8, u32 and u64 can grow");
            self.report(found);
            return None;
        }
        if !self.program.is_storable(&value) || self.program.has_array(&value) {
            let found = Diagnostic::new(Code::E0321, value_span, "this type cannot be stored in a collection");
            self.report(found.help("values are numbers, truth values, hashes, ids and structs of them"));
            return None;
        }
        if wanted == 2 {
            match first {
                Ty::User | Ty::Checkpoint | Ty::U32 | Ty::U8 => {}
                Ty::Hash => {
                    let bits = self.capacity(file, arguments)?;
                    return Some(StoreKind::HashMap { value, bits, grows: builtin == Builtin::GrowMap });
                }
                _ => {
                    let message = format!("{} cannot be the key of a map", self.program.show(&first));
                    let found = Diagnostic::new(Code::E0321, types[0].span, message);
                    self.report(
                        found.help("keys are UserId, CheckpointId, u32, u8 or hash; for others use `hashOf(key)`"),
                    );
                    return None;
                }
            }
        }
        Some(match builtin {
            Builtin::Map => StoreKind::Map { key: first, value },
            Builtin::GrowMap => StoreKind::GrowMap { key: first, value },
            Builtin::Grows => StoreKind::Grows(value),
            Builtin::Once => StoreKind::Once(value),
            _ => {
                let capacity = constant_value(&self.program, file, &arguments[0]);
                let Some(capacity) = capacity.and_then(|n| u32::try_from(n).ok()).filter(|&n| n > 0) else {
                    let message = "the capacity is a constant from 1 to 2^32 - 1";
                    self.report(Diagnostic::new(Code::E0321, arguments[0].span, message));
                    return None;
                };
                StoreKind::List { value, capacity }
            }
        })
    }

    /// The bits of a position in a map by hash that has room for as many keys as the declaration says.
    fn capacity(&mut self, file: FileId, arguments: &[Expr]) -> Option<u8> {
        let Some(given) = arguments.first() else { return Some(DEFAULT_BITS) };
        let capacity = constant_value(&self.program, file, given).filter(|n| (1..1 << MAX_BITS).contains(n));
        let Some(capacity) = capacity else {
            let message = format!("the capacity is a constant from 1 to 2^{MAX_BITS} - 1");
            self.report(Diagnostic::new(Code::E0321, given.span, message));
            return None;
        };
        // One position more than keys: the head's.
        Some((u64::BITS - capacity.leading_zeros()) as u8)
    }

    fn methods(&mut self, file: FileId, class: &Class, contract: ContractRef) {
        for method in &class.methods {
            let mut reach = Reach::Private;
            for decorator in &method.decorators {
                reach = match decorator.name.text.as_str() {
                    "call" => Reach::Call,
                    "view" => Reach::View,
                    other => {
                        let message = format!("there is no decorator @{other} for methods");
                        let found = Diagnostic::new(Code::E0206, decorator.name.span, message);
                        self.report(found.help("use `@call`, `@view`, or none for a private helper"));
                        continue;
                    }
                };
            }
            let mut parameters: Vec<(Name, Ty)> = Vec::new();
            for (name, kind) in &method.parameters {
                // A parameter without a type would shift the others, so a wrong one stands for itself.
                let ty = self.ty(file, kind).unwrap_or(Ty::U64);
                parameters.push((name.clone(), ty));
            }
            let result = match &method.result {
                Some(kind) => self.ty_or_void(file, kind).unwrap_or(Ty::Void),
                None => Ty::Void,
            };
            let decl = &self.program.contracts[contract.0];
            if decl.method(&method.name.text).is_some() || decl.field(&method.name.text).is_some() {
                let message = format!("the name {} is taken", method.name.text);
                self.report(Diagnostic::new(Code::E0302, method.name.span, message));
                continue;
            }
            if !crate::names::is_name(&method.name.text) {
                self.report(bad_name(&method.name));
                continue;
            }
            let felts: usize = parameters.iter().map(|(_, ty)| self.program.felts(ty)).sum();
            if felts > MAX_FELTS || self.program.felts(&result) > MAX_FELTS {
                self.report(too_large(&method.name));
                continue;
            }
            let (name, head) = (method.name.clone(), method.head);
            let method = MethodDecl { name, reach, parameters, result, head };
            self.program.contracts[contract.0].methods.push(method);
        }
    }

    fn ty_or_void(&mut self, file: FileId, kind: &TypeExpr) -> Option<Ty> {
        if let TypeKind::Void = kind.kind { Some(Ty::Void) } else { self.ty(file, kind) }
    }

    fn ty(&mut self, file: FileId, kind: &TypeExpr) -> Option<Ty> {
        let found = resolve_type(&self.program, file, kind);
        found.map_err(|diagnostic| self.report(diagnostic)).ok()
    }
}

fn is_hash(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Named(name, arguments) if name == "hash" && arguments.is_empty())
}

fn inner_struct(ty: &Ty) -> Option<StructId> {
    match ty {
        Ty::Struct(id) => Some(*id),
        Ty::Arr(element, _) => inner_struct(element),
        _ => None,
    }
}

fn too_large(name: &Name) -> Diagnostic {
    let message = format!("{} has more than {MAX_FELTS} felts", name.text);
    Diagnostic::new(Code::E0403, name.span, message)
}

fn bad_name(name: &Name) -> Diagnostic {
    let message = format!("the name {} has other signs than letters, digits and _, or more than 64", name.text);
    Diagnostic::new(Code::E0404, name.span, message)
}

/// Is this the zero of its type? The types of literals are left to TypeScript and to where they are used.
fn is_zero(init: &Expr) -> bool {
    match &init.kind {
        ExprKind::Number(0) | ExprKind::Bool(false) => true,
        ExprKind::Name(name) => name == "NOBODY" || name == "NONE",
        ExprKind::Object(fields) => fields.iter().all(|(_, value)| is_zero(value)),
        ExprKind::List(elements) => elements.iter().all(is_zero),
        ExprKind::Call { callee, arguments, .. } => {
            matches!(&callee.kind, ExprKind::Name(name) if name == "arr") && arguments.get(1).is_some_and(is_zero)
        }
        _ => false,
    }
}

/// The value of a constant that can be seen without types: a literal, or a constant of a contract.
pub(crate) fn constant_value(program: &Program, file: FileId, expr: &Expr) -> Option<u64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(*number),
        ExprKind::Bool(truth) => Some(u64::from(*truth)),
        ExprKind::Name(name) => builtins::CONSTANTS
            .iter()
            .find(|(known, ty, ..)| known == name && *ty != "hash")
            .map(|&(_, _, value, _)| value),
        ExprKind::Member(object, name) => {
            let ExprKind::Name(contract) = &object.kind else { return None };
            let Some(Symbol::Contract(contract)) = program.scopes[usize::from(file.0)].get(contract) else {
                return None;
            };
            let constants = &program.contract(*contract).constants;
            constants.iter().find(|constant| constant.name.text == name.text).map(|constant| constant.value)
        }
        _ => None,
    }
}

/// The type that a type expression in a file names.
pub(crate) fn resolve_type(program: &Program, file: FileId, kind: &TypeExpr) -> Result<Ty, Diagnostic> {
    let fail = |code, message: String| Err(Diagnostic::new(code, kind.span, message));
    match &kind.kind {
        TypeKind::Void => fail(Code::E0203, "void is the result of a method only".to_owned()),
        TypeKind::Number(_) => fail(Code::E0203, "a number is no type".to_owned()),
        TypeKind::Named(name, arguments) if name == "Arr" => {
            let [element, length] = arguments.as_slice() else {
                return fail(Code::E0203, "an array type is `Arr<T, N>`".to_owned());
            };
            let element = resolve_type(program, file, element)?;
            let length = match &length.kind {
                TypeKind::Number(length) => u32::try_from(*length).ok().filter(|&length| length > 0),
                _ => None,
            };
            let Some(length) = length else {
                return fail(Code::E0203, "the length of an array is a number from 1".to_owned());
            };
            Ok(Ty::Arr(Box::new(element), length))
        }
        TypeKind::Named(name, arguments) => {
            if !arguments.is_empty() {
                return fail(Code::E0203, format!("{name} has no type arguments"));
            }
            if let Some(plain) = Ty::plain(name) {
                return Ok(plain);
            }
            match program.scopes[usize::from(file.0)].get(name) {
                Some(Symbol::Struct(id)) => Ok(Ty::Struct(*id)),
                Some(_) => fail(Code::E0203, format!("{name} is no type of values")),
                None => fail(Code::E0301, format!("there is no type {name}")),
            }
        }
    }
}
