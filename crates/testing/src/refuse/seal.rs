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
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::end_cap::{EndCap, key_commitment};
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::tree::{Siblings, TreeKind};
use parth_protocol::{CircuitSet, Profile, Record, Rules};

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
        let taken = &mut self.taken;
        let at = taken.function_index.get();
        taken.contract.functions = root(&taken.function_path, at, taken.function.digest());
        self.seal_contract(profile);
        self.previous.whitelist = whitelist_of(&self.previous_circuit);
        let taken = &self.taken;
        self.previous.leaf.contracts = root(&taken.state_path, taken.call.contract.get(), taken.state_leaf);
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
        let taken = &self.taken;
        let contracts = root(&taken.contract_path, taken.call.contract.get(), taken.contract.digest());
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
        seal_call(&mut self.taken, &self.previous);
    }
}

/// What a call proof repeats of the session.
pub(crate) fn seal_call(taken: &mut TakenCall, previous: &Session) {
    let context = &mut taken.context;
    context.session = previous.start.digest();
    context.user_contracts = previous.leaf.contracts;
    context.state = if taken.state_leaf.is_zero() { taken.contract.initial } else { taken.state_leaf };
    context.call = taken.call.digest();
    context.proofs = previous.state.proofs;
    context.balance = previous.leaf.balance;
    context.events_before = previous.leaf.events;
}

/// What the first calls of a session repeat of it, one after the other.
pub(crate) fn seal_calls<const N: usize>(
    profile: &Profile,
    anchor_leaf: &CheckpointLeaf,
    opened: Session,
    calls: [&mut TakenCall; N],
) {
    let rules = Rules::new(*profile, &CircuitSet::stand_in());
    let mut session = opened;
    for taken in calls {
        seal_call(taken, &session);
        // A call that is refused leaves nothing for the next one to follow from.
        let Ok(next) = taken.take_top_level(&rules, anchor_leaf, &session) else { return };
        session = next;
    }
}

impl Seal for FirstTwoCalls {
    /// The calls follow from the start and one another. Other trees than that of users are left as they are.
    fn seal(&mut self, profile: &Profile) {
        self.start.seal(profile);
        let opened = self.start.opened(profile);
        seal_calls(profile, &self.start.anchor_leaf, opened, [&mut self.first, &mut self.second]);
    }
}

impl Seal for FirstTwoCallsNewUser {
    /// As for [`FirstTwoCalls`]; the key stands in the tree of registrations.
    fn seal(&mut self, profile: &Profile) {
        self.start.seal(profile);
        let opened = self.start.opened(profile);
        seal_calls(profile, &self.start.anchor_leaf, opened, [&mut self.first, &mut self.second]);
    }
}

impl Seal for SingleCall {
    /// The call follows from the start, the start from key and parameters. Trees are left as they are, but that of
    /// users, which follows from the key.
    fn seal(&mut self, profile: &Profile) {
        self.start.leaf.key = key_commitment(self.signature_circuit, self.key_parameter);
        self.start.anchor_leaf.parameters = self.parameters.digest();
        self.start.seal(profile);
        seal_call(&mut self.taken, &self.start.opened(profile));
    }
}

impl Seal for SingleCallNewUser {
    /// As for [`SingleCall`]; the key stands in the tree of registrations.
    fn seal(&mut self, profile: &Profile) {
        self.start.key = key_commitment(self.signature_circuit, self.key_parameter);
        self.start.seal(profile);
        seal_call(&mut self.taken, &self.start.opened(profile));
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
    SessionStart SessionStartNewUser SessionStep SessionDeferredStep SessionInlineStep FirstTwoCalls FirstTwoCallsNewUser EndCap SingleCall
    SingleCallNewUser SingleEndCap TwoEndCaps TwoGuta LeftGutaRightEndCap
    LeftEndCapRightGuta ToCap NoChange RegisterUsers DeployContracts Unchanged Fold PartOne BlockStart Checkpoint
}
