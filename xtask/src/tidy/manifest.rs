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
    fn the_cargo_configuration_names_no_instruction_set() {
        let bad = "[build]\nrustflags = [\"-C\", \"target-cpu=native\"]\n";
        assert_eq!(findings(".cargo/config.toml", bad)[0].line, 2);
        assert!(findings(".cargo/config.toml", "# target-cpu stays out\n[alias]\nxtask = \"run\"\n").is_empty());
    }
}
