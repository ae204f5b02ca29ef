//! [`Proof`]: a proof, its class and its canonical bytes.

use std::fmt;

use parth_crypto::{Digest, Domain, Felt};
use thiserror::Error;

use crate::panic::guard;
use crate::{Class, ClassData, RawProof, field};

/// A proof with its public inputs. Not yet verified, but of the right shape: from our prover, or from bytes that are
/// the only encoding of what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    class: Class,
    raw: RawProof,
}

/// Why bytes are not a proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The number of bytes differs; checked before anything is read.
    #[error("a proof of class {class} is {expected} bytes, not {actual}")]
    Length {
        /// The class asked for.
        class: Class,
        /// Bytes of every proof of the class.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// The library cannot read them.
    #[error("the bytes are not a proof of class {class}: {reason}")]
    Malformed {
        /// The class asked for.
        class: Class,
        /// What the library says; for people.
        reason: String,
    },
    /// The same proof has other, canonical bytes: a felt at or above the field order, or a length that is ignored.
    #[error("the bytes of this proof of class {class} are not canonical, first at byte {at}")]
    NotCanonical {
        /// The class asked for.
        class: Class,
        /// Position of the first byte that differs from the canonical encoding.
        at: usize,
    },
}

impl Proof {
    /// A proof that our own prover made.
    pub(crate) fn new(class: Class, raw: RawProof) -> Proof {
        Proof { class, raw }
    }

    /// Reads a proof of a class. Accepts exactly what [`Proof::to_bytes`] writes.
    pub fn from_bytes(class: &ClassData, bytes: &[u8]) -> Result<Proof, DecodeError> {
        let (data, class) = (class, class.class());
        if bytes.len() != data.proof_len() {
            return Err(DecodeError::Length { class, expected: data.proof_len(), actual: bytes.len() });
        }
        let raw = match guard(|| RawProof::from_bytes(bytes.to_vec(), data.common())) {
            Ok(Ok(raw)) => raw,
            Ok(Err(error)) => return Err(DecodeError::Malformed { class, reason: error.to_string() }),
            Err(reason) => return Err(DecodeError::Malformed { class, reason }),
        };
        let proof = Proof { class, raw };
        let canonical = guard(|| proof.to_bytes()).map_err(|reason| DecodeError::Malformed { class, reason })?;
        if canonical != bytes {
            let at = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            return Err(DecodeError::NotCanonical { class, at });
        }
        Ok(proof)
    }

    /// The canonical bytes; as many as [`ClassData::proof_len`] says.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.raw.to_bytes()
    }

    /// The class of the circuit that the proof claims to be of.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The felts that the circuit makes public.
    pub fn public_inputs(&self) -> Vec<Felt> {
        field::felts(&self.raw.public_inputs)
    }

    /// The one digest that every circuit but the checkpoint's makes public; nothing for a checkpoint proof.
    pub fn public_digest(&self) -> Option<Digest> {
        let felts: [Felt; 4] = self.public_inputs().try_into().ok()?;
        Some(Digest(felts))
    }

    /// The library's form, for the witness of a parent.
    pub fn raw(&self) -> &RawProof {
        &self.raw
    }
}

/// The digest that names the public inputs of any proof: the one digest that most circuits make public, or the hash of
/// the 21 felts of a checkpoint. Twin of `protocol::statement::Public::public_digest`.
pub fn public_digest(proof: &Proof) -> Digest {
    proof.public_digest().unwrap_or_else(|| parth_crypto::hash(Domain::CheckpointPublic, &proof.public_inputs()))
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("class", &self.class).field("public_inputs", &self.raw.public_inputs).finish()
    }
}
