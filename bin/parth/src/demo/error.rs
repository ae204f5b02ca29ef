//! Why a demo does not run to its end.

use std::path::PathBuf;

use parth_circuits::registry::RegistryError;
use thiserror::Error;

use crate::exit::{Exit, Failure};
use crate::node::NodeError;

/// Why a demo does not run to its end.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    /// A flag is out of its range.
    #[error("--{flag}: expected {expected}, got {actual}")]
    Flag { flag: &'static str, expected: String, actual: u64 },
    /// Something else is in the folder.
    #[error("{folder}: {found}; name another folder with --dir")]
    Folder { folder: PathBuf, found: String },
    /// A file cannot be read or written.
    #[error("{file}: {error}")]
    Io { file: PathBuf, error: std::io::Error },
    /// The circuits of this build are not usable.
    #[error("{0}")]
    Circuits(String),
    /// A session fails.
    #[error("session of person {person} in checkpoint {checkpoint}: {reason}")]
    Session { person: u32, checkpoint: u32, reason: String },
    /// The network fails.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A worker fails.
    #[error("a worker stopped: {0}")]
    Worker(String),
    /// Native balance is not conserved, or the last proof does not verify.
    #[error("{0}")]
    Unsound(String),
    /// Ctrl-C.
    #[error("interrupted; the same command goes on from here")]
    Interrupted,
}

impl From<RegistryError> for DemoError {
    fn from(error: RegistryError) -> DemoError {
        DemoError::Circuits(error.to_string())
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Failure {
        let (exit, hint) = match &error {
            DemoError::Flag { .. } => (Exit::Usage, None),
            DemoError::Folder { .. } => (Exit::Usage, None),
            DemoError::Io { .. } => (Exit::Usage, None),
            DemoError::Session { .. } | DemoError::Worker(_) => (Exit::Proving, None),
            DemoError::Interrupted => (Exit::Interrupted, Some("nothing is lost")),
            DemoError::Circuits(_) => (Exit::Other, Some("the folder given with --cache can be deleted at any time")),
            DemoError::Node(_) | DemoError::Unsound(_) => (Exit::Other, None),
        };
        let failure = Failure::new(exit, error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl DemoError {
    pub(crate) fn io(file: &std::path::Path) -> impl FnOnce(std::io::Error) -> DemoError {
        let file = file.to_owned();
        move |error| DemoError::Io { file, error }
    }
}

macro_rules! node_errors {
    ($($kind:ty)+) => {$(
        impl From<$kind> for DemoError {
            fn from(error: $kind) -> DemoError {
                DemoError::Node(error.into())
            }
        }
    )+};
}
node_errors! {
    parth_coordinator::Halt
    parth_realm::Halt
    parth_jobs::QueueError
    parth_jobs::ArtifactError
    parth_protocol::genesis::GenesisError
}
