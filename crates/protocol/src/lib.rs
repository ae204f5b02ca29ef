//! The specification of Parth as pure Rust: no IO, no clock, no randomness, no proving library.
//!
//! ```text
//!   ids, limits       one type for each id, count and amount
//!   profile, tree     heights; kinds of trees, their paths, the map from registrations to users
//!   record, records   leaves and headers: one field list each, expanded here and in `circuits`
//!   reject            the rules, and why a statement does not hold
//!   circuit           the circuits by name, their whitelists and pins
//!   session  signature  guta  global  block     statements, each with a native `apply`
//!   plan              end caps and global changes to a graph of proving jobs
//!   turnstile         native balance is neither made nor lost, counted beside the proofs
//! ```
//!
//! Each statement `protocol::guta::two_guta` has its circuit twin at the same path in `circuits`.

pub mod block;
pub mod circuit;
pub mod genesis;
pub mod global;
pub mod guta;
pub mod ids;
pub mod limits;
pub mod plan;
pub mod profile;
pub mod record;
pub mod records;
pub mod reject;
pub mod session;
pub mod signature;
pub mod statement;
pub mod tree;
pub mod turnstile;

pub use circuit::{CircuitId, CircuitSet, Network, Rules};
pub use profile::Profile;
pub use record::{Felts, Record};
pub use reject::{Reject, Rule};
pub use statement::Statement;
