//! Circuits of the checkpoint itself. Twin of `protocol::block`.

pub mod checkpoint;
pub mod part_one;
pub mod start;
