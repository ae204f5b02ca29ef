//! Elements of the quintic extension as targets. Twin: `parth_crypto::ecgfp5::Fp5`.
//!
//! | operation | cost |
//! | --- | --- |
//! | product | 1 row of the quintic gate |
//! | quotient | 1 row of the quintic gate |
//! | weighted sum of two | 5 arithmetic operations, 20 a row |

use parth_crypto::Felt;
use parth_crypto::ecgfp5::Fp5;
use parth_proof::{Builder, Witness, field};
use parth_protocol::Profile;
use plonky2::iop::target::Target;

use super::gate::{QuinticProductGate, QuinticQuotientGenerator};
use crate::gadgets::hash::constant;
use crate::twin::{FillError, Twin};

/// Five targets that hold an element of the quintic extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fp5Target(pub [Target; 5]);

impl Fp5Target {
    /// An element that the witness gives.
    pub fn alloc(builder: &mut Builder) -> Fp5Target {
        Fp5Target(builder.add_virtual_target_arr())
    }

    /// An element that is part of the circuit.
    pub fn constant(builder: &mut Builder, value: Fp5) -> Fp5Target {
        Fp5Target(value.0.map(|felt| constant(builder, felt)))
    }

    /// Ties two elements together. Takes no rows.
    pub fn connect(self, builder: &mut Builder, other: Fp5Target) {
        builder.connect_array(self.0, other.0);
    }

    /// The product.
    pub fn mul(self, builder: &mut Builder, other: Fp5Target) -> Fp5Target {
        let (row, _) = builder.find_slot(QuinticProductGate, &[], &[]);
        let wires = |column: fn(usize) -> usize| std::array::from_fn(|k| Target::wire(row, column(k)));
        builder.connect_array(self.0, wires(QuinticProductGate::wire_a));
        builder.connect_array(other.0, wires(QuinticProductGate::wire_b));
        Fp5Target(wires(QuinticProductGate::wire_c))
    }

    /// The square.
    pub fn square(self, builder: &mut Builder) -> Fp5Target {
        self.mul(builder, self)
    }

    /// An element q with q · `divisor` = this. When `divisor` is zero there is none, unless this is zero too: then *any*
    /// q satisfies the constraint, so callers make sure that `divisor` is not zero.
    pub fn quotient(self, builder: &mut Builder, divisor: Fp5Target) -> Fp5Target {
        let quotient = Fp5Target::alloc(builder);
        builder.add_simple_generator(QuinticQuotientGenerator {
            numerator: self.0,
            divisor: divisor.0,
            quotient: quotient.0,
        });
        let product = quotient.mul(builder, divisor);
        product.connect(builder, self);
        quotient
    }

    /// Holds only for elements that are not zero: the inverse is a witness.
    pub fn assert_not_zero(self, builder: &mut Builder) {
        let one = Fp5Target::constant(builder, Fp5::ONE);
        one.quotient(builder, self);
    }

    /// `weight · self + other_weight · other`.
    pub fn combine(self, builder: &mut Builder, weight: Felt, other: Fp5Target, other_weight: Felt) -> Fp5Target {
        let one = builder.one();
        let (weight, other_weight) = (field::element(weight), field::element(other_weight));
        Fp5Target(std::array::from_fn(|k| builder.arithmetic(weight, other_weight, self.0[k], one, other.0[k])))
    }

    /// The sum.
    pub fn add(self, builder: &mut Builder, other: Fp5Target) -> Fp5Target {
        self.combine(builder, Felt::ONE, other, Felt::ONE)
    }

    /// The difference.
    pub fn sub(self, builder: &mut Builder, other: Fp5Target) -> Fp5Target {
        self.combine(builder, Felt::ONE, other, -Felt::ONE)
    }

    /// This plus a constant. Coefficients of the constant that are zero cost nothing.
    pub fn add_constant(self, builder: &mut Builder, value: Fp5) -> Fp5Target {
        Fp5Target(std::array::from_fn(|k| match value.0[k] {
            Felt::ZERO => self.0[k],
            felt => builder.add_const(self.0[k], field::element(felt)),
        }))
    }
}

impl Twin for Fp5 {
    type Target = Fp5Target;

    fn alloc(builder: &mut Builder, _: &Profile) -> Fp5Target {
        Fp5Target::alloc(builder)
    }

    fn fill(&self, target: &Fp5Target, witness: &mut Witness) -> Result<(), FillError> {
        self.0.iter().zip(&target.0).try_for_each(|(felt, target)| felt.fill(target, witness))
    }

    fn clear(target: &Fp5Target, witness: &mut Witness) -> Result<(), FillError> {
        Fp5::ZERO.fill(target, witness)
    }
}
