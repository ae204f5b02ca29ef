//! `signature::schnorr` as constraints. Twin: `protocol/src/signature/schnorr.rs`.
//!
//! ```text
//!   w_P, the encoded key ──decode──▶ P      on the curve, in the right coset, not neutral
//!   s (80 digits), e (32 digits)            s below n; e two canonical felts
//!   R = s·G + e·P, w_R = its encoding       never decoded, so no rule of its own
//!   e = H(SchnorrChallenge, w_R ‖ w_P ‖ message), first two felts
//!   public input = H(Signature, message ‖ H(SchnorrKey, w_P))
//! ```
//!
//! What the types of the native statement guarantee is a rule here, since a prover chooses digits and coordinates.

use parth_crypto::ecgfp5::Fp5;
use parth_crypto::schnorr::{PublicKey, Signature};
use parth_crypto::{Digest, Domain, Felt};
use parth_proof::{Builder, Class, Witness};
use parth_protocol::signature::Schnorr;
use parth_protocol::{Profile, Rules};
use plonky2::iop::target::Target;

use crate::gadgets::ecgfp5::curve::decoding_root;
use crate::gadgets::ecgfp5::digits::{self, FELT_DIGITS, SCALAR_DIGITS};
use crate::gadgets::ecgfp5::multiply::{self, FACTOR_DIGITS};
use crate::gadgets::ecgfp5::{Fp5Target, PointTarget};
use crate::gadgets::hash::hash;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{FillError, Twin, twin};

parth_protocol::signature_schnorr!(twin);

/// A public key as a prover gives it.
#[derive(Clone, Copy, Debug)]
pub struct PublicKeyTarget {
    /// The encoding w.
    pub encoded: Fp5Target,
    /// A square root of the x that belongs to it; see [`PointTarget::decode`].
    pub root: Fp5Target,
}

/// A signature as a prover gives it: digits in base 16, lowest first.
#[derive(Clone, Copy, Debug)]
pub struct SignatureTarget {
    /// The challenge: 16 digits of its first felt, 16 of its second.
    pub challenge: [Target; FACTOR_DIGITS],
    /// The response.
    pub response: [Target; SCALAR_DIGITS],
}

impl StatementCircuit for Schnorr {
    const CLASS: Class = Class::Signature;

    fn rules(builder: &mut Builder, _: &Rules, inputs: &SchnorrTarget) -> Outcome {
        let SchnorrTarget { message, public_key: PublicKeyTarget { encoded, root }, signature } = inputs;
        let key = PointTarget::decode(builder, *encoded, *root);
        digits::assert_canonical_scalar(builder, &signature.response);
        // Choosing from tables is also what forces every digit below 16.
        let nonce_point = multiply::base_and_key(builder, &signature.response, key, &signature.challenge);
        let nonce = nonce_point.encode(builder);

        let preimage = [&nonce.0[..], &encoded.0, &message.0].concat();
        let challenge = hash(builder, Domain::SchnorrChallenge, &preimage);
        for (half, lane) in signature.challenge.as_chunks::<FELT_DIGITS>().0.iter().zip(challenge.0) {
            let felt = digits::canonical_felt(builder, half);
            builder.connect(felt, lane);
        }

        let parameter = hash(builder, Domain::SchnorrKey, &encoded.0);
        let public = hash(builder, Domain::Signature, &[message.0, parameter.0].concat());
        Outcome::new(public, Vec::new())
    }
}

impl Twin for PublicKey {
    type Target = PublicKeyTarget;

    fn alloc(builder: &mut Builder, _: &Profile) -> PublicKeyTarget {
        PublicKeyTarget { encoded: Fp5Target::alloc(builder), root: Fp5Target::alloc(builder) }
    }

    fn fill(&self, target: &PublicKeyTarget, witness: &mut Witness) -> Result<(), FillError> {
        self.encoded().fill(&target.encoded, witness)?;
        decoding_root(self.encoded()).fill(&target.root, witness)
    }

    fn clear(target: &PublicKeyTarget, witness: &mut Witness) -> Result<(), FillError> {
        Fp5::clear(&target.encoded, witness)?;
        Fp5::clear(&target.root, witness)
    }
}

impl Twin for Signature {
    type Target = SignatureTarget;

    fn alloc(builder: &mut Builder, _: &Profile) -> SignatureTarget {
        SignatureTarget { challenge: builder.add_virtual_target_arr(), response: builder.add_virtual_target_arr() }
    }

    fn fill(&self, target: &SignatureTarget, witness: &mut Witness) -> Result<(), FillError> {
        for (i, digit) in target.challenge.iter().enumerate() {
            let felt = self.challenge[i / FELT_DIGITS].as_u64();
            Felt::reduce(felt >> (4 * (i % FELT_DIGITS)) & 15).fill(digit, witness)?;
        }
        for (i, digit) in target.response.iter().enumerate() {
            Felt::from(self.response.digit(i)).fill(digit, witness)?;
        }
        Ok(())
    }

    fn clear(target: &SignatureTarget, witness: &mut Witness) -> Result<(), FillError> {
        target.challenge.iter().chain(&target.response).try_for_each(|digit| Felt::clear(digit, witness))
    }
}

#[cfg(test)]
#[path = "schnorr_tests.rs"]
mod tests;
