//! TypeScript: a table of the interface, its types, and one pair of functions that read the table.

use parth_contract::ir::{Parameter, Type};

use crate::contract::info::About;

/// What every binding ends with.
const CODE: &str = include_str!("runtime.ts");

/// The module of a contract.
pub(super) fn bindings(about: &About) -> String {
    let (name, abi) = (&about.name, &about.abi);
    let mut text = format!("// Made by `parth contract bind` from {name}; do not edit.\n\n");
    text.push_str("/** What the contract has. Names here are those of its source. */\nexport const contract = {\n");
    text.push_str(&format!("  name: \"{name}\",\n"));
    let id = about.id.map_or_else(|| "undefined".to_owned(), |id| id.to_string());
    text.push_str(&format!("  /** Its id, when the source says it. */\n  id: {id},\n"));
    text.push_str(&format!("  /** The digest of its code. */\n  code: \"{}\",\n  functions: {{\n", about.code));
    for function in &abi.functions {
        let (inputs, outputs) = (table(&function.inputs), table(&function.outputs));
        let (key, method, view) = (key(&function.name), function.method, function.view);
        text.push_str(&format!(
            "    {key}: {{ method: {method}, view: {view}, inputs: [{inputs}], outputs: [{outputs}] }},\n"
        ));
    }
    text.push_str("  },\n  events: {\n");
    for event in &abi.events {
        let (key, id, fields) = (key(&event.name), event.id.as_u64(), table(&event.fields));
        text.push_str(&format!("    {key}: {{ id: {id}n, fields: [{fields}] }},\n"));
    }
    text.push_str("  },\n} as const;\n\n");
    let functions = abi.functions.iter();
    let inputs = functions.clone().map(|function| (function.name.as_str(), function.inputs.as_slice()));
    let outputs = functions.map(|function| (function.name.as_str(), function.outputs.as_slice()));
    let events = abi.events.iter().map(|event| (event.name.as_str(), event.fields.as_slice()));
    interface(&mut text, "What each function takes.", "Inputs", inputs);
    interface(&mut text, "What each function gives.", "Outputs", outputs);
    interface(&mut text, "The fields of each kind of event.", "Events", events);
    text.push_str(CODE);
    text
}

/// A name as a key. In brackets, since `__proto__` alone would mean something else.
fn key(name: &str) -> String {
    format!("[\"{name}\"]")
}

fn table(parameters: &[Parameter]) -> String {
    let entry = |known: &Parameter| format!("{{ name: \"{}\", type: \"{}\" }}", known.name, known.kind);
    parameters.iter().map(entry).collect::<Vec<_>>().join(", ")
}

fn interface<'a>(
    text: &mut String,
    comment: &str,
    name: &str,
    entries: impl Iterator<Item = (&'a str, &'a [Parameter])>,
) {
    text.push_str(&format!("/** {comment} */\nexport interface {name} {{\n"));
    for (name, parameters) in entries {
        let fields = parameters.iter().map(|known| format!("\"{}\": {}", known.name, kind(known.kind)));
        text.push_str(&format!("  {}: {{ {} }};\n", key(name), fields.collect::<Vec<_>>().join("; ")));
    }
    text.push_str("}\n\n");
}

fn kind(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "boolean",
        Type::U32 => "number",
        Type::Hash => "Hash",
        Type::Felt | Type::U64 | Type::Checkpoint | Type::State => "bigint",
    }
}
