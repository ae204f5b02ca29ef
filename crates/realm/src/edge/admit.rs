//! Admission of one session, cheapest check first (design/network.md, "Admission at an edge").
//!
//! ```text
//!   decode → user, network, anchor → start leaf → one a user → proof → writes, openings, turnstile → pending
//! ```

use parth_crypto::Digest;
use parth_jobs::Claim;
use parth_jobs::wire::{EndedSession, Submission, SubmissionId};
use parth_protocol::ids::{Amount, CheckpointId, ContractId};
use parth_protocol::records::block::CheckpointLeaf;
use parth_protocol::tree::realm_of_user;
use parth_protocol::{CircuitId, Record};
use parth_store::Condition;

use crate::Realm;
use crate::error::{Halt, Refusal, SubmitError};
use crate::tables::{CHECKPOINTS, PENDING, SUBMISSIONS, SubmissionRow, SubmissionState, key};
use crate::turnstile::{Imbalance, sent_at_anchor};

impl Realm {
    /// Takes in a session. Sending the same one again gives the same answer; a refusal leaves nothing behind.
    pub fn submit(&self, submission: &Submission) -> Result<SubmissionId, SubmitError> {
        let session = &submission.session;
        let id = session.id();
        if self.submission(id)?.is_some_and(|state| !matches!(state, SubmissionState::Rejected(_))) {
            return Ok(id);
        }
        let anchor = self.check_anchor(session)?;
        self.check_start(session, id)?;
        let claim = self.claim(session);
        self.check.check(&claim, &submission.proof).map_err(|reason| Refusal::Proof { reason })?;
        self.check_content(session, &anchor)?;
        let _writing = self.writing.lock();
        // Again, now that nobody else writes: another session of the user may have come in, or a checkpoint.
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

    /// What the proof of a session must show.
    pub(crate) fn claim(&self, session: &EndedSession) -> Claim {
        let circuit = CircuitId::EndCap;
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
    fn check_start(&self, session: &EndedSession, id: SubmissionId) -> Result<Amount, SubmitError> {
        let (user, actual) = (session.result.user, session.result.start_leaf);
        let leaf = self.leaf(user, self.head()?)?;
        let expected = leaf.as_ref().map_or(Digest::ZERO, Record::digest);
        if expected != actual {
            return Err(Refusal::StaleStart { user, expected, actual }.into());
        }
        match self.pending(user)? {
            Some(pending) if pending != id => Err(Refusal::AlreadyPending { user, pending }.into()),
            _ => Ok(leaf.map_or(Amount::ZERO, |leaf| leaf.balance)),
        }
    }

    /// Writes lead to the end leaf, openings to the anchor, and native balance is conserved.
    fn check_content(&self, session: &EndedSession, anchor: &CheckpointLeaf) -> Result<(), SubmitError> {
        check_order(session)?;
        let profile = &self.network.rules.profile;
        for change in &session.contracts {
            change.opening.check(profile, anchor, change.contract).map_err(Refusal::from)?;
        }
        let written: usize = session.contracts.iter().map(|change| change.writes.len()).sum();
        let reported = session.result.stats.slots.get();
        if written as u64 > reported {
            return Err(Refusal::Slots { expected: reported, actual: written as u64 }.into());
        }
        let balance = self.check_start(session, session.id())?;
        let mut draft = self.forest.at_head()?.draft();
        let applied = self.apply(&mut draft, session, balance)??;
        applied.moves.conserve(session, balance).map_err(Refusal::from)?;
        self.check_claims(session, anchor, &applied.moves.claims)
    }

    /// Nobody claims more than was sent.
    fn check_claims(
        &self,
        session: &EndedSession,
        anchor: &CheckpointLeaf,
        claims: &std::collections::BTreeMap<parth_protocol::ids::UserId, Amount>,
    ) -> Result<(), SubmitError> {
        let (profile, to) = (&self.network.rules.profile, session.result.user);
        let system = session.contracts.iter().find(|change| change.contract == ContractId::SYSTEM);
        let Some(system) = system else { return Ok(()) };
        let height = system.opening.leaf.state_height;
        for (&from, &claimed) in claims {
            let opened = session.claims.iter().find(|claim| claim.from == from);
            let claim = opened.ok_or(Refusal::Turnstile(Imbalance::NotOpened { from }))?;
            let sent = sent_at_anchor(profile, anchor, height, to, claim).map_err(Refusal::from)?;
            let sent = sent.map_err(Refusal::from)?;
            if claimed > sent {
                return Err(Refusal::Turnstile(Imbalance::OverClaim { from, sent, claimed }).into());
            }
        }
        Ok(())
    }

    /// The newest checkpoint that this realm has followed.
    pub fn head(&self) -> Result<CheckpointId, Halt> {
        let head = self.store.position()?.head;
        head.map(|head| head.checkpoint)
            .ok_or_else(|| Halt::Contradiction { realm: self.index, reason: "the realm has no genesis".to_owned() })
    }
}

fn check_order(session: &EndedSession) -> Result<(), Refusal> {
    let grows = |what, sorted: bool| if sorted { Ok(()) } else { Err(Refusal::Order { what }) };
    grows("contracts", session.contracts.is_sorted_by(|a, b| a.contract < b.contract))?;
    grows("claims", session.claims.is_sorted_by(|a, b| a.from < b.from))?;
    let writes = session.contracts.iter().all(|change| change.writes.is_sorted_by(|a, b| a.0 < b.0));
    grows("writes", writes)
}
