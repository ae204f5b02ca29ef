//! Tests written in the language, run on the sandbox: no node, no proofs, milliseconds.
//!
//! ```ts
//! export class TokenTests extends Tests {
//!   @test
//!   bob_claims(w: World): void {
//!     const issuer = w.user("issuer", 3);
//!     const bob = w.user("bob");
//!     w.as(issuer);
//!     Token.call().mint(100);
//!     Token.call().send(bob, 30);
//!     w.as(bob);
//!     w.fails("nothing to claim", Token.call().claim(issuer)); // the same checkpoint: not visible yet
//!     w.checkpoint();
//!     w.as(bob);
//!     expect(Token.call().claim(issuer), 30);
//!     expect(Token.of(bob).balance, 30);
//!   }
//! }
//! ```
//! Each test has a world of its own. In tests, `C.of(user)` shows the state as it stands now, open sessions included.

use std::collections::BTreeMap;

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, CheckpointId, ContractId, SlotIndex, Time, UserId};

use super::ast::{self, ExprKind, StmtKind};
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::layout::StoreKind;
use super::program::{Program, Symbol};
use super::source::{FileId, Resolver, Sources, Span};
use super::types::{ContractRef, Ty};
use super::{Compiled, Options, declare, load};
use crate::builder::ContractBuilder;
use crate::contract::Contract;
use crate::sandbox::{Sandbox, SandboxError, SandboxSession};

/// Native balance of each user of a world.
const BALANCE: u64 = 1_000_000;

/// What became of one test.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The class and the method, `TokenTests.bob_claims`.
    pub name: String,
    /// Why it failed; nothing when it passed.
    pub failure: Option<Diagnostic>,
    /// Calls that were made, those that were meant to fail included.
    pub calls: usize,
    /// Checkpoints that were closed.
    pub checkpoints: usize,
}

/// What became of all tests of a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// The files, to show findings in.
    pub sources: Sources,
    /// What the compiler says of the contracts and tests.
    pub diagnostics: Vec<Diagnostic>,
    /// The tests that ran, in the order of the file; none when a contract does not compile.
    pub tests: Vec<TestResult>,
}

impl Report {
    /// Did everything compile and every test pass?
    pub fn passed(&self) -> bool {
        let compiled = self.diagnostics.iter().all(|found| found.severity() != super::diagnostic::Severity::Error);
        compiled && self.tests.iter().all(|test| test.failure.is_none())
    }
}

/// Runs the tests of the file at `root` whose names contain `filter`, with the contracts that the program imports.
pub fn run(resolver: &dyn Resolver, root: &str, options: &Options, filter: &str) -> Report {
    let mut findings = Findings::default();
    let loaded = load::load(resolver, root, &mut findings);
    let mut tests = Vec::new();
    if loaded.is_whole() {
        let mut program = declare::declare(&loaded, options, &mut findings);
        number(&mut program);
        let contracts = compile_all(&loaded, &program, &mut findings);
        if let (Some(contracts), Some(Some(file))) = (contracts, loaded.files.first()) {
            for class in file.classes.iter().filter(|class| is_tests(class)) {
                for method in class.methods.iter().filter(|method| is_test(method)) {
                    let name = format!("{}.{}", class.name.text, method.name.text);
                    if name.contains(filter) {
                        tests.push(one(&program, &contracts, file.id, method, name));
                    }
                }
            }
        }
    }
    Report { sources: loaded.sources, diagnostics: findings.sorted(), tests }
}

fn is_tests(class: &ast::Class) -> bool {
    class.base.as_ref().is_some_and(|base| base.text == "Tests")
}

fn is_test(method: &ast::Method) -> bool {
    method.decorators.iter().any(|decorator| decorator.name.text == "test")
}

/// Gives an id to contracts that have none: the next one that is free.
fn number(program: &mut Program) {
    let mut taken: Vec<u32> = program.contracts.iter().filter_map(|contract| contract.id).collect();
    let mut next = 1;
    for contract in program.contracts.iter_mut().filter(|contract| contract.id.is_none()) {
        while taken.contains(&next) {
            next += 1;
        }
        taken.push(next);
        contract.id = Some(next);
    }
}

type Contracts = BTreeMap<u32, (ContractRef, Compiled)>;

fn compile_all(loaded: &load::Loaded, program: &Program, findings: &mut Findings) -> Option<Contracts> {
    let mut contracts = Contracts::new();
    for at in 0..program.contracts.len() {
        let contract = ContractRef(at);
        let id = program.contract(contract).id.unwrap_or_default();
        if let Some(compiled) = super::compile_contract(loaded, program, contract, findings) {
            contracts.insert(id, (contract, compiled));
        }
    }
    (!findings.has_errors()).then_some(contracts)
}

/// A value in a test: its felts, and its type when it has one of its own.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    felts: Vec<Felt>,
    ty: Option<Ty>,
}

struct Runner<'a> {
    program: &'a Program,
    contracts: &'a Contracts,
    file: FileId,
    world: String,
    chain: Sandbox,
    names: BTreeMap<String, Held>,
    users: u32,
    open: BTreeMap<UserId, SandboxSession>,
    user: Option<UserId>,
    /// How far back the next session starts.
    back: u64,
    calls: usize,
    checkpoints: u64,
}

/// A test that stops.
type Ran<T> = Result<T, Box<Diagnostic>>;

fn stop<T>(code: Code, span: Span, message: impl Into<String>) -> Ran<T> {
    Err(Box::new(Diagnostic::new(code, span, message)))
}

fn one(program: &Program, contracts: &Contracts, file: FileId, method: &ast::Method, name: String) -> TestResult {
    let chain = match world(contracts) {
        Ok(chain) => chain,
        Err(error) => {
            let failure = Some(Diagnostic::new(Code::E3003, method.name.span, error.to_string()));
            return TestResult { name, failure, calls: 0, checkpoints: 0 };
        }
    };
    let world = method.parameters.first().map_or_else(|| "w".to_owned(), |(name, _)| name.text.clone());
    let mut runner = Runner {
        program,
        contracts,
        file,
        world,
        chain,
        names: BTreeMap::new(),
        users: 0,
        open: BTreeMap::new(),
        user: None,
        back: 0,
        calls: 0,
        checkpoints: 0,
    };
    let failure = method.body.iter().try_for_each(|statement| runner.statement(statement)).err();
    let checkpoints = runner.checkpoints as usize;
    TestResult { name, failure: failure.map(|failure| *failure), calls: runner.calls, checkpoints }
}

/// A chain with the contracts at their ids; empty contracts fill the gaps.
fn world(contracts: &Contracts) -> Result<Sandbox, SandboxError> {
    let end = contracts.keys().next_back().map_or(1, |last| last.saturating_add(1));
    let mut list: Vec<Contract> = Vec::new();
    for id in 0..end.min(1 << 10) {
        match contracts.get(&id) {
            Some((_, compiled)) => list.push(compiled.contract.clone()),
            None if id == 0 => list.push(crate::contracts::system::contract()),
            None => list.extend(ContractBuilder::new("Gap", 1).build()),
        }
    }
    let users: Vec<_> = (1..=8).filter_map(|id| Some((UserId::new(id)?, Amount::new(BALANCE)?))).collect();
    Sandbox::new(Profile::STANDARD, list, &users)
}

impl Runner<'_> {
    fn statement(&mut self, statement: &ast::Stmt) -> Ran<()> {
        match &statement.kind {
            StmtKind::Let { name, init, .. } => {
                let value = self.value(init, None)?;
                self.names.insert(name.text.clone(), value);
                Ok(())
            }
            StmtKind::Expr(expr) => self.act(expr),
            StmtKind::Block(body) => body.iter().try_for_each(|statement| self.statement(statement)),
            _ => stop(Code::E0501, statement.span, "tests have const, let and calls so far"),
        }
    }

    /// A statement that is a call.
    fn act(&mut self, expr: &ast::Expr) -> Ran<()> {
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else {
            return stop(Code::E0201, expr.span, "this does nothing in a test");
        };
        match &callee.kind {
            ExprKind::Name(name) if name == "expect" => {
                let [actual, expected] = arguments.as_slice() else {
                    return stop(Code::E0307, expr.span, "expect takes two values");
                };
                let left = self.value(actual, None)?;
                let right = self.value(expected, left.ty.as_ref())?;
                if left.felts != right.felts {
                    let (left, right) = (show(&left.felts), show(&right.felts));
                    let found = Diagnostic::new(Code::E3001, expr.span, format!("expected {right}, got {left}"));
                    return Err(Box::new(found.and(actual.span, format!("is {left}"))));
                }
                Ok(())
            }
            ExprKind::Member(object, verb) if self.is_world(object) => self.verb(&verb.text, verb.span, arguments),
            _ => self.call(expr)?.map(drop).map_err(|(failure, _)| Box::new(failure.and(expr.span, "called here"))),
        }
    }

    fn is_world(&self, object: &ast::Expr) -> bool {
        matches!(&object.kind, ExprKind::Name(name) if *name == self.world)
    }

    fn verb(&mut self, verb: &str, span: Span, arguments: &[ast::Expr]) -> Ran<()> {
        match (verb, arguments) {
            ("as", [user]) => {
                let user = self.user_of(user)?;
                self.user = Some(user);
                Ok(())
            }
            ("checkpoint", []) => {
                for (_, session) in std::mem::take(&mut self.open) {
                    let closed = self.chain.close(session);
                    closed.or_else(|error| stop(Code::E3003, span, error.to_string()))?;
                }
                self.checkpoints += 1;
                let time = Time::new(self.checkpoints).unwrap_or(Time::ZERO);
                self.chain.advance(time).or_else(|error| stop(Code::E3003, span, error.to_string()))?;
                (self.back, self.user) = (0, None);
                Ok(())
            }
            ("anchor", [back]) => {
                let back = self.value(back, Some(&Ty::U32))?;
                self.back = back.felts.first().map_or(0, |felt| felt.as_u64());
                Ok(())
            }
            ("fails", [message, call]) => {
                let ExprKind::Text(wanted) = &message.kind else {
                    return stop(Code::E0303, message.span, "the message is a text in quotes");
                };
                match self.call(call)? {
                    Ok(_) => {
                        stop(Code::E3001, call.span, format!("the call should fail with \"{wanted}\", and succeeds"))
                    }
                    Err((_, text)) if text.contains(wanted.as_str()) => Ok(()),
                    Err((failure, _)) => {
                        let text = format!("should fail with \"{wanted}\"");
                        Err(Box::new(failure.and(call.span, text)))
                    }
                }
            }
            _ => stop(Code::E0306, span, format!("a world has no {verb} with these arguments")),
        }
    }

    fn user_of(&mut self, expr: &ast::Expr) -> Ran<UserId> {
        let value = self.value(expr, Some(&Ty::User))?;
        let id = value.felts.first().and_then(|felt| u32::try_from(felt.as_u64()).ok());
        id.and_then(UserId::new).map_or_else(|| stop(Code::E0303, expr.span, "this is no user"), Ok)
    }

    fn contract(&self, name: &str) -> Option<ContractRef> {
        match self.program.scopes[usize::from(self.file.0)].get(name) {
            Some(Symbol::Contract(contract)) => Some(*contract),
            _ => None,
        }
    }

    /// Makes a call, `C.call().method(…)`, for the present user. The inner result says whether the contract failed it.
    #[allow(clippy::type_complexity)] // a value, or how it failed and in which words
    fn call(&mut self, expr: &ast::Expr) -> Ran<Result<Held, (Diagnostic, String)>> {
        let shape = || stop(Code::E0202, expr.span, "a test calls `Name.call().method(…)`");
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else { return shape() };
        let ExprKind::Member(object, method) = &callee.kind else { return shape() };
        let ExprKind::Call { callee: how, .. } = &object.kind else { return shape() };
        let ExprKind::Member(base, how) = &how.kind else { return shape() };
        let (ExprKind::Name(base), "call") = (&base.kind, how.text.as_str()) else { return shape() };
        let Some(contract) = self.contract(base) else { return shape() };
        let decl = self.program.contract(contract);
        let Some(declared) = decl.method(&method.text).map(|at| &decl.methods[at]) else {
            return stop(Code::E0306, method.span, format!("{base} has no method {}", method.text));
        };
        if declared.parameters.len() != arguments.len() {
            let message = format!("{} takes {} arguments", method.text, declared.parameters.len());
            return stop(Code::E0307, expr.span, message);
        }
        let mut inputs = Vec::new();
        for ((_, ty), argument) in declared.parameters.iter().zip(arguments) {
            let value = self.value(argument, Some(ty))?;
            if value.felts.len() != self.program.felts(ty) {
                return stop(Code::E0303, argument.span, format!("this is no {}", self.program.show(ty)));
            }
            inputs.extend(value.felts);
        }
        let Some(user) = self.user else {
            let found = Diagnostic::new(Code::E3003, expr.span, "nobody acts yet");
            return Err(Box::new(found.help("name the user who calls: `w.as(bob);`")));
        };
        let id = decl.id.unwrap_or_default();
        let mut session = match self.open.remove(&user) {
            Some(session) => session,
            None => {
                let anchor = CheckpointId::new(self.checkpoints.saturating_sub(self.back) as u32);
                let opened = self.chain.open_at(user, anchor.unwrap_or(CheckpointId::ZERO));
                opened.or_else(|error| stop(Code::E3003, expr.span, error.to_string()))?
            }
        };
        self.calls += 1;
        let contract_id = ContractId::new(id).unwrap_or(ContractId::SYSTEM);
        let made = self.chain.call(&mut session, contract_id, &method.text, &inputs);
        let outcome = match made {
            Ok(execution) if execution.deferred.is_empty() => {
                Ok(Held { felts: execution.outputs, ty: Some(declared.result.clone()) })
            }
            Ok(_) => return stop(Code::E0501, expr.span, "calls that owe others are not made by tests yet"),
            Err(SandboxError::Exec(error)) => {
                let values = self.chain.values(&session, contract_id, &method.text, &inputs);
                let text = error.to_string();
                match self.contracts.get(&id) {
                    Some((_, compiled)) => {
                        Err((super::failure::diagnostic(compiled, &method.text, &error, &values), text))
                    }
                    None => Err((Diagnostic::new(Code::E3003, expr.span, text.clone()), text)),
                }
            }
            Err(other) => Err((Diagnostic::new(Code::E3003, expr.span, other.to_string()), other.to_string())),
        };
        self.open.insert(user, session);
        Ok(outcome)
    }

    fn value(&mut self, expr: &ast::Expr, wanted: Option<&Ty>) -> Ran<Held> {
        let single = |number: u64, ty: Option<Ty>| Ok(Held { felts: vec![Felt::reduce(number)], ty });
        match &expr.kind {
            ExprKind::Number(number) => {
                if let Some(ty) = wanted.filter(|ty| ty.is_number() && *number > ty.max()) {
                    return stop(Code::E0311, expr.span, format!("{number} is no {}", self.program.show(ty)));
                }
                single(*number, wanted.cloned())
            }
            ExprKind::Bool(truth) => single(u64::from(*truth), Some(Ty::Bool)),
            ExprKind::Name(name) if name == "NONE" => Ok(Held { felts: vec![Felt::ZERO; 4], ty: Some(Ty::Hash) }),
            ExprKind::Name(name) if name == "NOBODY" => single(0, Some(Ty::User)),
            ExprKind::Name(name) => match self.names.get(name) {
                Some(value) => Ok(value.clone()),
                None => stop(Code::E0301, expr.span, format!("there is no variable {name}")),
            },
            ExprKind::List(elements) => {
                let inner = match wanted {
                    Some(Ty::Arr(element, _)) => Some((**element).clone()),
                    _ => None,
                };
                let mut felts = Vec::new();
                for element in elements {
                    felts.extend(self.value(element, inner.as_ref())?.felts);
                }
                Ok(Held { felts, ty: wanted.cloned() })
            }
            ExprKind::Object(fields) => {
                let Some(Ty::Struct(id)) = wanted else {
                    return stop(Code::E0312, expr.span, "the type of this object is not clear");
                };
                let mut felts = Vec::new();
                for (name, ty) in &self.program.structure(*id).fields {
                    let Some((_, value)) = fields.iter().find(|(given, _)| given.text == name.text) else {
                        return stop(Code::E0307, expr.span, format!("a value for {} is missing", name.text));
                    };
                    felts.extend(self.value(value, Some(ty))?.felts);
                }
                Ok(Held { felts, ty: wanted.cloned() })
            }
            ExprKind::Member(object, name) => self.member(object, name, expr.span),
            ExprKind::Call { callee, arguments, .. } => {
                if matches!(&callee.kind, ExprKind::Name(name) if name == "hashOf") {
                    let mut felts = Vec::new();
                    for argument in arguments {
                        felts.extend(self.value(argument, Some(&Ty::U64))?.felts);
                    }
                    return Ok(Held { felts: hash(Domain::ContractHash, &felts).0.to_vec(), ty: Some(Ty::Hash) });
                }
                if let ExprKind::Member(object, verb) = &callee.kind {
                    if self.is_world(object) && verb.text == "user" {
                        return self.new_user(arguments, expr.span);
                    }
                    if let Some(read) = self.collection(object, &verb.text, arguments)? {
                        return Ok(read);
                    }
                }
                self.call(expr)?.map_err(|(failure, _)| Box::new(failure.and(expr.span, "called here")))
            }
            _ => stop(Code::E0501, expr.span, "tests cannot compute this so far"),
        }
    }

    fn new_user(&mut self, arguments: &[ast::Expr], span: Span) -> Ran<Held> {
        self.users += 1;
        let id = match arguments {
            [_] => u64::from(self.users),
            [_, id] => self.value(id, Some(&Ty::User))?.felts.first().map_or(0, |felt| felt.as_u64()),
            _ => return stop(Code::E0307, span, "a user has a name, and perhaps a number"),
        };
        let known = u32::try_from(id).ok().and_then(UserId::new).and_then(|id| self.chain.leaf(id));
        if known.is_none() {
            return stop(Code::E3003, span, "a world has users 1 to 8");
        }
        Ok(Held { felts: vec![Felt::reduce(id)], ty: Some(Ty::User) })
    }

    /// The words of a user's state as they stand.
    fn word(&self, user: UserId, contract: ContractRef, slot: u64) -> Digest {
        let id = ContractId::new(self.program.contract(contract).id.unwrap_or_default()).unwrap_or(ContractId::SYSTEM);
        let open = self.open.get(&user).and_then(|session| session.state(id));
        match (open, SlotIndex::new(slot)) {
            (Some(state), _) => state.leaf(slot),
            (None, Some(slot)) => self.chain.word(user, id, slot),
            (None, None) => Digest::ZERO,
        }
    }

    fn read(&self, user: UserId, contract: ContractRef, slot: u64, skip: usize, ty: &Ty) -> Held {
        let count = self.program.felts(ty);
        let words = (skip + count).div_ceil(4) as u64;
        let felts = (0..words).flat_map(|at| self.word(user, contract, slot + at).0).skip(skip).take(count).collect();
        Held { felts, ty: Some(ty.clone()) }
    }

    /// `C.of(user)`, if it is that.
    fn view(&mut self, expr: &ast::Expr) -> Ran<Option<(ContractRef, UserId)>> {
        let ExprKind::Call { callee, arguments, .. } = &expr.kind else { return Ok(None) };
        let (ExprKind::Member(base, how), [user]) = (&callee.kind, arguments.as_slice()) else { return Ok(None) };
        let (ExprKind::Name(base), "of") = (&base.kind, how.text.as_str()) else { return Ok(None) };
        let Some(contract) = self.contract(base) else { return Ok(None) };
        Ok(Some((contract, self.user_of(user)?)))
    }

    fn member(&mut self, object: &ast::Expr, name: &ast::Name, span: Span) -> Ran<Held> {
        if let Some((contract, user)) = self.view(object)? {
            let decl = self.program.contract(contract);
            let field = decl.field(&name.text).map(|at| &decl.fields[at]);
            let Some((slot, StoreKind::Value(ty))) = field.map(|field| (field.slot, &field.kind)) else {
                return stop(Code::E0306, name.span, format!("{} has no plain field {}", decl.name.text, name.text));
            };
            if self.program.has_array(ty) {
                return stop(Code::E0501, span, "tests cannot read stored arrays so far");
            }
            return Ok(self.read(user, contract, slot, 0, ty));
        }
        let whole = self.value(object, None)?;
        let Some(Ty::Struct(id)) = whole.ty else {
            return stop(Code::E0306, name.span, format!("there is no member {}", name.text));
        };
        let mut at = 0;
        for (field, ty) in &self.program.structure(id).fields {
            let width = self.program.felts(ty);
            if field.text == name.text {
                let felts = whole.felts.get(at..at + width).unwrap_or_default().to_vec();
                return Ok(Held { felts, ty: Some(ty.clone()) });
            }
            at += width;
        }
        stop(Code::E0306, name.span, format!("there is no field {}", name.text))
    }

    /// `C.of(user).field.get(key)` and its like, if it is that.
    fn collection(&mut self, object: &ast::Expr, verb: &str, arguments: &[ast::Expr]) -> Ran<Option<Held>> {
        let ExprKind::Member(base, field) = &object.kind else { return Ok(None) };
        let Some((contract, user)) = self.view(base)? else { return Ok(None) };
        let decl = self.program.contract(contract);
        let Some(place) = decl.field(&field.text).map(|at| &decl.fields[at]) else {
            return stop(Code::E0306, field.span, format!("{} has no field {}", decl.name.text, field.text));
        };
        let (slot, stride) = (place.slot, place.stride);
        let held = match (&place.kind, verb, arguments) {
            (StoreKind::Map { key, value } | StoreKind::GrowMap { key, value }, "get", [at]) => {
                let at = self.value(at, Some(key))?.felts.first().map_or(0, |felt| felt.as_u64());
                self.read(user, contract, slot.saturating_add(at.saturating_mul(stride)), 0, value)
            }
            (StoreKind::Grows(ty), "get", []) => self.read(user, contract, slot, 0, ty),
            (StoreKind::Once(ty), "get", []) => self.read(user, contract, slot, 1, ty),
            (StoreKind::Once(_), "isSet", []) => self.read(user, contract, slot, 0, &Ty::Bool),
            (StoreKind::List { .. }, "len", []) => self.read(user, contract, slot, 0, &Ty::U32),
            (StoreKind::List { value, .. }, "at", [at]) => {
                let at = self.value(at, Some(&Ty::U32))?.felts.first().map_or(0, |felt| felt.as_u64());
                self.read(user, contract, slot.saturating_add(1 + at.saturating_mul(stride)), 0, value)
            }
            _ => return stop(Code::E0306, field.span, format!("{} has no {verb} with these arguments", field.text)),
        };
        Ok(Some(held))
    }
}

fn show(felts: &[Felt]) -> String {
    match felts {
        [one] => one.as_u64().to_string(),
        &[a, b, c, d] => Digest([a, b, c, d]).to_string(),
        many => format!("{:?}", many.iter().map(|felt| felt.as_u64()).collect::<Vec<_>>()),
    }
}
