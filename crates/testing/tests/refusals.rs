//! The book of statements, natively: what is valid applies, what is refused is refused by exactly its rule.

use std::collections::{BTreeMap, BTreeSet};

use parth_protocol::Rule;
use parth_protocol::circuit::CircuitId;
use parth_protocol::plan::AnyStatement;
use parth_testing::refuse::Book;

/// Rules that no input of a statement can break, because a proof carries them and `children` names it.
const BY_PROOF: [(Rule, &str); 3] = [
    (Rule::FunctionCircuit, "the step verifies the call proof against the fingerprint in the function leaf"),
    (Rule::PartOneCircuit, "the checkpoint holds the fingerprint of part one as a constant"),
    (Rule::Signature, "signature::schnorr proves it; the end cap takes its proof"),
];

#[test]
fn every_valid_statement_of_the_book_applies() {
    let book = Book::small();
    for valid in &book.valid {
        if let Err(reject) = valid.statement.apply(&book.rules) {
            panic!("{} ({}): {reject}", valid.name, valid.statement.circuit());
        }
    }
}

#[test]
fn every_refusal_of_the_book_is_refused_by_exactly_its_rule() {
    let book = Book::small();
    let wrong: Vec<String> = (book.refusals.iter())
        .filter_map(|refusal| match refusal.statement.apply(&book.rules) {
            Err(reject) if reject.rule == refusal.rule => None,
            Err(reject) => Some(format!("{}: {:?} instead of {:?}: {reject}", refusal.name, reject.rule, refusal.rule)),
            Ok(_) => Some(format!("{}: accepted", refusal.name)),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_refusal() {
    let book = Book::small();
    let refused: BTreeSet<Rule> = book.refusals.iter().map(|refusal| refusal.rule).collect();
    for &rule in Rule::ALL {
        let by_proof = BY_PROOF.iter().any(|&(other, _)| other == rule);
        assert_ne!(refused.contains(&rule), by_proof, "{rule:?}: a refusal, or a reason why there is none");
    }
}

#[test]
fn every_circuit_has_valid_statements_and_refusals() {
    let book = Book::small();
    for &circuit in CircuitId::ALL {
        if circuit == CircuitId::SignatureSchnorr {
            continue; // Has a book of its own, beside its rule.
        }
        assert!(book.valid.iter().any(|valid| valid.statement.circuit() == circuit), "{circuit}: nothing valid");
        let refused = book.refusals.iter().any(|refusal| refusal.statement.circuit() == circuit);
        // `global::unchanged` has no rule: part one checks which trees those are.
        assert_eq!(refused, circuit != CircuitId::GlobalUnchanged, "{circuit}");
    }
}

#[test]
fn no_two_entries_of_a_circuit_have_one_name_or_one_statement() {
    let book = Book::small();
    let mut names = BTreeSet::new();
    let mut statements = BTreeMap::new();
    let valid = book.valid.iter().map(|valid| (&valid.name, &valid.statement));
    let refused = book.refusals.iter().map(|refusal| (&refusal.name, &refusal.statement));
    for (name, statement) in valid.chain(refused) {
        assert!(names.insert((statement.circuit(), name)), "{name}: twice");
        let bytes = borsh::to_vec(statement).unwrap();
        let back: AnyStatement = borsh::from_slice(&bytes).unwrap();
        assert_eq!(&back, statement, "{name}: bytes round trip");
        if let Some(twin) = statements.insert(bytes, name) {
            panic!("{name} is the same statement as {twin}");
        }
    }
}
