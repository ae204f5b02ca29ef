//! The user's side: executes a session natively, has it signed, proves it.
//!
//! ```text
//!   chain     what a user asks of the network; nothing that it answers is believed unchecked
//!   program   a contract with its circuits, recompiled from its code
//!   session   Session ── call* ──▸ Unsigned ── sign ──▸ Signed ── prove ──▸ Submission
//! ```
//! Signing is apart from proving: a [`session::Unsigned`] can be carried to a device that signs natively, and a
//! [`session::Signed`] to a machine that proves and cannot sign (decision D16).

pub mod chain;
pub mod program;
pub mod session;

pub use chain::Chain;
pub use program::Program;
pub use session::{Session, Signed, Unsigned};
