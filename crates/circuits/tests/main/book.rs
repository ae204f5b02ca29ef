//! The book of statements, in circuits: every rule circuit accepts exactly what its native statement accepts, with the
//! same header and children, and every cell of it is constrained.
//!
//! No proofs: the checker evaluates the constraints of the rules alone, on small trees.

use parth_circuits::statement::{RuleCircuit, StatementCircuit};
use parth_protocol::Rules;
use parth_protocol::plan::AnyStatement;
use parth_protocol::statement::Public;
use parth_testing::refuse::{Book, Refusal, Valid};

/// Calls `$visit::<S>(…)` with the statements of the book that are of each type `S`.
macro_rules! for_each_circuit {
    ($book:expr, $visit:ident, $out:expr, $($variant:ident),+) => {$(
        $visit(
            &$book.rules,
            $book.valid.iter().filter_map(|valid| match &valid.statement {
                AnyStatement::$variant(inputs) => Some((valid, &**inputs)),
                _ => None,
            }).collect(),
            $book.refusals.iter().filter_map(|refusal| match &refusal.statement {
                AnyStatement::$variant(inputs) => Some((refusal, &**inputs)),
                _ => None,
            }).collect(),
            $out,
        );
    )+};
    ($book:expr, $visit:ident, $out:expr) => {
        for_each_circuit!(
            $book, $visit, $out, SessionStart, SessionStartNewUser, SessionStep, SessionDeferredStep,
            SessionInlineStep, FirstTwoCalls, FirstTwoCallsNewUser,
            EndCap, SingleCall, SingleCallNewUser, SingleEndCap, TwoEndCaps, TwoGuta, LeftGutaRightEndCap, LeftEndCapRightGuta, ToCap, NoChange, RegisterUsers, DeployContracts,
            Unchanged, Fold, PartOne, BlockStart, Checkpoint
        )
    };
}

fn accept_and_refuse<S: StatementCircuit>(
    rules: &Rules,
    valid: Vec<(&Valid, &S)>,
    refusals: Vec<(&Refusal, &S)>,
    wrong: &mut Vec<String>,
) {
    let circuit = RuleCircuit::<S>::build(rules);
    let checker = circuit.checker();
    for (valid, statement) in &valid {
        let header = statement.apply(rules).expect("a valid statement applies");
        match circuit.check(&checker, statement) {
            Ok(outcome) if outcome.public != header.public_inputs() => {
                wrong.push(format!("{}: {}: another header than natively", S::CIRCUIT, valid.name));
            }
            Ok(outcome) if outcome.children != statement.children(rules) => {
                wrong.push(format!("{}: {}: other children than natively", S::CIRCUIT, valid.name));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("{}: {}: {error}", S::CIRCUIT, valid.name)),
        }
    }
    let mut refused = 0;
    for (refusal, statement) in &refusals {
        if refusal.native_only.is_some() {
            continue;
        }
        refused += 1;
        if circuit.check(&checker, statement).is_ok() {
            wrong.push(format!("{}: accepts: {} ({:?})", S::CIRCUIT, refusal.name, refusal.rule));
        }
    }
    println!("{}: {} valid, {refused} of {} refusals", S::CIRCUIT, valid.len(), refusals.len());
}

#[test]
fn every_circuit_accepts_and_refuses_what_its_native_statement_does() {
    let book = Book::small();
    let mut wrong = Vec::new();
    for_each_circuit!(book, accept_and_refuse, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Changes every cell of a circuit, for every valid statement, and collects what no constraint notices.
fn sweep<S: StatementCircuit>(
    rules: &Rules,
    valid: Vec<(&Valid, &S)>,
    _: Vec<(&Refusal, &S)>,
    unexplained: &mut Vec<String>,
) {
    let circuit = RuleCircuit::<S>::build(rules);
    let checker = circuit.checker();
    for (valid, statement) in valid {
        let mut trace = circuit.trace(&checker, statement).expect("a valid statement fills its circuit");
        for survivor in trace.sweep(1) {
            if !survivor.is_free_inverse {
                unexplained.push(format!("{}: {}: {survivor:?}", S::CIRCUIT, valid.name));
            }
        }
    }
}

#[test]
fn every_cell_of_every_circuit_is_constrained() {
    let book = Book::small();
    let mut unexplained = Vec::new();
    for_each_circuit!(book, sweep, &mut unexplained);
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
