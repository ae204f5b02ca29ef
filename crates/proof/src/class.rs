//! Classes: what circuits share so that a parent can take the child's key as a witness.
//!
//! | class | rows | public inputs | circuits |
//! | --- | --- | --- | --- |
//! | call | 2^12 | 4 | functions of contracts |
//! | signature | 2^12 | 4 | signatures; union gates and gates of its own |
//! | node | 2^13 | 4 | session steps, end cap, aggregation, global trees, part one |
//! | checkpoint | 2^13 | 21 | start of the chain, checkpoint |
//!
//! Source: design/proving.md, "Classes and fingerprints". Every class is built here from its definition; common data
//! of a peer is never read.

use std::fmt;
use std::sync::LazyLock;

use plonky2::fri::{FriConfig, FriReductionStrategy};
use plonky2::gates::constant::ConstantGate;
use plonky2::gates::gate::GateRef;
use plonky2::plonk::circuit_data::CircuitConfig;

use crate::{Builder, C, CommonData, Gate};

/// Queries of the profile `standard`.
pub const QUERIES: usize = 28;
/// Bits of grinding before the queries.
pub const GRINDING_BITS: u32 = 16;
/// The evaluation domain is 2^`RATE_BITS` times the rows.
pub const RATE_BITS: usize = 3;
/// A cap of 2^`CAP_HEIGHT` digests stands for the root of each Merkle tree of a proof.
pub const CAP_HEIGHT: usize = 4;
/// Wires of a row. The library's standard is 143 because of a gate that no class has; the widest of ours, Poseidon,
/// takes 135, and a parent saves 31 rows a child by the narrower leaf.
pub const WIRES: usize = 135;
/// Wires of a row that can be tied to others.
pub const ROUTED_WIRES: usize = 80;

/// The configuration of every circuit: the library's standard for recursion, with the wires of [`WIRES`].
pub fn config() -> CircuitConfig {
    CircuitConfig {
        num_wires: WIRES,
        num_routed_wires: ROUTED_WIRES,
        num_constants: 2,
        use_base_arithmetic_gate: true,
        security_bits: 100,
        num_challenges: 2,
        zero_knowledge: false,
        max_quotient_degree_factor: 8,
        fri_config: FriConfig {
            rate_bits: RATE_BITS,
            cap_height: CAP_HEIGHT,
            proof_of_work_bits: GRINDING_BITS,
            reduction_strategy: FriReductionStrategy::ConstantArityBits(4, 5),
            num_query_rounds: QUERIES,
        },
    }
}

/// Circuits of one class differ only by their key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Functions of contracts.
    Call = 1,
    /// Signatures accepted by a key. Its gates are given by `circuits`.
    Signature = 2,
    /// Session steps, end cap, aggregation, global trees, part one.
    Node = 3,
    /// Start of the chain and checkpoints.
    Checkpoint = 4,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 4] = [Class::Call, Class::Signature, Class::Node, Class::Checkpoint];

    /// The number that a fingerprint starts with. Part of the protocol.
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The class of a tag.
    pub fn from_tag(tag: u8) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.tag() == tag)
    }

    /// Rows are 2 to this.
    pub const fn degree_bits(self) -> usize {
        match self {
            Class::Call | Class::Signature => 12,
            Class::Node | Class::Checkpoint => 13,
        }
    }

    /// Rows of every circuit of the class, padding included.
    pub const fn rows(self) -> usize {
        1 << self.degree_bits()
    }

    /// Felts made public by every circuit of the class: one digest, or the fields of a checkpoint.
    pub const fn public_inputs(self) -> usize {
        match self {
            Class::Call | Class::Signature | Class::Node => 4,
            Class::Checkpoint => 21,
        }
    }

    /// The name in `circuits.lock`, texts and file names.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Call => "call",
            Class::Signature => "signature",
            Class::Node => "node",
            Class::Checkpoint => "checkpoint",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A class and the common data of its circuits.
#[derive(Clone, Debug)]
pub struct ClassData {
    class: Class,
    common: CommonData,
    proof_len: usize,
}

impl ClassData {
    /// The data of a class without gates of its own; nothing for [`Class::Signature`], whose data is in `circuits`.
    pub fn of(class: Class) -> Option<&'static ClassData> {
        static CALL: LazyLock<ClassData> = LazyLock::new(|| ClassData::with_gates(Class::Call, &[]));
        static NODE: LazyLock<ClassData> = LazyLock::new(|| ClassData::with_gates(Class::Node, &[]));
        static CHECKPOINT: LazyLock<ClassData> = LazyLock::new(|| ClassData::with_gates(Class::Checkpoint, &[]));
        match class {
            Class::Call => Some(&CALL),
            Class::Signature => None,
            Class::Node => Some(&NODE),
            Class::Checkpoint => Some(&CHECKPOINT),
        }
    }

    /// The data of the call class.
    pub fn call() -> &'static ClassData {
        Self::of(Class::Call).expect("the call class has no gates of its own")
    }

    /// The data of the node class.
    pub fn node() -> &'static ClassData {
        Self::of(Class::Node).expect("the node class has no gates of its own")
    }

    /// The data of the checkpoint class.
    pub fn checkpoint() -> &'static ClassData {
        Self::of(Class::Checkpoint).expect("the checkpoint class has no gates of its own")
    }

    /// The data of a class whose circuits may use `own` gates beside the union set.
    pub fn with_gates(class: Class, own: &[Gate]) -> ClassData {
        let gates: Vec<Gate> = union_gates().iter().chain(own).cloned().collect();
        let common = common_data(&config(), &gates, class.degree_bits(), class.public_inputs());
        let proof_len = proof_len(&common);
        ClassData { class, common, proof_len }
    }

    /// Which class this is.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What all circuits of the class share.
    pub fn common(&self) -> &CommonData {
        &self.common
    }

    /// Bytes of every proof of the class.
    pub fn proof_len(&self) -> usize {
        self.proof_len
    }
}

/// The gates that every class has: those that verifying a proof takes, and [`ConstantGate`].
///
/// The parameters of some of them are chosen inside the library, so they are read off a probe: a circuit that verifies
/// one proof. One query is enough for that, since all queries take the same gates. Verifying a proof of a circuit with
/// more gates may take more gates, so the probe is repeated until nothing is added.
pub fn union_gates() -> &'static [Gate] {
    static GATES: LazyLock<Vec<Gate>> = LazyLock::new(|| closed_gates(&config()));
    &GATES
}

/// The gates that verifying a proof takes, when the circuit of that proof has these gates too.
pub(crate) fn closed_gates(config: &CircuitConfig) -> Vec<Gate> {
    let mut config = config.clone();
    config.security_bits = 0;
    config.fri_config.num_query_rounds = 1;
    let mut gates: Vec<Gate> = vec![GateRef::new(ConstantGate::new(config.num_constants))];
    loop {
        let child = common_data(&config, &gates, Class::Node.degree_bits(), Class::Node.public_inputs());
        let mut builder = Builder::new(config.clone());
        for gate in &gates {
            builder.add_gate_to_gate_set(gate.clone());
        }
        let proof = builder.add_virtual_proof_with_pis(&child);
        let key = builder.add_virtual_verifier_data(CAP_HEIGHT);
        builder.verify_proof::<C>(&proof, &key, &child);
        let found = builder.mock_build::<C>().common.gates;
        if found.len() == gates.len() {
            return found;
        }
        gates = found;
    }
}

/// The common data of circuits with these gates, rows and public inputs.
///
/// Built from a small circuit: of all fields only the degree depends on the number of rows, and what follows from it
/// is computed by the library's own rule. A test compares with a circuit of full size.
pub(crate) fn common_data(
    config: &CircuitConfig,
    gates: &[Gate],
    degree_bits: usize,
    public_inputs: usize,
) -> CommonData {
    let mut builder = Builder::new(config.clone());
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    for _ in 0..public_inputs {
        builder.add_virtual_public_input();
    }
    // The library asks for enough rows for its first folding of the domain.
    while builder.num_gates() < 1 << 5 {
        builder.add_gate(plonky2::gates::noop::NoopGate, vec![]);
    }
    let mut common = builder.mock_build::<C>().common;
    common.trace_degree_bits = degree_bits;
    common.public_initial_degree_bits = degree_bits;
    common.fri_params = config.fri_config.fri_params(degree_bits, config.zero_knowledge);
    common
}

/// Bytes of a proof in the library's encoding. Its shape follows from the common data alone.
fn proof_len(common: &CommonData) -> usize {
    const FELT: usize = 8;
    const EXTENSION: usize = 16;
    const HASH: usize = 32;
    let config = &common.config;
    let fri = &common.fri_params;
    let cap = HASH << config.fri_config.cap_height;
    let zs = config.num_challenges * (1 + common.num_partial_products);
    let quotients = config.num_challenges * common.quotient_degree_factor;
    let preprocessed = common.num_constants + config.num_routed_wires;
    let openings = preprocessed + config.num_wires + zs + config.num_challenges + quotients;

    // A Merkle proof is a byte of length and the siblings below the cap.
    let domain_bits = fri.degree_bits + config.fri_config.rate_bits;
    let path = |bits: usize| 1 + HASH * (bits - config.fri_config.cap_height);
    let mut query = (preprocessed + config.num_wires + zs + quotients) * FELT + 4 * path(domain_bits);
    let mut bits = domain_bits;
    for &arity_bits in &fri.reduction_arity_bits {
        bits -= arity_bits;
        query += (EXTENSION << arity_bits) + path(bits);
    }
    let final_bits = fri.degree_bits - fri.reduction_arity_bits.iter().sum::<usize>();

    3 * cap
        + openings * EXTENSION
        + fri.reduction_arity_bits.len() * cap
        + config.fri_config.num_query_rounds * query
        + (EXTENSION << final_bits)
        + FELT // grinding
        + 8 // number of public inputs
        + common.num_public_inputs * FELT
}

#[cfg(test)]
mod tests {
    use super::*;
    use plonky2::gates::noop::NoopGate;

    #[test]
    fn the_union_has_the_gates_of_verification_and_constants() {
        let names: Vec<String> = union_gates().iter().map(|gate| gate.0.id()).collect();
        let has = |part: &str| names.iter().any(|name| name.starts_with(part));
        for part in ["ConstantGate", "PoseidonGate", "PublicInputGate", "BaseSumGate", "ArithmeticGate", "NoopGate"] {
            assert!(has(part), "{part} is missing in {names:?}");
        }
        assert_eq!(names.len(), 12, "{names:?}");
        assert!(union_gates().iter().all(|gate| gate.0.num_wires() <= WIRES));
    }

    #[test]
    fn a_class_equals_the_common_data_of_a_circuit_of_full_size() {
        for class in [Class::Call, Class::Node, Class::Checkpoint] {
            let mut builder = Builder::new(config());
            for gate in union_gates() {
                builder.add_gate_to_gate_set(gate.clone());
            }
            for _ in 0..class.public_inputs() {
                builder.add_virtual_public_input();
            }
            while builder.num_gates() <= class.rows() / 2 {
                builder.add_gate(NoopGate, vec![]);
            }
            assert_eq!(&builder.mock_build::<C>().common, ClassData::of(class).unwrap().common());
        }
    }

    #[test]
    fn verifying_with_all_queries_takes_the_same_gates() {
        let child = ClassData::node().common();
        let mut builder = Builder::new(config());
        for gate in union_gates() {
            builder.add_gate_to_gate_set(gate.clone());
        }
        let proof = builder.add_virtual_proof_with_pis(child);
        let key = builder.add_virtual_verifier_data(CAP_HEIGHT);
        builder.verify_proof::<C>(&proof, &key, child);
        assert_eq!(builder.mock_build::<C>().common.gates, union_gates());
    }

    #[test]
    fn a_tag_names_its_class() {
        for class in Class::ALL {
            assert_eq!(Class::from_tag(class.tag()), Some(class));
        }
        assert_eq!(Class::from_tag(0), None);
        assert_eq!(Class::from_tag(5), None);
    }
}
