//! Any bytes as the source of a contract or of tests end in findings or a contract.
#![no_main]

// Shared with the tests of `parth-contract`, which run the same over changed examples on every build.
#[path = "../../crates/contract/tests/main/entry.rs"]
#[allow(dead_code)] // each target takes one of its functions
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::source(bytes));
