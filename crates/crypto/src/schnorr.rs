//! Schnorr signatures over EcGFp5 with a Poseidon challenge: the default key of a user.
//!
//! With secret x, public P = x·G and nonce k, R = k·G:
//!
//! ```text
//!   challenge e = h₀ + 2^64·h₁,  (h₀, h₁, …) = H(SchnorrChallenge, R ‖ P ‖ message), points encoded
//!   response  s = k − e·x mod n
//!   valid     ⇔  e is the challenge of R = s·G + e·P
//! ```
//!
//! A signature is (e, s), not (R, s). Both make circuits of the same size, since the circuit computes R either way; but
//! with (e, s) the only point that is ever decoded is the public key. R is a sum of group elements, so its coset and
//! curve equation need no rule of their own, and the signature is 24 bytes shorter. e is 128 bits: the two felts are
//! used whole, as the canonical integers below p that they are.

use std::fmt;
use std::io;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::digest::Digest;
use crate::domain::Domain;
use crate::ecgfp5::{Fp5, Fp5Error, Point, Scalar, ScalarError};
use crate::felt::Felt;
use crate::hash::hash;
use crate::hex::{self, HexError};

/// A secret key: a scalar that is not zero. Wiped when dropped, never shown. Signing takes the same time for all keys
/// as far as the compiler keeps to the source; copies in registers and on the stack are beyond its reach.
#[derive(Clone)]
pub struct SecretKey {
    scalar: Scalar,
    public: PublicKey,
}

/// A public key: an element of the group that is not neutral.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    encoded: Fp5,
}

/// A signature: challenge and response, both canonical.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The two felts h₀, h₁ of the challenge e = h₀ + 2^64·h₁.
    pub challenge: [Felt; 2],
    /// The response s.
    pub response: Scalar,
}

/// Why bytes are not a secret key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretKeyError {
    /// The integer is not below the group order.
    #[error(transparent)]
    Scalar(#[from] ScalarError),
    /// The integer is zero: its public key would be the neutral element, for which anybody signs.
    #[error("a secret key is never zero")]
    Zero,
}

/// Why bytes or text are not a public key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PublicKeyError {
    /// The text is not hexadecimal.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// A coefficient is not canonical.
    #[error(transparent)]
    Coefficient(#[from] Fp5Error),
    /// No element of the group has this encoding.
    #[error("no element of the group has the encoding {0:?}")]
    NotInGroup(Fp5),
    /// The encoding is that of the neutral element.
    #[error("the neutral element is not a public key")]
    Neutral,
}

/// Why bytes or text are not a signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureFormatError {
    /// The text is not hexadecimal.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// A felt of the challenge is not below the field order.
    #[error("felt {index} of the challenge is {value}, not below the field order")]
    Challenge {
        /// 0 or 1.
        index: usize,
        /// The integer found there.
        value: u64,
    },
    /// The response is not below the group order.
    #[error("response: {0}")]
    Response(#[from] ScalarError),
}

/// Why a signature is not one of this key on this message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The nonce point s·G + e·P is the neutral element, which the circuit cannot represent.
    #[error("the nonce point is the neutral element")]
    NeutralNonce,
    /// The challenge of the nonce point, key and message is another.
    #[error("challenge is {actual:?}, expected {expected:?}")]
    Challenge {
        /// What this key, message and nonce point hash to.
        expected: [Felt; 2],
        /// What the signature states.
        actual: [Felt; 2],
    },
}

impl SecretKey {
    /// The key of 40 canonical bytes of a scalar that is not zero.
    pub fn from_bytes(bytes: &[u8; 40]) -> Result<SecretKey, SecretKeyError> {
        SecretKey::new(Scalar::from_bytes(bytes)?)
    }

    /// The key of a scalar that is not zero.
    pub fn new(scalar: Scalar) -> Result<SecretKey, SecretKeyError> {
        // n is prime and the generator has order n, so only zero leads to the neutral element.
        let point = Point::base(&scalar);
        match PublicKey::from_point(point) {
            Ok(public) => Ok(SecretKey { scalar, public }),
            Err(_) => Err(SecretKeyError::Zero),
        }
    }

    /// The key of 64 uniform bytes, itself uniform up to 2^-192; bytes that lead to zero, probability
    /// 2^-319, are refused.
    pub fn from_entropy(bytes: &[u8; 64]) -> Result<SecretKey, SecretKeyError> {
        SecretKey::new(Scalar::reduce(bytes))
    }

    /// The canonical bytes of the secret scalar, wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 40]> {
        Zeroizing::new(self.scalar.to_bytes())
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a message. The nonce is a hash of the secret, the message and `entropy`: with any entropy at all, even
    /// zeros, no two messages share a nonce; fresh entropy also stops attacks that need the same signing run twice.
    pub fn sign(&self, message: Digest, entropy: &[u8; 32]) -> Signature {
        let mut attempt = Felt::ZERO;
        loop {
            let mut nonce = self.nonce(message, entropy, attempt);
            let point = Point::base(&nonce);
            if !point.is_neutral() {
                let challenge = challenge(point.encode(), self.public.encoded, message);
                let response = nonce - challenge_scalar(challenge) * self.scalar;
                nonce.zeroize();
                return Signature { challenge, response };
            }
            // A zero nonce, probability 2^-319.
            attempt += Felt::ONE;
        }
    }

    fn nonce(&self, message: Digest, entropy: &[u8; 32], attempt: Felt) -> Scalar {
        let secret = self.to_bytes();
        // Of full size from the start: growing would leave copies behind.
        let mut felts = Vec::with_capacity(29);
        felts.push(attempt);
        felts.extend(words(secret.as_slice()));
        felts.extend(self.public.encoded.0);
        felts.extend(message.0);
        felts.extend(words(entropy));
        wide_scalar(Domain::SchnorrNonce, &mut felts)
    }
}

/// A scalar from two digests of `felts`, 512 bits reduced modulo n. Wipes the felts.
pub(crate) fn wide_scalar(domain: Domain, felts: &mut Vec<Felt>) -> Scalar {
    let mut bytes = [0u8; 64];
    for (half, chunk) in (0u8..).zip(bytes.chunks_exact_mut(32)) {
        felts.push(Felt::from(half));
        chunk.copy_from_slice(&hash(domain, felts).to_bytes());
        felts.pop();
    }
    felts.fill(Felt::ZERO);
    std::hint::black_box(&felts);
    let scalar = Scalar::reduce(&bytes);
    bytes.zeroize();
    scalar
}

/// Bytes as felts of four bytes each, little endian.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = Felt> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| Felt::from(u32::from_le_bytes(*chunk)))
}

/// The two felts of the challenge of an encoded nonce point, an encoded public key and a message.
pub fn challenge(nonce_point: Fp5, public_key: Fp5, message: Digest) -> [Felt; 2] {
    let mut felts = [Felt::ZERO; 14];
    felts[..5].copy_from_slice(&nonce_point.0);
    felts[5..10].copy_from_slice(&public_key.0);
    felts[10..].copy_from_slice(&message.0);
    let digest = hash(Domain::SchnorrChallenge, &felts);
    [digest.0[0], digest.0[1]]
}

fn challenge_integer(challenge: [Felt; 2]) -> u128 {
    u128::from(challenge[0].as_u64()) | u128::from(challenge[1].as_u64()) << 64
}

fn challenge_scalar(challenge: [Felt; 2]) -> Scalar {
    Scalar::from_u128(challenge_integer(challenge))
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

impl ZeroizeOnDrop for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(hidden, public {})", self.public)
    }
}

impl PublicKey {
    fn from_point(point: Point) -> Result<PublicKey, PublicKeyError> {
        if point.is_neutral() {
            return Err(PublicKeyError::Neutral);
        }
        Ok(PublicKey { point, encoded: point.encode() })
    }

    /// The key of an encoding: it decodes to an element of the group that is not neutral.
    pub fn decode(encoded: Fp5) -> Result<PublicKey, PublicKeyError> {
        let point = Point::decode(encoded).ok_or(PublicKeyError::NotInGroup(encoded))?;
        if point.is_neutral() {
            return Err(PublicKeyError::Neutral);
        }
        Ok(PublicKey { point, encoded })
    }

    /// The key of 40 canonical bytes.
    pub fn from_bytes(bytes: &[u8; 40]) -> Result<PublicKey, PublicKeyError> {
        PublicKey::decode(Fp5::from_bytes(bytes)?)
    }

    /// The 40 canonical bytes.
    pub fn to_bytes(&self) -> [u8; 40] {
        self.encoded.to_bytes()
    }

    /// The canonical encoding of the point.
    pub fn encoded(&self) -> Fp5 {
        self.encoded
    }

    /// The point.
    pub fn point(&self) -> Point {
        self.point
    }

    /// The key parameter: the digest of the encoded point.
    pub fn parameter(&self) -> Digest {
        hash(Domain::SchnorrKey, &self.encoded.0)
    }

    /// The nonce point s·G + e·P that a signature stands for, whether or not it is valid.
    pub fn nonce_point(&self, signature: &Signature) -> Point {
        Point::base(&signature.response) + self.point.multiply_u128(challenge_integer(signature.challenge))
    }

    /// Is this a signature of this key on this message?
    pub fn verify(&self, message: Digest, signature: &Signature) -> Result<(), SignatureError> {
        let nonce_point = self.nonce_point(signature);
        if nonce_point.is_neutral() {
            return Err(SignatureError::NeutralNonce);
        }
        let expected = challenge(nonce_point.encode(), self.encoded, message);
        if expected != signature.challenge {
            return Err(SignatureError::Challenge { expected, actual: signature.challenge });
        }
        Ok(())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;
    fn from_str(text: &str) -> Result<PublicKey, PublicKeyError> {
        PublicKey::from_bytes(&hex::decode(text)?)
    }
}

impl BorshSerialize for PublicKey {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        BorshSerialize::serialize(&self.encoded, writer)
    }
}

impl BorshDeserialize for PublicKey {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<PublicKey> {
        let encoded = Fp5::deserialize_reader(reader)?;
        PublicKey::decode(encoded).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Text formats get the `0x` form, binary ones the five felts.
impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            Serialize::serialize(&self.encoded, serializer)
        }
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        if deserializer.is_human_readable() {
            <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            PublicKey::decode(<Fp5 as Deserialize>::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

impl Signature {
    /// The 56 canonical bytes: the two felts of the challenge, then the response, little endian.
    pub fn to_bytes(&self) -> [u8; 56] {
        let mut out = [0u8; 56];
        out[..8].copy_from_slice(&self.challenge[0].as_u64().to_le_bytes());
        out[8..16].copy_from_slice(&self.challenge[1].as_u64().to_le_bytes());
        out[16..].copy_from_slice(&self.response.to_bytes());
        out
    }

    /// The signature of 56 canonical bytes. Felts at or above p and responses at or above n are refused, so one
    /// signature has one form.
    pub fn from_bytes(bytes: &[u8; 56]) -> Result<Signature, SignatureFormatError> {
        let mut challenge = [Felt::ZERO; 2];
        for (index, (felt, chunk)) in challenge.iter_mut().zip(bytes.as_chunks::<8>().0).enumerate() {
            let value = u64::from_le_bytes(*chunk);
            *felt = Felt::new(value).ok_or(SignatureFormatError::Challenge { index, value })?;
        }
        let mut response = [0u8; 40];
        response.copy_from_slice(&bytes[16..]);
        Ok(Signature { challenge, response: Scalar::from_bytes(&response)? })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.to_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Signature {
    type Err = SignatureFormatError;
    fn from_str(text: &str) -> Result<Signature, SignatureFormatError> {
        Signature::from_bytes(&hex::decode(text)?)
    }
}

impl BorshSerialize for Signature {
    fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        BorshSerialize::serialize(&self.to_bytes(), writer)
    }
}

impl BorshDeserialize for Signature {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Signature> {
        let bytes = <[u8; 56]>::deserialize_reader(reader)?;
        Signature::from_bytes(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Text formats get the `0x` form, binary ones the 56 bytes.
impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.to_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        if deserializer.is_human_readable() {
            return <String as Deserialize>::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Signature;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the 56 bytes of a signature")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Signature, E> {
                let bytes = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
                Signature::from_bytes(bytes).map_err(E::custom)
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
#[path = "schnorr_tests.rs"]
mod tests;
