//! Exit codes, the same with and without `--json`, and failures.

use std::process::ExitCode;

use serde::Serialize;

use crate::output;

/// How a command ends. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// A failure that has no number of its own.
    Other = 1,
    /// Wrong usage, or a file that cannot be read.
    Usage = 2,
    /// The code of a contract refuses a call: a `require`, arithmetic that leaves its type, or a call that it owes and
    /// that cannot be made.
    Refused = 5,
    /// A session or a checkpoint could not be proven.
    Proving = 6,
    /// A test of a contract failed.
    Tests = 8,
    /// Something did not verify.
    Unverified = 9,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command has no result.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<&'static str>,
}

/// A failure as a document.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    ok: bool,
    exit: u8,
    error: &'a str,
    hint: Option<&'static str>,
}

impl Failure {
    /// A failure in one line.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), hint: None }
    }

    /// What to try next.
    pub(crate) fn hint(self, hint: &'static str) -> Failure {
        Failure { hint: Some(hint), ..self }
    }

    /// Says so on standard error, where the command goes on.
    pub(crate) fn complain(&self) {
        output::complain(&self.message, self.hint);
    }

    /// Says so on standard error, and with `json` as a document on standard output.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        output::complain(&self.message, self.hint);
        if json {
            let (exit, error, hint) = (self.exit as u8, self.message.as_str(), self.hint);
            // The exit code says that it failed, whether or not the document can be written.
            let _ = output::document(&Document { schema: "parth/error/1", ok: false, exit, error, hint });
        }
        self.exit.into()
    }
}
