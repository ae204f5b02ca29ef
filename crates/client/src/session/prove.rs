//! Proves a signed session, proof by proof, and packs the submission.

use std::time::{Duration, Instant};

use parth_circuits::recursion::Child;
use parth_circuits::registry::{Registry, RegistryError};
use parth_circuits::statement::StatementError;
use parth_jobs::wire::Submission;
use parth_proof::{Proof, Prover, VerifierKey};
use parth_protocol::circuit::{CircuitId, Family};
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
    /// Proofs of the session: of calls, of the signature, and of the statements that take them.
    pub fn proofs(&self) -> usize {
        self.session.calls.len() + self.parts.len() + 1
    }

    /// Proves everything, and hears of each proof through `progress`.
    pub fn prove(
        &self,
        registry: &Registry,
        prover: &dyn Prover,
        mut progress: impl FnMut(Progress),
    ) -> Result<Submission, ProveSessionError> {
        let mut counter = Counter { done: 0, total: self.proofs(), tell: &mut progress };
        let pinned = registry.pinned();
        // The proofs that the next statement builds on, with their keys.
        let mut below: Vec<(&VerifierKey, Proof)> = Vec::new();
        for part in &self.parts {
            for made in &self.session.calls[part.calls.clone()] {
                below.push(prove_call(prover, made, &mut counter)?);
            }
            let circuit = part.statement.circuit();
            // Whoever measures proofs does not want the build of the circuit in the first of them.
            registry.prepare(circuit)?;
            if circuit.family() == Family::EndCap {
                let signing = CircuitId::SignatureSchnorr;
                registry.prepare(signing)?;
                let proof = counter.count(signing.name(), || registry.prove(prover, &self.signature, &[]))?;
                below.push((pinned.key(signing), proof));
            }
            let children: Vec<Child<'_>> = below.iter().map(|(key, proof)| Child { key, proof }).collect();
            let proof = counter.count(circuit.name(), || registry.prove_any(prover, &part.statement, &children))?;
            below = vec![(pinned.key(circuit), proof)];
        }
        let (_, proof) = below.pop().ok_or(SessionError::Empty)?;
        Ok(Submission { session: self.ended.clone(), proof: proof.to_bytes() })
    }
}

/// Proves a call; with the key of its circuit.
fn prove_call<'a>(
    prover: &dyn Prover,
    made: &'a MadeCall,
    counter: &mut Counter<'_>,
) -> Result<(&'a VerifierKey, Proof), ProveSessionError> {
    let method = made.execution.call.method;
    let contract = made.program.contract();
    let function = contract.method(method).map(|function| function.name()).unwrap_or_default().to_owned();
    let called = made.program.circuit(method).ok_or_else(|| SessionError::NoFunction {
        contract: contract.name().to_owned(),
        function: function.clone(),
        known: "other functions".to_owned(),
    })?;
    let what = format!("{}.{function}", contract.name());
    let proof = counter.count(what, || called.prove(prover, &made.execution.witness));
    let proof =
        proof.map_err(|error| ProveSessionError::Call { contract: contract.name().to_owned(), function, error })?;
    Ok((called.circuit().key(), proof))
}
