//! The part of all proofs of a circuit that is the same: constants and sigmas, committed to once.
//!
//! The form is the library's, since its prover and ours both read it: one vector a leaf, and digests in the order in
//! which the library's trees keep them.

use parth_crypto::poseidon::kernels::Kernel;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::polynomial::PolynomialCoeffs;
use plonky2::field::types::PrimeField64;
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::merkle_tree::{MerkleCap, MerkleTree};
use plonky2::hash::poseidon::PoseidonHash;
use rayon::prelude::*;

use super::Domain;
use super::columns::{Buffers, Columns};
use super::merkle::Tree;
use crate::kernels::words;
use crate::{C, CommonData, D};

/// The library's commitment to polynomials.
pub(crate) type Batch = plonky2::fri::oracle::PolynomialBatch<F, C, D>;

/// Commits to the polynomials with these coefficients, as many of each as the circuit has rows.
pub(crate) fn commit(common: &CommonData, polynomials: Vec<PolynomialCoeffs<F>>) -> Batch {
    let (domain, kernel) = (Domain::shared(common), Kernel::current());
    let mut tree = Tree::new(&Buffers::default(), domain.size().ilog2() as usize, common.config.fri_config.cap_height);
    let leaves =
        leaves(&domain, &polynomials, |first, values| tree.hash_leaves(kernel, values, 0, first, values.rows()));
    tree.hash_nodes(kernel);
    batch(&domain, polynomials, MerkleTree { leaves, digests: digests(&tree), cap: tree.cap() })
}

/// As [`commit`], hashed before: `digests` and `cap` are those of the same polynomials.
pub(crate) fn restore(
    common: &CommonData,
    polynomials: Vec<PolynomialCoeffs<F>>,
    digests: Vec<HashOut<F>>,
    cap: MerkleCap<F, PoseidonHash>,
) -> Batch {
    let domain = Domain::shared(common);
    let leaves = leaves(&domain, &polynomials, |_, _| ());
    batch(&domain, polynomials, MerkleTree { leaves, digests, cap })
}

fn batch(domain: &Domain, polynomials: Vec<PolynomialCoeffs<F>>, merkle_tree: MerkleTree<F, PoseidonHash>) -> Batch {
    let (degree_log, rate_bits) = (domain.row_bits(), domain.rate_bits());
    Batch { polynomials, merkle_tree, degree_log, rate_bits, blinding: false }
}

/// The values at each point of the coset. `block` is given those of each block, with the position of the first, while
/// they are in the cache.
fn leaves(domain: &Domain, polynomials: &[PolynomialCoeffs<F>], mut block: impl FnMut(usize, &Columns)) -> Vec<Vec<F>> {
    /// Leaves that are gathered together, so that each line of a column is read once.
    const LEAVES: usize = 64;
    let (rows, kernel) = (domain.rows(), Kernel::current());
    let mut values = Columns::zeros(polynomials.len(), rows);
    let mut leaves = Vec::with_capacity(domain.size());
    for number in 0..domain.blocks() {
        let columns = values.values_mut().par_chunks_exact_mut(rows).zip(polynomials);
        columns.for_each(|(column, polynomial)| {
            column.copy_from_slice(words(&polynomial.coeffs));
            domain.coefficients_to_coset().run(kernel, number, column);
        });
        block(number * rows, &values);
        leaves.resize_with(leaves.len() + rows, Vec::new);
        leaves[number * rows..].par_chunks_mut(LEAVES).enumerate().for_each(|(task, leaves)| {
            leaves.iter_mut().for_each(|leaf| leaf.reserve_exact(polynomials.len()));
            for column in values.values().chunks_exact(rows) {
                for (leaf, &value) in leaves.iter_mut().zip(&column[task * LEAVES..]) {
                    leaf.push(canonical(value));
                }
            }
        });
    }
    leaves
}

/// The polynomials with these values in the rows of the trace.
pub(crate) fn interpolate(common: &CommonData, values: &[Vec<F>]) -> Vec<PolynomialCoeffs<F>> {
    let (domain, kernel) = (Domain::shared(common), Kernel::current());
    let polynomial = |values: &Vec<F>| {
        let mut column: Vec<u64> = (0..domain.rows()).map(|position| values[domain.row(position)].0).collect();
        domain.rows_to_coefficients().run(kernel, &mut column);
        PolynomialCoeffs::new(column.into_iter().map(canonical).collect())
    };
    values.par_iter().map(polynomial).collect()
}

/// The values of some polynomials in the rows of the trace: backwards [`interpolate`].
pub(crate) fn evaluate(polynomials: &[PolynomialCoeffs<F>]) -> Vec<Vec<F>> {
    polynomials.par_iter().map(|polynomial| polynomial.clone().fft().values).collect()
}

/// How many digests a tree has below its cap.
pub(crate) fn digests_below_the_cap(common: &CommonData) -> usize {
    let fri = &common.config.fri_config;
    (2 << (common.degree_bits() + fri.rate_bits)) - (2 << fri.cap_height)
}

fn canonical(value: u64) -> F {
    F(F(value).to_canonical_u64())
}

/// The digests below the cap in the library's order: each subtree of the cap has the left half, the digest of its root,
/// the digest of the other's root, and the right half, and so on in each half.
fn digests(tree: &Tree) -> Vec<HashOut<F>> {
    let below = tree.leaf_bits() - tree.cap_height();
    let mut digests = vec![HashOut { elements: [F(0); 4] }; (2 << tree.leaf_bits()) - (2 << tree.cap_height())];
    if below > 0 {
        let subtrees = digests.par_chunks_exact_mut((2 << below) - 2).enumerate();
        subtrees.for_each(|(root, digests)| place(tree, below, root, digests));
    }
    digests
}

/// The digests below one node.
fn place(tree: &Tree, height: usize, node: usize, digests: &mut [HashOut<F>]) {
    let (left, right) = digests.split_at_mut(digests.len() / 2);
    let (Some((left_root, left)), Some((right_root, right))) = (left.split_last_mut(), right.split_first_mut()) else {
        return;
    };
    *left_root = tree.digest(height - 1, 2 * node);
    *right_root = tree.digest(height - 1, 2 * node + 1);
    place(tree, height - 1, 2 * node, left);
    place(tree, height - 1, 2 * node + 1, right);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClassData;
    use plonky2::field::types::Field;
    use plonky2::util::timing::TimingTree;

    #[test]
    fn the_commitment_is_the_librarys() {
        let mut common = ClassData::call().common().clone();
        common.trace_degree_bits = 7;
        for (width, cap_height) in [(1, 0), (86, 4), (9, 10)] {
            common.config.fri_config.cap_height = cap_height;
            let felt = |n: u64| F::from_noncanonical_u64(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let polynomial = |at: u64| PolynomialCoeffs::new((0..1 << 7).map(|n| felt(at << 20 | n)).collect());
            let polynomials: Vec<_> = (0..width).map(polynomial).collect();
            let rate_bits = common.config.fri_config.rate_bits;
            let timing = &mut TimingTree::default();
            let library = Batch::from_coeffs(polynomials.clone(), rate_bits, false, cap_height, timing, None);
            assert_eq!(commit(&common, polynomials), library, "{width} polynomials, a cap of 2^{cap_height}");
        }
    }
}
