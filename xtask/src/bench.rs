//! `cargo xtask bench`: runs `parth bench circuits` on one thread and on two, and renders `docs/benchmarks.md`.
//!
//! Figures belong to a machine and a commit, so both stand in the document; so does the proving library's own recursion,
//! measured in the same runs, since only ratios carry over to other machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::workspace::{self, Workspace};

/// Where the document lies, from the root.
const DOCUMENT: &str = "docs/benchmarks.md";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Cargo would not describe the workspace.
    #[error(transparent)]
    Workspace(#[from] workspace::Error),
    /// A program could not be started, or its output not be read.
    #[error("{program}: {error}")]
    Run {
        /// The program.
        program: &'static str,
        /// What went wrong with it.
        error: io::Error,
    },
    /// The bench failed; its own words went to standard error.
    #[error("`parth bench circuits --threads {threads}` failed")]
    Failed {
        /// Threads asked for.
        threads: usize,
    },
    /// The bench printed something else than its document.
    #[error("the output of `parth bench circuits`: {0}")]
    Output(#[from] serde_json::Error),
    /// The two runs are not of the same circuits.
    #[error("the two runs measured different circuits")]
    Different,
    /// The document could not be written.
    #[error("{path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        error: io::Error,
    },
}

/// What `parth bench circuits --json` prints.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    circuits_digest: String,
    machine: String,
    threads: usize,
    yardstick: Yardstick,
    circuits: Vec<Circuit>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Yardstick {
    rows: usize,
    prove_ms: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Circuit {
    name: String,
    class: String,
    rows: usize,
    prover: String,
    build_ms: f64,
    prove_ms: f64,
    verify_ms: f64,
    proof_bytes: usize,
    peak_mb: Option<u64>,
}

/// Measures and writes. The answer is whether all is well, which it is when there is no error.
pub(crate) fn run() -> Result<bool, Error> {
    let root = Workspace::load()?.root;
    let commit = commit(&root)?;
    let (one, two) = (report(1)?, report(2)?);
    let path = root.join(DOCUMENT);
    fs::write(&path, render(&commit, &one, &two)?).map_err(|error| Error::Write { path: path.clone(), error })?;
    println!("wrote {DOCUMENT}");
    Ok(true)
}

/// The commit that is measured, and whether the working tree differs from it.
fn commit(root: &Path) -> Result<String, Error> {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).current_dir(root).output();
    let output = git.map_err(|error| Error::Run { program: "git", error })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn report(threads: usize) -> Result<Report, Error> {
    println!("measuring on {threads} threads; this takes some minutes");
    let mut command = workspace::cargo();
    command.args(["run", "--release", "--quiet", "--package", "parth", "--"]);
    command.args(["bench", "circuits", "--json", "--threads"]).arg(threads.to_string());
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::Run { program: "cargo", error })?;
    if !output.status.success() {
        return Err(Error::Failed { threads });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The document. `one` is measured on one thread, `two` on more.
fn render(commit: &str, one: &Report, two: &Report) -> Result<String, Error> {
    let names = |report: &Report| report.circuits.iter().map(|circuit| circuit.name.clone()).collect::<Vec<_>>();
    if one.circuits_digest != two.circuits_digest || names(one) != names(two) {
        return Err(Error::Different);
    }
    let mut rows = String::new();
    for (slow, fast) in one.circuits.iter().zip(&two.circuits) {
        rows += &row(slow, fast, &two.yardstick);
    }
    let (threads, machine, digest) = (two.threads, &two.machine, &two.circuits_digest);
    let yardstick = two.yardstick.rows;
    let (slow, fast) = (seconds(one.yardstick.prove_ms), seconds(two.yardstick.prove_ms));
    Ok(format!(
        "# Benchmarks

Written by `cargo xtask bench`; not edited by hand. Times are medians of three runs. Figures depend on the machine, so
compare ratios: the first line of the table is the proving library's own recursion, measured in the same runs.

- machine: {machine}
- commit: `{commit}`
- circuits: `{digest}`

| circuit | class | rows | prover | build s | prove s, 1 thread | prove s, {threads} threads | to yardstick | verify ms | proof bytes | peak MiB |
| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| *two proofs to one, the library as it is* | | {yardstick} | stock | | {slow} | {fast} | 1.00 | | | |
{rows}
The yardstick verifies two proofs of its own shape with keys as witnesses, hashes both keys to fingerprints and checks
two Merkle paths of 32 levels, with the library's configuration, hashes and gadgets. \"To yardstick\" is the time on
{threads} threads over that of the yardstick. Memory is the peak of the whole process while the circuit is built and
proven.
"
    ))
}

/// A circuit's line of the table: `slow` is measured on one thread, `fast` on more, as the yardstick is.
fn row(slow: &Circuit, fast: &Circuit, yardstick: &Yardstick) -> String {
    let peak = fast.peak_mb.map_or(String::new(), |peak| peak.to_string());
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {:.2} | {:.1} | {} | {peak} |\n",
        fast.name,
        fast.class,
        fast.rows,
        fast.prover,
        seconds(fast.build_ms),
        seconds(slow.prove_ms),
        seconds(fast.prove_ms),
        fast.prove_ms / yardstick.prove_ms,
        fast.verify_ms,
        fast.proof_bytes
    )
}

fn seconds(milliseconds: f64) -> String {
    format!("{:.2}", milliseconds / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(threads: usize, prove_ms: f64) -> Report {
        let json = format!(
            r#"{{"schema":"parth/bench-circuits/1","circuitsDigest":"0x12","machine":"a machine","threads":{threads},
                "yardstick":{{"rows":8115,"proveMs":2000.0}},
                "circuits":[{{"name":"guta::two_guta","class":"node","rows":8076,"prover":"stock","buildMs":1500.4,
                "proveMs":{prove_ms},"verifyMs":3.21,"proofBytes":132856,"peakMb":null}}]}}"#
        );
        serde_json::from_str(&json).expect("a report")
    }

    #[test]
    fn the_table_names_machine_and_commit_and_sets_each_circuit_beside_the_yardstick() {
        let text = render("abc123", &report(1, 3000.0), &report(2, 1000.0)).expect("a document");
        assert!(text.contains("a machine") && text.contains("`abc123`") && text.contains("| 8115 | stock |"));
        let row = "| `guta::two_guta` | node | 8076 | stock | 1.50 | 3.00 | 1.00 | 0.50 | 3.2 | 132856 |  |";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn runs_of_different_circuits_make_no_table() {
        let mut other = report(2, 1.0);
        other.circuits_digest = "0x13".to_owned();
        assert!(matches!(render("abc123", &report(1, 1.0), &other), Err(Error::Different)));
    }
}
