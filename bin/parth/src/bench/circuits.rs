//! `parth bench circuits`: what every circuit costs on this machine, beside the proving library's own recursion in the
//! same run.
//!
//! Circuits are built without the disk cache. Every proof is verified by the library, whoever made it.

use parth_crypto::Digest;
use parth_crypto::poseidon::kernels::Kernel;
use parth_proof::own::{Step, Timings};
use parth_proof::yardstick::Yardstick;
use parth_protocol::CircuitId;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;

use super::Failed;
use super::inputs;
use super::measure::{Bench, Figures, Setting, median};
use super::memory;
use super::peak::{self, Peak};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::provers::{self, Which};
use crate::version::pinned;

/// Options of `parth bench circuits`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth bench circuits\n  \
    parth bench circuits --prover both --threads 1,2\n  \
    parth bench circuits --only guta::two_guta --kernel scalar --json")]
pub(crate) struct Options {
    /// Threads that a proof may use; several numbers are measured one after the other [default: all]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,
    /// Who proves: our prover, the proving library's, or both side by side
    #[arg(long, value_enum, default_value_t = Provers::Own)]
    prover: Provers,
    /// Instructions to compute with: scalar, avx2 or avx512 [default: the best that the machine has]
    #[arg(long, value_name = "KERNEL")]
    kernel: Option<Kernel>,
    /// Measure only circuits whose name contains this; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Each time is the median of this many runs
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
    /// Measure neither the library's recursion nor the memory of each class
    #[arg(long)]
    circuits_only: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whose proofs are measured.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Provers {
    Own,
    Stock,
    Both,
}

impl Provers {
    fn list(self) -> &'static [Which] {
        match self {
            Provers::Own => &[Which::Own],
            Provers::Stock => &[Which::Stock],
            Provers::Both => &[Which::Stock, Which::Own],
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    circuits_digest: Digest,
    machine: String,
    kernel: String,
    /// The most threads that were measured.
    threads: usize,
    runs: usize,
    yardstick: Option<YardstickFigures>,
    circuits: Vec<Figures>,
    /// Where all circuits are measured.
    memory: Vec<Peak>,
}

/// The library's own recursion, by its own prover and by ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct YardstickFigures {
    rows: usize,
    /// By the library, on the most threads.
    prove_ms: f64,
    by_threads: Vec<YardstickTimes>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct YardstickTimes {
    threads: usize,
    stock_ms: f64,
    own_ms: f64,
    /// Where the time of our last proof went.
    own_profile: Vec<StepTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepTime {
    step: &'static str,
    ms: f64,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    provers::force(options.kernel)?;
    let pinned = pinned()?;
    let settings = settings(options).map_err(|error| failed(&error))?;
    let runs = usize::from(options.runs);
    let say = |line: String| if options.json { Ok(()) } else { output::line(&line) };
    say(format!("{}; kernel {}, medians of {runs}", memory::machine(), Kernel::current()))?;
    let widest = settings.iter().max_by_key(|setting| setting.threads()).ok_or_else(|| failed(&"no threads"))?;
    // First, and not after the minutes that the rest takes: this file could have been replaced by then.
    let mut memory = Vec::new();
    if options.only.is_empty() && !options.circuits_only {
        for which in options.prover.list() {
            let kernel = Kernel::current().to_string();
            let peaks = peak::by_class(which.name(), widest.threads(), &kernel).map_err(|error| failed(&error))?;
            for Peak { class, prover, threads, peak_mb } in &peaks {
                let peak = peak_mb.map_or("-".to_owned(), |peak| peak.to_string());
                say(format!("one circuit of class {class} and its proofs by {prover}, {threads} threads: {peak} MiB"))?;
            }
            memory.extend(peaks);
        }
    }
    say(format!(
        "{:<32} {:<10} {:>5} {:>8} {:>5} {:>7} {:>8} {:>8} {:>9} {:>7}",
        "circuit", "class", "rows", "build ms", "by", "threads", "prove ms", "to stock", "verify ms", "bytes"
    ))?;
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|part| name.contains(part.as_str()));
    let played = widest.pool().install(|| inputs::play(pinned)).map_err(|error| failed(&error))?;
    let mut bench = Bench::new(pinned, played, &settings, widest, runs, &wanted);
    let mut circuits = Vec::new();
    let mut add = |figures: Vec<Figures>| {
        figures.iter().try_for_each(|figures| say(figures.line()))?;
        circuits.extend(figures);
        Ok::<(), Failure>(())
    };
    add(bench.call().map_err(|error| failed(&error))?)?;
    for &circuit in CircuitId::ALL {
        add(bench.circuit(circuit).map_err(|error| failed(&error))?)?;
    }
    if circuits.is_empty() {
        let hint = "names are those of `parth bench circuits`, such as guta::two_guta or a part of it";
        return Err(Failure::new(Exit::Usage, "no circuit has such a name".to_owned()).hint(hint));
    }
    let yardstick = if options.circuits_only { None } else { Some(yardstick(&settings, runs, &say)?) };
    if options.json {
        output::document(&Document {
            schema: "parth/bench-circuits/1",
            circuits_digest: pinned.set().digest(),
            machine: memory::machine(),
            kernel: Kernel::current().to_string(),
            threads: widest.threads(),
            runs,
            yardstick,
            circuits,
            memory,
        })?;
    }
    Ok(Exit::Done)
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Other, format!("the bench cannot run: {error}"))
}

/// Every prover on every number of threads, those of the library first.
fn settings(options: &Options) -> Result<Vec<Setting>, rayon::ThreadPoolBuildError> {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads: Vec<usize> = match options.threads[..] {
        [] => vec![all()],
        ref given => given.iter().map(|&threads| usize::from(threads)).collect(),
    };
    let pool = |threads| -> Result<ThreadPool, _> { ThreadPoolBuilder::new().num_threads(threads).build() };
    let mut settings = Vec::new();
    for threads in threads {
        for &which in options.prover.list() {
            settings.push(Setting::new(which, pool(threads)?));
        }
    }
    Ok(settings)
}

/// Measures the library's own recursion, by its own prover and by ours, on each number of threads.
fn yardstick(
    settings: &[Setting],
    runs: usize,
    say: &impl Fn(String) -> Result<(), Failure>,
) -> Result<YardstickFigures, Failure> {
    let node = Yardstick::build().map_err(|error| failed(&error))?;
    let own = provers::own();
    let mut by_threads: Vec<YardstickTimes> = Vec::new();
    for setting in settings {
        if by_threads.iter().any(|times| times.threads == setting.threads()) {
            continue;
        }
        let times = setting.pool().install(|| -> Result<YardstickTimes, Failed> {
            let (proof, stock_ms) = median(runs, || node.prove())?;
            node.verify(proof)?;
            let ((_, timings), own_ms) = median(runs, || node.prove_own(&own))?;
            Ok(YardstickTimes { threads: setting.threads(), stock_ms, own_ms, own_profile: profile(&timings) })
        });
        let times = times.map_err(|error| failed(&error))?;
        say(format!(
            "the library's own recursion, {} rows, on {} threads: {:.0} ms by the library, {:.0} ms by us ({:.2})",
            node.rows(),
            times.threads,
            times.stock_ms,
            times.own_ms,
            times.own_ms / times.stock_ms
        ))?;
        let steps: Vec<String> = times.own_profile.iter().map(|step| format!("{} {:.0}", step.step, step.ms)).collect();
        say(format!("  ours by step, ms: {}", steps.join(", ")))?;
        by_threads.push(times);
    }
    let prove_ms = by_threads.iter().max_by_key(|times| times.threads).map_or(0.0, |times| times.stock_ms);
    Ok(YardstickFigures { rows: node.rows(), prove_ms, by_threads })
}

fn profile(timings: &Timings) -> Vec<StepTime> {
    let tenth = |ms: f64| (ms * 10.0).round() / 10.0;
    Step::ALL.map(|step| StepTime { step: step.name(), ms: tenth(timings.of(step).as_secs_f64() * 1e3) }).into()
}
