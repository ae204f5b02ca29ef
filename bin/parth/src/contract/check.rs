//! `parth contract check`: what is wrong with sources.

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use parth_contract::dapen::render;

use super::source::{Files, Tally, print, unreadable};
use crate::exit::{Exit, Failure};
use crate::output;

/// Options of `parth contract check`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract check contracts/counter.dapen.ts\n  \
    parth contract check contracts/*.dapen.ts --message-format json\n\n\
    Of a file with tests it checks the tests and the contracts that they import, and runs nothing.\n\n\
    Exit codes: 0 no errors (there may be warnings), 1 errors, 2 a file cannot be read.")]
pub(crate) struct Options {
    /// Contracts and tests.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// For people on standard error, or one JSON object a line on standard output.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    message_format: Format,
    /// The same as `--message-format json`.
    #[arg(long, conflicts_with = "message_format")]
    json: bool,
}

/// How findings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// Checks all files and reports them all.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let start = Instant::now();
    let format = if options.json { Format::Json } else { options.message_format };
    let (mut all, mut unread) = (Tally::default(), false);
    for path in &options.files {
        let files = Files::new(path);
        if let Err(error) = files.readable() {
            unread = true;
            // For programs there is a line of its kind, as for any other finding.
            if format == Format::Human {
                unreadable(path, &error).complain();
                continue;
            }
        }
        let compilation = files.check();
        let tally = Tally::of(&compilation.diagnostics);
        (all.errors, all.warnings) = (all.errors + tally.errors, all.warnings + tally.warnings);
        match format {
            Format::Human => print(&compilation),
            Format::Json => {
                for diagnostic in &compilation.diagnostics {
                    output::json(&render::json(&compilation.sources, diagnostic))?;
                }
            }
        }
    }
    if format == Format::Human {
        let (count, took) = (options.files.len(), start.elapsed().as_secs_f64() * 1e3);
        let plural = if count == 1 { "" } else { "s" };
        output::note(&format!("checked {count} file{plural} in {took:.1} ms: {all}"));
    }
    Ok(match (unread, all.errors) {
        (true, _) => Exit::Usage,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Other,
    })
}
