//! [`Tree`]: the library's Merkle trees, hashed several leaves or nodes at a time, straight from columns.

use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};
use parth_crypto::poseidon::permute_lanes;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::merkle_proofs::MerkleProof;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::hash::poseidon::PoseidonHash;
use rayon::prelude::*;

use super::columns::{Buffers, Columns, GROUP, gather};

/// Integers of a digest.
const DIGEST: usize = 4;
/// Felts that one permutation absorbs.
const RATE: usize = 8;
/// Felts of a state.
const STATE: usize = 12;
/// States that go through a leaf together, so that eight columns are read in runs instead of value by value.
const STATES: usize = 8;
/// Leaves or nodes of one task of a thread.
const TASK: usize = 256;

/// The digests of a tree, from the leaves up to the cap: level after level, canonical, four integers each.
#[derive(Debug)]
pub(super) struct Tree {
    leaf_bits: usize,
    cap_height: usize,
    digests: Vec<u64>,
}

impl Tree {
    /// A tree with 2^`leaf_bits` leaves, nothing hashed yet.
    pub(super) fn new(buffers: &Buffers, leaf_bits: usize, cap_height: usize) -> Tree {
        assert!(cap_height <= leaf_bits, "a cap above the leaves");
        let digests = (2 << leaf_bits) - (1 << cap_height);
        Tree { leaf_bits, cap_height, digests: buffers.take(DIGEST * digests) }
    }

    /// The buffer, to serve again.
    pub(super) fn into_buffer(self) -> Vec<u64> {
        self.digests
    }

    /// Hashes `count` leaves from leaf `first` on, which are as many rows of the columns from `row` on.
    pub(super) fn hash_leaves(&mut self, kernel: Kernel, columns: &Columns, row: usize, first: usize, count: usize) {
        let digests = &mut self.digests[DIGEST * first..][..DIGEST * count];
        digests.par_chunks_mut(DIGEST * TASK).enumerate().for_each(|(task, digests)| {
            fitting(kernel, digests.len() / DIGEST).run(Leaves { columns, first: row + task * TASK, digests });
        });
    }

    /// Hashes what is above the leaves.
    pub(super) fn hash_nodes(&mut self, kernel: Kernel) {
        let mut rest = self.digests.as_mut_slice();
        for bits in (self.cap_height..self.leaf_bits).rev() {
            let (children, above) = rest.split_at_mut(DIGEST << (bits + 1));
            let parents = &mut above[..DIGEST << bits];
            let tasks = parents.par_chunks_mut(DIGEST * TASK).zip(children.par_chunks(2 * DIGEST * TASK));
            tasks.for_each(|(parents, children)| {
                fitting(kernel, parents.len() / DIGEST).run(Nodes { children, parents });
            });
            rest = above;
        }
    }

    /// The cap.
    pub(super) fn cap(&self) -> MerkleCap<F, PoseidonHash> {
        let cap = &self.digests[self.digests.len() - (DIGEST << self.cap_height)..];
        MerkleCap(cap.as_chunks().0.iter().map(hash_out).collect())
    }

    /// log2 of the leaves.
    pub(super) fn leaf_bits(&self) -> usize {
        self.leaf_bits
    }

    /// log2 of the digests of the cap.
    pub(super) fn cap_height(&self) -> usize {
        self.cap_height
    }

    /// The digest of a node of the level so many above the leaves.
    pub(super) fn digest(&self, height: usize, node: usize) -> HashOut<F> {
        let below = (2 << self.leaf_bits) - (2 << (self.leaf_bits - height));
        let digests: &[[u64; DIGEST]] = self.digests.as_chunks().0;
        hash_out(&digests[below + node])
    }

    /// The siblings on the way from a leaf to the cap.
    pub(super) fn prove(&self, leaf: usize) -> MerkleProof<F, PoseidonHash> {
        let mut level = 0;
        let siblings = (self.cap_height..self.leaf_bits).rev().zip(0..).map(|(bits, height)| {
            let at = level + ((leaf >> height) ^ 1);
            level += 2 << bits;
            let digests: &[[u64; DIGEST]] = self.digests.as_chunks().0;
            hash_out(&digests[at])
        });
        MerkleProof { siblings: siblings.collect() }
    }
}

/// The kernel, unless its lanes are too wide for a small tree.
fn fitting(kernel: Kernel, count: usize) -> Kernel {
    if count.is_multiple_of(GROUP) { kernel } else { Kernel::Scalar }
}

fn hash_out(digest: &[u64; DIGEST]) -> HashOut<F> {
    HashOut { elements: digest.map(F) }
}

/// Hashes of rows of columns. The library's sponge for leaves: one more than the length stands first in the capacity.
struct Leaves<'a> {
    columns: &'a Columns,
    first: usize,
    digests: &'a mut [u64],
}

impl Work for Leaves<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let width = self.columns.count();
        for (number, digests) in self.digests.chunks_mut(DIGEST * STATES * L::WIDTH).enumerate() {
            let first = self.first + number * STATES * L::WIDTH;
            let used = digests.len() / (DIGEST * L::WIDTH);
            let mut states = [[L::splat(0); STATE]; STATES];
            for state in &mut states {
                state[RATE] = L::splat(width as u64 + 1);
            }
            for absorbed in (0..width).step_by(RATE) {
                for (at, state) in states[..used].iter_mut().enumerate() {
                    let row = first + at * L::WIDTH;
                    for (lane, column) in state.iter_mut().zip(absorbed..width.min(absorbed + RATE)) {
                        *lane = L::load(&self.columns.column(column)[row..][..L::WIDTH]);
                    }
                    permute_lanes(state);
                }
            }
            for (state, digests) in states.iter().zip(digests.chunks_exact_mut(DIGEST * L::WIDTH)) {
                write_digests(state, digests);
            }
        }
    }
}

/// Hashes of pairs of digests: one permutation of both, the capacity zero.
struct Nodes<'a> {
    children: &'a [u64],
    parents: &'a mut [u64],
}

impl Work for Nodes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let pairs = self.children.chunks_exact(2 * DIGEST * L::WIDTH);
        for (parents, children) in self.parents.chunks_exact_mut(DIGEST * L::WIDTH).zip(pairs) {
            let mut state = [L::splat(0); STATE];
            state[..GROUP].copy_from_slice(&gather::<L>(children));
            permute_lanes(&mut state);
            write_digests(&state, parents);
        }
    }
}

/// The first lanes of a state as digests, one after the other.
#[inline(always)]
fn write_digests<L: Lanes>(state: &[L; STATE], digests: &mut [u64]) {
    for (at, lane) in state[..DIGEST].iter().enumerate() {
        let values = lane.canonical().to_array();
        for (digest, value) in digests.chunks_exact_mut(DIGEST).zip(values) {
            digest[at] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::hash::merkle_tree::MerkleTree;

    #[test]
    fn every_kernel_builds_the_tree_of_the_library() {
        for (leaf_bits, width, cap_height) in [(9, 135, 4), (5, 16, 4), (4, 20, 4), (3, 3, 0), (7, 8, 1)] {
            let mut columns = Columns::zeros(width, 1 << leaf_bits);
            for (at, value) in (1u64..).zip(columns.values_mut()) {
                // Some are not canonical.
                *value = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) | if at % 5 == 0 { u64::MAX << 20 } else { 0 };
            }
            let leaves = (0..1 << leaf_bits).map(|row| columns.row(row).map(F).collect()).collect();
            let library = MerkleTree::<F, PoseidonHash>::new(leaves, cap_height);
            for kernel in Kernel::available() {
                let buffers = Buffers::default();
                let mut tree = Tree::new(&buffers, leaf_bits, cap_height);
                tree.hash_leaves(kernel, &columns, 0, 0, 1 << leaf_bits);
                tree.hash_nodes(kernel);
                assert_eq!(tree.cap(), library.cap, "{kernel}, 2^{leaf_bits} leaves of {width}");
                for leaf in 0..1 << leaf_bits {
                    assert_eq!(tree.prove(leaf), library.prove(leaf), "{kernel}, leaf {leaf} of 2^{leaf_bits}");
                }
            }
        }
    }
}
