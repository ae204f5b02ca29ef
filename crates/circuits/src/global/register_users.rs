//! `global::register_users`: appends public key commitments to the registration tree.
//!
//! Twin: `protocol/src/global/register_users.rs`.

use parth_crypto::Digest;
use parth_proof::{Builder, Class};
use parth_protocol::global::register_users::{RegisterUsers, Registration};
use parth_protocol::global::{Batch, GlobalEntry};
use parth_protocol::tree::{Registrations, Siblings};
use parth_protocol::{Rules, global_register_users};

use super::append;
use crate::gadgets::logic;
use crate::records::global::GlobalStateTarget;
use crate::statement::{Outcome, StatementCircuit};
use crate::twin::{RecordTarget, twin};

global_register_users!(twin);

impl StatementCircuit for RegisterUsers {
    const CLASS: Class = Class::Node;

    fn rules(builder: &mut Builder, _: &Rules, statement: &RegisterUsersTarget) -> Outcome {
        let (old, batch) = (&statement.entry.old, &statement.registrations);
        let mut items = Vec::with_capacity(batch.items.len());
        for (item, &used) in batch.items.iter().zip(&batch.used) {
            let empty = logic::is_zero_digest(builder, item.key);
            logic::assert_zero_if(builder, used, empty.target);
            items.push((item.key, &item.path));
        }
        let (registrations, registered) = append(builder, old.registrations, old.registered, &items, &batch.used);
        let header = statement.entry.header(GlobalStateTarget { registrations, registered, ..old.clone() });
        Outcome::new(header.digest(builder), Vec::new())
    }
}
