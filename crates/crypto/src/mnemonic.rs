//! BIP-39: words that people can write down, and the secret keys they lead to.
//!
//! Phrase and passphrase give the 64-byte seed of BIP-39; the key of account i is
//! H(SecretKey, half ‖ seed ‖ i), both halves reduced modulo the group order. English words only.

use bip39::{Language, Mnemonic};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::domain::Domain;
use crate::felt::Felt;
use crate::schnorr::{SecretKey, SecretKeyError, wide_scalar, words};

/// Why a phrase leads to no key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PhraseError {
    /// BIP-39 phrases have 12, 15, 18, 21 or 24 words.
    #[error("a phrase has 12, 15, 18, 21 or 24 words, this one has {0}")]
    Length(usize),
    /// A word is not in the English list. The word itself is not repeated: it is nearly a secret.
    #[error("word {0} is not in the English list of BIP-39")]
    Word(usize),
    /// All words are known, but they do not belong together.
    #[error("the checksum of the phrase does not hold: a word is wrong or two are swapped")]
    Checksum,
    /// The phrase leads to the zero scalar, probability 2^-319.
    #[error(transparent)]
    Key(#[from] SecretKeyError),
}

/// The phrase of 24 words for 32 bytes of entropy.
pub fn phrase(entropy: &[u8; 32]) -> Result<Zeroizing<String>, PhraseError> {
    // The library refuses other lengths only; 32 bytes are one of its five.
    let mut mnemonic = Mnemonic::from_entropy_in(Language::English, entropy).map_err(|_| PhraseError::Length(24))?;
    let phrase = Zeroizing::new(mnemonic.to_string());
    mnemonic.zeroize();
    Ok(phrase)
}

/// The secret key of one account of a phrase. Words are separated by white space; `passphrase` may be empty.
pub fn secret_key(phrase: &str, passphrase: &str, account: u32) -> Result<SecretKey, PhraseError> {
    let mut mnemonic = Mnemonic::parse_in(Language::English, phrase).map_err(|error| match error {
        bip39::Error::BadWordCount(count) => PhraseError::Length(count),
        bip39::Error::UnknownWord(index) => PhraseError::Word(index + 1),
        _ => PhraseError::Checksum,
    })?;
    let seed = Zeroizing::new(mnemonic.to_seed(passphrase));
    mnemonic.zeroize();
    let mut felts: Vec<Felt> = Vec::with_capacity(18);
    felts.extend(words(seed.as_slice()));
    felts.push(Felt::from(account));
    let mut scalar = wide_scalar(Domain::SecretKey, &mut felts);
    let key = SecretKey::new(scalar);
    scalar.zeroize();
    Ok(key?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHRASE: &str =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    #[test]
    fn a_phrase_an_account_and_a_passphrase_lead_to_one_key() {
        let key = |phrase: &str, passphrase: &str, account| secret_key(phrase, passphrase, account).unwrap().public();
        assert_eq!(key(PHRASE, "", 0), key(&PHRASE.replace(' ', "  "), "", 0));
        assert_ne!(key(PHRASE, "", 0), key(PHRASE, "", 1));
        assert_ne!(key(PHRASE, "", 0), key(PHRASE, "TREZOR", 0));
    }

    #[test]
    fn entropy_becomes_twenty_four_words_that_lead_to_a_key() {
        let phrase = phrase(&[0x7f; 32]).unwrap();
        // Published with BIP-39 for this entropy.
        assert!(phrase.starts_with("legal winner thank year wave sausage worth useful legal winner thank year wave"));
        assert_eq!(phrase.split(' ').count(), 24);
        assert!(secret_key(&phrase, "", 0).is_ok());
    }

    #[test]
    fn a_phrase_with_a_wrong_word_count_or_checksum_is_refused_without_repeating_it() {
        let refuse = |phrase: &str| secret_key(phrase, "", 0).unwrap_err();
        assert_eq!(refuse(&PHRASE.replace("about", "")), PhraseError::Length(11));
        assert_eq!(refuse(&PHRASE.replace("about", "aboot")), PhraseError::Word(12));
        assert_eq!(refuse(&PHRASE.replace("about", "abandon")), PhraseError::Checksum);
        assert!(!refuse(&PHRASE.replace("about", "aboot")).to_string().contains("aboot"));
    }

    #[test]
    fn known_answers() {
        let text: String =
            (0..3).map(|account| format!("{}\n", secret_key(PHRASE, "TREZOR", account).unwrap().public())).collect();
        assert_eq!(text, include_str!("../vectors/mnemonic.txt"));
    }
}
