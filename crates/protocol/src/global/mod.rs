//! Changes of the global trees: registrations, deployments, nothing, and their composition.
//!
//! ```text
//!   register_users   deploy_contracts      (each changes one tree and passes the others through)
//!            \         /
//!              fold                        left first, then right, for every tree
//! ```
//! Every circuit gives a [`GlobalHeader`]. `append_deposits` joins when a network has an L1.
//! Source: seed 001, step 3.2; design/protocol.md, "Statements".

pub mod deploy_contracts;
pub mod fold;
pub mod register_users;
pub mod unchanged;

use parth_crypto::Digest;

use crate::circuit::{Listed, Rules};
use crate::ids::ItemCount;
use crate::record::{Record, native};
use crate::records::global::{GlobalHeader, GlobalState};
use crate::records::guta::Anchor;
use crate::reject::{Reject, Rule, Value};
use crate::statement::ChildProof;
use crate::tree::{GlobalWhitelist, Siblings, TreeKind};

/// The field lists of this file; see [`crate::record`].
#[macro_export]
macro_rules! global_parts {
    ($define:ident) => {
        $define! {
            /// What every entry into the global family starts from.
            witness GlobalEntry {
                /// Whitelist of global circuits.
                whitelist: Digest,
                /// Parameters of the network.
                parameters: Digest,
                /// What the changes build on.
                anchor: Anchor,
                /// The trees before.
                old: GlobalState,
            }

            /// A change of the global trees as a child.
            witness GlobalChild {
                /// What it says.
                header: GlobalHeader,
                /// Its circuit.
                circuit: Listed<GlobalWhitelist>,
            }
        }
    };
}
global_parts!(native);

impl GlobalEntry {
    /// The header of a change from the trees before to `new`.
    pub(crate) fn header(&self, new: GlobalState) -> GlobalHeader {
        GlobalHeader {
            whitelist: self.whitelist,
            parameters: self.parameters,
            anchor: self.anchor.clone(),
            old: self.old.clone(),
            new,
        }
    }
}

impl GlobalChild {
    /// Checks that the child's circuit is whitelisted by its own header.
    pub(crate) fn check(&self, rules: &Rules) -> Result<(), Reject> {
        let listed = &self.circuit;
        let slot = u64::from(listed.index.get());
        let whitelist = self.header.whitelist;
        listed.path.check(&rules.profile, Rule::GlobalWhitelist, whitelist, slot, listed.fingerprint.0)
    }

    pub(crate) fn proof(&self) -> ChildProof {
        ChildProof { fingerprint: self.circuit.fingerprint, public: self.header.digest() }
    }
}

/// A list with as many items as a circuit has room for, or fewer.
#[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Batch<T>(pub Vec<T>);

/// Appends leaves at the next free places of a tree, each with the siblings that it has at that moment.
pub(crate) fn append<'a, K: TreeKind + 'a>(
    rules: &Rules,
    mut root: Digest,
    mut next: ItemCount,
    items: impl ExactSizeIterator<Item = (Digest, &'a Siblings<K>)>,
) -> Result<(Digest, ItemCount), Reject> {
    let profile = &rules.profile;
    if items.len() == 0 || items.len() > profile.batch {
        let expected = Value::Words(format!("1 to {} items", profile.batch));
        return Err(Reject::new(Rule::BatchLength, expected, items.len() as u64));
    }
    for (leaf, siblings) in items {
        siblings.check(profile, Rule::AppendPath, root, next.get(), Digest::ZERO)?;
        root = siblings.root(profile, Rule::AppendPath, next.get(), leaf)?;
        next = next.next().ok_or_else(|| Reject::number(Rule::AppendPath, ItemCount::MAX.get(), next.get()))?;
    }
    Ok((root, next))
}
