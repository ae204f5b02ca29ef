//! Rust: a module a function with its types, a type an event; nothing but the standard library.

use parth_contract::ir::{Parameter, Type};

use crate::contract::info::About;

/// Words that are no names, not even with `r#`, and `_`, which is none either.
const NEVER: &[&str] = &["self", "Self", "super", "crate", "_"];
/// Words that are names with `r#`.
const KEYWORDS: &str = "as async await box break const continue do dyn else enum extern false final fn for gen if impl \
    in let loop macro match mod move mut override priv pub ref return static struct trait true try type typeof unsafe \
    unsized use virtual where while yield abstract become";

/// The module of a contract, to be included in one of its own.
pub(super) fn bindings(about: &About) -> String {
    let (name, abi) = (&about.name, &about.abi);
    let mut text = format!("// Made by `parth contract bind` from {name}; do not edit.\n\n");
    text.push_str(&format!("/// The contract's name.\n#[allow(dead_code)]\npub const NAME: &str = \"{name}\";\n"));
    let id = about.id.map_or_else(|| "None".to_owned(), |id| format!("Some({id})"));
    text.push_str(&format!(
        "/// Its id, when the source says it.\n#[allow(dead_code)]\npub const ID: Option<u32> = {id};\n"
    ));
    text.push_str(&format!(
        "/// The digest of its code.\n#[allow(dead_code)]\npub const CODE: &str = \"{}\";\n\n",
        about.code
    ));
    text.push_str("/// A module a function.\n#[allow(non_snake_case, dead_code)]\npub mod functions {\n");
    let names = identifiers(abi.functions.iter().map(|function| function.name.as_str()));
    for (function, module) in abi.functions.iter().zip(names) {
        let (method, view) = (function.method, function.view);
        text.push_str(&format!("    /// `{}`.\n    pub mod {module} {{\n", function.name));
        text.push_str(&format!("        /// The method's id.\n        pub const METHOD: u32 = {method};\n"));
        text.push_str(&format!("        /// Does it only look?\n        pub const VIEW: bool = {view};\n"));
        structure(&mut text, "What it takes.", "Inputs", &function.inputs);
        structure(&mut text, "What it gives.", "Outputs", &function.outputs);
        text.push_str("    }\n");
    }
    text.push_str("}\n\n/// A module an event.\n#[allow(non_snake_case, dead_code)]\npub mod events {\n");
    let names = identifiers(abi.events.iter().map(|event| event.name.as_str()));
    for (event, module) in abi.events.iter().zip(names) {
        text.push_str(&format!("    /// `{}`.\n    pub mod {module} {{\n", event.name));
        text.push_str("        /// The felt that such an event starts with; its fields follow.\n");
        text.push_str(&format!("        pub const ID: u64 = {};\n", event.id.as_u64()));
        structure(&mut text, "Its fields.", "Fields", &event.fields);
        text.push_str("    }\n");
    }
    text.push_str("}\n");
    text
}

/// A struct with both ways to felts.
fn structure(text: &mut String, comment: &str, name: &str, parameters: &[Parameter]) {
    let names = identifiers(parameters.iter().map(|known| known.name.as_str()));
    let fields: Vec<(String, Type)> = names.into_iter().zip(parameters.iter().map(|known| known.kind)).collect();
    let mut add = |line: &str| text.push_str(&format!("        {line}\n"));
    add(&format!("/// {comment}"));
    add("#[derive(Clone, Copy, Debug, PartialEq, Eq)]");
    add(&format!("pub struct {name} {{"));
    for (field, kind) in &fields {
        add(&format!("    pub {field}: {},", rust(*kind)));
    }
    add("}");
    add(&format!("impl {name} {{"));
    add("    /// As felts in order; nothing when a value does not fit its type.");
    add("    pub fn felts(&self) -> Option<Vec<u64>> {");
    let list = if fields.is_empty() { "let felts = Vec::new();" } else { "let mut felts = Vec::new();" };
    add(&format!("        {list}"));
    for (field, kind) in &fields {
        match kind {
            Type::Hash => {
                add(&format!("        if self.{field}.iter().any(|&felt| felt >= {FELTS}) {{ return None; }}"));
                add(&format!("        felts.extend(self.{field});"));
            }
            Type::Bool | Type::U32 => add(&format!("        felts.push(u64::from(self.{field}));")),
            other => {
                add(&format!("        if self.{field} >= {} {{ return None; }}", limit(*other)));
                add(&format!("        felts.push(self.{field});"));
            }
        }
    }
    add("        Some(felts)");
    add("    }");
    add("    /// From felts in order; nothing when they are too many, too few or do not fit.");
    add(&format!("    pub fn from_felts(felts: &[u64]) -> Option<{name}> {{"));
    add(&format!("        if felts.len() != {} {{ return None; }}", width(&fields)));
    add(&format!("        Some({name} {{"));
    let mut at = 0;
    for (field, kind) in &fields {
        let one = |at: usize, limit: &str| format!("Some(felts[{at}]).filter(|&felt| felt < {limit})?");
        let value = match kind {
            Type::Hash => {
                let lanes: Vec<String> = (at..at + 4).map(|at| one(at, FELTS)).collect();
                format!("[{}]", lanes.join(", "))
            }
            Type::Bool => format!("{} == 1", one(at, "2")),
            Type::U32 => format!("u32::try_from(felts[{at}]).ok()?"),
            other => one(at, limit(*other)),
        };
        add(&format!("            {field}: {value},"));
        at += kind.felts().unwrap_or_default();
    }
    add("        })");
    add("    }");
    add("}");
}

/// The order of the field.
const FELTS: &str = "0xffff_ffff_0000_0001";

fn limit(kind: Type) -> &'static str {
    if kind == Type::U64 { "1 << 62" } else { FELTS }
}

fn width(fields: &[(String, Type)]) -> usize {
    fields.iter().map(|(_, kind)| kind.felts().unwrap_or_default()).sum()
}

fn rust(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "bool",
        Type::U32 => "u32",
        Type::Hash => "[u64; 4]",
        Type::U64 | Type::Felt | Type::Checkpoint | Type::State => "u64",
    }
}

/// Names as Rust can have them, each once.
fn identifiers<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    for name in &names {
        let mut identifier = match *name {
            name if KEYWORDS.split(' ').any(|word| word == name) => format!("r#{name}"),
            name if NEVER.contains(&name) => format!("{name}_"),
            name => name.to_owned(),
        };
        while identifier == "_" || taken.contains(&identifier) || NEVER.contains(name) && names.contains(&&*identifier)
        {
            identifier.push('_');
        }
        taken.push(identifier);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rust_cannot_have_are_changed_and_stay_apart() {
        let names = identifiers(["type", "self", "self_", "amount", "_"].into_iter());
        assert_eq!(names, ["r#type", "self__", "self_", "amount", "__"]);
    }
}
