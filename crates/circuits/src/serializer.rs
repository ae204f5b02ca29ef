//! Generators as bytes, for the disk cache: the library's by its own serializer, ours by a table.
//!
//! A byte says which: 0 for the library's, else the place in the table, counted from 1. The table is for the local
//! cache only, so its order may change with the sources, which are part of a cache key.

use parth_proof::cache::Serializer;
use parth_proof::{C, CommonData, D, F};
use plonky2::iop::generator::{SimpleGenerator, WitnessGeneratorRef};
use plonky2::util::serialization::{
    Buffer, DefaultGeneratorSerializer, IoError, IoResult, Read, WitnessGeneratorSerializer, Write,
};

use crate::gadgets::ecgfp5::{QuinticProductGenerator, QuinticQuotientGenerator};
use crate::gadgets::integer::DivisionGenerator;

/// A generator of our own.
pub struct OwnGenerator {
    /// What its `id` returns.
    pub id: &'static str,
    /// Reads one.
    pub read: fn(&mut Buffer<'_>, &CommonData) -> IoResult<WitnessGeneratorRef<F, D>>,
}

/// Generators of our own.
static OWN_GENERATORS: &[OwnGenerator] = &[
    OwnGenerator {
        id: QuinticProductGenerator::ID,
        read: |buffer, common| {
            Ok(WitnessGeneratorRef::new(QuinticProductGenerator::deserialize(buffer, common)?.adapter()))
        },
    },
    OwnGenerator {
        id: QuinticQuotientGenerator::ID,
        read: |buffer, common| {
            Ok(WitnessGeneratorRef::new(QuinticQuotientGenerator::deserialize(buffer, common)?.adapter()))
        },
    },
    OwnGenerator {
        id: DivisionGenerator::ID,
        read: |buffer, common| Ok(WitnessGeneratorRef::new(DivisionGenerator::deserialize(buffer, common)?.adapter())),
    },
];

const LIBRARY: u8 = 0;

#[derive(Debug)]
struct Generators;

/// The serializer for every circuit of this crate.
pub fn serializer() -> Serializer<'static> {
    &Generators
}

impl WitnessGeneratorSerializer<F, D> for Generators {
    fn read_generator(&self, buffer: &mut Buffer<'_>, common: &CommonData) -> IoResult<WitnessGeneratorRef<F, D>> {
        match buffer.read_u8()? {
            LIBRARY => DefaultGeneratorSerializer::<C, D>::default().read_generator(buffer, common),
            place => (OWN_GENERATORS.get(usize::from(place) - 1).ok_or(IoError)?.read)(buffer, common),
        }
    }

    fn write_generator(
        &self,
        bytes: &mut Vec<u8>,
        generator: &WitnessGeneratorRef<F, D>,
        common: &CommonData,
    ) -> IoResult<()> {
        let id = generator.0.id();
        match OWN_GENERATORS.iter().position(|own| own.id == id) {
            Some(place) => {
                bytes.write_u8(place as u8 + 1)?;
                generator.0.serialize(bytes, common)
            }
            None => {
                bytes.write_u8(LIBRARY)?;
                DefaultGeneratorSerializer::<C, D>::default().write_generator(bytes, generator, common)
            }
        }
    }
}
