//! Tests of circuits.
//!
//! ```text
//!   gadgets     equal to their native twins; no free cell
//!   integer     divisions with every wrong advice
//!   book        every rule circuit equals its native statement, over the book of statements
//!   recursion   composition with real proofs, and every way of passing off another child
//!   forged      an evil circuit of the checkpoint class
//!   debts       calls that are owed, paid in real proofs
//!   short       the short forms of a session: what may stand below them, and where they enter
//!   rows        the row budget
//!   lock        circuits and system contract are what circuits.lock says; golden proofs verify
//!   cache       built circuits on disk
//!   own         our own prover on circuits of every class
//! ```

mod book;
mod cache;
mod debts;
mod forged;
mod gadgets;
mod integer;
mod lock;
mod own;
mod recursion;
mod rows;
mod short;
