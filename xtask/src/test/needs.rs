//! What tests need beside the workspace, and `PARTH_REQUIRE`.
//!
//! A test that lacks something it needs does not fail: it is skipped, and says so in one of two ways.
//!
//! - `#[ignore = "need: why"]`, when it never runs by default;
//! - one line `need: why<tab>name of the test` appended to the file that `PARTH_SKIPS` names, when it finds out only
//!   while running (it then returns, and counts as skipped and not as passed).
//!
//! `PARTH_REQUIRE=cc,redis` turns a skip for one of those needs into a failure of the run; `PARTH_REQUIRE=all` any skip.
//!
//! The table [`NEEDS`] holds everything that a test may need. Each entry finds its thing or, as root on a machine with
//! apt, installs it. Servers (a later milestone) get their entry here: started by [`prepare`] on a free loopback port,
//! their address handed to the tests in the environment, stopped when the run ends.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, Stdio};

use super::tally::Skip;

/// Something outside the workspace that tests need.
struct Need {
    /// The word for it in `PARTH_REQUIRE`, in skips and in messages.
    name: &'static str,
    /// What it is for.
    what: &'static str,
    /// Is it here?
    found: fn() -> bool,
    /// Debian packages that bring it.
    packages: &'static [&'static str],
    /// Nothing builds without it.
    vital: bool,
}

/// Everything that a test of this workspace may need.
const NEEDS: &[Need] = &[
    Need {
        name: "cc",
        what: "a C compiler (the embedded store builds MDBX from C; its bindings are ready-made, so no libclang)",
        found: compiles_c,
        packages: &["gcc", "libc6-dev"],
        vital: true,
    },
    Need {
        name: "npm",
        what: "Node and npm (tests fetch the TypeScript compiler, pinned by a lock file, to check what editors see)",
        found: runs_npm,
        packages: &["nodejs", "npm"],
        vital: false,
    },
];

/// Why the tests cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something is missing and could not be installed.
    #[error("missing {name}: {what}; {why}")]
    Missing {
        /// The need.
        name: &'static str,
        /// What it is for.
        what: &'static str,
        /// Why it could not be installed here, and what would bring it.
        why: String,
    },
    /// `PARTH_REQUIRE` names something that no test needs, so requiring it would promise nothing.
    #[error("PARTH_REQUIRE names `{name}`, which no test of this workspace needs (known: {known}, all)")]
    Unknown {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
}

/// Finds or installs what the tests need.
pub(crate) fn prepare() -> Result<(), Error> {
    for need in NEEDS {
        if (need.found)() {
            continue;
        }
        println!("tests need {}: {}; trying to install {}", need.name, need.what, need.packages.join(" "));
        let installed = install(need.packages);
        match installed {
            Ok(()) if (need.found)() => {}
            Err(why) if need.vital => return Err(Error::Missing { name: need.name, what: need.what, why }),
            Ok(()) if need.vital => {
                let why = format!("{} installed, yet it is not found", need.packages.join(" "));
                return Err(Error::Missing { name: need.name, what: need.what, why });
            }
            Ok(()) => println!("installed {}, yet {} is not found", need.packages.join(" "), need.name),
            Err(why) => println!("{}: {why}", need.name),
        }
    }
    Ok(())
}

/// Runs the distribution's package manager, where there is one that we know and the right to use it.
fn install(packages: &[&str]) -> Result<(), String> {
    let list = packages.join(" ");
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return Err(format!("no apt-get here: install what your system calls {list}"));
    }
    if !is_root() {
        return Err(format!("not root: run `apt-get install {list}` with the rights it needs"));
    }
    let mut update = Command::new("apt-get");
    update.args(["update", "-qq"]);
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    for command in [&mut update, &mut install] {
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("`apt-get install {list}` failed ({status})")),
            Err(error) => return Err(format!("apt-get: {error}")),
        }
    }
    Ok(())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn compiles_c() -> bool {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
    succeeds(Command::new(compiler).arg("--version"))
}

fn runs_npm() -> bool {
    ["node", "npm"].iter().all(|program| succeeds(Command::new(program).arg("--version")))
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// What must not be skipped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Required {
    all: bool,
    names: BTreeSet<String>,
}

impl Required {
    /// From the value of `PARTH_REQUIRE`: names of needs, separated by commas, or `all`; empty requires nothing.
    pub(crate) fn parse(value: &str) -> Result<Required, Error> {
        Self::parse_among(value, &NEEDS.iter().map(|need| need.name).collect::<Vec<_>>())
    }

    fn parse_among(value: &str, known: &[&str]) -> Result<Required, Error> {
        let mut required = Required { all: false, names: BTreeSet::new() };
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                required.all = true;
            } else if known.contains(&name) {
                required.names.insert(name.to_owned());
            } else {
                return Err(Error::Unknown { name: name.to_owned(), known: known.join(", ") });
            }
        }
        Ok(required)
    }

    /// The skips that break the requirement.
    pub(crate) fn broken_by<'a>(&self, skips: &'a [Skip]) -> Vec<&'a Skip> {
        let required = |skip: &&Skip| self.all || skip.need.as_ref().is_some_and(|need| self.names.contains(need));
        skips.iter().filter(required).collect()
    }
}

/// The skips in a file that `PARTH_SKIPS` named: one `need: why<tab>test` a line.
pub(crate) fn skips_in(text: &str) -> Vec<Skip> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (reason, test) = line.split_once('\t').unwrap_or((line, "a test that gave no name"));
            Skip::new(test, reason)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skips() -> Vec<Skip> {
        skips_in("redis: no server\tredis_round_trip\nToo tired\tsome_other\n\nnats: too old\n")
    }

    #[test]
    fn a_skip_file_is_read_line_by_line() {
        let skips = skips();
        assert_eq!(skips.len(), 3);
        assert_eq!((skips[0].test.as_str(), skips[0].need.as_deref()), ("redis_round_trip", Some("redis")));
        assert_eq!(skips[1].need, None);
        assert_eq!(skips[2].test, "a test that gave no name");
    }

    #[test]
    fn only_required_needs_break_the_run() {
        let known = ["redis", "nats", "postgres"];
        let broken = |value: &str| -> usize {
            Required::parse_among(value, &known).expect("known names").broken_by(&skips()).len()
        };
        assert_eq!(broken(""), 0);
        assert_eq!(broken("postgres"), 0);
        assert_eq!(broken("redis"), 1);
        assert_eq!(broken(" redis , nats,"), 2);
        assert_eq!(broken("all"), 3);
    }

    #[test]
    fn a_need_that_no_test_has_cannot_be_required() {
        let error = Required::parse_among("redis,rdis", &["redis"]).expect_err("a slip of the pen");
        assert!(error.to_string().contains("`rdis`"), "{error}");
    }

    #[test]
    fn this_machine_has_a_compiler_or_it_could_not_have_linked_this_test() {
        // `CC` may point anywhere; the question here is only whether asking works.
        if std::env::var_os("CC").is_none() {
            assert!(compiles_c());
        }
    }
}
