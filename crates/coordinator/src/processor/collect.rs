//! Waits for the proof of the checkpoint.

use std::time::Duration;

use parth_jobs::{ArtifactId, Waited};
use parth_protocol::plan::JobId;

use super::plan::Plan;
use crate::Coordinator;
use crate::error::Halt;

/// How long one look at the queue waits.
const LOOK: Duration = Duration::from_secs(1);

impl Coordinator {
    pub(crate) fn collect(&self, root: JobId, plan: &Plan) -> Result<ArtifactId, Halt> {
        let height = plan.head.public.height.get();
        loop {
            match self.queue.wait(root, LOOK)? {
                Waited::Proven(proof) => return Ok(proof),
                Waited::Unprovable { evidence } => return Err(Halt::Unprovable { height, evidence }),
                Waited::Draining => return Err(Halt::Stopping),
                Waited::Pending => self.check_graph(plan)?,
            }
        }
    }

    /// The root of a graph never becomes ready when a job below it cannot be proven.
    fn check_graph(&self, plan: &Plan) -> Result<(), Halt> {
        for job in &plan.graph.jobs {
            if let Waited::Unprovable { evidence } = self.queue.wait(job.id, Duration::ZERO)? {
                return Err(Halt::Unprovable { height: plan.head.public.height.get(), evidence });
            }
        }
        Ok(())
    }
}
