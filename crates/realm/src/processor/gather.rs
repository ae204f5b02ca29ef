//! Takes the sessions that wait, in order of their users.

use parth_jobs::wire::EndedSession;

use crate::Realm;
use crate::error::Halt;
use crate::tables::{PENDING, SUBMISSIONS};

/// Sessions that one realm puts into one checkpoint at most.
const MAX_SESSIONS: usize = 1 << 12;

impl Realm {
    pub(crate) fn gather(&self) -> Result<Vec<EndedSession>, Halt> {
        let waiting = PENDING.all(&self.store)?;
        let mut sessions = Vec::new();
        for (user, id) in waiting.into_iter().take(MAX_SESSIONS) {
            let row = SUBMISSIONS.get(&self.store, &id)?;
            let session = row.and_then(|row| row.session).ok_or_else(|| Halt::Contradiction {
                realm: self.index,
                reason: format!("the pending session of user {user} has no content"),
            })?;
            sessions.push(session);
        }
        Ok(sessions)
    }
}
