//! `cargo xtask random`: the test of random programs, as many of them as are asked for.
//!
//! The work is a test of `circuits`, since this crate depends on nothing of the workspace. The test runs in every
//! `cargo xtask test` as well, with few proofs and another seed each time, which it prints.

use std::io;

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

/// Runs them. The answer is whether all agree.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let mut command = workspace::cargo();
    command.args(["test", "--release", "--package", "parth-circuits", "--test", "contract", "--"]);
    command.args(["--nocapture", "--test-threads", "1", "agreement::"]);
    command.env("PARTH_RANDOM_PROGRAMS", options.programs.to_string());
    command.env("PARTH_RANDOM_PROOFS", options.proofs.to_string());
    if let Some(seed) = options.seed {
        command.env("PARTH_RANDOM_SEED", seed.to_string());
    }
    Ok(command.status()?.success())
}
