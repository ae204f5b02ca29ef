//! Puts the checkpoint's jobs into the queue.

use parth_protocol::plan::JobId;

use super::plan::Plan;
use crate::Coordinator;
use crate::error::Halt;

/// Priority of the coordinator's jobs: everything waits for them.
const PRIORITY: u32 = 2;

impl Coordinator {
    /// Returns the job that proves the checkpoint.
    pub(crate) fn publish(&self, plan: &Plan) -> Result<JobId, Halt> {
        // Every circuit costs about the same.
        self.queue.publish(&plan.graph, &self.network.circuits, PRIORITY, |_| 1)?;
        let root = plan.graph.root().map(|job| job.id);
        root.ok_or_else(|| Halt::Contradiction("the plan has no jobs".to_owned()))
    }
}
