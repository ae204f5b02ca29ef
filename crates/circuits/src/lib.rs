//! The constraint form of every statement.
//!
//! ```text
//!   registry    every circuit by name, built on first use; pinning
//!   session  signature  guta  global  block     the circuits, at the paths of their twins in `protocol`
//!   contract    functions of contracts; twin of `parth_contract::call`
//!   statement   from the rules of a statement to a circuit; recursion: the proofs inside it; class: its shape
//!   twin        the targets of every native value; records: those of leaves and headers
//!   gadgets     hashing, ranges, logic, Merkle statements, the group of keys; twins of `crypto`
//!   serializer  generators as bytes, for the disk cache
//!   checker     every constraint of a built circuit against a witness, without proving
//! ```

pub mod block;
pub mod checker;
pub mod class;
pub mod contract;
pub mod gadgets;
pub mod global;
pub mod guta;
pub mod records;
pub mod recursion;
pub mod registry;
pub mod serializer;
pub mod session;
pub mod signature;
pub mod statement;
pub mod twin;

/// A hash of everything that circuits are built from, for [`parth_proof::cache::CircuitCache`].
pub fn sources() -> [u8; 32] {
    let hash = blake3::Hash::from_hex(env!("PARTH_CIRCUIT_SOURCES")).expect("the build script writes 64 hex digits");
    *hash.as_bytes()
}
