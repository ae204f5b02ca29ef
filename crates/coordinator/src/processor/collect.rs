//! Waits for the proof of the checkpoint.

use std::collections::BTreeSet;
use std::time::Duration;

use parth_jobs::{ArtifactId, State, Waited};
use parth_protocol::plan::JobId;

use crate::Coordinator;
use crate::error::Halt;

/// How long one look at the queue waits.
const LOOK: Duration = Duration::from_secs(1);

impl Coordinator {
    pub(crate) fn collect(&self, root: JobId, height: u32) -> Result<ArtifactId, Halt> {
        loop {
            match self.queue.wait(root, LOOK)? {
                Waited::Proven(proof) => return Ok(proof),
                Waited::Unprovable { evidence } => return Err(Halt::Unprovable { height, evidence }),
                Waited::Draining => return Err(Halt::Stopping),
                Waited::Pending => self.check_below(root, height)?,
            }
        }
    }

    /// The root never becomes ready when a job below it cannot be proven, whoever published that job: the realms'
    /// count as much as these here.
    fn check_below(&self, root: JobId, height: u32) -> Result<(), Halt> {
        let (mut open, mut seen) = (vec![root], BTreeSet::from([root]));
        while let Some(job) = open.pop() {
            if self.queue.proof(job)?.is_some() {
                continue;
            }
            let row = self.queue.row(job)?;
            if let State::Unprovable { evidence } = row.progress.state {
                return Err(Halt::Unprovable { height, evidence: format!("{}: {evidence}", row.claim.circuit) });
            }
            open.extend(row.children.into_iter().filter(|child| seen.insert(*child)));
        }
        Ok(())
    }
}
