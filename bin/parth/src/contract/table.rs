//! A chain in memory with a contract, those that it imports, and users: where calls are tried out.

use std::collections::BTreeMap;

use parth_contract::contracts::system;
use parth_contract::error::ExecError;
use parth_contract::interpret::Execution;
use parth_contract::sandbox::{Sandbox, SandboxError, SandboxSession};
use parth_contract::{Contract, Values};
use parth_crypto::Felt;
use parth_protocol::Profile;
use parth_protocol::ids::{Amount, ContractId, Time, UserId};

use super::source::Built;
use crate::exit::{Exit, Failure};

/// Contracts that the sandbox has places for. A contract with a higher id cannot be tried out.
const PLACES: u32 = 1 << 10;
/// From one checkpoint of the sandbox to the next, in milliseconds.
const BLOCK_TIME: u64 = 2_000;

/// The chain, and where the contract stands in it.
pub(super) struct Table {
    pub(super) sandbox: Sandbox,
    pub(super) contract: ContractId,
    checkpoints: u64,
}

/// Why a call is refused.
pub(super) enum Refusal {
    /// By the code, or by what it reads: with the values that it computed until then.
    Code(Box<(ExecError, Values)>),
    /// By the protocol, or because there is no such user or function.
    Other(SandboxError),
}

impl Table {
    /// A chain with the contract at its id, or at the next free one, what it imports beside it, and these users.
    pub(super) fn new(profile: &Profile, built: &Built, users: &[(UserId, Amount)]) -> Result<Table, Failure> {
        let mut places = BTreeMap::from([(0, system::contract())]);
        for file in built.compilation.sources.files().iter().skip(1) {
            let imported = built.files.compile_file(file.path()).compiled;
            if let Some((contract, id)) = imported.and_then(|found| Some((found.contract, found.id?))) {
                places.insert(id, contract);
            }
        }
        let free = || (1..).find(|id| !places.contains_key(id)).unwrap_or(PLACES);
        let id = built.compiled.id.unwrap_or_else(free);
        if let Some(other) = places.get(&id).filter(|_| id != 0) {
            let (name, other) = (built.compiled.contract.name(), other.name());
            return Err(Failure::new(Exit::Other, format!("{name} and {other}, which it imports, both have id {id}")));
        }
        places.insert(id, built.compiled.contract.clone());
        let last = places.keys().next_back().copied().unwrap_or(id);
        if last >= PLACES {
            let message = format!("the sandbox has contracts 0 to {}, one here has id {last}", PLACES - 1);
            return Err(Failure::new(Exit::Other, message));
        }
        // Ids that nobody has here are filled; no code can tell, since nothing here calls them.
        let contracts: Vec<Contract> =
            (0..=last).map(|id| places.remove(&id).unwrap_or_else(system::contract)).collect();
        let sandbox = Sandbox::new(*profile, contracts, users).map_err(failure)?;
        let contract = ContractId::new(id).unwrap_or(ContractId::SYSTEM);
        Ok(Table { sandbox, contract, checkpoints: 1 })
    }

    /// Makes a call in a session of its own, which stays open. When what it defers cannot be made, the session has none
    /// of it, and the reason comes along.
    pub(super) fn call(
        &self,
        user: UserId,
        function: &str,
        inputs: &[Felt],
    ) -> Result<(SandboxSession, Execution, Option<SandboxError>), Refusal> {
        let mut session = self.sandbox.open(user).map_err(Refusal::Other)?;
        match self.sandbox.call(&mut session, self.contract, function, inputs) {
            Ok(execution) => Ok((session, execution, None)),
            Err(SandboxError::Exec(error)) => {
                let values = self.sandbox.values(&session, self.contract, function, inputs);
                Err(Refusal::Code(Box::new((error, values))))
            }
            Err(other) => match self.sandbox.try_out(&session, self.contract, function, inputs) {
                Ok(execution) => Ok((session, execution, Some(other))),
                Err(_) => Err(Refusal::Other(other)),
            },
        }
    }

    /// Closes a session and then a checkpoint.
    pub(super) fn close(&mut self, session: SandboxSession) -> Result<(), Failure> {
        self.sandbox.close(session).map_err(failure)?;
        let time = Time::new(self.checkpoints * BLOCK_TIME).unwrap_or(Time::ZERO);
        self.sandbox.advance(time).map_err(failure)?;
        self.checkpoints += 1;
        Ok(())
    }
}

pub(super) fn failure(error: SandboxError) -> Failure {
    Failure::new(Exit::Other, format!("the sandbox refuses it: {error}"))
}
