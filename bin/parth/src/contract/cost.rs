//! `parth contract cost`: what each function costs to prove, and which lines cost most.

use std::path::PathBuf;
use std::time::Instant;

use parth_circuits::contract::CallSkeleton;
use parth_contract::CallWitness;
use parth_contract::Function;
use parth_contract::dapen::{self, Options as CompileOptions};
use parth_contract::function::Access;
use parth_contract::ir::Op;
use parth_crypto::{Digest, Felt};
use parth_proof::Class;
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, UserId};
use serde::Serialize;

use super::rows::{self, LIMIT, LineCost};
use super::source::{self, Built, Files};
use super::table::Table;
use crate::exit::{Exit, Failure};
use crate::version::pinned;
use crate::{output, provers};

/// Options of `parth contract cost`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract cost contracts/counter.dapen.ts\n  \
    parth contract cost contracts/counter.dapen.ts --prove --json\n\n\
    A proof of a call takes the same time whatever rows it uses, up to the limit: what counts is to stay below it.\n\
    Reads of `own` state are words of the caller's, `other` words of users at the session's checkpoint, `older` words at\n\
    an earlier one.\n\n\
    Exit codes: 0 done, 1 errors in the source or a function that is too large, 6 proving failed.")]
pub(crate) struct Options {
    /// The contract.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Build and prove each function on this machine.
    #[arg(long)]
    prove: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    name: String,
    circuits_digest: Digest,
    functions: Vec<FunctionCost>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCost {
    name: String,
    rows: usize,
    /// Rows stop being counted at 2^16.
    complete: bool,
    class: &'static str,
    class_rows: usize,
    fits: bool,
    /// Rows left.
    headroom: usize,
    reads: Reads,
    writes: usize,
    events: usize,
    /// Calls that it may make inline.
    calls: usize,
    /// Calls that it may owe.
    owes: usize,
    /// The lines that cost most.
    lines: Vec<LineCost>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proving: Option<Proving>,
}

/// Words read.
#[derive(Default, Serialize)]
struct Reads {
    own: usize,
    other: usize,
    older: usize,
}

/// What building and proving took on this machine.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Proving {
    build_ms: f64,
    prove_ms: f64,
    /// The call that was proven.
    call: String,
    /// No call of the function itself was found that succeeds on fresh state, so another of the same class was proven.
    stand_in: bool,
}

/// Counts, and measures when asked.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let built = source::compiled(&options.file)?;
    let (pinned, contract) = (pinned()?, &built.compiled.contract);
    let counts = rows::count(pinned.profile(), contract);
    let large = rows::too_large(&built, &counts);
    let mut functions: Vec<FunctionCost> = rows::functions(&built, &counts)
        .map(|(function, (map, count))| FunctionCost {
            name: function.name().to_owned(),
            rows: count.rows,
            complete: count.complete,
            class: Class::Call.name(),
            class_rows: LIMIT,
            fits: count.rows <= LIMIT,
            headroom: LIMIT.saturating_sub(count.rows),
            reads: reads(function),
            writes: ops(function, |op| matches!(op, Op::Write { .. } | Op::WriteGroup { .. })),
            events: ops(function, |op| matches!(op, Op::Emit { .. })),
            calls: ops(function, |op| matches!(op, Op::Inline { .. })),
            owes: ops(function, |op| matches!(op, Op::Defer { .. })),
            lines: rows::lines(&built.compilation.sources, map, count),
            proving: None,
        })
        .collect();
    if options.prove {
        measure(pinned.profile(), &built, &mut functions)?;
    }
    if options.json {
        let (name, circuits_digest) = (contract.name().to_owned(), pinned.set().digest());
        output::document(&Document { schema: "parth/cost/1", name, circuits_digest, functions })?;
    } else {
        print(contract.name(), &functions)?;
    }
    large.iter().for_each(|line| output::note(line));
    Ok(if large.is_empty() { Exit::Done } else { Exit::Other })
}

fn ops(function: &Function, counts: impl Fn(&Op) -> bool) -> usize {
    function.code().ops.iter().filter(|op| counts(op)).count()
}

fn reads(function: &Function) -> Reads {
    let mut reads = Reads::default();
    let ops = &function.code().ops;
    for (at, op) in ops.iter().enumerate() {
        match op {
            // Words of one group are proven at once.
            Op::ReadGroup { .. } | Op::SlotGroup { .. } if !matches!(function.access(at), Access::Opens(_)) => {}
            Op::Read(_) | Op::ReadGroup { .. } => reads.own += 1,
            Op::Slot(state, _) | Op::SlotGroup { state, .. } => match ops.get(state.index()) {
                Some(Op::State { at: Some(_), .. }) => reads.older += 1,
                _ => reads.other += 1,
            },
            _ => {}
        }
    }
    reads
}

fn print(name: &str, functions: &[FunctionCost]) -> Result<(), Failure> {
    let widest = functions.iter().map(|function| function.name.len()).max().unwrap_or(0).max("function".len());
    let proving = functions.iter().any(|function| function.proving.is_some());
    let times = if proving { "   build ms   prove ms" } else { "" };
    output::line(&format!("{name}: rows of {LIMIT} that a call may take"))?;
    output::line(&format!(
        "{:<widest$}   rows   headroom      own/other/older   writes   events   calls   owes{times}",
        "function"
    ))?;
    for function in functions {
        let FunctionCost { name, rows, headroom, reads, writes, events, calls, owes, .. } = function;
        let share = 100 * headroom / LIMIT;
        let left = if function.fits { format!("{headroom} ({share} %)") } else { "too large".to_owned() };
        let reads = format!("{}/{}/{}", reads.own, reads.other, reads.older);
        let times = function.proving.as_ref().map(|proving| {
            let mark = if proving.stand_in { "*" } else { "" };
            format!("{:>11.0}{:>11.0}{mark}", proving.build_ms, proving.prove_ms)
        });
        let times = times.unwrap_or_default();
        output::line(&format!(
            "{name:<widest$}{rows:>7}{left:>13}{reads:>19}{writes:>9}{events:>9}{calls:>8}{owes:>7}{times}"
        ))?;
    }
    if functions.iter().any(|function| function.proving.as_ref().is_some_and(|proving| proving.stand_in)) {
        output::line("* no call with simple inputs succeeds on fresh state: measured on a function of the same class")?;
    }
    for function in functions {
        output::line(&format!("{} costs most at", function.name))?;
        for LineCost { file, line, rows, source } in &function.lines {
            output::line(&format!("  {rows:>6} rows  {file}:{line}  {source}"))?;
        }
    }
    Ok(())
}

/// A function that anybody can call: proven in place of one for which no call is found.
const STAND_IN: &str = "@contract() export class StandIn extends Contract { @view one(): u64 { return 1; } }";

/// Builds and proves each function that fits.
fn measure(profile: &Profile, built: &Built, functions: &mut [FunctionCost]) -> Result<(), Failure> {
    // What all circuits share is built first, so that no function is charged for it.
    parth_circuits::class::data(Class::Call);
    let mut stand_in = None;
    for (function, cost) in built.compiled.contract.functions().iter().zip(functions) {
        if !cost.fits {
            continue;
        }
        output::note(&format!("building and proving {}", function.name()));
        cost.proving = Some(match simple_call(profile, built, function)? {
            Some((call, witness)) => prove(profile, function, Some(&witness), call)?,
            None => {
                let own = prove(profile, function, None, String::new())?;
                let other = match &stand_in {
                    Some(known) => known,
                    None => stand_in.insert(prove_stand_in(profile)?),
                };
                Proving { build_ms: own.build_ms, ..other.clone() }
            }
        });
    }
    Ok(())
}

/// Times of building a circuit and, given a witness, of proving one call.
fn prove(
    profile: &Profile,
    function: &Function,
    witness: Option<&CallWitness>,
    call: String,
) -> Result<Proving, Failure> {
    let failed = |error: String| Failure::new(Exit::Proving, format!("{}: {error}", function.name()));
    let start = Instant::now();
    let skeleton = CallSkeleton::new(profile, function).map_err(|error| failed(error.to_string()))?;
    let circuit = skeleton.build().map_err(|error| failed(error.to_string()))?;
    let build_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut prove_ms = 0.0;
    if let Some(witness) = witness {
        let prover = provers::own();
        let start = Instant::now();
        circuit.prove(&prover, witness).map_err(|error| failed(error.to_string()))?;
        prove_ms = start.elapsed().as_secs_f64() * 1e3;
    }
    Ok(Proving { build_ms, prove_ms, call, stand_in: false })
}

fn prove_stand_in(profile: &Profile) -> Result<Proving, Failure> {
    let sources = std::collections::BTreeMap::from([("stand-in.dapen.ts".to_owned(), STAND_IN.to_owned())]);
    let mut compilation = dapen::compile(&sources, "stand-in.dapen.ts", &CompileOptions::default());
    let compiled = compilation.compiled.take();
    let missing = || Failure::new(Exit::Proving, "the stand-in function does not compile");
    let compiled = compiled.ok_or_else(missing)?;
    let files = Files::new(std::path::Path::new("stand-in.dapen.ts"));
    let built = Built { files, compilation, compiled };
    let function = built.compiled.contract.functions().first().ok_or_else(missing)?;
    let (call, witness) = simple_call(profile, &built, function)?.ok_or_else(missing)?;
    Ok(Proving { stand_in: true, ..prove(profile, function, Some(&witness), call)? })
}

/// A call by user 1 on fresh state that succeeds: all inputs 1, then 0, then 1, 2, 3 and so on.
fn simple_call(
    profile: &Profile,
    built: &Built,
    function: &Function,
) -> Result<Option<(String, CallWitness)>, Failure> {
    let table = Table::new(profile, built, &[(UserId::constant(1), Amount::constant(1 << 40))])?;
    let length = u64::from(function.inputs_length().get());
    let guesses: [fn(u64) -> u64; 4] = [|_| 1, |_| 0, |at| at + 1, |at| at + 2];
    for guess in guesses {
        let inputs: Vec<Felt> = (0..length).map(|at| Felt::reduce(guess(at))).collect();
        if let Ok((_, execution, _)) = table.call(UserId::constant(1), function.name(), &inputs) {
            let list = inputs.iter().map(|felt| felt.as_u64().to_string()).collect::<Vec<_>>().join(", ");
            return Ok(Some((format!("{}({list})", function.name()), execution.witness)));
        }
    }
    Ok(None)
}
