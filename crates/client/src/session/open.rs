//! An open session: its native state, and every statement that will be proven.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_contract::{Execution, execute};
use parth_crypto::merkle::{self, SparseTree};
use parth_crypto::{Digest, Felt};
use parth_protocol::circuit::CircuitId;
use parth_protocol::ids::{CheckpointId, ContractId, Fingerprint, UserId};
use parth_protocol::plan::AnyStatement;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session as OpenSession;
use parth_protocol::session::end_cap::EndCap;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::tree::{SessionWhitelist, Siblings, TreeKind, UserContracts, user_of_registration};
use parth_protocol::{Network, Record, Reject, Rule, Statement};

use super::error::SessionError;
use super::sign::Unsigned;
use crate::Chain;
use crate::program::Program;

/// A call that was made.
#[derive(Clone, Debug)]
pub struct MadeCall {
    /// The compiled contract.
    pub program: Arc<Program>,
    /// What the call did.
    pub execution: Execution,
    /// The statement that takes it into the session.
    pub step: Step,
}

/// A session that takes calls.
pub struct Session<'a> {
    pub(super) network: &'a Network,
    pub(super) chain: &'a dyn Chain,
    pub(super) anchor: CheckpointId,
    pub(super) anchor_leaf: CheckpointLeaf,
    pub(super) opening: AnyStatement,
    pub(super) state: OpenSession,
    pub(super) calls: Vec<MadeCall>,
    /// UCON, as it stands.
    pub(super) contracts: SparseTree,
    /// CSTATE of each contract that was called, as it stands.
    states: BTreeMap<ContractId, SparseTree>,
}

impl<'a> Session<'a> {
    /// Opens the session of a key at a checkpoint. The first session of a key opens its user.
    pub fn open(
        network: &'a Network,
        chain: &'a dyn Chain,
        key: Digest,
        anchor: CheckpointId,
    ) -> Result<Session<'a>, SessionError> {
        let (head, anchor_leaf) = check_anchor(network, chain, anchor)?;
        let profile = &network.rules.profile;
        let registration = chain.registration(anchor, key)?;
        let registration = registration.ok_or(SessionError::NotRegistered { key, anchor })?;
        let user = user_of_registration(profile, network.parameters.realm_bits, registration.index);
        let opened = chain.user(anchor, user)?;
        let anchored = opened.leaf.as_ref().map_or(Digest::ZERO, Record::digest);
        let whitelist = network.rules.session_whitelist;
        let (opening, state) = match opened.leaf {
            Some(leaf) if leaf.key != key => {
                return Err(SessionError::OtherKey { user, expected: key, actual: leaf.key });
            }
            Some(leaf) => {
                let anchor_leaf = anchor_leaf.clone();
                let start = Start { whitelist, anchor, anchor_leaf, leaf, user_path: opened.path };
                let state = start.apply(&network.rules)?;
                (AnyStatement::from(start), state)
            }
            None => {
                let start = StartNewUser {
                    whitelist,
                    anchor,
                    anchor_leaf: anchor_leaf.clone(),
                    parameters: network.parameters.clone(),
                    user,
                    key,
                    registration: registration.index,
                    registration_path: registration.path,
                    user_path: opened.path,
                };
                let state = start.apply(&network.rules)?;
                (AnyStatement::from(start), state)
            }
        };
        if anchor != head {
            check_start(network, chain, head, user, anchored)?;
        }
        let mut contracts = SparseTree::new(UserContracts::DOMAIN, UserContracts::height(profile));
        for (contract, root) in chain.user_contracts(anchor, user)? {
            // A place outside the tree is left out, and the root below tells.
            if merkle::fits(contract.get().into(), contracts.height()) {
                contracts.set(contract.get().into(), root);
            }
        }
        let (expected, actual) = (state.leaf.contracts, contracts.root());
        if expected != actual {
            let what = "contract tree".to_owned();
            return Err(SessionError::OtherState { what, user, expected, actual });
        }
        let (calls, states) = (Vec::new(), BTreeMap::new());
        Ok(Session { network, chain, anchor, anchor_leaf, opening, state, calls, contracts, states })
    }

    /// Where the session stands.
    pub fn state(&self) -> &OpenSession {
        &self.state
    }

    /// The calls so far.
    pub fn calls(&self) -> &[MadeCall] {
        &self.calls
    }

    /// Makes a call. When it fails the session stands as before and takes other calls.
    pub fn call(
        &mut self,
        contract: ContractId,
        program: &Arc<Program>,
        function: &str,
        inputs: &[Felt],
    ) -> Result<&Execution, SessionError> {
        let code = program.contract();
        let called = code.function(function).ok_or_else(|| SessionError::NoFunction {
            contract: code.name().to_owned(),
            function: function.to_owned(),
            known: code.functions().iter().map(|known| known.name()).collect::<Vec<_>>().join(", "),
        })?;
        let opening = self.chain.contract(self.anchor, contract)?;
        opening.check(&self.network.rules.profile, &self.anchor_leaf, contract)?;
        let leaf = program.deployed().leaf();
        if opening.leaf != *leaf {
            let (expected, actual) = (leaf.digest(), opening.leaf.digest());
            return Err(SessionError::OtherCode { contract, expected, actual });
        }
        let own = self.own_state(contract, program)?;
        let (profile, anchor_leaf) = (&self.network.rules.profile, &self.anchor_leaf);
        let execution = execute(profile, contract, called, &self.state, anchor_leaf, inputs, &own, self.chain);
        let execution = execution.map_err(|error| SessionError::Call {
            contract: code.name().to_owned(),
            function: function.to_owned(),
            error: Box::new(error),
        })?;
        let placed = program.deployed().function(called.method()).ok_or_else(|| SessionError::NoFunction {
            contract: code.name().to_owned(),
            function: function.to_owned(),
            known: "other functions".to_owned(),
        })?;
        let at = u64::from(contract.get());
        let step = Step {
            previous: self.state.clone(),
            previous_circuit: self.last_circuit()?,
            anchor_leaf: self.anchor_leaf.clone(),
            contract: opening.leaf,
            contract_path: opening.path,
            function: placed.leaf,
            function_index: placed.index,
            function_path: placed.path,
            call: execution.call.clone(),
            context: execution.context.clone(),
            state_leaf: self.contracts.leaf(at),
            state_path: Siblings::new(self.contracts.path(at).siblings),
        };
        let next = step.apply(&self.network.rules)?;
        self.take(contract, own, &execution);
        self.state = next;
        self.calls.push(MadeCall { program: program.clone(), execution, step });
        Ok(&self.calls[self.calls.len() - 1].execution)
    }

    /// Closes the session for a key. Checks everything that the end cap will, but the signature, and completes what
    /// the realm will be told, so that nothing is asked of the network any more.
    pub fn close(self, signature_circuit: Fingerprint, key_parameter: Digest) -> Result<Unsigned<'a>, SessionError> {
        if self.calls.is_empty() {
            return Err(SessionError::Empty);
        }
        let end_cap = EndCap {
            last: self.state.clone(),
            last_circuit: self.last_circuit()?,
            parameters: self.network.parameters.clone(),
            signature_circuit,
            key_parameter,
        };
        let result = end_cap.apply(&self.network.rules)?;
        let ended = self.ended(result)?;
        Ok(Unsigned { session: self, end_cap, ended })
    }

    fn last_circuit(&self) -> Result<parth_protocol::circuit::Listed<SessionWhitelist>, Reject> {
        let last = if self.calls.is_empty() { self.opening.circuit() } else { CircuitId::SessionStep };
        let listed = self.network.circuits.listed(&self.network.rules.profile, last);
        listed.ok_or_else(|| Reject::new(Rule::SessionWhitelist, "a session circuit", last.name()))
    }

    /// The user's state in a contract, as it stands.
    fn own_state(&self, contract: ContractId, program: &Program) -> Result<SparseTree, SessionError> {
        if let Some(state) = self.states.get(&contract) {
            return Ok(state.clone());
        }
        let mut state = program.contract().empty_state();
        let root = self.contracts.leaf(contract.get().into());
        if root.is_zero() {
            return Ok(state);
        }
        let (user, height) = (self.state.start.user, program.contract().state_height());
        for (slot, word) in self.chain.words(self.anchor, user, contract, height)? {
            if merkle::fits(slot.get(), state.height()) {
                state.set(slot.get(), word);
            }
        }
        if state.root() != root {
            let what = format!("state in contract {contract}");
            return Err(SessionError::OtherState { what, user, expected: root, actual: state.root() });
        }
        Ok(state)
    }

    fn take(&mut self, contract: ContractId, mut own: SparseTree, execution: &Execution) {
        for write in &execution.writes {
            own.set(write.index.get(), write.new);
        }
        if execution.context.new_state != execution.context.state {
            self.contracts.set(contract.get().into(), execution.context.new_state);
        }
        self.states.insert(contract, own);
    }
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("state", &self.state).field("calls", &self.calls.len()).finish()
    }
}

fn check_anchor(
    network: &Network,
    chain: &dyn Chain,
    anchor: CheckpointId,
) -> Result<(CheckpointId, CheckpointLeaf), SessionError> {
    let (head, max) = (chain.head()?, network.rules.profile.max_anchor_age);
    let age = head.get().checked_sub(anchor.get());
    let age = age.ok_or(SessionError::UnknownAnchor { head, actual: anchor })?;
    if u64::from(age) >= max {
        return Err(SessionError::OldAnchor { head, max, actual: anchor });
    }
    let leaf = chain.leaf(anchor)?;
    let expected = network.parameters.digest();
    if leaf.parameters != expected {
        return Err(SessionError::OtherNetwork { expected, actual: leaf.parameters });
    }
    Ok((head, leaf))
}

/// The user's leaf at the anchor is still the newest: a realm refuses a session that starts from any other.
fn check_start(
    network: &Network,
    chain: &dyn Chain,
    head: CheckpointId,
    user: UserId,
    anchored: Digest,
) -> Result<(), SessionError> {
    let (newest, now) = (chain.leaf(head)?, chain.user(head, user)?);
    let expected = now.leaf.as_ref().map_or(Digest::ZERO, Record::digest);
    now.path.check(&network.rules.profile, Rule::UserPath, newest.users, user.get().into(), expected)?;
    if expected != anchored {
        return Err(SessionError::StaleStart { user, expected, actual: anchored });
    }
    Ok(())
}
