//! `parth contract test`: tests written in the language, run by the interpreter.

use std::path::PathBuf;
use std::time::Instant;

use parth_contract::dapen::diagnostic::Diagnostic;
use parth_contract::dapen::test::{self, Report};
use parth_contract::dapen::{self, render};
use serde::Serialize;

use super::source::{Files, Tally, colour, unreadable};
use crate::exit::{Exit, Failure};
use crate::output;

/// Options of `parth contract test`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract test contracts/token.test.dapen.ts\n  \
    parth contract test contracts/*.test.dapen.ts --filter claim --json\n\n\
    Tests are methods with @test of classes that extend Tests; each has a chain in memory of its own. Nothing in them is\n\
    random, so a test that fails once fails always.\n\n\
    Exit codes: 0 all passed, 1 errors in the source, 2 a file cannot be read, 8 a test failed.")]
pub(crate) struct Options {
    /// Files with tests.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only tests whose name, Class.method, has this text in it.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    filter: String,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    ok: bool,
    passed: usize,
    failed: usize,
    files: Vec<FileResult>,
}

#[derive(Serialize)]
struct FileResult {
    file: String,
    /// Lines of `check --message-format json`: what the compiler says.
    diagnostics: Vec<serde_json::Value>,
    tests: Vec<TestResult>,
}

#[derive(Serialize)]
struct TestResult {
    name: String,
    ok: bool,
    calls: usize,
    checkpoints: usize,
    /// As in `diagnostics`: why it failed.
    failure: Option<serde_json::Value>,
}

/// Runs the tests of all files and reports them all.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let start = Instant::now();
    let mut document = Document { schema: "parth/test/1", ok: true, passed: 0, failed: 0, files: Vec::new() };
    let mut errors = 0;
    for path in &options.files {
        let files = Files::new(path);
        files.readable().map_err(|error| unreadable(path, &error))?;
        let report = test::run(&files, files.name(), &dapen::Options::default(), &options.filter);
        errors += Tally::of(&report.diagnostics).errors;
        document.failed += report.tests.iter().filter(|test| test.failure.is_some()).count();
        document.passed += report.tests.iter().filter(|test| test.failure.is_none()).count();
        print(files.name(), &report, options.json)?;
        document.files.push(result(files.name(), &report));
    }
    document.ok = errors == 0 && document.failed == 0;
    let (passed, failed, took) = (document.passed, document.failed, start.elapsed().as_secs_f64() * 1e3);
    if options.json {
        output::document(&document)?;
    } else {
        output::line(&format!("{passed} passed, {failed} failed, in {took:.0} ms"))?;
    }
    Ok(match (errors, failed) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Tests,
        _ => Exit::Other,
    })
}

/// Findings and failures on standard error; a line a test on standard output, unless that is for a program.
fn print(file: &str, report: &Report, json: bool) -> Result<(), Failure> {
    for diagnostic in &report.diagnostics {
        output::note(&render::human(&report.sources, diagnostic, colour()));
    }
    if !json {
        output::line(file)?;
    }
    for test in &report.tests {
        if !json {
            let word = if test.failure.is_none() { "ok    " } else { "FAILED" };
            let (name, calls, checkpoints) = (&test.name, test.calls, test.checkpoints);
            output::line(&format!("  {word}  {name}   {calls} calls, {checkpoints} checkpoints"))?;
        }
        if let Some(failure) = &test.failure {
            output::note(&render::human(&report.sources, failure, colour()));
        }
    }
    Ok(())
}

fn result(file: &str, report: &Report) -> FileResult {
    let value = |diagnostic: &Diagnostic| -> serde_json::Value {
        serde_json::from_str(&render::json(&report.sources, diagnostic)).unwrap_or_default()
    };
    let test = |test: &test::TestResult| TestResult {
        name: test.name.clone(),
        ok: test.failure.is_none(),
        calls: test.calls,
        checkpoints: test.checkpoints,
        failure: test.failure.as_ref().map(value),
    };
    FileResult {
        file: file.to_owned(),
        diagnostics: report.diagnostics.iter().map(value).collect(),
        tests: report.tests.iter().map(test).collect(),
    }
}
