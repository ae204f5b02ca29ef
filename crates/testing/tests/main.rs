//! Ordinary days and attacks, executed natively.

mod attacks;
mod hostile_bytes;
mod native_chain;
mod refusals;
