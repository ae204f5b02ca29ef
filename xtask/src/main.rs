//! The project's chores, run as `cargo xtask <chore>`.
//!
//! ```text
//!   test       every test of the workspace, summed up in one last line
//!     tally    reads what the test binaries print and counts
//!     needs    what tests need beside the workspace, and PARTH_REQUIRE
//!   tidy       rules about the repository that the compiler cannot see
//!     layers   who may depend on whom
//!     manifest lints, edition and instruction-set flags
//!     source   Rust text without its comments and strings
//!     calls    words that only some modules may use
//!     paths    names, machine paths, long files
//!     docs     links resolve, every crate is on the map
//!   pin        circuits.lock, its keys and the golden proofs, written or compared
//!   bench      docs/benchmarks.md: circuits, start, contracts, Poseidon and the forest
//!   random     random programs of contracts: interpreter, constraints and proofs agree
//!   workspace  the few facts of `cargo metadata` that the chores look at
//! ```
//!
//! This crate depends on no other crate of the workspace, so that it builds first and fast on a fresh machine.

mod bench;
mod pin;
mod random;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

/// One chore a variant.
#[derive(Subcommand)]
enum Chore {
    /// Run every test of the workspace and end with one line: N passed, N failed, N skipped.
    ///
    /// Doc tests are included, benches are not. PARTH_REQUIRE is a comma-separated list of needs (or `all`) whose
    /// tests must not be skipped. The exit status is not zero when a test failed, when nothing ran, or when something
    /// required was skipped.
    Test(test::Options),
    /// Build every circuit anew and write circuits.lock, the keys and, where they no longer verify, the golden proofs.
    Pin(pin::Options),
    /// Measure every circuit by both provers on one thread and on two, the start, the compiler of contracts, Poseidon
    /// and the forest, and write docs/benchmarks.md.
    Bench(bench::Options),
    /// Run random programs of contracts: what the interpreter does is what their circuits accept, also in real proofs.
    Random(random::Options),
    /// Check the rules of the repository: layer arrows, lints, names, words and links.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Test(options) => test::run(&options).map_err(|error| error.to_string()),
        Chore::Pin(options) => pin::run(&options).map_err(|error| format!("cargo run: {error}")),
        Chore::Bench(options) => bench::run(&options).map_err(|error| error.to_string()),
        Chore::Random(options) => random::run(&options).map_err(|error| format!("cargo test: {error}")),
        Chore::Tidy => tidy::run().map_err(|error| error.to_string()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
