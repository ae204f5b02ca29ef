//! Reads of other users, other contracts and older checkpoints.

use super::*;
use parth_contract::builder::{ContractBuilder, kind};
use parth_protocol::ids::{CheckpointId, StateHeight};

/// A contract that reports what it can see of Counter (contract 1) and of its own slot 0.
fn viewer() -> Contract {
    let mut contract = ContractBuilder::new("Viewer", 4);
    contract.function("set", |f| {
        let (value, slot) = (f.input::<kind::U64>("value"), f.slot(0));
        f.write_u64(slot, value);
    });
    contract.view("own_of", |f| {
        let of = f.input::<kind::U32>("of");
        let (state, slot) = (f.of(of), f.slot(0));
        let value = f.read_u64_of(state, slot);
        f.output("value", value);
    });
    contract.view("count_of", |f| {
        let (of, counter) = (f.input::<kind::U32>("of"), f.u32(1));
        let state = f.of_other(counter, StateHeight::constant(1), of, None);
        let slot = f.slot(0);
        let value = f.read_u64_of(state, slot);
        f.output("value", value);
    });
    contract.view("wrong_height", |f| {
        let (of, counter) = (f.input::<kind::U32>("of"), f.u32(1));
        let state = f.of_other(counter, StateHeight::constant(2), of, None);
        let slot = f.slot(0);
        let value = f.read_u64_of(state, slot);
        f.output("value", value);
    });
    contract.view("count_of_at", |f| {
        let (of, at, counter) = (f.input::<kind::U32>("of"), f.input::<kind::U32>("at"), f.u32(1));
        let at = f.at(at);
        let state = f.of_other(counter, StateHeight::constant(1), of, Some(at));
        let slot = f.slot(0);
        let value = f.read_u64_of(state, slot);
        f.output("value", value);
        let time = f.time_of(at);
        f.output("time", time);
    });
    contract.view("context", |f| {
        let (user, contract, caller, nonce) = (f.user(), f.contract(), f.caller(), f.nonce());
        let (checkpoint, time, balance) = (f.checkpoint(), f.time(), f.balance());
        f.output("user", user);
        f.output("contract", contract);
        f.output("caller", caller);
        f.output("nonce", nonce);
        f.output("checkpoint", checkpoint);
        f.output("time", time);
        f.output("balance", balance);
    });
    contract.function("set_at", |f| {
        let (index, value) = (f.input::<kind::U64>("index"), f.input::<kind::U64>("value"));
        f.write_u64(index, value);
    });
    contract.build().unwrap()
}

const VIEWER: ContractId = ContractId::constant(2);

fn viewers_chain() -> Sandbox {
    chain_of(vec![system_contract::contract(), counter::contract(), viewer()])
}

fn outputs(chain: &Sandbox, by: u32, function: &str, inputs: &[u64]) -> Vec<u64> {
    let mut session = chain.open(user(by)).unwrap();
    let execution = chain.call(&mut session, VIEWER, function, &felts(inputs)).unwrap();
    execution.outputs.iter().map(|felt| felt.as_u64()).collect()
}

#[test]
fn a_read_sees_the_anchor_and_nothing_later() {
    let mut chain = viewers_chain();
    call(&mut chain, 1, COUNTER, "increment", &[5]);
    assert_eq!(outputs(&chain, 2, "count_of", &[1]), [0]);
    chain.advance(Time::constant(70)).unwrap();
    assert_eq!(outputs(&chain, 2, "count_of", &[1]), [5]);
}

#[test]
fn an_older_checkpoint_shows_its_own_state_and_time() {
    let mut chain = viewers_chain();
    for (by, time) in [(5, 70), (6, 80), (7, 90)] {
        call(&mut chain, 1, COUNTER, "increment", &[by]);
        chain.advance(Time::constant(time)).unwrap();
    }
    assert_eq!(outputs(&chain, 2, "count_of_at", &[1, 0]), [0, 0]);
    assert_eq!(outputs(&chain, 2, "count_of_at", &[1, 1]), [5, 70]);
    assert_eq!(outputs(&chain, 2, "count_of_at", &[1, 2]), [11, 80]);
    for at in [3, 4] {
        let error = refused(&chain, 2, VIEWER, "count_of_at", &[1, at]);
        let (checkpoint, anchor) = (CheckpointId::constant(at as u32), CheckpointId::constant(3));
        assert!(
            matches!(error, ExecError::NotOlder { checkpoint: c, anchor: a, .. } if (c, a) == (checkpoint, anchor))
        );
    }
}

#[test]
fn users_and_states_that_do_not_exist_read_as_zeros() {
    let mut chain = viewers_chain();
    call(&mut chain, 1, VIEWER, "set", &[9]);
    checkpoint(&mut chain);
    assert_eq!(outputs(&chain, 2, "own_of", &[1]), [9]);
    for nothing in [0, 2, 31] {
        assert_eq!(outputs(&chain, 2, "own_of", &[nothing]), [0]);
        assert_eq!(outputs(&chain, 2, "count_of", &[nothing]), [0]);
    }
    let outside = refused(&chain, 2, VIEWER, "own_of", &[32]);
    assert_eq!(outside.to_string(), "a user leaf at 32 is outside a tree of height 5");
}

#[test]
fn another_contract_must_have_the_height_that_the_code_says() {
    let chain = viewers_chain();
    let error = refused(&chain, 2, VIEWER, "wrong_height", &[1]);
    let (expected, actual) = (StateHeight::constant(2), StateHeight::constant(1));
    assert!(matches!(error, ExecError::OtherHeight { expected: e, actual: a, .. } if (e, a) == (expected, actual)));
}

#[test]
fn a_call_knows_its_surroundings() {
    let mut chain = viewers_chain();
    call(&mut chain, 4, SYSTEM, "send", &[1, 10]);
    chain.advance(Time::constant(70)).unwrap();
    assert_eq!(outputs(&chain, 4, "context", &[]), [4, 2, 1 << 32, 1, 1, 70, 990]);
}

#[test]
fn a_slot_outside_the_state_is_refused() {
    let mut chain = viewers_chain();
    call(&mut chain, 1, VIEWER, "set_at", &[15, 1]);
    let error = refused(&chain, 2, VIEWER, "set_at", &[16, 1]);
    assert!(matches!(error, ExecError::SlotOutside { index: 16, .. }), "{error}");
}
