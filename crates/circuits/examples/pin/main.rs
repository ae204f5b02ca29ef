//! Pins the circuits of profile `standard`, run as `cargo xtask pin [--check]`.
//!
//! ```text
//!   every circuit, built anew ──▸ circuits.lock, keys/standard.keys
//!   a chain of two checkpoints ─▸ golden/: genesis.json and a proof of each class that needs no contract
//! ```
//! With `--check` nothing is written: the circuits that moved are named, and the exit status tells. Golden proofs are
//! made again only when they no longer verify, so that pinning twice changes no file.

mod golden;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use parth_circuits::registry;
use parth_proof::{Pinned, PinnedCircuit};
use parth_protocol::{CircuitId, Profile};

/// Files of `crates/proof`, by their place there.
const LOCK: &str = "circuits.lock";
const KEYS: &str = "keys/standard.keys";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proof");
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => pin(&folder).map(|()| true),
        ["--check"] => check(&folder),
        _ => {
            eprintln!("usage: pin [--check]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("pin: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Rebuilds and writes everything.
fn pin(folder: &Path) -> Result<(), Box<dyn Error>> {
    let before = read(folder).ok();
    let pinned = registry::pin(Profile::STANDARD, progress())?;
    write(&folder.join(LOCK), pinned.to_text().as_bytes())?;
    write(&folder.join(KEYS), &pinned.to_keys())?;
    if let Some(before) = before {
        let moved = pinned.circuits().iter().filter(|new| before.circuit(new.circuit) != *new).count();
        println!("{moved} of {} circuits moved", pinned.circuits().len());
    }
    let golden = folder.join("golden");
    match golden::verify(&golden, &pinned) {
        Ok(()) => println!("the golden proofs still verify"),
        Err(error) => {
            println!("proving the golden chain anew ({error})");
            for (name, bytes) in golden::prove(&pinned)? {
                write(&golden.join(name), &bytes)?;
            }
            golden::verify(&golden, &pinned)?;
        }
    }
    Ok(())
}

/// Rebuilds and compares. The answer is whether nothing moved.
fn check(folder: &Path) -> Result<bool, Box<dyn Error>> {
    let pinned = read(folder)?;
    let moved = registry::check(&pinned, progress())?;
    for drift in &moved {
        println!("{drift}");
    }
    if !moved.is_empty() {
        let count = moved.len();
        println!("{count} of {} circuits are not what {LOCK} says: run `cargo xtask pin`", CircuitId::ALL.len());
        return Ok(false);
    }
    golden::verify(&folder.join("golden"), &pinned)?;
    println!("all {} circuits are what {LOCK} says, and the golden proofs verify", CircuitId::ALL.len());
    Ok(true)
}

/// The files as they lie there now, not as they were when this program was built.
fn read(folder: &Path) -> Result<Pinned, Box<dyn Error>> {
    let text = fs::read_to_string(folder.join(LOCK)).map_err(|error| on(&folder.join(LOCK), &error))?;
    let keys = fs::read(folder.join(KEYS)).map_err(|error| on(&folder.join(KEYS), &error))?;
    Ok(Pinned::from_files(&text, &keys)?)
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let parent = path.parent().ok_or("a file without a folder")?;
    fs::create_dir_all(parent).map_err(|error| on(parent, &error))?;
    fs::write(path, bytes).map_err(|error| on(path, &error))
}

fn on(path: &Path, error: &std::io::Error) -> Box<dyn Error> {
    format!("{}: {error}", path.display()).into()
}

/// Prints a line a circuit as it is built.
fn progress() -> impl FnMut(&PinnedCircuit) {
    let mut last = Instant::now();
    move |pinned| {
        let (class, took) = (pinned.key.class(), last.elapsed());
        let free = class.rows() - pinned.rows;
        println!("{}: {} rows of class {class}, {free} free, {took:.1?}", pinned.circuit, pinned.rows);
        last = Instant::now();
    }
}
