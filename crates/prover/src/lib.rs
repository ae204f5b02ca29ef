//! Workers: lease jobs, prove them, hand the proofs back.
//!
//! A worker holds no state: what it was doing when it died is leased to another after its deadline
//! (design/network.md, "Jobs and workers"). In this milestone workers are threads of the process that owns the queue.

pub mod check;
pub mod worker;

pub use check::PinnedCheck;
pub use worker::{Done, Work, WorkerError, run};
