//! [`Scalar`]: an integer modulo the order n of the EcGFp5 group.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

use thiserror::Error;
use zeroize::Zeroize;

/// Digits in base 16 of a scalar.
pub(super) const DIGITS: usize = 80;

/// An integer modulo the group order n, a prime slightly below 2^319. Always canonical.
///
/// Operations take the same time for all values. `Debug` shows nothing, since most scalars are secret.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scalar([u64; 5]);

/// Why bytes are not a scalar.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScalarError {
    /// The integer is not below the group order.
    #[error("scalar is not below the group order")]
    NotCanonical,
}

/// −1/n modulo 2^64.
const MINUS_INVERSE: u64 = 0xd78b_ef72_057b_7bdf;
/// 2^320 mod n.
const R: [u64; 5] =
    [0x2fe0_4cd2_d6e8_003e, 0x2eef_478c_51b6_bec6, 0x0000_0032_608f_f38c, 0x0000_001d_ffff_ffd3, 0x0000_0004_ffff_fff1];
/// 2^640 mod n.
const R2: [u64; 5] =
    [0xa010_01dc_e33d_c739, 0x6c32_28d3_3f62_accf, 0xd1d7_96cc_91cf_8525, 0xaadf_ff5d_1574_c1d8, 0x4aca_13b2_8ca2_51f5];

impl Scalar {
    /// The group order n, least significant limb first.
    pub const ORDER: [u64; 5] = [
        0xe80f_d996_948b_ffe1,
        0xe888_5c39_d724_a09c,
        0x7fff_ffe6_cfb8_0639,
        0x7fff_fff1_0000_0016,
        0x7fff_fffd_8000_0007,
    ];
    /// The neutral element of addition.
    pub const ZERO: Scalar = Scalar([0; 5]);
    /// The neutral element of multiplication.
    pub const ONE: Scalar = Scalar([1, 0, 0, 0, 0]);

    /// The scalar of an integer below 2^128.
    pub const fn from_u128(value: u128) -> Scalar {
        Scalar([value as u64, (value >> 64) as u64, 0, 0, 0])
    }

    /// The 40 canonical bytes, little endian.
    pub fn to_bytes(&self) -> [u8; 40] {
        let mut out = [0u8; 40];
        for (chunk, limb) in out.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        out
    }

    /// The scalar of 40 canonical bytes; integers at or above the group order are refused.
    pub fn from_bytes(bytes: &[u8; 40]) -> Result<Scalar, ScalarError> {
        let limbs = read(bytes);
        let (_, borrow) = subtract(limbs, Scalar::ORDER);
        if borrow == 1 { Ok(Scalar(limbs)) } else { Err(ScalarError::NotCanonical) }
    }

    /// The integer of 64 bytes, little endian, modulo n. For uniform bytes the result is uniform up to 2^-192.
    pub fn reduce(bytes: &[u8; 64]) -> Scalar {
        let mut low = [0u8; 40];
        let mut high = [0u8; 40];
        low.copy_from_slice(&bytes[..40]);
        high[..24].copy_from_slice(&bytes[40..]);
        let out = product(read(&low), Scalar::ONE.0) + product(read(&high), R);
        low.zeroize();
        high.zeroize();
        out
    }

    /// Is this zero?
    pub fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |bits, limb| bits | limb) == 0
    }

    /// The multiplicative inverse, or nothing for zero. Fermat: x^(n − 2).
    pub fn inverse(&self) -> Option<Scalar> {
        let mut exponent = Scalar::ORDER;
        exponent[0] -= 2;
        let power = (0..320).rev().fold(Scalar::ONE, |power, bit| {
            let square = power * power;
            if exponent[bit / 64] >> (bit % 64) & 1 == 1 { square * *self } else { square }
        });
        (!self.is_zero()).then_some(power)
    }

    /// The five 64-bit limbs of the integer, least significant first.
    pub fn limbs(&self) -> [u64; 5] {
        self.0
    }

    /// Digit `index` in base 16, least significant first.
    pub fn digit(&self, index: usize) -> u8 {
        (self.0[index / 16] >> (4 * (index % 16))) as u8 & 15
    }
}

fn read(bytes: &[u8; 40]) -> [u64; 5] {
    let mut limbs = [0u64; 5];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_le_bytes(*chunk);
    }
    limbs
}

/// a − b modulo 2^320, and the borrow.
fn subtract(a: [u64; 5], b: [u64; 5]) -> ([u64; 5], u64) {
    let mut out = [0u64; 5];
    let mut borrow = 0u64;
    for i in 0..5 {
        let wide = u128::from(a[i]).wrapping_sub(u128::from(b[i])).wrapping_sub(u128::from(borrow));
        out[i] = wide as u64;
        borrow = (wide >> 127) as u64;
    }
    (out, borrow)
}

/// a + (b where `mask` is all ones) modulo 2^320.
fn add_masked(a: [u64; 5], b: [u64; 5], mask: u64) -> [u64; 5] {
    let mut out = [0u64; 5];
    let mut carry = 0u128;
    for i in 0..5 {
        let wide = u128::from(a[i]) + u128::from(b[i] & mask) + carry;
        out[i] = wide as u64;
        carry = wide >> 64;
    }
    out
}

/// The value modulo n, for values below 2n.
fn reduce_once(limbs: [u64; 5]) -> Scalar {
    let (difference, borrow) = subtract(limbs, Scalar::ORDER);
    Scalar(add_masked(difference, Scalar::ORDER, 0u64.wrapping_sub(borrow)))
}

/// a · b / 2^320 modulo n, for a below 2^320 and b below n (Montgomery).
fn montgomery(a: [u64; 5], b: [u64; 5]) -> Scalar {
    let n = Scalar::ORDER;
    let mut t = [0u64; 7];
    for i in 0..5 {
        let mut carry = 0u128;
        for j in 0..5 {
            let wide = u128::from(t[j]) + u128::from(a[j]) * u128::from(b[i]) + carry;
            t[j] = wide as u64;
            carry = wide >> 64;
        }
        let wide = u128::from(t[5]) + carry;
        (t[5], t[6]) = (wide as u64, (wide >> 64) as u64);

        let factor = u128::from(t[0].wrapping_mul(MINUS_INVERSE));
        let mut carry = (u128::from(t[0]) + factor * u128::from(n[0])) >> 64;
        for j in 1..5 {
            let wide = u128::from(t[j]) + factor * u128::from(n[j]) + carry;
            t[j - 1] = wide as u64;
            carry = wide >> 64;
        }
        let wide = u128::from(t[5]) + carry;
        t[4] = wide as u64;
        t[5] = t[6] + (wide >> 64) as u64;
    }
    // (2^320 · n + 2^320 · n) / 2^320 = 2n bounds the result, and 2n fits five limbs.
    reduce_once([t[0], t[1], t[2], t[3], t[4]])
}

/// a · b modulo n, for a below 2^320 and b below n.
fn product(a: [u64; 5], b: [u64; 5]) -> Scalar {
    montgomery(montgomery(a, b).0, R2)
}

impl Add for Scalar {
    type Output = Scalar;
    fn add(self, other: Scalar) -> Scalar {
        reduce_once(add_masked(self.0, other.0, u64::MAX))
    }
}

impl Sub for Scalar {
    type Output = Scalar;
    fn sub(self, other: Scalar) -> Scalar {
        let (difference, borrow) = subtract(self.0, other.0);
        Scalar(add_masked(difference, Scalar::ORDER, 0u64.wrapping_sub(borrow)))
    }
}

impl Neg for Scalar {
    type Output = Scalar;
    fn neg(self) -> Scalar {
        Scalar::ZERO - self
    }
}

impl Mul for Scalar {
    type Output = Scalar;
    fn mul(self, other: Scalar) -> Scalar {
        product(self.0, other.0)
    }
}

impl Zeroize for Scalar {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(hidden)")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::ecgfp5) fn scalar() -> impl Strategy<Value = Scalar> {
        prop_oneof![
            8 => any::<([u8; 32], [u8; 32])>().prop_map(|(a, b)| Scalar::reduce(&[a, b].concat().try_into().unwrap())),
            1 => any::<u128>().prop_map(Scalar::from_u128),
            1 => (1u128..5).prop_map(|small| -Scalar::from_u128(small)),
            1 => Just(Scalar::ZERO),
        ]
    }

    proptest! {
        #[test]
        fn scalars_are_a_commutative_ring(a in scalar(), b in scalar(), c in scalar()) {
            prop_assert_eq!(a * b, b * a);
            prop_assert_eq!((a * b) * c, a * (b * c));
            prop_assert_eq!(a * (b + c), a * b + a * c);
            prop_assert_eq!(a - b, a + -b);
            prop_assert_eq!(a * Scalar::ONE, a);
            prop_assert_eq!(Scalar::from_bytes(&a.to_bytes()), Ok(a));
        }

        #[test]
        fn an_inverse_multiplies_to_one(a in scalar()) {
            match a.inverse() {
                Some(inverse) => prop_assert_eq!(a * inverse, Scalar::ONE),
                None => prop_assert!(a.is_zero()),
            }
        }

        #[test]
        fn small_products_are_those_of_integers(a in any::<u64>(), b in any::<u64>()) {
            let product = Scalar::from_u128(u128::from(a)) * Scalar::from_u128(u128::from(b));
            prop_assert_eq!(product, Scalar::from_u128(u128::from(a) * u128::from(b)));
        }
    }

    fn limbs_to_bytes(limbs: [u64; 5]) -> [u8; 40] {
        Scalar(limbs).to_bytes()
    }

    #[test]
    fn integers_at_or_above_the_order_are_refused() {
        let mut last = Scalar::ORDER;
        last[0] -= 1;
        assert_eq!(Scalar::from_bytes(&limbs_to_bytes(last)), Ok(-Scalar::ONE));
        assert_eq!(Scalar::from_bytes(&limbs_to_bytes(Scalar::ORDER)), Err(ScalarError::NotCanonical));
        assert_eq!(Scalar::from_bytes(&[0xff; 40]), Err(ScalarError::NotCanonical));
    }

    /// Published with the reference implementation: a 512-bit integer, its residue, the residue to the power of 256.
    #[test]
    fn known_answers() {
        let wide = concat!(
            "0xb5dd28b8d29b6ff815653f89db7ba9de337da8278226b4d69e1ffa973d9e019c",
            "77c9635cb834d81a4dcb034862cdeec98ec8c9a7b36edace18751bdd4f9467b5"
        );
        let residue = Scalar::reduce(&crate::hex::decode(wide).unwrap());
        let expected = "0x89017a52bddf4560ce5bbae55d25965a0a4f0a271a7ae81d7dbfe3e3fa5e17e044d9a5379bf83874";
        assert_eq!(crate::hex::encode(&residue.to_bytes()), expected);
        let power = (0..8).fold(residue, |power, _| power * power);
        let expected = "0x277e2cab6dad8da01544020ffad54f15bf6d1d762273cdda23fe5aedca75d7040566873d375b2413";
        assert_eq!(crate::hex::encode(&power.to_bytes()), expected);
    }
}
