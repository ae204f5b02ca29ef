//! Headers of a user's session. Twin: `parth_protocol::records::session`.

use parth_crypto::{Digest, Felt};
use parth_proof::Builder;
use parth_protocol::ids::{
    Amount, CallCount, Caller, CheckpointId, ContractId, EventCount, Fingerprint, Length, MethodId, Nonce, SlotCount,
    UserId,
};
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::{
    Call, CallContext, EndCapResult, EndCapStats, Session, SessionHeader, SessionMessage, SessionStart, SessionState,
    SignedMessage,
};

use crate::twin::{RecordTarget, twin};

parth_protocol::session_records!(twin);

impl SessionTarget {
    /// What the proof of this state shows. Hashes start and state.
    pub fn header(&self, builder: &mut Builder) -> SessionHeaderTarget {
        let (start, state) = (self.start.digest(builder), self.state.digest(builder));
        SessionHeaderTarget { whitelist: self.whitelist, start, state }
    }
}
