//! The library's felts as plain integers, which is what kernels compute with: the only `unsafe` code of this crate.

// Each use has its reason.
#![allow(unsafe_code)]

use crate::F;

const _: () = assert!(size_of::<F>() == size_of::<u64>() && align_of::<F>() == align_of::<u64>());

/// The integers that the library keeps for its felts; any representatives.
pub(crate) fn words(felts: &[F]) -> &[u64] {
    // SAFETY: `F` is `repr(transparent)` over `u64`, so a slice of one has the layout of a slice of the other, and every
    // `u64` is a valid value of both. The lifetime is that of the argument.
    unsafe { std::slice::from_raw_parts(felts.as_ptr().cast(), felts.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::field::types::Field;

    #[test]
    fn words_are_what_a_copy_felt_by_felt_gives() {
        let felts: Vec<F> = (0..100).map(|n| F::NEG_ONE * F::from_canonical_u64(n)).collect();
        let copied: Vec<u64> = felts.iter().map(|felt| felt.0).collect();
        assert_eq!(words(&felts), copied);
        assert!(words(&[]).is_empty());
    }
}
