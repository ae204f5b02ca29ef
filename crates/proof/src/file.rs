//! `checkpoint-<n>.proof`: one checkpoint proof as a file that says what it is.
//!
//! ```text
//!   8 bytes    "PARTHCKP"
//!   4          format version, little endian: 1
//!   32         digest of the circuit set that it was proven with
//!   the rest   the canonical bytes of a proof of the class `checkpoint`
//! ```
//! A file has exactly one length and every byte of it matters, so none can be changed, dropped or added unnoticed. The
//! digest of the circuit set proves nothing; it tells an honest user why a proof is not accepted.

use parth_crypto::Digest;
use thiserror::Error;

use crate::{ClassData, DecodeError, Proof};

/// What every file starts with.
pub const MAGIC: [u8; 8] = *b"PARTHCKP";
/// The version of the format.
pub const VERSION: u32 = 1;
/// Bytes before the proof.
pub const HEADER_LEN: usize = MAGIC.len() + 4 + 32;

/// Why bytes are not the file of a checkpoint proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// They do not start as every such file does.
    #[error("not a checkpoint proof: it does not start with {}", MAGIC.escape_ascii())]
    Magic,
    /// The format is of another version.
    #[error("a checkpoint proof in format {actual}, this program reads format {VERSION}")]
    Version {
        /// The version found.
        actual: u32,
    },
    /// Proven with other circuits.
    #[error("a proof of another circuit set: it names {actual}, this program has {expected}")]
    Circuits {
        /// The circuits of this program.
        expected: Digest,
        /// The digest in the file; not always canonical.
        actual: String,
    },
    /// More or fewer bytes than every such file has.
    #[error("a checkpoint proof is {expected} bytes, this is {actual}: {}", cut(*expected, *actual))]
    Length {
        /// Bytes of every file.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// The proof in it is not one.
    #[error(transparent)]
    Proof(#[from] DecodeError),
}

fn cut(expected: usize, actual: usize) -> &'static str {
    if actual < expected { "truncated" } else { "extended" }
}

/// Bytes of every file.
pub fn file_len() -> usize {
    HEADER_LEN + ClassData::checkpoint().proof_len()
}

/// The file of a checkpoint proof. `circuits` is the digest of the circuit set that proved it.
pub fn encode(circuits: Digest, proof: &Proof) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(file_len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(circuits.to_bytes());
    bytes.extend(proof.to_bytes());
    bytes
}

/// The proof in a file. Accepts exactly what [`encode`] writes with the same circuits; the proof is not verified.
pub fn decode(circuits: Digest, bytes: &[u8]) -> Result<Proof, FileError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(FileError::Magic)?;
    let length = FileError::Length { expected: file_len(), actual: bytes.len() };
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(|| length.clone())?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(FileError::Version { actual: version });
    }
    let (found, proof) = rest.split_first_chunk::<32>().ok_or_else(|| length.clone())?;
    if *found != circuits.to_bytes() {
        let digits: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        let actual = format!("0x{digits}");
        return Err(FileError::Circuits { expected: circuits, actual });
    }
    if bytes.len() != file_len() {
        return Err(length);
    }
    Ok(Proof::from_bytes(ClassData::checkpoint(), proof)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u32, circuits: Digest) -> Vec<u8> {
        [&MAGIC[..], &version.to_le_bytes(), &circuits.to_bytes()].concat()
    }

    #[test]
    fn what_is_no_such_file_is_told_apart_from_a_file_of_other_circuits() {
        let ours = Digest::from([1, 2, 3, 4]);
        for garbage in [&b""[..], b"PARTHCK", b"{}", &[0xff; 200]] {
            assert_eq!(decode(ours, garbage), Err(FileError::Magic));
        }
        assert_eq!(decode(ours, &header(2, ours)), Err(FileError::Version { actual: 2 }));
        let other = decode(ours, &header(VERSION, Digest::from([9; 4])));
        assert!(matches!(&other, Err(FileError::Circuits { .. })), "{other:?}");
        assert!(other.unwrap_err().to_string().starts_with("a proof of another circuit set"));
        for len in [MAGIC.len(), MAGIC.len() + 3, HEADER_LEN - 1, HEADER_LEN] {
            let cut = decode(ours, &header(VERSION, ours)[..len]);
            assert_eq!(cut, Err(FileError::Length { expected: file_len(), actual: len }));
        }
    }

    #[test]
    fn felts_above_the_order_behind_a_good_header_are_refused() {
        let ours = Digest::from([1, 2, 3, 4]);
        let mut bytes = header(VERSION, ours);
        bytes.resize(file_len(), 0xff);
        assert!(matches!(decode(ours, &bytes), Err(FileError::Proof(_))));
    }
}
