//! `parth bench startup`: how long until all circuits are ready, and what they take.
//!
//! Whoever proves pays this once a process: *cold* every circuit is built and stored, *warm* every circuit is read from
//! disk. Each pass is a process of its own, so that its memory is its own. Whoever only verifies loads no circuit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use parth_circuits::registry::{Registry, RegistryError};
use parth_proof::cache::CircuitCache;
use parth_protocol::CircuitId;
use serde::{Deserialize, Serialize};

use super::memory;
use crate::cache;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// Options of `parth bench startup`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Threads that make circuits ready [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Measure one pass over the circuits of this folder, built or not, instead of both passes over a new one.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    machine: String,
    threads: usize,
    passes: Vec<Pass>,
}

/// One pass over all circuits.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pass {
    name: String,
    circuits: usize,
    /// Those that were built and stored; the others were read.
    built: usize,
    seconds: f64,
    /// Size of the folder afterwards.
    disk_mb: u64,
    /// Resident memory afterwards, all circuits loaded.
    resident_mb: Option<u64>,
    peak_mb: Option<u64>,
}

/// What a pass prints for the process that started it.
#[derive(Deserialize)]
struct Passes {
    passes: Vec<Pass>,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.map_or_else(all, usize::from);
    let passes = match &options.cache {
        Some(folder) => vec![pass(folder, threads)?],
        None => both(threads)?,
    };
    if options.json {
        let machine = memory::machine();
        output::document(&Document { schema: "parth/bench-startup/1", machine, threads, passes })?;
        return Ok(Exit::Done);
    }
    output::line(&format!("{}; {threads} threads", memory::machine()))?;
    for Pass { name, circuits, built, seconds, disk_mb, resident_mb, peak_mb } in passes {
        let mb = |memory: Option<u64>| memory.map_or("-".to_owned(), |mb| mb.to_string());
        output::line(&format!(
            "{name}: {circuits} circuits ready in {seconds:.2} s, {built} of them built; {disk_mb} MB on disk, {} MB in memory, {} MB at most",
            mb(resident_mb),
            mb(peak_mb)
        ))?;
    }
    Ok(Exit::Done)
}

/// A cold pass over an empty folder, then a warm one, each in a process of its own.
fn both(threads: usize) -> Result<Vec<Pass>, Failure> {
    let failed = |what: String| Failure::new(Exit::Other, format!("the bench cannot run: {what}"));
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut passes = Vec::new();
    for (name, built) in [("cold", CircuitId::ALL.len()), ("warm", 0)] {
        let mut command = Command::new(&program);
        command.args(["bench", "startup", "--json", "--threads"]).arg(threads.to_string());
        command.arg("--cache").arg(folder.path()).stderr(Stdio::inherit());
        let output = command.output().map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(format!("the {name} pass ended with {}", output.status)));
        }
        let read: Passes = serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
        // A warm pass that builds is no warm one.
        if let Some(other) = read.passes.iter().find(|pass| pass.built != built) {
            return Err(failed(format!("the {name} pass built {} circuits, expected {built}", other.built)));
        }
        passes.extend(read.passes.into_iter().map(|pass| Pass { name: name.to_owned(), ..pass }));
    }
    Ok(passes)
}

/// Makes every circuit ready in this process. A circuit that the folder does not have is stored in it, so the files that
/// come to it are those that were built; a file of it that is no good is a failure, as is one that cannot be stored.
fn pass(folder: &Path, threads: usize) -> Result<Pass, Failure> {
    let unread = |error: std::io::Error| Failure::new(Exit::Other, format!("{}: {error}", folder.display()));
    let before = sizes(folder).map_err(unread)?.len();
    let kept = CircuitCache::new(folder, parth_circuits::sources());
    let registry = Registry::cached(pinned()?.clone(), kept);
    let start = Instant::now();
    let prepared = cache::prepare(&registry, CircuitId::ALL, threads, || Ok::<(), RegistryError>(()), || ());
    prepared.map_err(|error| Failure::new(Exit::Other, error.to_string()))?;
    let seconds = (start.elapsed().as_secs_f64() * 1e3).round() / 1e3;
    if let Some(warning) = registry.take_warnings().first() {
        return Err(Failure::new(Exit::Other, warning.to_string()));
    }
    let after = sizes(folder).map_err(unread)?;
    Ok(Pass {
        name: "pass".to_owned(),
        circuits: CircuitId::ALL.len(),
        built: after.len() - before.min(after.len()),
        seconds,
        disk_mb: after.iter().sum::<u64>() >> 20,
        resident_mb: memory::resident_mib(),
        peak_mb: memory::peak_mib(),
    })
}

/// Bytes of each file in a folder; none where there is no such folder yet.
fn sizes(folder: &Path) -> std::io::Result<Vec<u64>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.metadata()?.len())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
