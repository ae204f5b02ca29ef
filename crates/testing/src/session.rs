//! A session in which calls claim whatever the test wants, as a hostile deployer's circuit could.

use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::circuit::Listed;
use parth_protocol::ids::{Caller, CheckpointId, ContractId, FunctionIndex, Scalar, UserId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::{Call, CallContext, EndCapResult, Session};
use parth_protocol::session::call::TakenCall;
use parth_protocol::session::debt::Frame;
use parth_protocol::session::deferred_step::DeferredStep;
use parth_protocol::session::end_cap::{EndCap, close};
use parth_protocol::session::inline_step::InlineStep;
use parth_protocol::session::start::Start;
use parth_protocol::session::start_new_user::StartNewUser;
use parth_protocol::session::step::Step;
use parth_protocol::tree::{SessionWhitelist, Siblings, registration_of_user};
use parth_protocol::{CircuitId, Record, Reject, Statement};

use crate::chain::{TestChain, key_of, key_parameter};

/// What a call claims to have done.
#[derive(Clone, Debug, Default)]
pub struct CallEffect {
    /// A new CSTATE root; nothing leaves the state as it is.
    pub new_state: Option<Digest>,
    /// State words written.
    pub slots: u64,
    /// Events emitted.
    pub events: u64,
    /// Native balance sent.
    pub balance_out: u64,
    /// Native balance claimed.
    pub balance_in: u64,
    /// Native balance withdrawn.
    pub withdrawn: u64,
    /// Native balance deposited.
    pub deposited: u64,
    /// List of deferred calls.
    pub deferred: Digest,
    /// List of inline calls.
    pub inline: Digest,
}

/// The statement that opened a session.
#[derive(Clone, Debug)]
pub enum Opening {
    /// Of a user with a leaf.
    Start(Box<Start>),
    /// Of a new user.
    New(Box<StartNewUser>),
}

/// A session under way.
#[derive(Clone, Debug)]
pub struct TestSession<'a> {
    chain: &'a TestChain,
    /// The statement that opened it.
    pub opening: Opening,
    /// Where it stands.
    pub session: Session,
    /// The steps so far.
    pub steps: Vec<Step>,
    last_circuit: CircuitId,
    user_contracts: SparseTree,
    key_parameter: Digest,
}

/// A session that ended.
#[derive(Clone, Debug)]
pub struct EndedSession {
    /// The statement that closed it.
    pub end_cap: EndCap,
    /// What it says.
    pub result: EndCapResult,
    /// The user's leaf after it.
    pub end_leaf: UserLeaf,
    /// The user's contract tree after it.
    pub user_contracts: SparseTree,
    /// The steps on the way.
    pub steps: Vec<Step>,
    /// The statement that opened it.
    pub opening: Opening,
}

impl<'a> TestSession<'a> {
    pub(crate) fn open(chain: &'a TestChain, user: UserId, anchor: CheckpointId) -> Result<TestSession<'a>, Reject> {
        let then = chain.at(anchor);
        let profile = &chain.rules.profile;
        let registration = registration_of_user(profile, chain.parameters.realm_bits, user);
        let user_path = Siblings::new(then.users.path(user.get().into()).siblings);
        let (opening, session) = match then.leaves.get(&user) {
            Some(leaf) => {
                let start = Start {
                    whitelist: chain.rules.session_whitelist,
                    anchor,
                    anchor_leaf: then.leaf().clone(),
                    leaf: leaf.clone(),
                    user_path,
                };
                let session = start.apply(&chain.rules)?;
                (Opening::Start(Box::new(start)), session)
            }
            None => {
                let start = StartNewUser {
                    whitelist: chain.rules.session_whitelist,
                    anchor,
                    anchor_leaf: then.leaf().clone(),
                    parameters: chain.parameters.clone(),
                    user,
                    key: key_of(chain.signature_circuit, registration.get().into()),
                    registration,
                    registration_path: Siblings::new(then.registrations.path(registration.get().into()).siblings),
                    user_path,
                };
                let session = start.apply(&chain.rules)?;
                (Opening::New(Box::new(start)), session)
            }
        };
        let last_circuit = match opening {
            Opening::Start(_) => CircuitId::SessionStart,
            Opening::New(_) => CircuitId::SessionStartNewUser,
        };
        let user_contracts = then.user_contracts.get(&user).cloned().unwrap_or_else(|| chain.no_contracts());
        let key_parameter = key_parameter(registration.get().into());
        Ok(TestSession { chain, opening, session, steps: Vec::new(), last_circuit, user_contracts, key_parameter })
    }

    /// A call that somebody makes.
    pub fn made(&self, contract: ContractId, index: u16, caller: Caller) -> Call {
        let function = &self.chain.contracts[contract.get() as usize].functions[usize::from(index)];
        let inputs: Vec<Felt> = (0..function.inputs.get()).map(Felt::from).collect();
        Call {
            caller,
            contract,
            method: function.method,
            inputs_length: function.inputs,
            inputs: hash(Domain::Inputs, &inputs),
        }
    }

    /// The statement of the next top-level call, not checked yet.
    pub fn step(&self, contract: ContractId, index: u16, effect: &CallEffect) -> Step {
        Step {
            previous: self.session.clone(),
            previous_circuit: self.listed(),
            anchor_leaf: self.anchor_leaf(),
            taken: self.taken(contract, index, Caller::USER, effect),
        }
    }

    /// The statement that pays the first item of a deferred frame, not checked yet.
    pub fn deferred_step(&self, frame: Frame, contract: ContractId, index: u16, effect: &CallEffect) -> DeferredStep {
        DeferredStep {
            previous: self.session.clone(),
            previous_circuit: self.listed(),
            anchor_leaf: self.anchor_leaf(),
            taken: self.taken(contract, index, Caller::contract(frame.caller), effect),
            frame,
        }
    }

    /// The statement that pays the first item of an inline frame, not checked yet.
    pub fn inline_step(&self, frame: Frame, contract: ContractId, index: u16, effect: &CallEffect) -> InlineStep {
        InlineStep {
            previous: self.session.clone(),
            previous_circuit: self.listed(),
            anchor_leaf: self.anchor_leaf(),
            taken: self.taken(contract, index, Caller::contract(frame.caller), effect),
            frame,
        }
    }

    fn listed(&self) -> Listed<SessionWhitelist> {
        let listed = self.chain.circuits.listed(&self.chain.rules.profile, self.last_circuit);
        listed.expect("session circuits are listed")
    }

    fn anchor_leaf(&self) -> CheckpointLeaf {
        self.chain.at(self.session.start.anchor).leaf().clone()
    }

    /// The next call, by whom it may be.
    fn taken(&self, contract: ContractId, index: u16, caller: Caller, effect: &CallEffect) -> TakenCall {
        let (chain, session) = (self.chain, &self.session);
        let then = chain.at(session.start.anchor);
        let target = &chain.contracts[contract.get() as usize];
        let function = target.functions[usize::from(index)].clone();
        let call = self.made(contract, index, caller);
        let state_leaf = self.user_contracts.leaf(contract.get().into());
        let state = if state_leaf.is_zero() { target.leaf.initial } else { state_leaf };
        let context = CallContext {
            session: session.start.digest(),
            user_contracts: session.leaf.contracts,
            state,
            call: call.digest(),
            proofs: session.state.proofs,
            balance: session.leaf.balance,
            events_before: session.leaf.events,
            new_state: effect.new_state.unwrap_or(state),
            deferred: effect.deferred,
            inline: effect.inline,
            outputs: hash(Domain::Outputs, &[]),
            slots: Felt::reduce(effect.slots),
            events: if effect.events == 0 { Digest::ZERO } else { hash(Domain::CallEvents, &[Felt::ONE]) },
            events_after: session.leaf.events.to_felt() + Felt::reduce(effect.events),
            balance_out: Felt::reduce(effect.balance_out),
            balance_in: Felt::reduce(effect.balance_in),
            withdrawn: Felt::reduce(effect.withdrawn),
            deposited: Felt::reduce(effect.deposited),
        };
        let at = u64::from(contract.get());
        let function_index = FunctionIndex::constant(index);
        TakenCall {
            contract: target.leaf.clone(),
            contract_path: Siblings::new(then.contracts.path(at).siblings),
            function,
            function_index,
            function_path: target.function_path(function_index),
            call,
            context,
            state_leaf,
            state_path: Siblings::new(self.user_contracts.path(at).siblings),
        }
    }

    /// Makes a call.
    pub fn call(mut self, contract: ContractId, index: u16, effect: &CallEffect) -> Result<TestSession<'a>, Reject> {
        let step = self.step(contract, index, effect);
        let next = step.apply(&self.chain.rules)?;
        self = self.after(next, &step.taken, CircuitId::SessionStep);
        self.steps.push(step);
        Ok(self)
    }

    /// Pays the first item of a deferred frame.
    pub fn pay_deferred(
        self,
        frame: Frame,
        contract: ContractId,
        index: u16,
        effect: &CallEffect,
    ) -> Result<TestSession<'a>, Reject> {
        let step = self.deferred_step(frame, contract, index, effect);
        let next = step.apply(&self.chain.rules)?;
        Ok(self.after(next, &step.taken, CircuitId::SessionDeferredStep))
    }

    /// Pays the first item of an inline frame.
    pub fn pay_inline(
        self,
        frame: Frame,
        contract: ContractId,
        index: u16,
        effect: &CallEffect,
    ) -> Result<TestSession<'a>, Reject> {
        let step = self.inline_step(frame, contract, index, effect);
        let next = step.apply(&self.chain.rules)?;
        Ok(self.after(next, &step.taken, CircuitId::SessionInlineStep))
    }

    fn after(mut self, next: Session, taken: &TakenCall, circuit: CircuitId) -> TestSession<'a> {
        (self.session, self.last_circuit) = (next, circuit);
        let context = &taken.context;
        if context.new_state != context.state {
            self.user_contracts.set(taken.call.contract.get().into(), context.new_state);
        }
        self
    }

    /// The statement that closes the session, not checked yet.
    pub fn end_cap(&self) -> EndCap {
        let chain = self.chain;
        EndCap {
            last: self.session.clone(),
            last_circuit: self.listed(),
            parameters: chain.parameters.clone(),
            signature_circuit: chain.signature_circuit,
            key_parameter: self.key_parameter,
        }
    }

    /// Closes the session.
    pub fn end(self) -> Result<EndedSession, Reject> {
        let end_cap = self.end_cap();
        let result = end_cap.apply(&self.chain.rules)?;
        let (_, end_leaf) = close(&self.session, &self.chain.parameters)?;
        let TestSession { user_contracts, steps, opening, .. } = self;
        Ok(EndedSession { end_cap, result, end_leaf, user_contracts, steps, opening })
    }
}
