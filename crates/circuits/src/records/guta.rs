//! The header of an aggregation of user leaves. Twin: `parth_protocol::records::guta`.

use parth_crypto::Digest;
use parth_protocol::ids::{Amount, CallCount, CheckpointId, EventCount, Level, NodeIndex, SessionCount, SlotCount};
use parth_protocol::records::guta::{Anchor, GutaHeader, SessionStats, UserTransition};

use crate::gadgets::merkle::TransitionTarget;
use crate::twin::twin;

parth_protocol::guta_records!(twin);

impl UserTransitionTarget {
    /// The same change as a Merkle transition.
    pub fn merkle(&self) -> TransitionTarget {
        TransitionTarget { old: self.old, new: self.new, index: self.index, level: self.level }
    }
}

impl From<TransitionTarget> for UserTransitionTarget {
    fn from(from: TransitionTarget) -> UserTransitionTarget {
        UserTransitionTarget { old: from.old, new: from.new, index: from.index, level: from.level }
    }
}
