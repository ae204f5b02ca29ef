//! [`Columns`]: values of many polynomials in one flat buffer, column after column.

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
