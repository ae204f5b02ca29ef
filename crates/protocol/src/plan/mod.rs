//! Planning: from the content of a checkpoint to a graph of proving jobs. Pure, deterministic, printable.
//!
//! ```text
//!   guta         end caps, or realms' aggregations, to one transition: a compressed binary trie
//!   global       registrations and deployments to one change: batches, folded pairwise
//!   checkpoint   both, the previous checkpoint and a time: part one, then the checkpoint
//!   job          one statement to prove, named by what its proof will show
//! ```
//! Planning executes every statement natively, so a plan that exists can be proven (design principle 2).

pub mod checkpoint;
pub mod global;
pub mod guta;
pub mod job;

pub use job::{AnyStatement, Job, JobGraph, JobId};
