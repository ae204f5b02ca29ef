//! Divisions: the right quotient and remainder are accepted, everything else that a prover may say is not.

use parth_circuits::checker::Checker;
use parth_circuits::gadgets::integer;
use parth_crypto::Felt;
use parth_proof::class::config;
use parth_proof::{Builder, C, CircuitData, Witness, field};
use plonky2::iop::target::Target;
use plonky2::iop::witness::WitnessWrite;

/// A division whose results are given from outside.
struct Division {
    data: CircuitData,
    targets: [Target; 4],
}

impl Division {
    /// By a constant, when one is given.
    fn new(width: usize, constant: Option<u64>) -> Division {
        let mut builder = Builder::new(config());
        let targets: [Target; 4] = std::array::from_fn(|_| builder.add_virtual_target());
        let [left, right, quotient, remainder] = targets;
        match constant {
            None => integer::assert_division(&mut builder, [left, right], [quotient, remainder], width),
            Some(right) => integer::assert_division_by(&mut builder, left, right, [quotient, remainder], width),
        }
        Division { data: builder.build::<C>(), targets }
    }

    fn accepts(&self, values: [Felt; 4]) -> bool {
        let mut witness = Witness::new();
        for (&target, value) in self.targets.iter().zip(values) {
            witness.set_target(target, field::element(value)).unwrap();
        }
        Checker::new(&self.data).check(witness).is_ok()
    }

    /// Judges the right results for two numbers, and all wrong ones that hold in the field.
    fn judge(&self, left: u64, right: u64) {
        let felts = |quotient, remainder| [Felt::reduce(left), Felt::reduce(right), quotient, remainder];
        let divisor = Felt::reduce(right);
        let (Some(q), Some(r)) = (left.checked_div(right), left.checked_rem(right)) else {
            for (q, r) in [(0, 0), (0, left), (1, left), (left, 0)] {
                assert!(!self.accepts(felts(Felt::reduce(q), Felt::reduce(r))), "{left} / 0 = {q}");
            }
            return;
        };
        let (q, r) = (Felt::reduce(q), Felt::reduce(r));
        assert!(self.accepts(felts(q, r)), "{left} / {right}");
        let one = Felt::ONE;
        // The quotient off by one, the remainder too, or made right for it; a remainder beyond the divisor.
        let off =
            [(q + one, r), (q - one, r), (q, r + one), (q, r - one), (q + one, r - divisor), (q - one, r + divisor)];
        // What is right in the field only: the product wraps around p.
        let wrapped = (0..right.min(4)).map(Felt::reduce).filter_map(|other| {
            let inverse = field::felt(plonky2::field::types::Field::try_inverse(&field::element(divisor))?);
            Some(((Felt::reduce(left) - other) * inverse, other))
        });
        for (quotient, remainder) in off.into_iter().chain(wrapped).filter(|&wrong| wrong != (q, r)) {
            assert!(!self.accepts(felts(quotient, remainder)), "{left} / {right}: {quotient:?}, {remainder:?}");
        }
    }
}

fn edges(width: u32) -> Vec<u64> {
    let top = 1u64 << (width - 1);
    vec![0, 1, 2, 3, 7, 10, 1 << (width / 2), (1 << (width / 2)) - 1, top - 1, top, top + (top - 1)]
}

#[test]
fn only_the_right_quotient_and_remainder_are_accepted() {
    for width in [32, 62] {
        let division = Division::new(width as usize, None);
        for &left in &edges(width) {
            for &right in &edges(width) {
                division.judge(left, right);
            }
        }
    }
}

#[test]
fn only_the_right_results_of_a_division_by_a_constant_are_accepted() {
    for width in [32, 62] {
        for &right in edges(width).iter().filter(|&&right| right > 0) {
            let division = Division::new(width as usize, Some(right));
            for &left in &edges(width) {
                division.judge(left, right);
            }
        }
    }
}

#[test]
fn quotients_that_wrap_around_the_field_are_tried() {
    // 1 / 3 with a remainder of 0 or 2: quotients of the field below 2^62 exist among these, and are refused.
    let tried = (3..400u64).filter(|&right| {
        let inverse = plonky2::field::types::Field::inverse(&field::element(Felt::reduce(right)));
        field::felt(inverse).as_u64() >> 62 == 0
    });
    let division = Division::new(62, None);
    let mut wrapped = 0;
    for right in tried {
        let inverse = field::felt(plonky2::field::types::Field::inverse(&field::element(Felt::reduce(right))));
        assert!(!division.accepts([Felt::ONE, Felt::reduce(right), inverse, Felt::ZERO]), "1 / {right}");
        wrapped += 1;
    }
    assert!(wrapped > 50, "{wrapped} tried");
}
