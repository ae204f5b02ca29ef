//! A secret key in a file, under a password.
//!
//! ```text
//!   password, salt ── Argon2id ──▶ file key ── XChaCha20-Poly1305(nonce, header) ──▶ 40 bytes of secret scalar
//! ```
//!
//! The file is JSON. Its checksum covers every field and tells damage apart from a wrong password: a file whose
//! checksum holds and whose ciphertext does not open was given the wrong password (or was altered by somebody who also
//! renewed the checksum). The parameters of Argon2id are read from the file, hence within fixed limits only, checked
//! before memory is touched. The header (all fields but the ciphertext) is authenticated.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::digest::Digest;
use crate::domain::Domain;
use crate::felt::Felt;
use crate::hash::hash;
use crate::hex;
use crate::schnorr::{PublicKey, SecretKey, words};

/// Version of the format that this code writes and the only one it reads.
pub const VERSION: u32 = 1;
/// Longest file that is parsed, in bytes; a keystore has about 800.
pub const MAX_FILE_BYTES: usize = 4096;
/// Least memory of Argon2id that is accepted, in KiB.
pub const MIN_MEMORY_KIB: u32 = 8 * 1024;
/// Most memory of Argon2id that is accepted, in KiB.
pub const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// Most passes of Argon2id over its memory that are accepted.
pub const MAX_PASSES: u32 = 16;
/// Most lanes of Argon2id that are accepted.
pub const MAX_LANES: u32 = 16;
/// Most memory times passes that is accepted, in KiB: bounds the time that a hostile file can take.
pub const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;

const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";

/// Cost of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// RFC 9106, second recommended option: 64 MiB, three passes, four lanes.
    pub const STANDARD: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
}

/// Unpredictable bytes for one sealing, never used twice.
pub struct Entropy {
    /// Salt of Argon2id.
    pub salt: [u8; 16],
    /// Nonce of XChaCha20-Poly1305.
    pub nonce: [u8; 24],
}

/// An encrypted secret key, as its file holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Keystore {
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; 24],
    public_key: PublicKey,
    ciphertext: [u8; 56],
}

/// Why a secret key cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The cost is outside the limits that reading enforces.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The machine has not enough memory for the cost.
    #[error("not enough memory for a key derivation of {0} KiB")]
    Memory(u32),
    /// The libraries refused, which valid parameters never cause.
    #[error("encryption failed")]
    Encryption,
}

/// Which limit a cost breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CostError {
    /// Memory outside its limits.
    #[error("key derivation asks for {0} KiB of memory, allowed are {MIN_MEMORY_KIB} to {MAX_MEMORY_KIB}")]
    Memory(u32),
    /// Passes outside their limits.
    #[error("key derivation asks for {0} passes, allowed are 1 to {MAX_PASSES}")]
    Passes(u32),
    /// Lanes outside their limits.
    #[error("key derivation asks for {0} lanes, allowed are 1 to {MAX_LANES}")]
    Lanes(u32),
    /// Memory times passes above the limit.
    #[error("key derivation asks for {0} KiB in all its passes, allowed are {MAX_WORK_KIB}")]
    Work(u64),
}

/// Why a file is not a keystore.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Longer than any keystore.
    #[error("{0} bytes, a keystore has at most {MAX_FILE_BYTES}")]
    TooLong(usize),
    /// Not JSON of the expected shape.
    #[error("not a keystore: {0}")]
    Shape(String),
    /// Another version of the format.
    #[error("keystore of version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// Another key derivation or cipher.
    #[error("unknown algorithm {actual}, expected {expected}")]
    Algorithm {
        /// The one this version uses.
        expected: &'static str,
        /// The one the file names.
        actual: String,
    },
    /// The cost is outside its limits.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The file was damaged.
    #[error("the file is damaged: its checksum is {actual}, expected {expected}")]
    Checksum {
        /// Checksum of the fields.
        expected: Digest,
        /// Checksum in the file.
        actual: Digest,
    },
}

/// Why a keystore does not open.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The ciphertext does not open under this password.
    #[error("wrong password")]
    WrongPassword,
    /// The machine has not enough memory for the key derivation.
    #[error("not enough memory for a key derivation of {0} KiB")]
    Memory(u32),
    /// What opened is not the secret of the public key in the file: whoever wrote it made it so.
    #[error("the sealed secret does not belong to public key {0}")]
    Mismatch(Box<PublicKey>),
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    version: u32,
    public_key: PublicKey,
    kdf: FileKdf,
    cipher: FileCipher,
    checksum: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileKdf {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileCipher {
    name: String,
    nonce: String,
    ciphertext: String,
}

impl Keystore {
    /// Seals a secret key under a password.
    pub fn seal(key: &SecretKey, password: &str, cost: Cost, entropy: Entropy) -> Result<Keystore, SealError> {
        check(cost)?;
        let Entropy { salt, nonce } = entropy;
        let mut keystore = Keystore { cost, salt, nonce, public_key: key.public(), ciphertext: [0; 56] };
        let cipher = keystore.cipher(password).ok_or(SealError::Memory(cost.memory_kib))?;
        let secret = key.to_bytes();
        let payload = Payload { msg: secret.as_slice(), aad: &keystore.header() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Encryption)?;
        keystore.ciphertext = sealed.try_into().map_err(|_| SealError::Encryption)?;
        Ok(keystore)
    }

    /// Opens the keystore.
    pub fn open(&self, password: &str) -> Result<SecretKey, OpenError> {
        let cipher = self.cipher(password).ok_or(OpenError::Memory(self.cost.memory_kib))?;
        let payload = Payload { msg: self.ciphertext.as_slice(), aad: &self.header() };
        let opened = cipher.decrypt(&XNonce::from(self.nonce), payload).map_err(|_| OpenError::WrongPassword)?;
        let opened = Zeroizing::new(opened);
        let mismatch = OpenError::Mismatch(Box::new(self.public_key));
        let mut bytes = Zeroizing::new([0u8; 40]);
        if opened.len() != bytes.len() {
            return Err(mismatch);
        }
        bytes.copy_from_slice(&opened);
        match SecretKey::from_bytes(&bytes) {
            Ok(key) if key.public() == self.public_key => Ok(key),
            _ => Err(mismatch),
        }
    }

    /// The public key, readable without the password.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let salt = hex::encode(&self.salt);
        let file = File {
            version: VERSION,
            public_key: self.public_key,
            kdf: FileKdf { name: KDF.into(), memory_kib, passes, lanes, salt },
            cipher: FileCipher {
                name: CIPHER.into(),
                nonce: hex::encode(&self.nonce),
                ciphertext: hex::encode(&self.ciphertext),
            },
            checksum: self.checksum(),
        };
        // Strings and numbers under string keys: serialisation has nothing to fail on.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// The keystore of the text of a file. Everything but the password is checked here.
    pub fn from_json(text: &str) -> Result<Keystore, ParseError> {
        if text.len() > MAX_FILE_BYTES {
            return Err(ParseError::TooLong(text.len()));
        }
        let shape = |error: &dyn fmt::Display| ParseError::Shape(error.to_string());
        // The version first: another version may have other fields.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(|error| shape(&error))?;
        if version != VERSION {
            return Err(ParseError::Version(version));
        }
        let file: File = serde_json::from_str(text).map_err(|error| shape(&error))?;
        for (expected, actual) in [(KDF, file.kdf.name), (CIPHER, file.cipher.name)] {
            if actual != expected {
                return Err(ParseError::Algorithm { expected, actual });
            }
        }
        let cost = Cost { memory_kib: file.kdf.memory_kib, passes: file.kdf.passes, lanes: file.kdf.lanes };
        check(cost)?;
        let keystore = Keystore {
            cost,
            salt: hex::decode(&file.kdf.salt).map_err(|error| shape(&error))?,
            nonce: hex::decode(&file.cipher.nonce).map_err(|error| shape(&error))?,
            public_key: file.public_key,
            ciphertext: hex::decode(&file.cipher.ciphertext).map_err(|error| shape(&error))?,
        };
        let expected = keystore.checksum();
        if file.checksum != expected {
            return Err(ParseError::Checksum { expected, actual: file.checksum });
        }
        Ok(keystore)
    }

    /// The fields before the ciphertext, of fixed length each: what the cipher authenticates beside it.
    fn header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        for number in [VERSION, self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.public_key.to_bytes());
        out
    }

    fn checksum(&self) -> Digest {
        let mut felts: Vec<Felt> = words(&self.header()).collect();
        felts.extend(words(&self.ciphertext));
        hash(Domain::Keystore, &felts)
    }

    /// The cipher under the key that the password derives, or nothing when memory does not suffice.
    fn cipher(&self, password: &str) -> Option<XChaCha20Poly1305> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).ok()?;
        // Allocated by hand: a machine without the memory answers with an error, not an abort.
        let mut memory: Vec<Block> = Vec::new();
        memory.try_reserve_exact(params.block_count()).ok()?;
        memory.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0u8; 32]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let derived =
            argon2.hash_password_into_with_memory(password.as_bytes(), &self.salt, key.as_mut_slice(), &mut memory);
        memory.iter_mut().for_each(Zeroize::zeroize);
        derived.ok()?;
        Some(XChaCha20Poly1305::new(&Key::from(*key)))
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keystore(sealed, public {})", self.public_key)
    }
}

fn check(cost: Cost) -> Result<(), CostError> {
    let Cost { memory_kib, passes, lanes } = cost;
    if !(MIN_MEMORY_KIB..=MAX_MEMORY_KIB).contains(&memory_kib) {
        return Err(CostError::Memory(memory_kib));
    }
    if !(1..=MAX_PASSES).contains(&passes) {
        return Err(CostError::Passes(passes));
    }
    if !(1..=MAX_LANES).contains(&lanes) {
        return Err(CostError::Lanes(lanes));
    }
    let work = u64::from(memory_kib) * u64::from(passes);
    if work > MAX_WORK_KIB {
        return Err(CostError::Work(work));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: MIN_MEMORY_KIB, passes: 1, lanes: 1 };

    fn key() -> SecretKey {
        SecretKey::from_entropy(&[3; 64]).unwrap()
    }

    fn sealed() -> Keystore {
        Keystore::seal(&key(), "correct horse", CHEAP, Entropy { salt: [1; 16], nonce: [2; 24] }).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_with_its_password_after_a_trip_through_text() {
        let read = Keystore::from_json(&sealed().to_json()).unwrap();
        assert_eq!(read, sealed());
        assert_eq!(read.open("correct horse").unwrap().to_bytes(), key().to_bytes());
    }

    #[test]
    fn a_wrong_password_and_a_damaged_file_are_told_apart() {
        let text = sealed().to_json();
        assert_eq!(sealed().open("correct house").unwrap_err(), OpenError::WrongPassword);
        let (mut refused, digits) = (0, b"0123456789abcdef");
        for (position, byte) in text.bytes().enumerate() {
            // Every hexadecimal digit and number, changed to another one.
            let Some(digit) = digits.iter().position(|&digit| digit == byte) else { continue };
            let mut damaged = text.clone().into_bytes();
            damaged[position] = digits[(digit + 1) % 10];
            if Keystore::from_json(std::str::from_utf8(&damaged).unwrap()).is_err() {
                refused += 1;
            } else {
                panic!("a change at byte {position} went unnoticed");
            }
        }
        assert!(refused > 300);
    }

    #[test]
    fn a_file_altered_with_its_checksum_renewed_does_not_open() {
        let alter: [fn(&mut Keystore); 5] = [
            |keystore| keystore.ciphertext[0] ^= 1,
            |keystore| keystore.salt[0] ^= 1,
            |keystore| keystore.nonce[0] ^= 1,
            |keystore| keystore.public_key = SecretKey::from_entropy(&[4; 64]).unwrap().public(),
            |keystore| keystore.cost.passes += 1,
        ];
        for alter in alter {
            let mut keystore = sealed();
            alter(&mut keystore);
            let keystore = Keystore::from_json(&keystore.to_json()).unwrap();
            assert_eq!(keystore.open("correct horse").unwrap_err(), OpenError::WrongPassword);
        }
    }

    #[test]
    fn costs_that_would_exhaust_the_machine_are_refused_before_they_run() {
        let parse = |cost: Cost| Keystore::from_json(&Keystore { cost, ..sealed() }.to_json()).unwrap_err();
        let cost = |memory_kib, passes, lanes| Cost { memory_kib, passes, lanes };
        assert_eq!(parse(cost(u32::MAX, 1, 1)), CostError::Memory(u32::MAX).into());
        assert_eq!(parse(cost(8, 1, 1)), CostError::Memory(8).into());
        assert_eq!(parse(cost(MIN_MEMORY_KIB, u32::MAX, 1)), CostError::Passes(u32::MAX).into());
        assert_eq!(parse(cost(MIN_MEMORY_KIB, 0, 1)), CostError::Passes(0).into());
        assert_eq!(parse(cost(MIN_MEMORY_KIB, 1, 1 << 20)), CostError::Lanes(1 << 20).into());
        assert_eq!(parse(cost(MAX_MEMORY_KIB, 16, 1)), CostError::Work(16 << 20).into());
        let sealed = Keystore::seal(&key(), "", cost(8, 1, 1), Entropy { salt: [0; 16], nonce: [0; 24] });
        assert_eq!(sealed.unwrap_err(), CostError::Memory(8).into());
        assert_eq!(check(Cost::STANDARD), Ok(()));
    }

    #[test]
    fn other_versions_algorithms_and_shapes_are_refused_by_name() {
        let text = sealed().to_json();
        let parse = |text: &str| Keystore::from_json(text).unwrap_err();
        assert_eq!(parse(&text.replace("\"version\": 1", "\"version\": 2")), ParseError::Version(2));
        assert_eq!(parse("{\"version\": 7, \"other\": true}"), ParseError::Version(7));
        let actual = "argon2d".to_string();
        assert_eq!(parse(&text.replace(KDF, "argon2d")), ParseError::Algorithm { expected: KDF, actual });
        assert!(matches!(parse("not json"), ParseError::Shape(_)));
        assert!(matches!(parse(&text.replace("lanes", "lines")), ParseError::Shape(_)));
        assert_eq!(parse(&" ".repeat(MAX_FILE_BYTES + 1)), ParseError::TooLong(MAX_FILE_BYTES + 1));
    }

    #[test]
    fn nothing_of_the_secret_is_in_the_file_or_in_what_is_shown() {
        let secret = hex::encode(key().to_bytes().as_slice());
        let shown = format!("{:?}\n{}", sealed(), sealed().to_json());
        assert!(!shown.contains(&secret[2..18]));
    }
}
