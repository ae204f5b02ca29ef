//! Reads a file and all that it imports.

use std::collections::BTreeMap;

use super::ast::File;
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::source::{FileId, Resolver, Sources};
use super::{parse, standard};

/// Most files of one program.
const MAX_FILES: usize = 64;

/// Files read, in the order of their ids.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) files: Vec<Option<File>>,
    /// For each file, the file of each import by its path.
    pub(crate) targets: Vec<BTreeMap<String, FileId>>,
}

impl Loaded {
    /// Could every file be read and parsed?
    pub(crate) fn is_whole(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(Option::is_some)
    }
}

/// Reads a file and all that it imports.
pub(crate) fn load(resolver: &dyn Resolver, root: &str, findings: &mut Findings) -> Loaded {
    let mut loaded = Loaded { sources: Sources::default(), files: Vec::new(), targets: Vec::new() };
    let Some(text) = resolver.source(root) else {
        findings.push(Diagnostic::without_place(Code::E0105, format!("there is no file {root}")));
        return loaded;
    };
    let mut ids = BTreeMap::new();
    ids.insert(root.to_owned(), loaded.sources.add(root, text));
    let mut next = 0;
    while next < loaded.sources.files().len() {
        let id = FileId(next as u16);
        let file = loaded.sources.file(id);
        let (path, text) = (file.path().to_owned(), file.text().to_owned());
        let file = parse::parse(id, &text, findings);
        let mut targets = BTreeMap::new();
        for import in file.iter().flat_map(|file| &file.imports) {
            let written = &import.path;
            let Some(wanted) = target(&path, &written.text) else {
                let found = Diagnostic::new(Code::E0106, written.span, format!("cannot import \"{}\"", written.text));
                findings.push(found.help("imports are relative, as \"./token.dapen\", or \"std\""));
                continue;
            };
            if let Some(&known) = ids.get(&wanted) {
                targets.insert(written.text.clone(), known);
                continue;
            }
            if ids.len() >= MAX_FILES {
                let message = format!("the program has more than {MAX_FILES} files");
                findings.push(Diagnostic::new(Code::E0107, written.span, message));
                break;
            }
            let text = standard::source(&wanted).map(str::to_owned).or_else(|| resolver.source(&wanted));
            match text {
                Some(text) => {
                    let id = loaded.sources.add(&wanted, text);
                    ids.insert(wanted, id);
                    targets.insert(written.text.clone(), id);
                }
                None => findings.push(Diagnostic::new(Code::E0105, written.span, format!("there is no file {wanted}"))),
            }
        }
        loaded.files.push(file);
        loaded.targets.push(targets);
        next += 1;
    }
    loaded
}

/// The path of an imported file, as seen from the file that imports it.
fn target(from: &str, written: &str) -> Option<String> {
    if written == standard::NAME {
        return Some(standard::PATH.to_owned());
    }
    if !(written.starts_with("./") || written.starts_with("../")) || written.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in written.split('/') {
        match part {
            "." | "" => {}
            // Above the root of a disk there is nothing; above a folder that is not known by name there is.
            ".." if parts.as_slice() == [""] => return None,
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." => parts.push(".."),
            other => parts.push(other),
        }
    }
    let path = parts.join("/");
    let path = path.strip_suffix(".ts").unwrap_or(&path);
    path.ends_with(".dapen").then(|| format!("{path}.ts"))
}
