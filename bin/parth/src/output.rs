//! Standard output: lines for people, or one JSON document for programs. Complaints go to standard error.

use std::io::{self, Write};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Prints a line. Whoever closed the pipe has read enough.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    written(writeln!(io::stdout(), "{}", plain(text)))
}

/// Without the codes for terminals that texts of others and names of files may hold.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Prints the one document of a command.
pub(crate) fn document(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| Failure::new(Exit::Other, format!("the result has no JSON: {error}")))?;
    json(&text)
}

/// Prints a JSON text. Nothing of it is lost, and nothing of it is a code for terminals.
pub(crate) fn json(text: &str) -> Result<(), Failure> {
    line(&escaped(text))
}

/// A JSON text with the control characters escaped that JSON allows in strings as they are: from U+007F on.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Says what happens meanwhile, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// Shows a finding on standard error, with the colours that the compiler gave it; it left out all other codes.
pub(crate) fn finding(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints one line on standard error; if even that fails, the exit code is left.
pub(crate) fn complain(message: &str, hint: Option<&str>) {
    // Names of files and texts of others may hold line breaks and codes for terminals; a complaint is one plain line.
    let message = message.replace(char::is_control, " ");
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    let _ = writeln!(io::stderr(), "parth: {message}{hint}");
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Other, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_text_keeps_every_character_and_has_no_code_for_terminals() {
        let name = "a\u{1b}[2Jb\u{7f}c\u{9b}d\u{a0}e";
        let text = escaped(&serde_json::to_string(name).unwrap());
        assert_eq!(plain(&text), text);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), name);
    }
}
