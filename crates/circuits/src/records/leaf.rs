//! Leaves of the user, contract and function trees. Twin: `parth_protocol::records::leaf`.

use parth_crypto::Digest;
use parth_protocol::ids::{
    Amount, CheckpointId, EventCount, Fingerprint, Length, MethodId, Nonce, StateHeight, UserId,
};
use parth_protocol::records::leaf::{ContractLeaf, FunctionLeaf, UserLeaf};

use crate::twin::twin;

parth_protocol::leaf_records!(twin);
