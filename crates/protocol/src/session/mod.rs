//! A user's session: start, one step a call, end cap; or the short forms, which state several of these in one proof.
//!
//! ```text
//!   start | start_new_user ──▸ step ──▸ step ──▸ … ──▸ end_cap ◂── signature
//!                                ▴        ▴
//!                              call     call          (proofs of contract functions)
//!
//!   deferred_step, inline_step     a step that pays a call which an earlier one left to be made; see `debt`
//!
//!   two calls or more:   first_two_calls ──▸ step ──▸ … ──▸ end_cap ◂── signature
//!   one call:            single_call ◂── call, signature             (each also as …_new_user)
//! ```
//! Every statement but those that close a session gives an open [`Session`]; its header is what the proof shows. The
//! short forms call the same rules: `call` those of a call that is taken, `end_cap` those of closing.
//! Source: seed 001, phase 1; design/protocol.md, "Statements".

pub mod call;
pub mod debt;
pub mod deferred_step;
pub mod end_cap;
pub mod first_two_calls;
pub mod first_two_calls_new_user;
pub mod inline_step;
pub mod single_call;
pub mod single_call_new_user;
pub mod start;
pub mod start_new_user;
pub mod step;

use parth_crypto::{Digest, Domain, hash};

use crate::ids::{Amount, CallCount, ContractId, SlotCount};
use crate::profile::Profile;
use crate::record::{Felts, Record};
use crate::records::leaf::UserLeaf;
use crate::records::session::{Session, SessionHeader, SessionStart, SessionState};
use crate::statement::Public;
use crate::tree::{Proofs, TreeKind};

impl Session {
    /// A session before its first call: counters and stacks clean.
    pub fn opened(profile: &Profile, whitelist: Digest, start: SessionStart, leaf: UserLeaf) -> Session {
        let state = SessionState {
            leaf: leaf.digest(),
            deferred: Digest::ZERO,
            inline: Digest::ZERO,
            proofs: Proofs::empty_root(profile),
            call_stack: Digest::ZERO,
            calls: CallCount::ZERO,
            slots: SlotCount::ZERO,
            events: Digest::ZERO,
            withdrawals: Digest::ZERO,
            withdrawn: Amount::ZERO,
            deposited: Amount::ZERO,
        };
        Session { whitelist, start, state, leaf }
    }

    /// What the proof of this state shows.
    pub fn header(&self) -> SessionHeader {
        SessionHeader { whitelist: self.whitelist, start: self.start.digest(), state: self.state.digest() }
    }
}

impl Public for Session {
    fn public_inputs(&self) -> Vec<parth_crypto::Felt> {
        self.header().public_inputs()
    }

    fn public_digest(&self) -> Digest {
        self.header().digest()
    }
}

/// The digest of a list of calls that a call makes: H(first item, rest); zero for the empty list.
pub fn call_list(items: &[Digest]) -> Digest {
    items.iter().rev().fold(Digest::ZERO, |rest, &item| parth_crypto::hash::link(Domain::CallList, item, rest))
}

/// A stack after one more frame: H(stack, own contract, list). The frame names the contract, so that items carry no
/// caller of their own and a contract cannot speak for another (attack F4).
pub fn push_frame(domain: Domain, stack: Digest, contract: ContractId, list: Digest) -> Digest {
    let mut felts = Vec::with_capacity(9);
    (stack, contract, list).write_into(&mut felts);
    hash(domain, &felts)
}

/// Small tuples as felts, for links of chains.
trait WriteInto {
    fn write_into(&self, out: &mut Vec<parth_crypto::Felt>);
}

impl<A: Felts, B: Felts, C: Felts> WriteInto for (A, B, C) {
    fn write_into(&self, out: &mut Vec<parth_crypto::Felt>) {
        self.0.write_felts(out);
        self.1.write_felts(out);
        self.2.write_felts(out);
    }
}
