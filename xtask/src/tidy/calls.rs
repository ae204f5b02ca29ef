//! Words that only some modules may use.

use super::source;
use super::{File, Finding};

/// Words that stand for something dangerous, and where they may stand all the same.
struct Rule {
    /// Words or paths; one that ends with `*` means every word that starts so.
    words: &'static [&'static str],
    /// Where the rule holds: starts of paths. Empty: everywhere.
    within: &'static [&'static str],
    /// Where the words may stand: starts of paths.
    allowed: &'static [&'static str],
    /// Tests may use them.
    tests_may: bool,
    /// Why not elsewhere.
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["unsafe"],
        within: &[],
        allowed: &["crates/crypto/src/poseidon/kernels", "crates/proof/src/kernels"],
        tests_may: false,
        why: "unsafe code lives in the two kernel modules only, with a safety comment and a scalar twin test",
    },
    Rule {
        words: &["hash_no_pad", "hash_or_noop", "hash_pad", "two_to_one", "hash_n_to_hash*", "hash_n_to_m*"],
        within: &[],
        // The checker of constraints recomputes the library's own digest of the public inputs.
        allowed: &["crates/proof/", "crates/circuits/tests/", "crates/circuits/src/checker"],
        tests_may: false,
        why: "the proving library's hashes carry no domain of ours: use crypto::{hash, node} or their gadgets",
    },
    Rule {
        words: &["permute", "permute_many", "permute_lanes", "mds_lanes"],
        within: &[],
        allowed: &["crates/crypto/", "crates/proof/", "crates/circuits/"],
        tests_may: false,
        why: "only the domain-separated hashes call the bare permutation",
    },
    Rule {
        words: &["add_virtual_bool_target_unsafe"],
        within: &[],
        allowed: &[],
        tests_may: false,
        why: "a bit that a prover supplies must be constrained to be one: use the safe bool target",
    },
    Rule {
        words: &["conditionally_verify*", "dummy_proof*", "dummy_circuit", "cyclic_base_proof"],
        within: &[],
        allowed: &[],
        tests_may: false,
        why: "chains start with a start circuit of their class; a dummy proof could become a master key",
    },
    Rule {
        words: &["standard_recursion_zk_config"],
        within: &[],
        allowed: &[],
        tests_may: false,
        why: "no circuit is in the library's zero-knowledge mode: validity, not privacy",
    },
    Rule {
        words: &["SystemTime", "Instant", "thread_rng", "OsRng", "async", "std::net"],
        within: &["crates/crypto/src", "crates/protocol/src", "crates/contract/src", "crates/circuits/src"],
        // The parser of contracts refuses functions with that keyword.
        allowed: &["crates/contract/src/dapen/parse"],
        tests_may: true,
        why: "the pure core has no clock, no randomness of its own and no async: callers pass values in",
    },
    Rule {
        words: &["std::fs", "std::env"],
        within: &["crates/crypto/src", "crates/protocol/src", "crates/contract/src"],
        allowed: &[],
        tests_may: true,
        why: "the pure core does no IO: callers pass bytes in",
    },
];

/// Checks one Rust file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let code = source::code(&file.text);
    let tests_start = source::tests_start(&code).unwrap_or(usize::MAX);
    let is_test_file = is_test_file(&file.path);
    let within = |places: &[&str]| places.iter().any(|place| file.path.starts_with(place));
    let mut findings = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.within.is_empty() || within(rule.within)) {
        if within(rule.allowed) || (rule.tests_may && is_test_file) {
            continue;
        }
        for word in rule.words {
            let lines = source::lines_with(&code, word);
            for line in lines.into_iter().filter(|&line| !(rule.tests_may && line >= tests_start)) {
                findings.push(Finding::new(&file.path, line, format!("`{word}`: {}", rule.why)));
            }
        }
    }
    findings
}

/// Files that hold nothing but tests: whole folders of them, and test modules in files of their own.
fn is_test_file(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let test_folder = folders.split('/').any(|folder| folder == "tests" || folder == "benches");
    test_folder || name == "tests.rs" || name.ends_with("_tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&File { path: path.to_owned(), text: text.to_owned() }).into_iter().map(|f| f.line).collect()
    }

    #[test]
    fn unsafe_stays_in_the_kernels() {
        let text = "// unsafe here is a word\nunsafe { f() }\n#![allow(unsafe_code)]\n";
        assert_eq!(lines("crates/store/src/lib.rs", text), [2]);
        assert!(lines("crates/crypto/src/poseidon/kernels/avx2.rs", text).is_empty());
        assert!(lines("crates/proof/src/kernels.rs", text).is_empty());
        assert_eq!(lines("crates/proof/src/verify.rs", text), [2]);
    }

    #[test]
    fn the_librarys_own_hashes_stay_in_proof() {
        let text = "let a = builder.hash_n_to_hash_no_pad::<H>(x);\nlet b = H::two_to_one(l, r);\n";
        assert_eq!(lines("crates/circuits/src/gadgets/hash.rs", text), [2, 1]);
        assert!(lines("crates/circuits/tests/agree.rs", text).is_empty());
        assert!(lines("crates/proof/src/fingerprint.rs", text).is_empty());
    }

    #[test]
    fn the_bare_permutation_has_few_callers() {
        assert_eq!(lines("crates/realm/src/edge.rs", "permute(&mut state);"), [1]);
        assert!(lines("crates/crypto/src/hash.rs", "permute(&mut state);").is_empty());
    }

    #[test]
    fn unchecked_bits_and_dummy_proofs_are_nowhere() {
        assert_eq!(lines("crates/circuits/tests/a.rs", "b.add_virtual_bool_target_unsafe()"), [1]);
        assert_eq!(lines("crates/proof/src/a.rs", "b.conditionally_verify_cyclic_proof_or_dummy::<C>()"), [1]);
        assert!(lines("crates/proof/src/a.rs", "b.add_virtual_bool_target_safe()").is_empty());
    }

    #[test]
    fn the_pure_core_has_no_clock_outside_its_tests() {
        let text = "use std::time::Instant;\n#[cfg(test)]\nmod tests {\n    use std::time::Instant;\n}\n";
        assert_eq!(lines("crates/protocol/src/plan.rs", text), [1]);
        assert!(lines("crates/protocol/tests/all.rs", text).is_empty());
        assert!(lines("crates/protocol/src/plan_tests.rs", text).is_empty());
        assert!(lines("crates/realm/src/edge.rs", text).is_empty());
    }
}
