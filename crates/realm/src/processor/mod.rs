//! The half of a realm that makes checkpoints: gather → execute → plan → publish → hand over, then follow the commit.
//!
//! The same files, in the same order, make the coordinator's half (design/network.md, "A checkpoint, in the files of
//! both processors"). A realm has no commit point of its own: it commits what the coordinator's head records.

mod commit;
mod execute;
mod gather;
mod genesis;
mod plan;
mod publish;

use parth_jobs::wire::HandOver;

use crate::Realm;
use crate::error::Halt;

impl Realm {
    /// The realm's part of the next checkpoint, or nothing when no session waits. Changes nothing but the states of
    /// sessions that turn out impossible, so it may be called again until a commit comes.
    pub fn hand_over(&self) -> Result<Option<HandOver>, Halt> {
        // The head must stay where it is from the first read to the last.
        let _writing = self.writing.lock();
        let gathered = self.gather()?;
        let executed = self.execute(gathered)?;
        let Some(plan) = self.plan(&executed)? else { return Ok(None) };
        let deltas = self.publish(&executed, &plan)?;
        Ok(Some(HandOver {
            realm: self.index(),
            epoch: self.epoch,
            header: plan.header,
            circuit: plan.circuit,
            deltas,
            held: executed.held,
        }))
    }
}
