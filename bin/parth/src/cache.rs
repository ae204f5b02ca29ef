//! Where built circuits are kept, unless a command is told another folder.

use std::path::PathBuf;

/// `$PARTH_CACHE`, the user's cache folder, or the present folder, whichever there is first.
pub(crate) fn folder() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folder = variable("PARTH_CACHE").or_else(|| Some(user()?.join("parth")));
    folder.unwrap_or_else(|| PathBuf::from(".parth-cache")).join("circuits")
}
