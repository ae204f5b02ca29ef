//! Puts the realm's jobs into the queue and its deltas among the artifacts.

use parth_jobs::ArtifactId;

use super::execute::Executed;
use super::plan::RealmPlan;
use crate::Realm;
use crate::error::Halt;

/// Priority of a realm's jobs; the coordinator's come first, since everything waits for them.
const PRIORITY: u32 = 1;

impl Realm {
    pub(crate) fn publish(&self, executed: &Executed, plan: &RealmPlan) -> Result<ArtifactId, Halt> {
        let deltas = borsh::to_vec(&executed.sessions).map_err(|error| Halt::Contradiction {
            realm: self.index,
            reason: format!("the deltas have no encoding: {error}"),
        })?;
        let deltas = self.queue.artifacts().put(&deltas)?;
        // Every node of aggregation costs about the same.
        self.queue.publish(&plan.graph, &self.network.circuits, PRIORITY, |_| 1)?;
        Ok(deltas)
    }
}
