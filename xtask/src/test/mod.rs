//! `cargo xtask test`: everything, streamed as it runs, summed up at the end.
//!
//! prepare needs → `cargo test --release` through one pipe → tally → skips → verdict → the last line.

mod needs;
mod tally;

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use needs::Required;
use tally::Tally;

use crate::workspace;

/// What to test.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these packages (default: the whole workspace).
    #[arg(short, long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Handed on to the test binaries: a filter, `--include-ignored`, …
    #[arg(last = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

/// Why the run could not be made (a test that fails is no such reason).
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something the tests need is missing, or is required by an unknown name.
    #[error(transparent)]
    Needs(#[from] needs::Error),
    /// `cargo test` could not be started, or its output not be read.
    #[error("cargo test: {0}")]
    Cargo(#[source] io::Error),
    /// The list of skipped tests could not be made or read.
    #[error("{path}: {error}")]
    Skips {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        error: io::Error,
    },
}

/// Runs the tests. The answer is whether all is well.
pub(crate) fn run(options: &Options) -> Result<bool, Error> {
    let required = Required::parse(&std::env::var("PARTH_REQUIRE").unwrap_or_default())?;
    needs::prepare()?;

    let skips = std::env::temp_dir().join(format!("parth-skips-{}", std::process::id()));
    let on_skips = |error| Error::Skips { path: skips.clone(), error };
    fs::write(&skips, "").map_err(on_skips)?;
    let streamed = stream(command(options).env("PARTH_SKIPS", &skips), &mut io::stdout());
    let early = fs::read_to_string(&skips).map_err(on_skips)?;
    fs::remove_file(&skips).map_err(on_skips)?;

    let mut tally = streamed.map_err(Error::Cargo)?;
    for skip in needs::skips_in(&early) {
        tally.returned_early(skip);
    }
    Ok(report(&tally, &required))
}

/// Prints what failed and what was skipped, then the last line.
fn report(tally: &Tally, required: &Required) -> bool {
    let broken = required.broken_by(&tally.skips);
    println!();
    for skip in &tally.skips {
        println!("skipped: {} ({})", skip.test, skip.reason);
    }
    for failure in &tally.failures {
        println!("failed:  {failure}");
    }
    for skip in &broken {
        println!("required by PARTH_REQUIRE, but skipped: {} ({})", skip.test, skip.reason);
    }
    if !tally.ran() {
        println!("no test ran");
    }
    println!("{}", tally.summary());
    tally.failed() == 0 && tally.ran() && broken.is_empty()
}

/// The one build of the workspace in the one profile. Without `--all-targets`: that would leave out the doc tests and
/// run the benches.
fn command(options: &Options) -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "--release", "--no-fail-fast"]);
    if options.package.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.package {
        command.args(["--package", package]);
    }
    if std::env::var_os("CI").is_some() {
        command.arg("--locked");
    }
    command.arg("--").args(&options.rest);
    // The tally lives on the lines that quiet cargo leaves out.
    command.env("CARGO_TERM_QUIET", "false");
    if std::env::var_os("CARGO_TERM_COLOR").is_none() && std::env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", if io::stdout().is_terminal() { "always" } else { "never" });
    }
    command
}

/// How long output may still trickle in after the command itself has ended.
const AFTERMATH: Duration = Duration::from_secs(1);

/// Runs the command with both its outputs in one pipe (so that their order is kept), passes every byte on to `out` at
/// once, and tallies the lines.
fn stream(command: &mut Command, out: &mut impl Write) -> io::Result<Tally> {
    let (mut reader, writer) = io::pipe()?;
    let mut child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // The command value holds ends of the pipe of its own; they must go, or reading never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    // A thread reads, because the end of the pipe is no sure end: a process that a test left behind may hold it open.
    let (sender, chunks) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        loop {
            match reader.read(&mut buffer) {
                Ok(read @ 1..) if sender.send(buffer[..read].to_vec()).is_ok() => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
    });

    let mut tally = Tally::default();
    let mut line = Vec::new();
    loop {
        match chunks.recv_timeout(AFTERMATH) {
            Ok(chunk) => {
                out.write_all(&chunk)?;
                out.flush()?;
                for &byte in &chunk {
                    if byte == b'\n' {
                        tally.line(&String::from_utf8_lossy(&line));
                        line.clear();
                    } else {
                        line.push(byte);
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) if child.try_wait()?.is_none() => {}
            Err(RecvTimeoutError::Timeout) => {
                writeln!(out, "\nxtask: a process that a test started still runs and holds the output; going on")?;
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    tally.line(&String::from_utf8_lossy(&line));
    let status = child.wait()?;
    tally.close(status.success());
    Ok(tally)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Tally {
        // Not to standard output, where the run around this one would count these lines too.
        stream(Command::new("sh").args(["-c", script]), &mut io::sink()).expect("a shell")
    }

    /// A script that prints what one test binary prints, with these counts.
    fn closing(tests: u32, counts: &str) -> String {
        format!("echo 'running {tests} tests'; echo 'test result: ok. {counts}; 0 measured; 0 filtered out'")
    }

    #[test]
    fn both_outputs_are_tallied_in_their_order() {
        let tally = shell(&format!(
            "echo '     Running tests/a.rs (target/release/deps/a-01)' >&2
             {}
             echo '     Running tests/b.rs (target/release/deps/b-01)' >&2
             echo 'error: test failed, to rerun pass `--test b`' >&2
             exit 101",
            closing(2, "2 passed; 0 failed; 0 ignored")
        ));
        assert_eq!(tally.summary(), "2 passed, 1 failed, 0 skipped");
        assert!(tally.failures.contains("b: died before it could report"));
    }

    #[test]
    fn a_last_line_without_a_break_counts() {
        let tally = shell("echo 'running 1 test'; printf 'test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured'");
        assert_eq!(tally.summary(), "1 passed, 0 failed, 0 skipped");
    }

    #[test]
    fn a_process_left_behind_does_not_hold_up_the_run() {
        let started = std::time::Instant::now();
        let tally = shell(&format!("sleep 60 & {}", closing(1, "1 passed; 0 failed; 0 ignored")));
        assert_eq!(tally.summary(), "1 passed, 0 failed, 0 skipped");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_run_without_tests_is_not_well() {
        let nothing = Required::parse("").expect("nothing");
        assert!(!report(&shell("true"), &nothing));
        assert!(report(&shell(&closing(1, "1 passed; 0 failed; 0 ignored")), &nothing));
        assert!(!report(&shell(&format!("{}; exit 101", closing(2, "1 passed; 1 failed; 0 ignored"))), &nothing));
    }

    #[test]
    fn a_required_skip_is_not_well() {
        let tally = shell(
            "echo 'running 2 tests'
             echo 'test long_sweep ... ignored, cc: no compiler'
             echo 'test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'",
        );
        assert!(report(&tally, &Required::parse("").expect("nothing")));
        assert!(!report(&tally, &Required::parse("cc").expect("a need")));
    }
}
