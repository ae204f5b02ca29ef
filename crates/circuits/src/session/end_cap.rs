//! `session::end_cap`: closes a session.
//!
//! Twin: `protocol/src/session/end_cap.rs`.

use parth_crypto::{Digest, Domain};
use parth_proof::{Builder, Class, F};
use parth_protocol::circuit::Listed;
use parth_protocol::ids::{Amount, EventCount, Fingerprint, Nonce, Scalar};
use parth_protocol::records::network::Parameters;
use parth_protocol::records::session::Session;
use parth_protocol::session::end_cap::EndCap;
use parth_protocol::tree::SessionWhitelist;
use parth_protocol::{Rules, session_end_cap};
use plonky2::field::types::Field;
use plonky2::iop::target::Target;

use crate::gadgets::hash::{DigestTarget, hash, link};
use crate::gadgets::{logic, range};
use crate::records::leaf::UserLeafTarget;
use crate::records::network::ParametersTarget;
use crate::records::session::{
    EndCapResultTarget, EndCapStatsTarget, SessionMessageTarget, SessionTarget, SignedMessageTarget,
};
use crate::recursion::ChildClaim;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

session_end_cap!(twin);

impl StatementCircuit for EndCap {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, rules: &Rules, statement: &EndCapTarget) -> Outcome {
        let last = &statement.last;
        statement.last_circuit.check(builder, last.whitelist);
        let leaf = last.leaf.digest(builder);
        last.state.leaf.connect(builder, leaf);
        let signer = (statement.signature_circuit, statement.key_parameter);
        let (result, signature) = end(builder, rules, last, &statement.parameters, signer);
        let start = last.start.digest(builder);
        let session = last.public(builder, start);
        let children = vec![ChildClaim::new(Class::Node, statement.last_circuit.fingerprint, session), signature];
        Outcome::new(result.digest(builder), children)
    }
}

/// What an end cap says of a session after its last call, and the claim of the signature's proof. The signer is the
/// signature circuit with the key parameter.
pub(crate) fn end(
    builder: &mut Builder,
    rules: &Rules,
    last: &SessionTarget,
    parameters: &ParametersTarget,
    signer: (DigestTarget, DigestTarget),
) -> (EndCapResultTarget, ChildClaim) {
    check_last(builder, rules, last, parameters, signer);
    let (start, state, (signature_circuit, key_parameter)) = (&last.start, &last.state, signer);
    let (fees, end_leaf) = close(builder, last, parameters);
    let end_leaf = end_leaf.digest(builder);
    let withdrawals = effect(builder, Domain::WithdrawalLeaf, start.user, state.withdrawals);
    let events = effect(builder, Domain::EventLeaf, start.user, state.events);
    let emitted = builder.sub(last.leaf.events, start.events);
    range::check(builder, emitted, EventCount::BITS as usize);
    let message = SessionMessageTarget {
        parameters: start.parameters,
        user: start.user,
        nonce: start.nonce,
        start_leaf: start.start_leaf,
        end_leaf,
        anchor_leaf: start.anchor_leaf,
        call_stack: state.call_stack,
        calls: state.calls,
        effects: link(builder, Domain::Effects, withdrawals, events),
        circuit: signature_circuit,
    };
    let message = message.digest(builder);
    let signed = SignedMessageTarget { message, key_parameter }.digest(builder);
    let result = EndCapResultTarget {
        user: start.user,
        start_leaf: start.start_leaf,
        end_leaf,
        anchor: start.anchor,
        anchor_leaf: start.anchor_leaf,
        stats: EndCapStatsTarget {
            fees,
            calls: state.calls,
            slots: state.slots,
            events: emitted,
            withdrawn: state.withdrawn,
            deposited: state.deposited,
        },
        withdrawals,
        events,
        parameters: start.parameters,
    };
    (result, ChildClaim::new(Class::Signature, signature_circuit, signed))
}

fn check_last(
    builder: &mut Builder,
    rules: &Rules,
    last: &SessionTarget,
    parameters: &ParametersTarget,
    (signature_circuit, key_parameter): (DigestTarget, DigestTarget),
) {
    let none = DigestTarget::zero(builder);
    let pinned = DigestTarget::constant(builder, rules.session_whitelist);
    last.whitelist.connect(builder, pinned);
    last.state.deferred.connect(builder, none);
    last.state.inline.connect(builder, none);
    let parameters = parameters.digest(builder);
    last.start.parameters.connect(builder, parameters);
    last.leaf.key.connect(builder, last.start.key);
    let key = link(builder, Domain::KeyCommitment, signature_circuit, key_parameter);
    last.start.key.connect(builder, key);
    builder.connect(last.leaf.user, last.start.user);
    builder.connect(last.leaf.nonce, last.start.nonce);
}

/// The fee, and the user's leaf after it is taken and the nonce has grown. Rates are below 2^20 in every network's
/// parameters, calls below 2^24 and slots below 2^40 by the steps, so the fee cannot wrap before it is checked.
fn close(builder: &mut Builder, last: &SessionTarget, parameters: &ParametersTarget) -> (Target, UserLeafTarget) {
    let fee = builder.mul_add(parameters.fee_per_call, last.state.calls, parameters.fee_base);
    let fee = builder.mul_add(parameters.fee_per_slot, last.state.slots, fee);
    range::check(builder, fee, Amount::BITS as usize);
    let balance = builder.sub(last.leaf.balance, fee);
    range::check(builder, balance, Amount::BITS as usize);
    let nonce = builder.add_const(last.leaf.nonce, F::ONE);
    range::check(builder, nonce, Nonce::BITS as usize);
    (fee, UserLeafTarget { balance, nonce, ..last.leaf.clone() })
}

/// The session's leaf in GWT or EDATA: zero when its chain is empty.
fn effect(builder: &mut Builder, domain: Domain, user: Target, effects: DigestTarget) -> DigestTarget {
    let nothing = logic::is_zero_digest(builder, effects);
    let leaf = hash(builder, domain, &[&[user][..], &effects.0].concat());
    logic::select_digest(builder, nothing, effects, leaf)
}
