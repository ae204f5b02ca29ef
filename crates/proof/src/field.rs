//! Felts and digests of Parth as the library's elements, and back.

use parth_crypto::{Digest, Felt};
use plonky2::field::types::{Field, PrimeField64};
use plonky2::hash::hash_types::HashOut;

use crate::F;

/// The library's element of a felt.
pub fn element(felt: Felt) -> F {
    F::from_canonical_u64(felt.as_u64())
}

/// The felt of a library's element. The library keeps some elements unreduced; felts never are.
pub fn felt(element: F) -> Felt {
    Felt::reduce(element.to_canonical_u64())
}

/// The library's elements of felts.
pub fn elements(felts: &[Felt]) -> Vec<F> {
    felts.iter().copied().map(element).collect()
}

/// The felts of a library's elements.
pub fn felts(elements: &[F]) -> Vec<Felt> {
    elements.iter().copied().map(felt).collect()
}

/// The library's form of a digest.
pub fn hash_out(digest: Digest) -> HashOut<F> {
    HashOut { elements: digest.0.map(element) }
}

/// The digest of the library's form.
pub fn digest(hash: HashOut<F>) -> Digest {
    Digest(hash.elements.map(felt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parth_crypto::poseidon;
    use plonky2::hash::poseidon::Poseidon;
    use proptest::prelude::*;

    fn any_felt() -> impl Strategy<Value = Felt> {
        prop_oneof![any::<u64>().prop_map(Felt::reduce), (1u64..4).prop_map(|x| Felt::constant(Felt::ORDER - x))]
    }

    proptest! {
        #[test]
        fn our_permutation_equals_that_of_the_library(state in prop::array::uniform12(any_felt())) {
            let mut ours = state;
            poseidon::permute(&mut ours);
            let library = <F as Poseidon>::poseidon(state.map(element));
            prop_assert_eq!(ours, library.map(felt));
        }

        #[test]
        fn felts_survive_the_way_there_and_back(felts in prop::array::uniform4(any_felt())) {
            prop_assert_eq!(digest(hash_out(Digest(felts))), Digest(felts));
        }
    }
}
