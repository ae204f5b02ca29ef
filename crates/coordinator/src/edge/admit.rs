//! Admission of keys and contracts. A key is registered once; a contract must be one that the circuit would take.

use parth_crypto::Digest;
use parth_protocol::Record;
use parth_protocol::global::deploy_contracts::check_contract;
use parth_protocol::records::leaf::ContractLeaf;
use parth_store::Condition;

use crate::Coordinator;
use crate::error::{AdmitError, Refusal};
use crate::tables::{KEYS, PENDING_CONTRACTS, PENDING_KEYS};

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
        let mut batch = self.store.batch("coordinator/deploy");
        PENDING_CONTRACTS.put(&mut batch, &after(&waiting), contract);
        Ok(self.store.write(batch, Condition::Leads(self.epoch))?)
    }
}

/// The next place in a queue of rows.
fn after<T>(waiting: &[(u64, T)]) -> u64 {
    waiting.last().map_or(0, |(place, _)| place + 1)
}
