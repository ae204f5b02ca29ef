//! One worker: lease → prove → complete, until the queue drains.

use std::time::{Duration, Instant};

use parth_circuits::class;
use parth_circuits::registry::{Registry, RegistryError};
use parth_jobs::{CompleteError, JobQueue, Lease, Leased, QueueError, Worker};
use parth_proof::{Proof, Prover};
use parth_protocol::CircuitId;
use parth_protocol::plan::AnyStatement;
use thiserror::Error;

/// What a worker proves with.
pub struct Work<'a> {
    /// Where jobs come from.
    pub queue: &'a JobQueue,
    /// Circuits.
    pub registry: &'a Registry,
    /// Makes the proofs.
    pub prover: &'a dyn Prover,
}

/// A job that a worker has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The circuit.
    pub circuit: CircuitId,
    /// Time that the proof took, circuit build left out when the circuit was ready.
    pub took: Duration,
}

/// Why a worker stops.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// The queue fails.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The queue cannot take a proof for a reason of its own.
    #[error(transparent)]
    Complete(#[from] CompleteError),
}

/// Works until the queue drains. `done` hears of each job.
pub fn run(work: &Work<'_>, worker: Worker, mut done: impl FnMut(Done)) -> Result<(), WorkerError> {
    loop {
        match work.queue.lease(worker, Duration::from_secs(1))? {
            Leased::Draining => return Ok(()),
            Leased::Nothing => {}
            Leased::Job(lease) => {
                if let Some(finished) = one(work, &lease)? {
                    done(finished);
                }
            }
        }
    }
}

/// Proves one job. A job that cannot be proven goes back with the evidence; the queue decides what that means.
fn one(work: &Work<'_>, lease: &Lease) -> Result<Option<Done>, WorkerError> {
    let circuit = lease.claim.circuit;
    // Whoever measures proofs does not want the build of the circuit in the first of them.
    let proof = work.registry.prepare(circuit).map_err(Unproven::Registry).and_then(|()| {
        let start = Instant::now();
        Ok((prove(work, lease)?, start.elapsed()))
    });
    match proof {
        Ok((proof, took)) => {
            Ok(taken(work.queue.complete(lease, &proof.to_bytes()))?.then_some(Done { circuit, took }))
        }
        Err(unproven) => {
            taken(work.queue.fail(lease, &unproven.to_string()).map_err(CompleteError::from))?;
            Ok(None)
        }
    }
}

/// Did the queue take what a worker brought? A lease that went to another meanwhile, a job that nobody waits for any
/// more, a wrong proof: each is about that job, and the queue has drawn its conclusions. The worker goes on.
fn taken<T>(answer: Result<T, CompleteError>) -> Result<bool, CompleteError> {
    match answer {
        Ok(_) => Ok(true),
        Err(
            CompleteError::Wrong { .. } | CompleteError::Queue(QueueError::Refused { .. } | QueueError::Unknown { .. }),
        ) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Why a job is not proven, as evidence.
#[derive(Debug, Error)]
enum Unproven {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("the statement has no reading: {0}")]
    Statement(String),
    #[error("child {number}: {reason}")]
    Child { number: usize, reason: String },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

fn prove(work: &Work<'_>, lease: &Lease) -> Result<Proof, Unproven> {
    let inputs = work.queue.inputs(lease)?;
    let statement: AnyStatement =
        borsh::from_slice(&inputs.statement).map_err(|error| Unproven::Statement(error.to_string()))?;
    let (registry, rules) = (work.registry, work.registry.rules());
    let claims = statement.children(rules);
    let mut children = Vec::with_capacity(inputs.proofs.len());
    for (number, (bytes, claim)) in inputs.proofs.iter().zip(&claims).enumerate() {
        let known = registry.pinned().circuits().iter().find(|pinned| pinned.key.fingerprint() == claim.fingerprint);
        let known = known.ok_or_else(|| Unproven::Child { number, reason: "of no known circuit".to_owned() })?;
        let proof = Proof::from_bytes(class::data(known.key.class()), bytes);
        children.push(proof.map_err(|error| Unproven::Child { number, reason: error.to_string() })?);
    }
    Ok(registry.prove_job(work.prover, &statement, &children)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parth_jobs::{Refused, WorkerId};
    use parth_protocol::plan::JobId;

    fn job() -> JobId {
        JobId::new(parth_protocol::ids::Fingerprint::default(), Default::default())
    }

    #[test]
    fn a_worker_whose_lease_went_to_another_or_whose_proof_is_wrong_goes_on() {
        let refused = Refused::NotHolder { worker: WorkerId(1), attempt: 1 };
        assert!(!taken::<()>(Err(QueueError::Refused { job: job(), refused }.into())).unwrap());
        assert!(!taken::<()>(Err(QueueError::Unknown { job: job() }.into())).unwrap());
        let wrong = CompleteError::Wrong { job: job(), worker: WorkerId(1), found: "another digest".to_owned() };
        assert!(!taken::<()>(Err(wrong)).unwrap());
        assert!(taken(Ok(())).unwrap());
    }

    #[test]
    fn a_worker_whose_queue_fails_stops() {
        let lost = QueueError::NoProof { job: job(), child: job() };
        assert!(taken::<()>(Err(lost.into())).is_err());
    }
}
