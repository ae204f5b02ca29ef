//! What a demo prints: a line a phase for people, or one JSON document.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use parth_crypto::Digest;
use parth_proof::Pinned;
use parth_protocol::CircuitId;
use parth_protocol::ids::Amount;
use serde::Serialize;

use crate::output;

/// The document of `--json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) schema: &'static str,
    pub(crate) ok: bool,
    pub(crate) circuits_digest: Digest,
    pub(crate) seconds: f64,
    pub(crate) genesis_root: Digest,
    pub(crate) head_root: Digest,
    pub(crate) height: u32,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) circuits: Vec<Circuit>,
    pub(crate) session_median_seconds: Option<f64>,
    pub(crate) supply: Supply,
}

/// One checkpoint.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkpoint {
    pub(crate) height: u32,
    pub(crate) root: Digest,
    pub(crate) sessions: u64,
    pub(crate) calls: u64,
    pub(crate) registrations: u64,
    pub(crate) deployments: u64,
    pub(crate) proof_bytes: usize,
    /// From the first session to the commit; nothing for a checkpoint that an earlier run made.
    pub(crate) seconds: Option<f64>,
}

/// Proofs of one circuit in this run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Circuit {
    pub(crate) name: String,
    pub(crate) class: &'static str,
    pub(crate) rows: usize,
    pub(crate) count: usize,
    pub(crate) median_ms: f64,
}

/// Where the native balance of genesis is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Supply {
    pub(crate) genesis: Amount,
    pub(crate) balances: Amount,
    pub(crate) in_flight: Amount,
    pub(crate) fees: Amount,
    pub(crate) conserved: bool,
}

/// Times of proofs, by circuit.
#[derive(Debug, Default)]
pub(crate) struct Times {
    proofs: Mutex<BTreeMap<String, Vec<Duration>>>,
    sessions: Mutex<Vec<Duration>>,
}

impl Times {
    pub(crate) fn proof(&self, what: &str, took: Duration) {
        locked(&self.proofs).entry(what.to_owned()).or_default().push(took);
    }

    pub(crate) fn session(&self, took: Duration) {
        locked(&self.sessions).push(took);
    }

    pub(crate) fn session_median(&self) -> Option<f64> {
        median(&mut locked(&self.sessions).clone()).map(|time| time.as_secs_f64())
    }

    /// One row a circuit; contract functions, which no lock names, have the rows that `call_rows` gives.
    pub(crate) fn table(&self, pinned: &Pinned, call_rows: impl Fn(&str) -> usize) -> Vec<Circuit> {
        let mut rows = Vec::new();
        for (name, times) in locked(&self.proofs).iter() {
            let (class, used) = match name.parse::<CircuitId>() {
                Ok(circuit) => (pinned.key(circuit).class().name(), pinned.circuit(circuit).rows),
                Err(_) => ("call", call_rows(name)),
            };
            let median = median(&mut times.clone()).unwrap_or_default();
            let median_ms = (median.as_secs_f64() * 1e4).round() / 10.0;
            rows.push(Circuit { name: name.clone(), class, rows: used, count: times.len(), median_ms });
        }
        rows
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn median(times: &mut [Duration]) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}

/// Lines and bars on standard error and output, or nothing when a document is asked for.
pub(crate) struct Screen {
    quiet: bool,
    bars: Option<MultiProgress>,
}

impl Screen {
    pub(crate) fn new(json: bool) -> Screen {
        let bars = !json && std::io::stderr().is_terminal();
        Screen { quiet: json, bars: bars.then(MultiProgress::new) }
    }

    /// One line for people. With `--json` it goes to standard error, which scripts may ignore.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        let text = &output::plain(text.as_ref());
        match &self.bars {
            // A line between bars must go through them.
            Some(bars) => drop(bars.println(text)),
            None if self.quiet => eprintln!("{text}"),
            None => println!("{text}"),
        }
    }

    /// A bar of `total` steps, where there is a terminal.
    pub(crate) fn bar(&self, name: String, total: usize) -> Option<ProgressBar> {
        let bars = self.bars.as_ref()?;
        let bar = bars.add(ProgressBar::new(total as u64));
        let style = ProgressStyle::with_template("  {prefix:24} {bar:24} {pos:>3}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name);
        Some(bar)
    }

    /// The table of circuits.
    pub(crate) fn table(&self, circuits: &[Circuit]) {
        self.line(format!("\n{:32} {:>10} {:>6} {:>6} {:>11}", "circuit", "class", "rows", "proofs", "median ms"));
        for Circuit { name, class, rows, count, median_ms } in circuits {
            self.line(format!("{name:32} {class:>10} {rows:>6} {count:>6} {median_ms:>11.1}"));
        }
    }
}
