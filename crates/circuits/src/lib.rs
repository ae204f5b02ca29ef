//! The constraint form of every statement.
//!
//! ```text
//!   registry    every circuit by name, built on first use; pinning
//!   session  signature  guta  global  block     the circuits, at the paths of their twins in `protocol`
//!   statement   from the rules of a statement to a circuit; recursion: the proofs inside it; class: its shape
//!   twin        the targets of every native value; records: those of leaves and headers
//!   gadgets     hashing, ranges, logic, Merkle statements, the group of keys; twins of `crypto`
//!   checker     every constraint of a built circuit against a witness, without proving
//! ```

pub mod block;
pub mod checker;
pub mod class;
pub mod gadgets;
pub mod global;
pub mod guta;
pub mod records;
pub mod recursion;
pub mod registry;
pub mod session;
pub mod signature;
pub mod statement;
pub mod twin;
