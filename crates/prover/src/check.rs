//! Checks proofs against the pinned keys: what every door asks before it lets a proof in.

use std::sync::Arc;

use parth_circuits::class;
use parth_jobs::{CheckProof, Claim};
use parth_proof::{Pinned, Proof};

/// Accepts a proof when it verifies under the pinned key of the claimed circuit and shows what is claimed.
#[derive(Clone, Debug)]
pub struct PinnedCheck(pub Arc<Pinned>);

impl CheckProof for PinnedCheck {
    fn check(&self, claim: &Claim, bytes: &[u8]) -> Result<(), String> {
        let key = self.0.key(claim.circuit);
        if key.fingerprint() != claim.fingerprint {
            return Err(format!("{} is pinned as {}", claim.circuit, key.fingerprint()));
        }
        let class = class::data(key.class());
        let proof = Proof::from_bytes(class, bytes).map_err(|error| error.to_string())?;
        let shown = parth_proof::public_digest(&proof);
        if shown != claim.public {
            return Err(format!("the proof shows {shown}, {} is claimed", claim.public));
        }
        key.verify(class, &proof).map_err(|error| error.to_string())
    }
}
