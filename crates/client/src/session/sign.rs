//! A closed session, before and after its signature.

use parth_crypto::Digest;
use parth_crypto::schnorr::{PublicKey, SecretKey, Signature};
use parth_jobs::wire::EndedSession;
use parth_protocol::records::session::{EndCapResult, SessionMessage};
use parth_protocol::session::end_cap::message;
use parth_protocol::signature::schnorr::Schnorr;
use parth_protocol::{CircuitId, Record, Statement};

use super::error::SessionError;
use super::form::{Part, Signer};
use super::list::ListedCall;
use super::open::Session;

/// A session that waits for its signature.
#[derive(Debug)]
pub struct Unsigned<'a> {
    pub(super) session: Session<'a>,
    pub(super) parts: Vec<Part>,
    pub(super) signer: Signer,
    pub(super) ended: EndedSession,
}

/// A session that can be proven, by anybody: nothing in it can sign.
#[derive(Debug)]
pub struct Signed<'a> {
    pub(super) session: Session<'a>,
    pub(super) parts: Vec<Part>,
    pub(super) ended: EndedSession,
    pub(super) signature: Schnorr,
}

impl<'a> Unsigned<'a> {
    /// What the key signs.
    pub fn message(&self) -> Result<SessionMessage, SessionError> {
        Ok(message(&self.session.state, &self.session.network.parameters, self.signer.0)?)
    }

    /// The calls, in order, for people: a device shows them, or executes them again, before it signs (attack F32).
    pub fn calls(&self) -> Vec<ListedCall> {
        self.session.calls.iter().map(ListedCall::of).collect()
    }

    /// What the session will say.
    pub fn result(&self) -> &EndCapResult {
        &self.ended.result
    }

    /// Signs with a key at hand. `entropy` is added to the deterministic nonce.
    pub fn sign(self, key: &SecretKey, entropy: &[u8; 32]) -> Result<Signed<'a>, SessionError> {
        let digest: Digest = self.message()?.digest();
        let signature = key.sign(digest, entropy);
        self.with_signature(key.public(), signature)
    }

    /// Takes a signature that was made elsewhere.
    pub fn with_signature(self, public_key: PublicKey, signature: Signature) -> Result<Signed<'a>, SessionError> {
        let expected = self.session.network.circuits.fingerprint(CircuitId::SignatureSchnorr);
        let actual = self.signer.0;
        if expected != actual {
            return Err(SessionError::OtherSignatureCircuit { expected, actual });
        }
        let (expected, actual) = (self.signer.1, public_key.parameter());
        if expected != actual {
            return Err(SessionError::OtherSigner { expected, actual });
        }
        let message = self.message()?.digest();
        let signature = Schnorr { message, public_key, signature };
        signature.apply(&self.session.network.rules).map_err(SessionError::Signature)?;
        let Unsigned { session, parts, ended, .. } = self;
        Ok(Signed { session, parts, ended, signature })
    }
}

impl Signed<'_> {
    /// What the realm will be told, beside the proof.
    pub fn ended(&self) -> &EndedSession {
        &self.ended
    }
}
