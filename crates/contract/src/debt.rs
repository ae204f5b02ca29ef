//! Calls that a call owes: made by the same user before the session ends.
//!
//! A list of them is H(first item, rest), zero when it is empty, and an item of the deferred list is the digest of the
//! call to be made: the calling contract, the contract called, the method, the number of inputs and their digest. An
//! item of the inline list names the results as well.
//! Source: design/protocol.md, "Leaves and headers" and `session::deferred_step`. Twin: `circuits/src/contract/compile/`.

use parth_crypto::{Digest, Domain, Felt, hash};
use parth_protocol::Record;
use parth_protocol::ids::{Caller, ContractId, Length, MethodId};
use parth_protocol::records::session::Call;
use parth_protocol::session::call_list;
use parth_protocol::session::debt::inline_item;

/// A call that is owed, with its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debt {
    /// The call: its caller is the contract that owes it.
    pub call: Call,
    /// The inputs, as felts in order.
    pub inputs: Vec<Felt>,
}

impl Debt {
    pub(crate) fn new(caller: ContractId, contract: ContractId, method: MethodId, inputs: Vec<Felt>) -> Debt {
        let call = Call {
            caller: Caller::contract(caller),
            contract,
            method,
            // At most 256 values of at most four felts.
            inputs_length: Length::constant(inputs.len() as u32),
            inputs: hash(Domain::Inputs, &inputs),
        };
        Debt { call, inputs }
    }

    /// The item that stands for it in the list.
    pub fn item(&self) -> Digest {
        self.call.digest()
    }
}

/// The digest of a list of calls.
pub fn list(debts: &[Debt]) -> Digest {
    call_list(&debts.iter().map(Debt::item).collect::<Vec<_>>())
}

/// An inline call, with the results that its caller was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineDebt {
    /// The call.
    pub debt: Debt,
    /// Its results, as felts in order.
    pub outputs: Vec<Felt>,
}

impl InlineDebt {
    /// The item that stands for it in the list.
    pub fn item(&self) -> Digest {
        inline_item(&self.debt.call, hash(Domain::Outputs, &self.outputs))
    }
}

/// The digest of a list of inline calls.
pub fn inline_list(debts: &[InlineDebt]) -> Digest {
    call_list(&debts.iter().map(InlineDebt::item).collect::<Vec<_>>())
}
