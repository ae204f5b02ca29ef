//! `session::start`: opens a session of a user who has a leaf.
//!
//! That the anchor leaf is a real checkpoint is checked once, where the end cap enters aggregation.
//! Twin: `circuits/src/session/start.rs`. Source: seed 001, step 1.1.

use parth_crypto::Digest;

use crate::circuit::{CircuitId, Rules};
use crate::ids::{CheckpointId, UserId};
use crate::profile::Profile;
use crate::record::{Record, native};
use crate::records::block::CheckpointLeaf;
use crate::records::leaf::UserLeaf;
use crate::records::session::{Session, SessionStart};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Siblings, Users};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_start {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::start`.
            witness Start {
                /// Whitelist of session circuits.
                whitelist: Digest,
                /// Height of the anchor.
                anchor: CheckpointId,
                /// Checkpoint leaf of the anchor.
                anchor_leaf: CheckpointLeaf,
                /// The user's leaf at the anchor.
                leaf: UserLeaf,
                /// Its siblings in the user tree of the anchor.
                user_path: Siblings<Users>,
            }
        }
    };
}
session_start!(native);

impl Statement for Start {
    type Header = Session;
    const CIRCUIT: CircuitId = CircuitId::SessionStart;

    fn apply(&self, rules: &Rules) -> Result<Session, Reject> {
        let profile = &rules.profile;
        let user = self.leaf.user;
        Reject::unless(Rule::Nobody, user != UserId::NOBODY, "a user id above 0", u64::from(user.get()))?;
        let (users, start_leaf) = (self.anchor_leaf.users, self.leaf.digest());
        self.user_path.check(profile, Rule::UserPath, users, user.get().into(), start_leaf)?;
        let last = self.leaf.last_checkpoint;
        if self.anchor < last {
            return Err(Reject::number(Rule::AnchorNotBelowLast, last.get().into(), self.anchor.get().into()));
        }
        Ok(self.opened(profile))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}

impl Start {
    /// The session before its first call, when the rules hold.
    pub fn opened(&self, profile: &Profile) -> Session {
        let start = SessionStart {
            anchor: self.anchor,
            anchor_leaf: self.anchor_leaf.digest(),
            start_leaf: self.leaf.digest(),
            user: self.leaf.user,
            nonce: self.leaf.nonce,
            key: self.leaf.key,
            balance: self.leaf.balance,
            events: self.leaf.events,
            parameters: self.anchor_leaf.parameters,
        };
        let leaf = UserLeaf { last_checkpoint: self.anchor, ..self.leaf.clone() };
        Session::opened(profile, self.whitelist, start, leaf)
    }
}
