//! `session::start_new_user`: opens the first session of a user.
//!
//! Twin: `protocol/src/session/start_new_user.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::ids::{CheckpointId, RealmBits, RegistrationIndex, Scalar, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::network::Parameters;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::tree::{Checkpoints, Registrations, Siblings, TreeKind, UserContracts, Users};
use parth_protocol::{Rules, session_start_new_user};
use plonky2::iop::target::{BoolTarget, Target};

use crate::gadgets::hash::DigestTarget;
use crate::gadgets::{logic, range};
use crate::records::leaf::UserLeafTarget;
use crate::records::session::{SessionStartTarget, SessionTarget};
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_start_new_user!(twin);

impl StatementCircuit for StartNewUser {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &StartNewUserTarget) -> Outcome {
        let session = statement.open(builder, rules);
        let start = session.start.digest(builder);
        Outcome::new(session.public(builder, start), Vec::new())
    }
}

impl StartNewUserTarget {
    /// The session before its first call.
    pub(crate) fn open(&self, builder: &mut Builder, rules: &Rules) -> SessionTarget {
        let (profile, anchor_leaf) = (&rules.profile, &self.anchor_leaf);
        logic::assert_not_zero(builder, self.user);
        let parameters = self.parameters.digest(builder);
        anchor_leaf.parameters.connect(builder, parameters);
        let registration = self.registration_path.index(builder, self.registration);
        let user = rotate(builder, &registration, self.parameters.realm_bits);
        let mapped = range::number(builder, &user);
        builder.connect(mapped, self.user);
        let registrations = anchor_leaf.globals.registrations;
        self.registration_path.check(builder, registrations, &registration, self.key);
        let (none, zero) = (DigestTarget::zero(builder), builder.zero());
        self.user_path.check(builder, anchor_leaf.users, &user, none);
        range::check(builder, self.anchor, Checkpoints::height(profile));
        let start = SessionStartTarget {
            anchor: self.anchor,
            anchor_leaf: anchor_leaf.digest(builder),
            start_leaf: none,
            user: self.user,
            nonce: zero,
            key: self.key,
            balance: zero,
            events: zero,
            parameters,
        };
        let leaf = UserLeafTarget {
            key: self.key,
            contracts: DigestTarget::constant(builder, UserContracts::empty_root(profile)),
            balance: zero,
            nonce: zero,
            last_checkpoint: self.anchor,
            events: zero,
            user: self.user,
        };
        SessionTarget::opened(builder, rules, self.whitelist, start, leaf)
    }
}

/// The bits of a word rotated right by a number of places below 16. Twin of `tree::user_of_registration`.
fn rotate(builder: &mut Builder, word: &[BoolTarget], places: Target) -> Vec<BoolTarget> {
    let stages = range::bits(builder, places, RealmBits::BITS as usize);
    stages.into_iter().enumerate().fold(word.to_vec(), |word, (stage, moved)| {
        let by = (1 << stage) % word.len();
        (0..word.len())
            .map(|bit| {
                let from = word[(bit + by) % word.len()];
                // A selection of bits by a bit is a bit.
                BoolTarget::new_unsafe(logic::select(builder, moved, from.target, word[bit].target))
            })
            .collect()
    })
}
