//! `parth bench contracts`: how long the compiler of contracts takes, from source to findings and to a circuit.
//!
//! The sources are the examples, which are part of this binary. A circuit is that of the contract's largest function;
//! what all circuits share is made before and not counted.

use std::collections::BTreeMap;
use std::time::Instant;

use parth_circuits::contract::{CallSkeleton, RowCount};
use parth_contract::Function;
use parth_contract::dapen::{self, Options as CompileOptions};
use parth_proof::Class;
use serde::Serialize;

use super::memory;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// The examples.
const EXAMPLES: [(&str, &str); 6] = [
    ("counter.dapen.ts", include_str!("../../../../examples/counter.dapen.ts")),
    ("token.dapen.ts", include_str!("../../../../examples/token.dapen.ts")),
    ("poll.dapen.ts", include_str!("../../../../examples/poll.dapen.ts")),
    ("names.dapen.ts", include_str!("../../../../examples/names.dapen.ts")),
    ("deal.dapen.ts", include_str!("../../../../examples/deal.dapen.ts")),
    ("shop.dapen.ts", include_str!("../../../../examples/shop.dapen.ts")),
];

/// Options of `parth bench contracts`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  parth bench contracts\n  parth bench contracts --runs 1 --json")]
pub(crate) struct Options {
    /// Each time is the median of so many runs.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    machine: String,
    runs: u16,
    contracts: Vec<Cost>,
}

/// What one contract takes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    name: String,
    /// Lines of its source, those of imports left out.
    lines: usize,
    functions: usize,
    /// From the text to findings, imports included, as `parth contract check` does.
    check_ms: f64,
    /// The function with the most rows, and its rows.
    largest: String,
    rows: usize,
    /// From the text to the built circuit of that function.
    circuit_ms: f64,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    parth_circuits::class::data(Class::Call);
    let contracts: Result<Vec<Cost>, Failure> = EXAMPLES.iter().map(|known| measure(options.runs, known)).collect();
    let (machine, contracts) = (memory::machine(), contracts?);
    if options.json {
        output::document(&Document { schema: "parth/bench-contracts/1", machine, runs: options.runs, contracts })?;
        return Ok(Exit::Done);
    }
    output::line(&format!("{machine}; the median of {} runs", options.runs))?;
    for Cost { name, lines, functions, check_ms, largest, rows, circuit_ms } in contracts {
        output::line(&format!(
            "{name}: {lines} lines and {functions} functions checked in {check_ms:.2} ms; {largest}, {rows} rows, from \
             source to circuit in {circuit_ms:.0} ms"
        ))?;
    }
    Ok(Exit::Done)
}

fn measure(runs: u16, &(path, text): &(&str, &str)) -> Result<Cost, Failure> {
    let files: BTreeMap<String, String> =
        EXAMPLES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    let failed = |what: String| Failure::new(Exit::Other, format!("the bench cannot run: {path}: {what}"));
    let compile = || dapen::compile(&files, path, &CompileOptions::default()).compiled;
    let contract = compile().ok_or_else(|| failed("it does not compile".to_owned()))?.contract;
    let profile = pinned()?.profile();
    let rows = |function: &Function| RowCount::of(profile, function).rows;
    let sizes = contract.functions().iter().map(|function| (rows(function), function.name()));
    let (rows, largest) = sizes.max().ok_or_else(|| failed("it has no function".to_owned()))?;
    let (mut checks, mut circuits) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let start = Instant::now();
        let found = dapen::check(&files, path, &CompileOptions::default());
        checks.push(start.elapsed().as_secs_f64() * 1e3);
        drop(found);
        let start = Instant::now();
        let compiled = compile();
        let function = compiled.as_ref().and_then(|compiled| compiled.contract.function(largest));
        let function = function.ok_or_else(|| failed("its function is gone".to_owned()))?;
        let skeleton = CallSkeleton::new(profile, function).map_err(|error| failed(error.to_string()))?;
        skeleton.build().map_err(|error| failed(error.to_string()))?;
        circuits.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Cost {
        name: contract.name().to_owned(),
        lines: text.lines().count(),
        functions: contract.functions().len(),
        check_ms: median(checks),
        largest: largest.to_owned(),
        rows,
        circuit_ms: median(circuits),
    })
}

/// The one in the middle, to a thousandth.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).map_or(0.0, |time| (time * 1e3).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_measured() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
        let names = std::fs::read_dir(folder).expect("the examples");
        let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let mut contracts: Vec<String> =
            names.filter(|name| name.ends_with(".dapen.ts") && !name.ends_with(".test.dapen.ts")).collect();
        contracts.sort();
        let mut measured = EXAMPLES.map(|(name, _)| name);
        measured.sort_unstable();
        assert_eq!(contracts, measured);
    }
}
