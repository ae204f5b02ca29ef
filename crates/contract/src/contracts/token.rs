//! Token: a currency in the contract's own state, `examples/token.dapen.ts`, as a model for others. One user issues it;
//! value moves by send, then claim, as native balance does.
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

use crate::contract::Contract;

/// Its source. The user who may mint is a constant of it.
pub const SOURCE: &str = include_str!("../../../../examples/token.dapen.ts");
/// Where a user's balance stands.
pub const BALANCE: u64 = 0;
/// Where the issuer keeps all that was minted.
pub const MINTED: u64 = 1;

/// The contract, with the user who may mint in place of the one that the source names.
pub fn contract(issuer: UserId) -> Contract {
    const ISSUER: &str = "ISSUER: UserId = 3;";
    debug_assert!(SOURCE.contains(ISSUER), "the source names its issuer");
    super::compiled(&SOURCE.replace(ISSUER, &format!("ISSUER: UserId = {};", issuer.get())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_issuer_is_another_contract() {
        let [one, other] = [3, 4].map(|issuer| contract(UserId::constant(issuer)));
        assert_ne!(one.code_digest(), other.code_digest());
        assert_eq!(one.abi().functions.len(), other.abi().functions.len());
    }
}
