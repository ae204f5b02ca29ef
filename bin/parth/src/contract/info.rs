//! `parth contract info`: what a contract has.

use std::path::{Path, PathBuf};

use parth_contract::abi::{Abi, CallAbi};
use parth_contract::ir::Parameter;
use parth_crypto::Digest;
use serde::Serialize;

use super::artifact::{Artifact, Circuit, Field, compiler, layout};
use super::source;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// Options of `parth contract info`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract info contracts/counter.dapen.ts\n  \
    parth contract info Counter.contract.json --json")]
pub(crate) struct Options {
    /// A source, or an artifact of `parth contract build`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a source and an artifact both say.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    schema: &'static str,
    pub(crate) name: String,
    pub(crate) id: Option<u32>,
    compiler: String,
    pub(crate) abi: Abi,
    layout: Vec<Field>,
    pub(crate) code: Digest,
    /// Of an artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    built: Option<Circuits>,
}

/// What only an artifact says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Circuits {
    circuits_digest: Digest,
    profile: String,
    functions: Vec<Circuit>,
    /// The digest of the contract's leaf.
    leaf: Digest,
}

impl About {
    /// Of a source or an artifact: artifacts end in `.json`.
    pub(crate) fn read(path: &Path) -> Result<About, Failure> {
        let schema = "parth/info/1";
        if path.extension().is_some_and(|end| end == "json") {
            let Artifact { name, id, compiler, abi, layout, code, circuits_digest, profile, functions, leaf, .. } =
                Artifact::read(path)?;
            let built = Some(Circuits { circuits_digest, profile, functions, leaf: leaf.digest });
            return Ok(About { schema, name, id, compiler, abi, layout, code, built });
        }
        let compiled = source::compiled(path)?.compiled;
        let (name, code) = (compiled.contract.name().to_owned(), compiled.contract.code_digest());
        let (abi, layout) = (compiled.contract.abi(), layout(&compiled));
        Ok(About { schema, name, id: compiled.id, compiler: compiler(), abi, layout, code, built: None })
    }
}

/// Prints it.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let about = About::read(&options.file)?;
    if options.json {
        output::document(&about)?;
    } else {
        print(&about)?;
    }
    Ok(Exit::Done)
}

fn print(about: &About) -> Result<(), Failure> {
    let list = |parameters: &[Parameter]| {
        parameters.iter().map(|known| format!("{}: {}", known.name, known.kind)).collect::<Vec<_>>().join(", ")
    };
    let id = about.id.map_or_else(|| "not in the source".to_owned(), |id| id.to_string());
    output::line(&format!("contract  {}, id {id}", about.name))?;
    output::line(&format!("code      {}", about.code))?;
    output::line(&format!("compiler  {}", about.compiler))?;
    for function in &about.abi.functions {
        let kind = if function.view { "view" } else { "call" };
        let (name, inputs) = (&function.name, list(&function.inputs));
        let outputs =
            if function.outputs.is_empty() { String::new() } else { format!(" -> {}", list(&function.outputs)) };
        output::line(&format!("{kind}      {name}({inputs}){outputs}   method {}", function.method))?;
        for CallAbi { contract, method, inline } in &function.calls {
            let contract = contract.map_or_else(|| "a contract".to_owned(), |id| format!("contract {id}"));
            let when = if *inline { "calls" } else { "owes" };
            output::line(&format!("            {when} {contract}, method {method}"))?;
        }
    }
    for event in &about.abi.events {
        output::line(&format!("event     {} {{ {} }}   id {}", event.name, list(&event.fields), event.id.as_u64()))?;
    }
    output::line(&format!("state     a tree of height {}", about.abi.state_height))?;
    for Field { name, kind, key, value, slot, stride } in &about.layout {
        let types = key.as_ref().map_or_else(|| value.clone(), |key| format!("{key} to {value}"));
        output::line(&format!("field     {name}: {kind} of {types}, slot {slot}, {stride} a value"))?;
    }
    let Some(built) = &about.built else { return Ok(()) };
    output::line(&format!("leaf      {}", built.leaf))?;
    for Circuit { name, fingerprint, rows, .. } in &built.functions {
        output::line(&format!("circuit   {name}: {rows} rows, {fingerprint}"))?;
    }
    let same = pinned()?.set().digest() == built.circuits_digest;
    let note = if same { "those of this build" } else { "not those of this build" };
    output::line(&format!("circuits  {} (profile {}), {note}", built.circuits_digest, built.profile))
}
