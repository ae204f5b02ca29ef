//! Test kit. Native models that hold a whole network in memory, so that tests get valid statements by playing out
//! ordinary days of a chain, and invalid ones by changing one thing.
//!
//! ```text
//!   chain     TestChain: genesis, sessions, checkpoints; every statement on the way is kept
//!   session   TestSession: start, calls with any claim, end cap
//!   refuse    the list of one bad input a rule
//! ```

pub mod chain;
pub mod refuse;
pub mod session;

pub use chain::{Closed, TestChain};
pub use session::{CallEffect, TestSession};
