//! Domain-separated hashing as constraints. Twin: `parth_crypto::hash`.
//!
//! | gadget | rows |
//! | --- | --- |
//! | [`hash`] | one for each 8 felts, one for none |
//! | [`node`], [`node_at`], [`link`] | 1 |

use parth_crypto::{Digest, Domain, Felt, hash::RATE};
use parth_proof::{Builder, F, field};
use plonky2::hash::hash_types::HashOutTarget;
use plonky2::hash::hashing::PlonkyPermutation;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::plonk::config::AlgebraicHasher;

/// Four targets that hold a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestTarget(pub [Target; 4]);

impl DigestTarget {
    /// A digest that the witness gives.
    pub fn alloc(builder: &mut Builder) -> DigestTarget {
        DigestTarget(builder.add_virtual_target_arr())
    }

    /// A digest that is part of the circuit.
    pub fn constant(builder: &mut Builder, digest: Digest) -> DigestTarget {
        DigestTarget(digest.0.map(|felt| constant(builder, felt)))
    }

    /// The zero digest: the empty leaf, stack, list and effect.
    pub fn zero(builder: &mut Builder) -> DigestTarget {
        DigestTarget::constant(builder, Digest::ZERO)
    }

    /// Ties two digests together. Takes no rows.
    pub fn connect(self, builder: &mut Builder, other: DigestTarget) {
        builder.connect_array(self.0, other.0);
    }

    /// The library's form.
    pub fn hash_out(self) -> HashOutTarget {
        HashOutTarget { elements: self.0 }
    }
}

impl From<HashOutTarget> for DigestTarget {
    fn from(hash: HashOutTarget) -> DigestTarget {
        DigestTarget(hash.elements)
    }
}

/// A felt that is part of the circuit.
pub fn constant(builder: &mut Builder, felt: Felt) -> Target {
    builder.constant(field::element(felt))
}

/// The digest of a list of felts, of a length that is fixed with the circuit.
pub fn hash(builder: &mut Builder, domain: Domain, felts: &[Target]) -> DigestTarget {
    debug_assert!(!domain.is_tree(), "{domain:?} is for tree nodes");
    let length = Felt::reduce(felts.len() as u64);
    let mut state = start(builder, domain, length);
    let no_swap = builder._false();
    if felts.is_empty() {
        state = permute(builder, state, no_swap);
    }
    for chunk in felts.chunks(RATE) {
        state[..chunk.len()].copy_from_slice(chunk);
        state = permute(builder, state, no_swap);
    }
    squeeze(&state)
}

/// The digest of a chain after one more link: H(chain, link).
pub fn link(builder: &mut Builder, domain: Domain, chain: DigestTarget, link: DigestTarget) -> DigestTarget {
    hash(builder, domain, &[chain.0, link.0].concat())
}

/// The parent of two nodes.
pub fn node(builder: &mut Builder, domain: Domain, left: DigestTarget, right: DigestTarget) -> DigestTarget {
    let left_first = builder._false();
    node_at(builder, domain, left_first, left, right)
}

/// The parent of a node that stands right of its sibling when `is_right` is set, else left of it. The order costs
/// nothing, and the row itself forces `is_right` to be 0 or 1.
pub fn node_at(
    builder: &mut Builder,
    domain: Domain,
    is_right: BoolTarget,
    below: DigestTarget,
    sibling: DigestTarget,
) -> DigestTarget {
    debug_assert!(domain.is_tree(), "{domain:?} is not a tree");
    let mut state = start(builder, domain, Felt::ZERO);
    state[..4].copy_from_slice(&below.0);
    state[4..8].copy_from_slice(&sibling.0);
    let state = permute(builder, state, is_right);
    squeeze(&state)
}

type State = [Target; 12];

/// The state before the first felt: `[0; 8] ‖ [domain, length, 0, 0]`.
fn start(builder: &mut Builder, domain: Domain, length: Felt) -> State {
    let mut state = [builder.zero(); 12];
    state[8] = constant(builder, domain.tag());
    state[9] = constant(builder, length);
    state
}

/// One row.
fn permute(builder: &mut Builder, state: State, swap: BoolTarget) -> State {
    let permutation = PoseidonPermutation::<Target>::new(state);
    let out = <PoseidonHash as AlgebraicHasher<F>>::permute_swapped(permutation, swap, builder);
    std::array::from_fn(|lane| out.as_ref()[lane])
}

fn squeeze(state: &State) -> DigestTarget {
    DigestTarget([state[0], state[1], state[2], state[3]])
}
