//! Checkpoint leaf, the header of part one, and the public inputs of a checkpoint proof.

use parth_crypto::Digest;

use crate::ids::{Amount, CheckpointId, ItemCount, Time};
use crate::record::native;
use crate::records::global::GlobalState;
use crate::records::guta::{Anchor, SessionStats};

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! block_records {
    ($define:ident) => {
        $define! {
            /// One checkpoint, in CHKP.
            record CheckpointLeaf in CheckpointLeaf {
                /// Root of CHKP before this leaf, so that a leaf alone binds its whole past.
                before: Digest,
                /// Root of GUSR.
                users: Digest,
                /// The global trees and their next free indices.
                globals: GlobalState,
                /// Withdrawals of this checkpoint (GWT).
                withdrawals: Digest,
                /// Events of this checkpoint (EDATA).
                events: Digest,
                /// Statistics of the sessions of this checkpoint.
                stats: SessionStats,
                /// Registrations in this checkpoint.
                registrations: ItemCount,
                /// Deployments in this checkpoint.
                deployments: ItemCount,
                /// Native balance that exists: genesis + deposited − withdrawn − fees so far.
                supply: Amount,
                /// Block time, chosen by the primary; it only grows.
                time: Time,
                /// Random seed: H(previous seed, contribution of the primary).
                seed: Digest,
                /// Parameters of the network.
                parameters: Digest,
            }

            /// Public inputs of part one: everything that a checkpoint changes but its time and seed.
            record PartOne in PartOne {
                /// Parameters of the network.
                parameters: Digest,
                /// What the checkpoint builds on.
                anchor: Anchor,
                /// Digest of the previous checkpoint leaf.
                old_leaf: Digest,
                /// Root of GUSR after.
                users: Digest,
                /// The global trees after.
                globals: GlobalState,
                /// Withdrawals of this checkpoint.
                withdrawals: Digest,
                /// Events of this checkpoint.
                events: Digest,
                /// Statistics of the sessions.
                stats: SessionStats,
            }

            /// Public inputs of a checkpoint proof, all 21 felts of them (decision D9).
            part CheckpointPublic {
                /// Root of CHKP after the genesis checkpoint: names the chain.
                genesis: Digest,
                /// Root of CHKP before this checkpoint; zero at genesis.
                previous: Digest,
                /// Root of CHKP after this checkpoint: the state root.
                root: Digest,
                /// Height of this checkpoint.
                height: CheckpointId,
                /// Digest of this checkpoint's leaf.
                leaf: Digest,
                /// Parameters of the network.
                parameters: Digest,
            }
        }
    };
}
block_records!(native);

impl crate::statement::Public for CheckpointPublic {
    fn public_inputs(&self) -> Vec<parth_crypto::Felt> {
        crate::record::Felts::felts(self)
    }

    fn public_digest(&self) -> Digest {
        parth_crypto::hash(parth_crypto::Domain::CheckpointPublic, &self.public_inputs())
    }
}
