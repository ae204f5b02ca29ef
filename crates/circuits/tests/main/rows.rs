//! The row budget: every circuit fits its class with rows to spare.
//!
//! Two verified nodes take almost all of 2^13 rows, and one row too many doubles the cost of every proof of a kind
//! (design/proving.md, "Row budget"). Counting places gates and builds nothing, so this is the early, cheap test; the
//! exact rows of the built circuits are pinned elsewhere.

use parth_circuits::statement::{Skeleton, StatementCircuit};
use parth_protocol::block::checkpoint::Checkpoint;
use parth_protocol::block::part_one::PartOne;
use parth_protocol::block::start::Start as BlockStart;
use parth_protocol::global::deploy_contracts::DeployContracts;
use parth_protocol::global::fold::Fold;
use parth_protocol::global::register_users::RegisterUsers;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::guta::left_end_cap_right_guta::LeftEndCapRightGuta;
use parth_protocol::guta::left_guta_right_end_cap::LeftGutaRightEndCap;
use parth_protocol::guta::no_change::NoChange;
use parth_protocol::guta::single_end_cap::SingleEndCap;
use parth_protocol::guta::to_cap::ToCap;
use parth_protocol::guta::two_end_caps::TwoEndCaps;
use parth_protocol::guta::two_guta::TwoGuta;
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::session::end_cap::EndCap;
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::inline_step::InlineStep;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::signature::Schnorr;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rules};

/// Free rows that every circuit must keep.
const SPARE: usize = 20;

/// Counts the rows of one circuit.
fn count<S: StatementCircuit>(rules: &Rules, over: &mut Vec<CircuitId>) {
    let rows = Skeleton::<S>::new(rules).rows();
    println!("{}: {rows} rows of {}", S::CIRCUIT, S::CLASS.rows());
    if rows + SPARE > S::CLASS.rows() {
        over.push(S::CIRCUIT);
    }
}

#[test]
fn every_circuit_fits_its_class_with_rows_to_spare() {
    let rules = Rules::new(Profile::STANDARD, &CircuitSet::stand_in());
    let mut over = Vec::new();
    count::<Schnorr>(&rules, &mut over);
    count::<Start>(&rules, &mut over);
    count::<StartNewUser>(&rules, &mut over);
    count::<Step>(&rules, &mut over);
    count::<DeferredStep>(&rules, &mut over);
    count::<InlineStep>(&rules, &mut over);
    count::<FirstTwoCalls>(&rules, &mut over);
    count::<FirstTwoCallsNewUser>(&rules, &mut over);
    count::<EndCap>(&rules, &mut over);
    count::<SingleCall>(&rules, &mut over);
    count::<SingleCallNewUser>(&rules, &mut over);
    count::<SingleEndCap>(&rules, &mut over);
    count::<TwoEndCaps>(&rules, &mut over);
    count::<TwoGuta>(&rules, &mut over);
    count::<LeftGutaRightEndCap>(&rules, &mut over);
    count::<LeftEndCapRightGuta>(&rules, &mut over);
    count::<ToCap>(&rules, &mut over);
    count::<NoChange>(&rules, &mut over);
    count::<RegisterUsers>(&rules, &mut over);
    count::<DeployContracts>(&rules, &mut over);
    count::<Unchanged>(&rules, &mut over);
    count::<Fold>(&rules, &mut over);
    count::<PartOne>(&rules, &mut over);
    count::<BlockStart>(&rules, &mut over);
    count::<Checkpoint>(&rules, &mut over);
    assert!(over.is_empty(), "too few free rows: {over:?}");
}
