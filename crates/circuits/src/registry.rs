//! The registry: every circuit of the protocol by name, built on first use and kept.
//!
//! ```text
//!   CircuitId ──▸ statement, class, children     one table, expanded below
//!   pin       ──▸ every circuit in order of dependence ──▸ circuits.lock and its keys
//!   Registry  ──▸ one circuit at a time, from the disk cache or built anew, always compared with the lock
//! ```
//! A circuit whose fingerprint is not the pinned one is never used: its proofs would be refused by every parent.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use parth_contract::Contract;
use parth_contract::contract::DeployError;
use parth_contract::contracts::system;
use parth_proof::cache::{CacheError, CacheWarning, CircuitCache};
use parth_proof::{Circuit, CircuitError, Drift, Pinned, PinnedCircuit, PinnedContract, PinnedFunction, Proof, Prover};
use parth_protocol::ids::Fingerprint;
use parth_protocol::plan::AnyStatement;
use parth_protocol::statement::ChildProof;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rules};
use parth_protocol::{block, global, guta, session, signature};
use thiserror::Error;

use crate::contract::{CallCircuit, CompileError};
use crate::recursion::Child;
use crate::statement::{ProvingCircuit, Skeleton, StatementCircuit, StatementError};

/// Why there is no circuit or no proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// The circuit cannot be built.
    #[error("{circuit}: {error}")]
    Build {
        /// Which circuit.
        circuit: CircuitId,
        /// Why.
        error: CircuitError,
    },
    /// The circuit that this build makes is not the pinned one.
    #[error("{circuit} has fingerprint {actual}, circuits.lock says {expected}; run `cargo xtask pin` after a change")]
    Drift {
        /// Which circuit.
        circuit: CircuitId,
        /// The pinned fingerprint.
        expected: Fingerprint,
        /// The fingerprint of the build.
        actual: Fingerprint,
    },
    /// The statement cannot be proven.
    #[error("{circuit}: {error}")]
    Prove {
        /// Which circuit.
        circuit: CircuitId,
        /// Why.
        error: StatementError,
    },
    /// The statement does not hold, so no proof of it exists.
    #[error("{circuit}: {reject}")]
    Reject {
        /// Which circuit.
        circuit: CircuitId,
        /// The rule.
        reject: parth_protocol::Reject,
    },
    /// The system contract does not compile.
    #[error("the system contract: {0}")]
    Compile(#[from] CompileError),
    /// The system contract cannot be deployed.
    #[error("the system contract: {0}")]
    Deploy(#[from] DeployError),
    /// A child is of no circuit that this registry knows.
    #[error("{circuit}: its child {fingerprint} is of no known circuit")]
    UnknownChild {
        /// Which circuit.
        circuit: CircuitId,
        /// The child's circuit.
        fingerprint: Fingerprint,
    },
}

/// A statement that the registry can prove.
pub trait Registered: StatementCircuit + Sized {
    #[doc(hidden)]
    fn slot(registry: &Registry) -> &Slot<Self>;
}

#[doc(hidden)]
pub struct Slot<S: StatementCircuit>(Mutex<Option<Arc<ProvingCircuit<S>>>>);

impl<S: StatementCircuit> Default for Slot<S> {
    fn default() -> Slot<S> {
        Slot(Mutex::new(None))
    }
}

/// Expands the table of circuits.
macro_rules! registry {
    ($($field:ident: $statement:path,)+) => {
        /// Circuits of one profile, built on first use.
        pub struct Registry {
            pinned: Pinned,
            rules: Rules,
            cache: Option<CircuitCache>,
            warnings: Mutex<Vec<CacheWarning>>,
            $($field: Slot<$statement>,)+
        }

        impl Registry {
            /// No circuit is built yet. Rules and fingerprints are the pinned ones.
            pub fn new(pinned: Pinned) -> Registry {
                let rules = pinned.rules();
                let (cache, warnings) = (None, Mutex::default());
                Registry { pinned, rules, cache, warnings, $($field: Slot::default(),)+ }
            }

            /// As [`Registry::new`]; circuits that were built before are read from disk.
            pub fn cached(pinned: Pinned, cache: CircuitCache) -> Registry {
                Registry { cache: Some(cache), ..Registry::new(pinned) }
            }

            /// Builds one circuit unless it is there already.
            pub fn prepare(&self, circuit: CircuitId) -> Result<(), RegistryError> {
                $(if circuit == <$statement as parth_protocol::Statement>::CIRCUIT {
                    return self.circuit::<$statement>().map(drop);
                })+
                Ok(())
            }
        }

        $(impl Registered for $statement {
            fn slot(registry: &Registry) -> &Slot<$statement> {
                &registry.$field
            }
        })+

        /// Builds one circuit with the rules of the circuits before it.
        fn build(circuit: CircuitId, rules: &Rules) -> Result<Circuit, CircuitError> {
            $(if circuit == <$statement as parth_protocol::Statement>::CIRCUIT {
                return Skeleton::<$statement>::new(rules).build().map(ProvingCircuit::into_circuit);
            })+
            unreachable!("every circuit of the protocol stands in the registry's table")
        }

        /// Rows of every circuit before padding, in the order of [`CircuitId::ALL`]. Builds nothing.
        pub fn rows(rules: &Rules) -> Vec<(CircuitId, usize)> {
            let mut rows = vec![$((
                <$statement as parth_protocol::Statement>::CIRCUIT,
                Skeleton::<$statement>::new(rules).rows(),
            ),)+];
            rows.sort();
            rows
        }
    };
}

registry! {
    signature_schnorr: signature::schnorr::Schnorr,
    session_start: session::start::Start,
    session_start_new_user: session::start_new_user::StartNewUser,
    session_step: session::step::Step,
    session_deferred_step: session::deferred_step::DeferredStep,
    session_inline_step: session::inline_step::InlineStep,
    session_first_two_calls: session::first_two_calls::FirstTwoCalls,
    session_first_two_calls_new_user: session::first_two_calls_new_user::FirstTwoCallsNewUser,
    session_end_cap: session::end_cap::EndCap,
    session_single_call: session::single_call::SingleCall,
    session_single_call_new_user: session::single_call_new_user::SingleCallNewUser,
    guta_single_end_cap: guta::single_end_cap::SingleEndCap,
    guta_two_end_caps: guta::two_end_caps::TwoEndCaps,
    guta_two_guta: guta::two_guta::TwoGuta,
    guta_left_guta_right_end_cap: guta::left_guta_right_end_cap::LeftGutaRightEndCap,
    guta_left_end_cap_right_guta: guta::left_end_cap_right_guta::LeftEndCapRightGuta,
    guta_to_cap: guta::to_cap::ToCap,
    guta_no_change: guta::no_change::NoChange,
    global_register_users: global::register_users::RegisterUsers,
    global_deploy_contracts: global::deploy_contracts::DeployContracts,
    global_unchanged: global::unchanged::Unchanged,
    global_fold: global::fold::Fold,
    block_part_one: block::part_one::PartOne,
    block_start: block::start::Start,
    block_checkpoint: block::checkpoint::Checkpoint,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("profile", &self.pinned.profile().name).finish()
    }
}

impl Registry {
    /// The pinned circuits.
    pub fn pinned(&self) -> &Pinned {
        &self.pinned
    }

    /// The rules of a network with these circuits.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The circuit of a statement. Built by the first caller while others of the same circuit wait.
    pub fn circuit<S: Registered>(&self) -> Result<Arc<ProvingCircuit<S>>, RegistryError> {
        let mut slot = S::slot(self).0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = &*slot {
            return Ok(built.clone());
        }
        let circuit = S::CIRCUIT;
        let expected = self.pinned.key(circuit).fingerprint();
        let built = match &self.cache {
            Some(cache) => ProvingCircuit::load_or_build(&self.rules, cache, Some(expected)).map(|(built, warning)| {
                self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warning);
                built
            }),
            None => Skeleton::new(&self.rules).build().map_err(CacheError::Circuit),
        };
        let built = built.map_err(|error| match error {
            CacheError::Circuit(error) => RegistryError::Build { circuit, error },
            CacheError::Fingerprint { expected, actual, .. } => RegistryError::Drift { circuit, expected, actual },
        })?;
        let actual = built.circuit().fingerprint();
        if expected != actual {
            return Err(RegistryError::Drift { circuit, expected, actual });
        }
        Ok(slot.insert(Arc::new(built)).clone())
    }

    /// What was wrong with the disk cache since the last time this was asked, for the log.
    pub fn take_warnings(&self) -> Vec<CacheWarning> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Proves one statement on top of its children's proofs, which are given with their keys in order.
    pub fn prove<S: Registered>(
        &self,
        prover: &dyn Prover,
        statement: &S,
        children: &[Child<'_>],
    ) -> Result<Proof, RegistryError> {
        let circuit = S::CIRCUIT;
        // A statement that does not hold has no proof; its rule says more than a failed constraint would.
        statement.apply(&self.rules).map_err(|reject| RegistryError::Reject { circuit, reject })?;
        let proof = self.circuit::<S>()?.prove(prover, statement, children);
        proof.map_err(|error| RegistryError::Prove { circuit, error })
    }

    /// As [`Registry::prove`], for a job whose children are all of circuits of this registry.
    pub fn prove_job(
        &self,
        prover: &dyn Prover,
        statement: &AnyStatement,
        children: &[Proof],
    ) -> Result<Proof, RegistryError> {
        let circuit = statement.circuit();
        let claims = statement.children(&self.rules);
        let keyed = claims.iter().zip(children).map(|(claim, proof)| self.keyed(circuit, claim, proof));
        let children = keyed.collect::<Result<Vec<Child<'_>>, _>>()?;
        self.prove_any(prover, statement, &children)
    }

    fn keyed<'a>(
        &'a self,
        circuit: CircuitId,
        claim: &ChildProof,
        proof: &'a Proof,
    ) -> Result<Child<'a>, RegistryError> {
        let fingerprint = claim.fingerprint;
        let known = self.pinned.circuits().iter().find(|pinned| pinned.key.fingerprint() == fingerprint);
        let known = known.ok_or(RegistryError::UnknownChild { circuit, fingerprint })?;
        Ok(Child { key: &known.key, proof })
    }

    /// As [`Registry::prove`], of any statement.
    pub fn prove_any(
        &self,
        prover: &dyn Prover,
        statement: &AnyStatement,
        children: &[Child<'_>],
    ) -> Result<Proof, RegistryError> {
        match statement {
            AnyStatement::SessionStart(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SessionStartNewUser(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SessionStep(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SessionDeferredStep(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SessionInlineStep(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::FirstTwoCalls(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::FirstTwoCallsNewUser(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::EndCap(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SingleCall(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SingleCallNewUser(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::SingleEndCap(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::TwoEndCaps(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::TwoGuta(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::LeftGutaRightEndCap(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::LeftEndCapRightGuta(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::ToCap(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::NoChange(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::RegisterUsers(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::DeployContracts(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::Unchanged(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::Fold(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::PartOne(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::BlockStart(inputs) => self.prove(prover, &**inputs, children),
            AnyStatement::Checkpoint(inputs) => self.prove(prover, &**inputs, children),
        }
    }
}

/// Builds every circuit of a profile anew, children before parents, then those of the system contract, and names them.
/// `progress` hears of each circuit of the protocol.
pub fn pin(profile: Profile, mut progress: impl FnMut(&PinnedCircuit)) -> Result<Pinned, RegistryError> {
    let mut done: Vec<PinnedCircuit> = Vec::with_capacity(CircuitId::ALL.len());
    for &circuit in CircuitId::ALL {
        // Only earlier circuits are pinned inside later ones; those not built yet have no name.
        let known = CircuitSet::from_fn(|other| {
            done.get(other as usize).map(|pinned| pinned.key.fingerprint()).unwrap_or_default()
        });
        let built = build(circuit, &Rules::new(profile, &known));
        let built = built.map_err(|error| RegistryError::Build { circuit, error })?;
        let pinned = PinnedCircuit { circuit, rows: built.rows(), key: built.key().clone() };
        progress(&pinned);
        done.push(pinned);
    }
    let system = pin_contract(&profile, &system::contract())?;
    Ok(Pinned::new(profile, done, system))
}

/// Compiles a contract and names the circuit of each function.
fn pin_contract(profile: &Profile, contract: &Contract) -> Result<PinnedContract, RegistryError> {
    let functions = contract.functions().iter().map(|function| -> Result<PinnedFunction, RegistryError> {
        let built = CallCircuit::build(profile, function)?;
        let (name, rows) = (function.name().to_owned(), built.circuit().rows());
        Ok(PinnedFunction { name, rows, fingerprint: built.fingerprint() })
    });
    let functions = functions.collect::<Result<Vec<_>, _>>()?;
    let fingerprints: Vec<Fingerprint> = functions.iter().map(|function| function.fingerprint).collect();
    let leaf = contract.deploy(profile, &fingerprints)?.leaf().clone();
    Ok(PinnedContract { name: contract.name().to_owned(), leaf, functions })
}

/// Builds every circuit anew and says which are not what the lock says. Each is built with the pinned names of its
/// children, so that a circuit is named when it changed itself and not when one below it did. `progress` hears of each.
pub fn check(pinned: &Pinned, mut progress: impl FnMut(&PinnedCircuit)) -> Result<Vec<Drift>, RegistryError> {
    let rules = pinned.rules();
    let mut moved = Vec::new();
    for old in pinned.circuits() {
        let circuit = old.circuit;
        let built = build(circuit, &rules).map_err(|error| RegistryError::Build { circuit, error })?;
        let built = PinnedCircuit { circuit, rows: built.rows(), key: built.key().clone() };
        progress(&built);
        if *old != built {
            moved.push(Drift::Circuit { pinned: old.clone(), built });
        }
    }
    let (old, built) = (pinned.system(), pin_contract(pinned.profile(), &system::contract())?);
    if *old != built {
        moved.push(Drift::System { pinned: old.clone(), built });
    }
    Ok(moved)
}
