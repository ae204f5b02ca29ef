//! `cargo xtask pin`: the circuits of this build, written to `circuits.lock` or compared with it.
//!
//! The work is an example of `circuits`, since this crate depends on nothing of the workspace.

use std::io;

use crate::workspace;

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; name the circuits that are not what circuits.lock says, and fail if there are any.
    #[arg(long)]
    check: bool,
}

/// Pins or checks. The answer is whether all is well.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let mut command = workspace::cargo();
    command.args(["run", "--release", "--quiet", "--package", "parth-circuits", "--example", "pin", "--"]);
    if options.check {
        command.arg("--check");
    }
    Ok(command.status()?.success())
}
