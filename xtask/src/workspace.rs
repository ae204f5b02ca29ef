//! The few facts of `cargo metadata` that the chores look at, as plain values that a test can make up.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The cargo that runs this chore, without what it told this process about its own package: a build script further
/// down must not see that.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Why the workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// `cargo metadata` failed; its own words follow.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
}

/// The workspace: where it lies and what is in it.
pub(crate) struct Workspace {
    /// Folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Member packages, in the order of their names.
    pub(crate) packages: Vec<Package>,
}

/// One member package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Name in the manifest.
    pub(crate) name: String,
    /// Direct dependencies, workspace members or not.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One direct dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Name of the package depended on (not the name it is renamed to).
    pub(crate) name: String,
    /// Only for tests, examples and benches.
    pub(crate) dev: bool,
}

impl Workspace {
    /// Asks cargo about the workspace that this crate belongs to (the folder it runs from tells, or else the one it was
    /// built in). No dependency is resolved, so this needs no network.
    pub(crate) fn load() -> Result<Workspace, Error> {
        let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = Path::new(&folder).join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
        let mut packages: Vec<Package> = metadata
            .packages
            .iter()
            .map(|package| Package {
                name: package.name.to_string(),
                dependencies: package
                    .dependencies
                    .iter()
                    .map(|dependency| Dependency {
                        name: dependency.name.clone(),
                        dev: dependency.kind == DependencyKind::Development,
                    })
                    .collect(),
            })
            .collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace { root: metadata.workspace_root.into(), packages })
    }
}
