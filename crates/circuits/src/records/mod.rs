//! Leaves and headers as targets. Twins of `parth_protocol::records`, file by file, from the same field lists.

pub mod block;
pub mod global;
pub mod guta;
pub mod leaf;
pub mod network;
pub mod session;
