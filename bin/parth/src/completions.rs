//! `parth completions SHELL`.

use std::io;

use crate::exit::{Exit, Failure};

/// Options of `parth completions`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Prints the script.
pub(crate) fn run(options: &Options, mut command: clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "parth", &mut script);
    match io::Write::write_all(&mut io::stdout(), &script) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Other, format!("standard output: {error}")))
        }
        _ => Ok(Exit::Done),
    }
}
