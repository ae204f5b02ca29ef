//! Rows by line of source: which lines of a function cost most.

use std::collections::BTreeMap;

use parth_circuits::contract::RowCount;
use parth_contract::dapen::SourceMap;
use parth_contract::dapen::source::Sources;
use parth_contract::{Contract, Function};
use parth_proof::Class;
use parth_protocol::Profile;
use serde::Serialize;

use super::source::Built;

/// Rows that a circuit of a call may have.
pub(crate) const LIMIT: usize = Class::Call.rows();
/// Lines that are shown of a function.
const SHOWN: usize = 5;

/// Rows of one line of source, all its operations together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LineCost {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) rows: usize,
    pub(crate) source: String,
}

/// Rows of every function, in the contract's order.
pub(crate) fn count(profile: &Profile, contract: &Contract) -> Vec<RowCount> {
    contract.functions().iter().map(|function| RowCount::of(profile, function)).collect()
}

/// The lines that cost most, most first.
pub(crate) fn lines(sources: &Sources, map: &SourceMap, count: &RowCount) -> Vec<LineCost> {
    let mut lines: BTreeMap<(usize, &str), (usize, &str)> = BTreeMap::new();
    for (op, rows) in count.operations.iter().enumerate().filter(|(_, rows)| **rows > 0) {
        let span = map.span(op);
        let file = sources.file(span.file);
        let line = file.position(span.start).line;
        let text = file.text().lines().nth(line - 1).unwrap_or_default();
        lines.entry((line, file.path())).or_insert((0, text)).0 += rows;
    }
    let mut lines: Vec<LineCost> = lines
        .into_iter()
        .map(|((line, file), (rows, text))| {
            let source = text.trim().chars().filter(|c| !c.is_control()).take(100).collect();
            LineCost { file: file.to_owned(), line, rows, source }
        })
        .collect();
    lines.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| (&a.file, a.line).cmp(&(&b.file, b.line))));
    lines.truncate(SHOWN);
    lines
}

/// For each function that is too large: one line with its rows, then the lines that cost most. Empty when all fit.
pub(crate) fn too_large(built: &Built, counts: &[RowCount]) -> Vec<String> {
    let mut text = Vec::new();
    for (function, (map, count)) in functions(built, counts).filter(|(_, (_, count))| count.rows > LIMIT) {
        let least = if count.complete { "" } else { "at least " };
        text.push(format!("{} takes {least}{} rows, a call has {LIMIT}; most of them:", function.name(), count.rows));
        for LineCost { file, line, rows, source } in lines(&built.compilation.sources, map, count) {
            text.push(format!("  {rows:>6} rows  {file}:{line}  {source}"));
        }
    }
    text
}

/// Functions with their sources and rows.
pub(crate) fn functions<'a>(
    built: &'a Built,
    counts: &'a [RowCount],
) -> impl Iterator<Item = (&'a Function, (&'a SourceMap, &'a RowCount))> {
    built.compiled.contract.functions().iter().zip(built.compiled.functions.iter().zip(counts))
}
