//! The circuits that this build knows: `circuits.lock` and the keys beside it, embedded in the binary.
//!
//! `cargo xtask pin` writes both files from a full rebuild; a test rebuilds and compares. Whoever only verifies needs
//! nothing else: no circuit is built, and nothing is read from a peer.
//!
//! ```text
//!   circuits.lock          profile standard
//!                          one line a circuit: name, class, rows, fingerprint
//!                          contract System, state height, function root, code digest
//!                          one line a function of it: name, class, rows, fingerprint
//!   keys/standard.keys     the verifier keys in the order of the circuits, 544 bytes each
//! ```
//! The system contract is pinned too, since only it moves native balance: a network whose contract 0 is another one
//! could mint, and no proof would show it ([`Pinned::check_genesis`]).

use std::fmt;
use std::sync::LazyLock;

use parth_crypto::{Digest, Domain, merkle};
use parth_protocol::genesis::GenesisState;
use parth_protocol::ids::{Fingerprint, StateHeight};
use parth_protocol::records::leaf::ContractLeaf;
use parth_protocol::{CircuitId, CircuitSet, Profile, Record, Rules};
use thiserror::Error;

use crate::key::KEY_LEN;
use crate::{Class, VerifierKey};

/// One circuit of the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedCircuit {
    /// Which.
    pub circuit: CircuitId,
    /// Rows used before padding.
    pub rows: usize,
    /// What verifies its proofs.
    pub key: VerifierKey,
}

/// One function of the system contract. Its key is no part of the lock: nobody verifies its proofs but a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedFunction {
    /// Its name in the code.
    pub name: String,
    /// Rows used before padding.
    pub rows: usize,
    /// The circuit that proves its calls.
    pub fingerprint: Fingerprint,
}

/// The system contract: contract 0 of every network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedContract {
    /// Its name in the code.
    pub name: String,
    /// What genesis holds.
    pub leaf: ContractLeaf,
    /// Its functions, in the order of their tree.
    pub functions: Vec<PinnedFunction>,
}

/// All circuits of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    profile: Profile,
    circuits: Vec<PinnedCircuit>,
    system: PinnedContract,
}

/// What is not what the lock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// A circuit.
    Circuit {
        /// As pinned.
        pinned: PinnedCircuit,
        /// As built now.
        built: PinnedCircuit,
    },
    /// The system contract.
    System {
        /// As pinned.
        pinned: PinnedContract,
        /// As compiled now.
        built: PinnedContract,
    },
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = |f: &mut fmt::Formatter<'_>, what: &str, old: String, new: String| {
            if old == new { Ok(()) } else { write!(f, ", {what} {old} → {new}") }
        };
        match self {
            Drift::Circuit { pinned: old, built: new } => {
                write!(f, "{} moved", old.circuit)?;
                change(f, "class", old.key.class().to_string(), new.key.class().to_string())?;
                change(f, "rows", old.rows.to_string(), new.rows.to_string())?;
                change(f, "fingerprint", old.key.fingerprint().0.short(), new.key.fingerprint().0.short())
            }
            Drift::System { pinned: old, built: new } => {
                write!(f, "the system contract moved")?;
                change(f, "leaf", old.leaf.digest().short(), new.leaf.digest().short())?;
                let names = |contract: &PinnedContract| -> Vec<String> {
                    contract.functions.iter().map(|function| function.name.clone()).collect()
                };
                change(f, "functions", names(old).join(" "), names(new).join(" "))?;
                for (old, new) in old.functions.iter().zip(&new.functions).filter(|(old, new)| old.name == new.name) {
                    change(f, &format!("rows of {}", old.name), old.rows.to_string(), new.rows.to_string())?;
                    change(f, &old.name, old.fingerprint.0.short(), new.fingerprint.0.short())?;
                }
                Ok(())
            }
        }
    }
}

/// A genesis whose contract 0 is not the pinned system contract.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("contract 0 of the genesis is {actual}, the system contract of these circuits is {expected}")]
pub struct SystemMismatch {
    /// Digest of the pinned contract leaf.
    pub expected: Digest,
    /// Digest of the leaf in the genesis.
    pub actual: Digest,
}

/// Why the lock and the keys are not a set of circuits.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockError {
    /// The profile in the first line is not known.
    #[error("circuits.lock: expected the line `profile standard`, got `{0}`")]
    Profile(String),
    /// A line does not have the form that [`Pinned::to_text`] writes, or the circuits are not in order.
    #[error("circuits.lock: expected a line for {expected}, got `{actual}`")]
    Line {
        /// The circuit that comes next.
        expected: CircuitId,
        /// The line found.
        actual: String,
    },
    /// What follows the circuits is not the system contract and its functions.
    #[error("circuits.lock: expected the system contract or a function of it, got `{0}`")]
    System(String),
    /// There are more or fewer keys than lines.
    #[error("the keys file has {actual} bytes, {expected} are needed")]
    Keys {
        /// Bytes needed.
        expected: usize,
        /// Bytes found.
        actual: usize,
    },
    /// A key is not the one that the lock names.
    #[error("the key of {circuit} has fingerprint {actual}, circuits.lock says {expected}")]
    Fingerprint {
        /// Which circuit.
        circuit: CircuitId,
        /// Fingerprint in the lock.
        expected: Fingerprint,
        /// Fingerprint of the key.
        actual: String,
    },
}

impl Pinned {
    /// The circuits of profile `standard`, as embedded in this build.
    pub fn standard() -> Result<&'static Pinned, LockError> {
        static STANDARD: LazyLock<Result<Pinned, LockError>> = LazyLock::new(|| {
            Pinned::from_files(include_str!("../circuits.lock"), include_bytes!("../keys/standard.keys"))
        });
        STANDARD.as_ref().map_err(Clone::clone)
    }

    /// A set of circuits, in the order of [`CircuitId::ALL`].
    ///
    /// # Panics
    /// When a circuit is missing or out of order: a mistake of the caller, who builds them in a loop.
    pub fn new(profile: Profile, circuits: Vec<PinnedCircuit>, system: PinnedContract) -> Pinned {
        assert!(circuits.iter().map(|pinned| pinned.circuit).eq(CircuitId::ALL.iter().copied()));
        Pinned { profile, circuits, system }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// One circuit.
    pub fn circuit(&self, circuit: CircuitId) -> &PinnedCircuit {
        &self.circuits[circuit as usize]
    }

    /// What verifies a circuit's proofs.
    pub fn key(&self, circuit: CircuitId) -> &VerifierKey {
        &self.circuit(circuit).key
    }

    /// All circuits, in the order of [`CircuitId::ALL`].
    pub fn circuits(&self) -> &[PinnedCircuit] {
        &self.circuits
    }

    /// The system contract.
    pub fn system(&self) -> &PinnedContract {
        &self.system
    }

    /// Is contract 0 of this genesis the system contract? Nodes and verifiers ask before they do anything else.
    pub fn check_genesis(&self, genesis: &GenesisState) -> Result<(), SystemMismatch> {
        let expected = self.system.leaf.digest();
        // A genesis without contracts is none, see `Genesis::state`.
        let actual = genesis.contracts.first().map(Record::digest).unwrap_or_default();
        if expected == actual { Ok(()) } else { Err(SystemMismatch { expected, actual }) }
    }

    /// The fingerprints.
    pub fn set(&self) -> CircuitSet {
        CircuitSet::from_fn(|circuit| self.key(circuit).fingerprint())
    }

    /// The rules of a network with these circuits.
    pub fn rules(&self) -> Rules {
        Rules::new(self.profile, &self.set())
    }

    /// The text of `circuits.lock`.
    pub fn to_text(&self) -> String {
        let mut text = format!("profile {}\n", self.profile.name);
        for PinnedCircuit { circuit, rows, key } in &self.circuits {
            text += &format!("{circuit} {} {rows} {}\n", key.class(), key.fingerprint());
        }
        let PinnedContract { name, leaf, functions } = &self.system;
        text += &format!("contract {name} {} {} {}\n", leaf.state_height, leaf.functions, leaf.code);
        for PinnedFunction { name, rows, fingerprint } in functions {
            text += &format!("{name} {} {rows} {fingerprint}\n", Class::Call);
        }
        text
    }

    /// The bytes of the keys file.
    pub fn to_keys(&self) -> Vec<u8> {
        self.circuits.iter().flat_map(|pinned| pinned.key.to_bytes()).collect()
    }

    /// Reads what [`Pinned::to_text`] and [`Pinned::to_keys`] write.
    pub fn from_files(text: &str, keys: &[u8]) -> Result<Pinned, LockError> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let profile = first.strip_prefix("profile ").and_then(Profile::by_name);
        let profile = profile.ok_or_else(|| LockError::Profile(first.to_owned()))?;
        let expected = KEY_LEN * CircuitId::ALL.len();
        if keys.len() != expected {
            return Err(LockError::Keys { expected, actual: keys.len() });
        }
        let circuits = CircuitId::ALL
            .iter()
            .zip(keys.chunks(KEY_LEN))
            .map(|(&circuit, key)| pinned_circuit(circuit, lines.next().unwrap_or_default(), key))
            .collect::<Result<_, _>>()?;
        let system = pinned_contract(lines)?;
        Ok(Pinned { profile, circuits, system })
    }
}

fn pinned_circuit(circuit: CircuitId, line: &str, key: &[u8]) -> Result<PinnedCircuit, LockError> {
    let malformed = || LockError::Line { expected: circuit, actual: line.to_owned() };
    let fields: Vec<&str> = line.split(' ').collect();
    let [name, class, rows, fingerprint] = fields[..] else { return Err(malformed()) };
    let class = Class::ALL.into_iter().find(|known| known.name() == class).ok_or_else(malformed)?;
    let rows = rows.parse().map_err(|_| malformed())?;
    let expected = Fingerprint(fingerprint.parse::<Digest>().map_err(|_| malformed())?);
    if name != circuit.name() {
        return Err(malformed());
    }
    let mismatch = |actual: String| LockError::Fingerprint { circuit, expected, actual };
    let key = VerifierKey::from_bytes(class, key).map_err(|error| mismatch(error.to_string()))?;
    if key.fingerprint() != expected {
        return Err(mismatch(key.fingerprint().to_string()));
    }
    Ok(PinnedCircuit { circuit, rows, key })
}

fn pinned_contract<'a>(mut lines: impl Iterator<Item = &'a str>) -> Result<PinnedContract, LockError> {
    let line = lines.next().unwrap_or_default();
    let malformed = || LockError::System(line.to_owned());
    let fields: Vec<&str> = line.split(' ').collect();
    let ["contract", name, height, functions, code] = fields[..] else { return Err(malformed()) };
    let state_height = height.parse().ok().and_then(StateHeight::new).ok_or_else(malformed)?;
    let leaf = ContractLeaf {
        functions: functions.parse().map_err(|_| malformed())?,
        state_height,
        initial: merkle::empty_root(Domain::StateNode, usize::from(state_height.get())),
        code: code.parse().map_err(|_| malformed())?,
    };
    let functions = lines.map(pinned_function).collect::<Result<_, _>>()?;
    Ok(PinnedContract { name: name.to_owned(), leaf, functions })
}

fn pinned_function(line: &str) -> Result<PinnedFunction, LockError> {
    let malformed = || LockError::System(line.to_owned());
    let fields: Vec<&str> = line.split(' ').collect();
    let [name, class, rows, fingerprint] = fields[..] else { return Err(malformed()) };
    if class != Class::Call.name() {
        return Err(malformed());
    }
    let rows = rows.parse().map_err(|_| malformed())?;
    let fingerprint = Fingerprint(fingerprint.parse::<Digest>().map_err(|_| malformed())?);
    Ok(PinnedFunction { name: name.to_owned(), rows, fingerprint })
}
