//! The circuits that this build knows: `circuits.lock` and the keys beside it, embedded in the binary.
//!
//! `cargo xtask pin` writes both files from a full rebuild; a test rebuilds and compares. Whoever only verifies needs
//! nothing else: no circuit is built, and nothing is read from a peer.
//!
//! ```text
//!   circuits.lock          one line a circuit: name, class, rows, fingerprint; the profile in the first line
//!   keys/standard.keys     the verifier keys in the order of the lines, 544 bytes each
//! ```

use std::fmt;
use std::sync::LazyLock;

use parth_crypto::Digest;
use parth_protocol::ids::Fingerprint;
use parth_protocol::{CircuitId, CircuitSet, Profile, Rules};
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

/// All circuits of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    profile: Profile,
    circuits: Vec<PinnedCircuit>,
}

/// A circuit that is not what the lock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The circuit as pinned.
    pub pinned: PinnedCircuit,
    /// The circuit as built now.
    pub built: PinnedCircuit,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (&self.pinned, &self.built);
        write!(f, "{} moved", old.circuit)?;
        let mut change = |what: &str, old: &dyn fmt::Display, new: &dyn fmt::Display| {
            let (old, new) = (old.to_string(), new.to_string());
            if old == new { Ok(()) } else { write!(f, ", {what} {old} → {new}") }
        };
        change("class", &old.key.class(), &new.key.class())?;
        change("rows", &old.rows, &new.rows)?;
        change("fingerprint", &old.key.fingerprint().0.short(), &new.key.fingerprint().0.short())
    }
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
    pub fn new(profile: Profile, circuits: Vec<PinnedCircuit>) -> Pinned {
        assert!(circuits.iter().map(|pinned| pinned.circuit).eq(CircuitId::ALL.iter().copied()));
        Pinned { profile, circuits }
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
        Ok(Pinned { profile, circuits })
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
