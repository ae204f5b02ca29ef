//! `signature::schnorr`: a Schnorr key over EcGFp5 has signed a message.
//!
//! Twin: `circuits/src/signature/schnorr.rs`. Source: design/protocol.md, "EcGFp5 Schnorr"; attack F33.
//!
//! Key and signature are canonical by their types: reading bytes refuses encodings outside the group, the neutral key,
//! felts at or above p and responses at or above n. The circuit gets the same values as digits and coordinates that a
//! prover chooses, so there each of these is a rule of its own.

use parth_crypto::Digest;
use parth_crypto::schnorr::{PublicKey, Signature, SignatureError};

use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::session::SignedMessage;
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! signature_schnorr {
    ($define:ident) => {
        $define! {
            /// Inputs of `signature::schnorr`.
            witness Schnorr {
                /// What was signed.
                message: Digest,
                /// Whose signature it is.
                public_key: PublicKey,
                /// The signature.
                signature: Signature,
            }
        }
    };
}
signature_schnorr!(native);

impl Statement for Schnorr {
    type Header = SignedMessage;
    const CIRCUIT: CircuitId = CircuitId::SignatureSchnorr;

    fn apply(&self, _: &Rules) -> Result<SignedMessage, Reject> {
        self.check()
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}

impl Schnorr {
    /// Checks the signature. No rule depends on the network.
    pub fn check(&self) -> Result<SignedMessage, Reject> {
        self.public_key.verify(self.message, &self.signature).map_err(|error| match error {
            SignatureError::NeutralNonce => {
                Reject::new(Rule::Signature, "a nonce point that is not neutral", "the neutral element")
            }
            SignatureError::Challenge { expected, actual } => {
                Reject::new(Rule::Signature, format!("challenge {expected:?}"), format!("challenge {actual:?}"))
            }
        })?;
        Ok(SignedMessage { message: self.message, key_parameter: self.public_key.parameter() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::statement::Public;
    use parth_crypto::ecgfp5::Scalar;
    use parth_crypto::schnorr::SecretKey;
    use parth_crypto::{Domain, Felt, hash};

    fn signed() -> Schnorr {
        let key = SecretKey::from_entropy(&[5; 64]).unwrap();
        let message = hash(Domain::SessionMessage, &[Felt::ONE]);
        Schnorr { message, public_key: key.public(), signature: key.sign(message, &[0; 32]) }
    }

    #[test]
    fn a_signature_gives_the_digest_of_message_and_key_parameter() {
        let header = signed().check().unwrap();
        assert_eq!(header.message, signed().message);
        assert_eq!(header.key_parameter, signed().public_key.parameter());
        assert_eq!(header.public_digest(), header.digest());
    }

    #[test]
    fn a_signature_of_another_message_or_key_or_with_any_part_changed_is_rejected() {
        let other_key = SecretKey::from_entropy(&[6; 64]).unwrap().public();
        let change: [fn(&mut Schnorr); 4] = [
            |schnorr| schnorr.message.0[0] += Felt::ONE,
            |schnorr| schnorr.signature.challenge[0] += Felt::ONE,
            |schnorr| schnorr.signature.challenge[1] += Felt::ONE,
            |schnorr| schnorr.signature.response = schnorr.signature.response + Scalar::ONE,
        ];
        for change in change {
            let mut changed = signed();
            change(&mut changed);
            assert_eq!(changed.check().unwrap_err().rule, Rule::Signature);
        }
        assert_eq!(Schnorr { public_key: other_key, ..signed() }.check().unwrap_err().rule, Rule::Signature);
    }

    #[test]
    fn a_signature_whose_nonce_point_is_neutral_is_rejected() {
        let mut neutral = signed();
        neutral.signature.challenge = [Felt::ZERO; 2];
        neutral.signature.response = Scalar::ZERO;
        assert_eq!(neutral.check().unwrap_err().rule, Rule::Signature);
    }

    #[test]
    fn bytes_round_trip_and_refuse_what_is_not_canonical() {
        let bytes = borsh::to_vec(&signed()).unwrap();
        assert_eq!(borsh::from_slice::<Schnorr>(&bytes).unwrap(), signed());
        for range in [32..72, 72..80, 80..88, 88..128] {
            let mut changed = bytes.clone();
            changed[range].fill(0xff);
            assert!(borsh::from_slice::<Schnorr>(&changed).is_err());
        }
    }
}
