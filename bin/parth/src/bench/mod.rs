//! `parth bench`: what things cost on this machine.
//!
//! ```text
//!   circuits   build, prove and verify every circuit, beside the proving library's own recursion
//!   contracts  how long the compiler of contracts takes, from source to findings and to a circuit
//!   startup    how long until all circuits are ready: built, and read from disk
//!
//!   inputs     something true for every circuit to prove, played natively
//!   owing      calls that owe others
//!   measure    one circuit in every setting
//!   memory     peak memory, and what machine this is
//!   peak       the memory that proving takes, class by class
//! ```

pub(crate) mod circuits;
pub(crate) mod contracts;
mod inputs;
mod measure;
mod memory;
mod owing;
mod peak;
pub(crate) mod startup;

/// Whatever keeps a bench from running.
type Failed = Box<dyn std::error::Error + Send + Sync>;
