//! `session::start`: opens a session of a user who has a leaf.
//!
//! Twin: `protocol/src/session/start.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::ids::CheckpointId;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::session::start::Start;
use parth_protocol::tree::{Checkpoints, Siblings, TreeKind, Users};
use parth_protocol::{Rules, session_start};

use crate::gadgets::{logic, range};
use crate::records::leaf::UserLeafTarget;
use crate::records::session::{SessionStartTarget, SessionTarget};
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_start!(twin);

impl StatementCircuit for Start {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &StartTarget) -> Outcome {
        let session = statement.open(builder, rules);
        let start = session.start.digest(builder);
        Outcome::new(session.public(builder, start), Vec::new())
    }
}

impl StartTarget {
    /// The session before its first call.
    pub(crate) fn open(&self, builder: &mut Builder, rules: &Rules) -> SessionTarget {
        let (leaf, anchor_leaf) = (&self.leaf, &self.anchor_leaf);
        logic::assert_not_zero(builder, leaf.user);
        let start_leaf = leaf.digest(builder);
        let at = self.user_path.index(builder, leaf.user);
        self.user_path.check(builder, anchor_leaf.users, &at, start_leaf);
        // The last checkpoint in the leaf is below 2^height: an earlier session went through here.
        let height = Checkpoints::height(&rules.profile);
        range::check(builder, self.anchor, height);
        range::assert_not_above(builder, leaf.last_checkpoint, self.anchor, height);
        let start = SessionStartTarget {
            anchor: self.anchor,
            anchor_leaf: anchor_leaf.digest(builder),
            start_leaf,
            user: leaf.user,
            nonce: leaf.nonce,
            key: leaf.key,
            balance: leaf.balance,
            events: leaf.events,
            parameters: anchor_leaf.parameters,
        };
        let leaf = UserLeafTarget { last_checkpoint: self.anchor, ..leaf.clone() };
        SessionTarget::opened(builder, rules, self.whitelist, start, leaf)
    }
}
