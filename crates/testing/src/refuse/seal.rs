//! Re-making digests: after one field of a statement has changed, everything that must follow from it follows again.
//!
//! A statement that is changed and sealed breaks only the rules about the changed field itself; a statement that is
//! sealed and then changed breaks the tie at the changed field. Roots, links and copies are re-made; pins
//! (whitelists that a circuit holds as constants) are not.

use parth_crypto::{Digest, Domain, merkle};
use parth_protocol::block::checkpoint::Checkpoint;
use parth_protocol::block::part_one::PartOne;
use parth_protocol::block::start::Start as BlockStart;
use parth_protocol::circuit::Listed;
use parth_protocol::global::deploy_contracts::DeployContracts;
use parth_protocol::global::fold::Fold;
use parth_protocol::global::register_users::RegisterUsers;
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::guta::left_end_cap_right_guta::LeftEndCapRightGuta;
use parth_protocol::guta::left_guta_right_end_cap::LeftGutaRightEndCap;
use parth_protocol::guta::no_change::NoChange;
use parth_protocol::guta::single_end_cap::SingleEndCap;
use parth_protocol::guta::to_cap::ToCap;
use parth_protocol::guta::two_end_caps::TwoEndCaps;
use parth_protocol::guta::two_guta::TwoGuta;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::plan::AnyStatement;
use parth_protocol::session::end_cap::{EndCap, key_commitment};
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::tree::{Siblings, TreeKind};
use parth_protocol::{Profile, Record};

/// Statements whose dependent digests can be made again.
pub trait Seal {
    /// Makes every digest and copy that follows from other fields.
    fn seal(&mut self, profile: &Profile);
}

/// The root above a leaf, whatever the index: bits above the tree are not looked at, as a circuit that forgot to bound
/// the index would do.
pub(crate) fn root<K: TreeKind>(siblings: &Siblings<K>, index: impl Into<u64>, leaf: Digest) -> Digest {
    merkle::climb(K::DOMAIN, index.into(), leaf, &siblings.0)
}

/// The whitelist in which a circuit stands at the place that it shows.
pub(crate) fn whitelist_of<K: TreeKind>(listed: &Listed<K>) -> Digest {
    root(&listed.path, listed.index.get(), listed.fingerprint.0)
}

impl Seal for Start {
    fn seal(&mut self, _: &Profile) {
        self.anchor_leaf.users = root(&self.user_path, self.leaf.user.get(), self.leaf.digest());
    }
}

impl Seal for StartNewUser {
    fn seal(&mut self, _: &Profile) {
        let anchor = &mut self.anchor_leaf;
        anchor.parameters = self.parameters.digest();
        anchor.users = root(&self.user_path, self.user.get(), Digest::ZERO);
        anchor.globals.registrations = root(&self.registration_path, self.registration.get(), self.key);
    }
}

impl Seal for Step {
    fn seal(&mut self, profile: &Profile) {
        self.contract.functions = root(&self.function_path, self.function_index.get(), self.function.digest());
        self.seal_contract(profile);
        self.previous.whitelist = whitelist_of(&self.previous_circuit);
        self.previous.leaf.contracts = root(&self.state_path, self.call.contract.get(), self.state_leaf);
        self.seal_leaf();
    }
}

/// Parts of the seal of a step, for breaks that have consequences further on.
pub(crate) trait SealStep {
    /// From the contract leaf on: contract tree, anchor, session.
    fn seal_contract(&mut self, profile: &Profile);
    /// From the anchor leaf on.
    fn seal_anchor(&mut self);
    /// From the user leaf on.
    fn seal_leaf(&mut self);
    /// What the call proof repeats of the session.
    fn seal_context(&mut self);
}

impl SealStep for Step {
    fn seal_contract(&mut self, _: &Profile) {
        let contracts = root(&self.contract_path, self.call.contract.get(), self.contract.digest());
        self.anchor_leaf.globals.contracts = contracts;
        self.seal_anchor();
    }

    fn seal_anchor(&mut self) {
        self.previous.start.anchor_leaf = self.anchor_leaf.digest();
        self.seal_context();
    }

    fn seal_leaf(&mut self) {
        self.previous.state.leaf = self.previous.leaf.digest();
        self.seal_context();
    }

    fn seal_context(&mut self) {
        let (previous, context) = (&self.previous, &mut self.context);
        context.session = previous.start.digest();
        context.user_contracts = previous.leaf.contracts;
        context.state = if self.state_leaf.is_zero() { self.contract.initial } else { self.state_leaf };
        context.call = self.call.digest();
        context.proofs = previous.state.proofs;
        context.balance = previous.leaf.balance;
        context.events_before = previous.leaf.events;
    }
}

impl Seal for EndCap {
    fn seal(&mut self, _: &Profile) {
        let last = &mut self.last;
        last.whitelist = whitelist_of(&self.last_circuit);
        last.start.parameters = self.parameters.digest();
        last.start.key = key_commitment(self.signature_circuit, self.key_parameter);
        last.leaf.key = last.start.key;
        last.state.leaf = last.leaf.digest();
    }
}

/// The checkpoint root that an end cap shows its anchor under.
pub(crate) fn anchor_root(child: &EndCapChild) -> Digest {
    root(&child.anchor_path, child.result.anchor.get(), child.result.anchor_leaf)
}

fn seal_guta(child: &mut GutaChild) {
    child.header.whitelist = whitelist_of(&child.circuit);
}

impl Seal for SingleEndCap {
    fn seal(&mut self, _: &Profile) {
        self.anchor.root = anchor_root(&self.end_cap);
    }
}

impl Seal for TwoEndCaps {
    /// From the left end cap; the right one keeps its own path.
    fn seal(&mut self, _: &Profile) {
        self.anchor.root = anchor_root(&self.left);
    }
}

impl Seal for TwoGuta {
    fn seal(&mut self, _: &Profile) {
        seal_guta(&mut self.left);
        seal_guta(&mut self.right);
    }
}

impl Seal for LeftGutaRightEndCap {
    fn seal(&mut self, _: &Profile) {
        seal_guta(&mut self.left);
        self.left.header.anchor.root = anchor_root(&self.right);
    }
}

impl Seal for LeftEndCapRightGuta {
    fn seal(&mut self, _: &Profile) {
        seal_guta(&mut self.right);
        self.right.header.anchor.root = anchor_root(&self.left);
    }
}

impl Seal for ToCap {
    fn seal(&mut self, _: &Profile) {
        seal_guta(&mut self.child);
    }
}

impl Seal for NoChange {
    fn seal(&mut self, _: &Profile) {
        self.anchor.root = root(&self.leaf_path, self.anchor.height.get(), self.leaf.digest());
    }
}

impl Seal for RegisterUsers {
    /// From the first place; later items keep their paths.
    fn seal(&mut self, _: &Profile) {
        if let Some(first) = self.registrations.0.first() {
            let old = &mut self.entry.old;
            old.registrations = root(&first.path, old.registered.get(), Digest::ZERO);
        }
    }
}

impl Seal for DeployContracts {
    /// From the first place; later items keep their paths.
    fn seal(&mut self, _: &Profile) {
        for item in &mut self.deployments.0 {
            let height = usize::from(item.contract.state_height.get());
            item.contract.initial = merkle::empty_root(Domain::StateNode, height);
        }
        if let Some(first) = self.deployments.0.first() {
            let old = &mut self.entry.old;
            old.contracts = root(&first.path, old.deployed.get(), Digest::ZERO);
        }
    }
}

impl Seal for Unchanged {
    fn seal(&mut self, _: &Profile) {}
}

impl Seal for Fold {
    fn seal(&mut self, _: &Profile) {
        self.left.header.whitelist = whitelist_of(&self.left.circuit);
        self.right.header.whitelist = whitelist_of(&self.right.circuit);
        self.right.header.old = self.left.header.new.clone();
    }
}

impl Seal for PartOne {
    /// The old leaf follows the headers; their whitelists are pinned and stay.
    fn seal(&mut self, _: &Profile) {
        self.old_leaf.users = self.guta.header.transition.old;
        self.old_leaf.globals = self.global.header.old.clone();
        self.old_leaf.parameters = self.guta.header.parameters;
    }
}

impl Seal for BlockStart {
    fn seal(&mut self, profile: &Profile) {
        self.leaf.before = parth_protocol::tree::Checkpoints::empty_root(profile);
    }
}

impl Seal for Checkpoint {
    fn seal(&mut self, _: &Profile) {
        self.seal_links();
        let (previous, part) = (&mut self.previous, &mut self.part_one);
        previous.root = root(&self.append_path, u64::from(previous.height.get()) + 1, Digest::ZERO);
        part.anchor.root = previous.root;
        part.anchor.height = previous.height;
    }
}

/// Part of the seal of a checkpoint.
pub(crate) trait SealLinks {
    /// Parameters and leaf digests; the tree is left as it is.
    fn seal_links(&mut self);
}

impl SealLinks for Checkpoint {
    fn seal_links(&mut self) {
        let (previous, part) = (&mut self.previous, &mut self.part_one);
        previous.parameters = self.parameters.digest();
        part.parameters = previous.parameters;
        previous.leaf = self.old_leaf.digest();
        part.old_leaf = previous.leaf;
    }
}

macro_rules! seal_any {
    ($($name:ident)+) => {
        impl Seal for AnyStatement {
            fn seal(&mut self, profile: &Profile) {
                match self {
                    $(AnyStatement::$name(statement) => statement.seal(profile),)+
                }
            }
        }
    };
}
seal_any! {
    SessionStart SessionStartNewUser SessionStep EndCap SingleEndCap TwoEndCaps TwoGuta LeftGutaRightEndCap
    LeftEndCapRightGuta ToCap NoChange RegisterUsers DeployContracts Unchanged Fold PartOne BlockStart Checkpoint
}
