//! The gate for products in the quintic extension, the one gate of the signature class's own.
//!
//! ```text
//!   wires   a₀ … a₄ | b₀ … b₄ | c₀ … c₄           c = a · b modulo z⁵ − 3, all routed
//! ```
//!
//! One product a row, although five would fit: rows are padded to 2^12 in any case, but each product in the gate costs
//! every circuit that verifies a signature three rows more.

use anyhow::Result;
use parth_crypto::ecgfp5::Fp5;
use parth_proof::{Builder, CommonData, D, F, field};
use plonky2::field::types::Field;
use plonky2::gates::gate::Gate;
use plonky2::gates::util::StridedConstraintConsumer;
use plonky2::iop::ext_target::ExtensionTarget;
use plonky2::iop::generator::{GeneratedValues, SimpleGenerator, WitnessGeneratorRef};
use plonky2::iop::target::Target;
use plonky2::iop::witness::{PartitionWitness, Witness, WitnessWrite};
use plonky2::plonk::vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBase};
use plonky2::util::serialization::{Buffer, IoResult, Read, Write};

/// c = a · b in the quintic extension: five constraints of degree two on 15 routed wires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuinticProductGate;

const WIRES: usize = 15;
/// z⁵.
const Z5: u64 = 3;

impl QuinticProductGate {
    /// Column of coefficient `k` of the first factor.
    pub const fn wire_a(k: usize) -> usize {
        k
    }

    /// Column of coefficient `k` of the second factor.
    pub const fn wire_b(k: usize) -> usize {
        5 + k
    }

    /// Column of coefficient `k` of the product.
    pub const fn wire_c(k: usize) -> usize {
        10 + k
    }
}

/// The factor (a column, b column, weight) of each of the five terms of product coefficient `k`.
fn terms(k: usize) -> impl Iterator<Item = (usize, usize, u64)> {
    (0..5).map(move |i| {
        let j = (k + 5 - i) % 5;
        (QuinticProductGate::wire_a(i), QuinticProductGate::wire_b(j), if i + j == k { 1 } else { Z5 })
    })
}

/// Constraint `k`: c_k − Σ weight · a_i · b_j.
fn constraint<K: Field>(wires: &[K], k: usize) -> K {
    terms(k).fold(wires[QuinticProductGate::wire_c(k)], |rest, (a, b, weight)| {
        rest - wires[a] * wires[b] * K::from_canonical_u64(weight)
    })
}

impl Gate<F, D> for QuinticProductGate {
    fn id(&self) -> String {
        "QuinticProductGate".into()
    }

    fn serialize(&self, _: &mut Vec<u8>, _: &CommonData) -> IoResult<()> {
        Ok(())
    }

    fn deserialize(_: &mut Buffer, _: &CommonData) -> IoResult<QuinticProductGate> {
        Ok(QuinticProductGate)
    }

    fn eval_unfiltered(
        &self,
        vars: EvaluationVars<F, D>,
    ) -> Vec<<F as plonky2::field::extension::Extendable<D>>::Extension> {
        (0..5).map(|k| constraint(vars.local_wires, k)).collect()
    }

    fn eval_unfiltered_base_one(&self, vars: EvaluationVarsBase<F>, mut out: StridedConstraintConsumer<F>) {
        let wires: [F; WIRES] = std::array::from_fn(|column| vars.local_wires[column]);
        out.many((0..5).map(|k| constraint(&wires, k)));
    }

    fn eval_unfiltered_circuit(&self, builder: &mut Builder, vars: EvaluationTargets<D>) -> Vec<ExtensionTarget<D>> {
        let wires = vars.local_wires;
        let constraint = |k: usize| {
            terms(k).fold(wires[QuinticProductGate::wire_c(k)], |rest, (a, b, weight)| {
                builder.arithmetic_extension(-F::from_canonical_u64(weight), F::ONE, wires[a], wires[b], rest)
            })
        };
        (0..5).map(constraint).collect()
    }

    fn generators(&self, row: usize, _: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        vec![WitnessGeneratorRef::new(QuinticProductGenerator { row }.adapter())]
    }

    fn num_wires(&self) -> usize {
        WIRES
    }

    fn num_constants(&self) -> usize {
        0
    }

    fn degree(&self) -> usize {
        2
    }

    fn num_constraints(&self) -> usize {
        5
    }
}

/// Fills in the product of one row.
#[derive(Clone, Debug, Default)]
pub struct QuinticProductGenerator {
    row: usize,
}

impl QuinticProductGenerator {
    /// The name in the circuit cache.
    pub const ID: &'static str = "QuinticProductGenerator";

    fn targets(&self, column: fn(usize) -> usize) -> [Target; 5] {
        std::array::from_fn(|k| Target::wire(self.row, column(k)))
    }
}

impl SimpleGenerator<F, D> for QuinticProductGenerator {
    fn id(&self) -> String {
        Self::ID.into()
    }

    fn dependencies(&self) -> Vec<Target> {
        [self.targets(QuinticProductGate::wire_a), self.targets(QuinticProductGate::wire_b)].concat()
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let product = value(witness, self.targets(QuinticProductGate::wire_a))
            * value(witness, self.targets(QuinticProductGate::wire_b));
        fill(out, self.targets(QuinticProductGate::wire_c), product)
    }

    fn serialize(&self, out: &mut Vec<u8>, _: &CommonData) -> IoResult<()> {
        out.write_usize(self.row)
    }

    fn deserialize(src: &mut Buffer, _: &CommonData) -> IoResult<QuinticProductGenerator> {
        Ok(QuinticProductGenerator { row: src.read_usize()? })
    }
}

/// Finds numerator / divisor, zero for a zero divisor; constraints decide whether that is right.
#[derive(Clone, Debug)]
pub struct QuinticQuotientGenerator {
    /// What is divided.
    pub numerator: [Target; 5],
    /// By what.
    pub divisor: [Target; 5],
    /// Where the quotient goes.
    pub quotient: [Target; 5],
}

impl QuinticQuotientGenerator {
    /// The name in the circuit cache.
    pub const ID: &'static str = "QuinticQuotientGenerator";
}

impl SimpleGenerator<F, D> for QuinticQuotientGenerator {
    fn id(&self) -> String {
        Self::ID.into()
    }

    fn dependencies(&self) -> Vec<Target> {
        [self.numerator, self.divisor].concat()
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let inverse = value(witness, self.divisor).inverse().unwrap_or(Fp5::ZERO);
        fill(out, self.quotient, value(witness, self.numerator) * inverse)
    }

    fn serialize(&self, out: &mut Vec<u8>, _: &CommonData) -> IoResult<()> {
        out.write_target_array(&self.numerator)?;
        out.write_target_array(&self.divisor)?;
        out.write_target_array(&self.quotient)
    }

    fn deserialize(src: &mut Buffer, _: &CommonData) -> IoResult<QuinticQuotientGenerator> {
        Ok(QuinticQuotientGenerator {
            numerator: src.read_target_array()?,
            divisor: src.read_target_array()?,
            quotient: src.read_target_array()?,
        })
    }
}

fn value(witness: &PartitionWitness<F>, targets: [Target; 5]) -> Fp5 {
    Fp5(targets.map(|target| field::felt(witness.get_target(target))))
}

fn fill(out: &mut GeneratedValues<F>, targets: [Target; 5], value: Fp5) -> Result<()> {
    targets.into_iter().zip(value.0).try_for_each(|(target, felt)| out.set_target(target, field::element(felt)))
}
