//! The form of a session: which statements prove it, and which calls each of them takes.
//!
//! ```text
//!   one call        single_call                                    3 proofs, call and signature included
//!   more            first_two_calls ─▸ step ─▸ … ─▸ end_cap        2 a call, and 1
//!   stepwise        start ─▸ step ─▸ … ─▸ end_cap                  2 a call, and 3
//!                   also when the second call is one that the first makes; such calls take inline_step or
//!                   deferred_step
//! ```

use std::ops::Range;

use parth_contract::settle::Pays;
use parth_crypto::Digest;
use parth_protocol::circuit::{CircuitId, Listed};
use parth_protocol::ids::Fingerprint;
use parth_protocol::plan::AnyStatement;
use parth_protocol::records::session::EndCapResult;
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::session::end_cap::EndCap;
use parth_protocol::session::first_two_calls::FirstTwoCalls;
use parth_protocol::session::first_two_calls_new_user::FirstTwoCallsNewUser;
use parth_protocol::session::inline_step::InlineStep;
use parth_protocol::session::single_call::SingleCall;
use parth_protocol::session::single_call_new_user::SingleCallNewUser;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::tree::SessionWhitelist;
use parth_protocol::{Network, Reject, Rule, Statement};

use super::error::SessionError;
use super::open::Session;

/// How a session is proven. What it says is the same in every form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// With as few proofs as there can be.
    #[default]
    Shortest,
    /// One statement after the other: start, a step for each call, end cap.
    Stepwise,
}

/// The statement that opens a session.
#[derive(Clone, Debug)]
pub(super) enum Opening {
    /// Of a user with a leaf.
    Start(Box<Start>),
    /// Of a new user.
    New(Box<StartNewUser>),
}

impl Opening {
    fn statement(&self) -> AnyStatement {
        match self {
            Opening::Start(start) => (**start).clone().into(),
            Opening::New(start) => (**start).clone().into(),
        }
    }
}

/// One statement of a session. Its children are the statement before it, the proofs of these calls, and, for the last
/// one, the signature.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The statement.
    pub(super) statement: AnyStatement,
    /// The calls that it takes, by number.
    pub(super) calls: Range<usize>,
}

/// Everything that proves a session, in order, but call and signature proofs.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The statements.
    pub(super) list: Vec<Part>,
    /// What the last one says.
    pub(super) result: EndCapResult,
}

impl Parts {
    /// The circuit that closes the session.
    pub(super) fn closing(&self) -> CircuitId {
        self.list.last().map_or(CircuitId::EndCap, |part| part.statement.circuit())
    }
}

/// Who signs: the signature circuit and the key parameter.
pub(super) type Signer = (Fingerprint, Digest);

/// Plans the proofs of a session, and checks everything that they will show but the signature.
pub(super) fn plan(session: &Session<'_>, form: Form, signer: Signer) -> Result<Parts, SessionError> {
    let call = |number: usize| session.calls[number].taken.clone();
    match (form, session.calls.len()) {
        (_, 0) => Err(SessionError::Empty),
        (Form::Shortest, 1) => single_call(session, signer),
        (Form::Shortest, _) if session.calls[1].pays == Pays::Nothing => {
            let opening = match session.opening.clone() {
                Opening::Start(start) => FirstTwoCalls { start: *start, first: call(0), second: call(1) }.into(),
                Opening::New(start) => FirstTwoCallsNewUser { start: *start, first: call(0), second: call(1) }.into(),
            };
            stepwise(session, Part { statement: opening, calls: 0..2 }, signer)
        }
        _ => stepwise(session, Part { statement: session.opening.statement(), calls: 0..0 }, signer),
    }
}

fn single_call(session: &Session<'_>, signer: Signer) -> Result<Parts, SessionError> {
    let (signature_circuit, key_parameter) = signer;
    let (rules, taken) = (&session.network.rules, session.calls[0].taken.clone());
    let (result, statement) = match session.opening.clone() {
        Opening::Start(start) => {
            let parameters = session.network.parameters.clone();
            let statement = SingleCall { start: *start, taken, parameters, signature_circuit, key_parameter };
            (statement.apply(rules)?, statement.into())
        }
        Opening::New(start) => {
            let statement = SingleCallNewUser { start: *start, taken, signature_circuit, key_parameter };
            (statement.apply(rules)?, statement.into())
        }
    };
    Ok(Parts { list: vec![Part { statement, calls: 0..1 }], result })
}

/// A step for each call that the opening leaves, then the end cap.
fn stepwise(session: &Session<'_>, opening: Part, signer: Signer) -> Result<Parts, SessionError> {
    let (network, taken) = (session.network, opening.calls.end);
    let mut last_circuit = listed(network, opening.statement.circuit())?;
    let mut list = vec![opening];
    for (number, made) in session.calls.iter().enumerate().skip(taken) {
        let (previous, taken, anchor_leaf) = (made.before.clone(), made.taken.clone(), session.anchor_leaf.clone());
        let previous_circuit = last_circuit;
        let statement: AnyStatement = match made.pays.clone() {
            Pays::Nothing => Step { previous, previous_circuit, anchor_leaf, taken }.into(),
            Pays::Deferred(frame) => DeferredStep { previous, previous_circuit, anchor_leaf, frame, taken }.into(),
            Pays::Inline(frame) => InlineStep { previous, previous_circuit, anchor_leaf, frame, taken }.into(),
        };
        last_circuit = listed(network, statement.circuit())?;
        list.push(Part { statement, calls: number..number + 1 });
    }
    let (signature_circuit, key_parameter) = signer;
    let end_cap = EndCap {
        last: session.state.clone(),
        last_circuit,
        parameters: network.parameters.clone(),
        signature_circuit,
        key_parameter,
    };
    let result = end_cap.apply(&network.rules)?;
    let calls = session.calls.len();
    list.push(Part { statement: end_cap.into(), calls: calls..calls });
    Ok(Parts { list, result })
}

fn listed(network: &Network, circuit: CircuitId) -> Result<Listed<SessionWhitelist>, Reject> {
    let listed = network.circuits.listed(&network.rules.profile, circuit);
    listed.ok_or_else(|| Reject::new(Rule::SessionWhitelist, "a session circuit", circuit.name()))
}
