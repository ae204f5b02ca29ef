//! Tests of the store against every backend.

mod conformance;
mod crash;
mod damage;
mod folder;
mod forest;

use parth_crypto::Digest;

/// Genesis root of the tests' network.
fn genesis() -> Digest {
    Digest::from([1, 2, 3, 4])
}

fn digest(value: u64) -> Digest {
    Digest::from([value, 0, 0, 7])
}
