//! The circuit of a contract function accepts exactly the calls that the interpreter makes.
//!
//! Checked natively, constraint by constraint, on small trees; real proofs on the trees of real networks.

mod agreement;
mod arithmetic;
mod dapen;
mod groups;
mod inline;
mod mutants;
mod programs;
mod proofs;
mod refusals;
mod sorted;

use std::sync::LazyLock;

use parth_circuits::checker::Checker;
use parth_circuits::contract::CallRules;
use parth_circuits::statement::RuleError;
use parth_contract::contracts::{counter, system, token};
use parth_contract::sandbox::{Sandbox, SandboxError};
use parth_contract::{CallWitness, Contract, Execution, Function};
use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{Amount, ContractId, Time, UserId};
use parth_protocol::{Felts, Profile, Record};
use proptest::prelude::*;

const SYSTEM: ContractId = ContractId::SYSTEM;
const COUNTER: ContractId = ContractId::constant(1);
const TOKEN: ContractId = ContractId::constant(2);
const ISSUER: UserId = UserId::constant(3);

fn user(id: u32) -> UserId {
    UserId::constant(id)
}

fn felts(values: &[u64]) -> Vec<Felt> {
    values.iter().map(|&value| Felt::reduce(value)).collect()
}

fn contracts() -> Vec<Contract> {
    vec![system::contract(), counter::contract(), token::contract(ISSUER)]
}

fn chain_of(profile: Profile, contracts: Vec<Contract>) -> Sandbox {
    let users: Vec<_> = (1..=5).map(|id| (user(id), Amount::constant(1000))).collect();
    Sandbox::new(profile, contracts, &users).unwrap()
}

/// A function's rules on small trees.
struct Compiled {
    function: Function,
    rules: CallRules,
}

impl Compiled {
    fn new(function: &Function) -> Compiled {
        let rules = CallRules::build(&Profile::SMALL, function).unwrap();
        Compiled { function: function.clone(), rules }
    }

    /// Does the circuit accept the call? Then it must say what the native statement says; it must refuse whatever
    /// that refuses.
    fn agree(&self, call: &CallWitness) -> bool {
        self.agree_by(&self.rules.checker(), call)
    }

    /// As [`Compiled::agree`], with a checker that is ready.
    fn agree_by(&self, checker: &Checker<'_>, call: &CallWitness) -> bool {
        let circuit = self.rules.check(checker, call);
        match self.apply(call) {
            Ok(outcome) => {
                let (context, digest) = circuit.unwrap_or_else(|error| panic!("only the circuit refuses: {error}"));
                assert_eq!(context, outcome.context.felts());
                assert_eq!(digest, outcome.context.digest());
                true
            }
            Err(error) => {
                assert!(circuit.is_err(), "only the native statement refuses: {error}");
                false
            }
        }
    }

    fn apply(&self, call: &CallWitness) -> Result<parth_contract::Outcome, parth_contract::ExecError> {
        call.apply(&Profile::SMALL, &self.function)
    }

    fn refusal(&self, call: &CallWitness) -> RuleError {
        assert!(self.apply(call).is_err(), "the native statement accepts");
        self.rules.check(&self.rules.checker(), call).expect_err("only the native statement refuses")
    }
}

/// Every function of every contract of Parth, by contract and name.
static COMPILED: LazyLock<Vec<Vec<Compiled>>> = LazyLock::new(|| {
    contracts().iter().map(|contract| contract.functions().iter().map(Compiled::new).collect()).collect()
});

fn compiled(contract: ContractId, name: &str) -> &'static Compiled {
    let functions = &COMPILED[contract.get() as usize];
    functions.iter().find(|compiled| compiled.function.name() == name).unwrap()
}

/// Makes a call in a session of its own and closes it; the circuit must agree.
fn call(
    chain: &mut Sandbox,
    by: u32,
    contract: ContractId,
    function: &str,
    inputs: &[u64],
) -> Result<Execution, SandboxError> {
    let mut session = chain.open(user(by))?;
    let execution = chain.call(&mut session, contract, function, &felts(inputs))?;
    assert!(compiled(contract, function).agree(&execution.witness));
    chain.close(session)?;
    Ok(execution)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn circuits_agree_with_the_interpreter_on_random_calls(
        moves in prop::collection::vec((0u8..10, 1u32..6, 1u32..6, 0u64..400), 1..12)
    ) {
        let mut chain = chain_of(Profile::SMALL, contracts());
        for (kind, by, other, amount) in moves {
            let many = vec![1, 2, 3, 4, 5, 0, 1, other.into()];
            let (by, contract, function, inputs) = match kind {
                0 => {
                    chain.advance(Time::constant(1)).unwrap();
                    continue;
                }
                1..=2 => (by, SYSTEM, "send", vec![other.into(), amount]),
                3 => (by, SYSTEM, "claim", vec![other.into()]),
                4 => (by, SYSTEM, "claim_many", many),
                5 => (by, COUNTER, "increment", vec![amount]),
                6 => (3, TOKEN, "mint", vec![amount]),
                7 => (by, TOKEN, "send", vec![other.into(), amount]),
                8 => (by, TOKEN, "claim", vec![other.into()]),
                _ => (by, TOKEN, "held", vec![]),
            };
            match call(&mut chain, by, contract, function, &inputs) {
                Ok(_) | Err(SandboxError::Exec(_) | SandboxError::SecondSession(_)) => {}
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
        }
    }
}

#[test]
fn a_whole_journey_agrees() {
    let mut chain = chain_of(Profile::SMALL, contracts());
    call(&mut chain, 1, SYSTEM, "send", &[2, 300]).unwrap();
    call(&mut chain, 4, SYSTEM, "send", &[2, 30]).unwrap();
    call(&mut chain, 3, TOKEN, "mint", &[500]).unwrap();
    chain.advance(Time::constant(1)).unwrap();
    call(&mut chain, 2, SYSTEM, "claim", &[1]).unwrap();
    call(&mut chain, 3, TOKEN, "send", &[2, 40]).unwrap();
    chain.advance(Time::constant(2)).unwrap();
    call(&mut chain, 2, SYSTEM, "claim_many", &[0, 1, 4, 4, 5, 0, 0, 0]).unwrap();
    call(&mut chain, 3, TOKEN, "held", &[]).unwrap();
    chain.advance(Time::constant(3)).unwrap();
    let claimed = call(&mut chain, 2, TOKEN, "claim_many", &[0, 1, 3, 4, 5, 0, 0, 0]).unwrap();
    assert_eq!(claimed.outputs, felts(&[40]));
    call(&mut chain, 1, COUNTER, "get", &[]).unwrap();
    assert_eq!(chain.leaf(user(2)).unwrap().balance.get(), 1330);
}

/// A digest that stands nowhere.
fn nowhere() -> Digest {
    Digest::from([11, 12, 13, 14])
}
