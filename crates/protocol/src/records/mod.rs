//! Leaves and headers. Each file has one field list, which `circuits` expands again as targets; the order of fields is
//! part of the protocol (design/protocol.md, "Leaves and headers").

pub mod block;
pub mod global;
pub mod guta;
pub mod leaf;
pub mod network;
pub mod session;
