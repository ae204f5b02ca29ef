//! `parth contract …`: contracts from source to circuits, without a network.
//!
//! ```text
//!   new      a folder to start from              check    what is wrong with a source; proves nothing
//!   build    source ──▸ artifact                 explain  the page of a code
//!   call     a call in the sandbox               cost     rows, lines and proving time
//!   test     tests written in the language
//!   info     what a contract has                 bind     bindings for TypeScript and Rust
//!
//!   source     files to compilations, findings to standard error
//!   artifact   what `build` writes and `info` and `bind` read
//!   rows       rows by line of source
//!   table      a chain in memory with the contract, those it imports, and users
//!   near       names like one that does not exist
//!   values     felts to values and back, by the ABI
//! ```

mod artifact;
mod bind;
mod build;
mod call;
mod check;
mod cost;
mod explain;
mod info;
mod near;
mod new;
mod rows;
pub(crate) mod source;
mod table;
mod test;
mod values;

use clap::Subcommand;

use crate::exit::{Exit, Failure};

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start a new contract in an empty folder.
    New(new::Options),
    /// Compile a contract and its circuits into an artifact.
    Build(build::Options),
    /// Say what is wrong with sources; instant, proves nothing.
    Check(check::Options),
    /// Run tests written in the language.
    Test(test::Options),
    /// Try out a call on a chain in memory, without proofs.
    Call(call::Options),
    /// Say what each function costs to prove, and which lines cost most.
    Cost(cost::Options),
    /// Explain a code that the compiler prints.
    Explain(explain::Options),
    /// Write bindings for programs that call a contract.
    Bind(bind::Options),
    /// Say what a contract has: functions, events, state.
    Info(info::Options),
}

impl Command {
    /// Is standard output one document for a program?
    pub(crate) fn json(&self) -> bool {
        match self {
            Command::New(options) => options.json,
            Command::Build(options) => options.json,
            Command::Test(options) => options.json,
            Command::Call(options) => options.json,
            Command::Cost(options) => options.json,
            Command::Explain(options) => options.json,
            Command::Info(options) => options.json,
            Command::Bind(options) => options.json,
            // Its output is a line for each finding.
            Command::Check(_) => false,
        }
    }

    /// Runs it.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        match self {
            Command::New(options) => new::run(options),
            Command::Build(options) => build::run(options),
            Command::Check(options) => check::run(options),
            Command::Test(options) => test::run(options),
            Command::Call(options) => call::run(options),
            Command::Cost(options) => cost::run(options),
            Command::Explain(options) => explain::run(options),
            Command::Bind(options) => bind::run(options),
            Command::Info(options) => info::run(options),
        }
    }
}
