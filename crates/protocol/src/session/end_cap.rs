//! `session::end_cap`: closes a session. The fee is taken, the nonce grows, the key has signed.
//!
//! ```text
//!   last session proof ─┐
//!                       ├─▸ end_cap ─▸ end cap result
//!   signature proof ────┘
//! ```
//! Twin: `circuits/src/session/end_cap.rs`. Source: seed 001, step 1.4; decision D16.

use parth_crypto::{Digest, Domain, hash};

use crate::circuit::{CircuitId, Listed, Rules};
use crate::ids::{Amount, Fingerprint};
use crate::record::{Felts, Record, native};
use crate::records::leaf::UserLeaf;
use crate::records::network::Parameters;
use crate::records::session::{EndCapResult, EndCapStats, Session, SessionMessage, SignedMessage};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Public, Statement};
use crate::tree::SessionWhitelist;

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! session_end_cap {
    ($define:ident) => {
        $define! {
            /// Inputs of `session::end_cap`.
            witness EndCap {
                /// The session after its last call.
                last: Session,
                /// The circuit of its proof.
                last_circuit: Listed<SessionWhitelist>,
                /// Parameters of the network, for the fees.
                parameters: Parameters,
                /// The circuit that verified the signature.
                signature_circuit: Fingerprint,
                /// Digest of the encoded public key.
                key_parameter: Digest,
            }
        }
    };
}
session_end_cap!(native);

impl Statement for EndCap {
    type Header = EndCapResult;
    const CIRCUIT: CircuitId = CircuitId::EndCap;

    fn apply(&self, rules: &Rules) -> Result<EndCapResult, Reject> {
        let (last, listed) = (&self.last, &self.last_circuit);
        let slot = u64::from(listed.index.get());
        let rule = Rule::SessionWhitelist;
        listed.path.check(&rules.profile, rule, last.whitelist, slot, listed.fingerprint.0)?;
        Reject::unless_equal(Rule::StateLeaf, last.state.leaf, last.leaf.digest())?;
        end(rules, last, &self.parameters, self.signature_circuit, self.key_parameter)
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        let last = ChildProof { fingerprint: self.last_circuit.fingerprint, public: self.last.public_digest() };
        let signature = signature(&self.last, &self.parameters, self.signature_circuit, self.key_parameter);
        std::iter::once(last).chain(signature).collect()
    }
}

/// What an end cap says of a session after its last call: the rules of closing, for every circuit that closes one.
/// That `last` is a session that was proven, call by call, is left to the caller.
pub(crate) fn end(
    rules: &Rules,
    last: &Session,
    parameters: &Parameters,
    signature_circuit: Fingerprint,
    key_parameter: Digest,
) -> Result<EndCapResult, Reject> {
    let (start, state) = (&last.start, &last.state);
    Reject::unless_equal(Rule::SessionWhitelistPinned, rules.session_whitelist, last.whitelist)?;
    Reject::unless_equal(Rule::DeferredStackEmpty, Digest::ZERO, state.deferred)?;
    Reject::unless_equal(Rule::InlineStackEmpty, Digest::ZERO, state.inline)?;
    Reject::unless_equal(Rule::ParametersOfSession, start.parameters, parameters.digest())?;
    Reject::unless_equal(Rule::KeyUnchanged, start.key, last.leaf.key)?;
    let key = key_commitment(signature_circuit, key_parameter);
    Reject::unless_equal(Rule::KeyCommitment, start.key, key)?;
    Reject::unless_equal(Rule::UserUnchanged, u64::from(start.user.get()), last.leaf.user.get().into())?;
    Reject::unless_equal(Rule::Nonce, start.nonce.get(), last.leaf.nonce.get())?;
    let (fees, end_leaf) = close(last, parameters)?;
    let effects = Effects::of(last);
    Ok(EndCapResult {
        user: start.user,
        start_leaf: start.start_leaf,
        end_leaf: end_leaf.digest(),
        anchor: start.anchor,
        anchor_leaf: start.anchor_leaf,
        stats: stats(last, fees)?,
        withdrawals: effects.withdrawals,
        events: effects.events,
        parameters: start.parameters,
    })
}

/// The proof that the key signed the session; nothing when the session cannot be closed.
pub(crate) fn signature(
    last: &Session,
    parameters: &Parameters,
    circuit: Fingerprint,
    key_parameter: Digest,
) -> Option<ChildProof> {
    let message = message(last, parameters, circuit).ok()?;
    let signed = SignedMessage { message: message.digest(), key_parameter };
    Some(ChildProof { fingerprint: circuit, public: signed.digest() })
}

/// Public key commitment: the signature circuit and its key parameter.
pub fn key_commitment(circuit: Fingerprint, parameter: Digest) -> Digest {
    parth_crypto::hash::link(Domain::KeyCommitment, circuit.0, parameter)
}

/// The message that the user's key signs to close `last`. A signing device computes it from the calls that it shows;
/// it never signs an opaque end state (attack F32).
pub fn message(last: &Session, parameters: &Parameters, circuit: Fingerprint) -> Result<SessionMessage, Reject> {
    let (start, state) = (&last.start, &last.state);
    let (_, end_leaf) = close(last, parameters)?;
    Ok(SessionMessage {
        parameters: start.parameters,
        user: start.user,
        nonce: start.nonce,
        start_leaf: start.start_leaf,
        end_leaf: end_leaf.digest(),
        anchor_leaf: start.anchor_leaf,
        call_stack: state.call_stack,
        calls: state.calls,
        effects: Effects::of(last).digest(),
        circuit,
    })
}

/// The fee, and the user's leaf after it is taken and the nonce has grown.
pub fn close(last: &Session, parameters: &Parameters) -> Result<(Amount, UserLeaf), Reject> {
    let (state, leaf) = (&last.state, &last.leaf);
    let fee = fee(parameters, state.calls.get(), state.slots.get())?;
    let balance = leaf
        .balance
        .checked_sub(fee)
        .ok_or_else(|| Reject::new(Rule::Fee, format!("a balance of at least {fee}"), leaf.balance.get()))?;
    let nonce = leaf.nonce.next().ok_or_else(|| Reject::new(Rule::Nonce, "a nonce below 2^48", leaf.nonce.get()))?;
    Ok((fee, UserLeaf { balance, nonce, ..leaf.clone() }))
}

/// base + per call · calls + per slot · slots. The rates are below 2^20, calls below 2^24 and slots below 2^40 (the
/// steps checked), so the fee is below 2^62.
pub fn fee(parameters: &Parameters, calls: u64, slots: u64) -> Result<Amount, Reject> {
    let rate = |rate: crate::ids::FeeRate, count: u64| u128::from(rate.get()) * u128::from(count);
    let fee =
        rate(parameters.fee_base, 1) + rate(parameters.fee_per_call, calls) + rate(parameters.fee_per_slot, slots);
    let amount = u64::try_from(fee).ok().and_then(Amount::new);
    amount.ok_or_else(|| Reject::new(Rule::Fee, "a fee below 2^62", fee.to_string()))
}

fn stats(last: &Session, fees: Amount) -> Result<EndCapStats, Reject> {
    let (before, after) = (last.start.events, last.leaf.events);
    Ok(EndCapStats {
        fees,
        calls: last.state.calls,
        slots: last.state.slots,
        events: after.checked_sub(before).ok_or_else(|| Reject::number(Rule::CallEvents, before.get(), after.get()))?,
        withdrawn: last.state.withdrawn,
        deposited: last.state.deposited,
    })
}

/// What a session changes outside its user leaf: its leaves in GWT and EDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effects {
    /// Leaf in GWT; zero when nothing is withdrawn.
    pub withdrawals: Digest,
    /// Leaf in EDATA; zero when nothing is emitted.
    pub events: Digest,
}

impl Effects {
    /// The effects of a session after its last call.
    pub fn of(last: &Session) -> Effects {
        let leaf = |domain, chain: Digest| {
            if chain.is_zero() {
                return Digest::ZERO;
            }
            let mut felts = last.start.user.felts();
            chain.write_felts(&mut felts);
            hash(domain, &felts)
        };
        Effects {
            withdrawals: leaf(Domain::WithdrawalLeaf, last.state.withdrawals),
            events: leaf(Domain::EventLeaf, last.state.events),
        }
    }

    /// Both, as the signature names them.
    pub fn digest(self) -> Digest {
        parth_crypto::hash::link(Domain::Effects, self.withdrawals, self.events)
    }
}
