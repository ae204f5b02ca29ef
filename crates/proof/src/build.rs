//! Builds a circuit: all by the library, but for the commitment to constants and sigmas.
//!
//! Most of the time of the library's build is that commitment, hashed one leaf after the other. So the library builds
//! with the smallest commitment that it can make, without hashing, and ours takes its place
//! ([`crate::own`]). What comes out equals the library's build, felt for felt: tests compare, and a circuit that is
//! pinned is compared with its fingerprint wherever it is used.

use plonky2::field::extension::quadratic::QuadraticExtension;
use plonky2::field::goldilocks_field::GoldilocksField;
use plonky2::field::types::Field;
use plonky2::fri::{FriConfig, FriReductionStrategy};
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::hash::poseidon::{PoseidonHash, PoseidonPermutation};
use plonky2::plonk::circuit_data::{CircuitData as Built, ProverOnlyCircuitData};
use plonky2::plonk::config::{GenericConfig, Hasher};

use crate::own::fixed;
use crate::{Builder, CircuitData, CommonData, D, F, VerifierData};

/// Builds a circuit that has no domain separator, with the library's panics.
pub(crate) fn build(mut builder: Builder) -> CircuitData {
    let config = builder.config.clone();
    builder.config.fri_config = FriConfig {
        rate_bits: 0,
        cap_height: 0,
        reduction_strategy: FriReductionStrategy::Fixed(Vec::new()),
        ..config.fri_config
    };
    let Built { prover_only: only, mut common, .. } = builder.build::<Unhashed>();
    common.fri_params = config.fri_config.fri_params(common.degree_bits(), config.zero_knowledge);
    common.config = config;
    let batch = fixed::commit(&common, only.constants_sigmas_commitment.polynomials);
    let constants_sigmas_cap = batch.merkle_tree.cap.clone();
    let circuit_digest = name(&common, &constants_sigmas_cap);
    let prover_only = ProverOnlyCircuitData {
        generators: only.generators,
        generator_indices_by_watches: only.generator_indices_by_watches,
        constants_sigmas_commitment: batch,
        sigmas: only.sigmas,
        subgroup: only.subgroup,
        public_inputs: only.public_inputs,
        representative_map: only.representative_map,
        fft_root_table: only.fft_root_table,
        circuit_digest,
        lookup_rows: only.lookup_rows,
        lut_to_lookups: only.lut_to_lookups,
    };
    CircuitData { prover_only, verifier_only: VerifierData { constants_sigmas_cap, circuit_digest }, common }
}

/// The digest of a circuit without a domain separator, as the library computes it.
pub(crate) fn name(common: &CommonData, constants_sigmas_cap: &MerkleCap<F, PoseidonHash>) -> HashOut<F> {
    let mut felts: Vec<F> = constants_sigmas_cap.flatten();
    felts.extend(<PoseidonHash as Hasher<F>>::hash_pad(&[]).elements);
    felts.push(F::from_canonical_usize(common.degree_bits()));
    PoseidonHash::hash_no_pad(&felts)
}

/// The library's configuration, but that trees are not hashed. For what is thrown away.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unhashed;

impl GenericConfig<D> for Unhashed {
    type F = GoldilocksField;
    type FE = QuadraticExtension<GoldilocksField>;
    type Hasher = Nothing;
    type InnerHasher = PoseidonHash;
}

/// Hashes everything to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Nothing;

impl Hasher<F> for Nothing {
    const HASH_SIZE: usize = <PoseidonHash as Hasher<F>>::HASH_SIZE;
    type Hash = HashOut<F>;
    type Permutation = PoseidonPermutation<F>;

    fn hash_no_pad(_: &[F]) -> HashOut<F> {
        HashOut::ZERO
    }

    fn hash_leaf(_: &[F]) -> HashOut<F> {
        HashOut::ZERO
    }

    fn two_to_one(_: HashOut<F>, _: HashOut<F>) -> HashOut<F> {
        HashOut::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::config;
    use crate::{C, ClassData};

    /// Some of everything: hashes, arithmetic, constants, a verified proof.
    fn circuit(public_inputs: usize) -> Builder {
        let mut builder = Builder::new(config());
        let common = ClassData::call().common();
        let proof = builder.add_virtual_proof_with_pis(common);
        let key = builder.add_virtual_verifier_data(config().fri_config.cap_height);
        builder.verify_proof::<C>(&proof, &key, common);
        let seven = builder.constant(F::from_canonical_u64(7));
        let mut sum = builder.add(proof.public_inputs[0], seven);
        for _ in 0..public_inputs {
            builder.register_public_input(sum);
            sum = builder.mul(sum, seven);
        }
        builder
    }

    #[test]
    fn a_build_is_the_librarys() {
        for public_inputs in [0, 4, 21] {
            assert!(build(circuit(public_inputs)) == circuit(public_inputs).build::<C>(), "{public_inputs}");
        }
    }
}
