//! Calls that a call makes: inline ones at once, then those that it and they defer, depth first, as the protocol asks
//! for.
//!
//! A call and everything that it makes is one thing: when a part of it fails, the session stands as before the call.
//! What is made, and in which order, [`parth_contract::settle`] finds.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parth_contract::opening::{ContractOpening, Reader};
use parth_contract::settle::{self, Made, MakeError, Pays, Standing, Surroundings};
use parth_contract::{Contract, Execution};
use parth_crypto::Felt;
use parth_crypto::merkle::SparseTree;
use parth_protocol::ids::{Caller, ContractId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session as OpenSession;
use parth_protocol::session::call::TakenCall;
use parth_protocol::tree::Siblings;
use parth_protocol::{Profile, Record};

use super::error::SessionError;
use super::open::{MadeCall, Session, no_function};
use crate::program::Program;

pub use parth_contract::settle::MAX_OWED;

impl Session<'_> {
    /// Makes a call, and every call that it makes. When it fails the session stands as before and takes other calls.
    pub fn call(
        &mut self,
        contract: ContractId,
        program: &Arc<Program>,
        function: &str,
        inputs: &[Felt],
    ) -> Result<&Execution, SessionError> {
        let called = program.contract().function(function);
        let method = called.ok_or_else(|| no_function(program, function.to_owned()))?.method();
        self.know(contract, program);
        let (session, contracts) = (self.state.clone(), self.contracts.clone());
        let mut standing = Standing { session, contracts, states: self.states.clone() };
        let around = Around { session: self, checked: RefCell::default(), loaded: RefCell::default() };
        let made = settle::make(&around, &mut standing, contract, method, inputs);
        let made = made.map_err(|refused| self.refused(refused))?;
        let (mut state, mut contracts, mut calls) = (self.state.clone(), self.contracts.clone(), Vec::new());
        for made in made {
            let (call, next) = self.taken(state, &contracts, made)?;
            let context = &call.execution.context;
            if context.new_state != context.state {
                contracts.set(call.execution.call.contract.get().into(), context.new_state);
            }
            calls.push(call);
            state = next;
        }
        (self.state, self.contracts, self.states) = (state, contracts, standing.states);
        let first = self.calls.len();
        self.calls.extend(calls);
        Ok(&self.calls[first].execution)
    }

    /// The session after one call.
    fn taken(
        &self,
        before: OpenSession,
        contracts: &SparseTree,
        made: Made,
    ) -> Result<(MadeCall, OpenSession), SessionError> {
        let Made { execution, pays } = made;
        let (contract, caller) = (execution.call.contract, execution.call.caller);
        let program = self.known(caller, contract)?;
        let opening = self.check_code(contract, program)?;
        let method = execution.call.method;
        let unknown = || no_function(program, format!("with id {method}"));
        let placed = program.deployed().function(method).ok_or_else(unknown)?;
        let at = u64::from(contract.get());
        let taken = TakenCall {
            contract: opening.leaf,
            contract_path: opening.path,
            function: placed.leaf,
            function_index: placed.index,
            function_path: placed.path,
            call: execution.call.clone(),
            context: execution.context.clone(),
            state_leaf: contracts.leaf(at),
            state_path: Siblings::new(contracts.path(at).siblings),
        };
        let (rules, anchor) = (&self.network.rules, &self.anchor_leaf);
        let next = match &pays {
            Pays::Nothing => taken.take_top_level(rules, anchor, &before)?,
            Pays::Deferred(frame) => taken.take_deferred(rules, anchor, &before, frame)?,
            Pays::Inline(frame) => taken.take_inline(rules, anchor, &before, frame)?,
        };
        Ok((MadeCall { program: program.clone(), execution, taken, pays, before }, next))
    }

    fn known(&self, caller: Caller, contract: ContractId) -> Result<&Arc<Program>, SessionError> {
        self.programs.get(&contract).ok_or(SessionError::UnknownDebt { caller, contract })
    }

    /// The contract's leaf at the anchor, which is the one that the code gives.
    fn check_code(&self, contract: ContractId, program: &Program) -> Result<ContractOpening, SessionError> {
        let opening = self.chain.contract(self.anchor, contract)?;
        opening.check(&self.network.rules.profile, &self.anchor_leaf, contract)?;
        let leaf = program.deployed().leaf();
        if opening.leaf != *leaf {
            let (expected, actual) = (leaf.digest(), opening.leaf.digest());
            return Err(SessionError::OtherCode { contract, expected, actual });
        }
        Ok(opening)
    }

    fn refused(&self, refused: Refused) -> SessionError {
        let name = |contract: ContractId| match self.programs.get(&contract) {
            Some(program) => program.contract().name().to_owned(),
            None => contract.to_string(),
        };
        match refused {
            Refused::Session(error) => *error,
            Refused::Make(MakeError::Call { contract, function, error, .. }) => {
                SessionError::Call { contract: name(contract), function, error }
            }
            Refused::Make(MakeError::NoMethod { contract, method }) => match self.programs.get(&contract) {
                Some(program) => no_function(program, format!("with id {method}")),
                None => SessionError::Make(MakeError::NoMethod { contract, method }),
            },
            Refused::Make(MakeError::TooMany { expected }) => SessionError::OwesTooMuch { expected },
            Refused::Make(other) => SessionError::Make(other),
        }
    }
}

/// A session, while it finds out what a call makes. What it asks of the network it asks once.
struct Around<'a, 'b> {
    session: &'a Session<'b>,
    /// Contracts whose code is the deployed one.
    checked: RefCell<BTreeSet<ContractId>>,
    /// States as the session found them.
    loaded: RefCell<BTreeMap<ContractId, SparseTree>>,
}

/// Why [`Around`] refuses.
enum Refused {
    Make(MakeError),
    Session(Box<SessionError>),
}

impl From<MakeError> for Refused {
    fn from(error: MakeError) -> Refused {
        Refused::Make(error)
    }
}

impl From<SessionError> for Refused {
    fn from(error: SessionError) -> Refused {
        Refused::Session(Box::new(error))
    }
}

impl Surroundings for Around<'_, '_> {
    type Error = Refused;

    fn profile(&self) -> &Profile {
        &self.session.network.rules.profile
    }

    fn anchor(&self) -> &CheckpointLeaf {
        &self.session.anchor_leaf
    }

    fn chain(&self) -> &dyn Reader {
        self.session.chain
    }

    fn code(&self, caller: Caller, contract: ContractId) -> Result<&Contract, Refused> {
        let program = self.session.known(caller, contract)?;
        if !self.checked.borrow().contains(&contract) {
            self.session.check_code(contract, program)?;
            self.checked.borrow_mut().insert(contract);
        }
        Ok(program.contract())
    }

    fn own(&self, contract: ContractId, code: &Contract) -> Result<SparseTree, Refused> {
        if let Some(state) = self.loaded.borrow().get(&contract) {
            return Ok(state.clone());
        }
        let state = self.session.own_state(contract, code)?;
        self.loaded.borrow_mut().insert(contract, state.clone());
        Ok(state)
    }
}
