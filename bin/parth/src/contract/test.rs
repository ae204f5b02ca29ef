//! `parth contract test`: tests written in the language, run by the interpreter.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::time::Instant;

use parth_contract::dapen::diagnostic::Diagnostic;
use parth_contract::dapen::test::{self, Choice, Report};
use parth_contract::dapen::{self, render};
use serde::Serialize;

use super::near::near;
use super::source::{Files, Tally, colour, unreadable};
use crate::exit::{Exit, Failure};
use crate::output;

/// Names of tests that are listed when the filter leaves out all.
const SHOWN: usize = 8;

/// Options of `parth contract test`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract test contracts/token.test.dapen.ts\n  \
    parth contract test contracts/*.test.dapen.ts --filter claim --json\n  \
    parth contract test contracts/token.test.dapen.ts --seed 77\n\n\
    Tests are methods with @test of classes that extend Tests; each has a chain in memory of its own, so their order\n\
    means nothing. Numbers of `w.random(n)` are new with every run, and the same for the same seed: what fails is\n\
    repeated with the seed that is printed.\n\n\
    Exit codes: 0 all passed, 1 errors in the source, 2 a file cannot be read or no test ran, 8 a test\n\
    failed.")]
pub(crate) struct Options {
    /// Files with tests.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only tests whose name, Class.method, has this text in it.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    filter: String,
    /// Where random numbers begin, to repeat a run; another one for each run unless given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    ok: bool,
    /// Repeats the random numbers of the run: `--seed`, as a decimal string.
    seed: String,
    passed: usize,
    failed: usize,
    /// Tests that the filter left out.
    left_out: usize,
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
    let seed = options.seed.unwrap_or_else(some_seed);
    let (schema, files) = ("parth/test/1", Vec::new());
    let mut document = Document { schema, ok: true, seed: seed.to_string(), passed: 0, failed: 0, left_out: 0, files };
    let choice = Choice { filter: options.filter.clone(), seed };
    let (mut errors, mut chance, mut unread, mut left_out) = (0, false, false, Vec::new());
    for path in &options.files {
        let files = Files::new(path);
        if let Err(error) = files.readable() {
            unread = true;
            // For programs it is a finding of the file, as any other.
            if !options.json {
                unreadable(path, &error).complain();
                continue;
            }
        }
        let report = test::run_choice(&files, files.name(), &dapen::Options::default(), &choice);
        chance |= report.tests.iter().any(|test| test.random && test.failure.is_some());
        document.left_out += report.left_out.len();
        errors += Tally::of(&report.diagnostics).errors;
        document.failed += report.tests.iter().filter(|test| test.failure.is_some()).count();
        document.passed += report.tests.iter().filter(|test| test.failure.is_none()).count();
        print(files.name(), &report, options.json)?;
        document.files.push(result(files.name(), &report));
        left_out.extend(report.left_out);
    }
    if !unread && errors + document.passed + document.failed == 0 {
        return Err(nothing_ran(&options.filter, &left_out));
    }
    document.ok = !unread && errors == 0 && document.failed == 0;
    let (passed, failed, took) = (document.passed, document.failed, start.elapsed().as_secs_f64() * 1e3);
    if options.json {
        output::document(&document)?;
    } else {
        let left_out = match document.left_out {
            0 => String::new(),
            some => format!(", {some} left out by the filter"),
        };
        output::line(&format!("{passed} passed, {failed} failed{left_out}, in {took:.0} ms"))?;
    }
    if chance {
        output::note(&format!("the random numbers of this run are repeated by --seed {seed}"));
    }
    Ok(match (unread, errors, failed) {
        (true, ..) => Exit::Usage,
        (false, 0, 0) => Exit::Done,
        (false, 0, _) => Exit::Tests,
        _ => Exit::Other,
    })
}

/// Whoever runs tests wants to know something of the code: without one, nothing is known.
fn nothing_ran(filter: &str, left_out: &[String]) -> Failure {
    if left_out.is_empty() {
        return Failure::new(Exit::Usage, "there is no test in what was given");
    }
    let names = left_out.iter().map(String::as_str);
    let methods = names.clone().filter_map(|name| name.split_once('.')).map(|(_, method)| method);
    let near = near(filter, names.clone().chain(methods));
    let shown = names.clone().take(SHOWN).collect::<Vec<_>>().join(", ");
    let more = if left_out.len() > SHOWN { ", and others" } else { "" };
    Failure::new(Exit::Usage, format!("no test has `{filter}` in its name{near}; there are {shown}{more}"))
}

/// A seed that no other run has. Below 2^32, so that people can type it.
fn some_seed() -> u64 {
    // The standard library seeds its hash maps from the system's source of randomness.
    RandomState::new().build_hasher().finish() >> 32
}

/// Findings and failures on standard error; a line a test on standard output, unless that is for a program.
fn print(file: &str, report: &Report, json: bool) -> Result<(), Failure> {
    for diagnostic in &report.diagnostics {
        output::finding(&render::human(&report.sources, diagnostic, colour()));
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
            output::finding(&render::human(&report.sources, failure, colour()));
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
