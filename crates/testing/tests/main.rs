//! Ordinary days and attacks, executed natively.

mod hostile_bytes;
mod native_chain;
mod refusals;
