//! What a call does.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::SlotIndex;
use parth_protocol::records::session::CallContext;

use crate::debt::{Debt, InlineDebt};

/// A word that a call wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub index: SlotIndex,
    /// The word before.
    pub old: Digest,
    /// The word after.
    pub new: Digest,
}

/// An event that a call emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Position in the contract's list of events.
    pub event: u16,
    /// What is hashed: the event's id, then its fields.
    pub felts: Vec<Felt>,
}

impl Event {
    /// The digest that stands for the event in the chain of its call.
    pub fn digest(&self) -> Digest {
        hash(Domain::Event, &self.felts)
    }
}

/// The digest of the events of one call: a chain; zero when there are none.
pub fn events_digest(events: &[Event]) -> Digest {
    events.iter().fold(Digest::ZERO, |chain, event| parth_crypto::hash::link(Domain::CallEvents, chain, event.digest()))
}

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What its proof will say.
    pub context: CallContext,
    /// The outputs, as felts in order.
    pub outputs: Vec<Felt>,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The words written, in order. One index may occur more than once.
    pub writes: Vec<Write>,
    /// The calls that it owes, in the order in which they are to be made.
    pub deferred: Vec<Debt>,
    /// The calls that it makes inline, in order.
    pub inline: Vec<InlineDebt>,
}
