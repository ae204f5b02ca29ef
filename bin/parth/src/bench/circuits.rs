//! `parth bench circuits`: what every circuit costs on this machine, beside the proving library's own recursion in the
//! same run.
//!
//! Circuits are built without the disk cache and one at a time, so that the peak of each is its own.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::{Duration, Instant};

use parth_circuits::class;
use parth_circuits::contract::CallCircuit;
use parth_circuits::recursion::Child;
use parth_circuits::registry::Registry;
use parth_crypto::Digest;
use parth_proof::yardstick::Yardstick;
use parth_proof::{Pinned, Proof, StockProver, VerifierKey};
use parth_protocol::CircuitId;
use parth_protocol::plan::{AnyStatement, JobId};
use serde::Serialize;

use super::inputs::{self, Inputs};
use super::memory;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// Each time is the median of this many runs.
const RUNS: usize = 3;

/// Options of `parth bench circuits`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Threads that a proof may use [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    circuits_digest: Digest,
    machine: String,
    threads: usize,
    yardstick: YardstickFigures,
    circuits: Vec<Figures>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct YardstickFigures {
    rows: usize,
    prove_ms: f64,
}

/// What one circuit costs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    name: String,
    class: &'static str,
    rows: usize,
    prover: &'static str,
    build_ms: f64,
    prove_ms: f64,
    verify_ms: f64,
    proof_bytes: usize,
    peak_mb: Option<u64>,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let failed = |error: &dyn Error| Failure::new(Exit::Other, format!("the bench cannot run: {error}"));
    let pinned = pinned()?;
    let threads = match options.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| failed(&error))?;
    let say = |line: String| if options.json { Ok(()) } else { output::line(&line) };
    say(format!("{}; proofs on {threads} threads, medians of {RUNS}", memory::machine()))?;
    say(format!(
        "{:<30} {:<10} {:>5} {:>9} {:>9} {:>10} {:>7} {:>8}",
        "circuit", "class", "rows", "build ms", "prove ms", "verify ms", "bytes", "peak MiB"
    ))?;
    let document = pool.install(|| -> Result<Document, Failure> {
        let inputs = inputs::play(pinned).map_err(|error| failed(&*error))?;
        let mut bench = Bench { pinned, inputs, proofs: BTreeMap::new(), call_key: None };
        let mut circuits = Vec::new();
        let mut add = |figures: Figures| {
            say(figures.line())?;
            circuits.push(figures);
            Ok::<(), Failure>(())
        };
        add(bench.call().map_err(|error| failed(&*error))?)?;
        for &circuit in CircuitId::ALL {
            add(bench.circuit(circuit).map_err(|error| failed(&*error))?)?;
        }
        // Last, since its memory would count as that of smaller circuits after it.
        let yardstick = yardstick().map_err(|error| failed(&*error))?;
        say(format!("{:<41} {:>5} {:>19.0}", "(the library's own recursion)", yardstick.rows, yardstick.prove_ms))?;
        Ok(Document {
            schema: "parth/bench-circuits/1",
            circuits_digest: pinned.set().digest(),
            machine: memory::machine(),
            threads,
            yardstick,
            circuits,
        })
    })?;
    if options.json {
        output::document(&document)?;
    }
    Ok(Exit::Done)
}

impl Figures {
    fn line(&self) -> String {
        let peak = self.peak_mb.map_or("-".to_owned(), |peak| peak.to_string());
        format!(
            "{:<30} {:<10} {:>5} {:>9.0} {:>9.0} {:>10.2} {:>7} {peak:>8}",
            self.name, self.class, self.rows, self.build_ms, self.prove_ms, self.verify_ms, self.proof_bytes
        )
    }
}

fn yardstick() -> Result<YardstickFigures, Box<dyn Error>> {
    let yardstick = Yardstick::build()?;
    let (proof, prove_ms) = median(|| yardstick.prove())?;
    yardstick.verify(proof)?;
    Ok(YardstickFigures { rows: yardstick.rows(), prove_ms })
}

/// The last result of some runs, and the median time of one in milliseconds.
fn median<T, E>(mut run: impl FnMut() -> Result<T, E>) -> Result<(T, f64), E> {
    let mut timed = || {
        let start = Instant::now();
        let value = run()?;
        Ok((value, start.elapsed()))
    };
    let (mut value, first) = timed()?;
    let mut times = vec![first];
    for _ in 1..RUNS {
        let (next, took) = timed()?;
        value = next;
        times.push(took);
    }
    times.sort();
    Ok((value, milliseconds(times[RUNS / 2])))
}

fn milliseconds(time: Duration) -> f64 {
    // Microseconds are more than such a figure knows.
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Measures circuit by circuit; what is proven for one is a child of the next.
struct Bench<'a> {
    pinned: &'a Pinned,
    inputs: Inputs,
    proofs: BTreeMap<JobId, Proof>,
    /// What verifies the call, once it is proven.
    call_key: Option<VerifierKey>,
}

impl Bench<'_> {
    /// The circuit of a contract function: its first proof is measured.
    fn call(&mut self) -> Result<Figures, Box<dyn Error>> {
        let call = self.inputs.calls.first().ok_or("a call")?;
        let function = call.contract.functions().first().ok_or("a function")?;
        let can_measure = memory::forget_peak();
        let start = Instant::now();
        let circuit = CallCircuit::build(self.pinned.profile(), function)?;
        let build_ms = milliseconds(start.elapsed());
        let mut measured = None;
        for call in &self.inputs.calls {
            let proof = timed_once(&mut measured, || circuit.prove(&StockProver, &call.witness))?;
            self.proofs.insert(call.id, proof);
        }
        let (proof, prove_ms) = measured.ok_or("a call")?;
        let (name, rows) = (call.name.clone(), circuit.circuit().rows());
        let figures = figures(name, rows, circuit.circuit().key(), &proof, build_ms, prove_ms, can_measure);
        self.call_key = Some(circuit.circuit().key().clone());
        figures
    }

    /// A circuit of the protocol: its first proof is measured, and those that others build on are made.
    fn circuit(&mut self, circuit: CircuitId) -> Result<Figures, Box<dyn Error>> {
        let registry = Registry::new(self.pinned.clone());
        let can_measure = memory::forget_peak();
        let start = Instant::now();
        registry.prepare(circuit)?;
        let build_ms = milliseconds(start.elapsed());
        let mut measured: Option<(Proof, f64)> = None;
        let needed = self.needed();
        let mut made = Vec::new();
        for (id, schnorr) in self.inputs.signatures.iter().filter(|_| circuit == CircuitId::SignatureSchnorr) {
            let prove = || registry.prove(&StockProver, schnorr, &[]);
            made.push((*id, timed_once(&mut measured, prove)?));
        }
        let jobs = self.inputs.graph.jobs.iter().filter(|job| job.statement.circuit() == circuit);
        for job in jobs.filter(|job| needed.contains(&job.id)) {
            let child = |id| self.proofs.get(id).cloned().ok_or_else(|| format!("{circuit}: no proof {id}"));
            let children: Vec<Proof> = job.children.iter().map(child).collect::<Result<_, _>>()?;
            let prove = || self.prove(&registry, &job.statement, &children);
            made.push((job.id, timed_once(&mut measured, prove)?));
        }
        self.proofs.extend(made);
        let (proof, prove_ms) = measured.ok_or_else(|| format!("nothing to prove for {circuit}"))?;
        let pinned = self.pinned.circuit(circuit);
        figures(circuit.name().to_owned(), pinned.rows, &pinned.key, &proof, build_ms, prove_ms, can_measure)
    }

    fn prove(
        &self,
        registry: &Registry,
        statement: &AnyStatement,
        children: &[Proof],
    ) -> Result<Proof, Box<dyn Error>> {
        let claims = statement.children(registry.rules());
        let keyed = claims.iter().zip(children).map(|(claim, proof)| {
            // The registry knows no contract, so it cannot find the key of the call.
            let call_key = self.call_key.as_ref().filter(|key| key.fingerprint() == claim.fingerprint);
            let pinned = || self.pinned.set().circuit(claim.fingerprint).map(|circuit| self.pinned.key(circuit));
            let key = call_key.or_else(pinned).ok_or_else(|| format!("no key {}", claim.fingerprint))?;
            Ok::<_, Box<dyn Error>>(Child { key, proof })
        });
        let children = keyed.collect::<Result<Vec<Child<'_>>, _>>()?;
        Ok(registry.prove_any(&StockProver, statement, &children)?)
    }

    /// The first job of every circuit, and all that those build on.
    fn needed(&self) -> BTreeSet<JobId> {
        let jobs = &self.inputs.graph.jobs;
        let first = |circuit: &CircuitId| jobs.iter().find(|job| job.statement.circuit() == *circuit);
        let mut open: Vec<JobId> = CircuitId::ALL.iter().filter_map(first).map(|job| job.id).collect();
        let mut needed = BTreeSet::new();
        while let Some(id) = open.pop() {
            if needed.insert(id) {
                open.extend(jobs.iter().filter(|job| job.id == id).flat_map(|job| job.children.iter().copied()));
            }
        }
        needed
    }
}

/// Proves: several times while nothing is measured yet, once after that.
fn timed_once<E>(measured: &mut Option<(Proof, f64)>, mut prove: impl FnMut() -> Result<Proof, E>) -> Result<Proof, E> {
    if measured.is_some() {
        return prove();
    }
    let (proof, took) = median(prove)?;
    *measured = Some((proof.clone(), took));
    Ok(proof)
}

fn figures(
    name: String,
    rows: usize,
    key: &VerifierKey,
    proof: &Proof,
    build_ms: f64,
    prove_ms: f64,
    can_measure: bool,
) -> Result<Figures, Box<dyn Error>> {
    let peak_mb = if can_measure { memory::peak_mib() } else { None };
    let data = class::data(key.class());
    let ((), verify_ms) = median(|| key.verify(data, proof))?;
    let (class, proof_bytes) = (key.class().name(), proof.to_bytes().len());
    Ok(Figures { name, class, rows, prover: "stock", build_ms, prove_ms, verify_ms, proof_bytes, peak_mb })
}
