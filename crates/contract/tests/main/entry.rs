//! Where any bytes are put in: shared by the tests of hostile input and by the targets of `fuzz/`, which include this
//! file. Each function returns, whatever the bytes; a panic, a hang or an overflow of the stack is a mistake of ours.

use std::collections::BTreeMap;

use parth_contract::Contract;
use parth_contract::contracts::system;
use parth_contract::dapen::test::{Choice, run_choice};
use parth_contract::dapen::{self, Options, render};
use parth_contract::sandbox::Sandbox;
use parth_crypto::Felt;
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, ContractId, UserId};

/// A file that hostile sources may import.
const TOKEN: &str = include_str!("../../../../examples/token.dapen.ts");

/// Any bytes as the source of a contract, and as a file of tests: findings or a contract, the same each time.
pub(crate) fn source(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text), ("token.dapen.ts".to_owned(), TOKEN.to_owned())]);
    let compile = || dapen::compile(&files, "a.dapen.ts", &Options::default());
    let found = compile();
    for diagnostic in &found.diagnostics {
        render::human(&found.sources, diagnostic, false);
        render::json(&found.sources, diagnostic);
    }
    assert!(found.compiled.is_some() || !found.diagnostics.is_empty(), "nothing is said");
    assert!(found.diagnostics.iter().all(|one| one.code.name() != "E0901"), "{:?}", found.diagnostics);
    if let Some(compiled) = &found.compiled {
        let again = compile().compiled.map(|again| again.contract.to_bytes());
        assert_eq!(again, Some(compiled.contract.to_bytes()), "two compilations differ");
        code(&compiled.contract.to_bytes());
    }
    let report = run_choice(&files, "a.dapen.ts", &Options::default(), &Choice::default());
    let failures = report.tests.iter().filter_map(|test| test.failure.as_ref());
    for diagnostic in report.diagnostics.iter().chain(failures) {
        render::human(&report.sources, diagnostic, false);
    }
}

/// Any bytes as the code of a contract: refused, or read back to the same bytes and executed without a panic.
pub(crate) fn code(bytes: &[u8]) {
    let Ok(contract) = Contract::from_bytes(bytes) else { return };
    assert_eq!(contract.to_bytes(), bytes, "code has one form");
    contract.abi();
    let calls: Vec<(String, usize)> =
        contract.functions().iter().map(|one| (one.name().to_owned(), one.inputs_length().get() as usize)).collect();
    let user = UserId::constant(1);
    let chain = Sandbox::new(Profile::SMALL, vec![system::contract(), contract], &[(user, Amount::constant(9))]);
    let Ok(chain) = chain else { return };
    for (function, length) in calls {
        for value in [0, 1] {
            let Ok(mut session) = chain.open(user) else { return };
            let inputs = vec![Felt::reduce(value); length];
            let _ = chain.call(&mut session, ContractId::constant(1), &function, &inputs);
        }
    }
}
