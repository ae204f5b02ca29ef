//! Applies sessions natively to a draft of the forest. A session that turns out impossible is rejected with its reason;
//! the others go on.

use parth_jobs::wire::{EndedSession, RealmTotals};
use parth_protocol::Record;
use parth_protocol::ids::Amount;
use parth_store::{Condition, ForestDraft};

use crate::Realm;
use crate::deltas::Applied;
use crate::error::{Halt, Refusal};
use crate::tables::{PENDING, SUBMISSIONS, SubmissionState, key};

/// Sessions that are known to fit the head.
pub(crate) struct Executed {
    /// In order of the users.
    pub(crate) sessions: Vec<EndedSession>,
    /// The forest after them.
    pub(crate) draft: ForestDraft,
    /// The realm's totals after them.
    pub(crate) totals: RealmTotals,
}

impl Realm {
    pub(crate) fn execute(&self, gathered: Vec<EndedSession>) -> Result<Executed, Halt> {
        let draft = self.forest.at_head()?.draft();
        let mut executed = Executed { sessions: Vec::new(), draft, totals: self.totals()? };
        for session in gathered {
            // On a copy: a session that fails half way must leave nothing behind.
            let mut draft = executed.draft.clone();
            match self.fits(&mut draft, &session)? {
                Ok(applied) => {
                    executed.totals = self.total(executed.totals, &session, &applied)?;
                    executed.draft = draft;
                    executed.sessions.push(session);
                }
                Err(refusal) => self.reject(&session, &refusal)?,
            }
        }
        Ok(executed)
    }

    /// Applies a session that was admitted on this head or on an earlier one.
    fn fits(&self, draft: &mut ForestDraft, session: &EndedSession) -> Result<Result<Applied, Refusal>, Halt> {
        let (result, head) = (&session.result, self.head()?);
        let max = self.network.rules.profile.max_anchor_age;
        if u64::from(head.get()) >= u64::from(result.anchor.get()) + max {
            return Ok(Err(Refusal::OldAnchor { head, max, actual: result.anchor }));
        }
        let leaf = self.leaf(result.user, head)?;
        let expected = leaf.as_ref().map(Record::digest).unwrap_or_default();
        if expected != result.start_leaf {
            let (user, actual) = (result.user, result.start_leaf);
            return Ok(Err(Refusal::StaleStart { user, expected, actual }));
        }
        let balance = leaf.map_or(Amount::ZERO, |leaf| leaf.balance);
        Ok(self.apply(draft, session, balance)?)
    }

    pub(crate) fn total(
        &self,
        totals: RealmTotals,
        session: &EndedSession,
        applied: &Applied,
    ) -> Result<RealmTotals, Halt> {
        applied.moves.apply(totals, applied.before, session.end_leaf.balance).ok_or_else(|| Halt::Contradiction {
            realm: self.index,
            reason: format!("the totals leave their range with the session of user {}", session.result.user),
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
