//! Contracts: code as data, its meaning, and the contracts that come with Parth.
//!
//! ```text
//!   builder ──▸ ir ──check──▸ Contract ──▸ abi, code digest, leaves
//!                                 │
//!            ┌────────────────────┴──────────────────┐
//!        interpret (live state, reader)        circuits::contract (constraints)
//!            └──▸ Execution: call, context, witness ─┘
//!                          call::apply re-checks the witness natively
//! ```
//! One IR has two consumers, the interpreter and the circuit builder; tests compare them.
//!
//! | module | what |
//! | --- | --- |
//! | [`ir`] | types and operations |
//! | [`check`] | which code is accepted |
//! | [`function`] | checked functions: types and openings of each operation |
//! | [`mod@contract`] | checked contracts: bytes, digest, leaves |
//! | [`builder`] | writes contracts in Rust |
//! | [`dapen`] | compiles contracts from source |
//! | [`debt`] | calls that a call makes: deferred and inline |
//! | [`settle`] | everything that one call of a user makes, results of inline calls included |
//! | [`abi`] | interfaces as JSON |
//! | [`opening`] | what proves a read, and readers |
//! | [`sorted`] | sorted lists in a state, for maps by hash |
//! | [`mine`] | reads of the own state in other contracts |
//! | [`interpret`] | executes a call |
//! | [`call`] | the statement of one call |
//! | [`sandbox`] | a chain in memory to run contracts on, without proofs |
//! | [`contracts`] | the system contract, Counter, Token |

pub mod abi;
pub mod builder;
pub mod call;
pub mod check;
pub mod contract;
pub mod contracts;
pub mod dapen;
pub mod debt;
pub mod error;
pub mod function;
pub mod interpret;
pub mod ir;
mod machine;
pub mod mine;
pub mod names;
pub mod opening;
pub mod sandbox;
pub mod settle;
pub mod sorted;

pub use call::CallWitness;
pub use check::CodeError;
pub use contract::Contract;
pub use error::ExecError;
pub use function::Function;
pub use interpret::{Execution, execute};
pub use machine::{Event, Outcome, Values, Write, events_digest};
pub use opening::Reader;
