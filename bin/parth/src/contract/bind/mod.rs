//! `parth contract bind`: bindings for programs that call a contract.

mod rust;
mod typescript;

use std::path::PathBuf;

use serde::Serialize;

use super::info::About;
use super::source;
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
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    name: &'a str,
    language: &'static str,
    /// The file that was written.
    out: Option<String>,
    /// The bindings, when no file was asked for.
    text: Option<&'a str>,
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
            source::write(path, &text)?;
            output::note(&format!("wrote {}", path.display()));
        }
        None if !options.json => output::line(text.trim_end())?,
        None => {}
    }
    if options.json {
        let language = if options.language.rust { "rust" } else { "typescript" };
        let (out, text) = (options.out.as_ref().map(|path| path.display().to_string()), Some(text.as_str()));
        let text = text.filter(|_| out.is_none());
        output::document(&Document { schema: "parth/bind/1", name: &about.name, language, out, text })?;
    }
    Ok(Exit::Done)
}
