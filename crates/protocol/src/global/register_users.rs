//! `global::register_users`: appends public key commitments to the registration tree.
//!
//! Twin: `circuits/src/global/register_users.rs`. Source: seed 001, step 3.2.

use parth_crypto::Digest;

use super::{Batch, GlobalEntry, append};
use crate::circuit::{CircuitId, Rules};
use crate::record::native;
use crate::records::global::{GlobalHeader, GlobalState};
use crate::reject::{Reject, Rule};
use crate::statement::{ChildProof, Statement};
use crate::tree::{Registrations, Siblings};

/// The field list of this statement; see [`crate::record`].
#[macro_export]
macro_rules! global_register_users {
    ($define:ident) => {
        $define! {
            /// One key to register.
            witness Registration {
                /// Public key commitment.
                key: Digest,
                /// Siblings of its place, after the registrations before it.
                path: Siblings<Registrations>,
            }

            /// Inputs of `global::register_users`.
            witness RegisterUsers {
                /// What the change builds on.
                entry: GlobalEntry,
                /// The keys, in order.
                registrations: Batch<Registration>,
            }
        }
    };
}
global_register_users!(native);

impl Statement for RegisterUsers {
    type Header = GlobalHeader;
    const CIRCUIT: CircuitId = CircuitId::GlobalRegisterUsers;

    fn apply(&self, rules: &Rules) -> Result<GlobalHeader, Reject> {
        let (old, items) = (&self.entry.old, &self.registrations.0);
        for item in items {
            Reject::unless(Rule::KeyNotEmpty, !item.key.is_zero(), "a digest that is not zero", item.key)?;
        }
        let leaves = items.iter().map(|item| (item.key, &item.path));
        let (registrations, registered) = append(rules, old.registrations, old.registered, leaves)?;
        Ok(self.entry.header(GlobalState { registrations, registered, ..old.clone() }))
    }

    fn children(&self, _: &Rules) -> Vec<ChildProof> {
        Vec::new()
    }
}
