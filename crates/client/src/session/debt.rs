//! Calls that a call owes: the session makes them at once, depth first, as the protocol asks for.
//!
//! ```text
//!   call ─ owes ▸ first ─ owes ▸ inner
//!                 second               made in the order  call, first, inner, second
//! ```
//! A call and everything that it owes is one thing: when a part of it fails, the session stands as before the call.

use parth_contract::debt::{self, Debt};
use parth_crypto::{Digest, Domain};
use parth_protocol::ids::{Caller, ContractId};
use parth_protocol::session::debt::Frame;

use super::error::SessionError;
use super::open::Session;

/// Most calls that one call may owe, with those that these owe: more is a contract that never ends.
pub const MAX_OWED: usize = 256;

/// What one call left to be made: a frame of the deferred stack.
#[derive(Debug)]
pub(super) struct Owing {
    /// The stack below.
    below: Digest,
    /// The contract that owes.
    caller: ContractId,
    debts: Vec<Debt>,
    /// How many of them are made.
    made: usize,
}

impl Owing {
    /// What a call owes. `frame` is the one that the call itself paid from; a top-level call has none.
    pub(super) fn of(caller: ContractId, debts: Vec<Debt>, frame: Option<&Frame>) -> Option<Owing> {
        let below = frame.map_or(Digest::ZERO, |frame| frame.paid(Domain::DeferredStack));
        if debts.is_empty() { None } else { Some(Owing { below, caller, debts, made: 0 }) }
    }

    /// The next call, and the frame as it stands before it.
    fn next(&mut self) -> Option<(Debt, Frame)> {
        let debt = self.debts.get(self.made)?.clone();
        self.made += 1;
        let rest = debt::list(&self.debts[self.made..]);
        Some((debt, Frame { below: self.below, caller: self.caller, rest }))
    }
}

impl Session<'_> {
    /// Makes everything that a call owes.
    pub(super) fn pay(&mut self, owing: Option<Owing>) -> Result<(), SessionError> {
        let mut stack: Vec<Owing> = owing.into_iter().collect();
        let mut made = 0;
        while let Some(top) = stack.last_mut() {
            let Some((debt, frame)) = top.next() else {
                stack.pop();
                continue;
            };
            made += 1;
            if made > MAX_OWED {
                return Err(SessionError::OwesTooMuch { expected: MAX_OWED });
            }
            let (contract, caller) = (debt.call.contract, frame.caller);
            let program = self.programs.get(&contract).cloned();
            let program = program.ok_or(SessionError::UnknownDebt { caller, contract })?;
            let caller = Caller::contract(caller);
            stack.extend(self.make(contract, &program, debt.call.method, caller, &debt.inputs, Some(frame))?);
        }
        Ok(())
    }
}
