//! What every statement that takes a call into a session checks of it: every step, `first_two_calls`, `single_call`.
//!
//! ```text
//!   session before ─┐
//!                   ├─▸ take ─▸ session with one more call
//!   call proof ─────┘
//! ```
//! Deployers supply call circuits, so every number a call reports is checked here and nowhere else.
//! Twin: `circuits/src/session/call.rs`. Source: seed 001, step 1.3.

use parth_crypto::{Digest, Domain, Felt, hash};

use super::debt::Frame;
use super::{WriteInto, push_frame};
use crate::circuit::Rules;
use crate::ids::{Amount, CallCount, Caller, ContractId, EventCount, FunctionIndex, Scalar, SlotCount};
use crate::limits::{CALL_EVENT_BITS, CALL_SLOT_BITS, SESSION_CALL_BITS, SESSION_SLOT_BITS};
use crate::record::{Record, native};
use crate::records::block::CheckpointLeaf;
use crate::records::leaf::{ContractLeaf, FunctionLeaf, UserLeaf};
use crate::records::session::{Call, CallContext, Session, SessionState};
use crate::reject::{Reject, Rule};
use crate::statement::ChildProof;
use crate::tree::{Contracts, Functions, Siblings, UserContracts};

/// The field list of this file; see [`crate::record`].
#[macro_export]
macro_rules! session_call {
    ($define:ident) => {
        $define! {
            /// A call that a session takes, with what shows its function and the state that it starts from.
            witness TakenCall {
                /// The called contract's leaf.
                contract: ContractLeaf,
                /// Its siblings in the contract tree of the anchor.
                contract_path: Siblings<Contracts>,
                /// The called function's leaf.
                function: FunctionLeaf,
                /// Where it stands.
                function_index: FunctionIndex,
                /// Its siblings in the contract's function tree.
                function_path: Siblings<Functions>,
                /// The call.
                call: Call,
                /// What the call proof says.
                context: CallContext,
                /// The user's CSTATE root in the contract before the call, or zero on first use.
                state_leaf: Digest,
                /// Its siblings in the user contract tree.
                state_path: Siblings<UserContracts>,
            }
        }
    };
}
session_call!(native);

/// The numbers that a call reports, once checked.
struct Reported {
    slots: SlotCount,
    events_after: EventCount,
    emits: bool,
    balance_out: Amount,
    balance_in: Amount,
    withdrawn: Amount,
    deposited: Amount,
}

impl TakenCall {
    /// The session after a top-level call: nobody calls it but the user, and no call is left to pay.
    /// `anchor_leaf` is the checkpoint leaf of the session's anchor, as the caller has checked.
    pub fn take_top_level(
        &self,
        rules: &Rules,
        anchor_leaf: &CheckpointLeaf,
        previous: &Session,
    ) -> Result<Session, Reject> {
        Reject::unless_equal(Rule::DeferredStackEmpty, Digest::ZERO, previous.state.deferred)?;
        Reject::unless_equal(Rule::InlineStackEmpty, Digest::ZERO, previous.state.inline)?;
        Reject::unless_equal(Rule::TopLevelCaller, Caller::USER.get(), self.call.caller.get())?;
        self.take(rules, anchor_leaf, previous)
    }

    /// The session after the call that pays the first item of a deferred frame.
    pub fn take_deferred(
        &self,
        rules: &Rules,
        anchor_leaf: &CheckpointLeaf,
        previous: &Session,
        frame: &Frame,
    ) -> Result<Session, Reject> {
        self.take(rules, anchor_leaf, &frame.pay_deferred(self, previous)?)
    }

    /// The session after the call that pays the first item of an inline frame.
    pub fn take_inline(
        &self,
        rules: &Rules,
        anchor_leaf: &CheckpointLeaf,
        previous: &Session,
        frame: &Frame,
    ) -> Result<Session, Reject> {
        self.take(rules, anchor_leaf, &frame.pay_inline(self, previous)?)
    }

    /// The session after the call, whoever makes it.
    fn take(&self, rules: &Rules, anchor_leaf: &CheckpointLeaf, previous: &Session) -> Result<Session, Reject> {
        self.check_function(rules, anchor_leaf)?;
        self.check_context(previous)?;
        let reported = self.check_reported()?;
        let contracts = self.move_state(rules, previous)?;
        self.check_view(&reported)?;
        self.advance(previous, &reported, contracts)
    }

    /// The proof of the call.
    pub(crate) fn proof(&self) -> ChildProof {
        ChildProof { fingerprint: self.function.fingerprint, public: self.context.digest() }
    }

    fn check_function(&self, rules: &Rules, anchor_leaf: &CheckpointLeaf) -> Result<(), Reject> {
        let (profile, call) = (&rules.profile, &self.call);
        let contracts = anchor_leaf.globals.contracts;
        let at = u64::from(call.contract.get());
        self.contract_path.check(profile, Rule::ContractPath, contracts, at, self.contract.digest())?;
        let (functions, at) = (self.contract.functions, u64::from(self.function_index.get()));
        self.function_path.check(profile, Rule::FunctionPath, functions, at, self.function.digest())?;
        let number = |rule, expected: u64, actual: u64| Reject::unless_equal(rule, expected, actual);
        number(Rule::Method, self.function.method.get().into(), call.method.get().into())?;
        number(Rule::InputsLength, self.function.inputs.get().into(), call.inputs_length.get().into())
    }

    fn check_context(&self, previous: &Session) -> Result<(), Reject> {
        let context = &self.context;
        Reject::unless_equal(Rule::CallSession, previous.start.digest(), context.session)?;
        Reject::unless_equal(Rule::CallUserContracts, previous.leaf.contracts, context.user_contracts)?;
        Reject::unless_equal(Rule::CallDigest, self.call.digest(), context.call)?;
        Reject::unless_equal(Rule::CallProofs, previous.state.proofs, context.proofs)?;
        Reject::unless_equal(Rule::CallBalance, previous.leaf.balance.get(), context.balance.get())?;
        Reject::unless_equal(Rule::CallEventCount, previous.leaf.events.get(), context.events_before.get())
    }

    fn check_reported(&self) -> Result<Reported, Reject> {
        let context = &self.context;
        let slots = Reject::unless_below(Rule::CallSlots, CALL_SLOT_BITS, context.slots)?;
        let grown = context.events_after - context.events_before.to_felt();
        let emitted = Reject::unless_below(Rule::CallEvents, CALL_EVENT_BITS, grown)?;
        let after = Reject::unless_below(Rule::CallEvents, EventCount::BITS, context.events_after)?;
        let emits = emitted != 0;
        if !emits {
            Reject::unless_equal(Rule::NoEvents, Digest::ZERO, context.events)?;
        }
        let amount = |felt| Reject::unless_below(Rule::CallAmounts, Amount::BITS, felt).map(Amount::constant);
        let reported = Reported {
            slots: SlotCount::constant(slots),
            events_after: EventCount::constant(after),
            emits,
            balance_out: amount(context.balance_out)?,
            balance_in: amount(context.balance_in)?,
            withdrawn: amount(context.withdrawn)?,
            deposited: amount(context.deposited)?,
        };
        if self.call.contract != ContractId::SYSTEM {
            for moved in [context.balance_out, context.balance_in, context.withdrawn, context.deposited] {
                Reject::unless_equal(Rule::BalanceOnlySystem, Felt::ZERO, moved)?;
            }
        }
        Ok(reported)
    }

    /// The user contract tree after the call. A call that writes nothing leaves a never-used leaf empty.
    fn move_state(&self, rules: &Rules, previous: &Session) -> Result<Digest, Reject> {
        let (profile, at) = (&rules.profile, u64::from(self.call.contract.get()));
        let before = previous.leaf.contracts;
        self.state_path.check(profile, Rule::UserContractPath, before, at, self.state_leaf)?;
        let state = if self.state_leaf.is_zero() { self.contract.initial } else { self.state_leaf };
        Reject::unless_equal(Rule::StateRoot, state, self.context.state)?;
        let leaf = if self.context.new_state == state { self.state_leaf } else { self.context.new_state };
        self.state_path.root(profile, Rule::UserContractPath, at, leaf)
    }

    fn check_view(&self, reported: &Reported) -> Result<(), Reject> {
        let context = &self.context;
        if !self.function.view {
            return Ok(());
        }
        Reject::unless_equal(Rule::View, context.state, context.new_state)?;
        Reject::unless_equal(Rule::View, Digest::ZERO, context.deferred)?;
        Reject::unless_equal(Rule::View, Digest::ZERO, context.inline)?;
        Reject::unless_equal(Rule::View, 0, u64::from(reported.emits))?;
        for number in [context.slots, context.balance_out, context.balance_in, context.withdrawn, context.deposited] {
            Reject::unless_equal(Rule::View, Felt::ZERO, number)?;
        }
        Ok(())
    }

    fn advance(&self, previous: &Session, reported: &Reported, contracts: Digest) -> Result<Session, Reject> {
        let (context, contract) = (&self.context, self.call.contract);
        let (state, leaf) = (&previous.state, &previous.leaf);
        let leaf = UserLeaf {
            contracts,
            balance: self.moved_balance(reported)?,
            events: reported.events_after,
            ..leaf.clone()
        };
        let push = |domain, stack, list: Digest| {
            if list.is_zero() { stack } else { push_frame(domain, stack, contract, list) }
        };
        let chain = |domain, a: Digest, b: Felt, c: Digest| {
            let mut felts = Vec::with_capacity(13);
            (a, contract, b).write_into(&mut felts);
            felts.extend(c.0);
            hash(domain, &felts)
        };
        let before = context.events_before.to_felt();
        Ok(Session {
            whitelist: previous.whitelist,
            start: previous.start.clone(),
            state: SessionState {
                leaf: leaf.digest(),
                deferred: push(Domain::DeferredStack, state.deferred, context.deferred),
                inline: push(Domain::InlineStack, state.inline, context.inline),
                proofs: state.proofs,
                call_stack: parth_crypto::hash::link(Domain::CallStack, state.call_stack, context.call),
                calls: below(Rule::SessionCalls, SESSION_CALL_BITS, state.calls.get() + 1).map(CallCount::constant)?,
                slots: below(Rule::SessionSlots, SESSION_SLOT_BITS, state.slots.get() + reported.slots.get())
                    .map(SlotCount::constant)?,
                events: if reported.emits {
                    chain(Domain::SessionEvents, state.events, before, context.events)
                } else {
                    state.events
                },
                withdrawals: if reported.withdrawn == Amount::ZERO {
                    state.withdrawals
                } else {
                    chain(Domain::SessionWithdrawals, state.withdrawals, before, context.events)
                },
                withdrawn: total(state.withdrawn, reported.withdrawn)?,
                deposited: total(state.deposited, reported.deposited)?,
            },
            leaf,
        })
    }

    /// balance − out + in − withdrawn + deposited. All five are below 2^62, so the field cannot wrap back into range.
    fn moved_balance(&self, reported: &Reported) -> Result<Amount, Reject> {
        let incoming = [self.context.balance, reported.balance_in, reported.deposited];
        let outgoing = [reported.balance_out, reported.withdrawn];
        let sum = |amounts: &[Amount]| amounts.iter().map(|amount| u128::from(amount.get())).sum::<u128>();
        let (incoming, outgoing) = (sum(&incoming), sum(&outgoing));
        let balance = incoming.checked_sub(outgoing).and_then(|left| u64::try_from(left).ok()).and_then(Amount::new);
        balance.ok_or_else(|| {
            Reject::new(Rule::Balance, "0 to 2^62 − 1", format!("{incoming} coming in, {outgoing} going out"))
        })
    }
}

fn below(rule: Rule, bits: u32, value: u64) -> Result<u64, Reject> {
    Reject::unless_below(rule, bits, Felt::reduce(value))
}

fn total(so_far: Amount, more: Amount) -> Result<Amount, Reject> {
    so_far
        .checked_add(more)
        .ok_or_else(|| Reject::new(Rule::SessionAmounts, "a total below 2^62", format!("{so_far} + {more}")))
}
