//! Leaves of the user, contract and function trees.

use parth_crypto::Digest;

use crate::ids::{Amount, CheckpointId, EventCount, Fingerprint, Length, MethodId, Nonce, StateHeight, UserId};
use crate::record::native;

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! leaf_records {
    ($define:ident) => {
        $define! {
            /// One user, in GUSR.
            record UserLeaf in UserLeaf {
                /// Public key commitment: H(signature circuit fingerprint, key parameter).
                key: Digest,
                /// Root of the user's contract tree (UCON).
                contracts: Digest,
                /// Native balance.
                balance: Amount,
                /// Sessions so far.
                nonce: Nonce,
                /// Anchor of the last session.
                last_checkpoint: CheckpointId,
                /// Events so far.
                events: EventCount,
                /// The user.
                user: UserId,
            }

            /// One contract, in GCON.
            record ContractLeaf in ContractLeaf {
                /// Root of the contract's function tree (CFT).
                functions: Digest,
                /// Height of the contract's state trees.
                state_height: StateHeight,
                /// Root of an empty state tree of that height: what a user's state is before its first write.
                initial: Digest,
                /// Digest of the code, as the deployer claims it.
                code: Digest,
            }

            /// One function, in CFT.
            record FunctionLeaf in FunctionLeaf {
                /// The circuit that proves calls of the function.
                fingerprint: Fingerprint,
                /// Name of the function.
                method: MethodId,
                /// Number of input felts.
                inputs: Length,
                /// Number of output felts.
                outputs: Length,
                /// A view changes nothing.
                view: bool,
            }
        }
    };
}
leaf_records!(native);

impl UserLeaf {
    /// The leaf of a user before its first session.
    pub fn fresh(key: Digest, no_contracts: Digest, anchor: CheckpointId, user: UserId) -> UserLeaf {
        UserLeaf {
            key,
            contracts: no_contracts,
            balance: Amount::ZERO,
            nonce: Nonce::ZERO,
            last_checkpoint: anchor,
            events: EventCount::ZERO,
            user,
        }
    }
}
