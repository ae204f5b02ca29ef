//! A network in memory that keeps what realms and coordinator would, and lies when a test asks it to.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use parth_client::chain::{RegistrationOpening, UserOpening};
use parth_client::{Chain, Program, Session};
use parth_contract::Reader;
use parth_contract::contracts::{counter, system};
use parth_contract::opening::{CheckpointOpening, ContractOpening, SlotOpening, StateOpening, Unavailable};
use parth_crypto::merkle::SparseTree;
use parth_crypto::schnorr::SecretKey;
use parth_crypto::{Digest, Domain, Felt};
use parth_jobs::wire::EndedSession;
use parth_protocol::genesis::{Fees, Genesis, GenesisUser, SCHEMA};
use parth_protocol::ids::{
    Amount, CheckpointId, ContractId, FeeRate, ItemCount, RealmBits, RegistrationIndex, SlotIndex, StateHeight, Time,
    UserId,
};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::{ContractLeaf, UserLeaf};
use parth_protocol::session::end_cap::key_commitment;
use parth_protocol::tree::{
    Checkpoints, Contracts, Registrations, Siblings, TreeKind, UserContracts, Users, user_of_registration,
};
use parth_protocol::{CircuitId, CircuitSet, Network, Profile, Record, Rules};

/// Registration indices of people; Ann and Bob are in genesis.
pub(crate) const ANN: u32 = 1;
pub(crate) const BOB: u32 = 2;
pub(crate) const CYD: u32 = 3;
/// What Ann and Bob have.
pub(crate) const BALANCE: u64 = 1_000_000;
pub(crate) const SYSTEM: ContractId = ContractId::SYSTEM;
pub(crate) const COUNTER: ContractId = ContractId::constant(1);

/// What the network says wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    UserPath,
    UserContracts,
    NoSuchPlace,
    Words,
    ContractPath,
    Sent,
    Parameters,
}

/// Everything at one checkpoint.
#[derive(Clone)]
struct Snapshot {
    leaf: CheckpointLeaf,
    before: SparseTree,
    users: SparseTree,
    registrations: SparseTree,
    leaves: BTreeMap<UserId, UserLeaf>,
    user_contracts: BTreeMap<UserId, SparseTree>,
    states: BTreeMap<(UserId, ContractId), SparseTree>,
}

pub(crate) struct Net {
    pub(crate) network: Network,
    pub(crate) system: Arc<Program>,
    pub(crate) counter: Arc<Program>,
    pub(crate) lie: Cell<Option<Lie>>,
    contracts: Vec<ContractLeaf>,
    contract_tree: SparseTree,
    checkpoints: SparseTree,
    registered: Vec<Digest>,
    history: Vec<Snapshot>,
}

fn tree<K: TreeKind>(profile: &Profile) -> SparseTree {
    SparseTree::new(K::DOMAIN, K::height(profile))
}

pub(crate) fn key(person: u32) -> SecretKey {
    SecretKey::from_entropy(&[person as u8; 64]).unwrap()
}

pub(crate) fn felts(numbers: &[u64]) -> Vec<Felt> {
    numbers.iter().map(|&number| Felt::reduce(number)).collect()
}

impl Net {
    /// Small trees, stand-in circuits. The contracts are compiled once for all tests.
    pub(crate) fn small() -> Net {
        static PROGRAMS: LazyLock<[Arc<Program>; 2]> = LazyLock::new(|| {
            [system::contract(), counter::contract()]
                .map(|code| Arc::new(Program::compile(&Profile::SMALL, code, None).unwrap()))
        });
        let [system, counter] = PROGRAMS.clone();
        Net::new(Profile::SMALL, CircuitSet::stand_in(), system, counter)
    }

    pub(crate) fn new(profile: Profile, circuits: CircuitSet, system: Arc<Program>, counter: Arc<Program>) -> Net {
        let signature = circuits.fingerprint(CircuitId::SignatureSchnorr);
        let commitment = |person| key_commitment(signature, key(person).public().parameter());
        let user = |person| GenesisUser { key: commitment(person), balance: Amount::constant(BALANCE) };
        let rate = FeeRate::constant;
        let genesis = Genesis {
            schema: SCHEMA.to_owned(),
            profile: profile.name.to_owned(),
            seed: "client".to_owned(),
            time: Time::constant(1_000),
            realm_bits: RealmBits::constant(1),
            fees: Fees { base: rate(10), per_call: rate(3), per_slot: rate(1) },
            users: [ANN, BOB].map(user).to_vec(),
            contracts: [&system, &counter].map(|program| program.deployed().leaf().clone()).to_vec(),
        };
        let state = genesis.state_in(profile, &circuits).unwrap();
        let [mut users, mut registrations, mut contract_tree, mut checkpoints] = [
            tree::<Users>(&profile),
            tree::<Registrations>(&profile),
            tree::<Contracts>(&profile),
            tree::<Checkpoints>(&profile),
        ];
        let before = checkpoints.clone();
        for leaf in &state.users {
            users.set(leaf.user.get().into(), leaf.digest());
        }
        for (index, key) in (0..).zip(&state.registrations) {
            registrations.set(index, *key);
        }
        for (index, leaf) in (0..).zip(&state.contracts) {
            contract_tree.set(index, leaf.digest());
        }
        checkpoints.set(0, state.head.leaf.digest());
        let genesis = Snapshot {
            leaf: state.head.leaf,
            before,
            users,
            registrations,
            leaves: state.users.into_iter().map(|leaf| (leaf.user, leaf)).collect(),
            user_contracts: BTreeMap::new(),
            states: BTreeMap::new(),
        };
        Net {
            network: Network { rules: Rules::new(profile, &circuits), circuits, parameters: state.parameters },
            system,
            counter,
            lie: Cell::new(None),
            contracts: state.contracts,
            contract_tree,
            checkpoints,
            registered: state.registrations,
            history: vec![genesis],
        }
    }

    pub(crate) fn user(&self, person: u32) -> UserId {
        let bits = self.network.parameters.realm_bits;
        user_of_registration(&self.network.rules.profile, bits, RegistrationIndex::constant(person))
    }

    pub(crate) fn commitment(&self, person: u32) -> Digest {
        let signature = self.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
        key_commitment(signature, key(person).public().parameter())
    }

    pub(crate) fn newest(&self) -> CheckpointId {
        CheckpointId::constant(self.history.len() as u32 - 1)
    }

    pub(crate) fn leaf_of(&self, person: u32) -> Option<&UserLeaf> {
        self.history[self.history.len() - 1].leaves.get(&self.user(person))
    }

    /// The digest of a person's leaf at a checkpoint.
    pub(crate) fn history_leaf(&self, person: u32, at: usize) -> Digest {
        self.history[at].leaves.get(&self.user(person)).map_or(Digest::ZERO, Record::digest)
    }

    pub(crate) fn word(&self, person: u32, contract: ContractId, slot: u64) -> Digest {
        let newest = &self.history[self.history.len() - 1];
        newest.states.get(&(self.user(person), contract)).map_or(Digest::ZERO, |state| state.leaf(slot))
    }

    /// Opens a person's session at the newest checkpoint.
    pub(crate) fn open(&self, person: u32) -> Session<'_> {
        Session::open(&self.network, self, self.commitment(person), self.newest()).unwrap()
    }

    /// Closes a checkpoint. Asserts what a realm would check of each session.
    pub(crate) fn checkpoint(&mut self, sessions: &[EndedSession], keys: &[Digest]) {
        let profile = self.network.rules.profile;
        let mut next = self.history[self.history.len() - 1].clone();
        for session in sessions {
            let (user, result) = (session.result.user, &session.result);
            let start = next.leaves.get(&user).map_or(Digest::ZERO, Record::digest);
            assert_eq!(result.start_leaf, start, "the session starts from the newest leaf");
            let contracts = next.user_contracts.entry(user).or_insert_with(|| tree::<UserContracts>(&profile));
            for change in &session.contracts {
                let (leaf, contract) = (&change.opening.leaf, change.contract);
                let empty = || SparseTree::new(Domain::StateNode, usize::from(leaf.state_height.get()));
                let state = next.states.entry((user, contract)).or_insert_with(empty);
                for (slot, word) in &change.writes {
                    state.set(slot.get(), *word);
                }
                contracts.set(contract.get().into(), state.root());
            }
            assert_eq!(contracts.root(), session.end_leaf.contracts, "the writes lead to the end leaf");
            assert_eq!(session.end_leaf.digest(), result.end_leaf);
            next.users.set(user.get().into(), result.end_leaf);
            next.leaves.insert(user, session.end_leaf.clone());
        }
        for key in keys {
            next.registrations.set(self.registered.len() as u64, *key);
            self.registered.push(*key);
        }
        next.before = self.checkpoints.clone();
        next.leaf.before = self.checkpoints.root();
        next.leaf.users = next.users.root();
        next.leaf.globals.registrations = next.registrations.root();
        next.leaf.globals.registered = ItemCount::constant(self.registered.len() as u64);
        self.checkpoints.set(self.history.len() as u64, next.leaf.digest());
        self.history.push(next);
    }

    fn at(&self, at: CheckpointId) -> Result<&Snapshot, Unavailable> {
        self.history.get(at.get() as usize).ok_or_else(|| Unavailable(format!("there is no checkpoint {at}")))
    }

    fn lies(&self, lie: Lie) -> bool {
        self.lie.get() == Some(lie)
    }
}

/// A path of as many siblings, each of them wrong.
fn bent<K: TreeKind>(path: Siblings<K>) -> Siblings<K> {
    Siblings::new(path.0.iter().map(|_| Digest::from([6, 6, 6, 6])).collect())
}

impl Reader for Net {
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        let path = self.at(anchor)?.before.path(at.get().into()).siblings;
        Ok(CheckpointOpening { leaf: self.at(at)?.leaf.clone(), path: Siblings::new(path) })
    }

    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable> {
        let (opened, then) = (self.user_opening(at, user)?, self.at(at)?);
        let empty = tree::<UserContracts>(&self.network.rules.profile);
        let contracts = then.user_contracts.get(&user).unwrap_or(&empty);
        let index = u64::from(contract.get());
        Ok(StateOpening {
            user: opened.leaf,
            user_path: opened.path,
            state: contracts.leaf(index),
            state_path: Siblings::new(contracts.path(index).siblings),
            contract: None,
        })
    }

    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable> {
        self.at(at)?;
        let leaf = self.contracts.get(contract.get() as usize).cloned();
        let leaf = leaf.ok_or_else(|| Unavailable(format!("contract {contract} is not deployed")))?;
        let path = Siblings::new(self.contract_tree.path(contract.get().into()).siblings);
        Ok(ContractOpening { leaf, path: if self.lies(Lie::ContractPath) { bent(path) } else { path } })
    }

    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable> {
        let state = self.at(at)?.states.get(&(user, contract));
        let state = state.ok_or_else(|| Unavailable(format!("user {user} has no state in contract {contract}")))?;
        let mut word = state.leaf(index.get());
        if self.lies(Lie::Sent) {
            word.0[0] += Felt::ONE;
        }
        Ok(SlotOpening { word, siblings: state.path(index.get()).siblings })
    }
}

impl Net {
    fn user_opening(&self, at: CheckpointId, user: UserId) -> Result<UserOpening, Unavailable> {
        let then = self.at(at)?;
        let path = Siblings::new(then.users.path(user.get().into()).siblings);
        Ok(UserOpening { leaf: then.leaves.get(&user).cloned(), path })
    }
}

impl Chain for Net {
    fn head(&self) -> Result<CheckpointId, Unavailable> {
        Ok(self.newest())
    }

    fn leaf(&self, at: CheckpointId) -> Result<CheckpointLeaf, Unavailable> {
        let mut leaf = self.at(at)?.leaf.clone();
        if self.lies(Lie::Parameters) {
            leaf.parameters = Digest::from([6, 6, 6, 6]);
        }
        Ok(leaf)
    }

    fn registration(&self, at: CheckpointId, key: Digest) -> Result<Option<RegistrationOpening>, Unavailable> {
        let then = self.at(at)?;
        let registered = then.leaf.globals.registered.get();
        let index = self.registered.iter().position(|known| *known == key).map(|index| index as u64);
        Ok(index.filter(|index| *index < registered).map(|index| RegistrationOpening {
            index: RegistrationIndex::constant(index as u32),
            path: Siblings::new(then.registrations.path(index).siblings),
        }))
    }

    fn user(&self, at: CheckpointId, user: UserId) -> Result<UserOpening, Unavailable> {
        let opened = self.user_opening(at, user)?;
        let path = if self.lies(Lie::UserPath) { bent(opened.path) } else { opened.path };
        Ok(UserOpening { leaf: opened.leaf, path })
    }

    fn user_contracts(&self, at: CheckpointId, user: UserId) -> Result<Vec<(ContractId, Digest)>, Unavailable> {
        if self.lies(Lie::NoSuchPlace) {
            return Ok(vec![(ContractId::MAX, Digest::from([6, 6, 6, 6]))]);
        }
        let leaves = self.at(at)?.user_contracts.get(&user).map(|contracts| contracts.leaves().collect::<Vec<_>>());
        let leaves = leaves.unwrap_or_default();
        let skip = usize::from(self.lies(Lie::UserContracts));
        Ok(leaves.into_iter().skip(skip).map(|(at, root)| (ContractId::constant(at as u32), root)).collect())
    }

    fn words(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        _: StateHeight,
    ) -> Result<Vec<(SlotIndex, Digest)>, Unavailable> {
        let words = self.at(at)?.states.get(&(user, contract)).map(|state| state.leaves().collect::<Vec<_>>());
        let skip = usize::from(self.lies(Lie::Words));
        let words = words.unwrap_or_default().into_iter().skip(skip);
        Ok(words.map(|(slot, word)| (SlotIndex::constant(slot), word)).collect())
    }
}
