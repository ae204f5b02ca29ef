//! The parameters of a network.

use parth_crypto::Digest;

use crate::ids::{Amount, FeeRate, Fingerprint, RealmBits};
use crate::record::native;

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! network_records {
    ($define:ident) => {
        $define! {
            /// What never changes in a network's life. Its digest travels in every result and header, and the
            /// circuits that use a parameter open it (attack F2).
            record Parameters in Parameters {
                /// H(genesis seed): two networks never share a signature.
                chain: Digest,
                /// Digest of the profile: tree heights, queries, anchor age.
                profile: Digest,
                /// Fee of a session.
                fee_base: FeeRate,
                /// Fee of each call.
                fee_per_call: FeeRate,
                /// Fee of each state word written.
                fee_per_slot: FeeRate,
                /// Native balance that exists at genesis.
                genesis_supply: Amount,
                /// Low bits of a registration index that choose the realm.
                realm_bits: RealmBits,
                /// The circuit that starts the chain of checkpoints.
                start: Fingerprint,
                /// The circuit that continues it.
                checkpoint: Fingerprint,
                /// Whitelist of session circuits.
                session_whitelist: Digest,
                /// Whitelist of circuits that close a session.
                end_cap_whitelist: Digest,
                /// Whitelist of aggregation circuits.
                guta_whitelist: Digest,
                /// Whitelist of global circuits.
                global_whitelist: Digest,
            }
        }
    };
}
network_records!(native);
