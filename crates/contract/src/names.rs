//! Names inside a contract, and the numbers that stand for them in hashes.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::ids::MethodId;

use crate::ir::{Parameter, Type};

/// Longest name, in bytes.
pub const MAX_NAME: usize = 64;

/// Is this a name: ASCII letters, digits and `_`, not starting with a digit, at most [`MAX_NAME`] bytes?
pub fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.len() <= MAX_NAME && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name with the types that belong to it, as it is hashed: `send(u32,u64)->(u64)`.
pub fn signature(name: &str, inputs: &[Parameter], outputs: &[Type]) -> String {
    let list = |kinds: &mut dyn Iterator<Item = Type>| kinds.map(Type::name).collect::<Vec<_>>().join(",");
    let inputs = list(&mut inputs.iter().map(|input| input.kind));
    format!("{name}({inputs})->({})", list(&mut outputs.iter().copied()))
}

/// The id of a method: the low 32 bits of the hash of its signature.
pub fn method_id(signature: &str) -> MethodId {
    MethodId::constant(name_digest(signature).0[0].as_u64() as u32)
}

/// The felt that an event starts with: the first of the hash of its name and field types.
pub fn event_id(name: &str, fields: &[Parameter]) -> Felt {
    name_digest(&signature(name, fields, &[])).0[0]
}

fn name_digest(text: &str) -> Digest {
    hash(Domain::ContractName, &felts_of_bytes(text.as_bytes()))
}

/// Bytes as felts: how many there are, then seven a felt, little endian.
pub(crate) fn felts_of_bytes(bytes: &[u8]) -> Vec<Felt> {
    let mut felts = Vec::with_capacity(1 + bytes.len().div_ceil(7));
    felts.push(Felt::reduce(bytes.len() as u64));
    felts.extend(bytes.chunks(7).map(|chunk| {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        Felt::reduce(u64::from_le_bytes(word))
    }));
    felts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_id_depends_on_name_and_types() {
        let input = |kind| vec![Parameter { name: "x".into(), kind }];
        let text = signature("send", &input(Type::U64), &[Type::Bool]);
        assert_eq!(text, "send(u64)->(bool)");
        assert_eq!(method_id(&text), method_id("send(u64)->(bool)"));
        assert_ne!(method_id(&text), method_id(&signature("send", &input(Type::U32), &[Type::Bool])));
        assert_ne!(event_id("send", &input(Type::U64)), event_id("sent", &input(Type::U64)));
    }

    #[test]
    fn bytes_of_different_lengths_give_different_felts() {
        assert_ne!(felts_of_bytes(&[0; 6]), felts_of_bytes(&[0; 7]));
        assert_eq!(felts_of_bytes(&[1; 8]).len(), 3);
    }

    #[test]
    fn names_are_plain_identifiers() {
        assert!(is_name("claim_many") && is_name("_x1"));
        for text in ["", "1x", "a b", "é", "a-b", &"x".repeat(MAX_NAME + 1)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
