//! A contract with its circuits.
//!
//! A client compiles the code itself and compares the outcome with what is deployed, since no proof binds the code
//! digest in a contract leaf to the circuits (design/protocol.md, "Claims of a deployer's circuit").

use parth_circuits::contract::{CallCircuit, CallSkeleton, CompileError};
use parth_contract::contract::{DeployError, Deployed};
use parth_contract::{Contract, Function};
use parth_proof::cache::{CacheError, CircuitCache};
use parth_protocol::Profile;
use parth_protocol::ids::{Fingerprint, MethodId};
use thiserror::Error;

/// A contract, compiled.
pub struct Program {
    contract: Contract,
    circuits: Vec<CallCircuit>,
    deployed: Deployed,
}

/// Why a contract gives no program.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// A function has no circuit.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The cache cannot give or build a circuit.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The contract cannot be deployed.
    #[error(transparent)]
    Deploy(#[from] DeployError),
}

impl Program {
    /// Compiles every function, or takes its circuit from the cache.
    pub fn compile(
        profile: &Profile,
        contract: Contract,
        cache: Option<&CircuitCache>,
    ) -> Result<Program, ProgramError> {
        let compile = |function: &Function| -> Result<CallCircuit, ProgramError> {
            let skeleton = CallSkeleton::new(profile, function)?;
            match cache {
                // A warning of the cache means that it built the circuit anew, which is all that matters here.
                Some(cache) => Ok(skeleton.load_or_build(cache, None)?.0),
                None => Ok(skeleton.build()?),
            }
        };
        let circuits = contract.functions().iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        let fingerprints: Vec<Fingerprint> = circuits.iter().map(CallCircuit::fingerprint).collect();
        let deployed = contract.deploy(profile, &fingerprints)?;
        Ok(Program { contract, circuits, deployed })
    }

    /// The code.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// What is deployed: the contract leaf and its functions.
    pub fn deployed(&self) -> &Deployed {
        &self.deployed
    }

    /// Rows of a function's circuit, by `Contract.function`; nothing for another name.
    pub fn rows(&self, name: &str) -> Option<usize> {
        let function = name.strip_prefix(self.contract.name())?.strip_prefix('.')?;
        let circuit = self.circuit(self.contract.function(function)?.method())?;
        Some(circuit.circuit().rows())
    }

    /// The circuit of a method.
    pub(crate) fn circuit(&self, method: MethodId) -> Option<&CallCircuit> {
        let place = self.contract.functions().iter().position(|function| function.method() == method)?;
        self.circuits.get(place)
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("contract", &self.contract.name()).finish()
    }
}
