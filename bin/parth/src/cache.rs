//! Where built circuits are kept, unless a command is told another folder, and how many of them are made ready.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use parth_circuits::registry::{Registry, RegistryError};
use parth_protocol::CircuitId;

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

/// `$PARTH_CACHE`, the user's cache folder, or the present folder, whichever there is first.
pub(crate) fn folder() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folder = variable("PARTH_CACHE").or_else(|| Some(user()?.join("parth")));
    folder.unwrap_or_else(|| PathBuf::from(".parth-cache")).join("circuits")
}
