//! Admission of one session, cheapest check first (design/network.md, "Admission at an edge").
//!
//! ```text
//!   decode → circuit → user, network, anchor → start leaf → one a user → proof → writes, openings, turnstile → pending
//! ```

use parth_jobs::Claim;
use parth_jobs::wire::{EndedSession, Submission, SubmissionId};
use parth_protocol::Record;
use parth_protocol::circuit::Family;
use parth_protocol::ids::CheckpointId;
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::records::leaf::UserLeaf;
use parth_protocol::tree::realm_of_user;
use parth_store::Condition;

use crate::Realm;
use crate::deltas::leaf_digest;
use crate::error::{Halt, Refusal, SubmitError};
use crate::tables::{CHECKPOINTS, PENDING, SUBMISSIONS, SubmissionRow, SubmissionState, key};

impl Realm {
    /// Takes in a session. Sending the same one again gives the same answer; a refusal leaves nothing behind.
    pub fn submit(&self, submission: &Submission) -> Result<SubmissionId, SubmitError> {
        let session = &submission.session;
        let id = session.id();
        if self.submission(id)?.is_some_and(|state| !matches!(state, SubmissionState::Rejected(_))) {
            return Ok(id);
        }
        session.check_lists().map_err(Refusal::from)?;
        if session.circuit.family() != Family::EndCap {
            return Err(Refusal::OtherCircuit { actual: session.circuit }.into());
        }
        let anchor = self.check_anchor(session)?;
        let start = self.check_start(session, id)?;
        let claim = self.claim(session);
        self.check.check(&claim, &submission.proof).map_err(|reason| Refusal::Proof { reason })?;
        let mut draft = self.forest.at_head()?.draft();
        self.apply(&mut draft, session, &anchor, start.as_ref())??;
        let _writing = self.writing.lock();
        // Again, now that nobody else writes: this or another session of the user may have come in, or a checkpoint.
        if self.submission(id)?.is_some_and(|state| !matches!(state, SubmissionState::Rejected(_))) {
            return Ok(id);
        }
        self.check_anchor(session)?;
        self.check_start(session, id)?;
        let proof = self.queue.admit(&claim, &submission.proof)?;
        let row = SubmissionRow { session: Some(session.clone()), proof, state: SubmissionState::Pending };
        let mut batch = self.store.batch("realm/admit");
        SUBMISSIONS.put(&mut batch, &key(id), &row);
        PENDING.put(&mut batch, &session.result.user, &key(id));
        self.store.write(batch, Condition::Leads(self.epoch))?;
        Ok(id)
    }

    /// Where a submission stands; nothing when it was never admitted.
    pub fn submission(&self, id: SubmissionId) -> Result<Option<SubmissionState>, Halt> {
        Ok(SUBMISSIONS.get(&self.store, &key(id))?.map(|row| row.state))
    }

    /// What the proof of a session must show, under the pinned key of the circuit that it names.
    pub(crate) fn claim(&self, session: &EndedSession) -> Claim {
        let circuit = session.circuit;
        let fingerprint = self.network.circuits.fingerprint(circuit);
        Claim { circuit, fingerprint, public: session.result.digest() }
    }

    /// The user lives here, the network is this one, the anchor is known and young.
    fn check_anchor(&self, session: &EndedSession) -> Result<CheckpointLeaf, SubmitError> {
        let (result, profile) = (&session.result, &self.network.rules.profile);
        let expected = realm_of_user(profile, result.user);
        if expected != self.index {
            return Err(Refusal::OtherRealm { user: result.user, expected, actual: self.index }.into());
        }
        if result.parameters != self.parameters() {
            let expected = self.parameters();
            return Err(Refusal::OtherNetwork { expected, actual: result.parameters }.into());
        }
        let (head, actual) = (self.head()?, result.anchor);
        let Some(age) = head.get().checked_sub(actual.get()) else {
            return Err(Refusal::UnknownAnchor { head, actual }.into());
        };
        let max = profile.max_anchor_age;
        if u64::from(age) >= max {
            return Err(Refusal::OldAnchor { head, max, actual }.into());
        }
        let leaf = CHECKPOINTS.get(&self.store, &actual)?.ok_or(Refusal::UnknownAnchor { head, actual })?;
        if leaf.digest() != result.anchor_leaf {
            let expected = leaf.digest();
            return Err(Refusal::OtherChain { anchor: actual, expected, actual: result.anchor_leaf }.into());
        }
        Ok(leaf)
    }

    /// The session starts from the user's present leaf and is the user's only one.
    fn check_start(&self, session: &EndedSession, id: SubmissionId) -> Result<Option<UserLeaf>, SubmitError> {
        let (user, actual) = (session.result.user, session.result.start_leaf);
        let leaf = self.leaf(user, self.head()?)?;
        let expected = leaf_digest(leaf.as_ref());
        if expected != actual {
            return Err(Refusal::StaleStart { user, expected, actual }.into());
        }
        match self.pending(user)? {
            Some(pending) if pending != id => Err(Refusal::AlreadyPending { user, pending }.into()),
            _ => Ok(leaf),
        }
    }

    /// The newest checkpoint that this realm has followed.
    pub fn head(&self) -> Result<CheckpointId, Halt> {
        let head = self.store.position()?.head;
        head.map(|head| head.checkpoint)
            .ok_or_else(|| Halt::Contradiction { realm: self.index, reason: "the realm has no genesis".to_owned() })
    }
}
