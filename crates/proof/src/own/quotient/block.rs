//! [`Block`]: the values at a few points side by side, copied together once and then read by every gate.
//!
//! Columns of the inputs lie a power of two apart, so the same rows of all columns fall on the same lines of a cache and
//! drive each other out. A block is small and dense.

use std::ops::Range;

use parth_crypto::poseidon::kernels::Lanes;

use super::Inputs;

/// Points of a block. The wires of a block take 34 kB, about a level-one cache.
pub const POINTS: usize = 32;

/// See the [module](self). Each column has [`POINTS`] values.
pub struct Block {
    start: usize,
    selectors: usize,
    constants: usize,
    routed: usize,
    wires: Vec<u64>,
    fixed: Vec<u64>,
    products: Vec<u64>,
    next: Vec<u64>,
    public: [u64; 4],
}

impl Block {
    /// Room for the blocks of these inputs.
    pub fn new(inputs: &Inputs<'_>) -> Block {
        let common = &inputs.circuit.common;
        let fixed = common.num_constants + common.config.num_routed_wires;
        Block {
            start: 0,
            selectors: common.selectors_info.num_selectors(),
            constants: common.num_constants,
            routed: common.config.num_routed_wires,
            wires: vec![0; common.config.num_wires * POINTS],
            fixed: vec![0; fixed * POINTS],
            products: vec![0; inputs.products.count() * POINTS],
            next: vec![0; common.config.num_challenges * POINTS],
            public: inputs.public_inputs_hash.elements.map(|element| element.0),
        }
    }

    /// Copies the values at the positions from `start` on.
    pub fn fill(&mut self, inputs: &Inputs<'_>, start: usize) {
        self.start = start;
        for (column, values) in self.wires.chunks_exact_mut(POINTS).enumerate() {
            values.copy_from_slice(&inputs.wires.column(column)[start..start + POINTS]);
        }
        for (column, values) in self.products.chunks_exact_mut(POINTS).enumerate() {
            values.copy_from_slice(&inputs.products.column(column)[start..start + POINTS]);
        }
        // Rows lie all over the memory, and copying one is too much code for the processor to look ahead to the next. So
        // a word of each line is asked for first, all of them at once.
        let mut touched = 0;
        for row in &inputs.fixed[start..start + POINTS] {
            for line in row.chunks(8) {
                touched ^= line[0].0;
            }
        }
        std::hint::black_box(touched);
        for (point, row) in inputs.fixed[start..start + POINTS].iter().enumerate() {
            for (values, value) in self.fixed.chunks_exact_mut(POINTS).zip(row) {
                values[point] = value.0;
            }
        }
        for point in 0..POINTS {
            let next = inputs.domain.next(start + point);
            for (challenge, values) in self.next.chunks_exact_mut(POINTS).enumerate() {
                values[point] = inputs.products.column(challenge)[next];
            }
        }
    }

    /// Position of the first point.
    pub fn start(&self) -> usize {
        self.start
    }

    /// One selector.
    pub fn selector(&self, column: usize) -> &[u64] {
        &self.fixed[column * POINTS..][..POINTS]
    }

    /// The wires, column after column.
    pub fn wires(&self) -> &[u64] {
        &self.wires
    }

    /// The constants that gates see, those after the selectors, column after column.
    pub fn constants(&self) -> &[u64] {
        &self.fixed[self.selectors * POINTS..self.constants * POINTS]
    }

    /// The sigmas, column after column.
    pub fn sigmas(&self) -> &[u64] {
        &self.fixed[self.constants * POINTS..][..self.routed * POINTS]
    }

    /// Z of each challenge and the partial products, column after column.
    pub fn products(&self) -> &[u64] {
        &self.products
    }

    /// Z of each challenge at the next row, column after column.
    pub fn next(&self) -> &[u64] {
        &self.next
    }

    /// Hash of the public inputs.
    pub fn public(&self) -> [u64; 4] {
        self.public
    }

    /// A block without a circuit, for comparing gates: these wires and these constants that gates see.
    pub(super) fn of_rows(wires: Vec<u64>, constants: Vec<u64>, public: [u64; 4]) -> Block {
        Block {
            start: 0,
            selectors: 0,
            constants: constants.len() / POINTS,
            routed: 0,
            wires,
            fixed: constants,
            products: Vec::new(),
            next: Vec::new(),
            public,
        }
    }

    /// Some of the points, as a gate sees them.
    #[inline(always)]
    pub fn row(&self, at: usize) -> Row<'_> {
        Row { wires: &self.wires, constants: self.constants(), public: self.public, at }
    }
}

/// A gate's view of as many points of a block as the kernel has lanes.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    wires: &'a [u64],
    constants: &'a [u64],
    public: [u64; 4],
    at: usize,
}

impl Row<'_> {
    /// One wire.
    #[inline(always)]
    pub fn wire<L: Lanes>(&self, column: usize) -> L {
        L::load(&self.wires[column * POINTS + self.at..][..L::WIDTH])
    }

    /// Some wires one after the other, for loops: [`Column::load`] checks less than [`Row::wire`].
    #[inline(always)]
    pub fn columns(&self, columns: Range<usize>) -> impl DoubleEndedIterator<Item = Column<'_>> {
        let at = self.at;
        let wires = &self.wires[columns.start * POINTS..columns.end * POINTS];
        wires.chunks_exact(POINTS).map(move |column| Column(&column[at..]))
    }

    /// Some wires in a row.
    #[inline(always)]
    pub fn wires<L: Lanes, const COUNT: usize>(&self, column: usize) -> [L; COUNT] {
        let mut wires = [L::splat(0); COUNT];
        for (wire, column) in wires.iter_mut().zip(column..) {
            *wire = self.wire(column);
        }
        wires
    }

    /// One constant.
    #[inline(always)]
    pub fn constant<L: Lanes>(&self, column: usize) -> L {
        L::load(&self.constants[column * POINTS + self.at..][..L::WIDTH])
    }

    /// One element of the hash of the public inputs.
    #[inline(always)]
    pub fn public<L: Lanes>(&self, element: usize) -> L {
        L::splat(self.public[element])
    }
}

/// A wire at the points of a [`Row`] and after.
#[derive(Clone, Copy)]
pub struct Column<'a>(&'a [u64]);

impl Column<'_> {
    /// Its values.
    #[inline(always)]
    pub fn load<L: Lanes>(self) -> L {
        L::load(&self.0[..L::WIDTH])
    }
}
