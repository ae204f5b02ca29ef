//! A closed session, before and after its signature.

use parth_crypto::Digest;
use parth_crypto::schnorr::{PublicKey, SecretKey, Signature};
use parth_protocol::records::session::{Call, EndCapResult, SessionMessage};
use parth_protocol::session::end_cap::{EndCap, message};
use parth_protocol::signature::schnorr::Schnorr;
use parth_protocol::{Record, Statement};

use super::error::SessionError;
use super::open::Session;

/// A session that waits for its signature.
#[derive(Debug)]
pub struct Unsigned<'a> {
    pub(super) session: Session<'a>,
    pub(super) end_cap: EndCap,
    pub(super) result: EndCapResult,
}

/// A session that can be proven, by anybody: nothing in it can sign.
#[derive(Debug)]
pub struct Signed<'a> {
    pub(super) session: Session<'a>,
    pub(super) end_cap: EndCap,
    pub(super) result: EndCapResult,
    pub(super) signature: Schnorr,
}

impl<'a> Unsigned<'a> {
    /// What the key signs.
    pub fn message(&self) -> Result<SessionMessage, SessionError> {
        Ok(message(&self.end_cap.last, &self.end_cap.parameters, self.end_cap.signature_circuit)?)
    }

    /// The calls, in order: a device shows them, or executes them again, before it signs (attack F32).
    pub fn calls(&self) -> Vec<&Call> {
        self.session.calls.iter().map(|made| &made.execution.call).collect()
    }

    /// What the session will say.
    pub fn result(&self) -> &EndCapResult {
        &self.result
    }

    /// Signs with a key at hand. `entropy` is added to the deterministic nonce.
    pub fn sign(self, key: &SecretKey, entropy: &[u8; 32]) -> Result<Signed<'a>, SessionError> {
        let digest: Digest = self.message()?.digest();
        let signature = key.sign(digest, entropy);
        self.with_signature(key.public(), signature)
    }

    /// Takes a signature that was made elsewhere.
    pub fn with_signature(self, public_key: PublicKey, signature: Signature) -> Result<Signed<'a>, SessionError> {
        let message = self.message()?.digest();
        let signature = Schnorr { message, public_key, signature };
        signature.apply(&self.session.network.rules).map_err(SessionError::Signature)?;
        let Unsigned { session, end_cap, result } = self;
        Ok(Signed { session, end_cap, result, signature })
    }
}
