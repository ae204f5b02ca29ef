//! Which job next, which lease ends next, who waits for whom. All of it follows from the job table; losing it costs a
//! scan of the table and nothing else.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use parth_protocol::plan::JobId;
use parth_runtime::Moment;

use crate::state::State;
use crate::table::JobRow;

/// Jobs that wait for a worker, the next one first.
type Ready = BTreeSet<(Reverse<u32>, Reverse<u32>, JobId)>;

#[derive(Debug, Default)]
pub(crate) struct Hints {
    pub(crate) ready: Ready,
    /// Leases by the moment at which they end.
    pub(crate) deadlines: BTreeSet<(Moment, JobId)>,
    /// Jobs that are blocked, by the child they wait for.
    parents: BTreeMap<JobId, BTreeSet<JobId>>,
}

impl Hints {
    /// Takes in a job as it stands now.
    pub(crate) fn note(&mut self, id: JobId, row: &JobRow) {
        let next = (Reverse(row.priority), Reverse(row.depth), id);
        self.ready.remove(&next);
        match &row.progress.state {
            State::Ready => {
                self.ready.insert(next);
            }
            State::Leased { deadline, .. } => {
                self.deadlines.insert((Moment(*deadline), id));
            }
            State::Blocked => {
                for child in &row.children {
                    self.parents.entry(*child).or_default().insert(id);
                }
            }
            State::Proven | State::Unprovable { .. } => {}
        }
    }

    /// The jobs that may wait for a child. Forgets them: whoever asks looks at each.
    pub(crate) fn take_parents(&mut self, child: JobId) -> BTreeSet<JobId> {
        self.parents.remove(&child).unwrap_or_default()
    }

    /// The jobs that may wait for a child.
    pub(crate) fn parents(&self, child: JobId) -> Vec<JobId> {
        self.parents.get(&child).map(|parents| parents.iter().copied().collect()).unwrap_or_default()
    }
}
