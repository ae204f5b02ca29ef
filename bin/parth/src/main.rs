//! The `parth` binary.
fn main() {}
