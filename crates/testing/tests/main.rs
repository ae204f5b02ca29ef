//! Ordinary days and attacks, executed natively.

mod admission;
mod attacks;
mod hostile_bytes;
mod native_chain;
mod refusals;
mod roles;
