//! Applies everything natively to a draft of the forest.

use std::collections::BTreeMap;

use parth_jobs::wire::HandOver;
use parth_protocol::Record;
use parth_protocol::plan::global::GlobalChanges;
use parth_protocol::turnstile::Holdings;
use parth_store::{ForestDraft, Tree};

use super::gather::Gathered;
use crate::Coordinator;
use crate::error::Halt;
use crate::tables::{HELD, Waiting};

/// What the next checkpoint changes.
pub(crate) struct Executed {
    pub(crate) hand_overs: Vec<HandOver>,
    pub(crate) waiting: Waiting,
    pub(crate) changes: GlobalChanges,
    /// The forest after it, but for the checkpoint's own leaf.
    pub(crate) draft: ForestDraft,
    /// What the users of each realm hold after it.
    pub(crate) held: BTreeMap<u64, Holdings>,
}

impl Coordinator {
    pub(crate) fn execute(&self, gathered: Gathered) -> Result<Executed, Halt> {
        let Gathered { hand_overs, waiting } = gathered;
        let profile = &self.network.rules.profile;
        let globals = self.head()?.head.leaf.globals;
        let changes = GlobalChanges {
            registrations: waiting.keys.iter().map(|(_, key)| *key).collect(),
            deployments: waiting.contracts.iter().map(|(_, contract)| contract.clone()).collect(),
        };
        let mut draft = self.forest.at_head()?.draft();
        let roots = hand_overs.iter().map(|over| (over.realm.get(), over.header.transition.new)).collect();
        draft.set_leaves(self.users(), &roots)?;
        let keys = (globals.registered.get()..).zip(changes.registrations.iter().copied()).collect();
        draft.set_leaves(Tree::registrations(profile), &keys)?;
        let contracts = (globals.deployed.get()..).zip(changes.deployments.iter().map(Record::digest)).collect();
        draft.set_leaves(Tree::contracts(profile), &contracts)?;
        let mut held: BTreeMap<u64, Holdings> = HELD.all(&self.store)?.into_iter().collect();
        held.extend(hand_overs.iter().map(|over| (over.realm.get(), over.held)));
        Ok(Executed { hand_overs, waiting, changes, draft, held })
    }
}
