//! Domain-separated hashing: the only callers of the permutation.
//!
//! The sponge starts with its capacity lanes as `[domain, length, 0, 0]` and absorbs eight felts a permutation by
//! overwriting the rate; a tree node is one permutation of `left ‖ right ‖ [domain, 0, 0, 0]`
//! (design/protocol.md, "Hashing").

use crate::digest::Digest;
use crate::domain::Domain;
use crate::felt::Felt;
use crate::poseidon::{State, permute};

/// Felts absorbed by one permutation.
pub const RATE: usize = 8;

/// The digest of a list of felts of any length. The length is part of what is hashed.
pub fn hash(domain: Domain, felts: &[Felt]) -> Digest {
    debug_assert!(!domain.is_tree(), "{domain:?} is for tree nodes");
    let mut state: State = [Felt::ZERO; 12];
    state[8] = domain.tag();
    state[9] = Felt::reduce(felts.len() as u64);
    if felts.is_empty() {
        permute(&mut state);
    }
    for chunk in felts.chunks(RATE) {
        state[..chunk.len()].copy_from_slice(chunk);
        permute(&mut state);
    }
    squeeze(&state)
}

/// The parent of two nodes.
pub fn node(domain: Domain, left: Digest, right: Digest) -> Digest {
    debug_assert!(domain.is_tree(), "{domain:?} is not a tree");
    let mut state: State = [Felt::ZERO; 12];
    state[..4].copy_from_slice(&left.0);
    state[4..8].copy_from_slice(&right.0);
    state[8] = domain.tag();
    permute(&mut state);
    squeeze(&state)
}

/// The parents of many pairs of nodes of one tree kind, in order.
pub fn nodes(domain: Domain, pairs: &[(Digest, Digest)]) -> Vec<Digest> {
    pairs.iter().map(|&(left, right)| node(domain, left, right)).collect()
}

/// The digest of a chain after one more link: H(chain, link).
pub fn link(domain: Domain, chain: Digest, link: Digest) -> Digest {
    let mut felts = [Felt::ZERO; 8];
    felts[..4].copy_from_slice(&chain.0);
    felts[4..].copy_from_slice(&link.0);
    hash(domain, &felts)
}

fn squeeze(state: &State) -> Digest {
    Digest([state[0], state[1], state[2], state[3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_uses_of_the_same_felts_collide() {
        let felts = [Felt::ZERO; 17];
        let mut seen = BTreeSet::new();
        for &domain in Domain::ALL {
            if domain.is_tree() {
                assert!(seen.insert(node(domain, Digest::ZERO, Digest::ZERO)), "{domain:?}");
                continue;
            }
            for length in 0..=felts.len() {
                assert!(seen.insert(hash(domain, &felts[..length])), "{domain:?} of {length}");
            }
        }
    }

    #[test]
    fn known_answers() {
        let felts: Vec<Felt> = (1u32..=13).map(Felt::from).collect();
        let left = hash(Domain::UserLeaf, &felts);
        let parent = node(Domain::UserNode, left, Digest::ZERO);
        let text = format!("{left}\n{parent}\n{}\n", hash(Domain::Inputs, &[]));
        assert_eq!(text, include_str!("../vectors/hash.txt"));
    }
}
