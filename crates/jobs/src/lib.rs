//! Proving jobs, between the roles that need proofs and the workers that make them.
//!
//! ```text
//!   artifacts   statements and proofs, named by their content
//!   state       the life of one job: blocked → ready → leased → proven
//!   table       every job's row, in the store
//!   hints       which job next: lost at any time, rebuilt from the table
//!   queue       what roles and workers call: publish, lease, complete, wait
//!   bus         news inside a process: checkpoints
//!   wire        what roles hand one another: submissions, hand-overs, commits
//! ```
//!
//! The store is the truth and queues are hints (design/network.md, "Jobs and workers"): a job that is published is proven
//! some day, or found unprovable, whatever is killed or wiped meanwhile. Proofs are checked before they are stored, by
//! whoever opens the queue; this crate knows no circuits.

pub mod artifacts;
pub mod bus;
mod hints;
pub mod queue;
pub mod state;
mod table;
pub mod wire;

pub use artifacts::{ArtifactError, ArtifactId, Artifacts};
pub use bus::Broadcast;
pub use queue::{
    CheckProof, CompleteError, Completed, Counts, Inputs, JobQueue, Lease, LeaseTerms, Leased, PublishError,
    QueueError, Waited,
};
pub use state::{MAX_FAILURES, Progress, Refused, State, Worker, WorkerId};
pub use table::{Claim, JobRow};
