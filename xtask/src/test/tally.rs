//! Reads what `cargo test` prints, line by line, and counts.
//!
//! Every test binary announces itself with cargo's `Running …` (or `Doc-tests …`), says `running N tests` and closes with
//! `test result: …`; when it failed, cargo says `error: test failed`. A closing line counts only if it accounts for the N
//! tests, since what a failed test printed is repeated in between and may hold such lines too. A binary that failed
//! without a failed test has died (abort, signal), and counts as one failure.

use std::collections::BTreeSet;

/// What one run of `cargo test` amounts to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Names of tests that failed, and of binaries that died.
    pub(crate) failures: BTreeSet<String>,
    /// Failures counted by the closing lines.
    failed: u64,
    /// Tests that did not run.
    pub(crate) skips: Vec<Skip>,
    /// Tests counted as ignored by the closing lines.
    ignored: u64,
    /// The binary whose lines are being read.
    current: Option<String>,
    /// Tests it said it would run, while it has not closed.
    open: Option<u64>,
    /// Failed tests of that binary.
    failed_here: u64,
}

/// A test that did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skip {
    /// Name of the test.
    pub(crate) test: String,
    /// What it needed, when its reason starts with `need: `.
    pub(crate) need: Option<String>,
    /// Why it did not run, in its author's words.
    pub(crate) reason: String,
}

impl Skip {
    /// From a reason written as `need: why`, or as free text.
    pub(crate) fn new(test: &str, reason: &str) -> Skip {
        let need = reason
            .split_once(':')
            .map(|(need, _)| need.trim())
            .filter(|need| !need.is_empty() && need.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        Skip { test: test.to_owned(), need: need.map(str::to_owned), reason: reason.trim().to_owned() }
    }
}

impl Tally {
    /// Takes in one line of output, without its line break.
    pub(crate) fn line(&mut self, raw: &str) {
        let text = without_colours(raw);
        let line = text.trim();
        if let Some(binary) = announced(line) {
            self.current = Some(binary.to_owned());
            self.open = None;
            self.failed_here = 0;
        } else if let (None, Some(tests)) = (self.open, opening(line)) {
            self.open = Some(tests);
        } else if let Some(counts) = line.strip_prefix("test result: ").and_then(Counts::parse) {
            if self.open == Some(counts.all) {
                self.open = None;
                self.passed += counts.passed;
                self.failed += counts.failed;
                self.failed_here += counts.failed;
                self.ignored += counts.ignored;
            }
        } else if says_failed(line) {
            if self.failed_here == 0 {
                self.failed += 1;
                self.failures.insert(format!("{}: died before it could report", self.place()));
            }
        } else if let Some((name, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... ")) {
            self.outcome(name, outcome);
        }
    }

    fn place(&self) -> &str {
        self.current.as_deref().unwrap_or("?")
    }

    fn outcome(&mut self, name: &str, outcome: &str) {
        if self.open.is_none() {
            return;
        }
        let place = self.place();
        if let Some(reason) = outcome.strip_prefix("ignored") {
            let reason = reason.strip_prefix(", ").unwrap_or("no reason given");
            self.skips.push(Skip::new(&format!("{place}: {name}"), reason));
        } else if outcome == "FAILED" {
            let failure = format!("{place}: {name}");
            self.failures.insert(failure);
        }
    }

    /// No more lines. When cargo failed though no test did, the build is what failed.
    pub(crate) fn close(&mut self, cargo_succeeded: bool) {
        if !cargo_succeeded && self.failed == 0 {
            self.failed = 1;
            self.failures.insert("cargo test failed before any test did: see above".to_owned());
        }
    }

    /// Turns a test that returned early, and so counted as passed, into a skipped one.
    pub(crate) fn returned_early(&mut self, skip: Skip) {
        self.passed = self.passed.saturating_sub(1);
        self.ignored += 1;
        self.skips.push(skip);
    }

    /// Tests and binaries that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    /// Did any test run at all?
    pub(crate) fn ran(&self) -> bool {
        self.passed + self.failed > 0
    }

    /// The last line of a run.
    pub(crate) fn summary(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.ignored)
    }
}

/// The numbers of a closing line.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// All tests that the line accounts for: also those only measured, not those filtered out.
    all: u64,
}

impl Counts {
    /// From what follows `test result: `, such as `ok. 3 passed; 0 failed; 1 ignored; …`.
    fn parse(text: &str) -> Option<Counts> {
        let (verdict, numbers) = text.split_once(". ")?;
        if !matches!(verdict, "ok" | "FAILED") {
            return None;
        }
        let mut counts = numbers.split(';').map(str::trim);
        let mut next = |word: &str| -> Option<u64> {
            let (number, what) = counts.next()?.split_once(' ')?;
            if what == word { number.parse().ok() } else { None }
        };
        let (passed, failed, ignored) = (next("passed")?, next("failed")?, next("ignored")?);
        Some(Counts { passed, failed, ignored, all: passed + failed + ignored + next("measured")? })
    }
}

/// How many tests a binary says it will run.
fn opening(line: &str) -> Option<u64> {
    let (number, what) = line.strip_prefix("running ")?.split_once(' ')?;
    if matches!(what, "test" | "tests") { number.parse().ok() } else { None }
}

/// Cargo's verdict on the binary before; in the middle of a line when the binary died in the middle of a test.
fn says_failed(line: &str) -> bool {
    let verdict = line.rsplit_once(" ... ").map_or(line, |(_, verdict)| verdict);
    verdict.starts_with("error: test failed, to rerun") || verdict.starts_with("error: doctest failed, to rerun")
}

/// The name of the test binary that cargo is about to run.
fn announced(line: &str) -> Option<&str> {
    if let Some(package) = line.strip_prefix("Doc-tests ") {
        return Some(package).filter(|package| !package.contains(' '));
    }
    // `Running unittests src/lib.rs (target/release/deps/parth_crypto-0123456789abcdef)`
    let (_, path) = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    let file = path.rsplit(['/', '\\']).next()?;
    let file = file.strip_suffix(".exe").unwrap_or(file);
    Some(file.rsplit_once('-').map_or(file, |(name, _)| name))
}

/// The line without the escape sequences that colour it.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            // Parameters end with one letter.
            Some('[') => drop(chars.by_ref().find(char::is_ascii_alphabetic)),
            // A character set is named by one character.
            Some('(') => drop(chars.next()),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, cargo_succeeded: bool) -> Tally {
        let mut tally = Tally::default();
        text.lines().for_each(|line| tally.line(line));
        tally.close(cargo_succeeded);
        tally
    }

    /// The output of one binary without the lines of single tests.
    fn closing(tests: u64, counts: &str) -> String {
        let tail = "0 measured; 0 filtered out; finished in 0.00s";
        format!(
            "     Running tests/a.rs (target/release/deps/a-01)\nrunning {tests} tests\ntest result: ok. {counts}; {tail}\n"
        )
    }

    const TWO_GOOD: &str = "
     Running unittests src/lib.rs (target/release/deps/parth_crypto-ff95fdd95f05efd4)

running 3 tests
test felt::tests::inverse ... ok
test hash::tests::sweep ... ignored, slow: the whole table
test felt::tests::sum ... ok

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests parth_crypto

running 1 test
test crates/crypto/src/lib.rs - (line 12) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
";

    #[test]
    fn results_of_several_binaries_are_added_up() {
        let tally = read(TWO_GOOD, true);
        assert_eq!(tally.summary(), "3 passed, 0 failed, 1 skipped");
        assert!(tally.ran() && tally.failures.is_empty());
        assert_eq!(
            tally.skips,
            [Skip {
                test: "parth_crypto: hash::tests::sweep".into(),
                need: Some("slow".into()),
                reason: "slow: the whole table".into()
            }]
        );
    }

    #[test]
    fn colours_change_nothing() {
        let text = "\u{1b}[1m\u{1b}[32m     Running\u{1b}[0m tests/all.rs (target/release/deps/all-0a)\n\
                    running 1 test\n\
                    test a ... \u{1b}[31mFAILED\u{1b}(B\u{1b}[m\n\
                    test result: \u{1b}[31mFAILED\u{1b}[m. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        let tally = read(text, false);
        assert_eq!(tally.summary(), "0 passed, 1 failed, 0 skipped");
        assert_eq!(tally.failures.iter().collect::<Vec<_>>(), ["all: a"]);
    }

    #[test]
    fn a_binary_that_dies_counts_as_one_failure_beside_those_that_closed() {
        let text = format!(
            "{TWO_GOOD}
     Running tests/kill.rs (target/release/deps/kill-0123)
running 2 tests
test a ... error: test failed, to rerun pass `-p parth-store --test kill`
  process didn't exit successfully: `kill-0123` (signal: 6, SIGABRT: process abort signal)
     Running tests/next.rs (target/release/deps/next-0123)
running 4 tests
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"
        );
        let tally = read(&text, false);
        assert_eq!(tally.summary(), "7 passed, 1 failed, 1 skipped");
        assert_eq!(tally.failures.iter().collect::<Vec<_>>(), ["kill: died before it could report"]);
    }

    #[test]
    fn a_binary_that_dies_after_it_reported_is_a_failure_too() {
        let text = format!("{}error: test failed, to rerun pass `-p a`\n", closing(2, "2 passed; 0 failed; 0 ignored"));
        assert_eq!(read(&text, false).summary(), "2 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_harness_of_its_own_is_no_test_whether_or_not_others_failed() {
        let own = "     Running tests/own.rs (target/release/deps/own-0123)\nall fine\n";
        assert!(!read(own, true).ran());
        let failing = closing(1, "0 passed; 1 failed; 0 ignored");
        let text = format!("{own}{failing}error: test failed, to rerun pass `-p a`\n");
        assert_eq!(read(&text, false).summary(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn what_a_failed_test_printed_is_not_counted() {
        let text = "     Running tests/a.rs (target/release/deps/a-01)
running 1 test
test a ... FAILED

---- a stdout ----
running 9 tests
test b ... ok
test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
error: test failed, to rerun pass `--test a`
";
        assert_eq!(read(text, false).summary(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_build_that_fails_is_a_failure_though_no_test_ran() {
        let tally = read("error: could not compile `parth-crypto` (lib test) due to 1 previous error\n", false);
        assert_eq!(tally.summary(), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn nothing_at_all_did_not_run() {
        assert!(!read("", true).ran());
    }

    #[test]
    fn a_test_that_returned_early_is_skipped_and_not_passed() {
        let mut tally = read(TWO_GOOD, true);
        tally.returned_early(Skip::new("redis_round_trip", "redis: no server"));
        assert_eq!(tally.summary(), "2 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn lines_that_only_look_like_results_are_not_counted() {
        for line in [
            "test result: maybe. 3 passed; 0 failed; 0 ignored; 0 measured",
            "test result: ok. three passed; 0 failed; 0 ignored; 0 measured",
            "test result: ok. 3 failed; 0 passed; 0 ignored; 0 measured",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured",
            "the test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured",
        ] {
            assert!(!read(&format!("running 3 tests\n{line}"), true).ran(), "{line}");
        }
    }

    #[test]
    fn reasons_in_free_text_name_no_need() {
        assert_eq!(Skip::new("t", "Not today: tired").need, None);
        assert_eq!(Skip::new("t", "no reason given").need, None);
        assert_eq!(Skip::new("t", "postgres: no server").need.as_deref(), Some("postgres"));
    }

    #[test]
    fn a_binary_is_named_after_its_file_without_the_hash() {
        assert_eq!(announced("Running unittests src/main.rs (target/release/deps/parth-0a1b)"), Some("parth"));
        assert_eq!(announced(r"Running tests\all.rs (target\release\deps\all-0a1b.exe)"), Some("all"));
        assert_eq!(announced("Doc-tests parth_crypto"), Some("parth_crypto"));
        assert_eq!(announced("Running out of words"), None);
    }
}
