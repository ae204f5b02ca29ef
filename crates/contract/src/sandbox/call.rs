//! Makes calls in the sandbox: finds out what a call makes, and takes each call as the protocol does.

use parth_crypto::Felt;
use parth_crypto::merkle::SparseTree;
use parth_protocol::circuit::CircuitId;
use parth_protocol::ids::{Caller, ContractId, MethodId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::session::{call::TakenCall, deferred_step::DeferredStep, inline_step::InlineStep, step::Step};
use parth_protocol::statement::Statement;
use parth_protocol::tree::{SessionWhitelist, Siblings};

use super::{Account, Sandbox, SandboxError, SandboxSession, Snapshot};
use crate::contract::{Contract, Deployed};
use crate::error::ExecError;
use crate::interpret::Execution;
use crate::machine::Values;
use crate::opening::Reader;
use crate::settle::{self, Made, MakeError, Pays, Standing, Surroundings};

impl SandboxSession {
    /// All that the session knows of its user, as it stands.
    pub fn standing(&self) -> Standing {
        let Account { contracts, states, .. } = &self.account;
        Standing { session: self.session.clone(), contracts: contracts.clone(), states: states.clone() }
    }
}

/// A sandbox as a session sees it.
struct Around<'a> {
    sandbox: &'a Sandbox,
    anchor: &'a CheckpointLeaf,
}

/// Why [`Around`] refuses.
enum Refused {
    Make(MakeError),
    Sandbox(SandboxError),
}

impl From<MakeError> for Refused {
    fn from(error: MakeError) -> Refused {
        Refused::Make(error)
    }
}

impl From<Refused> for SandboxError {
    fn from(refused: Refused) -> SandboxError {
        match refused {
            Refused::Make(error) => error.into(),
            Refused::Sandbox(error) => error,
        }
    }
}

impl From<MakeError> for SandboxError {
    fn from(error: MakeError) -> SandboxError {
        match error {
            MakeError::Call { caller: Caller::USER, error, .. } => SandboxError::Exec(*error),
            MakeError::Call { contract, function, caller, error, values } => {
                SandboxError::Owed { contract, function, caller, error, values }
            }
            other => SandboxError::Make(other),
        }
    }
}

impl Surroundings for Around<'_> {
    type Error = Refused;

    fn profile(&self) -> &Profile {
        &self.sandbox.rules.profile
    }

    fn anchor(&self) -> &CheckpointLeaf {
        self.anchor
    }

    fn chain(&self) -> &dyn Reader {
        self.sandbox
    }

    fn code(&self, _: Caller, contract: ContractId) -> Result<&Contract, Refused> {
        self.sandbox.placed(contract).map(|(code, _)| code).map_err(Refused::Sandbox)
    }

    fn own(&self, _: ContractId, code: &Contract) -> Result<SparseTree, Refused> {
        // A session holds all states that its user has.
        Ok(code.empty_state())
    }
}

impl Sandbox {
    /// Makes a call, what it calls inline, and what all of these owe; gives what the call itself did. A refused one
    /// leaves the session as it was.
    pub fn call(
        &self,
        session: &mut SandboxSession,
        contract: ContractId,
        function: &str,
        inputs: &[Felt],
    ) -> Result<Execution, SandboxError> {
        let (method, around) = (self.method(contract, function)?, self.around(session));
        let mut standing = session.standing();
        let made = settle::make(&around, &mut standing, contract, method, inputs)?;
        let (mut open, mut contracts) = (session.session.clone(), session.account.contracts.clone());
        for made in &made {
            open = self.step(&open, self.anchor_of(session), &contracts, made)?;
            let context = &made.execution.context;
            if context.new_state != context.state {
                contracts.set(made.execution.call.contract.get().into(), context.new_state);
            }
        }
        session.session = open;
        (session.account.contracts, session.account.states) = (standing.contracts, standing.states);
        let first = session.calls.len();
        session.calls.extend(made.into_iter().map(|made| made.execution));
        Ok(session.calls[first].clone())
    }

    /// What a call and its inline calls would do, whatever becomes of the calls that they defer. The session stands as
    /// before.
    pub fn try_out(
        &self,
        session: &SandboxSession,
        contract: ContractId,
        function: &str,
        inputs: &[Felt],
    ) -> Result<Execution, SandboxError> {
        let (method, around) = (self.method(contract, function)?, self.around(session));
        let made = settle::make_inline(&around, &mut session.standing(), contract, method, inputs)?;
        made.into_iter().next().map(|made| made.execution).ok_or(SandboxError::NoContract(contract))
    }

    fn method(&self, contract: ContractId, function: &str) -> Result<MethodId, SandboxError> {
        let (code, _) = self.placed(contract)?;
        let unknown = || ExecError::UnknownFunction { contract: code.name().to_owned(), name: function.to_owned() };
        Ok(code.function(function).ok_or_else(unknown)?.method())
    }

    fn around(&self, session: &SandboxSession) -> Around<'_> {
        Around { sandbox: self, anchor: &self.anchor_of(session).leaf }
    }

    /// Takes one call into a session, as the protocol does.
    fn step(
        &self,
        open: &Session,
        anchor: &Snapshot,
        contracts: &SparseTree,
        made: &Made,
    ) -> Result<Session, SandboxError> {
        let (profile, execution) = (&self.rules.profile, &made.execution);
        let (contract, method) = (execution.call.contract, execution.call.method);
        let (code, deployed) = self.placed(contract)?;
        let unknown = MakeError::NoMethod { contract, method };
        let (Some(function), Some(placed)) = (code.method(method), deployed.function(method)) else {
            return Err(unknown.into());
        };
        execution.witness.apply(profile, function)?;
        let at = u64::from(contract.get());
        let circuit = self.circuits.listed::<SessionWhitelist>(profile, CircuitId::SessionStep);
        // The step stands in the session whitelist of every set of circuits.
        let previous_circuit = circuit.ok_or(SandboxError::NoContract(contract))?;
        let taken = TakenCall {
            contract: deployed.leaf().clone(),
            contract_path: Siblings::new(anchor.contracts.path(at).siblings),
            function: placed.leaf,
            function_index: placed.index,
            function_path: placed.path,
            call: execution.call.clone(),
            context: execution.context.clone(),
            state_leaf: contracts.leaf(at),
            state_path: Siblings::new(contracts.path(at).siblings),
        };
        let (previous, anchor_leaf) = (open.clone(), anchor.leaf.clone());
        Ok(match made.pays.clone() {
            Pays::Nothing => Step { previous, previous_circuit, anchor_leaf, taken }.apply(&self.rules)?,
            Pays::Deferred(frame) => {
                DeferredStep { previous, previous_circuit, anchor_leaf, frame, taken }.apply(&self.rules)?
            }
            Pays::Inline(frame) => {
                InlineStep { previous, previous_circuit, anchor_leaf, frame, taken }.apply(&self.rules)?
            }
        })
    }

    fn placed(&self, contract: ContractId) -> Result<&(Contract, Deployed), SandboxError> {
        self.contracts.get(contract.get() as usize).ok_or(SandboxError::NoContract(contract))
    }

    /// The values that a call computes until it fails; none when it does not fail, or when another call that it makes
    /// does. To show them in the source.
    pub fn values(&self, session: &SandboxSession, contract: ContractId, function: &str, inputs: &[Felt]) -> Values {
        let Ok(method) = self.method(contract, function) else {
            return Values::new();
        };
        match settle::make_inline(&self.around(session), &mut session.standing(), contract, method, inputs) {
            Err(Refused::Make(MakeError::Call { values, caller: Caller::USER, .. })) => values,
            _ => Values::new(),
        }
    }
}
