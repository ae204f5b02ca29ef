//! An open session: its native state, and every statement that will be proven.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_contract::settle::Pays;
use parth_contract::{Contract, Execution};
use parth_crypto::Digest;
use parth_crypto::merkle::{self, SparseTree};
use parth_protocol::ids::{CheckpointId, ContractId, Fingerprint, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session as OpenSession;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::tree::{TreeKind, UserContracts, user_of_registration};
use parth_protocol::{Network, Record, Rule, Statement};

use super::error::SessionError;
use super::form::{Form, Opening, plan};
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
    /// The call as the session takes it.
    pub taken: TakenCall,
    /// What it pays.
    pub(super) pays: Pays,
    /// The session before it.
    pub(super) before: OpenSession,
}

/// A session that takes calls.
pub struct Session<'a> {
    pub(super) network: &'a Network,
    pub(super) chain: &'a dyn Chain,
    pub(super) anchor: CheckpointId,
    pub(super) anchor_leaf: CheckpointLeaf,
    pub(super) opening: Opening,
    pub(super) state: OpenSession,
    pub(super) calls: Vec<MadeCall>,
    /// UCON, as it stands.
    pub(super) contracts: SparseTree,
    /// CSTATE of each contract that was called, as it stands.
    pub(super) states: BTreeMap<ContractId, Arc<SparseTree>>,
    /// Contracts whose code is known.
    pub(super) programs: BTreeMap<ContractId, Arc<Program>>,
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
                (Opening::Start(Box::new(start)), state)
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
                (Opening::New(Box::new(start)), state)
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
        let (calls, states, programs) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Session { network, chain, anchor, anchor_leaf, opening, state, calls, contracts, states, programs })
    }

    /// Where the session stands.
    pub fn state(&self) -> &OpenSession {
        &self.state
    }

    /// The calls so far.
    pub fn calls(&self) -> &[MadeCall] {
        &self.calls
    }

    /// Makes the code of a contract known, so that calls of it which another contract owes can be made. Every contract
    /// that is called is known.
    pub fn know(&mut self, contract: ContractId, program: &Arc<Program>) {
        self.programs.insert(contract, program.clone());
    }

    /// Closes the session for a key, to be proven in the shortest form. Checks everything that the proofs will, but the
    /// signature, and completes what the realm will be told, so that nothing is asked of the network any more.
    pub fn close(self, signature_circuit: Fingerprint, key_parameter: Digest) -> Result<Unsigned<'a>, SessionError> {
        self.close_as(Form::Shortest, signature_circuit, key_parameter)
    }

    /// As [`Session::close`], in a form of choice.
    pub fn close_as(
        self,
        form: Form,
        signature_circuit: Fingerprint,
        key_parameter: Digest,
    ) -> Result<Unsigned<'a>, SessionError> {
        let signer = (signature_circuit, key_parameter);
        let parts = plan(&self, form, signer)?;
        let ended = self.ended(parts.result.clone(), parts.closing())?;
        Ok(Unsigned { session: self, parts: parts.list, signer, ended })
    }

    /// The user's state in a contract, as the session found it.
    pub(super) fn own_state(&self, contract: ContractId, code: &Contract) -> Result<SparseTree, SessionError> {
        let mut state = code.empty_state();
        let root = self.contracts.leaf(contract.get().into());
        if root.is_zero() {
            return Ok(state);
        }
        let (user, height) = (self.state.start.user, code.state_height());
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
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("state", &self.state).field("calls", &self.calls.len()).finish()
    }
}

pub(super) fn no_function(program: &Program, function: String) -> SessionError {
    let code = program.contract();
    let known = code.functions().iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
    SessionError::NoFunction { contract: code.name().to_owned(), function, known }
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
