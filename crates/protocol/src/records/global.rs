//! The header of changes to the global trees: contracts, registrations, deposits.

use parth_crypto::Digest;

use crate::ids::ItemCount;
use crate::record::native;
use crate::records::guta::Anchor;

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! global_records {
    ($define:ident) => {
        $define! {
            /// The global trees at one moment.
            part GlobalState {
                /// Root of GCON.
                contracts: Digest,
                /// Root of URT.
                registrations: Digest,
                /// Root of GDT.
                deposits: Digest,
                /// Chain of all deposits, as L1 knows it.
                deposit_chain: Digest,
                /// Contracts deployed so far: the next free contract id.
                deployed: ItemCount,
                /// Keys registered so far: the next free registration index.
                registered: ItemCount,
                /// Deposits so far: the next free deposit index.
                deposited: ItemCount,
            }

            /// Public inputs of every global circuit.
            record GlobalHeader in GlobalHeader {
                /// Whitelist of global circuits; pinned by part one.
                whitelist: Digest,
                /// Parameters of the network.
                parameters: Digest,
                /// What the changes build on.
                anchor: Anchor,
                /// The trees before.
                old: GlobalState,
                /// The trees after.
                new: GlobalState,
            }
        }
    };
}
global_records!(native);
