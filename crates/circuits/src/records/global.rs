//! The header of changes to the global trees. Twin: `parth_protocol::records::global`.

use parth_crypto::Digest;
use parth_protocol::ids::ItemCount;
use parth_protocol::records::global::{GlobalHeader, GlobalState};
use parth_protocol::records::guta::Anchor;

use crate::twin::twin;

parth_protocol::global_records!(twin);
