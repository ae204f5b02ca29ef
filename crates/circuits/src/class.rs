//! The data of every class, the signature class included, whose own gates are defined in this crate.

use std::sync::LazyLock;

use parth_proof::{Class, ClassData, Gate};

use crate::gadgets::ecgfp5::QuinticProductGate;

/// The data of a class.
pub fn data(class: Class) -> &'static ClassData {
    static SIGNATURE: LazyLock<ClassData> =
        LazyLock::new(|| ClassData::with_gates(Class::Signature, &signature_gates()));
    ClassData::of(class).unwrap_or(&SIGNATURE)
}

/// Gates that signature circuits may use beside the union set.
pub fn signature_gates() -> Vec<Gate> {
    vec![Gate::new(QuinticProductGate)]
}
