//! `parth contract explain`: the page of a code.

use parth_contract::dapen::codes::Code;
use parth_contract::dapen::diagnostic::Severity;
use serde::Serialize;

use super::near::near;
use crate::exit::{Exit, Failure};
use crate::output;

/// Options of `parth contract explain`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  parth contract explain E0304\n  parth contract explain        lists all codes")]
pub(crate) struct Options {
    /// A code such as E0304; all codes when it is left out.
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    codes: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    code: &'static str,
    severity: &'static str,
    title: &'static str,
    /// The page, when one code was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'static str>,
}

/// Prints a page, or the list.
pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let asked = options.code.as_deref().map(find).transpose()?;
    let codes = asked.as_ref().map_or(Code::ALL, std::slice::from_ref);
    if options.json {
        let entry = |code: &Code| {
            let page = asked.map(|_| code.page());
            Entry { code: code.name(), severity: code.severity().word(), title: code.title(), page }
        };
        output::document(&Document { schema: "parth/explain/1", codes: codes.iter().map(entry).collect() })?;
    } else if let Some(code) = asked {
        output::line(code.page().trim_end())?;
    } else {
        for code in codes {
            let kind = if code.severity() == Severity::Warning { " (warning)" } else { "" };
            output::line(&format!("{:<6} {}{kind}", code.name(), code.title()))?;
        }
    }
    Ok(Exit::Done)
}

fn find(text: &str) -> Result<Code, Failure> {
    Code::parse(text).ok_or_else(|| {
        let near = near(&text.to_uppercase(), Code::ALL.iter().map(|code| code.name()));
        Failure::new(Exit::Usage, format!("there is no code `{text}`{near}"))
            .hint("`parth contract explain` lists all codes")
    })
}
