//! The `parth` binary: one module a command, none of which knows another.
//!
//! ```text
//!   demo         a whole network in one process, with real proofs
//!   version      what this build is: circuits, profile, security label
//!   contract     contracts: from source to circuits, without a network
//!   verify       does a checkpoint proof vouch for a chain with this genesis? Builds no circuit
//!   bench        what every circuit costs on this machine, beside the proving library's own recursion
//!   completions  for shells
//!
//!   node         the wiring of a network in one process
//!   cache        where built circuits are kept
//!   exit         exit codes, and failures as one line with a hint
//!   output       the two ways to standard output: lines for people, one JSON document for programs
//!   provers      which prover and which instructions
//!   security     the security label
//! ```

mod bench;
mod cache;
mod completions;
mod contract;
mod demo;
mod exit;
mod node;
mod output;
mod provers;
mod security;
mod verify;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::{Exit, Failure};

/// Parth: a horizontally scalable ledger whose newest proof vouches for all history.
///
/// Exit codes: 0 done, 1 other failure, 2 usage or unreadable file, 5 a contract's code refuses a call, 6 proving
/// failed, 8 tests failed, 9 verification failed, 130 interrupted.
#[derive(Parser)]
#[command(name = "parth", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a whole network in one process: real sessions, real proofs, a chain of checkpoints.
    Demo(demo::Options),
    /// Say what this build is: version, circuits, profile, security label.
    Version(version::Options),
    /// Write contracts: check, build, try out, measure; no network is needed.
    #[command(subcommand)]
    Contract(contract::Command),
    /// Verify what others claim; needs no state, no network and no proving.
    #[command(subcommand)]
    Verify(Verify),
    /// Measure on this machine.
    #[command(subcommand)]
    Bench(Bench),
    /// Print completions for a shell.
    Completions(completions::Options),
}

#[derive(Subcommand)]
enum Verify {
    /// Verify checkpoint proofs: does each vouch for a chain that began with this genesis?
    Checkpoint(verify::Options),
}

#[derive(Subcommand)]
enum Bench {
    /// Build, prove and verify every circuit, beside the proving library's own recursion in the same run.
    Circuits(bench::circuits::Options),
    /// Check the examples and compile them to circuits.
    Contracts(bench::contracts::Options),
    /// Make all circuits ready: built, then read from disk. Time, disk and memory.
    Startup(bench::startup::Options),
}

impl Command {
    /// Is standard output for a program?
    fn json(&self) -> bool {
        match self {
            Command::Demo(options) => options.json,
            Command::Version(options) => options.json,
            Command::Contract(command) => command.json(),
            Command::Verify(Verify::Checkpoint(options)) => options.json,
            Command::Bench(Bench::Circuits(options)) => options.json,
            Command::Bench(Bench::Contracts(options)) => options.json,
            Command::Bench(Bench::Startup(options)) => options.json,
            Command::Completions(_) => false,
        }
    }

    fn run(&self) -> Result<Exit, Failure> {
        match self {
            Command::Demo(options) => demo::run(options),
            Command::Version(options) => version::run(options),
            Command::Contract(command) => command.run(),
            Command::Verify(Verify::Checkpoint(options)) => verify::run(options),
            Command::Bench(Bench::Circuits(options)) => bench::circuits::run(options),
            Command::Bench(Bench::Contracts(options)) => bench::contracts::run(options),
            Command::Bench(Bench::Startup(options)) => bench::startup::run(options),
            Command::Completions(options) => completions::run(options, <Cli as clap::CommandFactory>::command()),
        }
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    match command.run() {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(command.json()),
    }
}
