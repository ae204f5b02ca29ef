//! Contracts compiled from source behave as those written by hand, and every example compiles.

use std::collections::BTreeMap;

use super::*;
use parth_contract::contracts::system::{claimed_slot, sent_slot};
use parth_contract::contracts::token::{BALANCE, MINTED};
use parth_contract::dapen::{self, Compiled, Options, render};
use proptest::prelude::*;

const EXAMPLES: [(&str, &str); 5] = [
    ("counter.dapen.ts", include_str!("../../../../examples/counter.dapen.ts")),
    ("token.dapen.ts", include_str!("../../../../examples/token.dapen.ts")),
    ("poll.dapen.ts", include_str!("../../../../examples/poll.dapen.ts")),
    ("names.dapen.ts", include_str!("../../../../examples/names.dapen.ts")),
    ("deal.dapen.ts", include_str!("../../../../examples/deal.dapen.ts")),
];

fn files() -> BTreeMap<String, String> {
    EXAMPLES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn compiled(path: &str) -> Compiled {
    let compilation = dapen::compile(&files(), path, &Options::default());
    let shown: String =
        compilation.diagnostics.iter().map(|found| render::human(&compilation.sources, found, false)).collect();
    assert_eq!(shown, "", "{path}");
    compilation.compiled.unwrap()
}

/// What a call shows to others, less its place in the state.
fn seen(execution: &Execution) -> (Vec<Felt>, Vec<Vec<Felt>>, usize) {
    let events = execution.events.iter().map(|event| event.felts.clone()).collect();
    (execution.outputs.clone(), events, execution.writes.len())
}

#[test]
fn every_example_compiles_without_a_finding() {
    let shown = |path| {
        let found = dapen::compile(&files(), path, &Options::default());
        found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect::<String>()
    };
    assert_eq!(EXAMPLES.map(|(path, _)| shown(path)).concat(), "");
    for (path, _) in EXAMPLES {
        let found = compiled(path);
        assert_eq!(found.contract.functions().len(), found.functions.len());
        for (function, map) in found.contract.functions().iter().zip(&found.functions) {
            assert_eq!(function.code().ops.len(), map.spans.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_compiled_token_does_what_the_one_by_hand_does(
        moves in prop::collection::vec((0u8..8, 1u32..6, 0u32..6, 0u64..600), 1..30)
    ) {
        let source = compiled("token.dapen.ts").contract;
        let mut by_hand = chain();
        let mut by_source = chain_of(vec![
            system_contract::contract(),
            counter::contract(),
            source,
        ]);
        for (kind, by, other, amount) in moves {
            let (function, inputs) = match kind {
                0 => {
                    checkpoint(&mut by_hand);
                    checkpoint(&mut by_source);
                    continue;
                }
                1..=2 => ("mint", vec![amount]),
                3..=5 => ("send", vec![other.into(), amount]),
                6 => ("claim", vec![other.into()]),
                _ => ("claim_many", vec![1, 2, 3, 4, 5, 0, 1, other.into()]),
            };
            let by = if function == "mint" { 3 } else { by };
            let hand = try_call(&mut by_hand, by, TOKEN, function, &inputs);
            let code = try_call(&mut by_source, by, TOKEN, function, &inputs);
            match (&hand, &code) {
                (Ok(hand), Ok(code)) => prop_assert_eq!(seen(hand), seen(code)),
                (Err(SandboxError::Exec(ExecError::Assert { message: hand, .. })),
                 Err(SandboxError::Exec(ExecError::Assert { message: code, .. }))) => prop_assert_eq!(hand, code),
                (Err(_), Err(_)) => {}
                _ => prop_assert!(false, "{function}: {hand:?} by hand, {code:?} by source"),
            }
            for of in 1..=5 {
                let slots = (1..=5).flat_map(|to| [sent_slot(user(to)), claimed_slot(user(to))]);
                for slot in slots.chain([SlotIndex::constant(BALANCE), SlotIndex::constant(MINTED)]) {
                    prop_assert_eq!(by_hand.word(user(of), TOKEN, slot), by_source.word(user(of), TOKEN, slot));
                }
            }
        }
    }
}
