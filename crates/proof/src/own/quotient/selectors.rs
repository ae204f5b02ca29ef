//! The filter of a gate: zero in the rows of other gates, and not zero in the rows of its own.
//!
//! Gates lie in groups, one selector column a group. In a row the selector of the gate's group holds the gate's number,
//! and those of the other groups hold [`UNUSED`]. So the filter is the product of (i − selector) over all other numbers i
//! of the group, and of (UNUSED − selector) if there are several groups.

use super::block::{Block, POINTS};
use crate::CommonData;
use parth_crypto::poseidon::kernels::{Kernel, Lanes, Work};

/// What a selector holds in rows of gates of other groups.
pub const UNUSED: u64 = u32::MAX as u64;

/// Which column selects a gate, and where its filter is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    column: usize,
    zeros: Vec<u64>,
}

impl Filter {
    /// The filter of the gate with this number.
    pub fn new(common: &CommonData, gate: usize) -> Filter {
        let selectors = &common.selectors_info;
        let column = selectors.selector_indices[gate];
        let others = selectors.groups[column].clone().filter(|&other| other != gate);
        let mut zeros: Vec<u64> = others.map(|other| other as u64).collect();
        if selectors.groups.len() > 1 {
            zeros.push(UNUSED);
        }
        Filter { column, zeros }
    }

    /// The filter at the points of a block.
    pub fn evaluate(&self, kernel: Kernel, block: &Block, filter: &mut [u64; POINTS]) {
        kernel.run(Evaluate { filter: self, selector: block.selector(self.column), out: filter });
    }
}

struct Evaluate<'a> {
    filter: &'a Filter,
    selector: &'a [u64],
    out: &'a mut [u64; POINTS],
}

impl Work for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (selector, out) in self.selector.chunks_exact(L::WIDTH).zip(self.out.chunks_exact_mut(L::WIDTH)) {
            let selector = L::load(selector);
            let mut product = L::splat(1);
            for &zero in &self.filter.zeros {
                product = product * (L::splat(zero) - selector);
            }
            product.store(out);
        }
    }
}
