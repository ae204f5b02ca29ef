//! `parth contract new`: a folder to start from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use parth_contract::dapen::prelude;
use serde::Serialize;

use super::source::unwritable;
use crate::exit::{Exit, Failure};
use crate::output;

/// The contract that a new folder has, and its tests.
const COUNTER: &str = include_str!("../../../../examples/counter.dapen.ts");
const TESTS: &str = include_str!("../../../../examples/counter.test.dapen.ts");
const README: &str = "\
# A contract for Parth

    parth contract check contracts/*.dapen.ts
    parth contract test contracts/counter.test.dapen.ts
    parth contract call contracts/counter.dapen.ts increment by=5 --state try.json
    parth contract cost contracts/counter.dapen.ts
    parth contract build contracts/counter.dapen.ts

`dapen.d.ts` and `tsconfig.json` are for editors and for `tsc`. They make completion work and catch most mistakes; what
`parth contract check` says is what counts. `parth contract explain CODE` explains each finding.
";

/// Options of `parth contract new`.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  \
    parth contract new hello && cd hello && parth contract call contracts/counter.dapen.ts increment 5")]
pub(crate) struct Options {
    /// The folder: one that does not exist yet, or an empty one.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    dir: String,
    files: Vec<&'a str>,
}

/// Writes the files.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let prelude = prelude::prelude();
    let files = [
        ("contracts/counter.dapen.ts", COUNTER),
        ("contracts/counter.test.dapen.ts", TESTS),
        ("dapen.d.ts", prelude.as_str()),
        ("tsconfig.json", prelude::TSCONFIG),
        ("README.md", README),
    ];
    let dir = &options.dir;
    if let Some(found) = first_entry(dir).map_err(|error| unwritable(dir, &error))? {
        return Err(Failure::new(Exit::Usage, format!("{} is not empty: it has {found}", dir.display()))
            .hint("give a folder that is new or empty"));
    }
    for (name, text) in files {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
    }
    let names = files.map(|(name, _)| name);
    if options.json {
        let dir = dir.display().to_string();
        output::document(&Document { schema: "parth/contract-new/1", dir, files: names.to_vec() })?;
    } else {
        output::line(&format!("created {}: {}", dir.display(), names.join(", ")))?;
        output::line(&format!("next: cd {} && parth contract test contracts/counter.test.dapen.ts", dir.display()))?;
    }
    Ok(Exit::Done)
}

/// The first thing in a folder by name; nothing when it is empty or does not exist.
fn first_entry(dir: &Path) -> io::Result<Option<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names.into_iter().min())
}
