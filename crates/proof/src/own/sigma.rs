//! The permutation of a circuit: which cells hold the same value, as a walk through each set of them.
//!
//! The library's order: cells that are tied together follow each other row by row, column by column within a row, and
//! the last is followed by the first. A cell that is tied to none follows itself.

use plonky2::field::goldilocks_field::GoldilocksField as F;
use rayon::prelude::*;

use crate::CommonData;

/// For each routed column the values of its sigma polynomial, row by row; nothing when the map is not one of a circuit
/// of this shape. `representatives` names for each target, wires first, the one that stands for all that are tied to it.
pub(crate) fn values(common: &CommonData, representatives: &[usize], subgroup: &[F]) -> Option<Vec<Vec<F>>> {
    const NONE: u32 = u32::MAX;
    let (rows, wires, routed) = (common.degree(), common.config.num_wires, common.config.num_routed_wires);
    let cells = u32::try_from(rows.checked_mul(routed)?).ok().filter(|&cells| cells < NONE)?;
    if representatives.len() < rows * wires || subgroup.len() != rows {
        return None;
    }
    // By column, as the shifts are.
    let mut next = vec![NONE; cells as usize];
    let mut ends = vec![(NONE, NONE); representatives.len()];
    for (row, of_row) in representatives[..rows * wires].chunks_exact(wires).enumerate() {
        for (column, &representative) in of_row[..routed].iter().enumerate() {
            let cell = (column * rows + row) as u32;
            let (first, last) = ends.get_mut(representative)?;
            if *first == NONE {
                *first = cell;
            } else {
                next[*last as usize] = cell;
            }
            *last = cell;
        }
    }
    for (first, last) in ends {
        if first != NONE {
            next[last as usize] = first;
        }
    }
    let value = |&cell: &u32| common.k_is[cell as usize / rows] * subgroup[cell as usize % rows];
    Some(next.par_chunks_exact(rows).map(|column| column.iter().map(value).collect()).collect())
}

/// The same values row by row.
pub(crate) fn by_row(columns: &[Vec<F>]) -> Vec<Vec<F>> {
    let rows = columns.first().map_or(0, Vec::len);
    (0..rows).into_par_iter().map(|row| columns.iter().map(|column| column[row]).collect()).collect()
}
