//! [`Prover`]: what all callers prove through.

use plonky2::iop::generator::generate_partial_witness;
use plonky2::plonk::prover::prove_with_partition_witness;
use plonky2::util::timing::TimingTree;
use thiserror::Error;

use crate::panic::guard;
use crate::{C, Circuit, D, F, Proof, Witness};

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProveError {
    /// The inputs contradict the circuit, or one is missing: found while the witness was filled in.
    #[error("the witness contradicts the circuit: {reason}")]
    Witness {
        /// What the library says; for people.
        reason: String,
    },
    /// No threads to prove on could be started.
    #[error("no threads to prove on: {reason}")]
    Threads {
        /// What the system says; for people.
        reason: String,
    },
    /// The witness is complete but breaks a constraint, so there is nothing to prove.
    #[error("the witness breaks a constraint: {reason}")]
    Unsatisfied {
        /// What the library says; for people.
        reason: String,
    },
    /// The prover has no steps for circuits of this kind.
    #[error("this prover cannot prove the circuit: {reason}")]
    Unsupported {
        /// What is special about the circuit; for people.
        reason: String,
    },
}

/// Makes proofs. Implementations differ in speed only: the verifier is always the library's.
pub trait Prover: Send + Sync {
    /// Proves that the circuit accepts the witness.
    fn prove(&self, circuit: &Circuit, witness: Witness) -> Result<Proof, ProveError>;
}

/// The library's own prover.
#[derive(Clone, Copy, Debug, Default)]
pub struct StockProver;

impl Prover for StockProver {
    fn prove(&self, circuit: &Circuit, witness: Witness) -> Result<Proof, ProveError> {
        let data = circuit.data();
        let filled = guard(|| generate_partial_witness::<F, C, D>(witness, &data.prover_only, &data.common));
        let filled = match filled {
            Ok(Ok(filled)) => filled,
            Ok(Err(error)) => return Err(ProveError::Witness { reason: error.to_string() }),
            Err(reason) => return Err(ProveError::Witness { reason }),
        };
        let proof = guard(|| {
            let mut timing = TimingTree::default();
            prove_with_partition_witness::<F, C, D>(&data.prover_only, &data.common, filled, &mut timing)
        });
        match proof {
            Ok(Ok(raw)) => Ok(Proof::new(circuit.class(), raw)),
            Ok(Err(error)) => Err(ProveError::Unsatisfied { reason: error.to_string() }),
            Err(reason) => Err(ProveError::Unsatisfied { reason }),
        }
    }
}
