//! The life of a job: its states and every transition between them. Nothing else changes a [`Progress`].
//!
//! ```text
//!                unblock           lease
//!    Blocked ───────────→ Ready ──────────→ Leased ──┐ renew
//!                           ↑                  │  ↑──┘
//!                           └──────────────────┤ expire, give back, wrong, fail
//!                                              │
//!                 Proven ←─────────────────────┘ prove (also from Ready: a late proof is a proof)
//!
//!    Ready, Leased ──→ Unprovable   a trusted worker failed after everybody else had: native evidence
//! ```
//!
//! The first valid proof wins; after it nothing changes any more. After [`MAX_FAILURES`] only a trusted worker of the
//! operator gets the job, so that workers who fail on purpose cannot keep a checkpoint open.

use std::collections::BTreeSet;
use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_runtime::Moment;
use thiserror::Error;

/// Failures after which only a trusted worker gets a job.
pub const MAX_FAILURES: u32 = 5;

/// Names a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct WorkerId(pub u64);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A worker as the job table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub id: WorkerId,
    /// Does it belong to the operator? Then it is never excluded, and its failure is evidence.
    pub trusted: bool,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum State {
    /// Some child is not proven.
    Blocked,
    /// Waits for a worker.
    Ready,
    /// A worker has it.
    Leased {
        /// Who.
        worker: WorkerId,
        /// Which of the job's leases this is, from 1: a worker that comes back from an earlier one is not its holder.
        attempt: u32,
        /// Milliseconds since the Unix epoch at which it ends.
        deadline: u64,
    },
    /// Its proof is in the set of proofs.
    Proven,
    /// It cannot be proven.
    Unprovable {
        /// What the trusted worker reported.
        evidence: String,
    },
}

impl State {
    /// The name that errors and tables show.
    pub fn name(&self) -> &'static str {
        match self {
            State::Blocked => "blocked",
            State::Ready => "ready",
            State::Leased { .. } => "leased",
            State::Proven => "proven",
            State::Unprovable { .. } => "unprovable",
        }
    }
}

/// A job's state and what happened on the way there.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// Leases given.
    pub attempts: u32,
    /// Leases that expired, wrong proofs and reported failures.
    pub failures: u32,
    /// Workers that do not get it again.
    pub excluded: BTreeSet<WorkerId>,
}

/// A transition that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The job is in a state from which this does not happen.
    #[error("{action}: the job is {actual}, not {expected}")]
    State {
        /// What was tried.
        action: &'static str,
        /// States from which it happens.
        expected: &'static str,
        /// The job's state.
        actual: &'static str,
    },
    /// The worker does not hold the lease, or not any more.
    #[error("worker {worker} does not hold lease {attempt} of the job")]
    NotHolder {
        /// Who claims to.
        worker: WorkerId,
        /// Which lease it names.
        attempt: u32,
    },
    /// The worker has handed in a wrong proof of this job before.
    #[error("worker {worker} is excluded from the job")]
    Excluded {
        /// Who.
        worker: WorkerId,
    },
    /// Only a trusted worker gets the job now.
    #[error("the job has failed {failures} times and waits for a trusted worker")]
    TrustedOnly {
        /// How often.
        failures: u32,
    },
}

impl Progress {
    /// A job that has just been published.
    pub fn new(ready: bool) -> Progress {
        let state = if ready { State::Ready } else { State::Blocked };
        Progress { state, attempts: 0, failures: 0, excluded: BTreeSet::new() }
    }

    /// All children are proven.
    pub fn unblock(&mut self) -> Result<(), Refused> {
        self.expect("unblock", "blocked", matches!(self.state, State::Blocked))?;
        self.state = State::Ready;
        Ok(())
    }

    /// Would [`Progress::lease`] give the job to this worker?
    pub fn may_lease(&self, worker: Worker) -> Result<(), Refused> {
        self.expect("lease", "ready", matches!(self.state, State::Ready))?;
        if !worker.trusted && self.excluded.contains(&worker.id) {
            return Err(Refused::Excluded { worker: worker.id });
        }
        if !worker.trusted && self.failures >= MAX_FAILURES {
            return Err(Refused::TrustedOnly { failures: self.failures });
        }
        Ok(())
    }

    /// Gives the job to a worker. Returns which lease this is.
    pub fn lease(&mut self, worker: Worker, deadline: Moment) -> Result<u32, Refused> {
        self.may_lease(worker)?;
        self.attempts = self.attempts.saturating_add(1);
        self.state = State::Leased { worker: worker.id, attempt: self.attempts, deadline: deadline.0 };
        Ok(self.attempts)
    }

    /// The holder is alive: moves the end of its lease.
    pub fn renew(&mut self, by: WorkerId, lease: u32, until: Moment) -> Result<(), Refused> {
        match &mut self.state {
            State::Leased { worker, attempt, deadline } if *worker == by && *attempt == lease => {
                *deadline = until.0;
                Ok(())
            }
            _ => Err(Refused::NotHolder { worker: by, attempt: lease }),
        }
    }

    /// Ends the lease when its time is over. Returns whether it was.
    pub fn expire(&mut self, now: Moment) -> bool {
        match self.state {
            State::Leased { deadline, .. } if deadline <= now.0 => {
                self.failures = self.failures.saturating_add(1);
                self.state = State::Ready;
                true
            }
            _ => false,
        }
    }

    /// The holder gives the job back untried: it shuts down, or it is gone with its process. No failure.
    pub fn give_back(&mut self, by: WorkerId, lease: u32) -> Result<(), Refused> {
        if !self.is_held(by, lease) {
            return Err(Refused::NotHolder { worker: by, attempt: lease });
        }
        self.state = State::Ready;
        Ok(())
    }

    /// A valid proof has come, from whomever. Returns whether it is the first.
    pub fn prove(&mut self) -> Result<bool, Refused> {
        match self.state {
            State::Proven => Ok(false),
            State::Blocked => Err(self.refuse("prove", "ready or leased")),
            State::Ready | State::Leased { .. } | State::Unprovable { .. } => {
                self.state = State::Proven;
                Ok(true)
            }
        }
    }

    /// A wrong proof has come. The worker is excluded, and its lease, if it is the holder, ends at once.
    pub fn wrong(&mut self, by: Worker, lease: u32, found: &str) -> Result<(), Refused> {
        if matches!(self.state, State::Blocked) {
            return Err(self.refuse("wrong proof", "ready or leased"));
        }
        if !by.trusted {
            self.excluded.insert(by.id);
        }
        if self.is_held(by.id, lease) {
            self.failed(by, found);
        }
        Ok(())
    }

    /// The holder reports that it cannot prove the job.
    pub fn fail(&mut self, by: Worker, lease: u32, evidence: &str) -> Result<(), Refused> {
        if !self.is_held(by.id, lease) {
            return Err(Refused::NotHolder { worker: by.id, attempt: lease });
        }
        self.failed(by, evidence);
        Ok(())
    }

    fn failed(&mut self, by: Worker, evidence: &str) {
        self.failures = self.failures.saturating_add(1);
        self.state = if by.trusted && self.failures >= MAX_FAILURES {
            State::Unprovable { evidence: evidence.into() }
        } else {
            State::Ready
        };
    }

    fn is_held(&self, by: WorkerId, lease: u32) -> bool {
        matches!(self.state, State::Leased { worker, attempt, .. } if worker == by && attempt == lease)
    }

    fn expect(&self, action: &'static str, expected: &'static str, holds: bool) -> Result<(), Refused> {
        if holds { Ok(()) } else { Err(self.refuse(action, expected)) }
    }

    fn refuse(&self, action: &'static str, expected: &'static str) -> Refused {
        Refused::State { action, expected, actual: self.state.name() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: Worker = Worker { id: WorkerId(1), trusted: false };
    const OTHER: Worker = Worker { id: WorkerId(2), trusted: false };
    const OWN: Worker = Worker { id: WorkerId(9), trusted: true };

    #[test]
    fn a_job_is_leased_by_one_worker_at_a_time_and_only_when_it_is_ready() {
        let mut job = Progress::new(false);
        assert!(matches!(job.lease(STRANGER, Moment(5)), Err(Refused::State { actual: "blocked", .. })));
        job.unblock().unwrap();
        assert!(job.unblock().is_err());
        assert_eq!(job.lease(STRANGER, Moment(5)), Ok(1));
        assert!(matches!(job.lease(OTHER, Moment(5)), Err(Refused::State { actual: "leased", .. })));
        assert!(!job.expire(Moment(4)));
        job.renew(STRANGER.id, 1, Moment(8)).unwrap();
        assert!(!job.expire(Moment(7)) && job.expire(Moment(8)));
        assert_eq!(job.lease(OTHER, Moment(20)), Ok(2));
        assert_eq!(job.renew(STRANGER.id, 1, Moment(9)), Err(Refused::NotHolder { worker: STRANGER.id, attempt: 1 }));
        assert!(job.give_back(STRANGER.id, 2).is_err());
        job.give_back(OTHER.id, 2).unwrap();
        assert_eq!((job.state.clone(), job.failures), (State::Ready, 1));
    }

    #[test]
    fn the_first_valid_proof_wins_even_when_it_is_late() {
        let mut job = Progress::new(true);
        job.lease(STRANGER, Moment(5)).unwrap();
        job.expire(Moment(5));
        job.lease(OTHER, Moment(9)).unwrap();
        assert_eq!(job.prove(), Ok(true));
        assert_eq!(job.prove(), Ok(false));
        assert!(job.fail(OTHER, 2, "too late").is_err());
        job.wrong(OTHER, 2, "too late").unwrap();
        assert_eq!(job.state, State::Proven);
        assert!(Progress::new(false).prove().is_err());
    }

    #[test]
    fn a_wrong_proof_returns_the_job_at_once_and_excludes_its_worker() {
        let mut job = Progress::new(true);
        let attempt = job.lease(STRANGER, Moment(5)).unwrap();
        job.wrong(STRANGER, attempt, "wrong").unwrap();
        assert_eq!(job.state, State::Ready);
        assert_eq!(job.lease(STRANGER, Moment(5)), Err(Refused::Excluded { worker: STRANGER.id }));
        // A wrong proof from somebody who does not hold the lease leaves the holder alone.
        job.lease(OWN, Moment(5)).unwrap();
        job.wrong(OTHER, 1, "wrong").unwrap();
        assert!(matches!(job.state, State::Leased { worker: WorkerId(9), .. }));
        assert!(job.excluded.contains(&OTHER.id) && job.failures == 1);
    }

    #[test]
    fn after_five_failures_only_a_trusted_worker_gets_the_job_and_only_its_word_ends_it() {
        let mut job = Progress::new(true);
        for n in 0..u64::from(MAX_FAILURES) {
            let worker = Worker { id: WorkerId(100 + n), trusted: false };
            let attempt = job.lease(worker, Moment(5)).unwrap();
            job.fail(worker, attempt, "I do not want to").unwrap();
            assert_eq!(job.state, State::Ready);
        }
        assert_eq!(job.lease(OTHER, Moment(5)), Err(Refused::TrustedOnly { failures: MAX_FAILURES }));
        // Even a trusted worker that dies only returns it.
        job.lease(OWN, Moment(5)).unwrap();
        assert!(job.expire(Moment(6)));
        let attempt = job.lease(OWN, Moment(5)).unwrap();
        job.fail(OWN, attempt, "no witness").unwrap();
        assert_eq!(job.state, State::Unprovable { evidence: "no witness".into() });
        assert!(job.lease(OWN, Moment(5)).is_err());
        assert_eq!(job.prove(), Ok(true), "a valid proof is a valid proof");
    }
}
