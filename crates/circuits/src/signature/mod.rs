//! Circuits of keys: this key accepted this message. Twin: `protocol/src/signature`.
//!
//! ```text
//!   schnorr   Schnorr over EcGFp5, the default
//! ```
//!
//! All are of the signature class, so one end cap serves all: 2^12 rows, the union gates and the quintic gate.

pub mod schnorr;

pub use schnorr::SchnorrTarget;
