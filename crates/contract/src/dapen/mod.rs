//! Dapen: contracts written in a subset of TypeScript, compiled to the IR.
//!
//! ```text
//!   text ──scan, parse──▸ ast ──declare──▸ program ──check──▸ hir ──lower──▸ ir::ContractCode ──▸ Contract
//!                                │            │
//!                          files, names   types, layout                    every finding is a Diagnostic
//! ```
//! Nothing here runs JavaScript. What would mean something else in JavaScript is refused, with a code, a place and a
//! hint. No input makes the compiler panic or run without bound; limits have codes of their own.
//!
//! | module | what |
//! | --- | --- |
//! | [`source`] | files, places, where text comes from |
//! | [`diagnostic`], [`codes`], [`render`] | findings, their table, how they look |
//! | `scan`, `parse`, `ast` | text to syntax tree; `parse` alone names the parser |
//! | `load`, `declare`, `program`, `layout`, `types` | what files declare, and where state stands |
//! | `builtins`, `standard` | what the language comes with |
//! | `check`, `hir` | names resolved, types checked |
//! | `lint`, `echo` | warnings |
//! | [`mod@test`] | runs tests written in the language |
//! | [`failure`] | a call that fails, shown in the source |
//! | [`prelude`] | the declarations that editors and `tsc` read |
//! | `lower` | methods inlined, loops unrolled, branches to conditions |

mod ast;
mod builtins;
mod check;
pub mod codes;
mod declare;
pub mod diagnostic;
mod echo;
pub mod failure;
mod hir;
mod layout;
mod lint;
mod load;
mod lower;
mod parse;
pub mod prelude;
mod program;
pub mod render;
mod scan;
pub mod source;
mod standard;
pub mod test;
mod types;

use std::collections::{HashMap, HashSet};

pub use declare::Options;
pub use lower::Operand;

use codes::Code;
use diagnostic::{Diagnostic, Findings};
use program::{Program, Reach, Symbol};
use source::{Resolver, Sources, Span};
use types::ContractRef;

use crate::contract::Contract;
use crate::ir::{ContractCode, EventCode, Parameter, Type};
use parth_protocol::ids::StateHeight;

/// What a compilation gives: files for showing findings, the findings, and the contract when there is no error.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// The files that were read.
    pub sources: Sources,
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The contract; nothing when there is an error.
    pub compiled: Option<Compiled>,
}

/// A compiled contract with what is known of its sources.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The contract.
    pub contract: Contract,
    /// Its id, when the source or the options say it.
    pub id: Option<u32>,
    /// For each function, in the contract's order, where its operations come from.
    pub functions: Vec<SourceMap>,
    /// Where state stands.
    pub layout: Vec<FieldLayout>,
}

/// Where the operations of one function come from.
#[derive(Clone, Debug)]
pub struct SourceMap {
    /// The function's name and parameters.
    pub head: Span,
    /// The place of each operation, as many as there are.
    pub spans: Vec<Span>,
    /// For operations that may fail: what is worth showing when they do.
    operands: HashMap<u32, Vec<Operand>>,
    /// Assertions that the compiler wrote of its own accord: indices, ranges.
    checks: HashSet<u32>,
}

impl SourceMap {
    /// What is worth showing when an operation fails.
    pub fn operands(&self, op: usize) -> &[Operand] {
        u32::try_from(op).ok().and_then(|op| self.operands.get(&op)).map_or(&[], Vec::as_slice)
    }

    /// The place of an operation.
    pub fn span(&self, op: usize) -> Span {
        self.spans.get(op).copied().unwrap_or(self.head)
    }

    /// Is an operation an assertion of the compiler's own, rather than a `require`?
    pub fn is_check(&self, op: usize) -> bool {
        u32::try_from(op).is_ok_and(|op| self.checks.contains(&op))
    }
}

/// Where one field of state stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLayout {
    /// Its name.
    pub name: String,
    /// What it is: `value`, `map`, `growMap`, `grows`, `once` or `list`.
    pub kind: &'static str,
    /// The type of its keys, for maps.
    pub key: Option<String>,
    /// The type of its value, or of each of its values.
    pub value: String,
    /// Its first slot.
    pub slot: u64,
    /// Slots from one entry to the next.
    pub stride: u64,
}

/// Compiles the contract in the file at `root`.
pub fn compile(resolver: &dyn Resolver, root: &str, options: &Options) -> Compilation {
    let mut findings = Findings::default();
    let loaded = load::load(resolver, root, &mut findings);
    compile_loaded(loaded, options, findings)
}

fn compile_loaded(loaded: load::Loaded, options: &Options, mut findings: Findings) -> Compilation {
    let compiled = if loaded.is_whole() {
        let program = declare::declare(&loaded, options, &mut findings);
        only_contract(&loaded, &program, &mut findings)
            .and_then(|contract| compile_contract(&loaded, &program, contract, &mut findings))
    } else {
        None
    };
    let compiled = compiled.filter(|_| !findings.has_errors());
    Compilation { sources: loaded.sources, diagnostics: findings.sorted(), compiled }
}

/// The system contract, compiled from its source in the standard library.
pub fn system() -> Compiled {
    let files = std::collections::BTreeMap::from([(standard::PATH.to_owned(), standard::SYSTEM.to_owned())]);
    let compilation = compile(&files, standard::PATH, &Options::default());
    // Its source is fixed, so that a refusal is a mistake in this crate, which a test finds.
    compilation
        .compiled
        .unwrap_or_else(|| unreachable!("the system contract is refused: {:?}", compilation.diagnostics))
}

/// What is wrong with the file at `root`: of a contract all that [`compile`] says, of a file of tests what is wrong with
/// the tests and the contracts that they import. Tests are not run, and no contract comes of them.
pub fn check(resolver: &dyn Resolver, root: &str, options: &Options) -> Compilation {
    let mut findings = Findings::default();
    let loaded = load::load(resolver, root, &mut findings);
    if !test::has_tests(&loaded) {
        return compile_loaded(loaded, options, findings);
    }
    test::check(&loaded, options, &mut findings);
    Compilation { sources: loaded.sources, diagnostics: findings.sorted(), compiled: None }
}

/// The one contract of the first file.
fn only_contract(loaded: &load::Loaded, program: &Program, findings: &mut Findings) -> Option<ContractRef> {
    let file = loaded.files.first()?.as_ref()?;
    let declared = file.classes.iter().filter_map(|class| match program.scopes[0].get(&class.name.text) {
        Some(Symbol::Contract(contract)) if program.contract(*contract).name.span == class.name.span => {
            Some((class, *contract))
        }
        _ => None,
    });
    let contracts: Vec<_> = declared.collect();
    if let &[(_, contract)] = contracts.as_slice() {
        return Some(contract);
    }
    let found = match contracts.get(1) {
        Some((second, _)) => Diagnostic::new(Code::E0110, second.name.span, "a second contract in one file"),
        None => Diagnostic::without_place(Code::E0110, "the file declares no contract"),
    };
    let help = match test::has_tests(loaded) {
        true => "it has tests, which `parth contract test FILE` runs; name the file of the contract here",
        false => "write one `@contract() export class Name extends Contract` a file",
    };
    findings.push(found.help(help));
    None
}

/// Checks and lowers one contract of a program.
fn compile_contract(
    loaded: &load::Loaded,
    program: &Program,
    contract: ContractRef,
    findings: &mut Findings,
) -> Option<Compiled> {
    let place = program.contract(contract).name.span;
    let file = loaded.files.get(usize::from(place.file.0))?.as_ref()?;
    let class = file.classes.iter().find(|class| class.name.span == place)?;
    let bodies = check::check(program, file.id, class, contract, findings);
    finish(program, contract, &bodies, findings)
}

/// Checked methods to a contract.
fn finish(
    program: &Program,
    contract: ContractRef,
    bodies: &check::Bodies,
    findings: &mut Findings,
) -> Option<Compiled> {
    if findings.has_errors() {
        return None;
    }
    lint::lint(program, contract, bodies, findings);
    echo::echoes(program, contract, bodies, findings);
    let decl = program.contract(contract);
    let mut events = lower::Events::default();
    let (mut functions, mut maps) = (Vec::new(), Vec::new());
    for (at, method) in decl.methods.iter().enumerate().filter(|(_, method)| method.reach != Reach::Private) {
        let lowered = lower::lower(program, contract, bodies, at, &mut events, findings);
        let Some(lower::Lowered { code, spans, operands, checks }) = lowered else { continue };
        functions.push(code);
        maps.push(SourceMap { head: method.head, spans, operands, checks });
    }
    if findings.has_errors() {
        return None;
    }
    let events = events.used.iter().map(|&event| {
        let event = &program.events[event];
        let fields = event.fields.iter().flat_map(|(name, ty)| {
            program.leaves(ty).into_iter().map(|leaf| Parameter {
                name: if leaf.path.is_empty() { name.text.clone() } else { format!("{}_{}", name.text, leaf.path) },
                kind: leaf.ty.leaf().unwrap_or(Type::Felt),
            })
        });
        EventCode { name: event.name.text.clone(), fields: fields.collect() }
    });
    let code = ContractCode {
        name: decl.name.text.clone(),
        // The layout gives heights from 1 to 48.
        state_height: StateHeight::constant(decl.height),
        events: events.collect(),
        functions,
    };
    match Contract::new(code) {
        Ok(contract) => Some(Compiled { contract, id: decl.id, functions: maps, layout: layout(program, decl) }),
        Err(error) => {
            let found = Diagnostic::new(Code::E0901, decl.name.span, format!("the compiled code is refused: {error}"));
            findings.push(found.help("this is a mistake of the compiler: please report it with the source"));
            None
        }
    }
}

fn layout(program: &Program, decl: &program::ContractDecl) -> Vec<FieldLayout> {
    let fields = decl.fields.iter().map(|field| {
        let key = match &field.kind {
            layout::StoreKind::HashMap { .. } => Some("hash".to_owned()),
            layout::StoreKind::Map { key, .. } | layout::StoreKind::GrowMap { key, .. } => Some(program.show(key)),
            _ => None,
        };
        FieldLayout {
            name: field.name.text.clone(),
            kind: field.kind.word(),
            key,
            value: program.show(field.kind.value()),
            slot: field.slot,
            stride: field.stride,
        }
    });
    fields.collect()
}

/// The page that explains a code, as Markdown.
pub fn explain(code: &str) -> Option<&'static str> {
    Code::parse(code).map(Code::page)
}
