//! Circuits that change the global trees. Twin of `protocol::global`.

pub mod deploy_contracts;
pub mod fold;
pub mod register_users;
pub mod unchanged;

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::circuit::Listed;
use parth_protocol::global::{GlobalChild, GlobalEntry};
use parth_protocol::global_parts;
use parth_protocol::ids::{ItemCount, Scalar};
use parth_protocol::records::global::{GlobalHeader, GlobalState};
use parth_protocol::records::guta::Anchor;
use parth_protocol::tree::GlobalWhitelist;
use plonky2::iop::target::{BoolTarget, Target};

use crate::gadgets::hash::DigestTarget;
use crate::gadgets::{logic, range};
use crate::records::global::{GlobalHeaderTarget, GlobalStateTarget};
use crate::recursion::ChildClaim;
use crate::twin::{RecordTarget, SiblingsTarget, twin};

global_parts!(twin);

impl GlobalEntryTarget {
    /// The header of a change from the trees before to `new`.
    pub(crate) fn header(&self, new: GlobalStateTarget) -> GlobalHeaderTarget {
        GlobalHeaderTarget {
            whitelist: self.whitelist,
            parameters: self.parameters,
            anchor: self.anchor.clone(),
            old: self.old.clone(),
            new,
        }
    }
}

impl GlobalChildTarget {
    /// The child's proof: of a circuit that its own header whitelists.
    pub(crate) fn proof(&self, builder: &mut Builder) -> ChildClaim {
        self.circuit.check(builder, self.header.whitelist);
        let public = self.header.digest(builder);
        ChildClaim::new(Class::Node, self.circuit.fingerprint, public)
    }
}

/// Appends the leaves of the places that are used, at the next free indexes. Two rows a level and place.
pub(crate) fn append(
    builder: &mut Builder,
    mut root: DigestTarget,
    mut next: Target,
    items: &[(DigestTarget, &SiblingsTarget)],
    used: &[BoolTarget],
) -> (DigestTarget, Target) {
    let (zero, empty) = (builder.zero(), DigestTarget::zero(builder));
    for (&(leaf, path), &used) in items.iter().zip(used) {
        // A place that is not used has no index: the tree may be full.
        let index = logic::select(builder, used, next, zero);
        let index = path.index(builder, index);
        let old = path.root(builder, &index, empty);
        logic::assert_equal_digest_if(builder, used, old, root);
        let new = path.root(builder, &index, leaf);
        root = logic::select_digest(builder, used, new, root);
        next = builder.add(next, used.target);
    }
    range::check(builder, next, ItemCount::BITS as usize);
    (root, next)
}
