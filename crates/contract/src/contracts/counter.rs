//! Counter: the smallest contract. Each user counts for themselves.
//!
//! | slot | holds |
//! | --- | --- |
//! | 0 | the count |

use crate::builder::{ContractBuilder, kind};
use crate::contract::Contract;
use crate::ir::Type;

/// Where the count stands.
pub const COUNT: u64 = 0;

/// The contract.
pub fn contract() -> Contract {
    let mut contract = ContractBuilder::new("Counter", 1);
    let incremented = contract.event("Incremented", &[("by", Type::U64), ("count", Type::U64)]);

    contract.function("increment", |f| {
        let by = f.input::<kind::U64>("by");
        let slot = f.slot(COUNT);
        let before = f.read_u64(slot);
        let count = f.add(before, by);
        f.write_u64(slot, count);
        f.emit(incremented, &[by.into(), count.into()]);
        f.output("count", count);
    });

    contract.view("get", |f| {
        let slot = f.slot(COUNT);
        let count = f.read_u64(slot);
        f.output("count", count);
    });

    super::fixed(contract.build())
}
