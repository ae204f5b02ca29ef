//! Domain-separated hashing: the only callers of the permutation.
//!
//! The sponge starts with its capacity lanes as `[domain, length, 0, 0]` and absorbs eight felts a permutation by
//! overwriting the rate; a tree node is one permutation of `left ‖ right ‖ [domain, 0, 0, 0]`
//! (design/protocol.md, "Hashing").

use crate::digest::Digest;
use crate::domain::Domain;
use crate::felt::Felt;
use crate::poseidon::kernels::{Kernel, Lanes, MAX_WIDTH, Work};
use crate::poseidon::{State, WIDTH, permute, permute_lanes};

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

/// The parents of many pairs of nodes of one tree kind, in order: [`node`], as many at a time as the machine can.
pub fn nodes(domain: Domain, pairs: &[(Digest, Digest)]) -> Vec<Digest> {
    debug_assert!(domain.is_tree(), "{domain:?} is not a tree");
    let kernel = Kernel::current();
    let (pairs, rest) = pairs.split_at(worth_lanes(kernel, pairs.len()));
    let mut out = kernel.run(Nodes { domain, pairs });
    out.extend(rest.iter().map(|&(left, right)| node(domain, left, right)));
    out
}

/// The digests of many lists of felts, in order: [`hash()`], as many at a time as the machine can. Fastest when
/// neighbours in the list have the same length.
pub fn hashes<T: AsRef<[Felt]>>(domain: Domain, lists: &[T]) -> Vec<Digest> {
    debug_assert!(!domain.is_tree(), "{domain:?} is for tree nodes");
    let kernel = Kernel::current();
    let (lists, rest) = lists.split_at(worth_lanes(kernel, lists.len()));
    let mut out = kernel.run(Hashes { domain, lists });
    out.extend(rest.iter().map(|list| hash(domain, list.as_ref())));
    out
}

/// How many of the first of `count` states to permute by lanes. Lanes that are nearly empty take longer than one state
/// after the other: a state alone takes about a third of the time of eight together.
fn worth_lanes(kernel: Kernel, count: usize) -> usize {
    let last = count % kernel.width();
    if last <= kernel.width() / 4 { count - last } else { count }
}

/// The digest of a chain after one more link: H(chain, link).
pub fn link(domain: Domain, chain: Digest, link: Digest) -> Digest {
    let mut felts = [Felt::ZERO; 8];
    felts[..4].copy_from_slice(&chain.0);
    felts[4..].copy_from_slice(&link.0);
    hash(domain, &felts)
}

/// The work of [`nodes`].
struct Nodes<'a> {
    domain: Domain,
    pairs: &'a [(Digest, Digest)],
}

impl Work for Nodes<'_> {
    type Output = Vec<Digest>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Digest> {
        let mut out = Vec::with_capacity(self.pairs.len());
        for pairs in self.pairs.chunks(L::WIDTH) {
            let mut state = [L::splat(0); WIDTH];
            for at in 0..4 {
                state[at] = L::from_fn(|of| pairs.get(of).map_or(0, |(left, _)| left.0[at].as_u64()));
                state[at + 4] = L::from_fn(|of| pairs.get(of).map_or(0, |(_, right)| right.0[at].as_u64()));
            }
            state[8] = L::splat(self.domain.tag().as_u64());
            permute_lanes(&mut state);
            let digests = squeeze_lanes(&state);
            out.extend_from_slice(&digests[..pairs.len()]);
        }
        out
    }
}

/// The work of [`hashes`].
struct Hashes<'a, T> {
    domain: Domain,
    lists: &'a [T],
}

impl<T: AsRef<[Felt]>> Work for Hashes<'_, T> {
    type Output = Vec<Digest>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Digest> {
        let mut out = vec![Digest::ZERO; self.lists.len()];
        for (lists, out) in self.lists.chunks(L::WIDTH).zip(out.chunks_mut(L::WIDTH)) {
            let felts = |of: usize| lists.get(of).map_or(&[][..], |list| list.as_ref());
            let permutations = |of: usize| felts(of).len().div_ceil(RATE).max(1);
            let mut state = [L::splat(0); WIDTH];
            state[8] = L::splat(self.domain.tag().as_u64());
            state[9] = L::from_fn(|of| Felt::reduce(felts(of).len() as u64).as_u64());
            let longest = (0..lists.len()).map(permutations).max().unwrap_or(0);
            for absorbed in 0..longest {
                for at in 0..RATE {
                    // What a list does not overwrite stays, as in the sponge of one list.
                    let mut lane = state[at].to_array();
                    for (of, lane) in lane[..lists.len()].iter_mut().enumerate() {
                        if let Some(felt) = felts(of).get(absorbed * RATE + at) {
                            *lane = felt.as_u64();
                        }
                    }
                    state[at] = L::load(&lane[..L::WIDTH]);
                }
                permute_lanes(&mut state);
                let digests = squeeze_lanes(&state);
                for (of, out) in out.iter_mut().enumerate() {
                    if permutations(of) == absorbed + 1 {
                        *out = digests[of];
                    }
                }
            }
        }
        out
    }
}

#[inline(always)]
fn squeeze_lanes<L: Lanes>(state: &[L; WIDTH]) -> [Digest; MAX_WIDTH] {
    let mut digests = [Digest::ZERO; MAX_WIDTH];
    for at in 0..4 {
        let felts = state[at].canonical().to_array();
        for (digest, felt) in digests.iter_mut().zip(felts) {
            digest.0[at] = Felt::reduce(felt);
        }
    }
    digests
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
    fn many_nodes_and_many_hashes_are_those_that_one_call_gives() {
        let felt = |seed: usize| Felt::reduce((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let digest = |seed: usize| Digest([felt(seed), felt(seed + 1), felt(seed + 2), felt(seed + 3)]);
        let pairs: Vec<_> = (0..37).map(|at| (digest(at), digest(at * at + 5))).collect();
        let lists: Vec<Vec<Felt>> = (0..37).map(|at| (0..at * 5 % 31).map(felt).collect()).collect();
        let one_by_one: Vec<_> = pairs.iter().map(|&(left, right)| node(Domain::UserNode, left, right)).collect();
        let hash_by_hash: Vec<_> = lists.iter().map(|list| hash(Domain::UserLeaf, list)).collect();
        for kernel in Kernel::available() {
            for count in 0..=pairs.len() {
                let nodes = kernel.run(Nodes { domain: Domain::UserNode, pairs: &pairs[..count] });
                assert_eq!(nodes, one_by_one[..count], "{count} nodes by {kernel}");
                let hashes = kernel.run(Hashes { domain: Domain::UserLeaf, lists: &lists[..count] });
                assert_eq!(hashes, hash_by_hash[..count], "{count} lists by {kernel}");
            }
        }
        assert_eq!(nodes(Domain::UserNode, &pairs), one_by_one);
        assert_eq!(hashes(Domain::UserLeaf, &lists), hash_by_hash);
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
