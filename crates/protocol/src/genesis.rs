//! Genesis: the file that names a network, and the first checkpoint that follows from it.
//!
//! Whoever has the file and the pinned circuits can compute the genesis root; `parth verify` does exactly that.

use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain, Felt, hash};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::block::start::Start;
use crate::circuit::{CircuitId, CircuitSet, Rules};
use crate::global::deploy_contracts::check_contract;
use crate::ids::{Amount, CheckpointId, FeeRate, ItemCount, RealmBits, RegistrationIndex, Time, UserId};
use crate::plan::checkpoint::Head;
use crate::profile::Profile;
use crate::record::Record;
use crate::records::block::CheckpointLeaf;
use crate::records::global::GlobalState;
use crate::records::guta::SessionStats;
use crate::records::leaf::{ContractLeaf, UserLeaf};
use crate::records::network::Parameters;
use crate::reject::Reject;
use crate::statement::Statement;
use crate::tree::{
    Checkpoints, Contracts, Deposits, EndCapWhitelist, GlobalWhitelist, GutaWhitelist, Registrations, SessionWhitelist,
    TreeKind, UserContracts, Users, user_of_registration,
};

/// The schema of genesis files.
pub const SCHEMA: &str = "parth/genesis/1";
/// Most users that a genesis file may name.
pub const MAX_USERS: usize = 1 << 16;
/// Most contracts that a genesis file may name.
pub const MAX_CONTRACTS: usize = 1 << 10;

/// A genesis file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Genesis {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name of the profile.
    pub profile: String,
    /// Any text; two networks with different seeds have different genesis roots and never share a signature.
    pub seed: String,
    /// Block time of the genesis checkpoint.
    pub time: Time,
    /// Low bits of a registration index that choose the realm.
    pub realm_bits: RealmBits,
    /// Fees.
    pub fees: Fees,
    /// Users with a balance from the start, registered in order from index 1.
    pub users: Vec<GenesisUser>,
    /// Contracts in order; the first is the system contract.
    pub contracts: Vec<ContractLeaf>,
}

/// Fee rates of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fees {
    /// A session.
    pub base: FeeRate,
    /// Each call.
    pub per_call: FeeRate,
    /// Each state word written.
    pub per_slot: FeeRate,
}

/// A user of genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisUser {
    /// Public key commitment.
    pub key: Digest,
    /// Native balance.
    pub balance: Amount,
}

/// Why a genesis file does not name a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenesisError {
    /// Another kind of file, or another version.
    #[error("expected schema {SCHEMA}, got {0}")]
    Schema(String),
    /// The profile is not one that networks may have.
    #[error("unknown profile {actual}; known: {known}")]
    Profile {
        /// Name in the file.
        actual: String,
        /// Names that networks may have.
        known: String,
    },
    /// A list is longer than allowed, or empty where it must not be.
    #[error("{what}: expected {expected}, got {actual}")]
    Count {
        /// Which list or number.
        what: &'static str,
        /// What is allowed.
        expected: String,
        /// What the file has.
        actual: u64,
    },
    /// A user or contract breaks a rule of the protocol.
    #[error("{what} {index}: {reject}")]
    Item {
        /// User or contract.
        what: &'static str,
        /// Its position in the list.
        index: usize,
        /// The rule.
        reject: Reject,
    },
    /// All balances together are 2^62 or more.
    #[error("the balances of genesis add up to {0}, not below 2^62")]
    Supply(u128),
    /// Two users have one key, or a user has the empty key.
    #[error("user {0}: the key is empty or that of an earlier user")]
    Key(usize),
}

/// The state right after genesis.
#[derive(Clone, Debug)]
pub struct GenesisState {
    /// Parameters of the network.
    pub parameters: Parameters,
    /// The genesis checkpoint.
    pub head: Head,
    /// User leaves by user id.
    pub users: Vec<UserLeaf>,
    /// Public key commitments by registration index; index 0 is nobody's.
    pub registrations: Vec<Digest>,
    /// Contract leaves by contract id.
    pub contracts: Vec<ContractLeaf>,
}

/// The registration at index 0: a key commitment that is the hash of nothing, so no key opens it.
pub fn nobody_key() -> Digest {
    hash(Domain::KeyCommitment, &[])
}

impl Genesis {
    /// The first checkpoint of the network. Needs no proof and no IO.
    pub fn state(&self, circuits: &CircuitSet) -> Result<GenesisState, GenesisError> {
        let profile = self.profile()?;
        self.state_in(profile, circuits)
    }

    /// As [`Genesis::state`], in a profile of the caller's choice, for tests on small trees.
    pub fn state_in(&self, profile: Profile, circuits: &CircuitSet) -> Result<GenesisState, GenesisError> {
        self.check(&profile)?;
        let rules = Rules::new(profile, circuits);
        let supply = self.supply()?;
        let parameters = self.parameters(&profile, circuits, supply);
        let registrations: Vec<Digest> =
            std::iter::once(nobody_key()).chain(self.users.iter().map(|user| user.key)).collect();
        let users = self.user_leaves(&profile);
        let mut user_tree = SparseTree::new(Users::DOMAIN, Users::height(&profile));
        for leaf in &users {
            user_tree.set(leaf.user.get().into(), leaf.digest());
        }
        let registration_tree = filled::<Registrations>(&profile, registrations.iter().copied());
        let contract_tree = filled::<Contracts>(&profile, self.contracts.iter().map(Record::digest));
        let leaf = CheckpointLeaf {
            before: Checkpoints::empty_root(&profile),
            users: user_tree.root(),
            globals: GlobalState {
                contracts: contract_tree.root(),
                registrations: registration_tree.root(),
                deposits: Deposits::empty_root(&profile),
                deposit_chain: Digest::ZERO,
                deployed: ItemCount::constant(self.contracts.len() as u64),
                registered: ItemCount::constant(registrations.len() as u64),
                deposited: ItemCount::ZERO,
            },
            withdrawals: Digest::ZERO,
            events: Digest::ZERO,
            stats: SessionStats::NONE,
            registrations: ItemCount::constant(registrations.len() as u64),
            deployments: ItemCount::constant(self.contracts.len() as u64),
            supply,
            time: self.time,
            seed: parth_crypto::hash::link(Domain::RandomSeed, parameters.chain, Digest::ZERO),
            parameters: parameters.digest(),
        };
        let public = Start { leaf: leaf.clone() }.apply(&rules).map_err(|reject| GenesisError::Item {
            what: "checkpoint",
            index: 0,
            reject,
        })?;
        let head = Head { public, leaf };
        Ok(GenesisState { parameters, head, users, registrations, contracts: self.contracts.clone() })
    }

    /// The profile that the file names.
    pub fn profile(&self) -> Result<Profile, GenesisError> {
        Profile::by_name(&self.profile).ok_or_else(|| GenesisError::Profile {
            actual: self.profile.clone(),
            known: Profile::KNOWN.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", "),
        })
    }

    fn check(&self, profile: &Profile) -> Result<(), GenesisError> {
        if self.schema != SCHEMA {
            return Err(GenesisError::Schema(self.schema.clone()));
        }
        let count = |what, allowed: std::ops::RangeInclusive<usize>, actual: usize| {
            if allowed.contains(&actual) {
                return Ok(());
            }
            let expected = format!("{} to {}", allowed.start(), allowed.end());
            Err(GenesisError::Count { what, expected, actual: actual as u64 })
        };
        count("users", 0..=MAX_USERS.min((1 << profile.registrations) - 1), self.users.len())?;
        count("contracts", 1..=MAX_CONTRACTS.min(1 << profile.contracts), self.contracts.len())?;
        count("realm bits", 0..=profile.coordinator, usize::from(self.realm_bits.get()))?;
        for (index, contract) in self.contracts.iter().enumerate() {
            check_contract(contract).map_err(|reject| GenesisError::Item { what: "contract", index, reject })?;
        }
        let mut keys = std::collections::BTreeSet::from([Digest::ZERO, nobody_key()]);
        match self.users.iter().position(|user| !keys.insert(user.key)) {
            Some(index) => Err(GenesisError::Key(index)),
            None => Ok(()),
        }
    }

    fn supply(&self) -> Result<Amount, GenesisError> {
        let sum: u128 = self.users.iter().map(|user| u128::from(user.balance.get())).sum();
        u64::try_from(sum).ok().and_then(Amount::new).ok_or(GenesisError::Supply(sum))
    }

    fn parameters(&self, profile: &Profile, circuits: &CircuitSet, genesis_supply: Amount) -> Parameters {
        let seed: Vec<Felt> = self.seed.bytes().map(Felt::from).collect();
        Parameters {
            chain: hash(Domain::ChainMagic, &seed),
            profile: profile.digest(),
            fee_base: self.fees.base,
            fee_per_call: self.fees.per_call,
            fee_per_slot: self.fees.per_slot,
            genesis_supply,
            realm_bits: self.realm_bits,
            start: circuits.fingerprint(CircuitId::BlockStart),
            checkpoint: circuits.fingerprint(CircuitId::BlockCheckpoint),
            session_whitelist: circuits.whitelist_root::<SessionWhitelist>(profile),
            end_cap_whitelist: circuits.whitelist_root::<EndCapWhitelist>(profile),
            guta_whitelist: circuits.whitelist_root::<GutaWhitelist>(profile),
            global_whitelist: circuits.whitelist_root::<GlobalWhitelist>(profile),
        }
    }

    fn user_leaves(&self, profile: &Profile) -> Vec<UserLeaf> {
        let no_contracts = UserContracts::empty_root(profile);
        let mut leaves: Vec<UserLeaf> = (1u32..)
            .zip(&self.users)
            .map(|(index, user)| {
                let id: UserId = user_of_registration(profile, self.realm_bits, RegistrationIndex::constant(index));
                let fresh = UserLeaf::fresh(user.key, no_contracts, CheckpointId::ZERO, id);
                UserLeaf { balance: user.balance, ..fresh }
            })
            .collect();
        leaves.sort_by_key(|leaf| leaf.user);
        leaves
    }
}

/// A tree with leaves from index 0.
fn filled<K: TreeKind>(profile: &Profile, leaves: impl Iterator<Item = Digest>) -> SparseTree {
    let mut tree = SparseTree::new(K::DOMAIN, K::height(profile));
    for (index, leaf) in (0..).zip(leaves) {
        tree.set(index, leaf);
    }
    tree
}
