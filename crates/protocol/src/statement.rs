//! What every statement is: a plain value that holds all inputs, and a native rule that gives its header.

use parth_crypto::{Digest, Felt};

use crate::circuit::{CircuitId, Rules};
use crate::ids::Fingerprint;
use crate::record::{Felts, Record};
use crate::reject::Reject;

/// One statement: the inputs of one circuit.
pub trait Statement {
    /// What the statement says when it holds: the preimage of the proof's public inputs.
    type Header: Public;

    /// The circuit that proves it.
    const CIRCUIT: CircuitId;

    /// Checks every rule natively and returns the header. The circuit must accept exactly the same inputs.
    fn apply(&self, rules: &Rules) -> Result<Self::Header, Reject>;

    /// The proofs that the circuit verifies, in order.
    fn children(&self, rules: &Rules) -> Vec<ChildProof>;
}

/// A proof that a statement builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildProof {
    /// The circuit it must be of.
    pub fingerprint: Fingerprint,
    /// Digest of its expected public inputs: see [`Public::public_digest`].
    pub public: Digest,
}

/// A header as the public inputs of a proof.
pub trait Public {
    /// The public inputs, in order.
    fn public_inputs(&self) -> Vec<Felt>;

    /// One digest that names them: the only public input of most circuits, a hash of all of them for a checkpoint.
    fn public_digest(&self) -> Digest;
}

impl<R: Record> Public for R {
    fn public_inputs(&self) -> Vec<Felt> {
        self.digest().felts()
    }

    fn public_digest(&self) -> Digest {
        self.digest()
    }
}
