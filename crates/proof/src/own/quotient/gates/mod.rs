//! The constraints of each gate, on as many points at once as the kernel has lanes.
//!
//! A gate here is made for one proof from the library's gate (whose parameters it reads) and the powers of alpha. It
//! yields Σ α^i · constraint_i, and never the constraints themselves; so where constraints are linear, as nearly all are
//! once the powers that a row's wires are raised to are known, a gate may add up in any order. What binds it is only the
//! library's own evaluation, which the tests compare it with.
//!
//! ```text
//!   arithmetic, arithmetic_extension, multiplication_extension       products and sums
//!   base_sum, random_access, exponentiation                          bits
//!   reducing, coset_interpolation                                    polynomials: at a point, through points
//!   poseidon, poseidon_mds                                           the permutation; its linear layer
//!   constant, public_input                                           fixed values
//!   extension                                                        the quadratic extension, in pairs of lanes
//!   unpacked                                                         any other gate, by its own evaluation
//!   agreement                                                        does a gate here say what the library's says?
//! ```

pub mod agreement;
pub mod arithmetic;
pub mod arithmetic_extension;
pub mod base_sum;
pub mod constant;
pub mod coset_interpolation;
pub mod exponentiation;
pub mod extension;
pub mod multiplication_extension;
pub mod poseidon;
pub mod poseidon_mds;
pub mod public_input;
pub mod random_access;
pub mod reducing;
pub mod unpacked;

use std::sync::Arc;

use super::block::{Block, POINTS, Row};
use super::weights::Powers;
use super::{CHALLENGES, Sums};
use crate::Gate;
use parth_crypto::poseidon::kernels::{Kernel, Lanes, MAX_PRODUCTS, Work};

/// A gate made for one proof.
pub trait PackedGate: Send + Sync {
    /// Σ α^i · constraint_i, not filtered, at the points of a block.
    fn evaluate(&self, kernel: Kernel, block: &Block, sums: &mut Sums);
}

/// A gate made for one proof, as it is written: for any kernel. [`packed`] makes it a [`PackedGate`].
pub trait WeightedSum: Send + Sync + 'static {
    /// Σ α^i · constraint_i at some points. To be marked `#[inline(always)]`, as all it calls, so that it is compiled for
    /// the instructions of the kernel.
    fn weighted_sum<L: Lanes>(&self, row: Row<'_>) -> [L; CHALLENGES];
}

/// Makes a gate if it is of the kind that the maker knows.
pub type Maker = fn(&Gate, &Arc<Powers>) -> Option<Box<dyn PackedGate>>;

/// Which gates are evaluated on several points at once; others by their own evaluation.
#[derive(Clone, Debug)]
pub struct Gates {
    makers: Vec<Maker>,
}

impl Default for Gates {
    fn default() -> Gates {
        Gates::new()
    }
}

impl Gates {
    /// The gates of the library.
    pub fn new() -> Gates {
        Gates {
            makers: vec![
                arithmetic::make,
                arithmetic_extension::make,
                base_sum::make,
                constant::make,
                coset_interpolation::make,
                exponentiation::make,
                multiplication_extension::make,
                poseidon::make,
                poseidon_mds::make,
                public_input::make,
                random_access::make,
                reducing::make,
            ],
        }
    }

    /// And a gate of one's own.
    pub fn with(mut self, maker: Maker) -> Gates {
        self.makers.push(maker);
        self
    }

    /// Is this gate known? Others are right too, and slow.
    pub fn knows(&self, gate: &Gate) -> bool {
        let powers = Arc::new(Powers::new([crate::F::default(); CHALLENGES], gate.0.num_constraints() + 1));
        self.find(gate, &powers).is_some()
    }

    /// The gate for a proof with these powers of alpha, at least as many as it has constraints.
    pub fn packed(&self, gate: &Gate, powers: &Arc<Powers>) -> Box<dyn PackedGate> {
        self.find(gate, powers).unwrap_or_else(|| unpacked::make(gate, powers))
    }

    fn find(&self, gate: &Gate, powers: &Arc<Powers>) -> Option<Box<dyn PackedGate>> {
        // No gate adds up more than four products for each constraint.
        if gate.0.num_constraints() * 4 > MAX_PRODUCTS * 2 {
            return None;
        }
        self.makers.iter().find_map(|make| make(gate, powers))
    }
}

/// Wraps a gate for evaluation on blocks.
pub fn packed(gate: impl WeightedSum) -> Box<dyn PackedGate> {
    Box::new(Packed(gate))
}

struct Packed<G>(G);

impl<G: WeightedSum> PackedGate for Packed<G> {
    fn evaluate(&self, kernel: Kernel, block: &Block, sums: &mut Sums) {
        kernel.run(OnBlock { gate: &self.0, block, sums });
    }
}

struct OnBlock<'a, G> {
    gate: &'a G,
    block: &'a Block,
    sums: &'a mut Sums,
}

impl<G: WeightedSum> Work for OnBlock<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for at in (0..POINTS).step_by(L::WIDTH) {
            let sums = self.gate.weighted_sum::<L>(self.block.row(at));
            for (out, sum) in self.sums.iter_mut().zip(sums) {
                sum.store(&mut out[at..][..L::WIDTH]);
            }
        }
    }
}
