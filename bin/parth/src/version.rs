//! `parth version`: what this build is.

use parth_crypto::Digest;
use parth_proof::Pinned;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::security::Label;

/// Options of `parth version`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    version: &'static str,
    profile: &'static str,
    circuits_digest: Digest,
    security: Label,
}

/// Prints it.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let pinned = pinned()?;
    let document = Document {
        schema: "parth/version/1",
        version: env!("CARGO_PKG_VERSION"),
        profile: pinned.profile().name,
        circuits_digest: pinned.set().digest(),
        security: Label::of_this_build(),
    };
    if options.json {
        output::document(&document)?;
    } else {
        output::line(&format!("parth {}", document.version))?;
        output::line(&format!("profile   {}", document.profile))?;
        output::line(&format!("circuits  {}", document.circuits_digest))?;
        output::line(&format!("security  {}", document.security))?;
    }
    Ok(Exit::Done)
}

/// The circuits that this build knows.
pub(crate) fn pinned() -> Result<&'static Pinned, Failure> {
    Pinned::standard().map_err(|error| {
        Failure::new(Exit::Other, format!("this build has no circuits: {error}")).hint("run `cargo xtask pin`")
    })
}
