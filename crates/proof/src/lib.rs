//! The one wrapper of the proving library: nothing outside this crate and `circuits` names it.
//!
//! ```text
//!   field        felts and digests here and there
//!   class        what circuits share so that one parent can verify any of them; the union gate set
//!   cache        built circuits on disk; stored: one of them as bytes
//!   build        a circuit as the library builds it, in less time
//!   circuit      a built circuit that is certainly of its class
//!   key          what verifies one circuit's proofs, and the fingerprint that names it
//!   pinned       the circuits that this build knows: circuits.lock and its keys
//!   proof        a proof and its canonical bytes; the only way in for bytes of others
//!   file         a checkpoint proof as a file that says what it is
//!   checkpoint   does a checkpoint proof vouch for a chain with this genesis?
//!   prover       the trait that all callers prove through, and the library's own prover behind it
//!   pool         threads, shared among the proofs that are wanted at the same time
//!   own          our own proving routine: the same proofs in less time
//!   kernels      the library's felts as plain integers
//!   panic        panics of the library as errors
//!   security     how many bits the configuration is worth, by which argument
//!   yardstick    the library's own recursion, which every benchmark is measured against
//! ```
//!
//! Two rules hold throughout (design/proving.md, "Classes and fingerprints"): a fingerprint covers the class, the cap
//! *and* the digest of a circuit, and common data, verifier data and circuit data never come from a peer.

mod build;
pub mod cache;
pub mod checkpoint;
pub mod circuit;
pub mod class;
pub mod field;
pub mod file;
mod kernels;
pub mod key;
pub mod own;
pub mod panic;
pub mod pinned;
pub mod pool;
pub mod proof;
pub mod prover;
pub mod security;
mod stored;
pub mod yardstick;

pub use checkpoint::{CheckpointError, CheckpointVerifier};
pub use circuit::{Circuit, CircuitError};
pub use class::{Class, ClassData};
pub use key::{KeyError, VerifierKey, VerifyError, fingerprint};
pub use own::OwnProver;
pub use pinned::{Drift, LockError, Pinned, PinnedCircuit, PinnedContract, PinnedFunction, SystemMismatch};
pub use pool::Pooled;
pub use proof::{DecodeError, Proof, public_digest};
pub use prover::{ProveError, Prover, StockProver};

/// Degree of the extension that challenges are drawn from.
pub const D: usize = 2;
/// The hashes of proofs: Poseidon over Goldilocks, inside and outside.
pub type C = plonky2::plonk::config::PoseidonGoldilocksConfig;
/// The library's field element. Parth's own is [`parth_crypto::Felt`]; [`field`] converts.
pub type F = plonky2::field::goldilocks_field::GoldilocksField;

/// A gate of the library.
pub type Gate = plonky2::gates::gate::GateRef<F, D>;
/// Builds a circuit.
pub type Builder = plonky2::plonk::circuit_builder::CircuitBuilder<F, D>;
/// What all circuits of a class share.
pub type CommonData = plonky2::plonk::circuit_data::CommonCircuitData<F, D>;
/// A built circuit, with everything that proving needs.
pub type CircuitData = plonky2::plonk::circuit_data::CircuitData<F, C, D>;
/// Cap and digest of one circuit.
pub type VerifierData = plonky2::plonk::circuit_data::VerifierOnlyCircuitData<C, D>;
/// Values for some targets of a circuit; generators find the rest.
pub type Witness = plonky2::iop::witness::PartialWitness<F>;
/// The library's form of a proof.
pub type RawProof = plonky2::plonk::proof::ProofWithPublicInputs<F, C, D>;
