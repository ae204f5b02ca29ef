//! The contracts that come with Parth, written with the builder.

pub mod counter;
pub mod system;
pub mod token;

use crate::check::CodeError;
use crate::contract::Contract;

/// A contract of this module. Its code is fixed, so that a refusal is a mistake in this module, which tests find.
fn fixed(built: Result<Contract, CodeError>) -> Contract {
    built.unwrap_or_else(|error| unreachable!("a contract of Parth itself is refused: {error}"))
}
