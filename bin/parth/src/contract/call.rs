//! `parth contract call`: one call on a chain in memory, without proofs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use parth_contract::dapen::{failure, render};
use parth_contract::debt::Debt;
use parth_contract::{Event, Execution, Write};
use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{Amount, ContractId, UserId};
use serde::{Deserialize, Serialize};

use super::artifact::{Field, layout};
use super::near::near;
use super::source::{self, Built, colour, read, unreadable};
use super::table::{self, Refusal, Table};
use super::values::{self, Named, named};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::version::pinned;

/// Bytes of a state file that are read.
const STATE_LIMIT: u64 = 16 << 20;
/// The schema of state files.
const STATE_SCHEMA: &str = "parth/sandbox/1";

/// Options of `parth contract call`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    parth contract call contracts/counter.dapen.ts increment 5\n  \
    parth contract call contracts/counter.dapen.ts increment by=5 --user 2 --state try.json\n  \
    parth contract call contracts/counter.dapen.ts catchUp friend=2 --state try.json --json\n\n\
    Structs and arrays are given value by value, by the names of the interface (`parth contract info`): to_0=1 to_1=2.\n\
    With --state, the calls that the file has kept are made first, each in a session and a checkpoint of its own, and a\n\
    call that succeeds is added to it.\n\n\
    Exit codes: 0 done, 1 errors in the source, 2 a wrong argument or file, 5 the code refuses the call, or\n\
    what it owes cannot be made.")]
pub(crate) struct Options {
    /// The contract.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The function.
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// Its arguments: values in order, then name=value.
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// Who calls.
    #[arg(long, default_value_t = 1, value_name = "N")]
    user: u32,
    /// The caller's native balance before its first call; 0 unless given.
    #[arg(long, value_name = "AMOUNT")]
    balance: Option<u64>,
    /// Keeps the calls made so far.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Calls made so far, oldest first.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    schema: String,
    contract: String,
    calls: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    user: u32,
    /// The user's native balance before its first call.
    balance: Amount,
    function: String,
    inputs: Vec<Felt>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    ok: bool,
    contract: &'a str,
    contract_id: u32,
    function: &'a str,
    user: u32,
    checkpoint: u32,
    inputs: Vec<Named>,
    outputs: Vec<Named>,
    writes: Vec<Written>,
    events: Vec<Emitted>,
    calls: Vec<Called>,
    owes: Vec<Owed>,
    /// Why what the call owes cannot be made, when the code runs and no session can end with it.
    unpaid: Option<String>,
    /// A line of `check --message-format json`, when the code refuses the call.
    failure: Option<serde_json::Value>,
}

/// A word that was written.
#[derive(Serialize)]
struct Written {
    /// The field, with key or index.
    place: String,
    slot: String,
    old: Digest,
    new: Digest,
}

#[derive(Serialize)]
struct Emitted {
    name: String,
    fields: Vec<Named>,
}

/// A call that has to follow.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Owed {
    contract: u32,
    /// `Contract.function`, when the contract is one of the sandbox's.
    name: Option<String>,
    method: u32,
    inputs: Vec<Felt>,
}

/// A call that is made right after, whose results the caller has.
#[derive(Serialize)]
struct Called {
    #[serde(flatten)]
    call: Owed,
    outputs: Vec<Felt>,
}

/// Makes the call and shows it.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let built = source::compiled(&options.file)?;
    let contract = &built.compiled.contract;
    let function = contract.function(&options.function).ok_or_else(|| {
        let near = near(&options.function, contract.functions().iter().map(|function| function.name()));
        let message = format!("{} has no function `{}`{near}", contract.name(), options.function);
        Failure::new(Exit::Usage, message).hint("`parth contract info FILE` lists them")
    })?;
    let inputs = values::arguments(function.name(), &function.code().inputs, &options.arguments)?;
    let mut state = match &options.state {
        Some(path) => State::read(path, contract.name())?,
        None => State::new(contract.name()),
    };
    let balance = state.balance(options)?;
    let mut table = Table::new(pinned()?.profile(), &built, &state.users(options.user, balance))?;
    state.replay(&mut table, options)?;

    let user = UserId::new(options.user).unwrap_or(UserId::NOBODY);
    let called = table.call(user, function.name(), &inputs);
    let shown = named(&function.code().inputs, &inputs);
    match called {
        Ok((session, execution, unpaid)) => {
            let checkpoint = session.session().start.anchor.get();
            let unpaid = unpaid.map(|error| error.to_string());
            let document = document(&built, &table, options, checkpoint, shown, &execution, unpaid.clone());
            // Before anything is shown: a call that cannot be kept is a failure, and a program reads one document.
            if let (Some(path), None) = (&options.state, &unpaid) {
                let function = function.name().to_owned();
                state.calls.push(Kept { user: options.user, balance, function, inputs });
                state.write(path)?;
            }
            if options.json {
                output::document(&document)?;
            } else {
                print(&document)?;
            }
            let Some(error) = unpaid else { return Ok(Exit::Done) };
            let hint = "no session can end with it; with `--state` it is not kept";
            output::complain(&format!("what the call owes cannot be made: {error}"), Some(hint));
            Ok(Exit::Refused)
        }
        Err(Refusal::Code(refused)) => refuse(&built, &table, options, shown, &refused),
        Err(Refusal::Other(error)) => Err(table::failure(error)),
    }
}

/// Shows why the code refuses the call.
fn refuse(
    built: &Built,
    table: &Table,
    options: &Options,
    inputs: Vec<Named>,
    (error, values): &(parth_contract::ExecError, parth_contract::Values),
) -> Result<Exit, Failure> {
    let sources = &built.compilation.sources;
    let diagnostic = failure::diagnostic(&built.compiled, &options.function, error, values);
    output::finding(&render::human(sources, &diagnostic, colour()));
    if options.json {
        let checkpoint = table.sandbox.open(UserId::new(options.user).unwrap_or(UserId::NOBODY));
        output::document(&Document {
            schema: "parth/call/1",
            ok: false,
            contract: built.compiled.contract.name(),
            contract_id: table.contract.get(),
            function: &options.function,
            user: options.user,
            checkpoint: checkpoint.map_or(0, |session| session.session().start.anchor.get()),
            inputs,
            outputs: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            calls: Vec::new(),
            owes: Vec::new(),
            unpaid: None,
            failure: serde_json::from_str(&render::json(sources, &diagnostic)).ok(),
        })?;
    }
    Ok(Exit::Refused)
}

fn document<'a>(
    built: &'a Built,
    table: &Table,
    options: &'a Options,
    checkpoint: u32,
    inputs: Vec<Named>,
    execution: &Execution,
    unpaid: Option<String>,
) -> Document<'a> {
    let contract = &built.compiled.contract;
    let abi = contract.abi();
    let outputs = abi.functions.iter().find(|known| known.name == options.function);
    let outputs = outputs.map(|known| named(&known.outputs, &execution.outputs)).unwrap_or_default();
    let layout = layout(&built.compiled);
    let written = |write: &Write| Written {
        place: place(&layout, write.index.get()),
        slot: write.index.get().to_string(),
        old: write.old,
        new: write.new,
    };
    let emitted = |event: &Event| {
        let known = abi.events.get(usize::from(event.event));
        let fields = known.map(|known| named(&known.fields, event.felts.get(1..).unwrap_or_default()));
        let name = known.map_or_else(|| format!("event {}", event.event), |known| known.name.clone());
        Emitted { name, fields: fields.unwrap_or_default() }
    };
    let owed = |debt: &Debt| {
        let (callee, method) = (debt.call.contract, debt.call.method);
        let code = |id: ContractId| table.sandbox.code(id);
        let name = code(callee).and_then(|code| Some(format!("{}.{}", code.name(), code.method(method)?.name())));
        Owed { contract: callee.get(), name, method: method.get(), inputs: debt.inputs.clone() }
    };
    Document {
        schema: "parth/call/1",
        ok: unpaid.is_none(),
        contract: contract.name(),
        contract_id: table.contract.get(),
        function: &options.function,
        user: options.user,
        checkpoint,
        inputs,
        outputs,
        // A word that a condition left as it was is no change.
        writes: execution.writes.iter().filter(|write| write.old != write.new).map(written).collect(),
        events: execution.events.iter().map(emitted).collect(),
        calls: execution
            .inline
            .iter()
            .map(|made| Called { call: owed(&made.debt), outputs: made.outputs.clone() })
            .collect(),
        owes: execution.deferred.iter().map(owed).collect(),
        unpaid,
        failure: None,
    }
}

/// The field at a slot, with key or index where it has many entries.
fn place(layout: &[Field], slot: u64) -> String {
    let field = layout.iter().filter(|field| field.slot <= slot).max_by_key(|field| field.slot);
    let Some(field) = field else { return format!("slot {slot}") };
    let (name, offset) = (&field.name, slot - field.slot);
    let entry = |offset: u64| {
        let stride = field.stride.max(1);
        let part = if stride > 1 { format!(".{}", offset % stride) } else { String::new() };
        format!("{name}[{}]{part}", offset / stride)
    };
    match (field.kind.as_str(), offset) {
        ("map" | "growMap", offset) => entry(offset),
        ("list", 0) => format!("{name}.len"),
        ("list", offset) => entry(offset - 1),
        (_, 0) => name.clone(),
        (_, offset) => format!("{name}.{offset}"),
    }
}

fn print(document: &Document<'_>) -> Result<(), Failure> {
    let list = |values: &[Named]| values.iter().map(Named::to_string).collect::<Vec<_>>().join(", ");
    output::line(&format!(
        "{}.{}({}) by user {}, from checkpoint {}",
        document.contract,
        document.function,
        list(&document.inputs),
        document.user,
        document.checkpoint
    ))?;
    for Named { name, kind, value } in &document.outputs {
        output::line(&format!("  gives   {name} = {value} ({kind})"))?;
    }
    for Written { place, old, new, .. } in &document.writes {
        output::line(&format!("  writes  {place}: {} -> {}", values::word(old), values::word(new)))?;
    }
    for Emitted { name, fields } in &document.events {
        output::line(&format!("  emits   {name} {{ {} }}", list(fields)))?;
    }
    for Called { call, outputs } in &document.calls {
        let outputs = if outputs.is_empty() { "nothing".to_owned() } else { numbers(outputs) };
        output::line(&format!("  calls   {call}, which gives {outputs}"))?;
    }
    for call in &document.owes {
        output::line(&format!("  owes    {call}, before the session ends"))?;
    }
    Ok(())
}

fn numbers(felts: &[Felt]) -> String {
    felts.iter().map(|felt| felt.as_u64().to_string()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Owed { contract, name, method, inputs } = self;
        match name {
            Some(name) => write!(f, "{name}({})", numbers(inputs)),
            None => write!(f, "contract {contract}, method {method}({})", numbers(inputs)),
        }
    }
}

impl State {
    fn new(contract: &str) -> State {
        State { schema: STATE_SCHEMA.to_owned(), contract: contract.to_owned(), calls: Vec::new() }
    }

    /// Reads a state file; one that does not exist has no calls.
    fn read(path: &Path, contract: &str) -> Result<State, Failure> {
        let bytes = match read(path, STATE_LIMIT + 1) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::new(contract)),
            Err(error) => return Err(unreadable(path, &error)),
        };
        let wrong = |what: String| Failure::new(Exit::Usage, format!("{}: not a state file: {what}", path.display()));
        if bytes.len() as u64 > STATE_LIMIT {
            return Err(wrong(format!("more than {STATE_LIMIT} bytes")));
        }
        let state: State = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if state.schema != STATE_SCHEMA {
            return Err(wrong(format!("its schema is {:?}, expected {STATE_SCHEMA:?}", state.schema)));
        }
        if state.contract != contract {
            return Err(wrong(format!("it is of {:?}, expected {contract:?}", state.contract)));
        }
        Ok(state)
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|error| Failure::new(Exit::Other, format!("the state has no JSON: {error}")))?;
        source::write(path, &format!("{text}\n"))
    }

    /// The balance that a caller has before its first call.
    fn balance(&self, options: &Options) -> Result<Amount, Failure> {
        let wrong = |message: String| Failure::new(Exit::Usage, message);
        if options.user == 0 {
            return Err(wrong("user 0 is nobody, so it calls nothing".to_owned()));
        }
        let kept = self.calls.iter().find(|call| call.user == options.user).map(|call| call.balance);
        if let (Some(kept), Some(given)) = (kept, options.balance)
            && kept.get() != given
        {
            let user = options.user;
            let message = format!("--balance {given}: user {user} had {kept} before its first call in this state");
            return Err(wrong(message));
        }
        let given = options.balance.unwrap_or_default();
        kept.map_or_else(|| Amount::new(given).ok_or_else(|| wrong(format!("--balance {given} is not below 2^62"))), Ok)
    }

    /// All who call, with their balances.
    fn users(&self, caller: u32, balance: Amount) -> Vec<(UserId, Amount)> {
        let mut users: Vec<(UserId, Amount)> = Vec::new();
        let callers = self.calls.iter().map(|call| (call.user, call.balance)).chain([(caller, balance)]);
        for (user, balance) in callers.filter_map(|(user, balance)| Some((UserId::new(user)?, balance))) {
            if users.iter().all(|(known, _)| *known != user) {
                users.push((user, balance));
            }
        }
        users
    }

    /// Makes all calls of the state again.
    fn replay(&self, table: &mut Table, options: &Options) -> Result<(), Failure> {
        for (at, kept) in self.calls.iter().enumerate() {
            let user = UserId::new(kept.user).unwrap_or(UserId::NOBODY);
            let why = match table.call(user, &kept.function, &kept.inputs) {
                Ok((session, _, None)) => {
                    table.close(session)?;
                    continue;
                }
                Err(Refusal::Code(refused)) => refused.0.to_string(),
                Ok((_, _, Some(error))) | Err(Refusal::Other(error)) => error.to_string(),
            };
            let path = options.state.as_deref().unwrap_or(Path::new("the state"));
            let (number, function, user) = (at + 1, &kept.function, kept.user);
            let message =
                format!("{}: call {number}, {function} by user {user}, is refused now: {why}", path.display());
            return Err(Failure::new(Exit::Other, message).hint("remove the file to begin anew"));
        }
        Ok(())
    }
}
