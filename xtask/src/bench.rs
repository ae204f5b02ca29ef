//! `cargo xtask bench`: runs the benches of `parth`, of Poseidon and of the forest, and renders `docs/benchmarks.md`.
//!
//! Figures belong to a machine and a commit, so both stand in the document; so do the proving library's own prover and
//! recursion, measured in the same run, since only ratios carry over to other machines.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::workspace::{self, Workspace};

/// Where the document lies, from the root.
const DOCUMENT: &str = "docs/benchmarks.md";

/// A bench of a crate, which prints one line a figure.
struct Lines {
    title: &'static str,
    package: &'static str,
    bench: &'static str,
    /// What the lines say.
    about: &'static str,
}

const LINES: [Lines; 2] = [
    Lines {
        title: "Poseidon",
        package: "parth-proof",
        bench: "poseidon",
        about: "One permutation on one thread: the proving library's beside each kernel of this machine, all in turns.",
    },
    Lines {
        title: "Forest",
        package: "parth-store",
        bench: "forest",
        about:
            "A tree of 2^20 users, filled, then changed in batches of leaves at random places. A draft hashes, a commit
stores. *Worked* is the time of all processors together. The limit is what hashing alone would reach.",
    },
];

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
    #[error("`{arguments}` failed")]
    Failed {
        /// What was run.
        arguments: String,
    },
    /// The bench printed something else than its document.
    #[error("the output of `parth bench`: {0}")]
    Output(#[from] serde_json::Error),
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
    kernel: String,
    runs: usize,
    yardstick: Yardstick,
    circuits: Vec<Circuit>,
    memory: Vec<Memory>,
}

/// The most memory of a process that holds one circuit of a class, while it proves with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    class: String,
    prover: String,
    peak_mb: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Yardstick {
    rows: usize,
    by_threads: Vec<YardstickTimes>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct YardstickTimes {
    threads: usize,
    stock_ms: f64,
    own_ms: f64,
    own_profile: Vec<StepTime>,
}

#[derive(Debug, Clone, Deserialize)]
struct StepTime {
    step: String,
    ms: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Circuit {
    name: String,
    class: String,
    rows: usize,
    prover: String,
    threads: usize,
    build_ms: f64,
    prove_ms: f64,
    verify_ms: f64,
    proof_bytes: usize,
}

/// What `parth bench startup --json` prints.
#[derive(Debug, Clone, Deserialize)]
struct Startup {
    threads: usize,
    passes: Vec<Pass>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pass {
    name: String,
    circuits: usize,
    seconds: f64,
    disk_mb: u64,
    resident_mb: Option<u64>,
}

/// What `parth bench contracts --json` prints.
#[derive(Debug, Clone, Deserialize)]
struct Contracts {
    runs: usize,
    contracts: Vec<Contract>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    name: String,
    lines: usize,
    functions: usize,
    check_ms: f64,
    largest: String,
    rows: usize,
    circuit_ms: f64,
}

/// How to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Each time of a circuit is the median of so many runs. Three take some twelve minutes.
    #[arg(long, default_value_t = 3, value_name = "N")]
    runs: u16,
}

/// Measures and writes. The answer is whether all is well, which it is when there is no error.
pub(crate) fn run(options: &Options) -> Result<bool, Error> {
    let root = Workspace::load()?.root;
    let commit = commit(&root)?;
    let runs = options.runs.to_string();
    let report: Report = parth(&["circuits", "--prover", "both", "--threads", "1,2", "--runs", &runs, "--json"])?;
    let startup: Startup = parth(&["startup", "--json"])?;
    let contracts: Contracts = parth(&["contracts", "--json"])?;
    let path = root.join(DOCUMENT);
    let mut text = render(&commit, &report, &startup);
    text += &compiler(&contracts);
    for lines in &LINES {
        text += &section(lines, &lines.run()?);
    }
    fs::write(&path, text).map_err(|error| Error::Write { path: path.clone(), error })?;
    println!("wrote {DOCUMENT}");
    Ok(true)
}

/// The commit that is measured, and whether the working tree differs from it.
fn commit(root: &Path) -> Result<String, Error> {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).current_dir(root).output();
    let output = git.map_err(|error| Error::Run { program: "git", error })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a bench of the binary and reads its document.
fn parth<T: DeserializeOwned>(arguments: &[&str]) -> Result<T, Error> {
    println!("parth bench {}: this takes some minutes", arguments.join(" "));
    let mut command = workspace::cargo();
    command.args(["run", "--release", "--quiet", "--package", "parth", "--", "bench"]).args(arguments);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::Run { program: "cargo", error })?;
    if !output.status.success() {
        return Err(Error::Failed { arguments: format!("parth bench {}", arguments.join(" ")) });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

impl Lines {
    fn run(&self) -> Result<String, Error> {
        println!("cargo bench --package {} --bench {}", self.package, self.bench);
        let mut command = workspace::cargo();
        command.args(["bench", "--quiet", "--package", self.package, "--bench", self.bench]);
        let output = command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| Error::Run { program: "cargo", error })?;
        if !output.status.success() {
            return Err(Error::Failed {
                arguments: format!("cargo bench --package {} --bench {}", self.package, self.bench),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The part of the document with a bench's lines.
fn section(bench: &Lines, lines: &str) -> String {
    let Lines { title, package, bench, about } = bench;
    let lines = lines.trim();
    format!("\n## {title}\n\n`cargo bench --package {package} --bench {bench}`. {about}\n\n```text\n{lines}\n```\n")
}

fn render(commit: &str, report: &Report, startup: &Startup) -> String {
    let Report { circuits_digest, machine, kernel, runs, yardstick, circuits, memory } = report;
    let mut names: Vec<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
    names.dedup();
    let rows: String = names.into_iter().map(|name| row(name, circuits)).collect();
    let times = if *runs == 1 { "of one run".to_owned() } else { format!("the median of {runs} runs") };
    format!(
        "# Benchmarks

Written by `cargo xtask bench`; not edited by hand. Each time is {times}. Figures depend on the machine, so
compare ratios: both provers prove the same statements in one run, and the proving library's own recursion is measured
beside them.

- machine: {machine}
- kernel: {kernel}
- commit: `{commit}`
- circuits: `{circuits_digest}`

## Circuits

`parth bench circuits --prover both --threads 1,2`. *Stock* is the proving library's prover, *own* is ours; proofs of
both are verified by the library. *1* and *2* are threads.

| circuit | class | rows | build s | stock 1 s | own 1 s | own/stock 1 | stock 2 s | own 2 s | own/stock 2 | verify ms | bytes |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
The most memory of a process that holds one circuit of a class, while it proves with it. Pages that its allocator has
kept of circuits that were built and dropped before are counted too:

| class | stock MiB | own MiB |
| --- | ---: | ---: |
{peaks}
## The library's own recursion

Two proofs of the circuit's own shape are verified in one of {yardstick_rows} rows, with keys as witnesses, both keys
hashed to fingerprints, and two Merkle paths of 32 levels, by the library's configuration, hashes and gadgets.

{recursion}
## Start

`parth bench startup`, on {startup_threads} threads: every circuit of the registry is made ready, first built and stored,
then read from disk by a new process. A process that only verifies loads no circuit.

| | circuits | s | MB on disk | MB in memory |
| --- | ---: | ---: | ---: | ---: |
{passes}",
        peaks = peaks(memory),
        yardstick_rows = yardstick.rows,
        recursion = recursion(yardstick),
        startup_threads = startup.threads,
        passes = startup.passes.iter().map(pass).collect::<String>(),
    )
}

/// A circuit's line of the table.
fn row(name: &str, circuits: &[Circuit]) -> String {
    let find = |prover: &str, threads: usize| {
        circuits.iter().find(|circuit| circuit.name == name && circuit.prover == prover && circuit.threads == threads)
    };
    let time = |prover, threads| find(prover, threads).map(|circuit| circuit.prove_ms);
    let cells = |threads| {
        let (stock, own) = (time("stock", threads), time("own", threads));
        let ratio = stock.zip(own).map(|(stock, own)| own / stock);
        format!("{} | {} | {}", seconds(stock), seconds(own), number(ratio, 2))
    };
    let Some(Circuit { class, rows, build_ms, verify_ms, proof_bytes, .. }) = find("own", 2) else {
        return String::new();
    };
    format!(
        "| `{name}` | {class} | {rows} | {} | {} | {} | {verify_ms:.1} | {proof_bytes} |\n",
        seconds(Some(*build_ms)),
        cells(1),
        cells(2),
    )
}

/// A line a class.
fn peaks(memory: &[Memory]) -> String {
    let mut classes: Vec<&str> = memory.iter().map(|memory| memory.class.as_str()).collect();
    let mut seen = BTreeSet::new();
    classes.retain(|class| seen.insert(*class));
    let peak = |class: &str, prover: &str| {
        let found = memory.iter().find(|memory| memory.class == class && memory.prover == prover);
        found.and_then(|memory| memory.peak_mb).map_or(String::new(), |peak| peak.to_string())
    };
    classes.iter().map(|class| format!("| {class} | {} | {} |\n", peak(class, "stock"), peak(class, "own"))).collect()
}

/// The yardstick by both provers, and where the time of ours goes.
fn recursion(yardstick: &Yardstick) -> String {
    let mut text = "| threads | stock s | own s | own/stock |\n| ---: | ---: | ---: | ---: |\n".to_owned();
    for YardstickTimes { threads, stock_ms, own_ms, .. } in &yardstick.by_threads {
        let (stock, own) = (seconds(Some(*stock_ms)), seconds(Some(*own_ms)));
        text += &format!("| {threads} | {stock} | {own} | {:.2} |\n", own_ms / stock_ms);
    }
    let Some(first) = yardstick.by_threads.first() else { return text };
    text += "\nWhere the time of our prover goes, in milliseconds:\n\n| step |";
    let times = &yardstick.by_threads;
    text += &times.iter().map(|times| format!(" threads: {} | share |", times.threads)).collect::<String>();
    text += &format!("\n| --- |{}\n", " ---: | ---: |".repeat(times.len()));
    for (place, StepTime { step, .. }) in first.own_profile.iter().enumerate() {
        text += &format!("| {step} |");
        for times in times {
            let total: f64 = times.own_profile.iter().map(|step| step.ms).sum();
            let ms = times.own_profile.get(place).map_or(0.0, |step| step.ms);
            text += &format!(" {ms:.1} | {:.1} % |", 100.0 * ms / total);
        }
        text += "\n";
    }
    text
}

/// The part of the document about the compiler of contracts.
fn compiler(contracts: &Contracts) -> String {
    let row = |contract: &Contract| {
        let Contract { name, lines, functions, check_ms, largest, rows, circuit_ms } = contract;
        format!("| {name} | {lines} | {functions} | {check_ms:.2} | `{largest}` | {rows} | {circuit_ms:.0} |\n")
    };
    format!(
        "
## Contracts

`parth bench contracts`: the examples, each time the median of {} runs. *Check* is what `parth contract check` does, from
text to findings, imports included; *circuit* is from text to the built circuit of the largest function.

| contract | lines | functions | check ms | largest | rows | circuit ms |
| --- | ---: | ---: | ---: | --- | ---: | ---: |
{}",
        contracts.runs,
        contracts.contracts.iter().map(row).collect::<String>()
    )
}

fn pass(pass: &Pass) -> String {
    let Pass { name, circuits, seconds, disk_mb, resident_mb } = pass;
    let resident = resident_mb.map_or(String::new(), |mb| mb.to_string());
    format!("| {name} | {circuits} | {seconds:.1} | {disk_mb} | {resident} |\n")
}

fn seconds(milliseconds: Option<f64>) -> String {
    number(milliseconds.map(|milliseconds| milliseconds / 1e3), 2)
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let circuit = |prover: &str, threads: usize, prove_ms: f64| {
            format!(
                r#"{{"name":"guta::two_guta","class":"node","rows":8076,"prover":"{prover}","threads":{threads},
                "buildMs":1500.4,"proveMs":{prove_ms},"toStock":null,"verifyMs":3.21,"proofBytes":132856}}"#
            )
        };
        let circuits = [
            circuit("stock", 1, 4000.0),
            circuit("own", 1, 1000.0),
            circuit("stock", 2, 2000.0),
            circuit("own", 2, 600.0),
        ];
        let json = format!(
            r#"{{"schema":"parth/bench-circuits/1","circuitsDigest":"0x12","machine":"a machine","kernel":"avx2",
                "threads":2,"runs":3,"yardstick":{{"rows":8115,"proveMs":2000.0,"byThreads":[{{"threads":2,
                "stockMs":2000.0,"ownMs":500.0,"ownProfile":[{{"step":"leaves","ms":300.0}},{{"step":"rest","ms":100.0}}]}}]}},
                "circuits":[{}],"memory":[{{"class":"node","prover":"own","threads":2,"peakMb":321}}]}}"#,
            circuits.join(",")
        );
        serde_json::from_str(&json).expect("a report")
    }

    fn startup() -> Startup {
        let json = r#"{"schema":"parth/bench-startup/1","machine":"a machine","threads":2,"passes":
            [{"name":"cold","circuits":19,"seconds":20.04,"diskMb":1264,"residentMb":1500,"peakMb":null}]}"#;
        serde_json::from_str(json).expect("a report")
    }

    #[test]
    fn the_compiler_of_contracts_has_a_line_for_each_contract() {
        let json = r#"{"schema":"parth/bench-contracts/1","machine":"a machine","runs":5,"contracts":[{"name":"Poll",
            "lines":80,"functions":4,"checkMs":0.712,"largest":"count","rows":1551,"circuitMs":812.3}]}"#;
        let text = compiler(&serde_json::from_str(json).expect("a report"));
        assert!(
            text.contains("the median of 5 runs")
                && text.ends_with("| Poll | 80 | 4 | 0.71 | `count` | 1551 | 812 |\n")
        );
    }

    #[test]
    fn the_document_names_machine_and_commit_and_sets_both_provers_side_by_side() {
        let text = render("abc123", &report(), &startup());
        assert!(text.contains("a machine") && text.contains("`abc123`") && text.contains("kernel: avx2"));
        let row = "| `guta::two_guta` | node | 8076 | 1.50 | 4.00 | 1.00 | 0.25 | 2.00 | 0.60 | 0.30 | 3.2 | 132856 |";
        assert!(text.contains("| node |  | 321 |"), "{text}");
        assert!(text.contains(row), "{text}");
        assert!(text.contains("| 2 | 2.00 | 0.50 | 0.25 |"), "{text}");
        assert!(text.contains("| leaves | 300.0 | 75.0 % |"), "{text}");
        let poseidon = section(&LINES[0], "\nlibrary: permutation 9 ns\n");
        assert!(poseidon.ends_with("```text\nlibrary: permutation 9 ns\n```\n"), "{poseidon}");
        assert!(text.contains("| cold | 19 | 20.0 | 1264 | 1500 |"), "{text}");
    }
}
