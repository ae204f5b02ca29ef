use std::sync::LazyLock;

use super::*;
use crate::checker::{CheckError, Checker};
use crate::class;
use crate::gadgets::hash::DigestTarget;
use crate::recursion::{self, Child, ChildClaim};
use crate::statement::{ProvingCircuit, RuleCircuit, Skeleton, StatementError};
use parth_crypto::ecgfp5::{Point, Scalar};
use parth_crypto::schnorr::{SecretKey, challenge};
use parth_proof::{C, ProveError, StockProver, circuit::placed_rows};
use parth_protocol::statement::Public;
use parth_protocol::{CircuitSet, Statement};

/// Rows of 4,096 that the circuit takes.
const ROWS: usize = 1648;

fn network() -> Rules {
    Rules::new(Profile::STANDARD, &CircuitSet::stand_in())
}

static RULES: LazyLock<RuleCircuit<Schnorr>> = LazyLock::new(|| RuleCircuit::build(&network()));
static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| RULES.checker());
static CIRCUIT: LazyLock<ProvingCircuit<Schnorr>> =
    LazyLock::new(|| Skeleton::<Schnorr>::new(&network()).build().unwrap());

fn signed(seed: u8) -> Schnorr {
    let key = SecretKey::from_entropy(&[seed; 64]).unwrap();
    let message = parth_crypto::hash(Domain::SessionMessage, &[Felt::from(seed)]);
    Schnorr { message, public_key: key.public(), signature: key.sign(message, &[seed; 32]) }
}

/// The inputs as a prover chooses them.
#[derive(Clone)]
struct Inputs {
    message: Digest,
    encoded: Fp5,
    root: Fp5,
    challenge: [Felt; FACTOR_DIGITS],
    response: [Felt; SCALAR_DIGITS],
}

impl Inputs {
    fn of(statement: &Schnorr) -> Inputs {
        let Schnorr { message, public_key, signature } = statement;
        let encoded = public_key.encoded();
        let [low, high] = signature.challenge.map(Felt::as_u64);
        let bytes = [low.to_le_bytes(), high.to_le_bytes()].concat();
        Inputs {
            message: *message,
            encoded,
            root: decoding_root(encoded),
            challenge: std::array::from_fn(|i| Felt::from(bytes[i / 2] >> (4 * (i % 2)) & 15)),
            response: digits_of(signature.response.limbs()),
        }
    }

    /// Does the circuit accept them?
    fn check(&self) -> Result<(), CheckError> {
        let (targets, mut witness) = (RULES.inputs(), Witness::new());
        self.message.fill(&targets.message, &mut witness).unwrap();
        self.encoded.fill(&targets.public_key.encoded, &mut witness).unwrap();
        self.root.fill(&targets.public_key.root, &mut witness).unwrap();
        let signature = &targets.signature;
        for (digit, target) in self.challenge.iter().zip(&signature.challenge) {
            digit.fill(target, &mut witness).unwrap();
        }
        for (digit, target) in self.response.iter().zip(&signature.response) {
            digit.fill(target, &mut witness).unwrap();
        }
        CHECKER.check(witness)
    }
}

fn digits_of(limbs: [u64; 5]) -> [Felt; SCALAR_DIGITS] {
    std::array::from_fn(|i| Felt::reduce(limbs[i / 16] >> (4 * (i % 16)) & 15))
}

#[test]
fn the_circuit_accepts_what_the_statement_accepts_with_the_same_digest() {
    for seed in 1..6 {
        let statement = signed(seed);
        let header = statement.apply(&network()).unwrap();
        let outcome = RULES.check(&CHECKER, &statement).unwrap();
        assert_eq!(outcome.public, header.public_inputs());
        assert!(outcome.children.is_empty());
        assert_eq!(Inputs::of(&statement).check(), Ok(()));
    }
}

#[test]
fn the_circuit_refuses_what_the_statement_rejects() {
    let other = signed(9);
    let change: [fn(&mut Schnorr, &Schnorr); 8] = [
        |statement, _| statement.message.0[0] += Felt::ONE,
        |statement, _| statement.message.0[3] += Felt::ONE,
        |statement, other| statement.public_key = other.public_key,
        |statement, other| statement.signature = other.signature,
        |statement, _| statement.signature.challenge[0] += Felt::ONE,
        |statement, _| statement.signature.challenge[1] += Felt::ONE,
        |statement, _| statement.signature.response = statement.signature.response + Scalar::ONE,
        |statement, _| statement.signature.response = -statement.signature.response,
    ];
    for change in change {
        let mut statement = signed(1);
        change(&mut statement, &other);
        assert!(statement.apply(&network()).is_err());
        assert!(RULES.check(&CHECKER, &statement).is_err());
    }
    // R neutral: s = 0 and e = 0.
    let mut statement = signed(1);
    statement.signature = Signature { challenge: [Felt::ZERO; 2], response: Scalar::ZERO };
    assert!(statement.apply(&network()).is_err() && RULES.check(&CHECKER, &statement).is_err());
}

#[test]
fn the_response_plus_the_group_order_is_refused() {
    let mut inputs = Inputs::of(&signed(1));
    let (mut limbs, mut carry) = ([0u64; 5], 0u128);
    for (i, limb) in signed(1).signature.response.limbs().into_iter().enumerate() {
        let wide = u128::from(limb) + u128::from(Scalar::ORDER[i]) + carry;
        (limbs[i], carry) = (wide as u64, wide >> 64);
    }
    assert_eq!(carry, 0, "s + n always fits 80 digits");
    inputs.response = digits_of(limbs);
    assert!(inputs.check().is_err());
}

/// The generators of the library have no choice for such a digit, so the cells are set by hand.
#[test]
fn a_digit_of_sixteen_or_more_is_refused_although_the_integer_is_the_same() {
    let mut trace = RULES.trace(&CHECKER, &signed(1)).unwrap();
    let SignatureTarget { challenge, response } = RULES.inputs().signature;
    for pair in [&response[..2], &response[40..42], &response[78..], &challenge[..2], &challenge[30..]] {
        let honest = [trace.get(pair[0]), trace.get(pair[1])];
        trace.set(pair[0], honest[0] + Felt::constant(16));
        trace.set(pair[1], honest[1] - Felt::ONE);
        assert!(trace.violations().iter().any(|violation| violation.gate == "RandomAccessGate"));
        trace.set(pair[0], honest[0]);
        trace.set(pair[1], honest[1]);
    }
    assert_eq!(trace.violations(), Vec::new());
}

#[test]
fn the_neutral_key_is_refused_although_anybody_signs_for_it() {
    let mut inputs = Inputs::of(&signed(1));
    let response = Scalar::from_u128(5);
    let challenge = challenge(Point::base(&response).encode(), Fp5::ZERO, inputs.message).map(Felt::as_u64);
    inputs.encoded = Fp5::ZERO;
    inputs.challenge = std::array::from_fn(|i| Felt::reduce(challenge[i / 16] >> (4 * (i % 16)) & 15));
    inputs.response = digits_of(response.limbs());
    for root in [Fp5::ZERO, Fp5::ONE, inputs.root] {
        assert!(Inputs { root, ..inputs.clone() }.check().is_err());
    }
    // No root at all would do: x² + ax + b has a zero only where a² − 4b is a square.
    assert!(!(Point::A.square() - Point::B.double().double()).is_square());
}

#[test]
fn a_key_whose_point_is_not_on_the_curve_or_in_the_other_coset_is_refused() {
    let honest = Inputs::of(&signed(1));
    // Both signs of the root are the same point.
    assert_eq!(Inputs { root: -honest.root, ..honest.clone() }.check(), Ok(()));
    assert!(Inputs { root: honest.root + Fp5::ONE, ..honest.clone() }.check().is_err());
    assert!(Inputs { encoded: -honest.encoded, ..honest.clone() }.check().is_err());
    // The other x of the same encoding, b / x, is that of P itself. It is no square, so no root leads there.
    let other = Point::B * honest.root.square().inverse().unwrap();
    assert!(!other.is_square() && other.sqrt().is_none());
    // An encoding that nothing has.
    let outside = (2u64..).map(|k| Fp5::constant([k, 0, 0, 1, 0])).find(|&w| Point::decode(w).is_none()).unwrap();
    assert!(Inputs { encoded: outside, root: decoding_root(outside), ..honest }.check().is_err());
}

#[test]
fn a_real_proof_verifies_and_a_statement_that_does_not_hold_has_none() {
    let proof = CIRCUIT.prove(&StockProver, &signed(1), &[]).unwrap();
    CIRCUIT.circuit().key().verify(class::data(Class::Signature), &proof).unwrap();
    let header = signed(1).apply(&network()).unwrap();
    assert_eq!(proof.public_digest(), Some(header.public_digest()));

    let mut statement = signed(1);
    statement.message.0[0] += Felt::ONE;
    let error = CIRCUIT.prove(&StockProver, &statement, &[]).unwrap_err();
    assert!(matches!(error, StatementError::Prove(ProveError::Witness { .. })), "{error}");
}

#[test]
fn the_rows_stay_inside_the_budget() {
    assert_eq!(CIRCUIT.circuit().rows(), ROWS);
    assert!(ROWS + 20 <= Class::Signature.rows());
}

/// The gate's own form as constraints is used here only: whoever verifies signatures evaluates it at a random point.
#[test]
fn a_parent_verifies_the_proof_and_the_gate_costs_it_few_rows() {
    let parent = |class: Class| {
        let mut builder = Builder::new(parth_proof::class::config());
        let fingerprint = DigestTarget::alloc(&mut builder);
        let public = DigestTarget::alloc(&mut builder);
        let children = recursion::verify(&mut builder, &[ChildClaim::new(class, fingerprint, public)]);
        builder.register_public_inputs(&public.0);
        (builder, children)
    };
    let (plain, _) = parent(Class::Call);
    let (builder, children) = parent(Class::Signature);
    assert!(placed_rows(&builder) <= placed_rows(&plain) + 5);

    let data = builder.build::<C>();
    let proof = CIRCUIT.prove(&StockProver, &signed(2), &[]).unwrap();
    let mut witness = Witness::new();
    children[0].fill(Child { key: CIRCUIT.circuit().key(), proof: &proof }, &mut witness).unwrap();
    let outer = data.prove(witness).unwrap();
    data.verify(outer).unwrap();
}

#[test]
fn no_cell_of_the_circuit_is_free() {
    let mut trace = RULES.trace(&CHECKER, &signed(3)).unwrap();
    assert_eq!(trace.violations(), Vec::new());
    let survivors = trace.sweep(if std::env::var_os("PARTH_FULL_SWEEP").is_some() { 1 } else { 23 });
    assert_eq!(survivors, Vec::new());
}
