//! Keys and contracts of a demo. Keys follow from the seed, so anybody can sign for these people: a demo holds nothing
//! of value.

use std::sync::Arc;

use parth_client::Program as Compiled;
use parth_client::program::ProgramError;
use parth_contract::contracts::{counter, system, token};
use parth_crypto::Digest;
use parth_crypto::schnorr::SecretKey;
use parth_proof::cache::CircuitCache;
use parth_protocol::genesis::{Fees, Genesis, GenesisUser, SCHEMA};
use parth_protocol::ids::{Amount, FeeRate, Fingerprint, Time};
use parth_protocol::session::end_cap::key_commitment;
use parth_protocol::{CircuitId, CircuitSet, Profile};

use super::DemoError;
use super::options::Shape;
use super::script::{Program, Script};

/// Native balance of each genesis user.
const BALANCE: u64 = 1_000_000;

/// Everybody's keys and the contracts, compiled.
pub(crate) struct People {
    seed: String,
    signature_circuit: Fingerprint,
    programs: Vec<Arc<Compiled>>,
}

impl People {
    pub(crate) fn new(
        shape: &Shape,
        script: &Script,
        circuits: &CircuitSet,
        cache: &CircuitCache,
    ) -> Result<People, DemoError> {
        let compile = |program| -> Result<Arc<Compiled>, ProgramError> {
            let contract = match program {
                Program::System => system::contract(),
                Program::Counter => counter::contract(),
                Program::Token => token::contract(script.user(script.issuer())),
            };
            Ok(Arc::new(Compiled::compile(&Profile::STANDARD, contract, Some(cache))?))
        };
        let programs = Program::ALL.into_iter().map(compile).collect::<Result<_, _>>();
        Ok(People {
            seed: shape.seed.clone(),
            signature_circuit: circuits.fingerprint(CircuitId::SignatureSchnorr),
            programs: programs.map_err(|error| DemoError::Circuits(error.to_string()))?,
        })
    }

    pub(crate) fn program(&self, program: Program) -> &Arc<Compiled> {
        &self.programs[program as usize]
    }

    pub(crate) fn signature_circuit(&self) -> Fingerprint {
        self.signature_circuit
    }

    /// A person's key: from the seed, for the demo only.
    pub(crate) fn key(&self, person: u32) -> Result<SecretKey, DemoError> {
        let mut entropy = [0; 64];
        let mut hasher = blake3::Hasher::new_derive_key("parth demo key");
        hasher.update(self.seed.as_bytes()).update(&person.to_le_bytes());
        hasher.finalize_xof().fill(&mut entropy);
        SecretKey::from_entropy(&entropy).map_err(|error| DemoError::Circuits(error.to_string()))
    }

    /// A person's public key commitment.
    pub(crate) fn commitment(&self, person: u32) -> Result<Digest, DemoError> {
        Ok(key_commitment(self.signature_circuit, self.key(person)?.public().parameter()))
    }

    /// The genesis of the demo.
    pub(crate) fn genesis(&self, shape: &Shape, script: &Script, time: Time) -> Result<Genesis, DemoError> {
        let user = |person| -> Result<GenesisUser, DemoError> {
            Ok(GenesisUser { key: self.commitment(person)?, balance: Amount::constant(BALANCE) })
        };
        Ok(Genesis {
            schema: SCHEMA.to_owned(),
            profile: Profile::STANDARD.name.to_owned(),
            seed: shape.seed.clone(),
            time,
            realm_bits: script.realm_bits(),
            fees: Fees {
                base: FeeRate::constant(100),
                per_call: FeeRate::constant(10),
                per_slot: FeeRate::constant(1),
            },
            users: (1..=shape.users).map(user).collect::<Result<_, _>>()?,
            contracts: vec![self.program(Program::System).deployed().leaf().clone()],
        })
    }
}
