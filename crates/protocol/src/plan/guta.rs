//! Plans the aggregation of user leaves: the compressed binary trie of the nodes that change.
//!
//! Two neighbours in the trie meet below their nearest common ancestor. Climbs that are longer than the meeting
//! circuit allows are taken by `single_end_cap` (an end cap) or `to_cap` (an aggregation) first.

use crate::circuit::{CircuitId, CircuitSet, Rules};
use crate::guta::left_end_cap_right_guta::LeftEndCapRightGuta;
use crate::guta::left_guta_right_end_cap::LeftGutaRightEndCap;
use crate::guta::no_change::NoChange;
use crate::guta::single_end_cap::SingleEndCap;
use crate::guta::to_cap::ToCap;
use crate::guta::two_end_caps::TwoEndCaps;
use crate::guta::two_guta::TwoGuta;
use crate::guta::{EndCapChild, GutaChild};
use crate::plan::job::JobGraph;
use crate::records::block::CheckpointLeaf;
use crate::records::guta::{Anchor, GutaHeader};
use crate::records::session::EndCapResult;
use crate::reject::{Reject, Rule};
use crate::tree::{Checkpoints, Climb, EndCapWhitelist, GutaWhitelist, Siblings};
use parth_crypto::Digest;

/// The nodes of the user tree that the aggregation starts from.
pub trait UserNodes {
    /// The node at a level and index.
    fn node(&self, level: usize, index: u64) -> Digest;
}

impl<F: Fn(usize, u64) -> Digest> UserNodes for F {
    fn node(&self, level: usize, index: u64) -> Digest {
        self(level, index)
    }
}

/// Something that takes part in an aggregation.
#[derive(Clone, Debug)]
pub enum Part {
    /// A user's session.
    EndCap(EndCapChild),
    /// An aggregation that is proven or planned elsewhere, or earlier in this plan.
    Guta {
        /// What it says.
        header: GutaHeader,
        /// The circuit that proves it.
        circuit: CircuitId,
    },
}

impl Part {
    fn place(&self) -> (usize, u64) {
        match self {
            Part::EndCap(child) => (0, u64::from(child.result.user.get())),
            Part::Guta { header, .. } => (usize::from(header.transition.level.get()), header.transition.index.get()),
        }
    }
}

/// What every plan needs to know.
pub struct Planner<'a> {
    /// Profile and pins.
    pub rules: &'a Rules,
    /// Fingerprints.
    pub circuits: &'a CircuitSet,
    /// What the aggregation builds on.
    pub anchor: &'a Anchor,
    /// The user tree before.
    pub nodes: &'a dyn UserNodes,
}

impl Planner<'_> {
    /// Adds the jobs that aggregate `parts`, in order of their places, up to the node at `top`. Returns the last
    /// aggregation: the whole change.
    pub fn aggregate(
        &self,
        graph: &mut JobGraph,
        parts: Vec<Part>,
        top: usize,
    ) -> Result<(GutaHeader, CircuitId), Reject> {
        let Some(part) = self.join(graph, parts)? else {
            return Err(Reject::new(Rule::BatchLength, "at least one part to aggregate", 0));
        };
        match part {
            Part::EndCap(child) => self.enter(graph, child, top),
            Part::Guta { header, circuit } if usize::from(header.transition.level.get()) < top => {
                self.carry(graph, header, circuit, top)
            }
            Part::Guta { header, circuit } => Ok((header, circuit)),
        }
    }

    /// Joins neighbours recursively; the split is at the highest bit in which the first and last place differ.
    fn join(&self, graph: &mut JobGraph, mut parts: Vec<Part>) -> Result<Option<Part>, Reject> {
        if parts.len() < 2 {
            return Ok(parts.pop());
        }
        let leftmost = |part: &Part| {
            let (level, index) = part.place();
            index << level
        };
        let (first, last) = (leftmost(&parts[0]), leftmost(&parts[parts.len() - 1]));
        if first >= last {
            return Err(Reject::new(Rule::Meet, "parts at growing places", format!("{first}, then {last}")));
        }
        // Below this level the two sides are in different subtrees.
        let level = (first ^ last).ilog2() as usize;
        let border = last >> level << level;
        let right = parts.split_off(parts.partition_point(|part| leftmost(part) < border));
        match (self.join(graph, parts)?, self.join(graph, right)?) {
            (Some(left), Some(right)) => self.meet(graph, left, right, level).map(Some),
            (one, other) => Ok(one.or(other)),
        }
    }

    /// Adds the job in which two sides climb to `level` and meet.
    fn meet(&self, graph: &mut JobGraph, left: Part, right: Part, level: usize) -> Result<Part, Reject> {
        let profile = &self.rules.profile;
        match (left, right) {
            (Part::EndCap(left), Part::EndCap(right)) if level <= profile.climb_two_end_caps => {
                let statement = TwoEndCaps {
                    whitelist: self.rules.guta_whitelist,
                    anchor: self.anchor.clone(),
                    left_climb: Climb::new(self.line(0, left.result.user.get().into(), level)),
                    right_climb: Climb::new(self.line(0, right.result.user.get().into(), level)),
                    left,
                    right,
                };
                self.add(graph, statement)
            }
            (Part::EndCap(left), right @ Part::EndCap(_)) => {
                let (header, circuit) = self.enter(graph, left, level)?;
                self.meet(graph, Part::Guta { header, circuit }, right, level)
            }
            (Part::Guta { header, circuit }, Part::EndCap(right)) if level <= profile.climb_mixed => {
                let statement = LeftGutaRightEndCap {
                    left_climb: Climb::new(self.line_of(&header, level)),
                    right_climb: Climb::new(self.line(0, right.result.user.get().into(), level)),
                    left: self.child(header, circuit)?,
                    right,
                };
                self.add(graph, statement)
            }
            (Part::EndCap(left), Part::Guta { header, circuit }) if level <= profile.climb_mixed => {
                let statement = LeftEndCapRightGuta {
                    left_climb: Climb::new(self.line(0, left.result.user.get().into(), level)),
                    right_climb: Climb::new(self.line_of(&header, level)),
                    left,
                    right: self.child(header, circuit)?,
                };
                self.add(graph, statement)
            }
            (left, right) => {
                let left = self.within_two_guta(graph, left, level)?;
                let right = self.within_two_guta(graph, right, level)?;
                let statement = TwoGuta {
                    left_climb: Climb::new(self.line_of(&left.0, level)),
                    right_climb: Climb::new(self.line_of(&right.0, level)),
                    left: self.child(left.0, left.1)?,
                    right: self.child(right.0, right.1)?,
                };
                self.add(graph, statement)
            }
        }
    }

    /// An aggregation from which `two_guta` can climb to `level`.
    fn within_two_guta(
        &self,
        graph: &mut JobGraph,
        part: Part,
        level: usize,
    ) -> Result<(GutaHeader, CircuitId), Reject> {
        match part {
            Part::EndCap(child) => self.enter(graph, child, level),
            Part::Guta { header, circuit } => {
                let from = usize::from(header.transition.level.get());
                // A part above its meeting holds the other part; the statement refuses it.
                if level.saturating_sub(from) <= self.rules.profile.climb_two_guta {
                    return Ok((header, circuit));
                }
                self.carry(graph, header, circuit, level)
            }
        }
    }

    fn enter(
        &self,
        graph: &mut JobGraph,
        end_cap: EndCapChild,
        level: usize,
    ) -> Result<(GutaHeader, CircuitId), Reject> {
        let statement = SingleEndCap {
            whitelist: self.rules.guta_whitelist,
            anchor: self.anchor.clone(),
            climb: Climb::new(self.line(0, end_cap.result.user.get().into(), level)),
            end_cap,
        };
        let header = graph.add(self.rules, self.circuits, statement)?;
        Ok((header, CircuitId::GutaSingleEndCap))
    }

    fn carry(
        &self,
        graph: &mut JobGraph,
        header: GutaHeader,
        circuit: CircuitId,
        level: usize,
    ) -> Result<(GutaHeader, CircuitId), Reject> {
        let climb = Climb::new(self.line_of(&header, level));
        let header = graph.add(self.rules, self.circuits, ToCap { climb, child: self.child(header, circuit)? })?;
        Ok((header, CircuitId::GutaToCap))
    }

    fn add<S>(&self, graph: &mut JobGraph, statement: S) -> Result<Part, Reject>
    where
        S: crate::statement::Statement<Header = GutaHeader> + Into<crate::plan::AnyStatement>,
    {
        let header = graph.add(self.rules, self.circuits, statement)?;
        Ok(Part::Guta { header, circuit: S::CIRCUIT })
    }

    fn child(&self, header: GutaHeader, circuit: CircuitId) -> Result<GutaChild, Reject> {
        guta_child(self.rules, self.circuits, header, circuit)
    }

    fn line_of(&self, header: &GutaHeader, top: usize) -> Vec<Digest> {
        self.line(usize::from(header.transition.level.get()), header.transition.index.get(), top)
    }

    fn line(&self, level: usize, index: u64, top: usize) -> Vec<Digest> {
        (level..top).map(|at| self.nodes.node(at, index >> (at - level) ^ 1)).collect()
    }
}

/// An aggregation as the child of another circuit.
pub fn guta_child(
    rules: &Rules,
    circuits: &CircuitSet,
    header: GutaHeader,
    circuit: CircuitId,
) -> Result<GutaChild, Reject> {
    let listed = circuits.listed::<GutaWhitelist>(&rules.profile, circuit);
    let circuit = listed.ok_or_else(|| Reject::new(Rule::GutaWhitelist, "an aggregation circuit", circuit.name()))?;
    Ok(GutaChild { header, circuit })
}

/// A session as the child of an aggregation. `anchor_path` is the place of its anchor in the checkpoint tree.
pub fn end_cap_child(
    rules: &Rules,
    circuits: &CircuitSet,
    result: EndCapResult,
    circuit: CircuitId,
    anchor_path: Siblings<Checkpoints>,
) -> Result<EndCapChild, Reject> {
    let listed = circuits.listed::<EndCapWhitelist>(&rules.profile, circuit);
    let closing = "a circuit that closes a session";
    let circuit = listed.ok_or_else(|| Reject::new(Rule::EndCapWhitelist, closing, circuit.name()))?;
    Ok(EndCapChild { result, circuit, anchor_path })
}

/// Adds the job for a checkpoint without sessions.
pub fn no_change(
    graph: &mut JobGraph,
    rules: &Rules,
    circuits: &CircuitSet,
    anchor: &Anchor,
    leaf: CheckpointLeaf,
    leaf_path: Siblings<Checkpoints>,
) -> Result<(GutaHeader, CircuitId), Reject> {
    let statement = NoChange { whitelist: rules.guta_whitelist, anchor: anchor.clone(), leaf, leaf_path };
    Ok((graph.add(rules, circuits, statement)?, CircuitId::GutaNoChange))
}
