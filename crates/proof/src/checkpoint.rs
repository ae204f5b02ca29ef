//! [`CheckpointVerifier`]: does a proof vouch for a chain that began with this genesis? Needs the pinned keys and the
//! genesis checkpoint, and nothing else: no state, no network, no circuit.

use parth_crypto::{Digest, Felt};
use parth_protocol::CircuitId;
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::{CheckpointId, Scalar};
use parth_protocol::records::block::CheckpointPublic;
use thiserror::Error;

use crate::file::{self, FileError};
use crate::{Class, ClassData, Pinned, Proof, SystemMismatch, VerifierKey, VerifyError};

/// Verifies checkpoint proofs of one network.
#[derive(Clone, Debug)]
pub struct CheckpointVerifier {
    circuits: Digest,
    start: VerifierKey,
    checkpoint: VerifierKey,
    genesis: CheckpointPublic,
}

/// Why a checkpoint proof is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The bytes are not the file of a checkpoint proof of these circuits.
    #[error(transparent)]
    File(#[from] FileError),
    /// The proof is of a circuit that has other public inputs.
    #[error("a proof of class {actual} where one of class {expected} is needed")]
    Class {
        /// Class of checkpoint proofs.
        expected: Class,
        /// Class of the proof.
        actual: Class,
    },
    /// The height among the public inputs is not a height.
    #[error("the height of the proof is {0}, not below 2^32")]
    Height(Felt),
    /// It does not hold.
    #[error(transparent)]
    Refused(#[from] VerifyError),
    /// It holds, for a chain with another genesis.
    #[error("a proof of another genesis: {actual}, the genesis file gives {expected}")]
    Genesis {
        /// Root after the genesis file's first checkpoint.
        expected: Digest,
        /// Root that the proof's chain began with.
        actual: Digest,
    },
    /// It holds, for a network with other parameters.
    #[error("a proof with other network parameters: {actual}, the genesis file gives {expected}")]
    Parameters {
        /// Digest of the genesis file's parameters.
        expected: Digest,
        /// Digest in the proof.
        actual: Digest,
    },
    /// A proof of the genesis checkpoint shows something else than the genesis file gives.
    #[error("a proof of another genesis checkpoint: leaf {actual}, the genesis file gives {expected}")]
    Leaf {
        /// Leaf that the genesis file gives.
        expected: Digest,
        /// Leaf in the proof.
        actual: Digest,
    },
}

impl CheckpointVerifier {
    /// A verifier for the network with this genesis. The state must have been computed with the circuits of `pinned`,
    /// so that its parameters name the keys that this verifier uses. A genesis with another system contract is
    /// refused: its circuits could move balance at will.
    pub fn new(pinned: &Pinned, genesis: &GenesisState) -> Result<CheckpointVerifier, SystemMismatch> {
        pinned.check_genesis(genesis)?;
        Ok(CheckpointVerifier {
            circuits: pinned.set().digest(),
            start: pinned.key(CircuitId::BlockStart).clone(),
            checkpoint: pinned.key(CircuitId::BlockCheckpoint).clone(),
            genesis: genesis.head.public.clone(),
        })
    }

    /// Root after the genesis checkpoint: the name of the network.
    pub fn genesis_root(&self) -> Digest {
        self.genesis.root
    }

    /// Digest of the circuit set.
    pub fn circuits(&self) -> Digest {
        self.circuits
    }

    /// Verifies the bytes of a `checkpoint-<n>.proof`.
    pub fn verify_file(&self, bytes: &[u8]) -> Result<CheckpointPublic, CheckpointError> {
        self.verify(&file::decode(self.circuits, bytes)?)
    }

    /// Verifies a proof and says what it shows.
    pub fn verify(&self, proof: &Proof) -> Result<CheckpointPublic, CheckpointError> {
        let public = public(proof)?;
        let first = public.height == CheckpointId::ZERO;
        let key = if first { &self.start } else { &self.checkpoint };
        key.verify(ClassData::checkpoint(), proof)?;
        let (expected, actual) = (self.genesis.genesis, public.genesis);
        if expected != actual {
            return Err(CheckpointError::Genesis { expected, actual });
        }
        let (expected, actual) = (self.genesis.parameters, public.parameters);
        if expected != actual {
            return Err(CheckpointError::Parameters { expected, actual });
        }
        if first && public != self.genesis {
            return Err(CheckpointError::Leaf { expected: self.genesis.leaf, actual: public.leaf });
        }
        Ok(public)
    }
}

/// The public inputs of a checkpoint proof, by name. The order is that of [`CheckpointPublic`].
pub fn public(proof: &Proof) -> Result<CheckpointPublic, CheckpointError> {
    let felts: Result<[Felt; 21], _> = proof.public_inputs().try_into();
    let (expected, actual) = (Class::Checkpoint, proof.class());
    let (Ok(felts), true) = (felts, expected == actual) else {
        return Err(CheckpointError::Class { expected, actual });
    };
    let digest = |at: usize| Digest([felts[at], felts[at + 1], felts[at + 2], felts[at + 3]]);
    Ok(CheckpointPublic {
        genesis: digest(0),
        previous: digest(4),
        root: digest(8),
        height: CheckpointId::from_felt(felts[12]).ok_or(CheckpointError::Height(felts[12]))?,
        leaf: digest(13),
        parameters: digest(17),
    })
}
