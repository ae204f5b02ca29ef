//! [`Tree`]: which tree of the forest, and which part of it.

use parth_crypto::Digest;
use parth_crypto::Domain;
use parth_crypto::merkle::empty_root;
use parth_protocol::ids::{ContractId, StateHeight, UserId};
use parth_protocol::profile::Profile;

use crate::key::Key;

/// Names one tree of the forest (design/protocol.md, "Trees").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeId {
    /// CHKP: checkpoint leaves.
    Checkpoints,
    /// GUSR: user leaves.
    Users,
    /// URT: key commitments in order of registration.
    Registrations,
    /// GCON: contract leaves.
    Contracts,
    /// CFT: functions of one contract.
    Functions(ContractId),
    /// UCON: contract state roots of one user.
    UserContracts(UserId),
    /// CSTATE: slots of one user in one contract.
    State {
        /// The user.
        user: UserId,
        /// The contract.
        contract: ContractId,
    },
    /// GDT: deposits.
    Deposits,
}

impl TreeId {
    /// The domain that its nodes are hashed with.
    pub fn domain(self) -> Domain {
        match self {
            TreeId::Checkpoints => Domain::CheckpointNode,
            TreeId::Users => Domain::UserNode,
            TreeId::Registrations => Domain::RegistrationNode,
            TreeId::Contracts => Domain::ContractNode,
            TreeId::Functions(_) => Domain::FunctionNode,
            TreeId::UserContracts(_) => Domain::UserContractNode,
            TreeId::State { .. } => Domain::StateNode,
            TreeId::Deposits => Domain::DepositNode,
        }
    }

    /// Tag, then two numbers, big endian: every id has the same length, so no tree's keys run into another's.
    pub(crate) fn to_bytes(self) -> [u8; 9] {
        let (tag, first, second) = match self {
            TreeId::Checkpoints => (1, 0, 0),
            TreeId::Users => (2, 0, 0),
            TreeId::Registrations => (3, 0, 0),
            TreeId::Contracts => (4, 0, 0),
            TreeId::Functions(contract) => (5, contract.get(), 0),
            TreeId::UserContracts(user) => (6, user.get(), 0),
            TreeId::State { user, contract } => (7, user.get(), contract.get()),
            TreeId::Deposits => (8, 0, 0),
        };
        let mut out = [0; 9];
        out[0] = tag;
        out[1..5].copy_from_slice(&u32::to_be_bytes(first));
        out[5..].copy_from_slice(&u32::to_be_bytes(second));
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<TreeId> {
        let (tag, first, second) = <(u8, u32, u32)>::decoded(bytes)?;
        let id = match tag {
            1 => TreeId::Checkpoints,
            2 => TreeId::Users,
            3 => TreeId::Registrations,
            4 => TreeId::Contracts,
            5 => TreeId::Functions(ContractId::new(first)?),
            6 => TreeId::UserContracts(UserId::new(first)?),
            7 => TreeId::State { user: UserId::new(first)?, contract: ContractId::new(second)? },
            8 => TreeId::Deposits,
            _ => return None,
        };
        (id.to_bytes() == bytes).then_some(id)
    }
}

/// A tree, or the part of it between two levels under one node. Levels and indices are always those of the whole tree,
/// so paths of a realm's part and of the coordinator's part join without conversion.
///
/// ```text
///   level top      place            the part's root
///                  /    \
///   level floor   0 .. n            the part's leaves
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    id: TreeId,
    floor: u8,
    top: u8,
    place: u64,
}

impl Tree {
    /// The whole tree, of `height` levels above its leaves.
    ///
    /// # Panics
    /// When `height` is above 63; heights are constants of a profile.
    pub const fn whole(id: TreeId, height: u8) -> Tree {
        assert!(height < 64, "a tree has at most 63 levels");
        Tree { id, floor: 0, top: height, place: 0 }
    }

    /// The leftmost part between two levels: what a stored block says about its tree.
    pub(super) const fn part(id: TreeId, floor: u8, top: u8) -> Tree {
        Tree { id, floor, top, place: 0 }
    }

    /// CHKP.
    pub const fn checkpoints(profile: &Profile) -> Tree {
        Tree::whole(TreeId::Checkpoints, profile.checkpoints as u8)
    }

    /// GUSR, all of it. A realm holds [`Tree::below`] its node, the coordinator [`Tree::above`] the realms' level.
    pub const fn users(profile: &Profile) -> Tree {
        Tree::whole(TreeId::Users, profile.users() as u8)
    }

    /// URT.
    pub const fn registrations(profile: &Profile) -> Tree {
        Tree::whole(TreeId::Registrations, profile.registrations as u8)
    }

    /// GCON.
    pub const fn contracts(profile: &Profile) -> Tree {
        Tree::whole(TreeId::Contracts, profile.contracts as u8)
    }

    /// CFT of a contract.
    pub const fn functions(profile: &Profile, contract: ContractId) -> Tree {
        Tree::whole(TreeId::Functions(contract), profile.functions as u8)
    }

    /// UCON of a user.
    pub const fn user_contracts(profile: &Profile, user: UserId) -> Tree {
        Tree::whole(TreeId::UserContracts(user), profile.contracts as u8)
    }

    /// CSTATE of a user in a contract, of the height that the contract's leaf names.
    pub const fn state(user: UserId, contract: ContractId, height: StateHeight) -> Tree {
        Tree::whole(TreeId::State { user, contract }, height.get())
    }

    /// GDT.
    pub const fn deposits(profile: &Profile) -> Tree {
        Tree::whole(TreeId::Deposits, profile.deposits as u8)
    }

    /// The part below one node: what a realm holds of the users.
    ///
    /// # Panics
    /// When the node is not in the part.
    pub const fn below(self, level: u8, index: u64) -> Tree {
        assert!(level >= self.floor && level <= self.top && index >> (self.top - level) == self.place, "no such node");
        Tree { top: level, place: index, ..self }
    }

    /// The part from a level on up: what the coordinator holds of the users. Its leaves are nodes of that level.
    ///
    /// # Panics
    /// When the level is not in the part.
    pub const fn above(self, level: u8) -> Tree {
        assert!(level >= self.floor && level <= self.top, "no such level");
        Tree { floor: level, ..self }
    }

    /// Which tree of the forest.
    pub const fn id(self) -> TreeId {
        self.id
    }

    /// Level of the part's leaves; 0 when it reaches down to the tree's.
    pub const fn floor(self) -> u8 {
        self.floor
    }

    /// Level of the part's root.
    pub const fn top(self) -> u8 {
        self.top
    }

    /// Index of the part's root in its level; 0 for a part that reaches the tree's root.
    pub const fn place(self) -> u64 {
        self.place
    }

    /// The domain of its nodes.
    pub fn domain(self) -> Domain {
        self.id.domain()
    }

    /// The node of a level under which nothing was ever written.
    pub fn empty(self, level: u8) -> Digest {
        empty_root(self.domain(), usize::from(level))
    }

    /// Is there such a node in this part?
    pub const fn has(self, level: u8, index: u64) -> bool {
        level >= self.floor && level <= self.top && index >> (self.top - level) == self.place
    }
}
