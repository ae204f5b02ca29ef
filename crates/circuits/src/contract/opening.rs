//! Openings as targets. Twin: `parth_contract::opening`.

use parth_contract::Function;
use parth_contract::function::OpeningKind;
use parth_contract::opening::{ContractOpening, GroupOpening, Opening, SlotOpening, StateOpening};
use parth_crypto::{Digest, Domain, Felt, merkle};
use parth_proof::{Builder, Witness};
use parth_protocol::Profile;
use parth_protocol::ids::{Scalar, StateHeight};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::{ContractLeaf, UserLeaf};
use parth_protocol::tree::{Checkpoints, Contracts, Siblings, TreeKind, UserContracts, Users};
use plonky2::iop::target::{BoolTarget, Target};

use super::mine::MineTarget;
use crate::gadgets::hash::{DigestTarget, constant};
use crate::gadgets::logic;
use crate::records::block::CheckpointLeafTarget;
use crate::records::leaf::{ContractLeafTarget, UserLeafTarget};
use crate::twin::{FillError, RecordTarget, SiblingsTarget, Twin};

/// A word with its siblings, in a state tree whose height is fixed with the circuit.
#[derive(Clone, Debug)]
pub(super) struct SlotTarget {
    pub(super) word: DigestTarget,
    pub(super) siblings: Vec<DigestTarget>,
}

#[derive(Clone, Debug)]
pub(super) struct CheckpointTarget {
    pub(super) leaf: CheckpointLeafTarget,
    pub(super) path: SiblingsTarget,
}

#[derive(Clone, Debug)]
pub(super) struct StateTarget {
    /// Is there such a user?
    exists: BoolTarget,
    /// Without meaning when there is none; see [`StateTarget::root`].
    user: UserLeafTarget,
    user_path: SiblingsTarget,
    state: DigestTarget,
    state_path: SiblingsTarget,
    contract: Option<(ContractLeafTarget, SiblingsTarget)>,
}

/// A group of words with the siblings of their common node.
#[derive(Clone, Debug)]
pub(super) struct GroupTarget {
    pub(super) words: Vec<DigestTarget>,
    pub(super) siblings: Vec<DigestTarget>,
}

#[derive(Clone, Debug)]
pub(super) enum OpeningTarget {
    Own(SlotTarget),
    Checkpoint(Box<CheckpointTarget>),
    State(Box<StateTarget>),
    Slot(SlotTarget),
    Group(GroupTarget),
    Position {
        position: Target,
        bits: usize,
    },
    Mine(Box<MineTarget>),
    /// What an inline call gives, as the prover claims.
    Results(Vec<Target>),
}

/// Rows that an opening takes at least: one for each level of a path.
fn least_rows(profile: &Profile, function: &Function, opening: &OpeningKind) -> usize {
    let state = UserContracts::height(profile);
    match *opening {
        OpeningKind::Own => function.state_height().get().into(),
        OpeningKind::Slot { height } | OpeningKind::Group { height, .. } => height.get().into(),
        OpeningKind::Checkpoint => Checkpoints::height(profile),
        OpeningKind::State { other: false } => Users::height(profile) + state,
        OpeningKind::State { other: true } => Users::height(profile) + state + Contracts::height(profile),
        OpeningKind::Mine => state + Contracts::height(profile),
        OpeningKind::Position { .. } => 1,
        OpeningKind::Results { felts } => usize::from(felts) / 8,
    }
}

impl OpeningTarget {
    /// Rows that the openings of a function take at least.
    pub(super) fn least_rows(profile: &Profile, function: &Function) -> usize {
        function.openings().iter().map(|opening| least_rows(profile, function, opening)).sum()
    }

    /// Targets for all openings of a function, in order.
    pub(super) fn all(builder: &mut Builder, profile: &Profile, function: &Function) -> Vec<OpeningTarget> {
        let alloc = |kind: &OpeningKind| match *kind {
            OpeningKind::Own => OpeningTarget::Own(SlotTarget::alloc(builder, function.state_height())),
            OpeningKind::Slot { height } => OpeningTarget::Slot(SlotTarget::alloc(builder, height)),
            OpeningKind::Group { height, log, .. } => OpeningTarget::Group(GroupTarget::alloc(builder, height, log)),
            OpeningKind::Position { bits } => {
                OpeningTarget::Position { position: builder.add_virtual_target(), bits: bits.into() }
            }
            OpeningKind::Checkpoint => OpeningTarget::Checkpoint(Box::new(CheckpointTarget {
                leaf: CheckpointLeaf::alloc(builder, profile),
                path: Siblings::<Checkpoints>::alloc(builder, profile),
            })),
            OpeningKind::State { other } => OpeningTarget::State(Box::new(StateTarget::alloc(builder, profile, other))),
            OpeningKind::Results { felts } => OpeningTarget::Results(builder.add_virtual_targets(felts.into())),
            OpeningKind::Mine => OpeningTarget::Mine(Box::new(MineTarget::alloc(builder, profile))),
        };
        function.openings().iter().map(alloc).collect()
    }

    pub(super) fn fill(&self, opening: &Opening, witness: &mut Witness) -> Result<(), FillError> {
        match (self, opening) {
            (OpeningTarget::Own(target), Opening::Own(opening)) => target.fill(opening, witness),
            (OpeningTarget::Slot(target), Opening::Slot(opening)) => target.fill(opening, witness),
            (OpeningTarget::Group(target), Opening::Group(opening)) => target.fill(opening, witness),
            (OpeningTarget::Position { position, .. }, Opening::Position(value)) => {
                Felt::from(*value).fill(position, witness)
            }
            (OpeningTarget::State(target), Opening::State(opening)) => target.fill(opening, witness),
            (OpeningTarget::Mine(target), Opening::Mine(opening)) => target.fill(opening, witness),
            (OpeningTarget::Checkpoint(target), Opening::Checkpoint(opening)) => {
                opening.leaf.fill(&target.leaf, witness)?;
                opening.path.fill(&target.path, witness)
            }
            (OpeningTarget::Results(targets), Opening::Results(felts)) => {
                let (expected, actual) = (targets.len(), felts.len());
                if expected != actual {
                    return Err(FillError::Length { what: "the results of an inline call", expected, actual });
                }
                felts.iter().zip(targets).try_for_each(|(felt, target)| felt.fill(target, witness))
            }
            _ => Err(FillError::Length { what: "an opening of another kind", expected: 1, actual: 0 }),
        }
    }
}

impl SlotTarget {
    fn alloc(builder: &mut Builder, height: StateHeight) -> SlotTarget {
        let siblings = (0..height.get()).map(|_| DigestTarget::alloc(builder)).collect();
        SlotTarget { word: DigestTarget::alloc(builder), siblings }
    }

    fn fill(&self, opening: &SlotOpening, witness: &mut Witness) -> Result<(), FillError> {
        let (expected, actual) = (self.siblings.len(), opening.siblings.len());
        if expected != actual {
            return Err(FillError::Length { what: "a path of a state tree", expected, actual });
        }
        opening.word.fill(&self.word, witness)?;
        opening.siblings.iter().zip(&self.siblings).try_for_each(|(sibling, target)| sibling.fill(target, witness))
    }
}

impl GroupTarget {
    fn alloc(builder: &mut Builder, height: StateHeight, log: u8) -> GroupTarget {
        let mut digests = |count: usize| (0..count).map(|_| DigestTarget::alloc(builder)).collect();
        GroupTarget { words: digests(1 << log), siblings: digests(height.get().saturating_sub(log).into()) }
    }

    fn fill(&self, opening: &GroupOpening, witness: &mut Witness) -> Result<(), FillError> {
        for (targets, digests) in [(&self.words, &opening.words), (&self.siblings, &opening.siblings)] {
            let (expected, actual) = (targets.len(), digests.len());
            if expected != actual {
                return Err(FillError::Length { what: "a group of words or its path", expected, actual });
            }
            digests.iter().zip(targets).try_for_each(|(digest, target)| digest.fill(target, witness))?;
        }
        Ok(())
    }
}

impl StateTarget {
    fn alloc(builder: &mut Builder, profile: &Profile, other: bool) -> StateTarget {
        let contract = |builder: &mut Builder| {
            (ContractLeaf::alloc(builder, profile), Siblings::<Contracts>::alloc(builder, profile))
        };
        StateTarget {
            exists: bool::alloc(builder, profile),
            user: UserLeaf::alloc(builder, profile),
            user_path: Siblings::<Users>::alloc(builder, profile),
            state: DigestTarget::alloc(builder),
            state_path: Siblings::<UserContracts>::alloc(builder, profile),
            contract: other.then(|| contract(builder)),
        }
    }

    /// Checks the opening against a checkpoint and gives the root of the state: the initial one when the user or the
    /// state does not exist.
    ///
    /// For a user that does not exist the user tree is proven empty at its place. The user leaf is then any leaf and
    /// its contract tree any tree, but nothing is taken from either: the root is the initial one.
    pub(super) fn root(
        &self,
        builder: &mut Builder,
        checkpoint: &CheckpointLeafTarget,
        user: &[BoolTarget],
        contract: &[BoolTarget],
        height: StateHeight,
    ) -> DigestTarget {
        let leaf = self.user.digest(builder);
        let leaf = logic::mask_digest(builder, self.exists, leaf);
        self.user_path.check(builder, checkpoint.users, user, leaf);
        let initial = match &self.contract {
            None => {
                let empty = merkle::empty_root(Domain::StateNode, usize::from(height.get()));
                DigestTarget::constant(builder, empty)
            }
            Some((leaf, path)) => {
                let digest = leaf.digest(builder);
                path.check(builder, checkpoint.globals.contracts, contract, digest);
                let height = constant(builder, height.to_felt());
                builder.connect(leaf.state_height, height);
                leaf.initial
            }
        };
        self.state_path.check(builder, self.user.contracts, contract, self.state);
        let never_used = logic::is_zero_digest(builder, self.state);
        let used = builder.not(never_used);
        let used = builder.and(self.exists, used);
        logic::select_digest(builder, used, self.state, initial)
    }

    /// Is there such a user? Proven by [`StateTarget::root`].
    pub(super) fn exists(&self) -> BoolTarget {
        self.exists
    }

    /// Bits of a user id for this opening's path.
    pub(super) fn user_levels(&self) -> usize {
        self.user_path.siblings().len()
    }

    /// Bits of a contract id for this opening's paths.
    pub(super) fn contract_levels(&self) -> usize {
        self.state_path.siblings().len()
    }

    fn fill(&self, opening: &StateOpening, witness: &mut Witness) -> Result<(), FillError> {
        opening.user.is_some().fill(&self.exists, witness)?;
        match &opening.user {
            Some(user) => user.fill(&self.user, witness)?,
            None => {
                // All but the root of the contract tree, which follows from the path below it.
                Digest::ZERO.fill(&self.user.key, witness)?;
                let user = &self.user;
                for target in [user.balance, user.nonce, user.last_checkpoint, user.events, user.user] {
                    fill_zero(&target, witness)?;
                }
            }
        }
        opening.user_path.fill(&self.user_path, witness)?;
        opening.state.fill(&self.state, witness)?;
        opening.state_path.fill(&self.state_path, witness)?;
        match (&self.contract, &opening.contract) {
            (None, None) => Ok(()),
            (Some((leaf_target, path_target)), Some(ContractOpening { leaf, path })) => {
                leaf.fill(leaf_target, witness)?;
                path.fill(path_target, witness)
            }
            (expected, actual) => {
                let (expected, actual) = (usize::from(expected.is_some()), usize::from(actual.is_some()));
                Err(FillError::Length { what: "the contract leaves of an opening", expected, actual })
            }
        }
    }
}

fn fill_zero(target: &Target, witness: &mut Witness) -> Result<(), FillError> {
    Felt::ZERO.fill(target, witness)
}
