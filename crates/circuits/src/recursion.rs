//! Proofs inside circuits: verify a child of a class whose key the witness gives, and name its circuit.
//!
//! ```text
//!   key (cap, digest) ──▸ verify the proof
//!          └────────────▸ fingerprint = H(class tag ‖ cap ‖ digest)  ═  what the rules ask for:
//!                                                                       a constant, a leaf of a whitelist, …
//!   public inputs ═ what the rules ask for
//! ```
//! The class is fixed with the circuit; the key is free but for its fingerprint. Both cap and digest are hashed, since
//! verification does not tie one to the other (design/proving.md, "Classes and fingerprints").

use parth_crypto::{Domain, Felt};
use parth_proof::class::CAP_HEIGHT;
use parth_proof::{Builder, C, Class, D, Proof, VerifierKey, Witness};
use plonky2::iop::target::Target;
use plonky2::iop::witness::WitnessWrite;
use plonky2::plonk::circuit_data::VerifierCircuitTarget;
use plonky2::plonk::proof::ProofWithPublicInputsTarget;
use plonky2::util::serialization::{Buffer, IoError, IoResult, Read, Write};

use crate::class;
use crate::gadgets::hash::{DigestTarget, constant, hash};
use crate::twin::FillError;

/// What the rules of a statement ask of one proof that they build on.
#[derive(Clone, Debug)]
pub struct ChildClaim {
    /// The class of its circuit.
    pub class: Class,
    /// Its circuit. The rules say which it may be.
    pub fingerprint: DigestTarget,
    /// Its public inputs.
    pub public: Vec<Target>,
}

impl ChildClaim {
    /// A proof whose public input is one digest.
    pub fn new(class: Class, fingerprint: DigestTarget, public: DigestTarget) -> ChildClaim {
        ChildClaim { class, fingerprint, public: public.0.to_vec() }
    }
}

/// The targets of one verified proof.
#[derive(Clone, Debug)]
pub struct ChildTarget {
    class: Class,
    proof: ProofWithPublicInputsTarget<D>,
    key: VerifierCircuitTarget,
}

/// A proof and the key of its circuit, for a parent's witness.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    /// The key; its fingerprint is what the parent's rules check.
    pub key: &'a VerifierKey,
    /// The proof.
    pub proof: &'a Proof,
}

/// Verifies one proof for each claim. Claims of one class whose fingerprints are the same targets (two children that
/// a constant pins to one circuit) share the key, which saves its nine rows of hashing.
pub fn verify(builder: &mut Builder, claims: &[ChildClaim]) -> Vec<ChildTarget> {
    let mut children: Vec<ChildTarget> = Vec::with_capacity(claims.len());
    for (number, claim) in claims.iter().enumerate() {
        let same = |other: &ChildClaim| other.class == claim.class && other.fingerprint == claim.fingerprint;
        let key = match claims[..number].iter().position(same) {
            Some(twin) => children[twin].key.clone(),
            None => {
                let key = builder.add_virtual_verifier_data(CAP_HEIGHT);
                fingerprint(builder, claim.class, &key).connect(builder, claim.fingerprint);
                key
            }
        };
        let common = class::data(claim.class).common();
        let proof = builder.add_virtual_proof_with_pis(common);
        builder.verify_proof::<C>(&proof, &key, common);
        assert_eq!(proof.public_inputs.len(), claim.public.len(), "a claim names all public inputs of its class");
        for (&shown, &claimed) in proof.public_inputs.iter().zip(&claim.public) {
            builder.connect(shown, claimed);
        }
        children.push(ChildTarget { class: claim.class, proof, key });
    }
    children
}

/// The name of the circuit of a key. Nine rows. Twin: `parth_proof::fingerprint`.
pub fn fingerprint(builder: &mut Builder, class: Class, key: &VerifierCircuitTarget) -> DigestTarget {
    let mut felts = vec![constant(builder, Felt::from(class.tag()))];
    felts.extend(key.constants_sigmas_cap.0.iter().flat_map(|node| node.elements));
    felts.extend(key.circuit_digest.elements);
    hash(builder, Domain::Fingerprint, &felts)
}

impl ChildTarget {
    /// The targets of these children as bytes, for the disk cache.
    pub(crate) fn encode(children: &[ChildTarget]) -> IoResult<Vec<u8>> {
        let mut bytes = Vec::new();
        for child in children {
            bytes.write_u8(child.class.tag())?;
            bytes.write_target_proof_with_public_inputs(&child.proof)?;
            bytes.write_target_verifier_circuit(&child.key)?;
        }
        Ok(bytes)
    }

    /// Backwards: [`ChildTarget::encode`].
    pub(crate) fn decode(bytes: &[u8]) -> IoResult<Vec<ChildTarget>> {
        let mut buffer = Buffer::new(bytes);
        let mut children = Vec::new();
        while !buffer.unread_bytes().is_empty() {
            let class = Class::from_tag(buffer.read_u8()?).ok_or(IoError)?;
            let proof = buffer.read_target_proof_with_public_inputs()?;
            children.push(ChildTarget { class, proof, key: buffer.read_target_verifier_circuit()? });
        }
        Ok(children)
    }

    /// The class of proofs that is verified.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Gives the targets a proof and its key.
    pub fn fill(&self, child: Child<'_>, witness: &mut Witness) -> Result<(), FillError> {
        for actual in [child.key.class(), child.proof.class()] {
            if actual != self.class {
                return Err(FillError::Class { expected: self.class, actual });
            }
        }
        witness
            .set_proof_with_pis_target::<C, D>(&self.proof, child.proof.raw())
            .and_then(|()| witness.set_verifier_data_target::<C, D>(&self.key, child.key.data()))
            .map_err(|error| FillError::Conflict { reason: error.to_string() })
    }
}
