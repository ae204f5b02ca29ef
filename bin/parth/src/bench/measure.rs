//! Measures circuit by circuit; what is proven for one is a child of the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use parth_circuits::class;
use parth_circuits::contract::CallCircuit;
use parth_circuits::recursion::Child;
use parth_circuits::registry::Registry;
use parth_proof::{Pinned, Proof, Prover, VerifierKey};
use parth_protocol::CircuitId;
use parth_protocol::plan::{AnyStatement, JobId};
use rayon::ThreadPool;
use serde::Serialize;

use super::Failed;
use super::inputs::Inputs;
use super::memory;
use crate::provers::Which;

/// A prover on some threads.
pub(super) struct Setting {
    which: Which,
    prover: Box<dyn Prover>,
    pool: ThreadPool,
}

impl Setting {
    pub(super) fn new(which: Which, pool: ThreadPool) -> Setting {
        Setting { which, prover: which.prover(), pool }
    }

    pub(super) fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    pub(super) fn pool(&self) -> &ThreadPool {
        &self.pool
    }
}

/// What one circuit costs in one setting.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    name: String,
    class: &'static str,
    rows: usize,
    prover: &'static str,
    threads: usize,
    build_ms: f64,
    prove_ms: f64,
    /// Time over that of the library's prover on as many threads, where that is measured.
    to_stock: Option<f64>,
    verify_ms: f64,
    proof_bytes: usize,
    /// The most memory of this process meanwhile, all that it holds of other circuits included: see [`super::peak`].
    peak_mb: Option<u64>,
}

impl Figures {
    pub(super) fn line(&self) -> String {
        let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
        let to_stock = or_none(self.to_stock.map(|ratio| format!("{ratio:.2}")));
        format!(
            "{:<32} {:<10} {:>5} {:>8.0} {:>5} {:>7} {:>8.0} {to_stock:>8} {:>9.2} {:>7}",
            self.name,
            self.class,
            self.rows,
            self.build_ms,
            self.prover,
            self.threads,
            self.prove_ms,
            self.verify_ms,
            self.proof_bytes
        )
    }
}

/// A proof's time and memory in one setting.
struct Measured {
    proof: Proof,
    prove_ms: f64,
    peak_mb: Option<u64>,
}

/// A circuit, ready to be measured.
struct Subject<'a> {
    name: String,
    rows: usize,
    key: &'a VerifierKey,
    build_ms: f64,
}

/// The bench under way.
pub(super) struct Bench<'a> {
    pinned: &'a Pinned,
    inputs: Inputs,
    settings: &'a [Setting],
    /// Makes the proofs that are not measured.
    widest: &'a Setting,
    runs: usize,
    wanted: &'a (dyn Fn(&str) -> bool + Sync),
    needed: BTreeSet<JobId>,
    proofs: BTreeMap<JobId, Proof>,
    /// What verifies the calls, once they are proven.
    call_keys: Vec<VerifierKey>,
}

impl<'a> Bench<'a> {
    /// Nothing is measured yet.
    pub(super) fn new(
        pinned: &'a Pinned,
        inputs: Inputs,
        settings: &'a [Setting],
        widest: &'a Setting,
        runs: usize,
        wanted: &'a (dyn Fn(&str) -> bool + Sync),
    ) -> Bench<'a> {
        let needed = needed(&inputs, wanted);
        let (proofs, call_keys) = (BTreeMap::new(), Vec::new());
        Bench { pinned, inputs, settings, widest, runs, wanted, needed, proofs, call_keys }
    }

    /// The circuit of a contract function: its first proof is measured, the others are made.
    pub(super) fn call(&mut self) -> Result<Vec<Figures>, Failed> {
        let call = self.inputs.calls.first().ok_or("a call")?;
        let of_call = (self.wanted)(&call.name) || self.inputs.calls.iter().any(|call| self.needed.contains(&call.id));
        // What is held while a circuit is measured counts as memory that it takes.
        let owing =
            self.inputs.owing.take().filter(|_| self.inputs.said.iter().any(|(id, _)| self.needed.contains(id)));
        if !of_call && owing.is_none() {
            return Ok(Vec::new());
        }
        let function = call.contract.functions().first().ok_or("a function")?;
        let start = Instant::now();
        let circuit = self.widest.pool.install(|| CallCircuit::build(self.pinned.profile(), function))?;
        let build_ms = milliseconds(start.elapsed());
        let mut figures = Vec::new();
        if (self.wanted)(&call.name) {
            let measured = self.measure(|prover| Ok(circuit.prove(prover, &call.witness)?))?;
            let (name, rows) = (call.name.clone(), circuit.circuit().rows());
            figures = self.figures(&Subject { name, rows, key: circuit.circuit().key(), build_ms }, measured)?;
        }
        for call in self.inputs.calls.iter().filter(|call| self.needed.contains(&call.id)) {
            let proof = self.widest.pool.install(|| circuit.prove(&*self.widest.prover, &call.witness))?;
            self.proofs.insert(call.id, proof);
        }
        self.call_keys = vec![circuit.circuit().key().clone()];
        if let Some(owing) = owing {
            for (id, said) in self.inputs.said.iter().filter(|(id, _)| self.needed.contains(id)) {
                let proof = self.widest.pool.install(|| owing.prove(&*self.widest.prover, *said))?;
                self.proofs.insert(*id, proof);
            }
            self.call_keys.push(owing.key().clone());
        }
        Ok(figures)
    }

    /// A circuit of the protocol: its first proof is measured, and those that others build on are made.
    pub(super) fn circuit(&mut self, circuit: CircuitId) -> Result<Vec<Figures>, Failed> {
        let signatures = || {
            let of_circuit = self.inputs.signatures.iter().filter(|_| circuit == CircuitId::SignatureSchnorr);
            of_circuit.filter(|(id, _)| self.needed.contains(id) || (self.wanted)(circuit.name()))
        };
        let jobs = || {
            let jobs = self.inputs.graph.jobs.iter().filter(|job| job.statement.circuit() == circuit);
            jobs.filter(|job| self.needed.contains(&job.id))
        };
        if signatures().next().is_none() && jobs().next().is_none() {
            return if (self.wanted)(circuit.name()) {
                Err(format!("nothing to prove for {circuit}").into())
            } else {
                Ok(Vec::new())
            };
        }
        let registry = Registry::new(self.pinned.clone());
        let start = Instant::now();
        self.widest.pool.install(|| registry.prepare(circuit))?;
        let build_ms = milliseconds(start.elapsed());
        let mut measured = None;
        let mut made = Vec::new();
        let mut add = |id: JobId, prove: &(dyn Fn(&dyn Prover) -> Result<Proof, Failed> + Sync)| {
            if measured.is_none() && (self.wanted)(circuit.name()) {
                let times = self.measure(prove)?;
                made.extend(times.last().map(|last| (id, last.proof.clone())));
                measured = Some(times);
            } else {
                made.push((id, self.widest.pool.install(|| prove(&*self.widest.prover))?));
            }
            Ok::<(), Failed>(())
        };
        for (id, schnorr) in signatures() {
            add(*id, &|prover| Ok(registry.prove(prover, schnorr, &[])?))?;
        }
        for job in jobs() {
            let child = |id| self.proofs.get(id).cloned().ok_or_else(|| format!("{circuit}: no proof {id}"));
            let children: Vec<Proof> = job.children.iter().map(child).collect::<Result<_, _>>()?;
            add(job.id, &|prover| self.prove(&registry, prover, &job.statement, &children))?;
        }
        let pinned = self.pinned.circuit(circuit);
        let subject = Subject { name: circuit.name().to_owned(), rows: pinned.rows, key: &pinned.key, build_ms };
        let figures = measured.map_or(Ok(Vec::new()), |measured| self.figures(&subject, measured));
        self.proofs.extend(made);
        figures
    }

    /// Proves the same in every setting, some times each.
    fn measure(&self, prove: impl Fn(&dyn Prover) -> Result<Proof, Failed> + Sync) -> Result<Vec<Measured>, Failed> {
        let mut measured = Vec::new();
        for setting in self.settings {
            let can_measure = memory::forget_peak();
            let prove = || setting.pool.install(|| prove(&*setting.prover));
            let (proof, prove_ms) = median(self.runs, prove)?;
            let peak_mb = if can_measure { memory::peak_mib() } else { None };
            measured.push(Measured { proof, prove_ms, peak_mb });
        }
        Ok(measured)
    }

    /// The figures of one circuit in every setting. Verifies every proof.
    fn figures(&self, subject: &Subject<'_>, measured: Vec<Measured>) -> Result<Vec<Figures>, Failed> {
        let (key, class) = (subject.key, subject.key.class());
        let stock = |threads| {
            let found = self.settings.iter().position(|at| at.which == Which::Stock && at.threads() == threads)?;
            Some(measured[found].prove_ms)
        };
        let figures = self.settings.iter().zip(&measured).map(|(setting, measured)| {
            let ((), verify_ms) = median(self.runs, || key.verify(class::data(class), &measured.proof))?;
            let own = setting.which == Which::Own;
            let to_stock = stock(setting.threads()).filter(|_| own).map(|stock| measured.prove_ms / stock);
            Ok(Figures {
                name: subject.name.clone(),
                class: class.name(),
                rows: subject.rows,
                prover: setting.which.name(),
                threads: setting.threads(),
                build_ms: subject.build_ms,
                prove_ms: measured.prove_ms,
                to_stock: to_stock.map(|ratio| (ratio * 1e3).round() / 1e3),
                verify_ms,
                proof_bytes: measured.proof.to_bytes().len(),
                peak_mb: measured.peak_mb,
            })
        });
        figures.collect()
    }

    fn prove(
        &self,
        registry: &Registry,
        prover: &dyn Prover,
        statement: &AnyStatement,
        children: &[Proof],
    ) -> Result<Proof, Failed> {
        let claims = statement.children(registry.rules());
        let keyed = claims.iter().zip(children).map(|(claim, proof)| {
            // The registry knows no contract, so it cannot find the keys of calls.
            let call_key = self.call_keys.iter().find(|key| key.fingerprint() == claim.fingerprint);
            let pinned = || self.pinned.set().circuit(claim.fingerprint).map(|circuit| self.pinned.key(circuit));
            let key = call_key.or_else(pinned).ok_or_else(|| format!("no key {}", claim.fingerprint))?;
            Ok::<_, Failed>(Child { key, proof })
        });
        let children = keyed.collect::<Result<Vec<Child<'_>>, _>>()?;
        Ok(registry.prove_any(prover, statement, &children)?)
    }
}

/// The first job of every circuit that is wanted, and all that those build on.
fn needed(inputs: &Inputs, wanted: &dyn Fn(&str) -> bool) -> BTreeSet<JobId> {
    let jobs = &inputs.graph.jobs;
    let first = |circuit: &CircuitId| jobs.iter().find(|job| job.statement.circuit() == *circuit);
    let circuits = CircuitId::ALL.iter().filter(|circuit| wanted(circuit.name()));
    let mut open: Vec<JobId> = circuits.filter_map(first).map(|job| job.id).collect();
    let mut needed = BTreeSet::new();
    while let Some(id) = open.pop() {
        if needed.insert(id) {
            open.extend(jobs.iter().filter(|job| job.id == id).flat_map(|job| job.children.iter().copied()));
        }
    }
    needed
}

/// The last result of some runs, and the median time of one in milliseconds.
pub(super) fn median<T, E>(runs: usize, mut run: impl FnMut() -> Result<T, E>) -> Result<(T, f64), E> {
    let mut timed = || {
        let start = Instant::now();
        let value = run()?;
        Ok((value, start.elapsed()))
    };
    let (mut value, first) = timed()?;
    let mut times = vec![first];
    for _ in 1..runs {
        let (next, took) = timed()?;
        value = next;
        times.push(took);
    }
    times.sort();
    Ok((value, milliseconds(times[times.len() / 2])))
}

fn milliseconds(time: Duration) -> f64 {
    // Microseconds are more than such a figure knows.
    (time.as_secs_f64() * 1e6).round() / 1e3
}
