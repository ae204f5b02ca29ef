//! `parth verify checkpoint`: does each proof vouch for a chain that began with this genesis?
//!
//! Nothing else is needed: no state, no network, and no circuit is built. The genesis root is computed from the file
//! and the pinned circuits; a proof is accepted when it verifies under the pinned key and shows that root and those
//! parameters.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use parth_crypto::Digest;
use parth_proof::file::FileError;
use parth_proof::{CheckpointError, CheckpointVerifier, Pinned};
use parth_protocol::genesis::Genesis;
use parth_protocol::records::block::CheckpointPublic;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::security::Label;
use crate::version::pinned;

/// The largest genesis file: one with every user that a genesis may have is far below.
const GENESIS_LIMIT: u64 = 32 << 20;
/// The largest proof file that is looked at.
const PROOF_LIMIT: u64 = 1 << 20;

/// Options of `parth verify checkpoint`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The genesis file that names the network.
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// Checkpoint proofs.
    #[arg(required = true, value_name = "PROOF")]
    proofs: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    ok: bool,
    genesis_root: Digest,
    circuits_digest: Digest,
    security: Label,
    proofs: Vec<Verdict>,
}

/// What became of one file.
#[derive(Serialize)]
struct Verdict {
    file: String,
    height: Option<u32>,
    root: Option<Digest>,
    ok: bool,
    error: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

/// Why a file is not accepted.
enum Refusal {
    Unreadable(io::Error),
    TooLarge,
    Unverified(CheckpointError),
}

/// Verifies every file and reports them all.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let pinned = pinned()?;
    let verifier = verifier(pinned, &options.genesis)?;
    let security = Label::of_this_build();
    if !options.json {
        output::line(&format!("genesis   {}", verifier.genesis_root()))?;
        output::line(&format!("circuits  {} (profile {})", verifier.circuits(), pinned.profile().name))?;
        output::line(&format!("security  {security}"))?;
    }
    let mut proofs = Vec::with_capacity(options.proofs.len());
    for path in &options.proofs {
        proofs.push(report(path, &verifier, options.json)?);
    }
    let ended = |exit| proofs.iter().any(|verdict: &Verdict| verdict.exit == exit);
    let exit = [Exit::Unverified, Exit::Usage].into_iter().find(|&exit| ended(exit)).unwrap_or(Exit::Done);
    if options.json {
        output::document(&Document {
            schema: "parth/verify/1",
            ok: exit == Exit::Done,
            genesis_root: verifier.genesis_root(),
            circuits_digest: verifier.circuits(),
            security,
            proofs,
        })?;
    }
    Ok(exit)
}

/// Verifies one file and, for people, says at once what came of it.
fn report(path: &Path, verifier: &CheckpointVerifier, json: bool) -> Result<Verdict, Failure> {
    let file = path.display().to_string();
    let start = Instant::now();
    match verify(path, verifier) {
        Ok(CheckpointPublic { height, root, .. }) => {
            if !json {
                let took = start.elapsed().as_secs_f64() * 1e3;
                output::line(&format!("{file}: height {height}, root {root}, verified in {took:.1} ms"))?;
            }
            Ok(Verdict { file, height: Some(height.get()), root: Some(root), ok: true, error: None, exit: Exit::Done })
        }
        Err(refusal) => {
            let error = refusal.to_string();
            output::complain(&format!("{file}: {error}"), refusal.hint());
            Ok(Verdict { file, height: None, root: None, ok: false, error: Some(error), exit: refusal.exit() })
        }
    }
}

fn verify(path: &Path, verifier: &CheckpointVerifier) -> Result<CheckpointPublic, Refusal> {
    let bytes = read(path, PROOF_LIMIT).map_err(Refusal::Unreadable)?.ok_or(Refusal::TooLarge)?;
    verifier.verify_file(&bytes).map_err(Refusal::Unverified)
}

impl Refusal {
    fn exit(&self) -> Exit {
        match self {
            Refusal::Unreadable(_) => Exit::Usage,
            Refusal::TooLarge | Refusal::Unverified(_) => Exit::Unverified,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Refusal::Unverified(CheckpointError::File(FileError::Circuits { .. })) => {
                Some("verify it with the build of parth that made it")
            }
            Refusal::Unverified(CheckpointError::Genesis { .. } | CheckpointError::Parameters { .. }) => {
                Some("is this the genesis file of its network?")
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Refusal::TooLarge => write!(f, "not a checkpoint proof: more than {PROOF_LIMIT} bytes"),
            Refusal::Unverified(error) => error.fmt(f),
        }
    }
}

/// The verifier of the network that a genesis file names.
fn verifier(pinned: &Pinned, path: &Path) -> Result<CheckpointVerifier, Failure> {
    let file = path.display();
    let unreadable = |what: String| Failure::new(Exit::Usage, format!("{file}: {what}"));
    let bytes = read(path, GENESIS_LIMIT).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let bytes = bytes.ok_or_else(|| unreadable(format!("not a genesis file: more than {GENESIS_LIMIT} bytes")))?;
    let genesis: Genesis = serde_json::from_slice(&bytes).map_err(|error| {
        unreadable(format!("not a genesis file: {error}")).hint("--genesis wants the genesis.json of the network")
    })?;
    let state = genesis.state(&pinned.set()).map_err(|error| unreadable(error.to_string()))?;
    CheckpointVerifier::new(pinned, &state).map_err(|error| {
        Failure::new(Exit::Unverified, format!("{file}: {error}"))
            .hint("whoever wrote this genesis could move balances by rules of its own")
    })
}

/// All bytes of a file, or nothing when there are more than `limit`.
fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= limit).then_some(bytes))
}
