//! The cryptographic ground of Parth: everything above hashes, signs and encodes through this crate.
//!
//! ```text
//!   felt      one element of the Goldilocks field, always canonical
//!   digest    four felts, the output of every hash
//!   poseidon  the permutation (the only module that knows its constants), and the kernels that compute it and other
//!             arithmetic on several felts at once
//!   domain    the one table of what may be hashed
//!   hash      sponge and tree node over the permutation, domain in the capacity lanes
//!   merkle    statements about trees: inclusion, delta, append, line, meet; a sparse tree in memory
//!   hex       0x-prefixed text of bytes
//!
//!   ecgfp5    the group that keys live in: coordinates are felts, so circuits verify signatures
//!   schnorr   secret and public keys, signing, verification
//!   mnemonic  BIP-39 phrase to secret key
//!   keystore  a secret key in a file, under a password
//! ```
//!
//! No IO, no clock and no randomness of its own: callers pass entropy in.

pub mod digest;
pub mod domain;
pub mod ecgfp5;
pub mod felt;
pub mod hash;
pub mod hex;
pub mod keystore;
pub mod merkle;
pub mod mnemonic;
pub mod poseidon;
pub mod schnorr;

pub use digest::Digest;
pub use domain::Domain;
pub use felt::Felt;
pub use hash::{hash, node};
