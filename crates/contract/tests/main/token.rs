//! Token and Counter.

use super::*;
use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_contract::contracts::token::{BALANCE, MINTED};
use proptest::prelude::*;

fn own(chain: &Sandbox, of: u32, slot: u64) -> u64 {
    word(chain, of, TOKEN, SlotIndex::constant(slot))
}

#[test]
fn a_counter_counts_for_each_user_alone() {
    let mut chain = chain();
    assert_eq!(call(&mut chain, 1, COUNTER, "increment", &[5]).outputs, felts(&[5]));
    checkpoint(&mut chain);
    let mut session = chain.open(user(1)).unwrap();
    chain.call(&mut session, COUNTER, "increment", &felts(&[7])).unwrap();
    let seen = chain.call(&mut session, COUNTER, "get", &[]).unwrap();
    assert_eq!(seen.outputs, felts(&[12]));
    assert_eq!((seen.writes.len(), seen.context.state), (0, seen.context.new_state));
    assert_eq!(call(&mut chain, 2, COUNTER, "get", &[]).outputs, felts(&[0]));
    for by in [0, 101] {
        assert_eq!(refused(&chain, 1, COUNTER, "increment", &[by]).to_string(), "count by 1 to 100");
    }
}

#[test]
fn only_the_issuer_mints() {
    let mut chain = chain();
    assert_eq!(refused(&chain, 1, TOKEN, "mint", &[5]).to_string(), "only the issuer mints");
    assert_eq!(call(&mut chain, 3, TOKEN, "mint", &[500]).outputs, felts(&[500]));
    assert_eq!(own(&chain, 3, MINTED), 500);
}

#[test]
fn a_token_send_is_refused_with_its_reason() {
    let mut chain = chain();
    call(&mut chain, 3, TOKEN, "mint", &[500]);
    checkpoint(&mut chain);
    let reason = |by, inputs: &[u64]| refused(&chain, by, TOKEN, "send", inputs).to_string();
    assert_eq!(reason(3, &[2, 501]), "the balance does not cover the amount");
    assert_eq!(reason(3, &[3, 1]), "you cannot send to yourself");
    assert_eq!(reason(3, &[0, 1]), "user 0 is nobody, so nothing can be sent to it");
    assert_eq!(reason(3, &[1, 0]), "the amount must be above zero");
    assert_eq!(refused(&chain, 2, TOKEN, "claim", &[3]).to_string(), "there is nothing to claim from this user");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn tokens_are_conserved(moves in prop::collection::vec((0u8..8, 1u32..6, 1u32..6, 0u64..600), 1..40)) {
        let mut chain = chain();
        for (kind, by, other, amount) in moves {
            let (function, inputs) = match kind {
                0 => {
                    checkpoint(&mut chain);
                    continue;
                }
                1..=2 => ("mint", vec![amount]),
                3..=5 => ("send", vec![other.into(), amount]),
                6 => ("claim", vec![other.into()]),
                _ => ("claim_many", vec![1, 2, 3, 4, 5, 0, 1, other.into()]),
            };
            let by = if function == "mint" { 3 } else { by };
            match try_call(&mut chain, by, TOKEN, function, &inputs) {
                Ok(_) | Err(SandboxError::Exec(_) | SandboxError::SecondSession(_)) => {}
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
            let users = 1..=5u32;
            let held: u64 = users.clone().map(|of| own(&chain, of, BALANCE)).sum();
            let pairs = users.clone().flat_map(|from| users.clone().map(move |to| (from, to)));
            let in_flight: u64 = pairs
                .map(|(from, to)| {
                    let sent = own(&chain, from, sent_slot(user(to)).get());
                    sent - own(&chain, to, claimed_slot(user(from)).get())
                })
                .sum();
            prop_assert_eq!(held + in_flight, own(&chain, 3, MINTED));
        }
    }
}
