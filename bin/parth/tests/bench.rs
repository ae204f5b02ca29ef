//! `parth bench`: every circuit proves with both provers, and the library verifies each proof.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use parth_protocol::CircuitId;
use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parth")).arg("bench").args(arguments).output().expect("parth runs")
}

#[test]
fn every_circuit_proves_with_both_provers_and_each_proof_verifies() {
    let output = bench(&["circuits", "--prover", "both", "--runs", "1", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(document["schema"], "parth/bench-circuits/1");
    let measured: BTreeSet<(&str, &str)> = document["circuits"]
        .as_array()
        .expect("circuits")
        .iter()
        .map(|row| (row["name"].as_str().expect("a name"), row["prover"].as_str().expect("a prover")))
        .collect();
    for circuit in CircuitId::ALL {
        for prover in ["stock", "own"] {
            assert!(measured.contains(&(circuit.name(), prover)), "{circuit} by {prover}: {measured:?}");
        }
    }
    let memory = document["memory"].as_array().expect("memory by class");
    assert_eq!(memory.len(), 8, "four classes by two provers: {memory:?}");
    let known = |peak: &Value| peak.as_u64().is_none_or(|peak| (50..4000).contains(&peak));
    assert!(memory.iter().all(|class| known(&class["peakMb"])), "{memory:?}");
}

#[test]
fn every_example_is_compiled_and_its_largest_function_becomes_a_circuit() {
    let output = bench(&["contracts", "--runs", "1", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(document["schema"], "parth/bench-contracts/1");
    let contracts = document["contracts"].as_array().expect("contracts");
    assert_eq!(contracts.len(), 6, "{contracts:?}");
    let positive = |value: &Value| value.as_f64().is_some_and(|value| value > 0.0);
    for contract in contracts {
        let measured = ["checkMs", "circuitMs", "rows"].iter().all(|field| positive(&contract[*field]));
        assert!(measured, "{contract:?}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused_by_name() {
    let refused = [
        (vec!["circuits", "--only", "guta::three_guta"], "no circuit has such a name"),
        (vec!["circuits", "--kernel", "avx1024"], "`avx1024` is not a kernel"),
        (vec!["circuits", "--threads", "0"], "invalid value '0'"),
    ];
    for (arguments, reason) in refused {
        let output = bench(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(reason), "{arguments:?}: {text}");
    }
}
