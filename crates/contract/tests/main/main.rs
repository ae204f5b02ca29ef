//! Contracts run on the sandbox, whose every call passes the protocol's own `session::step`.

mod code;
mod dapen;
mod entry;
mod explain;
mod hostile;
mod inline;
mod language_tests;
mod limits;
mod meaning;
mod mine;
mod mutants;
mod operators;
mod random;
mod reads;
mod sorted;
mod system;
mod tests;
mod token;
mod witness;

use parth_contract::contracts::{counter, system as system_contract, token as token_contract};
use parth_contract::error::ExecError;
use parth_contract::sandbox::{Sandbox, SandboxError};
use parth_contract::{Contract, Execution};
use parth_crypto::{Digest, Felt};
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, ContractId, SlotIndex, Time, UserId};

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

/// Users 1 to 5, with 1000 each; contract 0 is the system contract, 1 Counter, 2 Token.
fn chain() -> Sandbox {
    let contracts = vec![system_contract::contract(), counter::contract(), token_contract::contract(ISSUER)];
    chain_of(contracts)
}

fn chain_of(contracts: Vec<Contract>) -> Sandbox {
    let users: Vec<_> = (1..=5).map(|id| (user(id), Amount::constant(1000))).collect();
    Sandbox::new(Profile::SMALL, contracts, &users).unwrap()
}

/// One session of one call, closed.
fn call(chain: &mut Sandbox, by: u32, contract: ContractId, function: &str, inputs: &[u64]) -> Execution {
    try_call(chain, by, contract, function, inputs).unwrap()
}

fn try_call(
    chain: &mut Sandbox,
    by: u32,
    contract: ContractId,
    function: &str,
    inputs: &[u64],
) -> Result<Execution, SandboxError> {
    let mut session = chain.open(user(by))?;
    let execution = chain.call(&mut session, contract, function, &felts(inputs))?;
    chain.close(session)?;
    Ok(execution)
}

/// Why one call in a session of its own cannot be made.
fn refused(chain: &Sandbox, by: u32, contract: ContractId, function: &str, inputs: &[u64]) -> ExecError {
    let mut session = chain.open(user(by)).unwrap();
    match chain.call(&mut session, contract, function, &felts(inputs)) {
        Err(SandboxError::Exec(error)) => error,
        other => panic!("expected a refused call, got {other:?}"),
    }
}

fn checkpoint(chain: &mut Sandbox) {
    chain.advance(Time::constant(1)).unwrap();
}

fn balance(chain: &Sandbox, of: u32) -> u64 {
    chain.leaf(user(of)).unwrap().balance.get()
}

fn word(chain: &Sandbox, of: u32, contract: ContractId, slot: SlotIndex) -> u64 {
    let word = chain.word(user(of), contract, slot);
    assert_eq!(word.0[1..], Digest::ZERO.0[1..]);
    word.0[0].as_u64()
}
