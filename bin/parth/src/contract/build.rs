//! `parth contract build`: a contract and its circuits to an artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use parth_client::Program;
use parth_proof::cache::CircuitCache;

use super::artifact::Artifact;
use super::source::unwritable;
use super::{rows, source};
use crate::cache::Folder;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// Options of `parth contract build`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract build contracts/counter.dapen.ts\n  \
    parth contract build contracts/counter.dapen.ts --out build --json\n\n\
    Writes NAME.contract.json: interface, code, fingerprints of the circuits. It holds no path and no time, so it is\n\
    the same on every machine.\n\n\
    Exit codes: 0 done, 1 errors in the source or a function that is too large, 2 a file cannot be read or written.")]
pub(crate) struct Options {
    /// The contract.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder of the artifact.
    #[arg(long, default_value = ".", value_name = "DIR")]
    out: PathBuf,
    /// Folder for built circuits, shared with `parth demo`.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Print the artifact on standard output too.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Builds it.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let start = Instant::now();
    let built = source::compiled(&options.file)?;
    let (pinned, contract) = (pinned()?, &built.compiled.contract);
    let counts = rows::count(pinned.profile(), contract);
    let large = rows::too_large(&built, &counts);
    if !large.is_empty() {
        large.iter().for_each(|line| output::note(line));
        return Err(Failure::new(Exit::Other, format!("{} has a function that is too large", contract.name()))
            .hint("split it, or take fewer elements at once"));
    }
    // Before the circuits, which take a while.
    fs::create_dir_all(&options.out).map_err(|error| unwritable(&options.out, &error))?;
    let folder = Folder::choose(options.cache.as_deref());
    let folder = folder.map_err(|error| Failure::new(Exit::Other, format!("no folder for circuits: {error}")))?;
    let (name, functions) = (contract.name(), contract.functions().len());
    output::note(&format!("building {name}: {functions} circuits, kept in {}", folder.path().display()));
    let cache = CircuitCache::new(folder.path(), parth_circuits::sources());
    let program = Program::compile(pinned.profile(), contract.clone(), Some(&cache))
        .map_err(|error| Failure::new(Exit::Other, format!("{name}: {error}")))?;
    let artifact = Artifact::new(&built.compiled, &program, pinned.set().digest(), pinned.profile().name);
    let path = options.out.join(format!("{name}.contract.json"));
    write(&path, &artifact)?;
    output::note(&format!("built {name} in {:.1} s: {}", start.elapsed().as_secs_f64(), path.display()));
    if options.json {
        output::document(&artifact)?;
    }
    Ok(Exit::Done)
}

fn write(path: &Path, artifact: &Artifact) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(artifact);
    let text = text.map_err(|error| Failure::new(Exit::Other, format!("the artifact has no JSON: {error}")))?;
    source::write(path, &format!("{text}\n"))
}
