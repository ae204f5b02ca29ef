//! The coordinator's rows right after genesis.

use std::collections::BTreeMap;

use parth_crypto::Digest;
use parth_crypto::merkle::SparseTree;
use parth_jobs::wire::Committed;
use parth_protocol::Record;
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::{CheckpointId, ContractId, RegistrationIndex};
use parth_protocol::tree::{TreeKind, Users, realm_of_user};
use parth_protocol::turnstile::{Holdings, Issued};
use parth_store::{Head, Tree};

use crate::Coordinator;
use crate::error::Halt;
use crate::tables::{CHECKPOINTS, CONTRACTS, HELD, ISSUED, KEYS};

impl Coordinator {
    pub(crate) fn commit_genesis(&self, genesis: &GenesisState) -> Result<(), Halt> {
        let (profile, at) = (&self.network.rules.profile, CheckpointId::ZERO);
        let mut draft = self.forest.at_head()?.draft();
        let mut batch = self.store.batch("coordinator/genesis");
        let (roots, held) = self.realms(genesis);
        draft.set_leaves(self.users(), &roots)?;
        for (realm, held) in &held {
            HELD.put(&mut batch, realm, held);
        }
        ISSUED.put(&mut batch, &at, &Issued::genesis(genesis.parameters.genesis_supply));
        let keys: BTreeMap<u64, Digest> = (0..).zip(genesis.registrations.iter().copied()).collect();
        draft.set_leaves(Tree::registrations(profile), &keys)?;
        for (index, key) in (0u32..).zip(&genesis.registrations) {
            KEYS.put(&mut batch, key, &RegistrationIndex::constant(index));
        }
        let contracts = (0..).zip(genesis.contracts.iter().map(Record::digest)).collect();
        draft.set_leaves(Tree::contracts(profile), &contracts)?;
        for (index, contract) in (0u32..).zip(&genesis.contracts) {
            CONTRACTS.put(&mut batch, &ContractId::constant(index), contract);
        }
        let public = &genesis.head.public;
        let root = draft.set_leaf(Tree::checkpoints(profile), 0, public.leaf)?;
        let leaf = &genesis.head.leaf;
        let checks = [
            ("checkpoint root", root, public.root),
            ("users", draft.root(self.users())?, leaf.users),
            ("registrations", draft.root(Tree::registrations(profile))?, leaf.globals.registrations),
            ("contracts", draft.root(Tree::contracts(profile))?, leaf.globals.contracts),
        ];
        if let Some((what, written, named)) = checks.into_iter().find(|(_, written, named)| written != named) {
            return Err(Halt::Contradiction(format!("genesis names {what} {named}, the forest has {written}")));
        }
        let committed = Committed { head: genesis.head.clone(), realms: Vec::new(), proof: None };
        CHECKPOINTS.put(&mut batch, &at, &committed);
        draft.seal().write_into(&mut batch, at, self.epoch);
        Ok(self.store.commit(batch, self.epoch, None, Head { checkpoint: at, digest: root })?)
    }

    /// Roots and holdings of the realms that have users at genesis.
    fn realms(&self, genesis: &GenesisState) -> (BTreeMap<u64, Digest>, BTreeMap<u64, Holdings>) {
        let profile = &self.network.rules.profile;
        let mut tree = SparseTree::new(Users::DOMAIN, Users::height(profile));
        let mut held: BTreeMap<u64, Holdings> = BTreeMap::new();
        for leaf in &genesis.users {
            tree.set(leaf.user.get().into(), leaf.digest());
            let realm = held.entry(realm_of_user(profile, leaf.user).get()).or_default();
            *realm = realm.with(Holdings::genesis([leaf.balance]));
        }
        let roots = held.keys().map(|&realm| (realm, tree.node(profile.realm, realm))).collect();
        (roots, held)
    }
}
