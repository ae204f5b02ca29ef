//! [`Felt`]: an element of the Goldilocks field, p = 2^64 − 2^32 + 1.

use std::fmt;
use std::io;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An element of the Goldilocks field. Always canonical: the inner value is below [`Felt::ORDER`], so equality of
/// felts is equality of bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Felt(u64);

/// 2^64 mod p, the correction after a carry out of 64 bits.
pub(crate) const EPSILON: u64 = 0xffff_ffff;

impl Felt {
    /// The order p of the field.
    pub const ORDER: u64 = 0xffff_ffff_0000_0001;
    /// The neutral element of addition.
    pub const ZERO: Felt = Felt(0);
    /// The neutral element of multiplication.
    pub const ONE: Felt = Felt(1);

    /// The felt of a canonical integer, or nothing when `value` is not below p.
    pub const fn new(value: u64) -> Option<Felt> {
        if value < Self::ORDER { Some(Felt(value)) } else { None }
    }

    /// The felt of a constant that is known to be below p.
    ///
    /// # Panics
    /// When `value` is not below p. For constants and for values of a narrower type; data goes through [`Felt::new`].
    pub const fn constant(value: u64) -> Felt {
        assert!(value < Self::ORDER, "constant is not below the field order");
        Felt(value)
    }

    /// The integer modulo p. For values that are uniform or wrapped on purpose (hash output, seeds), never for input.
    pub const fn reduce(value: u64) -> Felt {
        if value < Self::ORDER { Felt(value) } else { Felt(value - Self::ORDER) }
    }

    /// The canonical integer.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Is this zero?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// This felt to the power of `exponent`.
    pub fn pow(self, mut exponent: u64) -> Felt {
        let (mut base, mut out) = (self, Felt::ONE);
        while exponent != 0 {
            if exponent & 1 == 1 {
                out *= base;
            }
            base *= base;
            exponent >>= 1;
        }
        out
    }

    /// The multiplicative inverse, or nothing for zero. Fermat: x^(p−2).
    pub fn inverse(self) -> Option<Felt> {
        if self.is_zero() { None } else { Some(self.pow(Self::ORDER - 2)) }
    }

    /// The product of two felts as an integer below 2^128, reduced modulo p.
    /// Uses 2^64 = 2^32 − 1 and 2^96 = −1 modulo p.
    pub(crate) const fn reduce_u128(value: u128) -> Felt {
        let low = value as u64;
        let high = (value >> 64) as u64;
        let (high_high, high_low) = (high >> 32, high & EPSILON);
        let (mut sum, borrow) = low.overflowing_sub(high_high);
        if borrow {
            sum = sum.wrapping_sub(EPSILON);
        }
        let (mut out, carry) = sum.overflowing_add(high_low * EPSILON);
        if carry {
            // `out` is below 2^64 − 2^32 here, so this cannot carry again.
            out = out.wrapping_add(EPSILON);
        }
        Felt::reduce(out)
    }
}

impl Add for Felt {
    type Output = Felt;
    fn add(self, other: Felt) -> Felt {
        let (sum, carry) = self.0.overflowing_add(other.0);
        if carry { Felt(sum.wrapping_add(EPSILON)) } else { Felt::reduce(sum) }
    }
}

impl Sub for Felt {
    type Output = Felt;
    fn sub(self, other: Felt) -> Felt {
        let (difference, borrow) = self.0.overflowing_sub(other.0);
        if borrow { Felt(difference.wrapping_add(Self::ORDER)) } else { Felt(difference) }
    }
}

impl Mul for Felt {
    type Output = Felt;
    fn mul(self, other: Felt) -> Felt {
        Felt::reduce_u128(u128::from(self.0) * u128::from(other.0))
    }
}

impl Neg for Felt {
    type Output = Felt;
    fn neg(self) -> Felt {
        Felt::ZERO - self
    }
}

impl AddAssign for Felt {
    fn add_assign(&mut self, other: Felt) {
        *self = *self + other;
    }
}

impl SubAssign for Felt {
    fn sub_assign(&mut self, other: Felt) {
        *self = *self - other;
    }
}

impl MulAssign for Felt {
    fn mul_assign(&mut self, other: Felt) {
        *self = *self * other;
    }
}

impl Sum for Felt {
    fn sum<I: Iterator<Item = Felt>>(felts: I) -> Felt {
        felts.fold(Felt::ZERO, Add::add)
    }
}

impl Product for Felt {
    fn product<I: Iterator<Item = Felt>>(felts: I) -> Felt {
        felts.fold(Felt::ONE, Mul::mul)
    }
}

impl From<bool> for Felt {
    fn from(value: bool) -> Felt {
        Felt(u64::from(value))
    }
}

impl From<u8> for Felt {
    fn from(value: u8) -> Felt {
        Felt(u64::from(value))
    }
}

impl From<u16> for Felt {
    fn from(value: u16) -> Felt {
        Felt(u64::from(value))
    }
}

impl From<u32> for Felt {
    fn from(value: u32) -> Felt {
        Felt(u64::from(value))
    }
}

impl fmt::Debug for Felt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Felt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Canonical bytes: the integer, 8 bytes, little endian. Reading refuses values that are not below p.
impl BorshSerialize for Felt {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        BorshSerialize::serialize(&self.0, writer)
    }
}

impl BorshDeserialize for Felt {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Felt> {
        let value = u64::deserialize_reader(reader)?;
        Felt::new(value).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("felt {value} is not below the field order"))
        })
    }
}

/// Text formats get a decimal string, since JavaScript numbers lose integers above 2^53; binary ones get a `u64`.
impl Serialize for Felt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(&self.0) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Felt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Felt, D::Error> {
        let value = if deserializer.is_human_readable() {
            let text = <String as Deserialize>::deserialize(deserializer)?;
            let value: u64 = text.parse().map_err(de::Error::custom)?;
            if value.to_string() != text {
                return Err(de::Error::custom("not the canonical decimal form of an integer"));
            }
            value
        } else {
            <u64 as Deserialize>::deserialize(deserializer)?
        };
        Felt::new(value).ok_or_else(|| de::Error::custom(format!("felt {value} is not below the field order")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn felt() -> impl Strategy<Value = Felt> {
        prop_oneof![
            8 => any::<u64>().prop_map(Felt::reduce),
            1 => (0u64..4).prop_map(Felt::reduce),
            1 => (1u64..4).prop_map(|x| Felt::constant(Felt::ORDER - x)),
            1 => (0u64..4).prop_map(|x| Felt::constant(EPSILON - 1 + x)),
        ]
    }

    fn modulo(value: u128) -> u64 {
        (value % u128::from(Felt::ORDER)) as u64
    }

    proptest! {
        #[test]
        fn arithmetic_equals_integers_modulo_the_order(a in felt(), b in felt()) {
            let (x, y, p) = (u128::from(a.as_u64()), u128::from(b.as_u64()), u128::from(Felt::ORDER));
            prop_assert_eq!((a + b).as_u64(), modulo(x + y));
            prop_assert_eq!((a - b).as_u64(), modulo(x + p - y));
            prop_assert_eq!((a * b).as_u64(), modulo(x * y));
            prop_assert_eq!((-a).as_u64(), modulo(p - x));
        }

        #[test]
        fn any_integer_below_two_to_the_128_reduces(value in any::<u128>()) {
            prop_assert_eq!(Felt::reduce_u128(value).as_u64(), modulo(value));
        }

        #[test]
        fn an_inverse_multiplies_to_one(a in felt()) {
            match a.inverse() {
                Some(inverse) => prop_assert_eq!(a * inverse, Felt::ONE),
                None => prop_assert!(a.is_zero()),
            }
        }
    }

    #[test]
    fn bytes_and_text_of_values_at_or_above_the_order_are_refused() {
        assert_eq!(Felt::new(Felt::ORDER), None);
        assert!(borsh::from_slice::<Felt>(&Felt::ORDER.to_le_bytes()).is_err());
        assert!(serde_json::from_str::<Felt>("\"18446744069414584321\"").is_err());
        assert!(serde_json::from_str::<Felt>("\"007\"").is_err());
        assert!(serde_json::from_str::<Felt>("\"+7\"").is_err());
        assert_eq!(serde_json::from_str::<Felt>("\"7\"").unwrap(), Felt::constant(7));
        assert_eq!(serde_json::to_string(&Felt::constant(7)).unwrap(), "\"7\"");
    }
}
