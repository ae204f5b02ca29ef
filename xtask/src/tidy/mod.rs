//! `cargo xtask tidy`: rules about the repository that the compiler cannot see.
//!
//! Every rule is a pure function from facts (packages, or the text of one file) to [`Finding`]s; this file gathers the
//! facts. Each rule names its reason, so that whoever breaks it knows whether to change the code or the rule.

mod calls;
mod docs;
mod layers;
mod manifest;
mod paths;
mod source;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::workspace::{self, Workspace};

/// Something untidy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// File, from the root of the repository, with forward slashes.
    file: String,
    /// Line, from 1; 0 when the whole file is meant.
    line: usize,
    /// What is wrong and why it matters.
    what: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Why the repository could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Cargo would not describe the workspace.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// A file could not be read.
    #[error("{path}: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong with it.
        error: io::Error,
    },
}

/// A text file of the repository.
struct File {
    /// From the root, with forward slashes.
    path: String,
    /// All of it.
    text: String,
}

/// Checks everything and prints what it finds. The answer is whether all is well.
pub(crate) fn run() -> Result<bool, Error> {
    let workspace = Workspace::load()?;
    let files = files(&workspace.root)?;

    let mut findings = layers::check(&workspace.packages);
    findings.extend(manifest::check(&files));
    findings.extend(docs::check(&workspace.packages, &files, |path| workspace.root.join(path).exists()));
    let mut warnings = Vec::new();
    for file in &files {
        findings.extend(paths::check(file));
        warnings.extend(paths::too_long(file));
        if file.path.ends_with(".rs") {
            findings.extend(calls::check(file));
        }
    }
    findings.sort();
    warnings.sort();

    for warning in &warnings {
        println!("tidy: warning: {warning}");
    }
    for finding in &findings {
        println!("tidy: {finding}");
    }
    println!("tidy: {} packages, {} files: {}", workspace.packages.len(), files.len(), verdict(&findings));
    Ok(findings.is_empty())
}

fn verdict(findings: &[Finding]) -> String {
    match findings.len() {
        0 => "tidy".to_owned(),
        1 => "1 thing is not".to_owned(),
        n => format!("{n} things are not"),
    }
}

/// Every text file under the root that is not a build product or something that a program left there.
fn files(root: &Path) -> Result<Vec<File>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let on = |error| Error::Read { path: folder.clone(), error };
        for entry in fs::read_dir(&folder).map_err(on)? {
            let entry = entry.map_err(on)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(on)?);
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() {
                let hidden = name.starts_with('.') && !matches!(&*name, ".ci" | ".cargo");
                // Cargo tags its target folder, wherever that is.
                let built = path.join("CACHEDIR.TAG").exists();
                if !hidden && !built && !matches!(&*name, "target" | "parth-demo" | "node_modules") {
                    folders.push(path);
                }
            } else if kind.is_file() && !matches!(&*name, "Cargo.lock" | ".git") {
                let bytes = fs::read(&path).map_err(|error| Error::Read { path: path.clone(), error })?;
                if let Ok(text) = String::from_utf8(bytes) {
                    found.push(File { path: relative(root, &path), text });
                }
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_the_documents_of_this_repository_resolve_and_its_map_names_every_crate() {
        let workspace = Workspace::load().expect("a workspace");
        let files = files(&workspace.root).expect("readable files");
        let findings = docs::check(&workspace.packages, &files, |path| workspace.root.join(path).exists());
        assert!(findings.is_empty(), "{}", findings.iter().map(|f| format!("\n{f}")).collect::<String>());
    }

    #[test]
    fn build_products_and_hidden_folders_are_not_looked_at() {
        let workspace = Workspace::load().expect("a workspace");
        let files = files(&workspace.root).expect("readable files");
        assert!(files.iter().any(|file| file.path == "xtask/src/tidy/mod.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target/") && !file.path.starts_with(".git/")));
    }
}
