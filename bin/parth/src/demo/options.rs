//! The flags of `parth demo`, and what they may be.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::DemoError;
use crate::cache::Folder;

/// Run a whole network in one process: real sessions, real proofs, a chain of checkpoints.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    parth demo\n  \
    parth demo --users 5 --realms 4 --checkpoints 6 --dir /tmp/demo\n  \
    parth demo --seed tuesday --json > demo.json\n\n\
    An interrupted demo goes on where it stopped when the same command is given again.")]
pub(crate) struct Options {
    /// Users with a balance at genesis; one more arrives later
    #[arg(long, default_value_t = 3, value_name = "N")]
    users: u32,
    /// Realms, a power of two
    #[arg(long, default_value_t = 2, value_name = "R")]
    realms: u32,
    /// Checkpoints to make
    #[arg(long, default_value_t = 4, value_name = "C")]
    checkpoints: u32,
    /// Calls in a session
    #[arg(long, default_value_t = 1, value_name = "K")]
    calls: u32,
    /// Worker threads, and sessions proven at a time
    #[arg(long, default_value_t = 2, value_name = "W")]
    workers: u32,
    /// Folder of the network: created, or resumed
    #[arg(long, default_value = "parth-demo", value_name = "D")]
    dir: PathBuf,
    /// Any text; it changes the genesis root and every key
    #[arg(long, default_value = "parth demo", value_name = "S")]
    seed: String,
    /// Folder for built circuits, shared by all demos of this build
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Print one JSON document on standard output and nothing else there
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a demo is, whatever folder and machine it runs on: kept in the folder and compared when it is resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shape {
    pub(crate) users: u32,
    pub(crate) realms: u32,
    pub(crate) checkpoints: u32,
    pub(crate) calls: u32,
    pub(crate) seed: String,
}

/// Checked flags.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) shape: Shape,
    pub(crate) workers: usize,
    pub(crate) folder: PathBuf,
    pub(crate) cache: Folder,
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn check(&self) -> Result<Checked, DemoError> {
        let within = |flag, allowed: std::ops::RangeInclusive<u32>, actual: u32| {
            if allowed.contains(&actual) {
                return Ok(());
            }
            let expected = format!("{} to {}", allowed.start(), allowed.end());
            Err(DemoError::Flag { flag, expected, actual: actual.into() })
        };
        within("users", 2..=1_000, self.users)?;
        within("realms", 1..=256, self.realms)?;
        within("checkpoints", 1..=200, self.checkpoints)?;
        within("calls", 1..=64, self.calls)?;
        within("workers", 1..=256, self.workers)?;
        if !self.realms.is_power_of_two() {
            let expected = "a power of two".to_owned();
            return Err(DemoError::Flag { flag: "realms", expected, actual: self.realms.into() });
        }
        Ok(Checked {
            shape: Shape {
                users: self.users,
                realms: self.realms,
                checkpoints: self.checkpoints,
                calls: self.calls,
                seed: self.seed.clone(),
            },
            workers: self.workers as usize,
            folder: self.dir.clone(),
            cache: Folder::choose(self.cache.as_deref())
                .map_err(|error| DemoError::Circuits(format!("no folder for circuits: {error}")))?,
            json: self.json,
        })
    }
}
