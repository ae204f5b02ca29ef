//! What stands for a key in the ledger, whatever its scheme.

use crate::digest::Digest;
use crate::domain::Domain;
use crate::hash::hash;

/// The public key commitment in a user leaf: H(fingerprint of the circuit that verifies the key's signatures, key
/// parameter).
pub fn key_commitment(signature_circuit: Digest, parameter: Digest) -> Digest {
    pair(Domain::KeyCommitment, signature_circuit, parameter)
}

/// The public input of every signature circuit: H(message, key parameter), "this key accepted this message".
pub fn signature_digest(message: Digest, parameter: Digest) -> Digest {
    pair(Domain::Signature, message, parameter)
}

fn pair(domain: Domain, first: Digest, second: Digest) -> Digest {
    let mut felts = [first.0[0]; 8];
    felts[..4].copy_from_slice(&first.0);
    felts[4..].copy_from_slice(&second.0);
    hash(domain, &felts)
}
