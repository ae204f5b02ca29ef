//! Names of files and modules, paths of somebody's machine, and files that are too long.

use super::source;
use super::{File, Finding};

/// Names that say nothing about what is inside, or that an old copy lies beside a new one.
const EMPTY_NAMES: &[&str] = &["common", "core", "old", "util", "utils"];
/// Ends of names that say the same.
const STALE_ENDS: &[&str] = &["_old", "_v2", "_v3", "-old", "-v2", "-v3"];

/// Folders that exist on one machine only. In pieces, so that this file passes its own rule.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];

/// A file longer than this is hard to hold in one's head.
const LINES_AT_MOST: usize = 900;

/// Checks the path and the text of one file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in file.path.split('/') {
        let name = part.rsplit_once('.').map_or(part, |(stem, _)| stem);
        if is_forbidden(name) {
            findings.push(Finding::new(&file.path, 0, format!("`{name}` is no name: say what is inside")));
        }
    }
    if file.path.ends_with(".rs") {
        findings.extend(modules(file));
    }
    findings.extend(machine_paths(file));
    findings
}

fn is_forbidden(name: &str) -> bool {
    EMPTY_NAMES.contains(&name) || STALE_ENDS.iter().any(|end| name.ends_with(end))
}

/// Modules declared with such a name (those in files of their own are found by the path already).
fn modules(file: &File) -> Vec<Finding> {
    let code = source::code(&file.text);
    let mut findings = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
        if words.next() != Some("mod") {
            continue;
        }
        let name = words.next().unwrap_or_default().trim_end_matches([';', '{']);
        if is_forbidden(name) {
            findings.push(Finding::new(&file.path, number + 1, format!("module `{name}`: say what is inside")));
        }
    }
    findings
}

fn machine_paths(file: &File) -> Vec<Finding> {
    let starts_a_path = |line: &str, at: usize| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | '~'))
    };
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            if line.match_indices(folder).any(|(at, _)| starts_a_path(line, at)) {
                let what = format!("`{folder}` is a path of one machine");
                findings.push(Finding::new(&file.path, number + 1, what));
            }
        }
    }
    findings
}

/// A warning about a source file or document that is too long. Data may be as long as it likes.
pub(super) fn too_long(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let is_written = [".rs", ".md", ".sol", ".ts"].iter().any(|end| file.path.ends_with(end));
    (is_written && lines > LINES_AT_MOST)
        .then(|| Finding::new(&file.path, 0, format!("{lines} lines (more than {LINES_AT_MOST}): split it by topic")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn count(path: &str, text: &str) -> usize {
        check(&file(path, text)).len()
    }

    #[test]
    fn names_say_what_is_inside() {
        for path in ["crates/core/src/lib.rs", "crates/a/src/utils.rs", "crates/a/src/plan_v2.rs", "docs/old/a.md"] {
            assert_eq!(count(path, ""), 1, "{path}");
        }
        for path in ["crates/realm/src/scores.rs", "docs/src/holder.md", "crates/a/src/net_v4.rs"] {
            assert_eq!(count(path, ""), 0, "{path}");
        }
    }

    #[test]
    fn modules_say_what_is_inside() {
        assert_eq!(count("crates/a/src/lib.rs", "mod plan;\npub(crate) mod common {\n}\n"), 1);
        assert_eq!(count("crates/a/src/lib.rs", "// mod common;\nuse common::x;\n"), 0);
    }

    #[test]
    fn no_file_names_a_folder_of_one_machine() {
        let here = format!("see {}main/x", MACHINE_FOLDERS[0]);
        assert_eq!(count("docs/src/a.md", &here), 1);
        assert_eq!(count("docs/src/a.md", &format!("`{}me/.cargo`", MACHINE_FOLDERS[1])), 1);
        assert_eq!(count("docs/src/a.md", &format!("frame{}a", MACHINE_FOLDERS[0])), 0);
        assert_eq!(count("docs/src/a.md", &format!("${{HOME}}{}a", MACHINE_FOLDERS[0])), 0);
    }

    #[test]
    fn long_sources_are_warned_about_and_long_data_is_not() {
        let long = "x\n".repeat(LINES_AT_MOST + 1);
        assert!(too_long(&file("crates/a/src/lib.rs", &long)).is_some());
        assert!(too_long(&file("crates/a/vectors/hash.txt", &long)).is_none());
        assert!(too_long(&file("crates/a/src/lib.rs", "x\n")).is_none());
    }
}
