//! The statement of one call refuses every witness that is not the one of an execution.

use super::*;
use parth_contract::CallWitness;
use parth_contract::opening::{BadOpening, Opening, SlotOpening};
use parth_protocol::ids::MethodId;

/// User 2 claims 300 from user 1: a read of another user, a read and a write of the own state.
fn claim() -> (Sandbox, Execution) {
    let mut chain = chain();
    call(&mut chain, 1, SYSTEM, "send", &[2, 300]);
    checkpoint(&mut chain);
    let mut session = chain.open(user(2)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "claim", &felts(&[1])).unwrap();
    (chain, execution)
}

fn apply(chain: &Sandbox, witness: &CallWitness) -> Result<(), ExecError> {
    let function = chain.code(SYSTEM).unwrap().function("claim").unwrap();
    witness.apply(chain.profile(), function).map(|_| ())
}

fn slot(witness: &mut CallWitness, position: usize) -> &mut SlotOpening {
    match &mut witness.openings[position] {
        Opening::Own(opening) | Opening::Slot(opening) => opening,
        other => panic!("{other:?}"),
    }
}

fn root_error(error: ExecError) -> bool {
    matches!(error, ExecError::Opening(BadOpening::Root { .. }))
}

#[test]
fn the_witness_of_an_execution_gives_the_same_result() {
    let (chain, execution) = claim();
    let function = chain.code(SYSTEM).unwrap().function("claim").unwrap();
    let outcome = execution.witness.apply(chain.profile(), function).unwrap();
    assert_eq!((&outcome.context, &outcome.outputs), (&execution.context, &execution.outputs));
    assert_eq!((&outcome.events, &outcome.writes), (&execution.events, &execution.writes));
    let bytes = borsh::to_vec(&execution.witness).unwrap();
    assert_eq!(borsh::from_slice::<CallWitness>(&bytes).unwrap(), execution.witness);
}

#[test]
fn another_word_or_sibling_is_refused() {
    let (chain, execution) = claim();
    let honest = execution.witness;
    assert_eq!(honest.openings.len(), 3, "a state, a word of it, an own word");
    let own = honest.openings.iter().position(|opening| matches!(opening, Opening::Own(_))).unwrap();
    let frozen = honest.openings.iter().position(|opening| matches!(opening, Opening::Slot(_))).unwrap();
    for position in [own, frozen] {
        let mut witness = honest.clone();
        slot(&mut witness, position).word = Digest::from([299, 0, 0, 0]);
        assert!(root_error(apply(&chain, &witness).unwrap_err()));
        for level in 0..34 {
            let mut witness = honest.clone();
            slot(&mut witness, position).siblings[level].0[3] += Felt::ONE;
            assert!(root_error(apply(&chain, &witness).unwrap_err()));
        }
        let mut witness = honest.clone();
        slot(&mut witness, position).siblings.pop();
        assert!(matches!(apply(&chain, &witness), Err(ExecError::Opening(BadOpening::Siblings { .. }))));
    }
}

#[test]
fn another_users_state_is_refused_as_the_senders_and_as_the_own() {
    let (chain, execution) = claim();
    let honest = execution.witness;
    let mut witness = honest.clone();
    for opening in &mut witness.openings {
        if let Opening::State(state) = opening {
            state.state = Digest::from([7, 7, 7, 7]);
        }
    }
    assert!(root_error(apply(&chain, &witness).unwrap_err()));
    let mut witness = honest.clone();
    for opening in &mut witness.openings {
        if let Opening::State(state) = opening {
            state.user = None;
        }
    }
    assert!(root_error(apply(&chain, &witness).unwrap_err()));
    let mut witness = honest.clone();
    witness.state = chain.code(SYSTEM).unwrap().empty_state().root();
    assert!(apply(&chain, &witness).is_ok(), "user 2 never used the contract, so this is its state");
    witness.state = Digest::from([1, 2, 3, 4]);
    assert!(root_error(apply(&chain, &witness).unwrap_err()));
}

#[test]
fn another_anchor_call_or_list_of_openings_is_refused() {
    let (chain, execution) = claim();
    let honest = execution.witness;
    let mut witness = honest.clone();
    witness.anchor.as_mut().unwrap().users = Digest::from([1, 2, 3, 4]);
    assert!(matches!(apply(&chain, &witness), Err(ExecError::Anchor { .. })));
    witness.anchor = None;
    assert_eq!(apply(&chain, &witness), Err(ExecError::NoAnchor));
    let mut witness = honest.clone();
    witness.call.method = MethodId::constant(witness.call.method.get() ^ 1);
    assert!(matches!(apply(&chain, &witness), Err(ExecError::Call { part: "method", .. })));
    let mut witness = honest.clone();
    witness.inputs[0] += Felt::ONE;
    assert!(matches!(apply(&chain, &witness), Err(ExecError::Call { part: "inputs digest", .. })));
    let mut witness = honest.clone();
    let last = witness.openings.pop().unwrap();
    assert!(matches!(apply(&chain, &witness), Err(ExecError::Opening(BadOpening::Missing { .. }))));
    witness.openings.extend([last.clone(), last]);
    assert!(matches!(apply(&chain, &witness), Err(ExecError::Opening(BadOpening::Extra { .. }))));
}
