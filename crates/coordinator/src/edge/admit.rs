//! Admission of keys and contracts. A key is registered once; a contract must be one that the circuit would take.

use parth_crypto::Digest;
use parth_protocol::Record;
use parth_protocol::global::deploy_contracts::check_contract;
use parth_protocol::ids::ItemCount;
use parth_protocol::records::leaf::ContractLeaf;
use parth_store::Condition;

use crate::Coordinator;
use crate::error::{AdmitError, Refusal};
use crate::tables::{KEYS, PENDING_CONTRACTS, PENDING_KEYS};

/// Keys, and contracts, that may wait at most: each admission reads all that wait, and nobody pays for waiting.
const MAX_WAITING: usize = 1 << 13;

impl Coordinator {
    /// Takes in a public key commitment for the next checkpoint.
    pub fn register(&self, key: Digest) -> Result<(), AdmitError> {
        if key.is_zero() {
            return Err(Refusal::EmptyKey.into());
        }
        let _writing = self.writing.lock();
        if let Some(at) = KEYS.get(&self.store, &key)? {
            return Err(Refusal::Registered { key, at }.into());
        }
        let waiting = PENDING_KEYS.all(&self.store)?;
        if waiting.iter().any(|(_, other)| *other == key) {
            return Err(Refusal::KeyPending(key).into());
        }
        let (taken, height) = (self.head()?.head.leaf.globals.registered, self.network.rules.profile.registrations);
        check_room("keys", waiting.len(), taken, height)?;
        let mut batch = self.store.batch("coordinator/register");
        PENDING_KEYS.put(&mut batch, &after(&waiting), &key);
        Ok(self.store.write(batch, Condition::Leads(self.epoch))?)
    }

    /// Takes in a contract for the next checkpoint.
    pub fn deploy(&self, contract: &ContractLeaf) -> Result<(), AdmitError> {
        check_contract(contract).map_err(Refusal::from)?;
        let _writing = self.writing.lock();
        let waiting = PENDING_CONTRACTS.all(&self.store)?;
        if waiting.iter().any(|(_, other)| other == contract) {
            return Err(Refusal::ContractPending(contract.digest()).into());
        }
        let (taken, height) = (self.head()?.head.leaf.globals.deployed, self.network.rules.profile.contracts);
        check_room("contracts", waiting.len(), taken, height)?;
        let mut batch = self.store.batch("coordinator/deploy");
        PENDING_CONTRACTS.put(&mut batch, &after(&waiting), contract);
        Ok(self.store.write(batch, Condition::Leads(self.epoch))?)
    }
}

/// Is there a place for one more, in the queue and in the tree? What is admitted here must fit, or no checkpoint could
/// be made any more. The last leaf of a tree stays empty: each checkpoint reads the path of the next free place.
fn check_room(what: &'static str, waiting: usize, taken: ItemCount, height: usize) -> Result<(), Refusal> {
    let places = 1u64 << height;
    if taken.get() + waiting as u64 + 1 >= places {
        return Err(Refusal::Full { what, places });
    }
    if waiting >= MAX_WAITING {
        return Err(Refusal::Busy { what, max: MAX_WAITING });
    }
    Ok(())
}

/// The next place in a queue of rows.
fn after<T>(waiting: &[(u64, T)]) -> u64 {
    waiting.last().map_or(0, |(place, _)| place + 1)
}
