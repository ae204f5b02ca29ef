//! A call in words, for whoever signs.

use std::fmt;

use parth_contract::ir::Parameter;
use parth_crypto::Felt;
use parth_protocol::ids::{Caller, ContractId};
use parth_protocol::records::session::Call;

use super::open::MadeCall;

/// A call that a session made, as a device shows it. The device hashes `call` for the call stack that it signs, and
/// the inputs for the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCall {
    /// The call, as the call stack of the message names it.
    pub call: Call,
    /// The contract's name, as its code says.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// The parameters, each with its felts.
    pub inputs: Vec<(Parameter, Vec<Felt>)>,
    /// Native balance that the call takes.
    pub balance_out: Felt,
    /// Native balance that it gives.
    pub balance_in: Felt,
}

impl ListedCall {
    pub(super) fn of(made: &MadeCall) -> ListedCall {
        let (contract, execution) = (made.program.contract(), &made.execution);
        let function = contract.method(execution.call.method);
        let mut left = execution.witness.inputs.as_slice();
        let parameters = function.map(|function| function.code().inputs.as_slice()).unwrap_or_default();
        let inputs = parameters.iter().map(|parameter| {
            let (felts, rest) = left.split_at(parameter.kind.felts().unwrap_or_default().min(left.len()));
            left = rest;
            (parameter.clone(), felts.to_vec())
        });
        ListedCall {
            call: execution.call.clone(),
            name: contract.name().to_owned(),
            inputs: inputs.collect(),
            function: function.map(|function| function.name()).unwrap_or_default().to_owned(),
            balance_out: execution.context.balance_out,
            balance_in: execution.context.balance_in,
        }
    }

    /// The contract that is called.
    pub fn contract(&self) -> ContractId {
        self.call.contract
    }
}

impl fmt::Display for ListedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}(", self.name, self.function)?;
        for (place, (parameter, felts)) in self.inputs.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let felts: Vec<String> = felts.iter().map(Felt::to_string).collect();
            write!(f, "{comma}{}: {}", parameter.name, felts.join(" "))?;
        }
        write!(f, ") of contract {}", self.contract())?;
        if self.call.caller != Caller::USER {
            write!(f, ", called by contract {}", self.call.caller)?;
        }
        if self.balance_out != Felt::ZERO {
            write!(f, ", takes {}", self.balance_out)?;
        }
        if self.balance_in != Felt::ZERO {
            write!(f, ", gives {}", self.balance_in)?;
        }
        Ok(())
    }
}
