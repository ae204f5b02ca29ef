//! The security label: what a proof is worth, by two readings.

use parth_proof::security::Security;
use parth_proof::{Class, ClassData};
use serde::Serialize;

/// Bits of security, computed from the configuration of the circuits and rounded down.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Label {
    /// By the careful reading of what is conjectured today.
    pub(crate) conjectured: u32,
    /// By what is proven.
    pub(crate) provable: u32,
}

impl Label {
    /// The label of the weakest class.
    pub(crate) fn of_this_build() -> Label {
        let classes = Class::ALL.into_iter().filter_map(ClassData::of).map(Security::of);
        classes.fold(Label { conjectured: u32::MAX, provable: u32::MAX }, |label, security| Label {
            conjectured: label.conjectured.min(security.conjectured()),
            provable: label.provable.min(security.provable()),
        })
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bits conjectured, {} bits provable", self.conjectured, self.provable)
    }
}
