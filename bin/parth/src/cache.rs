//! Where built circuits are kept, unless a command is told another folder, and how many of them are made ready.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parth_circuits::registry::{Registry, RegistryError};
use parth_protocol::CircuitId;
use tempfile::TempDir;

use crate::output;

/// Builds or loads circuits, several at a time, in this order. `proceed` is asked before each, and `ready` hears of each.
pub(crate) fn prepare<E: From<RegistryError> + Send>(
    registry: &Registry,
    circuits: &[CircuitId],
    threads: usize,
    proceed: impl Fn() -> Result<(), E> + Sync,
    ready: impl Fn() + Sync,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), E> {
        while let Some(&circuit) = circuits.get(next.fetch_add(1, Ordering::Relaxed)) {
            proceed()?;
            registry.prepare(circuit)?;
            ready();
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(circuits.len())).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Result<(), E>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().try_for_each(join)
    })
}

/// A folder of circuits.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Removes it in the end, where it is for this command only.
    _fresh: Option<Arc<TempDir>>,
}

impl Folder {
    /// The folder that a command is told, `$PARTH_CACHE`, or the user's cache folder, whichever there is first. Without
    /// any it is a fresh one for this command only, and that is said: never one in the present folder, which may be
    /// somebody else's, while circuits that are read are trusted.
    pub(crate) fn choose(told: Option<&Path>) -> io::Result<Folder> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // Paths that depend on the present folder mean nothing in these.
        let whole = |name| variable(name).filter(|path| path.is_absolute());
        let user = || whole("XDG_CACHE_HOME").or_else(|| Some(whole("HOME")?.join(".cache")));
        let kept = || variable("PARTH_CACHE").or_else(|| Some(user()?.join("parth")));
        if let Some(path) = told.map(Path::to_owned).or_else(|| Some(kept()?.join("circuits"))) {
            return Ok(Folder { path, _fresh: None });
        }
        output::note(
            "circuits are kept for this command only: none of PARTH_CACHE, XDG_CACHE_HOME and HOME names a folder",
        );
        let fresh = tempfile::tempdir()?;
        Ok(Folder { path: fresh.path().to_owned(), _fresh: Some(Arc::new(fresh)) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
