//! Who may depend on whom.
//!
//! ```text
//! bin     parth
//! L4      testing (tests only)
//! L3      client prover | realm coordinator indexer market l1     left: proves;  right: verifies only, no circuits
//! L2      circuits      | store ← jobs   rpc
//! L1      contract → protocol ← proof
//! L0      crypto          runtime
//! ```
//!
//! A dependency goes down, or along one of the arrows drawn inside a layer; never up and never sideways. Roles meet in
//! `jobs` and `rpc`. Tests may use anything below, and `testing`.

use std::collections::BTreeSet;

use super::Finding;
use crate::workspace::Package;

/// Where one crate stands.
struct Place {
    name: &'static str,
    layer: u8,
    /// Never reaches `circuits`, not even through others.
    light: bool,
    /// Crates of the same layer that it may depend on.
    along: &'static [&'static str],
}

const fn place(name: &'static str, layer: u8, light: bool, along: &'static [&'static str]) -> Place {
    Place { name, layer, light, along }
}

/// Above every layer: binaries.
const BIN: u8 = 5;
/// Beside every layer: depends on nothing of ours.
const APART: &[&str] = &["xtask"];
/// Only tests may depend on it.
const TESTS_ONLY: &str = "parth-testing";
/// Must not be reached by light crates.
const HEAVY: &str = "parth-circuits";

/// Every crate of the workspace, present or planned.
const PLACES: &[Place] = &[
    place("parth-crypto", 0, true, &[]),
    place("parth-runtime", 0, true, &[]),
    place("parth-protocol", 1, true, &[]),
    place("parth-contract", 1, true, &["parth-protocol"]),
    place("parth-proof", 1, true, &["parth-protocol"]),
    place("parth-circuits", 2, false, &[]),
    place("parth-store", 2, true, &[]),
    place("parth-jobs", 2, true, &["parth-store"]),
    place("parth-rpc", 2, true, &[]),
    place("parth-client", 3, false, &[]),
    place("parth-prover", 3, false, &[]),
    place("parth-realm", 3, true, &[]),
    place("parth-coordinator", 3, true, &[]),
    place("parth-indexer", 3, true, &[]),
    place("parth-market", 3, true, &[]),
    place("parth-l1", 3, true, &[]),
    place("parth-testing", 4, false, &[]),
    place("parth", BIN, false, &[]),
];

/// The only crates that may name the proving library: everybody else goes through `proof`.
const NAMES_PROVING_LIBRARY: &[&str] = &["parth-proof", "parth-circuits"];

fn is_proving_library(name: &str) -> bool {
    name.starts_with("qp-plonky2") || name.starts_with("plonky2")
}

fn place_of(name: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == name)
}

/// Checks the arrows of all packages.
pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let mut refuse = |what: String| {
            findings.push(Finding::new(&format!("{} (manifest)", package.name), 0, what));
        };
        for dependency in &package.dependencies {
            if is_proving_library(&dependency.name) && !NAMES_PROVING_LIBRARY.contains(&package.name.as_str()) {
                refuse(format!(
                    "`{}` depends on `{}`: only {} may name the proving library",
                    package.name,
                    dependency.name,
                    NAMES_PROVING_LIBRARY.join(" and ")
                ));
            }
        }
        let ours = package.dependencies.iter().filter(|d| packages.iter().any(|p| p.name == d.name));
        if APART.contains(&package.name.as_str()) {
            for dependency in ours {
                refuse(format!("`{}` depends on `{}`: it stands apart from the layers", package.name, dependency.name));
            }
            continue;
        }
        let Some(from) = place_of(&package.name) else {
            refuse(format!("`{}` has no place in the layers: give it one in xtask/src/tidy/layers.rs", package.name));
            continue;
        };
        for dependency in ours {
            if let Some(why) = refusal(from, &dependency.name, dependency.dev) {
                let kind = if dependency.dev { "dev-depends" } else { "depends" };
                refuse(format!("`{}` {kind} on `{}`: {why}", package.name, dependency.name));
            }
        }
        if from.light && reaches_heavy(packages, &package.name, &mut BTreeSet::new()) {
            refuse(format!("`{}` reaches `{HEAVY}`: it verifies only and must not link circuits", package.name));
        }
    }
    findings
}

/// Why a crate must not depend on another of ours, if it must not.
fn refusal(from: &Place, to: &str, dev: bool) -> Option<String> {
    if to == TESTS_ONLY {
        return if dev { None } else { Some("it is for tests only".to_owned()) };
    }
    let Some(to) = place_of(to) else {
        return Some("it has no place in the layers".to_owned());
    };
    if to.layer < from.layer || (to.layer == from.layer && from.along.contains(&to.name)) {
        None
    } else if to.layer == from.layer {
        Some(format!("sideways in layer {}", from.layer))
    } else {
        Some(format!("upward, from layer {} to layer {}", from.layer, to.layer))
    }
}

fn reaches_heavy<'a>(packages: &'a [Package], name: &'a str, seen: &mut BTreeSet<&'a str>) -> bool {
    if !seen.insert(name) {
        return false;
    }
    let Some(package) = packages.iter().find(|package| package.name == name) else {
        return false;
    };
    package.dependencies.iter().any(|d| !d.dev && (d.name == HEAVY || reaches_heavy(packages, &d.name, seen)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    /// Packages from lines such as `parth-proof: parth-crypto, dev parth-testing`.
    fn packages(text: &str) -> Vec<Package> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, list) = line.split_once(':').expect("name: list");
                let dependencies = list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| {
                    let dev = word.strip_prefix("dev ");
                    Dependency { name: dev.unwrap_or(word).to_owned(), dev: dev.is_some() }
                });
                Package { name: name.to_owned(), dependencies: dependencies.collect() }
            })
            .collect()
    }

    fn complaints(text: &str) -> Vec<String> {
        check(&packages(text)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn the_design_itself_is_accepted() {
        let none: Vec<String> = Vec::new();
        assert_eq!(
            complaints(
                "parth-crypto: serde, dev proptest
                 parth-runtime: tokio
                 parth-protocol: parth-crypto
                 parth-contract: parth-protocol, parth-crypto
                 parth-proof: parth-crypto, parth-protocol, qp-plonky2
                 parth-circuits: parth-proof, parth-protocol, parth-contract, parth-crypto, qp-plonky2
                 parth-store: parth-protocol, parth-proof, dev parth-testing
                 parth-jobs: parth-proof
                 parth-client: parth-circuits, parth-jobs
                 parth-prover: parth-circuits, parth-jobs, parth-runtime
                 parth-realm: parth-store, parth-jobs, parth-contract, dev parth-circuits
                 parth-coordinator: parth-store, parth-jobs
                 parth-testing: parth-realm, parth-coordinator, parth-client, parth-prover
                 parth: parth-realm, parth-coordinator, parth-client, parth-prover, dev parth-testing
                 xtask: clap"
            ),
            none
        );
    }

    #[test]
    fn an_upward_arrow_is_refused_with_both_names() {
        assert_eq!(
            complaints("parth-crypto: parth-protocol\nparth-protocol:"),
            ["`parth-crypto` depends on `parth-protocol`: upward, from layer 0 to layer 1"]
        );
    }

    #[test]
    fn a_sideways_arrow_is_refused_with_both_names() {
        assert_eq!(
            complaints("parth-realm: parth-coordinator\nparth-coordinator:"),
            ["`parth-realm` depends on `parth-coordinator`: sideways in layer 3"]
        );
        assert_eq!(
            complaints("parth-protocol: parth-contract\nparth-contract:"),
            ["`parth-protocol` depends on `parth-contract`: sideways in layer 1"]
        );
    }

    #[test]
    fn tests_may_look_down_and_at_testing_only() {
        assert!(complaints("parth-crypto: dev parth-testing\nparth-testing:").is_empty());
        assert_eq!(
            complaints("parth-crypto: dev parth-proof\nparth-proof:"),
            ["`parth-crypto` dev-depends on `parth-proof`: upward, from layer 0 to layer 1"]
        );
    }

    #[test]
    fn only_tests_may_use_testing() {
        assert_eq!(
            complaints("parth: parth-testing\nparth-testing:"),
            ["`parth` depends on `parth-testing`: it is for tests only"]
        );
    }

    #[test]
    fn a_light_crate_reaches_no_circuits_by_whatever_way() {
        let found = complaints(
            "parth-realm: parth-store
             parth-store: parth-circuits
             parth-circuits:",
        );
        assert!(found.contains(
            &"`parth-realm` reaches `parth-circuits`: it verifies only and must not link circuits".to_owned()
        ));
        assert!(found.contains(&"`parth-store` depends on `parth-circuits`: sideways in layer 2".to_owned()));
    }

    #[test]
    fn only_proof_and_circuits_name_the_proving_library_even_in_tests() {
        let found = complaints("parth-prover: qp-plonky2\nparth-crypto: dev qp-plonky2-field");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|what| what.contains("proving library")));
    }

    #[test]
    fn a_crate_without_a_place_is_refused() {
        assert_eq!(
            complaints("parth-misc:"),
            ["`parth-misc` has no place in the layers: give it one in xtask/src/tidy/layers.rs"]
        );
    }

    #[test]
    fn xtask_stands_apart() {
        assert_eq!(complaints("xtask: parth-crypto\nparth-crypto:").len(), 1);
    }

    #[test]
    fn arrows_inside_a_layer_join_neighbours_that_exist() {
        for place in PLACES {
            for along in place.along {
                assert_eq!(place_of(along).map(|to| to.layer), Some(place.layer), "{} → {along}", place.name);
            }
        }
    }
}
