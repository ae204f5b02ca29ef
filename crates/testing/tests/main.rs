//! Ordinary days and attacks, executed natively.

mod native_chain;
