//! Any bytes as the code of a contract are refused, or run without a panic.
#![no_main]

// Shared with the tests of `parth-contract`, which run the same over changed code on every build.
#[path = "../../crates/contract/tests/main/entry.rs"]
#[allow(dead_code)] // each target takes one of its functions
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::code(bytes));
