//! Applies sessions natively to a draft of the forest. A session that turns out impossible is rejected with its reason;
//! the others go on.

use parth_jobs::wire::EndedSession;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::turnstile::Holdings;
use parth_store::{Condition, ForestDraft};

use crate::Realm;
use crate::deltas::leaf_digest;
use crate::error::{Halt, Refusal};
use crate::tables::{CHECKPOINTS, PENDING, SUBMISSIONS, SubmissionState, key};

/// Sessions that are known to fit the head.
pub(crate) struct Executed {
    /// In order of the users.
    pub(crate) sessions: Vec<EndedSession>,
    /// The forest after them.
    pub(crate) draft: ForestDraft,
    /// What the realm's users hold after them.
    pub(crate) held: Holdings,
}

impl Realm {
    pub(crate) fn execute(&self, gathered: Vec<EndedSession>) -> Result<Executed, Halt> {
        let mut executed = Executed { sessions: Vec::new(), draft: self.forest.at_head()?.draft(), held: self.held()? };
        for session in gathered {
            match self.add(&mut executed, &session)? {
                Ok(()) => executed.sessions.push(session),
                Err(refusal) => {
                    self.reject(&session, &refusal)?;
                    // It may have left nodes in the draft. A session that was admitted on the leaf that it starts from
                    // does not fail here, so doing everything again costs nothing in practice.
                    executed.draft = self.again(&executed.sessions)?;
                }
            }
        }
        Ok(executed)
    }

    fn add(&self, executed: &mut Executed, session: &EndedSession) -> Result<Result<(), Refusal>, Halt> {
        let (anchor, start) = match self.fits(session)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let applied = self.apply(&mut executed.draft, session, &anchor, start.as_ref())?;
        Ok(applied.map(|moves| executed.held = executed.held.after(&moves)))
    }

    /// A draft with these sessions and nothing else.
    fn again(&self, sessions: &[EndedSession]) -> Result<ForestDraft, Halt> {
        let mut draft = self.forest.at_head()?.draft();
        for session in sessions {
            let (anchor, start) = (self.anchor(session)?, self.leaf(session.result.user, self.head()?)?);
            let applied = self.apply(&mut draft, session, &anchor, start.as_ref())?;
            applied.map_err(|refusal| self.contradiction(format!("a session that was executed before: {refusal}")))?;
        }
        Ok(draft)
    }

    /// The anchor and the start leaf of a session that was admitted on this head or on an earlier one.
    fn fits(&self, session: &EndedSession) -> Result<Result<(CheckpointLeaf, Option<UserLeaf>), Refusal>, Halt> {
        let (result, head) = (&session.result, self.head()?);
        let max = self.network.rules.profile.max_anchor_age;
        if u64::from(head.get()) >= u64::from(result.anchor.get()) + max {
            return Ok(Err(Refusal::OldAnchor { head, max, actual: result.anchor }));
        }
        let leaf = self.leaf(result.user, head)?;
        let (expected, actual) = (leaf_digest(leaf.as_ref()), result.start_leaf);
        if expected != actual {
            return Ok(Err(Refusal::StaleStart { user: result.user, expected, actual }));
        }
        Ok(Ok((self.anchor(session)?, leaf)))
    }

    /// The checkpoint leaf that a session of this chain starts from.
    pub(crate) fn anchor(&self, session: &EndedSession) -> Result<CheckpointLeaf, Halt> {
        let anchor = session.result.anchor;
        let leaf = CHECKPOINTS.get(&self.store, &anchor)?;
        leaf.ok_or_else(|| {
            self.contradiction(format!("a session was admitted at checkpoint {anchor}, which has no row"))
        })
    }

    fn reject(&self, session: &EndedSession, refusal: &Refusal) -> Result<(), Halt> {
        let id = key(session.id());
        let Some(mut row) = SUBMISSIONS.get(&self.store, &id)? else { return Ok(()) };
        row.state = SubmissionState::Rejected(refusal.to_string());
        row.session = None;
        let mut batch = self.store.batch("realm/reject");
        SUBMISSIONS.put(&mut batch, &id, &row);
        PENDING.delete(&mut batch, &session.result.user);
        Ok(self.store.write(batch, Condition::Leads(self.epoch))?)
    }
}
