//! The data of every class, the signature class included, whose own gates are defined in this crate.

use std::sync::LazyLock;

use parth_proof::own::Gates;
use parth_proof::{Class, ClassData, Gate};

use crate::gadgets::ecgfp5::{QuinticProductGate, packed};

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

/// The gates of all classes, as [`parth_proof::OwnProver::with_gates`] takes them to evaluate them fast.
pub fn prover_gates() -> Gates {
    Gates::new().with(packed::make)
}
