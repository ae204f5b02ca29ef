//! `parth contract bind`: bindings for programs that call a contract.

mod rust;
mod typescript;

use std::fs;
use std::path::PathBuf;

use super::build::unwritable;
use super::info::About;
use crate::exit::{Exit, Failure};
use crate::output;

/// Options of `parth contract bind`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract bind contracts/counter.dapen.ts --typescript --out web/counter.ts\n  \
    parth contract bind Counter.contract.json --rust > src/counter.rs\n\n\
    Bindings depend on nothing. They turn typed inputs into the felts of a call, and outputs and events back.\n\
    TypeScript has bigint for u64 and felt, and needs ES2020; felts travel as decimal strings. Rust has u64.")]
pub(crate) struct Options {
    /// A source, or an artifact of `parth contract build`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    language: Language,
    /// The file to write; standard output unless given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One of them.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Language {
    /// Write TypeScript.
    #[arg(long)]
    typescript: bool,
    /// Write Rust.
    #[arg(long)]
    rust: bool,
}

/// Writes them.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let about = About::read(&options.file)?;
    let text = if options.language.rust { rust::bindings(&about) } else { typescript::bindings(&about) };
    match &options.out {
        Some(path) => {
            fs::write(path, text).map_err(|error| unwritable(path, &error))?;
            output::note(&format!("wrote {}", path.display()));
        }
        None => output::line(text.trim_end())?,
    }
    Ok(Exit::Done)
}
