//! Checkpoint leaf, part one and the public inputs of a checkpoint. Twin: `parth_protocol::records::block`.

use parth_crypto::Digest;
use parth_protocol::ids::{Amount, CheckpointId, ItemCount, Time};
use parth_protocol::records::block::{CheckpointLeaf, CheckpointPublic, PartOne};
use parth_protocol::records::global::GlobalState;
use parth_protocol::records::guta::{Anchor, SessionStats};

use crate::twin::twin;

parth_protocol::block_records!(twin);
