//! A built circuit as bytes, without what follows from the rest.
//!
//! ```text
//!   stored     notes of the builder, generators, which targets they wait for, public inputs, ties between targets, constants, digests and cap
//!   computed   sigmas from the ties; polynomials and their values on the coset; subgroup and roots
//! ```
//! That is a seventh of the library's own encoding: hashing is what takes long in a build, and the digests are here,
//! while transforming takes no longer than reading.

use plonky2::field::fft::fft_root_table;
use plonky2::field::goldilocks_field::GoldilocksField as F;
use plonky2::field::types::{Field, Field64, PrimeField64};
use plonky2::hash::hash_types::HashOut;
use plonky2::hash::merkle_tree::MerkleCap;
use plonky2::plonk::circuit_data::ProverOnlyCircuitData;
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

use crate::build::name;
use crate::cache::Serializer;
use crate::own::{fixed, sigma};
use crate::{CircuitData, CommonData, VerifierData};

/// What is wrong with the bytes of a circuit, for people.
type Fault = &'static str;

const ENDS_EARLY: Fault = "it ends early";
const NO_PART: Fault = "a generator or target cannot be read";
const NO_FELT: Fault = "a felt is not canonical";
const NO_TARGET: Fault = "a number names no target or generator";
const WRONG_LENGTH: Fault = "a part has the wrong length";

/// Encodes a circuit, and notes of whoever built it. Fails on a generator that the serializer does not know.
pub(crate) fn encode(data: &CircuitData, notes: &[u8], serializer: Serializer<'_>) -> IoResult<Vec<u8>> {
    let (only, common) = (&data.prover_only, &data.common);
    let batch = &only.constants_sigmas_commitment;
    let mut bytes = Vec::new();
    numbers(&mut bytes, &[notes.len()]);
    bytes.extend(notes);
    let mut part = Vec::new();
    for generator in &only.generators {
        serializer.write_generator(&mut part, generator, common)?;
    }
    part.write_target_vec(&only.public_inputs)?;
    numbers(&mut bytes, &[only.generators.len(), part.len()]);
    bytes.append(&mut part);
    let watches = &only.generator_indices_by_watches;
    numbers(&mut bytes, &[watches.len(), watches.values().map(Vec::len).sum(), only.representative_map.len()]);
    watches.iter().for_each(|(&target, waiting)| numbers(&mut bytes, &[target, waiting.len()]));
    watches.values().for_each(|waiting| numbers(&mut bytes, waiting));
    numbers(&mut bytes, &only.representative_map);
    for column in fixed::evaluate(&batch.polynomials[..common.num_constants]) {
        felts(&mut bytes, &column);
    }
    for digest in batch.merkle_tree.digests.iter().chain(&batch.merkle_tree.cap.0) {
        felts(&mut bytes, &digest.elements);
    }
    Ok(bytes)
}

/// Decodes a circuit with this common data, and the notes. Bytes of any kind end in a circuit or a fault.
pub(crate) fn decode(
    common: &CommonData,
    bytes: &[u8],
    serializer: Serializer<'_>,
) -> Result<(CircuitData, Vec<u8>), Fault> {
    let mut rest = Rest(bytes);
    let [notes] = rest.numbers()?;
    let notes = rest.take(notes)?.to_vec();
    let [generators, part] = rest.numbers()?;
    let mut part = Buffer::new(rest.take(part)?);
    let read = |_| serializer.read_generator(&mut part, common);
    let generators = (0..generators).map(read).collect::<IoResult<Vec<_>>>().map_err(|_| NO_PART)?;
    let public_inputs = part.read_target_vec().map_err(|_| NO_PART)?;

    let [watched, waiting, targets] = rest.numbers()?;
    let (watched, waiting) = (rest.many(watched)?, rest.many(waiting)?);
    let mut waiting = waiting.map(|[generator]| generator);
    let watches = watched.map(|[target, count]| {
        let these: Vec<usize> = waiting.by_ref().take(count).collect();
        let known = target < targets && these.len() == count && these.iter().all(|&one| one < generators.len());
        known.then_some((target, these)).ok_or(NO_TARGET)
    });
    let generator_indices_by_watches = watches.collect::<Result<_, Fault>>()?;
    let representative_map: Vec<usize> = rest.many(targets)?.map(|[target]| target).collect();

    let rows = common.degree();
    let constants = (0..common.num_constants).map(|_| rest.felts(rows));
    let mut columns = constants.collect::<Result<Vec<Vec<F>>, Fault>>()?;
    let digests = rest.digests(fixed::digests_below_the_cap(common))?;
    let cap = MerkleCap(rest.digests(1 << common.config.fri_config.cap_height)?);
    if !rest.0.is_empty() {
        return Err(WRONG_LENGTH);
    }

    let subgroup = F::two_adic_subgroup(common.degree_bits());
    let sigmas = sigma::values(common, &representative_map, &subgroup).ok_or(NO_TARGET)?;
    let by_row = sigma::by_row(&sigmas);
    columns.extend(sigmas);
    let circuit_digest = name(common, &cap);
    let prover_only = ProverOnlyCircuitData {
        generators,
        generator_indices_by_watches,
        constants_sigmas_commitment: fixed::restore(common, fixed::interpolate(common, &columns), digests, cap.clone()),
        sigmas: by_row,
        subgroup,
        public_inputs,
        representative_map,
        fft_root_table: Some(fft_root_table(common.max_fft_points().ok_or(WRONG_LENGTH)?)),
        circuit_digest,
        lookup_rows: Vec::new(),
        lut_to_lookups: Vec::new(),
    };
    let verifier_only = VerifierData { constants_sigmas_cap: cap, circuit_digest };
    Ok((CircuitData { prover_only, verifier_only, common: common.clone() }, notes))
}

/// Appends numbers below 2^32: a circuit has fewer targets and bytes.
fn numbers(bytes: &mut Vec<u8>, numbers: &[usize]) {
    bytes.extend(numbers.iter().flat_map(|&number| (number as u32).to_le_bytes()));
}

fn felts(bytes: &mut Vec<u8>, felts: &[F]) {
    bytes.extend(felts.iter().flat_map(|felt| felt.to_canonical_u64().to_le_bytes()));
}

/// Bytes that are not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(taken)
    }

    fn numbers<const N: usize>(&mut self) -> Result<[usize; N], Fault> {
        self.many(1)?.next().ok_or(ENDS_EARLY)
    }

    /// So many groups of numbers, each of `N`.
    fn many<const N: usize>(&mut self, groups: usize) -> Result<impl Iterator<Item = [usize; N]> + use<'a, N>, Fault> {
        let bytes = self.take(groups.checked_mul(4 * N).ok_or(WRONG_LENGTH)?)?;
        let words: &'a [[u8; 4]] = bytes.as_chunks().0;
        let groups: &'a [[[u8; 4]; N]] = words.as_chunks().0;
        Ok(groups.iter().map(|group| group.map(|word| u32::from_le_bytes(word) as usize)))
    }

    fn felts(&mut self, count: usize) -> Result<Vec<F>, Fault> {
        let words: &[[u8; 8]] = self.take(count.checked_mul(8).ok_or(WRONG_LENGTH)?)?.as_chunks().0;
        let felts: Vec<F> = words.iter().map(|&word| F(u64::from_le_bytes(word))).collect();
        if felts.iter().all(|felt| felt.0 < F::ORDER) { Ok(felts) } else { Err(NO_FELT) }
    }

    fn digests(&mut self, count: usize) -> Result<Vec<HashOut<F>>, Fault> {
        let felts = self.felts(count.checked_mul(4).ok_or(WRONG_LENGTH)?)?;
        let digests: &[[F; 4]] = felts.as_chunks().0;
        Ok(digests.iter().map(|&elements| HashOut { elements }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::config;
    use crate::{Builder, C, Circuit, ClassData, D};
    use plonky2::hash::poseidon::PoseidonHash;
    use plonky2::util::serialization::DefaultGeneratorSerializer;

    fn decode(bytes: &[u8]) -> Result<(CircuitData, Vec<u8>), Fault> {
        super::decode(ClassData::call().common(), bytes, &DefaultGeneratorSerializer::<C, D>::default())
    }

    #[test]
    fn a_circuit_comes_back_as_it_was_and_bytes_of_any_kind_end_in_a_fault() {
        let mut builder = Builder::new(config());
        let x = builder.add_virtual_target();
        let seven = builder.constant(F::from_canonical_u64(7));
        let sum = builder.add(x, seven);
        let hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>(vec![x, seven, sum]);
        builder.range_check(x, 20);
        builder.register_public_inputs(&hash.elements);
        let circuit = Circuit::build(ClassData::call(), builder).unwrap();
        let serializer = DefaultGeneratorSerializer::<C, D>::default();
        let bytes = encode(circuit.data(), b"notes", &serializer).unwrap();
        assert!(bytes.len() < 8 << 20, "{} bytes", bytes.len());
        let (read, notes) = decode(&bytes).unwrap();
        assert!(read == *circuit.data());
        assert_eq!(notes, b"notes");

        for cut in (0..bytes.len()).step_by(bytes.len() / 50) {
            assert!(decode(&bytes[..cut]).is_err(), "{cut} of {} bytes", bytes.len());
        }
        assert_eq!(decode(&[&bytes[..], &[0]].concat()).unwrap_err(), WRONG_LENGTH);
        // The first bytes say how long the parts are; further on are numbers that name targets.
        for at in (0..40).chain((40..bytes.len() / 2).step_by(bytes.len() / 40)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x80;
            let _ = crate::panic::guard(|| decode(&flipped).map(drop)).unwrap();
        }
    }
}
