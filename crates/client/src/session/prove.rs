//! Proves a signed session, proof by proof, and packs the submission.

use std::time::{Duration, Instant};

use parth_circuits::recursion::Child;
use parth_circuits::registry::{Registry, RegistryError};
use parth_circuits::statement::StatementError;
use parth_jobs::wire::Submission;
use parth_proof::{Proof, Prover};
use parth_protocol::CircuitId;
use thiserror::Error;

use super::error::SessionError;
use super::open::MadeCall;
use super::sign::Signed;

/// One proof of a session is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What was proven: a circuit of the protocol, or contract and function.
    pub what: String,
    /// Proofs done so far.
    pub done: usize,
    /// Proofs of the session.
    pub total: usize,
    /// Time that this proof took.
    pub took: Duration,
}

/// Why a session is not proven.
#[derive(Debug, Error)]
pub enum ProveSessionError {
    /// A circuit of the protocol does not prove its statement.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A call is not proven.
    #[error("{contract}.{function}: {error}")]
    Call {
        /// The contract's name.
        contract: String,
        /// The function's name.
        function: String,
        /// Why.
        error: StatementError,
    },
    /// The network's answers do not complete the submission.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Counts proofs and tells of each.
struct Counter<'a> {
    done: usize,
    total: usize,
    tell: &'a mut dyn FnMut(Progress),
}

impl Counter<'_> {
    fn count<T, E>(&mut self, what: impl Into<String>, prove: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let start = Instant::now();
        let proof = prove()?;
        self.done += 1;
        (self.tell)(Progress { what: what.into(), done: self.done, total: self.total, took: start.elapsed() });
        Ok(proof)
    }
}

impl Signed<'_> {
    /// Proves everything, and hears of each proof through `progress`.
    pub fn prove(
        &self,
        registry: &Registry,
        prover: &dyn Prover,
        mut progress: impl FnMut(Progress),
    ) -> Result<Submission, ProveSessionError> {
        let total = 2 * self.session.calls.len() + 3;
        let mut counter = Counter { done: 0, total, tell: &mut progress };
        let opening = &self.session.opening;
        let mut circuit = opening.circuit();
        let mut last = counter.count(circuit.name(), || registry.prove_job(prover, opening, &[]))?;
        for made in &self.session.calls {
            last = self.prove_call(registry, prover, made, (circuit, &last), &mut counter)?;
            circuit = CircuitId::SessionStep;
        }
        let pinned = registry.pinned();
        let signing = CircuitId::SignatureSchnorr;
        let signature = counter.count(signing.name(), || registry.prove(prover, &self.signature, &[]))?;
        let children =
            [Child { key: pinned.key(circuit), proof: &last }, Child { key: pinned.key(signing), proof: &signature }];
        let end_cap = CircuitId::EndCap;
        let proof = counter.count(end_cap.name(), || registry.prove(prover, &self.end_cap, &children))?;
        Ok(Submission { session: self.ended.clone(), proof: proof.to_bytes() })
    }

    fn prove_call(
        &self,
        registry: &Registry,
        prover: &dyn Prover,
        made: &MadeCall,
        (circuit, last): (CircuitId, &Proof),
        counter: &mut Counter<'_>,
    ) -> Result<Proof, ProveSessionError> {
        let method = made.execution.call.method;
        let contract = made.program.contract();
        let function = contract.method(method).map(|function| function.name()).unwrap_or_default().to_owned();
        let called = made.program.circuit(method).ok_or_else(|| SessionError::NoFunction {
            contract: contract.name().to_owned(),
            function: function.clone(),
            known: "other functions".to_owned(),
        })?;
        let what = format!("{}.{function}", contract.name());
        let call = counter.count(what, || called.prove(prover, &made.execution.witness));
        let call =
            call.map_err(|error| ProveSessionError::Call { contract: contract.name().to_owned(), function, error })?;
        let children = [
            Child { key: registry.pinned().key(circuit), proof: last },
            Child { key: called.circuit().key(), proof: &call },
        ];
        let step = CircuitId::SessionStep;
        Ok(counter.count(step.name(), || registry.prove(prover, &made.step, &children))?)
    }
}
