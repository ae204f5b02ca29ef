//! The standard library, `std`: sources that come with the compiler.

/// How it is imported.
pub(crate) const NAME: &str = "std";
/// Its path among the sources.
pub(crate) const PATH: &str = "std";

/// The system contract.
pub(crate) const SYSTEM: &str = include_str!("system.dapen.ts");

/// The text of a file that comes with the compiler.
pub(crate) fn source(path: &str) -> Option<&'static str> {
    (path == PATH).then_some(SYSTEM)
}
