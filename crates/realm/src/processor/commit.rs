//! Follows the coordinator: replays exactly what its head records, in one atomic commit.

use parth_crypto::Digest;
use parth_jobs::wire::{Committed, EndedSession, RealmRecord};
use parth_protocol::Record;
use parth_protocol::ids::CheckpointId;
use parth_store::{ForestDraft, Head, Tree};

use crate::Realm;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, HELD, LEAVES, PENDING, SUBMISSIONS, SubmissionState, key, newest_first};

impl Realm {
    /// Takes a final checkpoint over. One that is known already changes nothing; a gap halts, since the caller feeds
    /// checkpoints in order.
    pub fn follow(&self, committed: &Committed) -> Result<(), Halt> {
        let _writing = self.writing.lock();
        let (head, height) = (self.head()?, committed.head.public.height);
        if height <= head {
            let known = CHECKPOINTS.get(&self.store, &height)?;
            if known.as_ref() != Some(&committed.head.leaf) {
                return Err(
                    self.contradiction(format!("checkpoint {height} is of another chain than the one followed"))
                );
            }
            return Ok(());
        }
        if head.next() != Some(height) {
            return Err(self.contradiction(format!("checkpoint {height} comes after {head}")));
        }
        let mine = committed.realms.iter().find(|record| record.realm == self.index);
        let sessions = mine.map(|record| self.sessions(record)).transpose()?.unwrap_or_default();
        let mut draft = self.forest.at_head()?.draft();
        let mut held = self.held()?;
        for session in &sessions {
            let (anchor, start) = (self.anchor(session)?, self.leaf(session.result.user, head)?);
            let moves = self.apply(&mut draft, session, &anchor, start.as_ref())?;
            let moves = moves.map_err(|refusal| self.contradiction(format!("a final session: {refusal}")))?;
            held = held.after(&moves);
        }
        let root = self.check_roots(&mut draft, committed, mine)?;
        let mut batch = self.store.batch("realm/commit");
        for session in &sessions {
            let user = session.result.user;
            LEAVES.put(&mut batch, &(user, newest_first(height)), &session.end_leaf);
            self.finish(&mut batch, session, height)?;
        }
        CHECKPOINTS.put(&mut batch, &height, &committed.head.leaf);
        HELD.put(&mut batch, &height, &held);
        draft.seal().write_into(&mut batch, height, self.epoch);
        let from = self.store.position()?.head;
        Ok(self.store.commit(batch, self.epoch, from, Head { checkpoint: height, digest: root })?)
    }

    /// Appends the checkpoint to this realm's copy of the checkpoint tree and compares both roots with the record.
    fn check_roots(
        &self,
        draft: &mut ForestDraft,
        committed: &Committed,
        mine: Option<&RealmRecord>,
    ) -> Result<Digest, Halt> {
        let public = &committed.head.public;
        let checkpoints = Tree::checkpoints(&self.network.rules.profile);
        let chain = draft.set_leaf(checkpoints, public.height.get().into(), committed.head.leaf.digest())?;
        if chain != public.root {
            return Err(self.contradiction(format!("the checkpoint tree has root {chain}, not {}", public.root)));
        }
        let root = draft.root(self.users())?;
        match mine {
            Some(record) if record.root != root => {
                Err(self.contradiction(format!("the deltas lead to root {root}, the head records {}", record.root)))
            }
            _ => Ok(root),
        }
    }

    fn finish(&self, batch: &mut parth_store::Batch, session: &EndedSession, height: CheckpointId) -> Result<(), Halt> {
        let (id, user) = (key(session.id()), session.result.user);
        if let Some(mut row) = SUBMISSIONS.get(&self.store, &id)? {
            row.state = SubmissionState::Final(height);
            row.session = None;
            SUBMISSIONS.put(batch, &id, &row);
        }
        if PENDING.get(&self.store, &user)? == Some(id) {
            PENDING.delete(batch, &user);
        }
        Ok(())
    }

    fn sessions(&self, record: &RealmRecord) -> Result<Vec<EndedSession>, Halt> {
        let bytes = self.queue.artifacts().get(record.deltas)?;
        borsh::from_slice(&bytes).map_err(|error| self.contradiction(format!("the deltas are no list: {error}")))
    }

    pub(crate) fn contradiction(&self, reason: String) -> Halt {
        Halt::Contradiction { realm: self.index, reason }
    }
}
