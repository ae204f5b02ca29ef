//! Plans the aggregation of the realm's sessions up to the realm's root.

use parth_protocol::CircuitId;
use parth_protocol::plan::JobGraph;
use parth_protocol::plan::guta::{Part, Planner, end_cap_child};
use parth_protocol::records::guta::{Anchor, GutaHeader};
use parth_protocol::tree::Siblings;
use parth_store::{NodeReads, Tree};

use super::execute::Executed;
use crate::Realm;
use crate::error::Halt;

/// The jobs of one realm for one checkpoint.
pub(crate) struct RealmPlan {
    pub(crate) graph: JobGraph,
    /// The change of the realm's root.
    pub(crate) header: GutaHeader,
    /// The circuit that proves it.
    pub(crate) circuit: CircuitId,
}

impl Realm {
    pub(crate) fn plan(&self, executed: &Executed) -> Result<Option<RealmPlan>, Halt> {
        if executed.sessions.is_empty() {
            return Ok(None);
        }
        let (rules, view) = (&self.network.rules, self.forest.at_head()?);
        let checkpoints = Tree::checkpoints(&rules.profile);
        let anchor = Anchor { root: view.root(checkpoints)?, height: self.head()? };
        let mut parts = Vec::with_capacity(executed.sessions.len());
        for session in &executed.sessions {
            let (result, circuits) = (session.result.clone(), &self.network.circuits);
            let path = Siblings::new(view.path(checkpoints, result.anchor.get().into())?.siblings);
            let child = end_cap_child(rules, circuits, result, session.circuit, path);
            parts.push(Part::EndCap(
                child.map_err(|reject| self.contradiction(format!("an admitted session: {reject}")))?,
            ));
        }
        let nodes = NodeReads::new(&view, self.users());
        let read = |level: usize, index: u64| nodes.node(level, index);
        let planner = Planner { rules, circuits: &self.network.circuits, anchor: &anchor, nodes: &read };
        let mut graph = JobGraph::default();
        let planned = planner.aggregate(&mut graph, parts, rules.profile.realm);
        let planned = nodes.checked(planned)?;
        let contradiction = |reason: String| Halt::Contradiction { realm: self.index, reason };
        let (header, circuit) = planned.map_err(|reject| contradiction(format!("admitted sessions: {reject}")))?;
        let root = executed.draft.root(self.users())?;
        if header.transition.new != root {
            let planned = header.transition.new;
            return Err(contradiction(format!("the plan leads to root {planned}, the writes to {root}")));
        }
        Ok(Some(RealmPlan { graph, header, circuit }))
    }
}
