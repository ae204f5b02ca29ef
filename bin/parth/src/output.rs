//! Standard output: lines for people, or one JSON document for programs. Complaints go to standard error.

use std::io::{self, Write};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// Prints a line. Whoever closed the pipe has read enough.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    // Texts of others may hold codes for terminals.
    let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    written(writeln!(io::stdout(), "{plain}"))
}

/// Prints the one document of a command.
pub(crate) fn document(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|error| Failure::new(Exit::Other, format!("the result has no JSON: {error}")))?;
    line(&text)
}

/// Says what happens meanwhile, on standard error.
pub(crate) fn note(text: &str) {
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
