//! The commit: one atomic, fenced write that makes a checkpoint final.

use parth_jobs::ArtifactId;
use parth_jobs::wire::{Committed, RealmRecord};
use parth_protocol::ids::{ContractId, RegistrationIndex};
use parth_protocol::turnstile::Issued;
use parth_store::{Head, Tree};

use super::execute::Executed;
use super::plan::Plan;
use crate::Coordinator;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, CONTRACTS, HELD, ISSUED, KEYS, PENDING_CONTRACTS, PENDING_KEYS};

impl Coordinator {
    pub(crate) fn commit(
        &self,
        executed: Executed,
        plan: Plan,
        issued: &Issued,
        proof: ArtifactId,
    ) -> Result<Committed, Halt> {
        let _writing = self.writing.lock();
        let Executed { hand_overs, waiting, mut draft, held, .. } = executed;
        let (public, old) = (plan.head.public.clone(), self.head()?.head.leaf.globals);
        let profile = &self.network.rules.profile;
        let root = draft.set_leaf(Tree::checkpoints(profile), public.height.get().into(), public.leaf)?;
        if root != public.root {
            let reason = format!("the forest leads to checkpoint root {root}, the proof shows {}", public.root);
            return Err(Halt::Contradiction(reason));
        }
        let realms = hand_overs.into_iter().map(|over| RealmRecord {
            realm: over.realm,
            root: over.header.transition.new,
            deltas: over.deltas,
            epoch: over.epoch,
        });
        let committed = Committed { head: plan.head, realms: realms.collect(), proof: Some(proof) };
        let mut batch = self.store.batch("coordinator/commit");
        CHECKPOINTS.put(&mut batch, &public.height, &committed);
        for (index, (place, key)) in (old.registered.get()..).zip(&waiting.keys) {
            // A count of registrations is at most 2^32, and the tree had room for them.
            KEYS.put(&mut batch, key, &RegistrationIndex::constant(index as u32));
            PENDING_KEYS.delete(&mut batch, place);
        }
        for (index, (place, contract)) in (old.deployed.get()..).zip(&waiting.contracts) {
            CONTRACTS.put(&mut batch, &ContractId::constant(index as u32), contract);
            PENDING_CONTRACTS.delete(&mut batch, place);
        }
        for (realm, held) in &held {
            HELD.put(&mut batch, realm, held);
        }
        ISSUED.put(&mut batch, &public.height, issued);
        draft.seal().write_into(&mut batch, public.height, self.epoch);
        let from = self.store.position()?.head;
        let to = Head { checkpoint: public.height, digest: public.root };
        self.store.commit(batch, self.epoch, from, to)?;
        Ok(committed)
    }
}
