//! Calls that owe others, for the steps that pay them.
//!
//! The circuit of a contract function says what its deployer makes it say; the protocol relies on nothing but the frame
//! that its list of debts is kept in. So a circuit that says whatever it is told serves here as well as a real one.

use parth_circuits::class;
use parth_circuits::twin::{TargetOf, Twin};
use parth_crypto::Digest;
use parth_proof::class::config;
use parth_proof::{Builder, Circuit, Class, Proof, Prover, VerifierKey, Witness};
use parth_protocol::Profile;

use super::Failed;

/// A circuit of the call class whose public input is any digest.
pub(super) struct Owing {
    circuit: Circuit,
    said: TargetOf<Digest>,
}

impl Owing {
    pub(super) fn build(profile: &Profile) -> Result<Owing, Failed> {
        let mut builder = Builder::new(config());
        let said = Digest::alloc(&mut builder, profile);
        builder.register_public_inputs(&said.0);
        Ok(Owing { circuit: Circuit::build(class::data(Class::Call), builder)?, said })
    }

    pub(super) fn key(&self) -> &VerifierKey {
        self.circuit.key()
    }

    /// Says it.
    pub(super) fn prove(&self, prover: &dyn Prover, digest: Digest) -> Result<Proof, Failed> {
        let mut witness = Witness::new();
        digest.fill(&self.said, &mut witness)?;
        Ok(prover.prove(&self.circuit, witness)?)
    }
}
