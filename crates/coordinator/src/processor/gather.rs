//! Takes what waits: hand-overs, keys, contracts.

use std::collections::BTreeMap;

use parth_jobs::wire::HandOver;

use crate::Coordinator;
use crate::error::Halt;
use crate::tables::{PENDING_CONTRACTS, PENDING_KEYS, Waiting};

/// Keys, and contracts, that one checkpoint takes at most: a few batches of each.
const MAX_ITEMS: usize = 1 << 10;

/// What the next checkpoint is made of.
pub(crate) struct Gathered {
    /// One a realm, in order of the realms.
    pub(crate) hand_overs: Vec<HandOver>,
    pub(crate) waiting: Waiting,
}

impl Coordinator {
    pub(crate) fn gather(&self, hand_overs: Vec<HandOver>) -> Result<Gathered, Halt> {
        let mut by_realm: BTreeMap<u64, HandOver> = BTreeMap::new();
        for hand_over in hand_overs {
            self.check_hand_over(&hand_over)?;
            match by_realm.entry(hand_over.realm.get()) {
                std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(hand_over)),
                // Of two leaders of a realm the later one counts.
                std::collections::btree_map::Entry::Occupied(mut taken) => {
                    if taken.get().epoch < hand_over.epoch {
                        taken.insert(hand_over);
                    }
                }
            }
        }
        let mut waiting =
            Waiting { keys: PENDING_KEYS.all(&self.store)?, contracts: PENDING_CONTRACTS.all(&self.store)? };
        waiting.keys.truncate(MAX_ITEMS);
        waiting.contracts.truncate(MAX_ITEMS);
        Ok(Gathered { hand_overs: by_realm.into_values().collect(), waiting })
    }

    fn check_hand_over(&self, hand_over: &HandOver) -> Result<(), Halt> {
        let (head, header) = (self.head()?, &hand_over.header);
        let refuse = |reason: String| Err(Halt::HandOver { realm: hand_over.realm, reason });
        let public = &head.head.public;
        if header.anchor.root != public.root || header.anchor.height != public.height {
            return refuse(format!("it builds on checkpoint {}, the head is {}", header.anchor.height, public.height));
        }
        let level = self.network.rules.profile.realm;
        let place = (usize::from(header.transition.level.get()), header.transition.index);
        if place != (level, hand_over.realm) {
            return refuse(format!("it changes node {} on level {}", place.1, place.0));
        }
        Ok(())
    }
}
