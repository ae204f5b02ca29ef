//! Sources and code that were correct once, changed word by word: the same entry points as the targets of `fuzz/`.
//!
//! `PARTH_HOSTILE_SEED` repeats or varies a run, `PARTH_HOSTILE_TEXTS` says how many cases it has.

use std::time::{Duration, Instant};

use parth_contract::dapen::{self, Options};

use super::entry;
use super::hostile::{Numbers, SEEDS, TOKENS};

/// Only a case that hangs takes so long, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(30);

const TESTS: [&str; 2] = [
    include_str!("../../../../examples/counter.test.dapen.ts"),
    include_str!("../../../../examples/token.test.dapen.ts"),
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs cases from a seed; a case that fails or hangs says how to repeat it.
fn cases(salt: u64, default: u64, mut case: impl FnMut(&mut Numbers) -> Vec<u8>, entry: fn(&[u8])) {
    let seed = number("PARTH_HOSTILE_SEED", 1);
    println!("PARTH_HOSTILE_SEED={seed}");
    let mut numbers = Numbers(seed ^ salt);
    for at in 0..number("PARTH_HOSTILE_TEXTS", default) {
        let bytes = case(&mut numbers);
        let start = Instant::now();
        let survived = std::panic::catch_unwind(|| entry(&bytes));
        let text = String::from_utf8_lossy(&bytes);
        assert!(survived.is_ok(), "case {at} of PARTH_HOSTILE_SEED={seed} panics:\n{text}");
        assert!(start.elapsed() < PATIENCE, "case {at} of PARTH_HOSTILE_SEED={seed} hangs:\n{text}");
    }
}

/// Words, numbers, strings, signs and the space between them.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            1
        } else if c.is_whitespace() {
            2
        } else {
            0
        }
    };
    let mut last = 0;
    for c in text.chars() {
        let this = class(c);
        match words.last_mut() {
            Some(word) if this != 0 && this == last => word.push(c),
            _ => words.push(c.to_string()),
        }
        last = this;
    }
    words
}

const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "2",
    "255",
    "256",
    "4294967295",
    "4294967296",
    "4611686018427387903",
    "4611686018427387904",
    "18446744069414584321",
    "18446744073709551616",
    "0x10",
];
const TYPES: [&str; 12] = [
    "u8",
    "u32",
    "u64",
    "bool",
    "felt",
    "hash",
    "UserId",
    "CheckpointId",
    "Arr<u64, 3>",
    "Arr<Arr<u8, 2>, 70000>",
    "Sent",
    "Token",
];
const AROUND: [(&str, &str); 8] = [
    ("(", ")"),
    ("[", "]"),
    ("{ ", " }"),
    ("if (true) { ", " }"),
    ("for (let i = 0; i < 3; i++) { ", " }"),
    ("!", ""),
    ("u64(", ")"),
    ("copy(", ")"),
];
const STRANGE: [&str; 10] =
    ["é", "\u{2028}", "\u{feff}", "\u{202e}", "\r\n", "\t", "\u{0}", "😀", "\\u0061", "\u{1b}[31m"];

/// One change as people and tools make them: a word gone, twice, moved, nested, another number, another type.
fn change(words: &mut Vec<String>, numbers: &mut Numbers) {
    let at = numbers.below(words.len());
    let pick = |list: &[&str], numbers: &mut Numbers| list[numbers.below(list.len())].to_owned();
    let length = 1 + numbers.below(12);
    let end = (at + length).min(words.len());
    match numbers.below(9) {
        0 => drop(words.drain(at..end)),
        1 => {
            let piece: Vec<String> = words[at..end].to_vec();
            let to = numbers.below(words.len());
            words.splice(to..to, piece);
        }
        2 => {
            let (left, right) = AROUND[numbers.below(AROUND.len())];
            let times = 1 + numbers.below(60);
            words.insert(end, right.repeat(times));
            words.insert(at, left.repeat(times));
        }
        3 => {
            let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
            let found = words.iter().skip(at).position(is_number).map_or(at, |found| at + found);
            words[found] = pick(&NUMBERS, numbers);
        }
        4 => {
            let is_type = |word: &String| TYPES.contains(&word.as_str());
            let found = words.iter().skip(at).position(is_type).map_or(at, |found| at + found);
            words[found] = pick(&TYPES, numbers);
        }
        5 => words.insert(at, pick(&STRANGE, numbers)),
        6 => words[at] = pick(&TOKENS, numbers),
        7 => {
            let other = numbers.below(words.len());
            words.swap(at, other);
        }
        _ => {
            let piece = words[at..end].concat();
            words.insert(at, piece.repeat(1 + numbers.below(40)));
        }
    }
    if words.is_empty() {
        words.push(";".to_owned());
    }
}

#[test]
fn sources_changed_word_by_word_end_in_findings_or_a_contract() {
    let all: Vec<Vec<String>> = SEEDS.iter().chain(&TESTS).map(|text| words(text)).collect();
    let case = |numbers: &mut Numbers| {
        let mut words = all[numbers.below(all.len())].clone();
        for _ in 0..=numbers.below(3) {
            change(&mut words, numbers);
        }
        words.concat().into_bytes()
    };
    cases(0x51, 3000, case, entry::source);
}

#[test]
fn code_changed_byte_by_byte_is_refused_or_runs() {
    let files = super::dapen::files();
    let all: Vec<Vec<u8>> = files
        .keys()
        .filter_map(|path| dapen::compile(&files, path, &Options::default()).compiled)
        .map(|compiled| compiled.contract.to_bytes())
        .collect();
    assert!(all.len() > 2);
    let case = |numbers: &mut Numbers| {
        let mut bytes = all[numbers.below(all.len())].clone();
        for _ in 0..=numbers.below(3) {
            let (at, length) = (numbers.below(bytes.len()), 1 + numbers.below(8));
            let end = (at + length).min(bytes.len());
            match numbers.below(6) {
                0 => bytes[at] ^= 1 << numbers.below(8),
                1 => bytes[at] = [0, 1, 2, 127, 128, 255][numbers.below(6)],
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 => bytes[at..end].fill(255),
                _ => bytes.truncate(at + 1),
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        bytes
    };
    cases(0xc0de, 3000, case, entry::code);
}
