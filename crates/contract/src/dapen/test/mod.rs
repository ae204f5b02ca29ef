//! Tests written in the language, run on the sandbox: no node, no proofs, milliseconds.
//!
//! ```ts
//! export class TokenTests extends Tests {
//!   @test
//!   bob_claims(w: World): void {
//!     const issuer = w.user("issuer", 3);
//!     const bob = w.user("bob");
//!     const amount = w.random(100) + 1;
//!     w.as(issuer);
//!     Token.call().mint(100);
//!     Token.call().send(bob, amount);
//!     w.emits(Sent, { to: bob, amount });
//!     w.as(bob);
//!     w.fails("nothing to claim", Token.call().claim(issuer)); // the same checkpoint: not visible yet
//!     w.checkpoint();
//!     w.as(bob);
//!     expect(Token.call().claim(issuer), amount);
//!     expect(Token.of(bob).balance, amount);
//!   }
//! }
//! ```
//! Each test has a world of its own, so that their order means nothing. In tests, `C.of(user)` shows the state as it
//! stands now, open sessions included. Before any test runs, all are walked through once with zeros for what calls
//! give: every branch, one round of every loop. What that finds is an error of the source, as any other.
//!
//! | file | what |
//! | --- | --- |
//! | this one | finding tests, running them one by one |
//! | `run` | statements |
//! | `value` | expressions |
//! | `arithmetic` | operators |
//! | `read` | state of users |
//! | `call` | calls of contracts, failures, events |
//! | `world` | users, sessions, checkpoints, random numbers |

mod arithmetic;
mod call;
mod read;
mod run;
mod value;
mod world;

use std::collections::BTreeMap;

use super::ast;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings, Severity};
use super::program::Program;
use super::source::{FileId, Resolver, Sources, Span};
use super::types::ContractRef;
use super::{Compiled, Options, declare, load};
use crate::sandbox::Sandbox;
use run::Runner;

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
    /// Did it ask for random numbers, so that another seed is another test?
    pub random: bool,
}

/// What became of all tests of a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// The files, to show findings in.
    pub sources: Sources,
    /// What the compiler says of the contracts and tests.
    pub diagnostics: Vec<Diagnostic>,
    /// The tests that ran, in the order of the file; none when a contract or a test does not compile.
    pub tests: Vec<TestResult>,
    /// The names of the tests that the filter left out.
    pub left_out: Vec<String>,
}

impl Report {
    /// Did everything compile and every test pass?
    pub fn passed(&self) -> bool {
        let compiled = self.diagnostics.iter().all(|found| found.severity() != Severity::Error);
        compiled && self.tests.iter().all(|test| test.failure.is_none())
    }
}

/// Which tests run, and on which random numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Tests whose names contain this.
    pub filter: String,
    /// Where the random numbers of each test begin, together with its name.
    pub seed: u64,
}

/// Runs the tests of the file at `root` whose names contain `filter`, with the contracts that the program imports and
/// random numbers from seed 0.
pub fn run(resolver: &dyn Resolver, root: &str, options: &Options, filter: &str) -> Report {
    run_choice(resolver, root, options, &Choice { filter: filter.to_owned(), seed: 0 })
}

/// Runs some tests of the file at `root`, with the contracts that the program imports.
pub fn run_choice(resolver: &dyn Resolver, root: &str, options: &Options, choice: &Choice) -> Report {
    let mut findings = Findings::default();
    let loaded = load::load(resolver, root, &mut findings);
    let (mut tests, mut left_out) = (Vec::new(), Vec::new());
    if let Some(table) = Table::new(&loaded, options, &mut findings) {
        let all = table.tests();
        table.check(&mut findings);
        if all.is_empty() && !findings.has_errors() {
            let found = Diagnostic::without_place(Code::E0110, format!("{root} has no tests"));
            findings.push(found.help("a test is a method with `@test` of a class that extends Tests"));
        }
        if !findings.has_errors() {
            let (chosen, others): (Vec<Test<'_>>, Vec<Test<'_>>) =
                all.into_iter().partition(|test| test.name.contains(&choice.filter));
            left_out = others.into_iter().map(|test| test.name).collect();
            tests = chosen.iter().map(|test| table.run(test, choice.seed)).collect();
        }
    }
    Report { sources: loaded.sources, diagnostics: findings.sorted(), tests, left_out }
}

/// Has the first file of a program classes of tests?
pub(super) fn has_tests(loaded: &load::Loaded) -> bool {
    let first = loaded.files.first().and_then(Option::as_ref);
    first.is_some_and(|file| file.classes.iter().any(is_tests))
}

/// Compiles all contracts of a program and walks through its tests without running them.
pub(super) fn check(loaded: &load::Loaded, options: &Options, findings: &mut Findings) {
    if let Some(table) = Table::new(loaded, options, findings) {
        table.check(findings);
    }
}

fn is_tests(class: &ast::Class) -> bool {
    class.base.as_ref().is_some_and(|base| base.text == "Tests")
}

/// The contracts by their ids.
type Contracts = BTreeMap<u32, (ContractRef, Compiled)>;

/// A test of a file.
struct Test<'a> {
    name: String,
    method: &'a ast::Method,
}

/// Why a test stops.
enum Stop {
    /// This was found.
    Found(Box<Diagnostic>),
    /// Something that was said before.
    Known,
}

/// What a step of a test gives.
type Ran<T> = Result<T, Stop>;

fn stop<T>(code: Code, span: Span, message: impl Into<String>) -> Ran<T> {
    Err(Diagnostic::new(code, span, message).into())
}

fn stop_with<T>(code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) -> Ran<T> {
    Err(Diagnostic::new(code, span, message).help(help).into())
}

impl From<Diagnostic> for Stop {
    fn from(found: Diagnostic) -> Stop {
        Stop::Found(Box::new(found))
    }
}

/// What the tests of a file run on.
struct Table<'a> {
    program: Program,
    contracts: Contracts,
    file: FileId,
    classes: &'a [ast::Class],
    /// The chain as every test finds it.
    chain: Sandbox,
}

impl<'a> Table<'a> {
    /// Nothing when a contract does not compile or has no place, which `findings` says.
    fn new(loaded: &'a load::Loaded, options: &Options, findings: &mut Findings) -> Option<Table<'a>> {
        if !loaded.is_whole() {
            return None;
        }
        let mut program = declare::declare(loaded, options, findings);
        number(&mut program, findings);
        let mut contracts = Contracts::new();
        for at in 0..program.contracts.len() {
            let contract = ContractRef(at);
            let id = program.contract(contract).id.unwrap_or_default();
            if let Some(compiled) = super::compile_contract(loaded, &program, contract, findings) {
                contracts.insert(id, (contract, compiled));
            }
        }
        if findings.has_errors() {
            return None;
        }
        let file = loaded.files.first()?.as_ref()?;
        let chain = world::chain(&contracts);
        let chain = chain.map_err(|error| findings.push(Diagnostic::without_place(Code::E3003, error.to_string())));
        Some(Table { program, contracts, file: file.id, classes: &file.classes, chain: chain.ok()? })
    }

    /// The tests, in the order of the file.
    fn tests(&self) -> Vec<Test<'a>> {
        let classes = self.classes.iter().filter(|class| is_tests(class));
        let tests = classes.flat_map(|class| {
            let methods = class.methods.iter().filter(|method| is_test(method));
            methods.map(|method| Test { name: format!("{}.{}", class.name.text, method.name.text), method })
        });
        tests.collect()
    }

    /// Says what is wrong with the tests, without running them.
    fn check(&self, findings: &mut Findings) {
        for class in self.classes.iter().filter(|class| is_tests(class)) {
            for field in &class.fields {
                let found = Diagnostic::new(Code::E0205, field.span, "a class of tests has no fields");
                findings.push(found.help("each test has a world and variables of its own"));
            }
            for (at, method) in class.methods.iter().enumerate() {
                if class.methods[..at].iter().any(|other| other.name.text == method.name.text) {
                    let message = format!("the name {} is taken", method.name.text);
                    findings.push(Diagnostic::new(Code::E0302, method.name.span, message));
                }
                if let Err(Stop::Found(found)) = head(method) {
                    findings.push(*found);
                    continue;
                }
                let mut runner = Runner::new(self, method, 0, true);
                let walked = runner.body(&method.body);
                runner.found.extend(found_of(walked));
                runner.found.into_iter().for_each(|found| findings.push(found));
            }
        }
    }

    fn run(&self, test: &Test<'_>, seed: u64) -> TestResult {
        let named = test
            .name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut runner = Runner::new(self, test.method, seed ^ named, false);
        let failure = found_of(runner.body(&test.method.body));
        TestResult {
            name: test.name.clone(),
            failure,
            calls: runner.calls,
            checkpoints: runner.world.checkpoints as usize,
            random: runner.world.random.used,
        }
    }
}

fn found_of(ran: Ran<()>) -> Option<Diagnostic> {
    match ran {
        Err(Stop::Found(found)) => Some(*found),
        Ok(()) | Err(Stop::Known) => None,
    }
}

fn is_test(method: &ast::Method) -> bool {
    method.decorators.iter().any(|decorator| decorator.name.text == "test")
}

/// Has a method the form of a test?
fn head(method: &ast::Method) -> Ran<()> {
    const FORM: &str = "write `@test name(w: World): void { … }`";
    if let Some(other) = method.decorators.iter().find(|decorator| decorator.name.text != "test") {
        let message = format!("there is no decorator @{} for tests", other.name.text);
        return stop_with(Code::E0206, other.name.span, message, FORM);
    }
    if method.decorators.is_empty() {
        let message = format!("{} is never run: it is not marked as a test", method.name.text);
        return stop_with(Code::E0206, method.name.span, message, FORM);
    }
    let is_world = |kind: &ast::TypeExpr| matches!(&kind.kind, ast::TypeKind::Named(name, _) if name == "World");
    let takes_world = matches!(method.parameters.as_slice(), [(_, kind)] if is_world(kind));
    let gives = method.result.as_ref().is_some_and(|result| !matches!(result.kind, ast::TypeKind::Void));
    if !takes_world || gives {
        return stop_with(Code::E0209, method.head, "a test takes a world and gives nothing", FORM);
    }
    Ok(())
}

/// Gives an id to contracts that have none, the next one that is free, and refuses two with the same.
fn number(program: &mut Program, findings: &mut Findings) {
    let mut taken: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, contract) in program.contracts.iter().enumerate() {
        let Some(id) = contract.id else { continue };
        if let Some(&other) = taken.get(&id) {
            let other = &program.contracts[other].name;
            let message = format!("{} and {} both have id {id}", contract.name.text, other.text);
            let found = Diagnostic::new(Code::E0302, contract.name.span, message);
            findings.push(found.and(other.span, "the other one").help("give each contract an id of its own"));
        }
        if id >= world::PLACES {
            let message =
                format!("a world has contracts 0 to {}, {} has id {id}", world::PLACES - 1, contract.name.text);
            findings.push(Diagnostic::new(Code::E0302, contract.name.span, message));
        }
        taken.insert(id, at);
    }
    for at in 0..program.contracts.len() {
        if program.contracts[at].id.is_none() {
            let id = (1..).find(|id| !taken.contains_key(id)).unwrap_or(u32::MAX);
            taken.insert(id, at);
            program.contracts[at].id = Some(id);
        }
    }
}
