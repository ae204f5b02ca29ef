//! `cargo xtask random`: the test of random programs, as many of them as are asked for.
//!
//! The work is a test of `circuits`, since this crate depends on nothing of the workspace. The test runs in every
//! `cargo xtask test` as well, with few proofs and another seed each time, which it prints.

use std::io;
use std::process::Stdio;

use crate::workspace;

/// How many, and which.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Programs whose runs are compared with the constraints of their circuits.
    #[arg(long, default_value_t = 10_000)]
    programs: u64,
    /// Programs that are proven with the fast prover, on the trees of real networks.
    #[arg(long, default_value_t = 200)]
    proofs: u64,
    /// Which programs; another choice each time unless it is given. Printed.
    #[arg(long)]
    seed: Option<u64>,
}

/// The tests: a module of them.
const TESTS: &str = "agreement::";

/// Runs them. The answer is whether all agree, which nobody knows when there is no such test.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let cargo = || {
        let mut command = workspace::cargo();
        command.args(["test", "--release", "--package", "parth-circuits", "--test", "contract", "--", TESTS]);
        command
    };
    let listed = cargo().arg("--list").stderr(Stdio::inherit()).output()?;
    if !listed.status.success() {
        return Ok(false);
    }
    if !String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.ends_with(": test")) {
        return Err(io::Error::other(format!("no test of parth-circuits has `{TESTS}` in its name")));
    }
    let mut command = cargo();
    command.args(["--nocapture", "--test-threads", "1"]);
    command.env("PARTH_RANDOM_PROGRAMS", options.programs.to_string());
    command.env("PARTH_RANDOM_PROOFS", options.proofs.to_string());
    if let Some(seed) = options.seed {
        command.env("PARTH_RANDOM_SEED", seed.to_string());
    }
    Ok(command.status()?.success())
}
