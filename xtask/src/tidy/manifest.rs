//! Rules about manifests and the cargo configuration. They are read line by line: both are ours, and plain.

use super::{File, Finding};

/// Checks every manifest and the cargo configuration.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if file.path == "Cargo.toml" {
            continue; // the root holds the lints themselves
        }
        if file.path.ends_with("/Cargo.toml") && !inherits_lints(&file.text) {
            findings.push(Finding::new(
                &file.path,
                0,
                "no `[lints]` with `workspace = true`: every crate has our lints",
            ));
        }
        findings.extend(tests_in_no_target(file, files));
        if file.path.starts_with(".cargo/") {
            findings.extend(instruction_sets(file));
        }
    }
    findings
}

/// Lines of a TOML text without comments and white space, with the header of the table each stands in.
fn entries(text: &str) -> impl Iterator<Item = (usize, String, &str)> {
    let mut table = String::new();
    text.lines().enumerate().filter_map(move |(number, line)| {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = header.trim().to_owned();
            return None;
        }
        (!line.is_empty()).then(|| (number + 1, table.clone(), line))
    })
}

fn inherits_lints(text: &str) -> bool {
    entries(text).any(|(_, table, line)| {
        let line: String = line.split_whitespace().collect();
        (table == "lints" && line == "workspace=true") || (table.is_empty() && line == "lints.workspace=true")
    })
}

/// Files beside a crate's tests that neither a manifest without `autotests` nor a test named there takes in: cargo never
/// compiles them, so their tests pass by not being there.
fn tests_in_no_target(manifest: &File, files: &[File]) -> Vec<Finding> {
    let Some(folder) = manifest.path.strip_suffix("Cargo.toml") else { return Vec::new() };
    let spaceless = |line: &str| line.split_whitespace().collect::<String>();
    if !entries(&manifest.text).any(|(_, table, line)| table == "package" && spaceless(line) == "autotests=false") {
        return Vec::new();
    }
    let named = |test: &str| entries(&manifest.text).any(|(_, _, line)| spaceless(line) == format!("path=\"{test}\""));
    let beside: Vec<(&str, &File)> = files
        .iter()
        .filter_map(|file| Some((file.path.strip_prefix(folder)?, file)))
        .filter(|(path, _)| {
            path.strip_prefix("tests/").is_some_and(|name| name.ends_with(".rs") && !name.contains('/'))
        })
        .collect();
    let (roots, others): (Vec<_>, Vec<_>) = beside.into_iter().partition(|(path, _)| named(path));
    let taken_in = |path: &str| {
        let module = format!("mod {};", path.trim_start_matches("tests/").trim_end_matches(".rs"));
        roots.iter().any(|(_, root)| root.text.lines().any(|line| line.trim() == module))
    };
    let lost = others.into_iter().filter(|(path, _)| !taken_in(path));
    lost.map(|(path, _)| Finding::new(&manifest.path, 0, format!("`{path}` is in no target, so it never runs")))
        .collect()
}

/// The proving library does not compile with these flags on stable Rust, and a portable binary must not have them.
fn instruction_sets(file: &File) -> Vec<Finding> {
    entries(&file.text)
        .filter(|(_, _, line)| line.contains("target-cpu") || line.contains("target-feature"))
        .map(|(number, _, _)| {
            let what = "instruction-set flags stay out of the cargo configuration: kernels choose theirs at run time";
            Finding::new(&file.path, number, what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&[File { path: path.to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn every_crate_inherits_the_lints() {
        let good = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true # all of them\n";
        assert!(findings("crates/a/Cargo.toml", good).is_empty());
        assert_eq!(findings("crates/a/Cargo.toml", "[package]\nname = \"a\"\n").len(), 1);
        assert_eq!(findings("crates/a/Cargo.toml", "[lints]\n# workspace = true\n").len(), 1);
        assert_eq!(findings("crates/a/Cargo.toml", "[dependencies.b]\nworkspace = true\n").len(), 1);
        assert!(findings("Cargo.toml", "[workspace]\n").is_empty());
    }

    #[test]
    fn a_test_that_cargo_never_compiles_is_named() {
        let lints = "[lints]\nworkspace = true\n";
        let found = |manifest: &str| {
            let file = |path: &str, text: String| File { path: path.to_owned(), text };
            let files = [
                file("crates/a/Cargo.toml", format!("{manifest}{lints}")),
                file("crates/a/tests/lock.rs", String::new()),
                file("crates/a/tests/main/main.rs", String::new()),
                file("crates/a/tests/all.rs", "mod lock;\n".to_owned()),
                file("crates/ab/tests/other.rs", String::new()),
            ];
            check(&files).len()
        };
        let silent = "[package]\nautotests = false # few binaries\n";
        assert_eq!(found(silent), 2);
        assert_eq!(found(&format!("{silent}[[test]]\nname = \"lock\"\npath = \"tests/lock.rs\"\n")), 1);
        assert_eq!(found(&format!("{silent}[[test]]\nname = \"all\"\npath = \"tests/all.rs\"\n")), 0);
        assert_eq!(found("[package]\nname = \"a\"\n"), 0);
    }

    #[test]
    fn the_cargo_configuration_names_no_instruction_set() {
        let bad = "[build]\nrustflags = [\"-C\", \"target-cpu=native\"]\n";
        assert_eq!(findings(".cargo/config.toml", bad)[0].line, 2);
        assert!(findings(".cargo/config.toml", "# target-cpu stays out\n[alias]\nxtask = \"run\"\n").is_empty());
    }
}
