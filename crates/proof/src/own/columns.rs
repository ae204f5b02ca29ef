//! [`Columns`]: values of many polynomials in one flat buffer, column after column; and the buffers, which serve again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use parth_crypto::poseidon::kernels::{Lanes, MAX_WIDTH};
use plonky2::field::goldilocks_field::GoldilocksField as F;
use rayon::prelude::*;

/// Values of several polynomials over the same rows. Column `c` is contiguous; columns follow each other in one buffer.
///
/// A value is any `u64` that is congruent to the felt: kernels need no canonical form, so none is kept. What the rows
/// stand for (rows of the trace, coefficients, points of a coset) is said where a value of this type is named.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    rows: usize,
    values: Vec<u64>,
}

impl Columns {
    /// Zeros.
    pub fn zeros(columns: usize, rows: usize) -> Columns {
        Columns { rows, values: vec![0; columns * rows] }
    }

    /// The values of a buffer, which holds whole columns.
    pub(super) fn from_buffer(rows: usize, values: Vec<u64>) -> Columns {
        Columns { rows, values }
    }

    /// The buffer, to serve again.
    pub(super) fn into_buffer(self) -> Vec<u64> {
        self.values
    }

    /// Values in a column.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn count(&self) -> usize {
        self.values.len().checked_div(self.rows).unwrap_or(0)
    }

    /// One column.
    pub fn column(&self, column: usize) -> &[u64] {
        &self.values[column * self.rows..][..self.rows]
    }

    /// One column, to be written.
    pub fn column_mut(&mut self, column: usize) -> &mut [u64] {
        &mut self.values[column * self.rows..][..self.rows]
    }

    /// All columns, one after the other.
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// All columns, one after the other, to be written.
    pub fn values_mut(&mut self) -> &mut [u64] {
        &mut self.values
    }

    /// The values at one row, through all columns.
    pub fn row(&self, row: usize) -> impl Iterator<Item = u64> + '_ {
        self.values.iter().skip(row).step_by(self.rows.max(1)).copied()
    }
}

/// Columns in tiles: eight rows of all columns, then the next eight. In a tile each column is contiguous. What reads or
/// writes whole rows stays in the cache, and still a vector of eight values is one load.
#[derive(Debug)]
pub(super) struct Tiles {
    width: usize,
    values: Vec<u64>,
}

impl Tiles {
    /// Rows of a tile.
    pub(super) const ROWS: usize = 8;
    /// Tiles of a task.
    const TASK: usize = 16;

    /// Tiles with any content. `rows` is a multiple of [`Tiles::ROWS`].
    pub(super) fn new(buffers: &Buffers, width: usize, rows: usize) -> Tiles {
        Tiles { width, values: buffers.take(width * rows) }
    }

    /// The buffer, to serve again.
    pub(super) fn into_buffer(self) -> Vec<u64> {
        self.values
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Fills each tile, given its first row.
    pub(super) fn par_fill(&mut self, fill: impl Fn(usize, &mut [u64]) + Sync) {
        let len = self.width * Self::ROWS;
        self.values.par_chunks_mut(Self::TASK * len).enumerate().for_each(|(task, tiles)| {
            for (number, tile) in tiles.chunks_exact_mut(len).enumerate() {
                fill((task * Self::TASK + number) * Self::ROWS, tile);
            }
        });
    }

    /// The tile with this row; column `c` is at `c` · [`Tiles::ROWS`].
    pub(super) fn tile(&self, row: usize) -> &[u64] {
        &self.values[row / Self::ROWS * Self::ROWS * self.width..][..Self::ROWS * self.width]
    }

    /// Copies a column.
    pub(super) fn copy_column(&self, column: usize, to: &mut [u64]) {
        let tiles = self.values.chunks_exact(Self::ROWS * self.width);
        for (to, tile) in to.chunks_exact_mut(Self::ROWS).zip(tiles) {
            to.copy_from_slice(&tile[column * Self::ROWS..][..Self::ROWS]);
        }
    }
}

/// Buffers that served a proof and wait for the next. Fresh memory costs a page fault every 4 kB, which is more than
/// what some steps cost.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    kept: Mutex<Vec<Vec<u64>>>,
    witnesses: Mutex<Vec<Vec<Option<F>>>>,
}

/// Most witnesses that are kept between proofs, about 20 MB each for 2^13 rows.
const WITNESSES: usize = 2;

/// Most integers that are kept between proofs: 256 MiB, two proofs of 2^13 rows at a time.
const KEPT: usize = 1 << 25;

impl Buffers {
    /// Columns with any content.
    pub(super) fn columns(&self, columns: usize, rows: usize) -> Columns {
        Columns::from_buffer(rows, self.take(columns * rows))
    }

    /// A buffer with any content.
    pub(super) fn take(&self, len: usize) -> Vec<u64> {
        let mut kept = locked(&self.kept);
        // The smallest that is large enough, and not so large that another will be missed.
        let fitting = kept.iter().enumerate().filter(|(_, buffer)| (len..=2 * len).contains(&buffer.capacity()));
        let best = fitting.min_by_key(|(_, buffer)| buffer.capacity()).map(|(at, _)| at);
        let mut buffer = best.map(|at| kept.swap_remove(at)).unwrap_or_default();
        drop(kept);
        buffer.resize(len, 0);
        buffer
    }

    /// Keeps a buffer, or frees it when enough are kept.
    pub(super) fn give_back(&self, buffer: Vec<u64>) {
        let mut kept = locked(&self.kept);
        let total: usize = kept.iter().map(Vec::capacity).sum();
        if total + buffer.capacity() <= KEPT {
            kept.push(buffer);
        }
    }

    /// No values yet for this many sets of targets.
    pub(super) fn no_values(&self, len: usize) -> Vec<Option<F>> {
        let mut values = locked(&self.witnesses).pop().unwrap_or_default();
        values.clear();
        values.resize(len, None);
        values
    }

    /// Keeps the memory of a witness, or frees it when enough is kept.
    pub(super) fn give_back_values(&self, values: Vec<Option<F>>) {
        let mut kept = locked(&self.witnesses);
        if kept.len() < WITNESSES {
            kept.push(values);
        }
    }
}

/// A panic elsewhere leaves a list whole: it is changed by single calls only.
fn locked<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Values side by side that are loaded or stored as one [`gather`].
pub(super) const GROUP: usize = 8;

/// Groups of eight values, as many as there are lanes: lane `l` of vector `t` is value `t` of group `l`.
#[inline(always)]
pub(super) fn gather<L: Lanes>(groups: &[u64]) -> [L; GROUP] {
    let mut tile = [0; GROUP * MAX_WIDTH];
    for (lane, group) in groups.chunks_exact(GROUP).enumerate() {
        for (at, &value) in group.iter().enumerate() {
            tile[at * L::WIDTH + lane] = value;
        }
    }
    let mut lanes = [L::splat(0); GROUP];
    for (lane, values) in lanes.iter_mut().zip(tile.chunks_exact(L::WIDTH)) {
        *lane = L::load(values);
    }
    lanes
}

/// Backwards: [`gather`].
#[inline(always)]
pub(super) fn scatter<L: Lanes>(lanes: &[L; GROUP], groups: &mut [u64]) {
    let mut tile = [0; GROUP * MAX_WIDTH];
    for (lane, values) in lanes.iter().zip(tile.chunks_exact_mut(L::WIDTH)) {
        lane.store(values);
    }
    for (lane, group) in groups.chunks_exact_mut(GROUP).enumerate() {
        for (at, value) in group.iter_mut().enumerate() {
            *value = tile[at * L::WIDTH + lane];
        }
    }
}
