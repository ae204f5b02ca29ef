//! The contracts that come with Parth, compiled from their sources in Dapen: the system contract, and the two examples
//! that the demo deploys.

pub mod counter;
pub mod system;
pub mod token;

use std::collections::BTreeMap;

use crate::contract::Contract;
use crate::dapen::{self, Options};

/// A contract of this module. Its source is fixed, so that a refusal is a mistake in it, which tests find.
fn compiled(source: &str) -> Contract {
    const PATH: &str = "contract.dapen.ts";
    let files = BTreeMap::from([(PATH.to_owned(), source.to_owned())]);
    let compilation = dapen::compile(&files, PATH, &Options::default());
    let compiled = compilation.compiled;
    compiled
        .unwrap_or_else(|| unreachable!("a contract of Parth itself is refused: {:?}", compilation.diagnostics))
        .contract
}
