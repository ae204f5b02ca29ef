//! The parameters of a network. Twin: `parth_protocol::records::network`.

use parth_crypto::Digest;
use parth_protocol::ids::{Amount, FeeRate, Fingerprint, RealmBits};
use parth_protocol::records::network::Parameters;

use crate::twin::twin;

parth_protocol::network_records!(twin);
