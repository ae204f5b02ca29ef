//! The EcGFp5 group as constraints. Twin: `parth_crypto::ecgfp5`.
//!
//! ```text
//!   gate      one product in the quintic extension a row; the generators of products and quotients
//!   packed    the gate on several points at once, for our own prover
//!   quintic   elements of the quintic extension
//!   curve     elements of the group: decoding, encoding, addition, doubling, choice from a table
//!   digits    canonical integers in base 16
//!   multiply  s·G + e·P
//! ```

pub mod curve;
pub mod digits;
pub mod gate;
pub mod multiply;
pub mod packed;
pub mod quintic;

pub use curve::PointTarget;
pub use gate::{QuinticProductGate, QuinticProductGenerator, QuinticQuotientGenerator};
pub use quintic::Fp5Target;

#[cfg(test)]
mod tests;
