//! Plans the rest of the checkpoint above the realms, and asserts the supply.

use parth_crypto::merkle::Frontier;
use parth_protocol::CircuitId;
use parth_protocol::Reject;
use parth_protocol::block::start::Start;
use parth_protocol::ids::{CheckpointId, ItemCount};
use parth_protocol::plan::JobGraph;
use parth_protocol::plan::checkpoint::{Head, PrimaryChoice, plan_checkpoint};
use parth_protocol::plan::global::plan_globals;
use parth_protocol::plan::guta::{Part, Planner, no_change};
use parth_protocol::records::guta::{Anchor, GutaHeader};
use parth_protocol::tree::Siblings;
use parth_protocol::turnstile::{Holdings, Issued, check_supply};
use parth_store::{ForestView, NodeReads, Tree};

use super::execute::Executed;
use crate::Coordinator;
use crate::error::Halt;
use crate::tables::ISSUED;

/// The jobs of one checkpoint above the realms.
pub(crate) struct Plan {
    pub(crate) graph: JobGraph,
    /// The checkpoint that they prove.
    pub(crate) head: Head,
}

impl Coordinator {
    pub(crate) fn plan(&self, executed: &Executed, choice: PrimaryChoice) -> Result<Plan, Halt> {
        let (now, view) = (self.head()?.head, self.forest.at_head()?);
        let (rules, circuits, profile) = (&self.network.rules, &self.network.circuits, &self.network.rules.profile);
        let anchor = Anchor { root: now.public.root, height: now.public.height };
        let mut graph = JobGraph::default();
        if anchor.height == CheckpointId::ZERO {
            // The first checkpoint builds on the proof of genesis, which nobody needed before.
            graph.add(rules, circuits, Start { leaf: now.leaf.clone() }).map_err(contradiction)?;
        }
        let guta = self.plan_users(&mut graph, executed, &anchor, &now, &view)?;
        let frontier = |tree: Tree, next: ItemCount| -> Result<Frontier, Halt> {
            Ok(Frontier::new(tree.domain(), view.path(tree, next.get())?))
        };
        let global = plan_globals(
            &mut graph,
            rules,
            circuits,
            self.parameters(),
            &anchor,
            &now.leaf.globals,
            &executed.changes,
            &mut frontier(Tree::registrations(profile), now.leaf.globals.registered)?,
            &mut frontier(Tree::contracts(profile), now.leaf.globals.deployed)?,
        )
        .map_err(contradiction)?;
        let append = view.path(Tree::checkpoints(profile), u64::from(anchor.height.get()) + 1)?;
        let parameters = &self.network.parameters;
        let append = Siblings::new(append.siblings);
        let head = plan_checkpoint(&mut graph, rules, circuits, parameters, &now, guta, global, append, choice)
            .map_err(contradiction)?;
        self.check_roots(executed, &head)?;
        Ok(Plan { graph, head })
    }

    fn plan_users(
        &self,
        graph: &mut JobGraph,
        executed: &Executed,
        anchor: &Anchor,
        now: &Head,
        view: &ForestView,
    ) -> Result<(GutaHeader, CircuitId), Halt> {
        let (rules, circuits) = (&self.network.rules, &self.network.circuits);
        if executed.hand_overs.is_empty() {
            let path = view.path(Tree::checkpoints(&rules.profile), anchor.height.get().into())?;
            let path = Siblings::new(path.siblings);
            return no_change(graph, rules, circuits, anchor, now.leaf.clone(), path).map_err(contradiction);
        }
        let parts = executed.hand_overs.iter();
        let parts = parts.map(|over| Part::Guta { header: over.header.clone(), circuit: over.circuit }).collect();
        let nodes = NodeReads::new(view, self.users());
        let read = |level: usize, index: u64| nodes.node(level, index);
        let planner = Planner { rules, circuits, anchor, nodes: &read };
        let planned = planner.aggregate(graph, parts, rules.profile.users());
        nodes.checked(planned)?.map_err(contradiction)
    }

    /// The forest and the statements agree on every root.
    fn check_roots(&self, executed: &Executed, head: &Head) -> Result<(), Halt> {
        let (profile, globals) = (&self.network.rules.profile, &head.leaf.globals);
        let roots = [
            ("users", self.users(), head.leaf.users),
            ("registrations", Tree::registrations(profile), globals.registrations),
            ("contracts", Tree::contracts(profile), globals.contracts),
        ];
        for (what, tree, planned) in roots {
            let written = executed.draft.root(tree)?;
            if written != planned {
                let reason = format!("the plan leads to {what} {planned}, the forest to {written}");
                return Err(Halt::Contradiction(reason));
            }
        }
        Ok(())
    }

    /// The turnstile of the whole ledger; gives what was issued up to the new checkpoint. A difference halts; it is
    /// never finalised.
    pub(crate) fn check_supply(&self, executed: &Executed, plan: &Plan) -> Result<Issued, Halt> {
        let (height, now) = (plan.head.public.height, self.head()?.head.public.height);
        let issued = ISSUED.get(&self.store, &now)?;
        let issued =
            issued.ok_or_else(|| Halt::Contradiction(format!("checkpoint {now} has no row of what was issued")))?;
        let issued = issued.after(&plan.head.leaf.stats);
        let held = executed.held.values().fold(Holdings::default(), |sum, held| sum.with(*held));
        check_supply(&held, &issued, plan.head.leaf.supply).map_err(|anomaly| Halt::Supply { height, anomaly })?;
        Ok(issued)
    }
}

fn contradiction(reject: Reject) -> Halt {
    Halt::Contradiction(format!("the checkpoint breaks a rule: {reject}"))
}
