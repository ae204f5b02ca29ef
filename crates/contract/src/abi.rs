//! The ABI: what callers, wallets and explorers need to know of a contract, as JSON.

use parth_crypto::{Digest, Felt};
use parth_protocol::ids::{ContractId, MethodId, StateHeight};
use serde::{Deserialize, Serialize};

use crate::contract::Contract;
use crate::function::Function;
use crate::ir::{Constant, Op, Parameter};

/// The schema that ABI documents name.
pub const SCHEMA: &str = "parth/abi/1";

/// A contract's interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Abi {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The contract's name.
    pub name: String,
    /// Height of a user's state tree.
    pub state_height: StateHeight,
    /// Digest of the code.
    pub code: Digest,
    /// The functions, in the order of their tree.
    pub functions: Vec<FunctionAbi>,
    /// The kinds of events.
    pub events: Vec<EventAbi>,
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FunctionAbi {
    /// Its name.
    pub name: String,
    /// Its id: the low 32 bits of the hash of name and types.
    pub method: MethodId,
    /// Does it only look?
    pub view: bool,
    /// The parameters, in order.
    pub inputs: Vec<Parameter>,
    /// The results, in order.
    pub outputs: Vec<Parameter>,
    /// The calls of contracts that it may make, in the order of its code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallAbi>,
}

/// A call that a function may make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallAbi {
    /// The contract, when it stands in the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// The method there.
    pub method: MethodId,
    /// Is it made right after the function, which has its results, rather than before the session ends?
    pub inline: bool,
}

/// One kind of event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventAbi {
    /// Its name.
    pub name: String,
    /// The felt that such an event starts with.
    pub id: Felt,
    /// The fields that follow, in order.
    pub fields: Vec<Parameter>,
}

impl Contract {
    /// The contract's interface.
    pub fn abi(&self) -> Abi {
        let functions = self.functions().iter().map(|function| {
            let outputs = function.code().outputs.iter().zip(function.output_kinds());
            FunctionAbi {
                name: function.name().to_owned(),
                method: function.method(),
                view: function.view(),
                inputs: function.code().inputs.clone(),
                outputs: outputs.map(|(output, kind)| Parameter { name: output.name.clone(), kind }).collect(),
                calls: calls(function),
            }
        });
        let events = self.code().events.iter().map(|event| EventAbi {
            name: event.name.clone(),
            id: crate::names::event_id(&event.name, &event.fields),
            fields: event.fields.clone(),
        });
        Abi {
            schema: SCHEMA.to_owned(),
            name: self.name().to_owned(),
            state_height: self.state_height(),
            code: self.code_digest(),
            functions: functions.collect(),
            events: events.collect(),
        }
    }
}

fn calls(function: &Function) -> Vec<CallAbi> {
    let ops = &function.code().ops;
    let call = |op: &Op| {
        let (contract, method, inline) = match op {
            Op::Defer { contract, method, .. } => (contract, method, false),
            Op::Inline { contract, method, .. } => (contract, method, true),
            _ => return None,
        };
        let contract = match ops.get(contract.index()) {
            Some(Op::Const(Constant::U32(id))) => ContractId::new(*id),
            _ => None,
        };
        Some(CallAbi { contract, method: *method, inline })
    };
    ops.iter().filter_map(call).collect()
}
