//! [`Fp5`]: the extension of degree five of the Goldilocks field, polynomials in z modulo z^5 − 3.

use std::ops::{Add, Mul, Neg, Sub};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::felt::Felt;

/// z^5 in the extension.
const Z5: u32 = 3;

/// 3^((p − 1) / 5): Frobenius multiplies z by this fifth root of unity.
const FIFTH_ROOT: Felt = Felt::constant(1041288259238279555);

/// An element of the quintic extension: the coefficients of 1, z, z², z³, z⁴.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Fp5(pub [Felt; 5]);

/// Why bytes are not an element of the quintic extension.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fp5Error {
    /// A coefficient is not below the order of the Goldilocks field.
    #[error("coefficient {index} is {value}, not below the field order")]
    NotCanonical {
        /// Which of the five coefficients.
        index: usize,
        /// The integer found there.
        value: u64,
    },
}

impl Fp5 {
    /// The neutral element of addition.
    pub const ZERO: Fp5 = Fp5([Felt::ZERO; 5]);
    /// The neutral element of multiplication.
    pub const ONE: Fp5 = Fp5([Felt::ONE, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO]);

    /// The element of five canonical integers, for constants and tables.
    ///
    /// # Panics
    /// When an integer is not below the field order. Data goes through [`Fp5::from_bytes`].
    pub const fn constant(values: [u64; 5]) -> Fp5 {
        let mut felts = [Felt::ZERO; 5];
        let mut i = 0;
        while i < 5 {
            felts[i] = Felt::constant(values[i]);
            i += 1;
        }
        Fp5(felts)
    }

    /// The felt as an element of the extension.
    pub const fn from_felt(felt: Felt) -> Fp5 {
        Fp5([felt, Felt::ZERO, Felt::ZERO, Felt::ZERO, Felt::ZERO])
    }

    /// The 40 canonical bytes: five integers, little endian.
    pub fn to_bytes(self) -> [u8; 40] {
        let mut out = [0u8; 40];
        for (chunk, felt) in out.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&felt.as_u64().to_le_bytes());
        }
        out
    }

    /// The element of 40 canonical bytes; coefficients at or above the field order are refused.
    pub fn from_bytes(bytes: &[u8; 40]) -> Result<Fp5, Fp5Error> {
        let mut felts = [Felt::ZERO; 5];
        for (index, (felt, chunk)) in felts.iter_mut().zip(bytes.as_chunks::<8>().0).enumerate() {
            let value = u64::from_le_bytes(*chunk);
            *felt = Felt::new(value).ok_or(Fp5Error::NotCanonical { index, value })?;
        }
        Ok(Fp5(felts))
    }

    /// Is this zero?
    pub fn is_zero(self) -> bool {
        self == Fp5::ZERO
    }

    /// Twice this element.
    pub fn double(self) -> Fp5 {
        self + self
    }

    /// The square of this element.
    pub fn square(self) -> Fp5 {
        self * self
    }

    /// This element times a felt.
    pub fn scale(self, factor: Felt) -> Fp5 {
        Fp5(self.0.map(|felt| felt * factor))
    }

    /// This element times `factor · z`.
    pub(super) fn scale_z(self, factor: Felt) -> Fp5 {
        let [a0, a1, a2, a3, a4] = self.0;
        Fp5([a4 * Felt::from(Z5), a0, a1, a2, a3]).scale(factor)
    }

    /// This element to the power of p^`times`: the automorphism z ↦ root^`times` · z.
    fn frobenius(self, times: u64) -> Fp5 {
        let root = FIFTH_ROOT.pow(times);
        let mut power = Felt::ONE;
        Fp5(self.0.map(|felt| {
            let out = felt * power;
            power *= root;
            out
        }))
    }

    /// This element to the power of r − 1 = p + p² + p³ + p⁴: what multiplies it into the base field.
    fn cofactor(self) -> Fp5 {
        let two = self.frobenius(1) * self.frobenius(2);
        two * two.frobenius(2)
    }

    /// The multiplicative inverse, or nothing for zero. Itoh and Tsujii: a^(r − 1) / a^r, the divisor a felt.
    pub fn inverse(self) -> Option<Fp5> {
        let cofactor = self.cofactor();
        let norm = (cofactor * self).0[0];
        Some(cofactor.scale(norm.inverse()?))
    }

    fn pow(self, mut exponent: u64) -> Fp5 {
        let (mut base, mut out) = (self, Fp5::ONE);
        while exponent != 0 {
            if exponent & 1 == 1 {
                out = out * base;
            }
            base = base.square();
            exponent >>= 1;
        }
        out
    }

    /// Is this the square of some element? Zero is. The norm map keeps the answer, since r is odd.
    pub fn is_square(self) -> bool {
        let norm = (self.cofactor() * self).0[0];
        norm.is_zero() || norm.pow((Felt::ORDER - 1) / 2) == Felt::ONE
    }

    /// One of the two square roots, or nothing when this is not a square. Time depends on the value: public data only.
    ///
    /// With d = a^((p+1)/2), d^p · d^(p³) = a^((r−1)/2) =: e; then (e·a)² = a · a^r and a^r = e²·a is a felt.
    pub fn sqrt(self) -> Option<Fp5> {
        let power = self.pow(Felt::ORDER / 2 + 1);
        let half = power.frobenius(1) * power.frobenius(3);
        let lifted = half * self;
        let norm = (half * lifted).0[0];
        if norm.is_zero() {
            return Some(Fp5::ZERO);
        }
        let root = lifted.scale(felt_sqrt(norm)?.inverse()?);
        (root.square() == self).then_some(root)
    }

    /// `b` where `mask` is all ones, `a` where it is zero, without a branch.
    pub(super) fn select(mask: u64, a: Fp5, b: Fp5) -> Fp5 {
        Fp5(std::array::from_fn(|i| Felt::reduce((a.0[i].as_u64() & !mask) | (b.0[i].as_u64() & mask))))
    }
}

/// One of the square roots of a felt. Tonelli and Shanks, p − 1 = 2^32 · (2^32 − 1), 7 generates the field.
fn felt_sqrt(value: Felt) -> Option<Felt> {
    const ODD: u64 = 0xffff_ffff;
    let mut root_of_unity = Felt::constant(7).pow(ODD);
    let mut root = value.pow(ODD / 2 + 1);
    let mut rest = value.pow(ODD);
    let mut order = 32u32;
    while rest != Felt::ONE {
        // The least `steps` with rest^(2^steps) = 1.
        let mut steps = 0u32;
        let mut power = rest;
        while power != Felt::ONE {
            power *= power;
            steps += 1;
            if steps >= order {
                return None;
            }
        }
        let factor = root_of_unity.pow(1 << (order - steps - 1));
        root *= factor;
        root_of_unity = factor * factor;
        rest *= root_of_unity;
        order = steps;
    }
    Some(root)
}

impl Add for Fp5 {
    type Output = Fp5;
    fn add(self, other: Fp5) -> Fp5 {
        Fp5(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
}

impl Sub for Fp5 {
    type Output = Fp5;
    fn sub(self, other: Fp5) -> Fp5 {
        Fp5(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
}

impl Neg for Fp5 {
    type Output = Fp5;
    fn neg(self) -> Fp5 {
        Fp5(self.0.map(Neg::neg))
    }
}

impl Mul for Fp5 {
    type Output = Fp5;
    fn mul(self, other: Fp5) -> Fp5 {
        let (a, b) = (self.0, other.0);
        Fp5(std::array::from_fn(|k| {
            let (mut low, mut high) = (Felt::ZERO, Felt::ZERO);
            for i in 0..5 {
                if i <= k {
                    low += a[i] * b[k - i];
                } else {
                    high += a[i] * b[k + 5 - i];
                }
            }
            low + high * Felt::from(Z5)
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::ecgfp5) fn fp5() -> impl Strategy<Value = Fp5> {
        prop_oneof![
            8 => any::<[u64; 5]>().prop_map(|values| Fp5(values.map(Felt::reduce))),
            1 => any::<u64>().prop_map(|value| Fp5::from_felt(Felt::reduce(value))),
            1 => Just(Fp5::ZERO),
        ]
    }

    proptest! {
        #[test]
        fn the_extension_is_a_commutative_ring(a in fp5(), b in fp5(), c in fp5()) {
            prop_assert_eq!(a * b, b * a);
            prop_assert_eq!((a * b) * c, a * (b * c));
            prop_assert_eq!(a * (b + c), a * b + a * c);
            prop_assert_eq!(a - b, a + -b);
            prop_assert_eq!(a * Fp5::ONE, a);
        }

        #[test]
        fn an_inverse_multiplies_to_one(a in fp5()) {
            match a.inverse() {
                Some(inverse) => prop_assert_eq!(a * inverse, Fp5::ONE),
                None => prop_assert!(a.is_zero()),
            }
        }

        #[test]
        fn exactly_the_squares_have_roots(a in fp5()) {
            let square = a.square();
            let root = square.sqrt().unwrap();
            prop_assert!(square.is_square() && (root == a || root == -a));
            prop_assert_eq!(a.is_square(), a.sqrt().is_some());
        }

        #[test]
        fn frobenius_is_the_power_of_p(a in fp5()) {
            prop_assert_eq!(a.frobenius(1), a.pow(Felt::ORDER));
            prop_assert_eq!(a.frobenius(5), a);
        }
    }

    #[test]
    fn z_to_the_fifth_is_three() {
        let z = Fp5::constant([0, 1, 0, 0, 0]);
        assert_eq!(z.pow(5), Fp5::from_felt(Felt::constant(3)));
        assert_eq!(Fp5::ONE.scale_z(Felt::ONE), z);
    }

    #[test]
    fn bytes_with_a_coefficient_at_the_order_are_refused() {
        let mut bytes = Fp5::ONE.to_bytes();
        assert_eq!(Fp5::from_bytes(&bytes), Ok(Fp5::ONE));
        bytes[32..].copy_from_slice(&Felt::ORDER.to_le_bytes());
        assert_eq!(Fp5::from_bytes(&bytes), Err(Fp5Error::NotCanonical { index: 4, value: Felt::ORDER }));
    }
}
