//! One refused call a rule: whatever the interpreter would not do has no witness.

use super::*;
use parth_contract::opening::{Opening, SlotOpening};
use parth_crypto::{Domain, hash};
use parth_protocol::ids::{EventCount, MethodId};

/// User 1 sends 300 to user 2.
fn send() -> (Sandbox, Execution) {
    let chain = chain_of(Profile::SMALL, contracts());
    let mut session = chain.open(user(1)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "send", &felts(&[2, 300])).unwrap();
    (chain, execution)
}

/// User 2 claims 300 from user 1.
fn claim() -> (Sandbox, CallWitness) {
    let (mut chain, _) = send();
    call(&mut chain, 1, SYSTEM, "send", &[2, 300]).unwrap();
    chain.advance(Time::constant(1)).unwrap();
    let mut session = chain.open(user(2)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "claim", &felts(&[1])).unwrap();
    (chain, execution.witness)
}

/// The same call with other inputs, their digest set right.
fn with_inputs(witness: &CallWitness, inputs: &[u64]) -> CallWitness {
    let inputs = felts(inputs);
    let mut witness = witness.clone();
    witness.call.inputs = hash(Domain::Inputs, &inputs);
    witness.inputs = inputs;
    witness
}

fn slot(witness: &mut CallWitness, own: bool) -> &mut SlotOpening {
    let mut found = witness.openings.iter_mut().filter_map(|opening| match opening {
        Opening::Own(opening) if own => Some(opening),
        Opening::Slot(opening) if !own => Some(opening),
        _ => None,
    });
    found.next().unwrap()
}

#[test]
fn a_send_that_breaks_a_rule_has_no_witness() {
    let (_, execution) = send();
    let (compiled, honest) = (compiled(SYSTEM, "send"), execution.witness);
    assert!(compiled.agree(&honest));
    // Overdrawn; nothing; more than 62 bits; to a number that is no user id.
    for inputs in [[2, 1001], [2, 0], [2, 1 << 62], [2, Felt::ORDER - 1], [1 << 32, 300], [(1 << 32) + 2, 300]] {
        compiled.refusal(&with_inputs(&honest, &inputs));
    }
    let mut poorer = honest.clone();
    poorer.balance = Amount::constant(299);
    compiled.refusal(&poorer);
    let mut other_contract = honest.clone();
    other_contract.call.contract = COUNTER;
    compiled.refusal(&other_contract);
}

#[test]
fn a_send_to_oneself_or_to_nobody_has_no_witness_even_with_the_right_openings() {
    let (chain, execution) = send();
    // User 2 has never used the contract either, so that an opening of its slot of any receiver is that of user 1.
    let session = chain.open(user(2)).unwrap();
    let compiled = compiled(SYSTEM, "send");
    let mut witness = execution.witness;
    assert!(compiled.agree(&with_inputs(&witness, &[2, 300])));
    for to in [0, 1] {
        let empty = SlotOpening::empty(parth_protocol::ids::StateHeight::constant(system::STATE_HEIGHT));
        *slot(&mut witness, true) = empty;
        compiled.refusal(&with_inputs(&witness, &[to, 300]));
    }
    witness.session = session.session().start.clone();
    assert!(compiled.agree(&with_inputs(&witness, &[1, 300])));
    compiled.refusal(&with_inputs(&witness, &[2, 300]));
}

#[test]
fn another_word_sibling_root_or_count_has_no_witness() {
    let (chain, honest) = claim();
    let compiled = compiled(SYSTEM, "claim");
    assert!(compiled.agree(&honest));
    for own in [true, false] {
        let mut witness = honest.clone();
        slot(&mut witness, own).word = Digest::from([250, 0, 0, 0]); // another old total; more to claim
        compiled.refusal(&witness);
        for level in [0, 17, 33] {
            let mut witness = honest.clone();
            slot(&mut witness, own).siblings[level] = nowhere();
            compiled.refusal(&witness);
        }
        let mut witness = honest.clone();
        slot(&mut witness, own).siblings.pop();
        compiled.refusal(&witness);
    }
    let mut witness = honest.clone();
    witness.state = nowhere();
    compiled.refusal(&witness);
    let mut witness = honest.clone();
    witness.openings.pop();
    compiled.refusal(&witness);
    assert_eq!(chain.profile(), &Profile::SMALL);
}

#[test]
fn a_claim_opens_the_right_user_of_the_right_checkpoint() {
    let (chain, honest) = claim();
    let compiled = compiled(SYSTEM, "claim");
    // From a user who sent nothing, with the openings of the one who did.
    compiled.refusal(&with_inputs(&honest, &[3]));
    let change = |change: &dyn Fn(&mut parth_contract::opening::StateOpening)| {
        let mut witness = honest.clone();
        for opening in &mut witness.openings {
            if let Opening::State(state) = opening {
                change(state);
            }
        }
        compiled.refusal(&witness);
    };
    change(&|state| state.user = None);
    change(&|state| state.state = Digest::ZERO);
    change(&|state| state.state = nowhere());
    change(&|state| state.user_path.0[0] = nowhere());
    change(&|state| state.state_path.0[1] = nowhere());
    change(&|state| {
        state.user_path.0.pop();
    });
    change(&|state| state.user.as_mut().unwrap().balance = Amount::constant(1));
    // Another checkpoint leaf than the session's anchor.
    let mut witness = honest.clone();
    witness.anchor = chain.checkpoint_leaf(parth_protocol::ids::CheckpointId::ZERO).cloned();
    compiled.refusal(&witness);
    let mut witness = honest.clone();
    witness.anchor = None;
    compiled.refusal(&witness);
}

#[test]
fn nothing_to_claim_has_no_witness() {
    let (mut chain, _) = claim();
    call(&mut chain, 2, SYSTEM, "claim", &[1]).unwrap();
    chain.advance(Time::constant(2)).unwrap();
    // The openings of a claim of nothing, recorded by a claim_many that has another sender beside it.
    call(&mut chain, 4, SYSTEM, "send", &[2, 5]).unwrap();
    chain.advance(Time::constant(3)).unwrap();
    let mut session = chain.open(user(2)).unwrap();
    let mut inputs = vec![0u64; system::CLAIM_MANY];
    inputs[..2].copy_from_slice(&[1, 4]);
    let execution = chain.call(&mut session, SYSTEM, "claim_many", &felts(&inputs)).unwrap();
    let claim_many = compiled(SYSTEM, "claim_many");
    assert!(claim_many.agree(&execution.witness));
    let mut witness = with_inputs(&execution.witness, &[1]);
    let method = compiled(SYSTEM, "claim").function.method();
    witness.call.method = method;
    witness.call.inputs_length = parth_protocol::ids::Length::constant(1);
    witness.openings.truncate(3);
    compiled(SYSTEM, "claim").refusal(&witness);
    // The same from nobody at all.
    inputs[..2].copy_from_slice(&[0, 0]);
    claim_many.refusal(&with_inputs(&execution.witness, &inputs));
}

#[test]
fn what_a_proof_says_is_tied_to_its_inputs() {
    let (_, execution) = send();
    let compiled = compiled(SYSTEM, "send");
    let checker = compiled.rules.checker();
    let (honest, _) = compiled.rules.check(&checker, &execution.witness).unwrap();
    // Changing what the call starts from changes what its proof says, as it does natively.
    let mut witness = execution.witness.clone();
    witness.proofs = nowhere();
    witness.user_contracts = nowhere();
    witness.events_before = EventCount::constant(7);
    assert!(compiled.agree(&witness));
    assert_ne!(compiled.rules.check(&checker, &witness).unwrap().0, honest);
    // The method is part of the circuit, whatever the witness says.
    let mut witness = execution.witness.clone();
    witness.call.method = MethodId::constant(witness.call.method.get() ^ 1);
    assert!(compiled.apply(&witness).is_err());
    assert_eq!(compiled.rules.check(&checker, &witness).unwrap().0, honest);
    // Another output, write or event in place of the computed one breaks a constraint.
    let context = compiled.rules.context();
    let said = [context.outputs.0[0], context.new_state.0[3], context.events.0[1], context.slots, context.balance_out];
    for target in said {
        let mut trace = compiled.rules.trace(&checker, &execution.witness).unwrap();
        assert!(trace.violations().is_empty());
        let value = trace.get(target);
        trace.set(target, value + Felt::ONE);
        assert!(!trace.violations().is_empty());
    }
}
