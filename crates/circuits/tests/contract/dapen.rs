//! Contracts compiled from source: their circuits accept exactly what the interpreter does, and fit a call.

use std::collections::BTreeMap;

use super::*;
use parth_circuits::contract::CallSkeleton;
use parth_contract::dapen::{self, Options};
use parth_proof::Class;

const EXAMPLES: [(&str, &str); 6] = [
    ("counter.dapen.ts", include_str!("../../../../examples/counter.dapen.ts")),
    ("token.dapen.ts", include_str!("../../../../examples/token.dapen.ts")),
    ("poll.dapen.ts", include_str!("../../../../examples/poll.dapen.ts")),
    ("names.dapen.ts", include_str!("../../../../examples/names.dapen.ts")),
    ("deal.dapen.ts", include_str!("../../../../examples/deal.dapen.ts")),
    ("shop.dapen.ts", include_str!("../../../../examples/shop.dapen.ts")),
];

/// The examples, in the order of their ids, after the system contract.
static CONTRACTS: LazyLock<Vec<Contract>> = LazyLock::new(|| {
    let files: BTreeMap<String, String> =
        EXAMPLES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    let compiled = EXAMPLES.iter().map(|&(path, _)| {
        let found = dapen::compile(&files, path, &Options::default());
        found.compiled.unwrap_or_else(|| panic!("{path}: {:?}", found.diagnostics)).contract
    });
    std::iter::once(system::contract()).chain(compiled).collect()
});

static RULES: LazyLock<Vec<Vec<Compiled>>> = LazyLock::new(|| {
    let examples = CONTRACTS.iter().skip(1);
    examples.map(|contract| contract.functions().iter().map(Compiled::new).collect()).collect()
});

#[test]
fn every_function_of_every_example_fits_a_call() {
    for contract in CONTRACTS.iter() {
        for function in contract.functions() {
            let rows = CallSkeleton::new(&Profile::STANDARD, function).unwrap().rows();
            println!("{}.{}: {rows} rows", contract.name(), function.name());
            assert!(rows <= Class::Call.rows(), "{}.{} takes {rows} rows", contract.name(), function.name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn circuits_of_examples_agree_with_the_interpreter(
        moves in prop::collection::vec((0usize..6, 0usize..8, 1u32..6, prop::collection::vec(0u64..6, 16)), 20..40)
    ) {
        let mut chain = chain_of(Profile::SMALL, CONTRACTS.clone());
        let mut made = 0;
        for (contract, function, by, numbers) in moves {
            chain.advance(Time::constant(1)).unwrap();
            let functions = &RULES[contract];
            let compiled = &functions[function % functions.len()];
            let id = ContractId::constant(contract as u32 + 1);
            let length = compiled.function.inputs_length().get() as usize;
            let mut session = chain.open(user(by)).unwrap();
            let name = compiled.function.name().to_owned();
            let inputs: Vec<u64> = numbers.iter().cycle().take(length).copied().collect();
            match chain.call(&mut session, id, &name, &felts(&inputs)) {
                Ok(_) => {
                    for call in session.calls() {
                        let functions = &RULES[call.call.contract.get() as usize - 1];
                        let made = functions.iter().find(|one| one.function.method() == call.call.method).unwrap();
                        prop_assert!(made.agree(&call.witness), "{name}");
                    }
                    made += 1;
                    chain.close(session).unwrap();
                }
                Err(SandboxError::Exec(_) | SandboxError::Owed { .. }) => {}
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
        }
        prop_assert!(made > 0);
    }
}
