//! Tests of the user's side over a network in memory.
//!
//! Everything up to a signed session runs on small trees with stand-in circuits of the protocol; one test proves.

mod debts;
mod listing;
mod net;
mod proving;
mod refusals;
mod sessions;
mod submission;
