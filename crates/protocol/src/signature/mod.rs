//! Signatures: one statement a scheme, all with the same public inputs, [`SignedMessage`].
//!
//! The fingerprint of a scheme's circuit stands in the key commitment, so a user chooses the scheme with the key.
//!
//! [`SignedMessage`]: crate::records::session::SignedMessage

pub mod schnorr;

pub use schnorr::Schnorr;
