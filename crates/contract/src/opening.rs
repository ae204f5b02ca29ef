//! What proves a read: openings, where they come from, and how each is checked.
//!
//! ```text
//!   anchor leaf ── before ──▸ CHKP ──▸ older checkpoint leaf
//!        │                                   │
//!        └────────── users ──────────────────┴──▸ GUSR ──▸ user leaf ──▸ UCON ──▸ CSTATE root ──▸ word
//! ```
//! A reader answers from anywhere (a store, a node over the network); nothing that it says is believed before it is
//! checked here.

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::merkle;
use parth_crypto::{Digest, Domain, Felt, node};
use parth_protocol::Record;
use parth_protocol::ids::{CheckpointId, ContractId, SlotIndex, StateHeight, UserId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::{ContractLeaf, UserLeaf};
use parth_protocol::tree::{Checkpoints, Contracts, Siblings, TreeKind, UserContracts, Users};
use thiserror::Error;

use crate::mine::MineOpening;
use crate::sorted::{SearchError, SortedList};

/// A word of a state tree with the siblings of its place, leaf first.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SlotOpening {
    /// The word.
    pub word: Digest,
    /// As many siblings as the tree is high.
    pub siblings: Vec<Digest>,
}

/// A group of words, 2^n at a multiple of 2^n, with the siblings of their common node, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct GroupOpening {
    /// The words.
    pub words: Vec<Digest>,
    /// As many siblings as the tree is high, less n.
    pub siblings: Vec<Digest>,
}

/// A checkpoint leaf with its siblings in the checkpoint tree before the anchor.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct CheckpointOpening {
    /// The leaf.
    pub leaf: CheckpointLeaf,
    /// Its siblings.
    pub path: Siblings<Checkpoints>,
}

/// The state root of a user in a contract.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StateOpening {
    /// The user's leaf, or nothing when the user tree is empty there.
    pub user: Option<UserLeaf>,
    /// The siblings of the user in the user tree.
    pub user_path: Siblings<Users>,
    /// The leaf of the user's contract tree: a state root; zero when the user never used the contract.
    pub state: Digest,
    /// Its siblings in the user's contract tree. Without meaning when there is no user.
    pub state_path: Siblings<UserContracts>,
    /// The contract's leaf with its siblings, when the contract is not the running one.
    pub contract: Option<ContractOpening>,
}

/// A contract leaf with its siblings in the contract tree.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ContractOpening {
    /// The leaf.
    pub leaf: ContractLeaf,
    /// Its siblings.
    pub path: Siblings<Contracts>,
}

/// One opening of a call's witness.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Opening {
    /// A word of the user's own state, before the operation that opens it.
    Own(SlotOpening),
    /// An older checkpoint.
    Checkpoint(Box<CheckpointOpening>),
    /// A user's state root in a contract.
    State(Box<StateOpening>),
    /// A word of a frozen state.
    Slot(SlotOpening),
    /// A group of words, of the own state or of a frozen one.
    Group(GroupOpening),
    /// A position that nothing is proven of: advice.
    Position(u32),
    /// The state root of the session's own user in another contract, as it stands.
    Mine(Box<MineOpening>),
    /// What an inline call gives, as the caller claims: felts in order.
    Results(Vec<Felt>),
}

/// Why a read gives nothing: the reader's own reason, in words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Where frozen state is read from. Every answer is checked against the anchor.
pub trait Reader {
    /// A checkpoint with its siblings in the checkpoint tree that the leaf of `anchor` names as the one before it.
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable>;

    /// A user's leaf and state root in a contract, as of a checkpoint; without the contract's leaf.
    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable>;

    /// A contract's leaf, as of a checkpoint.
    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable>;

    /// A word of a user's state in a contract, as of a checkpoint. Not asked for states that do not exist.
    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable>;

    /// Where a key stands in a sorted list of a user's state, or else the node before it: see [`SortedList`]. Not asked
    /// for states that do not exist. Unless a reader knows better it reads at most [`crate::sorted::MAX_READS`] words.
    fn find(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        list: SortedList,
        key: Digest,
    ) -> Result<u32, SearchError> {
        list.walk(key, |index| Ok(self.slot(at, user, contract, index)?.word))
    }

    /// The state root of the session's own user in a contract, as it stands before the call, with its siblings in the
    /// user's contract tree; zero when the user never used the contract. A chain knows no session: see
    /// [`crate::mine::InSession`].
    fn mine(&self, contract: ContractId) -> Result<(Digest, Siblings<UserContracts>), Unavailable> {
        Err(Unavailable(format!("no session is open to read the own state in contract {contract} from")))
    }

    /// A word of that state. Not asked for states that do not exist.
    fn mine_slot(&self, contract: ContractId, index: SlotIndex) -> Result<SlotOpening, Unavailable> {
        Err(Unavailable(format!("no session is open to read slot {index} of contract {contract} from")))
    }

    /// As [`Reader::find`], in that state.
    fn mine_find(&self, contract: ContractId, list: SortedList, key: Digest) -> Result<u32, SearchError> {
        list.walk(key, |index| Ok(self.mine_slot(contract, index)?.word))
    }
}

/// A reader of nothing, for functions that read only their own state.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReader;

impl Reader for NoReader {
    fn checkpoint(&self, _: CheckpointId, _: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        Err(no_reader())
    }

    fn state(&self, _: CheckpointId, _: UserId, _: ContractId) -> Result<StateOpening, Unavailable> {
        Err(no_reader())
    }

    fn contract(&self, _: CheckpointId, _: ContractId) -> Result<ContractOpening, Unavailable> {
        Err(no_reader())
    }

    fn slot(&self, _: CheckpointId, _: UserId, _: ContractId, _: SlotIndex) -> Result<SlotOpening, Unavailable> {
        Err(no_reader())
    }
}

fn no_reader() -> Unavailable {
    Unavailable("no chain is connected to read from".to_owned())
}

/// What an opening is of, in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A word of the user's own state.
    Own,
    /// An older checkpoint.
    Checkpoint,
    /// A user leaf.
    User,
    /// A leaf of a user's contract tree.
    State,
    /// A contract leaf.
    Contract,
    /// A word of a frozen state.
    Slot,
    /// A group of words of a state.
    Group,
    /// A position in a sorted list.
    Position,
    /// The state root of the session's own user in another contract.
    Mine,
    /// The results of an inline call.
    Results,
}

impl std::fmt::Display for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Opened::Own => "a word of the own state",
            Opened::Checkpoint => "an older checkpoint",
            Opened::User => "a user leaf",
            Opened::State => "a user's state root in a contract",
            Opened::Contract => "a contract leaf",
            Opened::Slot => "a word of a user's state",
            Opened::Group => "a group of words of a state",
            Opened::Position => "a position in a sorted list",
            Opened::Mine => "the own state root in another contract",
            Opened::Results => "the results of an inline call",
        })
    }
}

/// Why an opening is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadOpening {
    /// It leads to another root.
    #[error("the opening of {what} leads to root {actual}, expected {expected}")]
    Root {
        /// What is opened.
        what: Opened,
        /// The root that is known.
        expected: Digest,
        /// The root that the opening leads to.
        actual: Digest,
    },
    /// It has another number of siblings than the tree has levels.
    #[error("the opening of {what} has {actual} siblings, expected {expected}")]
    Siblings {
        /// What is opened.
        what: Opened,
        /// Levels of the tree.
        expected: usize,
        /// Siblings found.
        actual: usize,
    },
    /// It has another number of words.
    #[error("the opening of a group has {actual} words, expected {expected}")]
    Words {
        /// Words of the group.
        expected: usize,
        /// Words found.
        actual: usize,
    },
    /// The position does not exist in the tree.
    #[error("{what} at {index} is outside a tree of height {height}")]
    Outside {
        /// What is opened.
        what: Opened,
        /// The position.
        index: u64,
        /// Levels of the tree.
        height: usize,
    },
    /// The witness has another kind of opening here, or none.
    #[error("the witness has no opening of {what} at position {position}")]
    Missing {
        /// What is to be opened.
        what: Opened,
        /// Position among the openings.
        position: usize,
    },
    /// The witness has more openings than the function uses.
    #[error("the witness has {actual} openings, the function uses {expected}")]
    Extra {
        /// Openings that the function uses.
        expected: usize,
        /// Openings found.
        actual: usize,
    },
    /// An inline call has other results than the code names.
    #[error("the witness has {actual} felts of results of an inline call, expected {expected}")]
    Results {
        /// Felts of the results that the code names.
        expected: usize,
        /// Felts found.
        actual: usize,
    },
    /// An inline call that is not made has results other than zeros.
    #[error("the witness has results of an inline call that is not made")]
    NotCalled,
}

/// The root above `leaf`, in a tree of `height`.
pub(crate) fn root(
    what: Opened,
    domain: Domain,
    height: usize,
    index: u64,
    leaf: Digest,
    siblings: &[Digest],
) -> Result<Digest, BadOpening> {
    if siblings.len() != height {
        return Err(BadOpening::Siblings { what, expected: height, actual: siblings.len() });
    }
    if !merkle::fits(index, height) {
        return Err(BadOpening::Outside { what, index, height });
    }
    Ok(merkle::climb(domain, index, leaf, siblings))
}

pub(crate) fn check<K: TreeKind>(
    what: Opened,
    profile: &Profile,
    expected: Digest,
    index: u64,
    leaf: Digest,
    path: &Siblings<K>,
) -> Result<(), BadOpening> {
    let actual = root(what, K::DOMAIN, K::height(profile), index, leaf, &path.0)?;
    if actual == expected { Ok(()) } else { Err(BadOpening::Root { what, expected, actual }) }
}

impl SlotOpening {
    /// A word of an empty tree.
    pub fn empty(height: StateHeight) -> SlotOpening {
        let levels = 0..usize::from(height.get());
        let siblings = levels.map(|level| merkle::empty_root(Domain::StateNode, level)).collect();
        SlotOpening { word: Digest::ZERO, siblings }
    }

    /// Checks that the word stands at `index` under `expected`.
    pub fn check(&self, what: Opened, height: StateHeight, expected: Digest, index: u64) -> Result<(), BadOpening> {
        let actual = root(what, Domain::StateNode, height.get().into(), index, self.word, &self.siblings)?;
        if actual == expected { Ok(()) } else { Err(BadOpening::Root { what, expected, actual }) }
    }
}

impl GroupOpening {
    /// A group of an empty tree.
    pub fn empty(height: StateHeight, log: u8) -> GroupOpening {
        let levels = usize::from(log)..usize::from(height.get());
        let siblings = levels.map(|level| merkle::empty_root(Domain::StateNode, level)).collect();
        GroupOpening { words: vec![Digest::ZERO; 1 << log], siblings }
    }

    /// The root above the words as group `group` of a tree.
    pub(crate) fn root(&self, height: StateHeight, log: u8, group: u64) -> Result<Digest, BadOpening> {
        let (expected, actual) = (1 << log, self.words.len());
        if actual != expected {
            return Err(BadOpening::Words { expected, actual });
        }
        let mut level = self.words.clone();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| node(Domain::StateNode, pair[0], pair[1])).collect();
        }
        let levels = usize::from(height.get().saturating_sub(log));
        root(Opened::Group, Domain::StateNode, levels, group, level[0], &self.siblings)
    }

    /// Checks that the words stand as group `group` under `expected`.
    pub fn check(&self, height: StateHeight, log: u8, expected: Digest, group: u64) -> Result<(), BadOpening> {
        let actual = self.root(height, log, group)?;
        if actual == expected { Ok(()) } else { Err(BadOpening::Root { what: Opened::Group, expected, actual }) }
    }
}

impl CheckpointOpening {
    /// Checks that the leaf stands at `height` in the tree before the anchor.
    pub fn check(&self, profile: &Profile, anchor: &CheckpointLeaf, height: CheckpointId) -> Result<(), BadOpening> {
        let index = height.get().into();
        check(Opened::Checkpoint, profile, anchor.before, index, self.leaf.digest(), &self.path)
    }
}

impl ContractOpening {
    /// Checks that the leaf stands at the contract's id in the contract tree of a checkpoint.
    pub fn check(
        &self,
        profile: &Profile,
        checkpoint: &CheckpointLeaf,
        contract: ContractId,
    ) -> Result<(), BadOpening> {
        let (root, index) = (checkpoint.globals.contracts, u64::from(contract.get()));
        check(Opened::Contract, profile, root, index, self.leaf.digest(), &self.path)
    }
}

impl StateOpening {
    /// Checks the opening against a checkpoint and gives the root of the state, for a contract of `height`: its
    /// initial root when the user or the state does not exist.
    pub fn check(
        &self,
        profile: &Profile,
        checkpoint: &CheckpointLeaf,
        user: UserId,
        contract: ContractId,
        height: StateHeight,
    ) -> Result<Digest, BadOpening> {
        let leaf = self.user.as_ref().map_or(Digest::ZERO, Record::digest);
        check(Opened::User, profile, checkpoint.users, user.get().into(), leaf, &self.user_path)?;
        let contract_index = u64::from(contract.get());
        let mut initial = merkle::empty_root(Domain::StateNode, usize::from(height.get()));
        if let Some(opening) = &self.contract {
            opening.check(profile, checkpoint, contract)?;
            initial = opening.leaf.initial;
        }
        // Also without a user the path must be one of a contract tree, since the circuit climbs it all the same.
        let levels = UserContracts::height(profile);
        let what = Opened::State;
        let actual = root(what, UserContracts::DOMAIN, levels, contract_index, self.state, &self.state_path.0)?;
        let Some(user) = &self.user else {
            return Ok(initial);
        };
        if actual != user.contracts {
            return Err(BadOpening::Root { what, expected: user.contracts, actual });
        }
        Ok(if self.state.is_zero() { initial } else { self.state })
    }
}
