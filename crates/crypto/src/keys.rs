//! What stands for a key in the ledger, whatever its scheme.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::hash::link;

/// The public key commitment in a user leaf: H(fingerprint of the circuit that verifies the key's signatures, key
/// parameter).
pub fn key_commitment(signature_circuit: Digest, parameter: Digest) -> Digest {
    link(Domain::KeyCommitment, signature_circuit, parameter)
}
