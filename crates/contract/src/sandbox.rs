//! A chain in memory to run contracts on, without proofs, keys and fees: for tests of contracts, and to show what a
//! call does before a network exists.
//!
//! ```text
//!   open(user) ──▸ call, call, … ──▸ close ──▸ checkpoint ──▸ open …
//! ```
//! Each call is executed with those that it makes, the witness of each is re-checked, and each passes the protocol's
//! own `session::step`, `session::inline_step` or `session::deferred_step`.

mod call;

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::Digest;
use parth_crypto::merkle::{self, SparseTree};
use parth_protocol::Record;
use parth_protocol::circuit::{CircuitSet, Rules};
use parth_protocol::ids::{Amount, Caller, CheckpointId, ContractId, Fingerprint, ItemCount, SlotIndex, Time, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::global::GlobalState;
use parth_protocol::records::guta::SessionStats;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::reject::{Reject, Rule};
use parth_protocol::session::start::Start;
use parth_protocol::statement::Statement;
use parth_protocol::tree::{Checkpoints, Contracts, Deposits, Registrations, Siblings, TreeKind, UserContracts, Users};
use thiserror::Error;

use crate::contract::{Contract, DeployError, Deployed};
use crate::error::ExecError;
use crate::interpret::Execution;
use crate::machine::Values;
use crate::opening::{CheckpointOpening, ContractOpening, Reader, SlotOpening, StateOpening, Unavailable};
use crate::settle::MakeError;
use crate::sorted::{SearchError, SortedList};

/// Why the sandbox refuses something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SandboxError {
    /// There is no such user at the newest checkpoint.
    #[error("user {0} does not exist at the newest checkpoint")]
    NoUser(UserId),
    /// There is no such contract.
    #[error("contract {0} is not deployed")]
    NoContract(ContractId),
    /// The user or contract id, or the number of checkpoints, is outside the trees of the profile.
    #[error("{what} {index} is outside the trees of profile {profile}")]
    Outside {
        /// What is numbered.
        what: &'static str,
        /// Its number.
        index: u64,
        /// The profile's name.
        profile: &'static str,
    },
    /// A user has one session a checkpoint.
    #[error("user {0} already had a session since the newest checkpoint")]
    SecondSession(UserId),
    /// The contract has no leaf.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The call cannot be made.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// A call that it makes cannot be made.
    #[error("function {function} of contract {contract}, called by contract {caller}: {error}")]
    Owed {
        /// The contract that is called.
        contract: ContractId,
        /// The function's name.
        function: String,
        /// The contract that calls.
        caller: Caller,
        /// Why.
        error: Box<ExecError>,
        /// What the code computed until then.
        values: Values,
    },
    /// What the call makes cannot be made as a whole.
    #[error(transparent)]
    Make(MakeError),
    /// The protocol refuses the call or the session.
    #[error(transparent)]
    Reject(#[from] Reject),
}

/// One user's leaf and states.
#[derive(Clone, Debug)]
struct Account {
    leaf: UserLeaf,
    contracts: SparseTree,
    states: BTreeMap<ContractId, Arc<SparseTree>>,
}

/// Everything at one checkpoint.
#[derive(Clone, Debug)]
struct Snapshot {
    leaf: CheckpointLeaf,
    before: SparseTree,
    accounts: BTreeMap<UserId, Account>,
    users: SparseTree,
    contracts: SparseTree,
}

/// A chain in memory.
#[derive(Clone, Debug)]
pub struct Sandbox {
    rules: Rules,
    circuits: CircuitSet,
    contracts: Vec<(Contract, Deployed)>,
    contract_tree: SparseTree,
    accounts: BTreeMap<UserId, Account>,
    user_tree: SparseTree,
    checkpoint_tree: SparseTree,
    checkpoints: Vec<Snapshot>,
}

/// An open session. It starts from the newest checkpoint.
#[derive(Clone, Debug)]
pub struct SandboxSession {
    session: Session,
    account: Account,
    calls: Vec<Execution>,
}

impl SandboxSession {
    /// Where the session stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The calls so far.
    pub fn calls(&self) -> &[Execution] {
        &self.calls
    }

    /// The user's state in a contract as it stands in this session, if the user ever used it.
    pub fn state(&self, contract: ContractId) -> Option<&SparseTree> {
        self.account.states.get(&contract).map(Arc::as_ref)
    }
}

impl Sandbox {
    /// A chain with its first checkpoint, at time 0, that has these contracts, with ids from 0, and these users.
    pub fn new(
        profile: Profile,
        contracts: Vec<Contract>,
        users: &[(UserId, Amount)],
    ) -> Result<Sandbox, SandboxError> {
        let circuits = CircuitSet::stand_in();
        let mut sandbox = Sandbox {
            rules: Rules::new(profile, &circuits),
            circuits,
            contracts: Vec::new(),
            contract_tree: tree::<Contracts>(&profile),
            accounts: BTreeMap::new(),
            user_tree: tree::<Users>(&profile),
            checkpoint_tree: tree::<Checkpoints>(&profile),
            checkpoints: Vec::new(),
        };
        for contract in contracts {
            sandbox.deploy(contract)?;
        }
        for &(user, balance) in users {
            sandbox.add_user(user, balance)?;
        }
        sandbox.advance(Time::ZERO)?;
        Ok(sandbox)
    }

    /// Deploys a contract at the next free id, from the next checkpoint on. Its function circuits are stand-ins.
    pub fn deploy(&mut self, contract: Contract) -> Result<ContractId, SandboxError> {
        let index = self.contracts.len() as u64;
        let profile = self.rules.profile;
        let outside = SandboxError::Outside { what: "contract", index, profile: profile.name };
        let id = u32::try_from(index).ok().and_then(ContractId::new);
        let id = id.filter(|_| merkle::fits(index, Contracts::height(&profile))).ok_or(outside)?;
        let stand_in = |position: usize| Fingerprint(Digest::from([u64::MAX >> 3, index + 1, position as u64 + 1, 0]));
        let fingerprints: Vec<_> = (0..contract.functions().len()).map(stand_in).collect();
        let deployed = contract.deploy(&profile, &fingerprints)?;
        self.contract_tree.set(index, deployed.leaf().digest());
        self.contracts.push((contract, deployed));
        Ok(id)
    }

    /// Adds a user with some native balance, from the next checkpoint on.
    pub fn add_user(&mut self, user: UserId, balance: Amount) -> Result<(), SandboxError> {
        let profile = self.rules.profile;
        let index = u64::from(user.get());
        if !merkle::fits(index, Users::height(&profile)) {
            return Err(SandboxError::Outside { what: "user", index, profile: profile.name });
        }
        let contracts = tree::<UserContracts>(&profile);
        let key = Digest::from([index + 1, 0, 0, 0]);
        let leaf = UserLeaf { balance, ..UserLeaf::fresh(key, contracts.root(), CheckpointId::ZERO, user) };
        self.put(Account { leaf, contracts, states: BTreeMap::new() });
        Ok(())
    }

    /// Closes a checkpoint at a time, in milliseconds since the Unix epoch.
    pub fn advance(&mut self, time: Time) -> Result<CheckpointId, SandboxError> {
        let profile = self.rules.profile;
        let index = self.checkpoints.len() as u64;
        let outside = SandboxError::Outside { what: "checkpoint", index, profile: profile.name };
        let id = u32::try_from(index).ok().and_then(CheckpointId::new);
        let id = id.filter(|_| merkle::fits(index, Checkpoints::height(&profile))).ok_or(outside)?;
        let leaf = CheckpointLeaf {
            before: self.checkpoint_tree.root(),
            users: self.user_tree.root(),
            globals: GlobalState {
                contracts: self.contract_tree.root(),
                registrations: Registrations::empty_root(&profile),
                deposits: Deposits::empty_root(&profile),
                deposit_chain: Digest::ZERO,
                deployed: ItemCount::constant(self.contracts.len() as u64),
                registered: ItemCount::ZERO,
                deposited: ItemCount::ZERO,
            },
            withdrawals: Digest::ZERO,
            events: Digest::ZERO,
            stats: SessionStats::NONE,
            registrations: ItemCount::ZERO,
            deployments: ItemCount::ZERO,
            supply: Amount::ZERO,
            time,
            seed: Digest::ZERO,
            parameters: Digest::ZERO,
        };
        self.checkpoints.push(Snapshot {
            leaf: leaf.clone(),
            before: self.checkpoint_tree.clone(),
            accounts: self.accounts.clone(),
            users: self.user_tree.clone(),
            contracts: self.contract_tree.clone(),
        });
        self.checkpoint_tree.set(index, leaf.digest());
        Ok(id)
    }

    /// Opens a session of a user, anchored at the newest checkpoint.
    pub fn open(&self, user: UserId) -> Result<SandboxSession, SandboxError> {
        self.open_at(user, self.newest().0)
    }

    /// Opens a session of a user, anchored at a checkpoint. One that is older than the user's last session cannot be
    /// closed.
    pub fn open_at(&self, user: UserId, anchor: CheckpointId) -> Result<SandboxSession, SandboxError> {
        let index = u64::from(anchor.get());
        let outside = SandboxError::Outside { what: "checkpoint", index, profile: self.rules.profile.name };
        let snapshot = self.checkpoints.get(anchor.get() as usize).ok_or(outside)?;
        let account = snapshot.accounts.get(&user).ok_or(SandboxError::NoUser(user))?;
        let start = Start {
            whitelist: self.rules.session_whitelist,
            anchor,
            anchor_leaf: snapshot.leaf.clone(),
            leaf: account.leaf.clone(),
            user_path: Siblings::new(snapshot.users.path(user.get().into()).siblings),
        };
        Ok(SandboxSession { session: start.apply(&self.rules)?, account: account.clone(), calls: Vec::new() })
    }

    /// The checkpoint that a session starts from, which [`Sandbox::open_at`] found.
    fn anchor_of(&self, session: &SandboxSession) -> &Snapshot {
        let newest = self.newest().1;
        self.checkpoints.get(session.session.start.anchor.get() as usize).unwrap_or(newest)
    }

    /// Closes a session: the user's nonce grows and its new state counts from the next checkpoint on.
    pub fn close(&mut self, session: SandboxSession) -> Result<(), SandboxError> {
        let SandboxSession { session, mut account, .. } = session;
        Reject::unless_equal(Rule::DeferredStackEmpty, Digest::ZERO, session.state.deferred)?;
        Reject::unless_equal(Rule::InlineStackEmpty, Digest::ZERO, session.state.inline)?;
        let user = session.start.user;
        let pending = self.accounts.get(&user).map(|account| account.leaf.digest());
        if pending != Some(session.start.start_leaf) {
            return Err(SandboxError::SecondSession(user));
        }
        let nonce = session.leaf.nonce;
        account.leaf = UserLeaf { nonce: nonce.next().unwrap_or(nonce), ..session.leaf };
        self.put(account);
        Ok(())
    }

    /// The checkpoint leaf at a height.
    pub fn checkpoint_leaf(&self, id: CheckpointId) -> Option<&CheckpointLeaf> {
        self.checkpoints.get(id.get() as usize).map(|snapshot| &snapshot.leaf)
    }

    /// A deployed contract.
    pub fn code(&self, id: ContractId) -> Option<&Contract> {
        self.contracts.get(id.get() as usize).map(|(contract, _)| contract)
    }

    /// What is deployed of a contract: its leaf, and its functions with stand-in circuits.
    pub fn deployed(&self, id: ContractId) -> Option<&Deployed> {
        self.contracts.get(id.get() as usize).map(|(_, deployed)| deployed)
    }

    /// A user's leaf after all closed sessions.
    pub fn leaf(&self, user: UserId) -> Option<&UserLeaf> {
        self.accounts.get(&user).map(|account| &account.leaf)
    }

    /// A word of a user's state after all closed sessions.
    pub fn word(&self, user: UserId, contract: ContractId, index: SlotIndex) -> Digest {
        let state = self.accounts.get(&user).and_then(|account| account.states.get(&contract));
        state.map_or(Digest::ZERO, |state| state.leaf(index.get()))
    }

    /// The profile of the chain.
    pub fn profile(&self) -> &Profile {
        &self.rules.profile
    }

    fn newest(&self) -> (CheckpointId, &Snapshot) {
        let last = self.checkpoints.len() - 1; // `new` closes the first
        (CheckpointId::constant(last as u32), &self.checkpoints[last])
    }

    fn put(&mut self, account: Account) {
        let user = account.leaf.user;
        self.user_tree.set(user.get().into(), account.leaf.digest());
        self.accounts.insert(user, account);
    }

    fn snapshot(&self, at: CheckpointId) -> Result<&Snapshot, Unavailable> {
        let found = self.checkpoints.get(at.get() as usize);
        found.ok_or_else(|| Unavailable(format!("there is no checkpoint {at}")))
    }
}

fn tree<K: TreeKind>(profile: &Profile) -> SparseTree {
    SparseTree::new(K::DOMAIN, K::height(profile))
}

impl Reader for Sandbox {
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        let (before, old) = (&self.snapshot(anchor)?.before, self.snapshot(at)?);
        Ok(CheckpointOpening { leaf: old.leaf.clone(), path: Siblings::new(before.path(at.get().into()).siblings) })
    }

    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable> {
        let snapshot = self.snapshot(at)?;
        let account = snapshot.accounts.get(&user);
        let index = u64::from(contract.get());
        let empty = tree::<UserContracts>(&self.rules.profile);
        let contracts = account.map_or(&empty, |account| &account.contracts);
        Ok(StateOpening {
            user: account.map(|account| account.leaf.clone()),
            user_path: Siblings::new(snapshot.users.path(user.get().into()).siblings),
            state: contracts.leaf(index),
            state_path: Siblings::new(contracts.path(index).siblings),
            contract: None,
        })
    }

    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable> {
        let snapshot = self.snapshot(at)?;
        let (_, deployed) = self
            .contracts
            .get(contract.get() as usize)
            .ok_or_else(|| Unavailable(format!("contract {contract} is not deployed")))?;
        let path = Siblings::new(snapshot.contracts.path(contract.get().into()).siblings);
        Ok(ContractOpening { leaf: deployed.leaf().clone(), path })
    }

    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable> {
        let account = self.snapshot(at)?.accounts.get(&user);
        let state = account.and_then(|account| account.states.get(&contract));
        let state = state.ok_or_else(|| Unavailable(format!("user {user} has no state in contract {contract}")))?;
        Ok(SlotOpening { word: state.leaf(index.get()), siblings: state.path(index.get()).siblings })
    }

    fn find(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        list: SortedList,
        key: Digest,
    ) -> Result<u32, SearchError> {
        let account = self.snapshot(at)?.accounts.get(&user);
        let state = account.and_then(|account| account.states.get(&contract));
        Ok(state.map_or(0, |state| list.find_in(key, state)))
    }
}
