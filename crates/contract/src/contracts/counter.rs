//! Counter: the smallest contract, `examples/counter.dapen.ts`. Each user counts for themselves.

use std::sync::LazyLock;

use crate::contract::Contract;

/// Its source.
pub const SOURCE: &str = include_str!("../../../../examples/counter.dapen.ts");

/// The contract.
pub fn contract() -> Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| super::compiled(SOURCE));
    CONTRACT.clone()
}
