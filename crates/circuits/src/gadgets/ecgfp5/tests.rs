use super::digits::{FELT_DIGITS, SCALAR_DIGITS};
use super::multiply::{self, FACTOR_DIGITS};
use super::*;
use crate::checker::{CheckError, Checker};
use crate::twin::Twin;
use parth_crypto::Felt;
use parth_crypto::ecgfp5::{Fp5, Point, Scalar};
use parth_proof::class::config;
use parth_proof::{Builder, C, CircuitData, Class, Witness};
use plonky2::gates::gate::Gate;
use plonky2::iop::generator::SimpleGenerator;
use plonky2::iop::target::Target;
use plonky2::util::serialization::Buffer;
use proptest::prelude::*;

/// A circuit from values to values.
struct Circuit {
    inputs: Vec<Target>,
    outputs: Vec<Target>,
    data: CircuitData,
}

impl Circuit {
    fn new<const N: usize>(define: impl FnOnce(&mut Builder, [Target; N]) -> Vec<Target>) -> Circuit {
        let mut builder = Builder::new(config());
        let inputs: [Target; N] = builder.add_virtual_target_arr();
        let outputs = define(&mut builder, inputs);
        Circuit { inputs: inputs.to_vec(), outputs, data: builder.build::<C>() }
    }

    fn run(&self, values: &[Felt]) -> Result<Vec<Felt>, CheckError> {
        let checker = Checker::new(&self.data);
        let trace = checker.trace(self.witness(values))?;
        match trace.violations() {
            violations if violations.is_empty() => Ok(self.outputs.iter().map(|&target| trace.get(target)).collect()),
            violations => Err(CheckError::Constraints { violations }),
        }
    }

    fn witness(&self, values: &[Felt]) -> Witness {
        assert_eq!(values.len(), self.inputs.len());
        let mut witness = Witness::new();
        for (felt, target) in values.iter().zip(&self.inputs) {
            felt.fill(target, &mut witness).unwrap();
        }
        witness
    }
}

fn elements<const N: usize>(targets: &[Target]) -> [Fp5Target; N] {
    std::array::from_fn(|i| Fp5Target(std::array::from_fn(|k| targets[5 * i + k])))
}

fn points<const N: usize>(targets: &[Target]) -> [PointTarget; N] {
    std::array::from_fn(|i| {
        let [x, y] = elements(&targets[10 * i..]);
        PointTarget { x, y }
    })
}

fn point_targets(point: PointTarget) -> Vec<Target> {
    [point.x.0, point.y.0].concat()
}

fn image(point: Point) -> Vec<Felt> {
    let (x, y) = point.image().unwrap();
    [x.0, y.0].concat()
}

fn multiple(factor: u128) -> Point {
    Point::base(&Scalar::from_u128(factor))
}

fn digits<const N: usize>(limbs: &[u64]) -> [Felt; N] {
    std::array::from_fn(|i| Felt::reduce(limbs[i / 16] >> (4 * (i % 16)) & 15))
}

fn fp5() -> impl Strategy<Value = Fp5> {
    any::<[u64; 5]>().prop_map(|values| Fp5(values.map(Felt::reduce)))
}

#[test]
fn products_quotients_and_sums_equal_the_native_ones() {
    let circuit = Circuit::new::<10>(|builder, inputs| {
        let [a, b] = elements(&inputs);
        let out = [a.mul(builder, b), a.quotient(builder, b), a.add(builder, b), a.sub(builder, b)];
        b.assert_not_zero(builder);
        out.into_iter().flat_map(|element| element.0).collect()
    });
    proptest!(|(a in fp5(), b in fp5())| {
        let outputs = circuit.run(&[a.0, b.0].concat()).unwrap();
        let expected = [a * b, a * b.inverse().unwrap(), a + b, a - b];
        prop_assert_eq!(outputs, expected.into_iter().flat_map(|element| element.0).collect::<Vec<_>>());
    });
    assert!(circuit.run(&[Fp5::ONE.0, Fp5::ZERO.0].concat()).is_err());
}

/// Why addition proves that its operands differ.
#[test]
fn zero_divided_by_zero_is_anything() {
    let circuit = Circuit::new::<10>(|builder, inputs| {
        let [a, b] = elements(&inputs);
        a.quotient(builder, b).0.to_vec()
    });
    let checker = Checker::new(&circuit.data);
    let mut trace = checker.trace(circuit.witness(&[Felt::ZERO; 10])).unwrap();
    for &target in &circuit.outputs {
        trace.set(target, Felt::constant(7));
    }
    assert_eq!(trace.violations(), Vec::new());
    let mut trace = checker.trace(circuit.witness(&[Fp5::ONE.0, Fp5::ONE.0].concat())).unwrap();
    trace.set(circuit.outputs[0], Felt::constant(7));
    assert_ne!(trace.violations(), Vec::new());
}

#[test]
fn sums_doubles_and_encodings_equal_the_native_ones() {
    let circuit = Circuit::new::<20>(|builder, inputs| {
        let [p, q] = points(&inputs);
        let (sum, double, encoded) = (p.add(builder, q), p.double(builder), p.encode(builder));
        [point_targets(sum), point_targets(double), encoded.0.to_vec()].concat()
    });
    proptest!(ProptestConfig::with_cases(32), |(p in 1u128.., q in 1u128..)| {
        prop_assume!(p != q);
        let (p, q) = (multiple(p), multiple(q));
        let outputs = circuit.run(&[image(p), image(q)].concat()).unwrap();
        prop_assert_eq!(outputs, [image(p + q), image(p.double()), p.encode().0.to_vec()].concat());
    });
    for p in [multiple(1), multiple(12345)] {
        assert!(circuit.run(&[image(p), image(p)].concat()).is_err(), "equal operands");
        assert!(circuit.run(&[image(p), image(-p)].concat()).is_err(), "opposite operands");
    }
}

#[test]
fn exactly_the_encodings_of_elements_that_are_not_neutral_decode() {
    let circuit = Circuit::new::<10>(|builder, inputs| {
        let [w, root] = elements(&inputs);
        point_targets(PointTarget::decode(builder, w, root))
    });
    let run = |w: Fp5, root: Fp5| circuit.run(&[w.0, root.0].concat());
    proptest!(ProptestConfig::with_cases(64), |(w in fp5())| {
        let root = curve::decoding_root(w);
        match Point::decode(w) {
            Some(point) => {
                prop_assert_eq!(run(w, root).unwrap(), image(point));
                prop_assert_eq!(run(w, -root).unwrap(), image(point));
                prop_assert!(run(w, root + Fp5::ONE).is_err());
            }
            None => prop_assert!(run(w, root).is_err() && run(w, w).is_err()),
        }
    });
    assert!(run(Fp5::ZERO, Fp5::ZERO).is_err(), "the neutral element");
}

#[test]
fn sixteen_digits_spell_a_felt_only_below_the_field_order() {
    let circuit = Circuit::new::<FELT_DIGITS>(|builder, inputs| vec![digits::canonical_felt(builder, &inputs)]);
    let run = |value: u64| circuit.run(&digits::<FELT_DIGITS>(&[value]));
    for value in [0, 1, 0xffff_ffff, 1 << 32, Felt::ORDER - 2, Felt::ORDER - 1] {
        assert_eq!(run(value).unwrap(), [Felt::constant(value)]);
    }
    for value in [Felt::ORDER, Felt::ORDER + 1, Felt::ORDER + 0x1234, u64::MAX] {
        assert!(run(value).is_err(), "{value:x}");
    }
}

#[test]
fn eighty_digits_spell_a_scalar_only_below_the_group_order() {
    let circuit = Circuit::new::<SCALAR_DIGITS>(|builder, inputs| {
        digits::assert_canonical_scalar(builder, &inputs);
        Vec::new()
    });
    let run = |limbs: [u64; 5]| circuit.run(&digits::<SCALAR_DIGITS>(&limbs)).is_ok();
    let with = |index: usize, change: fn(u64) -> u64| {
        let mut limbs = Scalar::ORDER;
        limbs[index] = change(limbs[index]);
        limbs
    };
    assert!(run([0; 5]) && run([u64::MAX, 0, 0, 0, 0]) && run([u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0]));
    assert!(!run(Scalar::ORDER) && !run([u64::MAX; 5]));
    for index in 0..5 {
        assert!(run(with(index, |limb| limb - 1)), "below in limb {index}");
        assert!(run(with(index, |limb| limb - (1 << 32))), "below in the high half of limb {index}");
        assert!(!run(with(index, |limb| limb + 1)), "above in limb {index}");
        assert!(!run(with(index, |limb| limb + (1 << 32))), "above in the high half of limb {index}");
    }
}

#[test]
fn multiples_equal_the_native_ones_also_for_extreme_digits() {
    let circuit = Circuit::new::<{ 10 + FACTOR_DIGITS + SCALAR_DIGITS }>(|builder, inputs| {
        let [key] = points(&inputs);
        let challenge = std::array::from_fn(|i| inputs[10 + i]);
        let response = std::array::from_fn(|i| inputs[10 + FACTOR_DIGITS + i]);
        point_targets(multiply::base_and_key(builder, &response, key, &challenge))
    });
    let run = |key: Point, challenge: u128, response: [u64; 5]| {
        let challenge = digits::<FACTOR_DIGITS>(&[challenge as u64, (challenge >> 64) as u64]);
        circuit.run(&[&image(key)[..], &challenge, &digits::<SCALAR_DIGITS>(&response)].concat())
    };
    let small = Scalar::from_u128;
    let cases = [
        (multiple(7), 0, small(1)),
        (multiple(7), 1, Scalar::ZERO),
        (multiple(1), 1, small(1)),
        (-multiple(1), 5, small(4)),
        (multiple(3), u128::MAX, -Scalar::ONE),
        (multiple(9), 0x1111_1111_1111_1111_1111_1111_1111_1111, -small(2)),
        (multiple(5), 1 << 127, small(1 << 127)),
    ];
    for (key, challenge, response) in cases {
        let expected = Point::base(&response) + key.multiply_u128(challenge);
        assert_eq!(run(key, challenge, response.limbs()).unwrap(), image(expected));
    }
    // s + n leads to the same point: only the range of s tells the two apart.
    let [first, rest @ ..] = Scalar::ORDER;
    let lifted = [first + 5, rest[0], rest[1], rest[2], rest[3]];
    assert_eq!(run(multiple(7), 3, lifted), run(multiple(7), 3, small(5).limbs()));
    // Keys for which the table meets an exceptional addition: nobody knows the logarithm of the offset, hence of these.
    assert!(
        run(multiply::offset(), 1, [1, 0, 0, 0, 0]).is_err() && run(-multiply::offset(), 1, [1, 0, 0, 0, 0]).is_err()
    );
    // The neutral element has no image.
    assert!(run(multiple(7), 0, [0; 5]).is_err());
    assert!(run(-multiple(2), 2, [4, 0, 0, 0, 0]).is_err());
}

/// The disk cache of circuits keeps gates and generators as bytes.
#[test]
fn the_gate_and_its_generators_come_back_from_bytes() {
    let common = crate::class::data(Class::Signature).common();
    let place = |row: usize| std::array::from_fn(|column| Target::wire(row, column));
    let quotient = QuinticQuotientGenerator { numerator: place(1), divisor: place(2), quotient: place(3) };
    let [product] = QuinticProductGate.generators(9, &[]).try_into().unwrap();

    let mut bytes = Vec::new();
    QuinticProductGate.serialize(&mut bytes, common).unwrap();
    product.0.serialize(&mut bytes, common).unwrap();
    quotient.serialize(&mut bytes, common).unwrap();
    let mut buffer = Buffer::new(&bytes);
    assert_eq!(QuinticProductGate::deserialize(&mut buffer, common).unwrap(), QuinticProductGate);
    let read = QuinticProductGenerator::deserialize(&mut buffer, common).unwrap();
    assert_eq!(format!("{read:?}"), "QuinticProductGenerator { row: 9 }");
    assert_eq!(read.dependencies(), product.0.watch_list());
    let read = QuinticQuotientGenerator::deserialize(&mut buffer, common).unwrap();
    assert_eq!(format!("{read:?}"), format!("{quotient:?}"));
}

#[test]
fn every_gate_of_the_signature_class_is_evaluated_fast_and_as_the_library_does() {
    let gates = crate::class::prover_gates();
    for gate in &crate::class::data(Class::Signature).common().gates {
        if gate.0.num_constraints() > 0 {
            assert_eq!(parth_proof::own::quotient::gates::agreement::check(&gates, gate, 10), Ok(()));
        }
    }
}
