//! Everything that one call of a user makes: the call, what it calls inline, and what all of these owe, in the order in
//! which the protocol takes it.
//!
//! ```text
//!   call ─ inline ▸ a ─ inline ▸ b          made in the order  call, a, b, then what b, a and the call defer,
//!        └ deferred ▸ c                     here c; and what c calls and owes right after c
//! ```
//! An inline callee runs after its caller, on what the caller left behind, and the caller was given the results before.
//! So results are a fixed point, which is searched by trying:
//!
//! 1. guess: run the callee on the state before the caller;
//! 2. run the caller with the guess, then the callee on what that left behind;
//! 3. when the callee gave something else, take that for the guess and begin again, a few times.
//!
//! Nothing here is believed by anybody: the session statements check every call and the order.
//! Source: design/protocol.md, "Inline semantics for authors".

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain, Felt};
use parth_protocol::ids::{Amount, Caller, ContractId, EventCount, MethodId};
use parth_protocol::profile::Profile;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::records::session::Session;
use parth_protocol::session::debt::Frame;
use parth_protocol::session::push_frame;
use thiserror::Error;

use crate::contract::Contract;
use crate::debt::{self, Debt, InlineDebt};
use crate::error::ExecError;
use crate::interpret::{Execution, execute_with_values};
use crate::machine::Values;
use crate::mine::InSession;
use crate::opening::Reader;

/// Most calls that one call of a user may make, with those that these make: more is a contract that never ends.
pub const MAX_OWED: usize = 256;
/// Most inline calls inside each other.
pub const MAX_DEPTH: usize = 8;
/// How often a caller is run anew with other results of the calls that it makes.
pub const MAX_ROUNDS: usize = 6;
/// Most runs of code in search of results, for one call of a user.
pub const MAX_RUNS: usize = 4096;

/// Why a call of a user cannot be made with all that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MakeError {
    /// A call fails.
    #[error("function {function} of contract {contract}: {error}")]
    Call {
        /// The contract.
        contract: ContractId,
        /// The function's name.
        function: String,
        /// Who calls it.
        caller: Caller,
        /// Why.
        error: Box<ExecError>,
        /// What the code computed until then.
        values: Values,
    },
    /// A contract has no such method.
    #[error("contract {contract} has no method {method}")]
    NoMethod {
        /// The contract.
        contract: ContractId,
        /// The method.
        method: MethodId,
    },
    /// It makes too many calls.
    #[error("one call makes more than {expected} others")]
    TooMany {
        /// Most calls that are made for one.
        expected: usize,
    },
    /// Too much code runs in search of results.
    #[error("the results of inline calls are not found by running code {expected} times")]
    TooMuchWork {
        /// Most runs.
        expected: usize,
    },
    /// Inline calls stand too deep inside each other.
    #[error("inline calls stand more than {expected} deep inside each other")]
    TooDeep {
        /// Most that may stand inside each other.
        expected: usize,
    },
    /// No results of inline calls were found with which the callees give them.
    #[error(
        "the inline calls of function {function} of contract {contract} give other results each time that it is given \
         those of the time before"
    )]
    Unsettled {
        /// The contract.
        contract: ContractId,
        /// The function's name.
        function: String,
    },
}

/// What a session knows beside where it stands.
pub trait Surroundings {
    /// Why something is not to be had.
    type Error: From<MakeError>;

    /// The profile of the chain.
    fn profile(&self) -> &Profile;

    /// Checkpoint leaf of the session's anchor.
    fn anchor(&self) -> &CheckpointLeaf;

    /// Where frozen state is read from.
    fn chain(&self) -> &dyn Reader;

    /// The code of a contract that is called.
    fn code(&self, caller: Caller, contract: ContractId) -> Result<&Contract, Self::Error>;

    /// The user's state in a contract as the session found it.
    fn own(&self, contract: ContractId, code: &Contract) -> Result<SparseTree, Self::Error>;
}

/// The user's side of an open session. Calls move it; of the session itself only the user's leaf moves.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// The user's contract tree.
    pub contracts: SparseTree,
    /// The user's states in contracts that were called.
    pub states: BTreeMap<ContractId, Arc<SparseTree>>,
}

/// What a call pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pays {
    /// Nothing: the user makes it.
    Nothing,
    /// The first item of a deferred frame, as the frame stands before it.
    Deferred(Frame),
    /// The first item of an inline frame.
    Inline(Frame),
}

/// A call that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What it does.
    pub execution: Execution,
    /// What it pays.
    pub pays: Pays,
}

/// Executes a call of a user and everything that it makes. When a part of it fails, nothing is made and `standing` is
/// as before.
pub fn make<S: Surroundings>(
    around: &S,
    standing: &mut Standing,
    contract: ContractId,
    method: MethodId,
    inputs: &[Felt],
) -> Result<Vec<Made>, S::Error> {
    let mut maker = Maker { around, runs: 0, hopeless: false };
    let mut now = standing.clone();
    let due = Due { contract, method, caller: Caller::USER, inputs: inputs.to_vec() };
    let mut made = maker.settle(&mut now, &due, Pays::Nothing, Digest::ZERO, 0)?;
    let mut stack = Owings::default();
    stack.push(&made);
    while let Some((debt, frame)) = stack.next() {
        // Nothing inline is left, so the deferred call begins an inline stack of its own.
        let paid = maker.settle(&mut now, &debt.into(), Pays::Deferred(frame), Digest::ZERO, 0)?;
        stack.push(&paid);
        made.extend(paid);
        if made.len() > MAX_OWED + 1 {
            return Err(MakeError::TooMany { expected: MAX_OWED }.into());
        }
    }
    *standing = now;
    Ok(made)
}

/// Executes a call of a user with what it calls inline, and leaves out what these defer. For trying out: no session can
/// be closed after it, unless nothing is deferred.
pub fn make_inline<S: Surroundings>(
    around: &S,
    standing: &mut Standing,
    contract: ContractId,
    method: MethodId,
    inputs: &[Felt],
) -> Result<Vec<Made>, S::Error> {
    let due = Due { contract, method, caller: Caller::USER, inputs: inputs.to_vec() };
    Maker { around, runs: 0, hopeless: false }.settle(standing, &due, Pays::Nothing, Digest::ZERO, 0)
}

/// A call to be made.
struct Due {
    contract: ContractId,
    method: MethodId,
    caller: Caller,
    inputs: Vec<Felt>,
}

impl From<Debt> for Due {
    fn from(Debt { call, inputs }: Debt) -> Due {
        Due { contract: call.contract, method: call.method, caller: call.caller, inputs }
    }
}

/// Why a run gave nothing.
enum Stopped<E> {
    /// It makes this call after those before it, and needs so many felts of results.
    Needs {
        before: Vec<Debt>,
        call: Debt,
        felts: usize,
    },
    Failed(E),
}

/// Calls that were made where a caller begins, to guess their results.
struct Trial {
    calls: Vec<Debt>,
    standing: Standing,
}

struct Maker<'a, S> {
    around: &'a S,
    runs: usize,
    /// Is there a reason for which no guess helps?
    hopeless: bool,
}

impl<S: Surroundings> Maker<'_, S> {
    fn stop<T>(&mut self, error: MakeError) -> Result<T, S::Error> {
        self.hopeless = true;
        Err(error.into())
    }

    /// Makes a call and what it calls inline. `below` is the inline stack after the call itself is paid.
    fn settle(
        &mut self,
        standing: &mut Standing,
        due: &Due,
        pays: Pays,
        below: Digest,
        depth: usize,
    ) -> Result<Vec<Made>, S::Error> {
        if depth > MAX_DEPTH {
            return self.stop(MakeError::TooDeep { expected: MAX_DEPTH });
        }
        // Results as they are claimed, and why a callee failed when they were guessed.
        let (mut claims, mut failed): (Vec<InlineDebt>, Option<S::Error>) = (Vec::new(), None);
        let mut trial = Trial { calls: Vec::new(), standing: standing.clone() };
        let mut rounds = 0;
        loop {
            let mut now = standing.clone();
            let execution = match self.run(&mut now, due, &claims) {
                Ok(execution) => execution,
                Err(Stopped::Needs { before, call, felts }) => {
                    claims.truncate(before.len());
                    if before != trial.calls {
                        // Other calls than were tried come first now.
                        trial = Trial { calls: Vec::new(), standing: standing.clone() };
                    }
                    for call in before.get(trial.calls.len()..).unwrap_or_default() {
                        self.guess(&mut trial, call, 0, depth)?;
                    }
                    let (claim, why) = self.guess(&mut trial, &call, felts, depth)?;
                    claims.push(claim);
                    failed = failed.or(why);
                    continue;
                }
                // A guess that had to do without its callee explains more than what the caller made of it.
                Err(Stopped::Failed(error)) => return Err(failed.filter(|_| !self.hopeless).unwrap_or(error)),
            };
            let (contract, list) = (due.contract, execution.inline.clone());
            let mut made = vec![Made { execution, pays: pays.clone() }];
            let mut outputs = Vec::new();
            let mut refused = None;
            for (at, item) in list.iter().enumerate() {
                let frame = Frame { below, caller: contract, rest: debt::inline_list(&list[at + 1..]) };
                let after = frame.paid(Domain::InlineStack);
                match self.settle(&mut now, &item.debt.clone().into(), Pays::Inline(frame), after, depth + 1) {
                    Ok(inner) => {
                        outputs.extend(inner.first().map(|made| made.execution.outputs.clone()));
                        made.extend(inner);
                    }
                    Err(error) => {
                        refused = Some(error);
                        break;
                    }
                }
                if made.len() > MAX_OWED + 1 {
                    return self.stop(MakeError::TooMany { expected: MAX_OWED });
                }
            }
            let as_claimed = outputs.iter().zip(&list).all(|(given, item)| *given == item.outputs);
            match refused {
                None if as_claimed => {
                    *standing = now;
                    return Ok(made);
                }
                // What comes before was as claimed, so this call is the one that is made, and it fails.
                Some(error) if as_claimed || self.hopeless => return Err(error),
                _ => {}
            }
            rounds += 1;
            if rounds == MAX_ROUNDS {
                let function = self.name(due)?;
                return self.stop(MakeError::Unsettled { contract, function });
            }
            claims = list;
            for (claim, given) in claims.iter_mut().zip(outputs) {
                claim.outputs = given;
            }
        }
    }

    /// Runs one call with claimed results.
    fn run(&mut self, now: &mut Standing, due: &Due, claims: &[InlineDebt]) -> Result<Execution, Stopped<S::Error>> {
        self.runs += 1;
        if self.runs > MAX_RUNS {
            return self.stop(MakeError::TooMuchWork { expected: MAX_RUNS }).map_err(Stopped::Failed);
        }
        let around = self.around;
        let (contract, method, caller) = (due.contract, due.method, due.caller);
        let code = around.code(caller, contract).map_err(Stopped::Failed)?;
        let no_method = || Stopped::Failed(MakeError::NoMethod { contract, method }.into());
        let function = code.method(method).ok_or_else(no_method)?;
        let own = match now.states.get(&contract) {
            Some(state) => state.clone(),
            None => Arc::new(around.own(contract, code).map_err(Stopped::Failed)?),
        };
        let start = &now.session.start;
        let (anchor, user) = (start.anchor, start.user);
        let reader = InSession { chain: around.chain(), anchor, user, contracts: &now.contracts, states: &now.states };
        let (profile, leaf, inputs) = (around.profile(), around.anchor(), &due.inputs);
        let session = &now.session;
        let executed =
            execute_with_values(profile, contract, function, caller, session, leaf, inputs, &own, &reader, claims);
        match executed {
            Ok(execution) => {
                now.take(contract, own, &execution);
                Ok(execution)
            }
            Err((ExecError::NeedsResults { before, call, felts, .. }, _)) => {
                Err(Stopped::Needs { before, call: *call, felts })
            }
            Err((error, values)) => {
                let (function, error) = (function.name().to_owned(), Box::new(error));
                Err(Stopped::Failed(MakeError::Call { contract, function, caller, error, values }.into()))
            }
        }
    }

    /// Guesses results of the next of the calls that are tried: what the callee gives where the caller begins, after the
    /// calls before it. When it fails there, zeros; with the reason.
    fn guess(
        &mut self,
        trial: &mut Trial,
        call: &Debt,
        felts: usize,
        depth: usize,
    ) -> Result<(InlineDebt, Option<S::Error>), S::Error> {
        let (mut outputs, mut failed) = (Vec::new(), None);
        match self.settle(&mut trial.standing, &call.clone().into(), Pays::Nothing, Digest::ZERO, depth + 1) {
            Ok(made) => outputs = made.first().map(|made| made.execution.outputs.clone()).unwrap_or_default(),
            Err(error) if self.hopeless => return Err(error),
            Err(error) => failed = Some(error),
        }
        trial.calls.push(call.clone());
        // A caller that names another number of results than there are is told so when the callee is made.
        outputs.resize(felts, Felt::ZERO);
        Ok((InlineDebt { debt: call.clone(), outputs }, failed))
    }

    fn name(&self, due: &Due) -> Result<String, S::Error> {
        let code = self.around.code(due.caller, due.contract)?;
        Ok(code.method(due.method).map(|function| function.name().to_owned()).unwrap_or_default())
    }
}

impl Standing {
    /// Takes what a call did, as the session will.
    fn take(&mut self, contract: ContractId, mut own: Arc<SparseTree>, execution: &Execution) {
        let context = &execution.context;
        if !execution.writes.is_empty() {
            let state = Arc::make_mut(&mut own);
            for write in &execution.writes {
                state.set(write.index.get(), write.new);
            }
        }
        if context.new_state != context.state {
            self.contracts.set(contract.get().into(), context.new_state);
        }
        self.states.insert(contract, own);
        // The machine bounds what a call reports; the step checks it.
        let moved = (context.balance.get() + context.balance_in.as_u64()).saturating_sub(context.balance_out.as_u64());
        let leaf = &mut self.session.leaf;
        *leaf = UserLeaf {
            contracts: self.contracts.root(),
            balance: Amount::new(moved).unwrap_or(leaf.balance),
            events: EventCount::new(context.events_after.as_u64()).unwrap_or(leaf.events),
            ..leaf.clone()
        };
    }
}

/// What calls defer: a stack of frames, one for each call that defers any.
#[derive(Default)]
struct Owings {
    frames: Vec<Owing>,
}

struct Owing {
    /// The stack below.
    below: Digest,
    /// The contract that owes.
    caller: ContractId,
    debts: Vec<Debt>,
    /// How many of them are made.
    made: usize,
}

impl Owings {
    /// The stack as it stands.
    fn digest(&self) -> Digest {
        let Some(Owing { below, caller, debts, made }) = self.frames.last() else {
            return Digest::ZERO;
        };
        match &debts[*made..] {
            [] => *below,
            rest => push_frame(Domain::DeferredStack, *below, *caller, debt::list(rest)),
        }
    }

    fn push(&mut self, made: &[Made]) {
        for Made { execution, .. } in made {
            if !execution.deferred.is_empty() {
                let (below, caller) = (self.digest(), execution.call.contract);
                self.frames.push(Owing { below, caller, debts: execution.deferred.clone(), made: 0 });
            }
        }
    }

    /// The call that is due, and the frame as it stands before it.
    fn next(&mut self) -> Option<(Debt, Frame)> {
        while let Some(top) = self.frames.last_mut() {
            if let Some(debt) = top.debts.get(top.made).cloned() {
                top.made += 1;
                let rest = debt::list(&top.debts[top.made..]);
                return Some((debt, Frame { below: top.below, caller: top.caller, rest }));
            }
            self.frames.pop();
        }
        None
    }
}
