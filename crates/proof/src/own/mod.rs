//! Our own proving routine over the library's public types. Same proofs, same verifier, less time.
//!
//! ```text
//!   domain      rows, the coset, and the order of its points
//!   columns     values of many polynomials in one flat buffer
//!   quotient    every constraint on the coset, divided by x^n − 1
//! ```

pub mod columns;
pub mod domain;
pub mod quotient;

pub use columns::Columns;
pub use domain::Domain;
