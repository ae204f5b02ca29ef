//! [`VerifierKey`]: what verifies the proofs of one circuit, and the [`fingerprint`] that names it.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::Fingerprint;
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::merkle_tree::MerkleCap;
use thiserror::Error;

use crate::class::CAP_HEIGHT;
use crate::panic::guard;
use crate::{C, Class, ClassData, D, F, Proof, VerifierData, field};

/// Digests in the cap of a circuit.
pub const CAP_LEN: usize = 1 << CAP_HEIGHT;
/// Felts that a fingerprint hashes: class tag, cap, digest.
pub const FINGERPRINT_FELTS: usize = 1 + 4 * CAP_LEN + 4;
/// Bytes of a key: cap and digest.
pub const KEY_LEN: usize = 32 * (CAP_LEN + 1);

/// The name of one circuit inside its class: H(class tag, constants-sigmas cap, circuit digest).
///
/// Both cap and digest are hashed, since the library's verification does not tie one to the other: a name of the
/// digest alone lets a prover swap the circuit (design/proving.md). The gadget twin is in `circuits::recursion`.
pub fn fingerprint(class: Class, key: &VerifierData) -> Fingerprint {
    let mut felts = Vec::with_capacity(FINGERPRINT_FELTS);
    felts.push(Felt::from(class.tag()));
    for node in &key.constants_sigmas_cap.0 {
        felts.extend(field::digest(*node).0);
    }
    felts.extend(field::digest(key.circuit_digest).0);
    Fingerprint(hash(Domain::Fingerprint, &felts))
}

/// Cap and digest of one circuit, with its class. Comes from a build of our own or from files pinned in the
/// repository, never from a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    class: Class,
    data: VerifierData,
    fingerprint: Fingerprint,
}

/// Why bytes are not a verifier key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The number of bytes differs.
    #[error("a verifier key is {expected} bytes, not {actual}")]
    Length {
        /// Bytes of every key.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// A felt is not canonical.
    #[error("digest {index} of the verifier key is not canonical")]
    NotCanonical {
        /// Which of the digests, the cap first.
        index: usize,
    },
}

/// Why a proof was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The proof, the key and the class data are not of one class.
    #[error("a key of class {expected} cannot verify a proof of class {actual}")]
    Class {
        /// Class of the key.
        expected: Class,
        /// Class of the proof or of the class data.
        actual: Class,
    },
    /// The proof does not hold for this circuit and these public inputs.
    #[error("the proof does not verify: {reason}")]
    Refused {
        /// What the library says; for people.
        reason: String,
    },
}

impl VerifierKey {
    /// The key of a circuit of our own.
    pub fn new(class: Class, data: VerifierData) -> VerifierKey {
        let fingerprint = fingerprint(class, &data);
        VerifierKey { class, data, fingerprint }
    }

    /// The class of the circuit.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The name of the circuit.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Cap and digest, as the library wants them.
    pub fn data(&self) -> &VerifierData {
        &self.data
    }

    /// Does the proof hold for this circuit? `class` must be the data of the key's class.
    pub fn verify(&self, class: &ClassData, proof: &Proof) -> Result<(), VerifyError> {
        for actual in [proof.class(), class.class()] {
            if actual != self.class {
                return Err(VerifyError::Class { expected: self.class, actual });
            }
        }
        let raw = proof.raw().clone();
        let verifier = plonky2::plonk::circuit_data::VerifierCircuitData::<F, C, D> {
            verifier_only: self.data.clone(),
            common: class.common().clone(),
        };
        match guard(|| verifier.verify(raw)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(VerifyError::Refused { reason: error.to_string() }),
            Err(reason) => Err(VerifyError::Refused { reason }),
        }
    }

    /// The bytes of a key: the digests of the cap, then the circuit digest.
    pub fn to_bytes(&self) -> Vec<u8> {
        let digests = self.data.constants_sigmas_cap.0.iter().chain([&self.data.circuit_digest]);
        digests.flat_map(|hash| field::digest(*hash).to_bytes()).collect()
    }

    /// The key of pinned bytes.
    pub fn from_bytes(class: Class, bytes: &[u8]) -> Result<VerifierKey, KeyError> {
        if bytes.len() != KEY_LEN {
            return Err(KeyError::Length { expected: KEY_LEN, actual: bytes.len() });
        }
        let mut hashes: Vec<HashOut<F>> = Vec::with_capacity(CAP_LEN + 1);
        for (index, chunk) in bytes.as_chunks::<32>().0.iter().enumerate() {
            let digest = Digest::from_bytes(chunk).map_err(|_| KeyError::NotCanonical { index })?;
            hashes.push(field::hash_out(digest));
        }
        let circuit_digest = hashes[CAP_LEN];
        hashes.truncate(CAP_LEN);
        Ok(VerifierKey::new(class, VerifierData { constants_sigmas_cap: MerkleCap(hashes), circuit_digest }))
    }
}
