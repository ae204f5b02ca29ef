//! `session::start_new_user`: opens the first session of a user, who is registered but has no leaf yet.
//!
//! Twin: `circuits/src/session/start_new_user.rs`. Source: seed 001, step 1.1; decision D11.

use parth_crypto::Digest;

use crate::circuit::{CircuitId, Rules};
use crate::ids::{Amount, CheckpointId, EventCount, Nonce, RegistrationIndex, UserId};
use crate::profile::Profile;
use crate::record::{Record, native};
use crate::records::block::CheckpointLeaf;
use crate::records::leaf::UserLeaf;
use crate::records::network::Parameters;
use crate::records::session::{Session, SessionStart};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Registrations, Siblings, TreeKind, UserContracts, Users, realm_bits_fit, user_of_registration};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_start_new_user {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::start_new_user`.
            witness StartNewUser {
                /// Whitelist of session circuits.
                whitelist: Digest,
                /// Height of the anchor.
                anchor: CheckpointId,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: CheckpointLeaf,
                /// Parameters of the network, for the realm bits.
                parameters: Parameters,
                /// The user.
                user: UserId,
                /// Public key commitment.
                key: Digest,
                /// Where the key stands in URT.
                registration: RegistrationIndex,
                /// Its siblings in the registration tree of the anchor.
                registration_path: Siblings<Registrations>,
                /// Siblings of the empty leaf in the user tree of the anchor.
                user_path: Siblings<Users>,
            }
        }
    };
}
session_start_new_user!(native);

impl Statement for StartNewUser {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::SessionStartNewUser;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        let profile = &rules.profile;
        let anchor = &self.anchor_leaf;
        Reject::unless(Rule::Nobody, self.user != UserId::NOBODY, "a user id above 0", 0)?;
        Reject::unless_equal(Rule::ParametersOfAnchor, anchor.parameters, self.parameters.digest())?;
        let bits = self.parameters.realm_bits;
        let expected = "as many realm bits as the coordinator has levels, or fewer";
        Reject::unless(Rule::RegistrationIndex, realm_bits_fit(profile, bits), expected, u64::from(bits.get()))?;
        let mapped = user_of_registration(profile, bits, self.registration);
        Reject::unless_equal(Rule::RegistrationIndex, u64::from(mapped.get()), self.user.get().into())?;
        let at = u64::from(self.registration.get());
        let registrations = anchor.globals.registrations;
        self.registration_path.check(profile, Rule::RegistrationPath, registrations, at, self.key)?;
        self.user_path.check(profile, Rule::UserPath, anchor.users, self.user.get().into(), Digest::ZERO)?;
        Ok(self.opened(profile))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}

impl StartNewUser {
    /// The session before its first call, when the rules hold.
    pub fn opened(&self, profile: &Profile) -> Session {
        let start = SessionStart {
            anchor: self.anchor,
            anchor_leaf: self.anchor_leaf.digest(),
            start_leaf: Digest::ZERO,
            user: self.user,
            nonce: Nonce::ZERO,
            key: self.key,
            balance: Amount::ZERO,
            events: EventCount::ZERO,
            parameters: self.anchor_leaf.parameters,
        };
        let leaf = UserLeaf::fresh(self.key, UserContracts::empty_root(profile), self.anchor, self.user);
        Session::opened(profile, self.whitelist, start, leaf)
    }
}
