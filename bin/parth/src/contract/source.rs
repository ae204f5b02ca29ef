//! Files to compilations, and findings to standard error.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use parth_contract::dapen::diagnostic::{Diagnostic, Severity};
use parth_contract::dapen::source::Resolver;
use parth_contract::dapen::{self, Compilation, Compiled, render};

use crate::exit::{Exit, Failure};
use crate::output;

/// Bytes of a file that are read. The compiler refuses files that are far smaller, and says so.
const READ_LIMIT: u64 = 1 << 20;

/// A source file on disk, and all that it imports.
pub(crate) struct Files {
    /// The path that the compiler is given: forward slashes, without `.`.
    name: String,
    path: PathBuf,
}

impl Files {
    /// The file at a path.
    pub(crate) fn new(path: &Path) -> Files {
        let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
        let mut name = String::new();
        for part in parts {
            if !name.is_empty() && !name.ends_with('/') {
                name.push('/');
            }
            match part {
                Component::RootDir => name.push('/'),
                other => name.push_str(&other.as_os_str().to_string_lossy()),
            }
        }
        Files { name, path: path.to_owned() }
    }

    /// The path as the compiler knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Can the file be read at all?
    pub(crate) fn readable(&self) -> io::Result<()> {
        read(&self.path, READ_LIMIT).and_then(text).map(drop)
    }

    /// Finds what is wrong with the file, be it a contract or tests.
    pub(crate) fn check(&self) -> Compilation {
        dapen::check(self, &self.name, &dapen::Options::default())
    }

    /// Compiles the file.
    pub(crate) fn compile(&self) -> Compilation {
        self.compile_file(&self.name)
    }

    /// Compiles another file that this one imports, as a contract of its own.
    pub(crate) fn compile_file(&self, name: &str) -> Compilation {
        dapen::compile(self, name, &dapen::Options::default())
    }
}

impl Resolver for Files {
    fn source(&self, path: &str) -> Option<String> {
        let bytes = if path == self.name { read(&self.path, READ_LIMIT) } else { read_import(Path::new(path)) };
        match bytes.and_then(text) {
            Ok(text) => Some(text),
            // The compiler says so, at the place of the import.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                output::complain(&format!("{path}: cannot be read: {error}"), None);
                None
            }
        }
    }
}

/// The first `limit` bytes of a file.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An imported file: never a pipe or a device, which would keep the compiler waiting for somebody to write into it.
fn read_import(path: &Path) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    read(path, READ_LIMIT)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("byte {} is no UTF-8 text", error.utf8_error().valid_up_to());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// The failure of a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("{}: cannot be read: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::IsADirectory => failure.hint("name a file in it, such as contracts/counter.dapen.ts"),
        _ => failure,
    }
}

/// Writes a file whole or not at all, whatever happens meanwhile: under another name first, then renamed.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let target = behind_links(path);
    if target.metadata().is_ok_and(|known| !known.is_file()) {
        // A pipe or a device takes the text as it comes; a folder does not.
        return fs::write(path, text).map_err(|error| unwritable(path, &error));
    }
    let known = target.metadata().map(|known| known.permissions()).ok();
    if known.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(unwritable(path, &io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only")));
    }
    // Temporary files are for their owner only; this one is to be as any other, less what the user's mask takes away.
    let mode = known.unwrap_or_else(|| fs::Permissions::from_mode(0o666));
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begun = tempfile::Builder::new().prefix(".parth-").permissions(mode).tempfile_in(folder);
    let written = begun.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)
    });
    // The library's words name the temporary file, which tells nobody anything.
    written.map(drop).map_err(|error| unwritable(path, &error.kind().into()))
}

/// Where the file of a path stands, or is to stand: a link keeps being one, also where it leads to nothing yet.
fn behind_links(path: &Path) -> PathBuf {
    if let Ok(target) = path.canonicalize() {
        return target;
    }
    let mut target = path.to_owned();
    // As many as the system follows; links in a circle have no end.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().map(|folder| folder.join(&next)).unwrap_or(next);
    }
    target
}

/// The failure of a file that cannot be written.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("{}: cannot be written: {error}", path.display()))
}

/// A contract that compiled, with its sources.
pub(crate) struct Built {
    pub(crate) files: Files,
    pub(crate) compilation: Compilation,
    pub(crate) compiled: Compiled,
}

/// Compiles a contract. Findings go to standard error; errors among them are the failure.
pub(crate) fn compiled(path: &Path) -> Result<Built, Failure> {
    let files = Files::new(path);
    files.readable().map_err(|error| unreadable(path, &error))?;
    let mut compilation = files.compile();
    let compiled = compilation.compiled.take();
    print(&compilation);
    let Some(compiled) = compiled else {
        let message = format!("{}: {}", path.display(), Tally::of(&compilation.diagnostics));
        return Err(Failure::new(Exit::Other, message).hint("`parth contract explain CODE` explains each"));
    };
    Ok(Built { files, compilation, compiled })
}

/// All findings, for people, on standard error.
pub(crate) fn print(compilation: &Compilation) {
    for diagnostic in &compilation.diagnostics {
        output::finding(&render::human(&compilation.sources, diagnostic, colour()));
    }
}

/// Is standard error a terminal that may be coloured?
pub(crate) fn colour() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How many findings of each kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

impl Tally {
    /// Counts findings.
    pub(crate) fn of(diagnostics: &[Diagnostic]) -> Tally {
        let errors = diagnostics.iter().filter(|found| found.severity() == Severity::Error).count();
        Tally { errors, warnings: diagnostics.len() - errors }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (errors, warnings) = (self.errors, self.warnings);
        write!(f, "{errors} error{}, {warnings} warning{}", plural(errors), plural(warnings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_to_nothing_yet_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("second", at("first")).unwrap();
        std::os::unix::fs::symlink("file", at("second")).unwrap();
        write(&at("first"), "text").unwrap();
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "text");
        assert!(at("first").is_symlink() && at("second").is_symlink());
    }

    #[test]
    fn a_path_is_given_to_the_compiler_without_dots() {
        for (path, name) in [
            ("./a/./b.dapen.ts", "a/b.dapen.ts"),
            ("../b.dapen.ts", "../b.dapen.ts"),
            ("/tmp/b.dapen.ts", "/tmp/b.dapen.ts"),
            ("b.dapen.ts", "b.dapen.ts"),
        ] {
            assert_eq!(Files::new(Path::new(path)).name, name);
        }
    }
}
