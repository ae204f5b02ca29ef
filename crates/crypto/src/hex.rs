//! `0x` and lower-case hexadecimal: the text form of digests, keys and other fixed bytes.

use thiserror::Error;

/// Why a text is not the hexadecimal form of a fixed number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HexError {
    /// The `0x` prefix is missing.
    #[error("expected the prefix 0x")]
    Prefix,
    /// The number of digits is wrong.
    #[error("expected {expected} hexadecimal digits after 0x, got {actual}")]
    Length {
        /// Digits that the type needs.
        expected: usize,
        /// Digits that the text has.
        actual: usize,
    },
    /// A character is not one of `0-9a-f`.
    #[error("not a lower-case hexadecimal digit at position {0}")]
    Digit(usize),
}

/// `0x` followed by two lower-case digits a byte.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 + 2 * bytes.len());
    out.push_str("0x");
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    out
}

/// The exact inverse of [`encode`] for `N` bytes; every other text is refused.
pub fn decode<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let digits = text.strip_prefix("0x").ok_or(HexError::Prefix)?.as_bytes();
    if digits.len() != 2 * N {
        return Err(HexError::Length { expected: 2 * N, actual: digits.len() });
    }
    let mut out = [0u8; N];
    for (i, &digit) in digits.iter().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(HexError::Digit(i + 2)),
        };
        out[i / 2] = out[i / 2] << 4 | value;
    }
    Ok(out)
}
