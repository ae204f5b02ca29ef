//! [`Digest`]: four felts, the output of every hash.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::felt::Felt;
use crate::hex::{self, HexError};

/// Four felts. Shown as `0x` and 64 hexadecimal digits of its 32 canonical bytes (each felt little endian).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Digest(pub [Felt; 4]);

/// Why bytes or a text are not a digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DigestError {
    /// The text is not `0x` and 64 digits.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// One of the four integers is not below the field order.
    #[error("felt {index} of the digest is {value}, not below the field order")]
    NotCanonical {
        /// Position of the felt, 0 to 3.
        index: usize,
        /// The integer found there.
        value: u64,
    },
}

impl Digest {
    /// Four zero felts: the empty leaf of every tree, the empty stack, the empty effect.
    pub const ZERO: Digest = Digest([Felt::ZERO; 4]);

    /// Is this the zero digest?
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The 32 canonical bytes: four integers, little endian.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut out = [0u8; 32];
        for (chunk, felt) in out.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&felt.as_u64().to_le_bytes());
        }
        out
    }

    /// The digest of 32 canonical bytes; felts at or above the order are refused.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Digest, DigestError> {
        let mut felts = [Felt::ZERO; 4];
        for (index, (felt, chunk)) in felts.iter_mut().zip(bytes.as_chunks::<8>().0).enumerate() {
            let value = u64::from_le_bytes(*chunk);
            *felt = Felt::new(value).ok_or(DigestError::NotCanonical { index, value })?;
        }
        Ok(Digest(felts))
    }

    /// `0x` and the first eight digits, for lines that people read.
    pub fn short(&self) -> String {
        hex::encode(&self.to_bytes()[..4])
    }
}

impl From<[u64; 4]> for Digest {
    /// For constants in tests and tables.
    ///
    /// # Panics
    /// When a value is not below the field order.
    fn from(values: [u64; 4]) -> Digest {
        Digest(values.map(Felt::constant))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.to_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Digest, DigestError> {
        Digest::from_bytes(&hex::decode(text)?)
    }
}

/// Text formats get the `0x` form, binary ones the four felts.
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            Serialize::serialize(&self.0, serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        if deserializer.is_human_readable() {
            <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            Ok(Digest(<[Felt; 4] as Deserialize>::deserialize(deserializer)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_nothing_else_is_read() {
        let digest = Digest::from([1, 2, 3, Felt::ORDER - 1]);
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert_eq!(Digest::from_bytes(&digest.to_bytes()).unwrap(), digest);
        assert_eq!(borsh::to_vec(&digest).unwrap(), digest.to_bytes());
        let above = format!("0x{}", "f".repeat(64));
        assert!(matches!(above.parse::<Digest>(), Err(DigestError::NotCanonical { index: 0, .. })));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
        assert!("0x12".parse::<Digest>().is_err());
    }
}
