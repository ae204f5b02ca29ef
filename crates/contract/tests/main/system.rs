//! The system contract.

use super::*;
use parth_contract::contracts::system::{CLAIM_MANY, claimed_slot, sent_slot};
use parth_contract::ir::Type;
use proptest::prelude::*;

/// Σ balances + Σ (sent − claimed) over all pairs: the turnstile of the protocol.
fn supply(chain: &Sandbox) -> u64 {
    let users = 1..=5;
    let balances: u64 = users.clone().map(|of| balance(chain, of)).sum();
    let mut in_flight = 0;
    for from in users.clone() {
        for to in users.clone() {
            let sent = word(chain, from, SYSTEM, sent_slot(user(to)));
            let claimed = word(chain, to, SYSTEM, claimed_slot(user(from)));
            assert!(claimed <= sent, "{to} claimed {claimed} from {from}, who sent {sent}");
            in_flight += sent - claimed;
        }
    }
    balances + in_flight
}

#[test]
fn what_is_sent_can_be_claimed_from_the_next_checkpoint_on() {
    let mut chain = chain();
    let sent = call(&mut chain, 1, SYSTEM, "send", &[2, 300]);
    assert_eq!(sent.context.balance_out, Felt::constant(300));
    assert_eq!(balance(&chain, 1), 700);
    let message = refused(&chain, 2, SYSTEM, "claim", &[1]).to_string();
    assert_eq!(message, "there is nothing to claim from this user");
    checkpoint(&mut chain);
    let claimed = call(&mut chain, 2, SYSTEM, "claim", &[1]);
    assert_eq!(claimed.outputs, felts(&[300]));
    assert_eq!(claimed.context.slots, Felt::ONE);
    assert_eq!(claimed.events.len(), 1);
    assert_eq!(claimed.events[0].felts[1..], felts(&[1, 300]));
    assert_eq!(balance(&chain, 2), 1300);
    checkpoint(&mut chain);
    assert!(matches!(refused(&chain, 2, SYSTEM, "claim", &[1]), ExecError::Assert { .. }));
}

#[test]
fn calls_of_one_session_see_each_other() {
    let mut chain = chain();
    let mut session = chain.open(user(1)).unwrap();
    for amount in [100, 200] {
        chain.call(&mut session, SYSTEM, "send", &felts(&[2, amount])).unwrap();
    }
    let over = chain.call(&mut session, SYSTEM, "send", &felts(&[2, 701]));
    match over {
        Err(SandboxError::Exec(ExecError::Overdrawn { balance, amount, .. })) => {
            assert_eq!((balance.get(), amount.get()), (700, 701));
        }
        other => panic!("{other:?}"),
    }
    chain.call(&mut session, SYSTEM, "send", &felts(&[3, 700])).unwrap();
    chain.close(session).unwrap();
    assert_eq!(balance(&chain, 1), 0);
    assert_eq!(word(&chain, 1, SYSTEM, sent_slot(user(2))), 300);
}

#[test]
fn a_send_is_refused_with_its_reason() {
    let chain = chain();
    let reason = |inputs: &[u64]| refused(&chain, 1, SYSTEM, "send", inputs);
    assert_eq!(reason(&[1, 5]).to_string(), "you cannot send to yourself");
    assert_eq!(reason(&[0, 5]).to_string(), "user 0 is nobody, so nothing can be sent to it");
    assert_eq!(reason(&[2, 0]).to_string(), "the amount must be above zero");
    assert_eq!(reason(&[2, 1001]).to_string(), "overdrawn: the balance is 1000, the call takes 1001");
    assert_eq!(reason(&[2]).to_string(), "function send takes 2 felts of input, 1 were given");
    assert_eq!(
        reason(&[1 << 32, 5]),
        ExecError::InputRange { position: 0, name: "to".into(), kind: Type::U32, value: 1 << 32 }
    );
    assert_eq!(
        reason(&[2, 1 << 62]),
        ExecError::InputRange { position: 1, name: "amount".into(), kind: Type::U64, value: 1 << 62 }
    );
}

#[test]
fn a_total_that_outgrows_62_bits_is_refused() {
    let max = Amount::MAX.get();
    let users = [(user(1), Amount::MAX), (user(2), Amount::MAX)];
    let mut chain = Sandbox::new(Profile::SMALL, vec![system_contract::contract()], &users).unwrap();
    call(&mut chain, 1, SYSTEM, "send", &[2, 10]);
    checkpoint(&mut chain);
    let error = refused(&chain, 2, SYSTEM, "claim", &[1]);
    assert!(matches!(error, ExecError::Overflow { sign: "+", left, right: 10, .. } if left == max), "{error}");
}

#[test]
fn many_senders_are_claimed_at_once_and_gaps_are_passed_over() {
    let mut chain = chain();
    call(&mut chain, 1, SYSTEM, "send", &[5, 10]);
    call(&mut chain, 3, SYSTEM, "send", &[5, 30]);
    checkpoint(&mut chain);
    let mut inputs = vec![0; CLAIM_MANY];
    inputs[..4].copy_from_slice(&[1, 2, 3, 1]);
    let claimed = call(&mut chain, 5, SYSTEM, "claim_many", &inputs);
    assert_eq!(claimed.outputs, felts(&[40]));
    assert_eq!((claimed.writes.len(), claimed.events.len()), (2, 2));
    assert_eq!((balance(&chain, 5), supply(&chain)), (1040, 5000));
    checkpoint(&mut chain);
    let nothing = refused(&chain, 5, SYSTEM, "claim_many", &inputs).to_string();
    assert_eq!(nothing, "there is nothing to claim from these users");
}

#[test]
fn only_contract_0_moves_native_balance() {
    let mut chain = chain();
    let copy = chain.deploy(system_contract::contract()).unwrap();
    checkpoint(&mut chain);
    let error = refused(&chain, 1, copy, "send", &[2, 1]);
    assert_eq!(error, ExecError::NotSystem { function: "send".into(), contract: copy });
}

#[test]
fn unknown_functions_contracts_and_users_are_named() {
    let chain = chain();
    let error = refused(&chain, 1, SYSTEM, "steal", &[]);
    assert_eq!(error.to_string(), "contract System has no function steal");
    let mut session = chain.open(user(1)).unwrap();
    let missing = chain.call(&mut session, ContractId::constant(9), "send", &[]);
    assert_eq!(missing.unwrap_err(), SandboxError::NoContract(ContractId::constant(9)));
    assert_eq!(chain.open(user(9)).unwrap_err(), SandboxError::NoUser(user(9)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn sends_and_claims_in_any_order_conserve_the_supply(
        moves in prop::collection::vec((0u8..8, 1u32..6, 1u32..6, 0u64..600), 1..40) // the small profile has room for 64 checkpoints
    ) {
        let mut chain = chain();
        for (kind, by, other, amount) in moves {
            if kind == 0 {
                checkpoint(&mut chain);
            } else {
                let (function, inputs) = match kind {
                    1..=4 => ("send", vec![other.into(), amount]),
                    5..=6 => ("claim", vec![other.into()]),
                    _ => ("claim_many", vec![1, 2, 3, 4, 5, 0, 1, other.into()]),
                };
                match try_call(&mut chain, by, SYSTEM, function, &inputs) {
                    Ok(_) | Err(SandboxError::Exec(_) | SandboxError::SecondSession(_)) => {}
                    Err(other) => return Err(TestCaseError::fail(other.to_string())),
                }
            }
            prop_assert_eq!(supply(&chain), 5000);
        }
    }
}
