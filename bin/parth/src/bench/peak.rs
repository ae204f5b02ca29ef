//! The memory that proving takes, class by class: each is measured in a process of its own, so that nothing that was
//! proven before counts.
//!
//! Circuits of a class have the same rows, gates and wires, so one stands for all: one that builds on no other proof.
//! What is counted is the most memory that such a process has while it proves. By then that is the only circuit that it
//! holds, but it has built others, to play what is proven, and dropped them: pages that its allocator has kept of those
//! count too, though the prover can use them.

use std::process::{Command, Stdio};

use parth_proof::Class;
use parth_protocol::CircuitId;
use serde::{Deserialize, Serialize};

use super::Failed;

/// The most memory of a process that holds one circuit of a class, while it proves with it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Peak {
    pub(super) class: &'static str,
    pub(super) prover: &'static str,
    pub(super) threads: usize,
    /// Nothing where the operating system does not say.
    pub(super) peak_mb: Option<u64>,
}

/// What the other process prints, as far as it matters here.
#[derive(Deserialize)]
struct Printed {
    circuits: Vec<Measured>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    peak_mb: Option<u64>,
}

/// Measures every class with one prover; `kernel` is the one to compute with.
pub(super) fn by_class(prover: &'static str, threads: usize, kernel: &str) -> Result<Vec<Peak>, Failed> {
    let measured = Class::ALL.map(|class| {
        let peak_mb = measure(standing_for(class), prover, threads, kernel)?;
        Ok(Peak { class: class.name(), prover, threads, peak_mb })
    });
    measured.into_iter().collect()
}

/// The name of a circuit of the class without children.
fn standing_for(class: Class) -> &'static str {
    match class {
        Class::Call => "Counter.increment",
        Class::Signature => CircuitId::SignatureSchnorr.name(),
        Class::Node => CircuitId::GlobalUnchanged.name(),
        Class::Checkpoint => CircuitId::BlockStart.name(),
    }
}

fn measure(circuit: &str, prover: &str, threads: usize, kernel: &str) -> Result<Option<u64>, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    // The second proof has the buffers of the first, as every later one has.
    command.args(["bench", "circuits", "--circuits-only", "--json", "--runs", "2", "--only", circuit]);
    command.args(["--prover", prover, "--kernel", kernel, "--threads"]).arg(threads.to_string());
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("measuring {circuit} by itself ended with {}", output.status).into());
    }
    let Printed { circuits } = serde_json::from_slice(&output.stdout)?;
    let [Measured { peak_mb }] = circuits[..] else { return Err(format!("{circuit} names several circuits").into()) };
    Ok(peak_mb)
}
