//! The yardstick of every benchmark: the library's own recursion, two proofs to one, as it comes.
//!
//! ```text
//!   proof ─┐  key as witness, fingerprint = hash of cap and digest
//!          ├─▸ node ─▸ digest of both          and two Merkle paths of 32 levels
//!   proof ─┘
//! ```
//! Configuration, hashes and gadgets are the library's, used as its documentation shows: what a builder gets who takes
//! it off the shelf. The children have the shape of the node itself, so that the figure is that of a whole tree.

use parth_crypto::Felt;
use plonky2::field::types::Field;
use plonky2::gates::noop::NoopGate;
use plonky2::hash::hash_types::{HashOut, HashOutTarget};
use plonky2::hash::merkle_proofs::MerkleProofTarget;
use plonky2::hash::poseidon::PoseidonHash;
use plonky2::iop::target::BoolTarget;
use plonky2::iop::witness::WitnessWrite;
use plonky2::plonk::circuit_data::{CircuitConfig, VerifierCircuitTarget};
use plonky2::plonk::config::Hasher;
use plonky2::plonk::proof::ProofWithPublicInputsTarget;
use thiserror::Error;

use crate::circuit::placed_rows;
use crate::class::{closed_gates, common_data};
use crate::field;
use crate::own::{OwnProver, Schedule, Timings};
use crate::panic::guard;
use crate::{Builder, C, CircuitData, CommonData, D, F, Gate, RawProof, Witness};

/// Levels of each Merkle path.
const LEVELS: usize = 32;
/// Public inputs of every circuit here: one digest.
const PUBLIC: usize = 4;
/// Degree that is tried first.
const DEGREE_BITS: usize = 13;

/// The node with its children, ready to prove.
pub struct Yardstick {
    rows: usize,
    node: CircuitData,
    schedule: Schedule,
    targets: [SideTargets; 2],
    child: CircuitData,
    proof: RawProof,
}

/// The library does not do what its documentation says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the library's own recursion: {0}")]
pub struct YardstickError(pub String);

struct SideTargets {
    proof: ProofWithPublicInputsTarget<D>,
    key: VerifierCircuitTarget,
    leaf: HashOutTarget,
    index: Vec<BoolTarget>,
    path: MerkleProofTarget,
    root: HashOutTarget,
}

impl Yardstick {
    /// Builds node and child, and proves the child.
    pub fn build() -> Result<Yardstick, YardstickError> {
        guard(build).map_err(YardstickError)?
    }

    /// Rows used before padding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// log2 of the rows after padding.
    pub fn degree_bits(&self) -> usize {
        self.node.common.degree_bits()
    }

    /// Proves the node: what is timed.
    pub fn prove(&self) -> Result<RawProof, YardstickError> {
        let witness = self.witness().map_err(YardstickError)?;
        match guard(|| self.node.prove(witness)) {
            Ok(Ok(proof)) => Ok(proof),
            Ok(Err(error)) => Err(YardstickError(error.to_string())),
            Err(reason) => Err(YardstickError(reason)),
        }
    }

    /// Proves the node by our own routine: the same circuit, the same witness, in the same run.
    pub fn prove_own(&self, prover: &OwnProver) -> Result<(RawProof, Timings), YardstickError> {
        let witness = self.witness().map_err(YardstickError)?;
        prover.prove_raw(&self.node, &self.schedule, witness).map_err(|error| YardstickError(error.to_string()))
    }

    /// Verifies a proof of the node.
    pub fn verify(&self, proof: RawProof) -> Result<(), YardstickError> {
        self.node.verify(proof).map_err(|error| YardstickError(error.to_string()))
    }

    /// The node and inputs for it.
    #[cfg(test)]
    pub(crate) fn circuit_and_inputs(&self) -> Result<(&CircuitData, Witness), String> {
        Ok((&self.node, self.witness()?))
    }

    fn witness(&self) -> Result<Witness, String> {
        let mut witness = Witness::new();
        for (number, side) in (1u64..).zip(&self.targets) {
            side.fill(&mut witness, &self.child, &self.proof, number).map_err(|error| error.to_string())?;
        }
        Ok(witness)
    }
}

fn build() -> Result<Yardstick, YardstickError> {
    let config = CircuitConfig::standard_recursion_config();
    let gates = closed_gates(&config);
    // A node of 2^13 rows if two such children fit, as they do; else its children are as large as itself.
    let mut degree_bits = DEGREE_BITS;
    let (builder, targets) = loop {
        let placed = place(&config, &gates, &common_data(&config, &gates, degree_bits, PUBLIC));
        if placed_rows(&placed.0) <= 1 << degree_bits {
            break placed;
        }
        degree_bits += 1;
    };
    let rows = placed_rows(&builder);
    let node = builder.build::<C>();

    let mut builder = with_gates(&config, &gates);
    let inputs = builder.add_virtual_target_arr::<PUBLIC>();
    builder.register_public_inputs(&inputs);
    while builder.num_gates() <= 1 << (degree_bits - 1) {
        builder.add_gate(NoopGate, vec![]);
    }
    let child = builder.build::<C>();
    if child.common != node.common {
        return Err(YardstickError("child and node have different shapes".into()));
    }
    let mut witness = Witness::new();
    for input in inputs {
        witness.set_target(input, F::ONE).map_err(|error| YardstickError(error.to_string()))?;
    }
    let proof = child.prove(witness).map_err(|error| YardstickError(error.to_string()))?;
    Ok(Yardstick { rows, node, schedule: Schedule::default(), targets, child, proof })
}

fn with_gates(config: &CircuitConfig, gates: &[Gate]) -> Builder {
    let mut builder = Builder::new(config.clone());
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    builder
}

/// The node: two sides, and one digest over what they show.
fn place(config: &CircuitConfig, gates: &[Gate], child: &CommonData) -> (Builder, [SideTargets; 2]) {
    let mut builder = with_gates(config, gates);
    let mut shown = Vec::new();
    let sides = [(); 2].map(|()| SideTargets::place(&mut builder, child, &mut shown));
    let digest = builder.hash_n_to_hash_no_pad::<PoseidonHash>(shown);
    builder.register_public_inputs(&digest.elements);
    (builder, sides)
}

impl SideTargets {
    fn place(builder: &mut Builder, child: &CommonData, shown: &mut Vec<plonky2::iop::target::Target>) -> SideTargets {
        let proof = builder.add_virtual_proof_with_pis(child);
        let key = builder.add_virtual_verifier_data(child.config.fri_config.cap_height);
        builder.verify_proof::<C>(&proof, &key, child);
        let cap = key.constants_sigmas_cap.0.iter().flat_map(|node| node.elements);
        let named = cap.chain(key.circuit_digest.elements).collect();
        let fingerprint = builder.hash_n_to_hash_no_pad::<PoseidonHash>(named);

        let leaf = builder.add_virtual_hash();
        let index: Vec<BoolTarget> = (0..LEVELS).map(|_| builder.add_virtual_bool_target_safe()).collect();
        let path = MerkleProofTarget { siblings: builder.add_virtual_hashes(LEVELS) };
        let root = builder.add_virtual_hash();
        builder.verify_merkle_proof::<PoseidonHash>(leaf.elements.to_vec(), &index, root, &path);

        shown.extend(fingerprint.elements);
        shown.extend(&proof.public_inputs);
        shown.extend(root.elements);
        SideTargets { proof, key, leaf, index, path, root }
    }

    /// A child's proof, and a path at index 0 with made-up siblings.
    fn fill(&self, witness: &mut Witness, child: &CircuitData, proof: &RawProof, seed: u64) -> anyhow::Result<()> {
        witness.set_proof_with_pis_target::<C, D>(&self.proof, proof)?;
        witness.set_verifier_data_target::<C, D>(&self.key, &child.verifier_only)?;
        let digest =
            |level: u64| HashOut::<F> { elements: [seed, level, 0, 0].map(|n| field::element(Felt::reduce(n))) };
        let leaf = digest(0);
        witness.set_hash_target(self.leaf, leaf)?;
        let mut root = <PoseidonHash as Hasher<F>>::hash_leaf(&leaf.elements);
        for ((level, &bit), &sibling) in (1..).zip(&self.index).zip(&self.path.siblings) {
            witness.set_bool_target(bit, false)?;
            witness.set_hash_target(sibling, digest(level))?;
            root = <PoseidonHash as Hasher<F>>::two_to_one(root, digest(level));
        }
        witness.set_hash_target(self.root, root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_own_recursion_takes_8192_rows_and_verifies() {
        let yardstick = Yardstick::build().unwrap();
        println!("{} rows of 2^{}", yardstick.rows(), yardstick.degree_bits());
        assert_eq!(yardstick.degree_bits(), 13, "{} rows", yardstick.rows());
        let proof = yardstick.prove().unwrap();
        assert_eq!(yardstick.verify(proof), Ok(()));
    }
}
