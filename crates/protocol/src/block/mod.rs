//! The checkpoint itself: part one gathers everything that changes, `start` opens the chain, `checkpoint` continues it.
//!
//! ```text
//!   guta ─┐
//!         ├─▸ part_one ─┐
//! global ─┘             ├─▸ checkpoint ─▸ (genesis, previous, root, height, leaf, parameters)
//!   start | checkpoint ─┘
//! ```
//! Source: seed 001, step 3.3 and phase 4; decisions D4, D9.

pub mod checkpoint;
pub mod part_one;
pub mod start;
