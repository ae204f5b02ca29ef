//! The constraint form of every statement.
//!
//! ```text
//!   gadgets     hashing, ranges, logic, Merkle statements; twins of `crypto`
//!   checker     every constraint of a built circuit against a witness, without proving
//! ```

pub mod checker;
pub mod class;
pub mod gadgets;
pub mod records;
pub mod recursion;
pub mod statement;
pub mod twin;
