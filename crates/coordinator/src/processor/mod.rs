//! The half of the coordinator that makes checkpoints: gather → execute → plan → publish → collect → commit.
//!
//! The same files, in the same order, make a realm's half (design/network.md, "A checkpoint, in the files of both
//! processors"). Nothing is written before the proof is there but jobs and artifacts, so a process that dies anywhere
//! finds its proofs again and makes the checkpoint anew.

mod collect;
mod commit;
mod execute;
mod gather;
mod genesis;
mod plan;
mod publish;

use parth_jobs::wire::{Committed, HandOver};
use parth_protocol::plan::checkpoint::PrimaryChoice;

use crate::Coordinator;
use crate::error::Halt;

impl Coordinator {
    /// Makes the next checkpoint of what realms handed over and of what waits here. Returns when it is proven and
    /// final.
    pub fn produce(&self, hand_overs: Vec<HandOver>, choice: PrimaryChoice) -> Result<Committed, Halt> {
        let gathered = self.gather(hand_overs)?;
        let executed = self.execute(gathered)?;
        let plan = self.plan(&executed, choice)?;
        let issued = self.check_supply(&executed, &plan)?;
        let root = self.publish(&plan)?;
        let proof = self.collect(root, plan.head.public.height.get())?;
        self.commit(executed, plan, &issued, proof)
    }
}
