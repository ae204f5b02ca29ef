use super::*;
use proptest::prelude::*;

fn secret(seed: u64) -> SecretKey {
    let mut bytes = [7u8; 64];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    SecretKey::from_entropy(&bytes).unwrap()
}

fn message(seed: u64) -> Digest {
    hash(Domain::SessionMessage, &[Felt::reduce(seed)])
}

/// `bytes` plus the little-endian integer `limbs`, when the sum fits.
fn add(bytes: &mut [u8], limbs: &[u64]) -> bool {
    let mut carry = 0u128;
    for (i, chunk) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let wide = u128::from(u64::from_le_bytes(*chunk)) + u128::from(limbs.get(i).copied().unwrap_or(0)) + carry;
        *chunk = (wide as u64).to_le_bytes();
        carry = wide >> 64;
    }
    carry == 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_signature_holds_for_its_key_and_message_and_for_no_other(
        a in any::<u64>(), b in any::<u64>(), text in any::<u64>(), other in any::<u64>(), entropy in any::<[u8; 32]>(),
    ) {
        prop_assume!(a != b && text != other);
        let signature = secret(a).sign(message(text), &entropy);
        prop_assert_eq!(secret(a).public().verify(message(text), &signature), Ok(()));
        prop_assert!(secret(b).public().verify(message(text), &signature).is_err());
        prop_assert!(secret(a).public().verify(message(other), &signature).is_err());
    }

    #[test]
    fn a_signature_with_any_bit_changed_is_refused(seed in any::<u64>(), bit in 0usize..448) {
        let signature = secret(seed).sign(message(seed), &[0; 32]);
        let mut bytes = signature.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = Signature::from_bytes(&bytes) {
            prop_assert!(secret(seed).public().verify(message(seed), &changed).is_err());
        }
    }

    #[test]
    fn keys_and_signatures_round_trip_in_every_form(seed in any::<u64>()) {
        let (key, signature) = (secret(seed).public(), secret(seed).sign(message(seed), &[1; 32]));
        prop_assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key));
        prop_assert_eq!(signature.to_string().parse::<Signature>(), Ok(signature));
        prop_assert_eq!(borsh::from_slice::<PublicKey>(&borsh::to_vec(&key).unwrap()).unwrap(), key);
        prop_assert_eq!(borsh::from_slice::<Signature>(&borsh::to_vec(&signature).unwrap()).unwrap(), signature);
        let json = serde_json::to_string(&(key, signature)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(PublicKey, Signature)>(&json).unwrap(), (key, signature));
        prop_assert_eq!(SecretKey::from_bytes(&secret(seed).to_bytes()).unwrap().public(), key);
    }
}

#[test]
fn the_response_plus_the_group_order_is_refused() {
    let signature = secret(1).sign(message(1), &[0; 32]);
    let mut bytes = signature.to_bytes();
    assert!(add(&mut bytes[16..], &Scalar::ORDER));
    assert_eq!(Signature::from_bytes(&bytes), Err(SignatureFormatError::Response(ScalarError::NotCanonical)));
}

#[test]
fn a_challenge_felt_plus_the_field_order_is_refused() {
    // A felt whose second form fits 64 bits: the challenge is forged, the format rule is what refuses it.
    let mut bytes = secret(1).sign(message(1), &[0; 32]).to_bytes();
    for index in 0..2 {
        bytes[..16].fill(0);
        bytes[8 * index] = 5;
        assert!(Signature::from_bytes(&bytes).is_ok());
        assert!(add(&mut bytes[8 * index..8 * index + 8], &[Felt::ORDER]));
        let value = Felt::ORDER + 5;
        assert_eq!(Signature::from_bytes(&bytes), Err(SignatureFormatError::Challenge { index, value }));
    }
}

#[test]
fn the_negated_key_and_the_other_point_of_the_encoding_do_not_accept() {
    let key = secret(2);
    let signature = key.sign(message(2), &[0; 32]);
    // −P, whose encoding is −w.
    let negated = PublicKey::decode(-key.public().encoded()).unwrap();
    assert_eq!(negated.point(), -key.public().point());
    assert!(negated.verify(message(2), &signature).is_err());
    assert!(key.public().verify(message(2), &Signature { response: -signature.response, ..signature }).is_err());
    // N − P shares the encoding w; decoding gives P and never N − P.
    assert_eq!(PublicKey::decode(key.public().encoded()).unwrap().point(), key.public().point());
}

#[test]
fn the_neutral_key_is_refused_although_anybody_signs_for_it() {
    assert_eq!(PublicKey::from_bytes(&[0; 40]), Err(PublicKeyError::Neutral));
    assert_eq!(SecretKey::from_bytes(&[0; 40]).unwrap_err(), SecretKeyError::Zero);
    let key = PublicKey { point: Point::NEUTRAL, encoded: Fp5::ZERO };
    let response = Scalar::from_u128(5);
    let challenge = challenge(Point::base(&response).encode(), key.encoded, message(3));
    assert_eq!(key.verify(message(3), &Signature { challenge, response }), Ok(()), "the rule is needed");
}

#[test]
fn a_neutral_nonce_point_is_refused() {
    let key = secret(4);
    let zero = Signature { challenge: [Felt::ZERO; 2], response: Scalar::ZERO };
    assert_eq!(key.public().verify(message(4), &zero), Err(SignatureError::NeutralNonce));
}

#[test]
fn encodings_outside_the_group_or_not_canonical_are_no_keys() {
    let outside = Fp5::constant([
        13557832913345268708,
        15669280705791538619,
        8534654657267986396,
        12533218303838131749,
        5058070698878426028,
    ]);
    assert_eq!(PublicKey::decode(outside), Err(PublicKeyError::NotInGroup(outside)));
    let mut bytes = outside.to_bytes();
    bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(PublicKey::from_bytes(&bytes), Err(PublicKeyError::Coefficient(_))));
    assert!(borsh::from_slice::<PublicKey>(&bytes).is_err());
}

#[test]
fn nonces_depend_on_message_entropy_and_secret() {
    let point = |key: u64, text: u64, entropy: u8| {
        let signature = secret(key).sign(message(text), &[entropy; 32]);
        secret(key).public().nonce_point(&signature).encode()
    };
    let first = point(1, 1, 0);
    assert_eq!(first, point(1, 1, 0));
    assert!(first != point(1, 2, 0) && first != point(1, 1, 1) && first != point(2, 1, 0));
}

#[test]
fn secrets_are_not_shown() {
    let key = secret(9);
    let shown = format!("{key:?} {:?}", Scalar::from_u128(0xabcdef));
    assert!(!shown.contains(&hex::encode(key.to_bytes().as_slice())[2..20]) && !shown.contains("abcdef"));
}

#[test]
fn known_answers() {
    let mut text = String::new();
    for seed in 1..=3 {
        let key = secret(seed);
        let signature = key.sign(message(seed), &[seed as u8; 32]);
        let parameter = key.public().parameter();
        text += &format!("{}\n{parameter}\n{signature}\n", key.public());
        // What stands for the key in the ledger: see `key_commitment` of the protocol.
        let circuit = Digest::from([1, 2, 3, 4]);
        text += &format!("{}\n", crate::hash::link(crate::Domain::KeyCommitment, circuit, parameter));
    }
    assert_eq!(text, include_str!("../vectors/schnorr.txt"));
}
