//! Token: a currency in the contract's own state, as a model for others. One user issues it; value moves by send, then
//! claim, as native balance does.
//!
//! | slots | hold |
//! | --- | --- |
//! | 0 | the user's balance |
//! | 1 | all that this user has ever minted (the issuer only) |
//! | 2^32 + u | all that this user has ever sent to user u |
//! | 2·2^32 + u | all that this user has ever claimed from user u |
//!
//! What was minted is below 2^62 in all, since the issuer's own total is, so no balance or total can outgrow that.

use parth_protocol::ids::UserId;

use super::system::{STATE_HEIGHT, claim_from, claim_many, raise_sent};
use crate::builder::{ContractBuilder, Expr, FunctionBuilder, kind};
use crate::contract::Contract;
use crate::ir::Type;

/// Where a user's balance stands.
pub const BALANCE: u64 = 0;
/// Where the issuer keeps all that was minted.
pub const MINTED: u64 = 1;

/// The contract, with the user who may mint.
pub fn contract(issuer: UserId) -> Contract {
    let mut contract = ContractBuilder::new("Token", STATE_HEIGHT);
    let minted = contract.event("Minted", &[("amount", Type::U64)]);
    let sent = contract.event("Sent", &[("to", Type::U32), ("amount", Type::U64)]);
    let claimed = contract.event("Claimed", &[("from", Type::U32), ("amount", Type::U64)]);

    contract.function("mint", |f| {
        let amount = f.input::<kind::U64>("amount");
        let (me, issuer) = (f.user(), f.u32(issuer.get()));
        let allowed = f.equal(me, issuer);
        f.require(allowed, "only the issuer mints");
        let slot = f.slot(MINTED);
        let before = f.read_u64(slot);
        let total = f.add(before, amount);
        f.write_u64(slot, total);
        let balance = receive(f, amount);
        f.emit(minted, &[amount.into()]);
        f.output("balance", balance);
    });

    contract.function("send", |f| {
        let (to, amount) = (f.input::<kind::U32>("to"), f.input::<kind::U64>("amount"));
        raise_sent(f, to, amount);
        let slot = f.slot(BALANCE);
        let balance = f.read_u64(slot);
        let short = f.less(balance, amount);
        let covered = f.not(short);
        f.require(covered, "the balance does not cover the amount");
        let balance = f.sub(balance, amount);
        f.write_u64(slot, balance);
        f.emit(sent, &[to.into(), amount.into()]);
        f.output("balance", balance);
    });

    contract.function("claim", |f| {
        let from = f.input::<kind::U32>("from");
        let (amount, something) = claim_from(f, from);
        f.require(something, "there is nothing to claim from this user");
        receive(f, amount);
        f.emit(claimed, &[from.into(), amount.into()]);
        f.output("amount", amount);
    });

    contract.function("claim_many", |f| {
        let amount = claim_many(f, claimed);
        receive(f, amount);
        f.output("amount", amount);
    });

    contract.view("balance", |f| {
        let slot = f.slot(BALANCE);
        let balance = f.read_u64(slot);
        f.output("balance", balance);
    });

    super::fixed(contract.build())
}

fn receive(f: &mut FunctionBuilder, amount: Expr<kind::U64>) -> Expr<kind::U64> {
    let slot = f.slot(BALANCE);
    let balance = f.read_u64(slot);
    let balance = f.add(balance, amount);
    f.write_u64(slot, balance);
    balance
}
