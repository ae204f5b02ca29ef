//! The constraint form of every statement.
//!
//! ```text
//!   gadgets     hashing, ranges, logic, Merkle statements; twins of `crypto`
//!   checker     every constraint of a built circuit against a witness, without proving
//! ```

pub mod checker;
pub mod gadgets;
pub mod records;
pub mod twin;
