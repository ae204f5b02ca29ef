//! The realm's rows right after genesis.

use std::collections::BTreeMap;

use parth_protocol::Record;
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::CheckpointId;
use parth_protocol::tree::realm_of_user;
use parth_protocol::turnstile::Holdings;
use parth_store::{Head, Tree};

use crate::Realm;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, HELD, LEAVES, newest_first};

impl Realm {
    pub(crate) fn commit_genesis(&self, genesis: &GenesisState) -> Result<(), Halt> {
        let (profile, at) = (&self.network.rules.profile, CheckpointId::ZERO);
        let mine: Vec<_> =
            genesis.users.iter().filter(|leaf| realm_of_user(profile, leaf.user) == self.index()).collect();
        let mut draft = self.forest.at_head()?.draft();
        let mut batch = self.store.batch("realm/genesis");
        let leaves: BTreeMap<_, _> =
            mine.iter().map(|leaf| (u64::from(leaf.user.get()), Record::digest(*leaf))).collect();
        let root = draft.set_leaves(self.users(), &leaves)?;
        draft.set_leaf(Tree::checkpoints(profile), 0, genesis.head.leaf.digest())?;
        for leaf in &mine {
            LEAVES.put(&mut batch, &(leaf.user, newest_first(at)), *leaf);
        }
        HELD.put(&mut batch, &at, &Holdings::genesis(mine.iter().map(|leaf| leaf.balance)));
        CHECKPOINTS.put(&mut batch, &at, &genesis.head.leaf);
        draft.seal().write_into(&mut batch, at, self.epoch);
        Ok(self.store.commit(batch, self.epoch, None, Head { checkpoint: at, digest: root })?)
    }
}
