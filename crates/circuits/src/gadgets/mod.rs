//! What statement circuits are made of. Each gadget has a native twin in `crypto`, and a test that both agree.
//!
//! ```text
//!   integer  products and divisions that do not wrap, bits, shifts
//!   hash     domain-separated sponge and tree node
//!   range    bits, range checks, order
//!   logic    equality as a bit, selection, conditional equality
//!   ecgfp5   the group of Schnorr keys
//!   merkle   inclusion, delta, climb, meet
//! ```

pub mod ecgfp5;
pub mod hash;
pub mod integer;
pub mod logic;
pub mod merkle;
pub mod order;
pub mod range;
