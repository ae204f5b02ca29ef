//! The circuits by name, the whitelists they stand in, and the constants that pin one family inside the next.
//!
//! ```text
//!   start, …, step ──whitelist──▸ end_cap
//!   end_cap, single_call, … ──whitelist──▸ GUTA entry circuits
//!   GUTA circuits ──whitelist──▸ part_one ◂──whitelist── global circuits
//!   part_one ──fingerprint──▸ checkpoint ◂──parameters── start, checkpoint
//! ```
//! Inside a family the whitelist root travels in the header; the first circuit above pins it as a constant
//! (design/proving.md, "Who pins what").

use parth_crypto::merkle::SparseTree;
use parth_crypto::{Digest, Domain, Felt, hash};
use serde::{Deserialize, Serialize};

use crate::ids::{Fingerprint, WhitelistIndex};
use crate::profile::Profile;
use crate::records::network::Parameters;
use crate::tree::{EndCapWhitelist, GlobalWhitelist, GutaWhitelist, SessionWhitelist, Siblings, TreeKind};

/// Which whitelist a circuit stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Session circuits but those that close a session.
    Session,
    /// Circuits that close a session.
    EndCap,
    /// Aggregation of user leaves.
    Guta,
    /// Changes of the global trees.
    Global,
    /// Circuits that a constant or the parameters name.
    Alone,
}

macro_rules! circuits {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal in $family:ident $(at $index:literal)?;)+) => {
        /// Every circuit of the protocol but those of contract functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(borsh::BorshSerialize, borsh::BorshDeserialize)]
        pub enum CircuitId {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl CircuitId {
            /// Every circuit, children before parents.
            pub const ALL: &'static [CircuitId] = &[$(CircuitId::$name,)+];

            /// The path of the statement, as in `circuits.lock`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(CircuitId::$name => $text,)+
                }
            }

            /// The whitelist that the circuit stands in.
            pub const fn family(self) -> Family {
                match self {
                    $(CircuitId::$name => Family::$family,)+
                }
            }

            /// Its position there; places of later circuits are left free.
            pub fn whitelist_index(self) -> Option<WhitelistIndex> {
                match self {
                    $($(CircuitId::$name => Some(WhitelistIndex::constant($index)),)?)+
                    _ => None,
                }
            }
        }
    };
}

circuits! {
    /// A Schnorr signature over EcGFp5.
    SignatureSchnorr = "signature::schnorr" in Alone;
    /// Opens a session of a user who has a leaf.
    SessionStart = "session::start" in Session at 0;
    /// Opens the first session of a user.
    SessionStartNewUser = "session::start_new_user" in Session at 1;
    /// Takes one top-level call into a session.
    SessionStep = "session::step" in Session at 2;
    /// Takes the deferred call that is due into a session.
    SessionDeferredStep = "session::deferred_step" in Session at 3;
    /// Takes the inline call that is due into a session.
    SessionInlineStep = "session::inline_step" in Session at 4;
    /// Opens a session of a user who has a leaf and takes its first two calls.
    FirstTwoCalls = "session::first_two_calls" in Session at 6;
    /// Opens the first session of a user and takes its first two calls.
    FirstTwoCallsNewUser = "session::first_two_calls_new_user" in Session at 7;
    /// Closes a session.
    EndCap = "session::end_cap" in EndCap at 0;
    /// A whole session of one call, of a user who has a leaf.
    SingleCall = "session::single_call" in EndCap at 1;
    /// A whole session of one call, the first of its user.
    SingleCallNewUser = "session::single_call_new_user" in EndCap at 2;
    /// One end cap enters aggregation.
    GutaSingleEndCap = "guta::single_end_cap" in Guta at 0;
    /// Two end caps enter aggregation.
    GutaTwoEndCaps = "guta::two_end_caps" in Guta at 1;
    /// Two aggregations.
    GutaTwoGuta = "guta::two_guta" in Guta at 2;
    /// An aggregation and, right of it, an end cap.
    GutaLeftGutaRightEndCap = "guta::left_guta_right_end_cap" in Guta at 3;
    /// An end cap and, right of it, an aggregation.
    GutaLeftEndCapRightGuta = "guta::left_end_cap_right_guta" in Guta at 4;
    /// Carries an aggregation up.
    GutaToCap = "guta::to_cap" in Guta at 5;
    /// No session in this checkpoint.
    GutaNoChange = "guta::no_change" in Guta at 6;
    /// Appends registrations.
    GlobalRegisterUsers = "global::register_users" in Global at 0;
    /// Appends contracts.
    GlobalDeployContracts = "global::deploy_contracts" in Global at 1;
    /// No change of the global trees.
    GlobalUnchanged = "global::unchanged" in Global at 3;
    /// Two changes of the global trees, one after the other.
    GlobalFold = "global::fold" in Global at 4;
    /// Everything that a checkpoint changes.
    BlockPartOne = "block::part_one" in Alone;
    /// The genesis checkpoint.
    BlockStart = "block::start" in Alone;
    /// Every other checkpoint.
    BlockCheckpoint = "block::checkpoint" in Alone;
}

/// The text is not the name of a circuit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no circuit is named {0}")]
pub struct UnknownCircuit(pub String);

impl std::str::FromStr for CircuitId {
    type Err = UnknownCircuit;

    fn from_str(text: &str) -> Result<CircuitId, UnknownCircuit> {
        let known = CircuitId::ALL.iter().copied().find(|circuit| circuit.name() == text);
        known.ok_or_else(|| UnknownCircuit(text.to_owned()))
    }
}

impl std::fmt::Display for CircuitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The fingerprint of every circuit of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitSet {
    fingerprints: Vec<Fingerprint>,
}

impl CircuitSet {
    /// The set in which each circuit has the fingerprint that `name` gives.
    pub fn from_fn(name: impl FnMut(CircuitId) -> Fingerprint) -> CircuitSet {
        CircuitSet { fingerprints: CircuitId::ALL.iter().copied().map(name).collect() }
    }

    /// Fingerprints that no circuit has, for native execution without proofs.
    pub fn stand_in() -> CircuitSet {
        CircuitSet::from_fn(|circuit| Fingerprint(Digest::from([u64::MAX >> 2, circuit as u64 + 1, 0, 0])))
    }

    /// The fingerprint of a circuit.
    pub fn fingerprint(&self, circuit: CircuitId) -> Fingerprint {
        self.fingerprints[circuit as usize]
    }

    /// One digest for the whole set: what two programs compare to know that they speak of the same circuits.
    pub fn digest(&self) -> Digest {
        let felts: Vec<Felt> = self.fingerprints.iter().flat_map(|fingerprint| fingerprint.0.0).collect();
        hash(Domain::CircuitSet, &felts)
    }

    /// The circuit of a fingerprint.
    pub fn circuit(&self, fingerprint: Fingerprint) -> Option<CircuitId> {
        CircuitId::ALL.iter().copied().find(|&circuit| self.fingerprint(circuit) == fingerprint)
    }

    /// The root of a whitelist.
    pub fn whitelist_root<K: Whitelist>(&self, profile: &Profile) -> Digest {
        self.whitelist::<K>(profile).root()
    }

    /// Where a circuit stands in a whitelist, or nothing when it does not.
    pub fn listed<K: Whitelist>(&self, profile: &Profile, circuit: CircuitId) -> Option<Listed<K>> {
        let index = circuit.whitelist_index().filter(|_| circuit.family() == K::FAMILY)?;
        let path = Siblings::new(self.whitelist::<K>(profile).path(u64::from(index.get())).siblings);
        Some(Listed { fingerprint: self.fingerprint(circuit), index, path })
    }

    fn whitelist<K: Whitelist>(&self, profile: &Profile) -> SparseTree {
        let mut tree = SparseTree::new(K::DOMAIN, K::height(profile));
        for &circuit in CircuitId::ALL.iter().filter(|circuit| circuit.family() == K::FAMILY) {
            if let Some(index) = circuit.whitelist_index() {
                tree.set(u64::from(index.get()), self.fingerprint(circuit).0);
            }
        }
        tree
    }
}

/// A tree of circuits that may stand in for one another.
pub trait Whitelist: TreeKind {
    /// The circuits in it.
    const FAMILY: Family;
}

impl Whitelist for SessionWhitelist {
    const FAMILY: Family = Family::Session;
}

impl Whitelist for EndCapWhitelist {
    const FAMILY: Family = Family::EndCap;
}

impl Whitelist for GutaWhitelist {
    const FAMILY: Family = Family::Guta;
}

impl Whitelist for GlobalWhitelist {
    const FAMILY: Family = Family::Global;
}

/// A circuit and its place in a whitelist: what a parent shows of a child's circuit.
#[derive(Debug, Clone, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Listed<K> {
    /// The child's circuit.
    pub fingerprint: Fingerprint,
    /// Its place.
    pub index: WhitelistIndex,
    /// The siblings there.
    pub path: Siblings<K>,
}

/// What native execution needs to know of a network's circuits: the profile and every pinned constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Heights and bounds.
    pub profile: Profile,
    /// Whitelist that the circuits which close a session pin.
    pub session_whitelist: Digest,
    /// Whitelist that the GUTA entry circuits pin.
    pub end_cap_whitelist: Digest,
    /// Whitelist that `part_one` pins.
    pub guta_whitelist: Digest,
    /// Whitelist that `part_one` pins.
    pub global_whitelist: Digest,
    /// Circuit that `checkpoint` pins.
    pub part_one: Fingerprint,
}

impl Rules {
    /// The rules of a profile with a set of circuits.
    pub fn new(profile: Profile, circuits: &CircuitSet) -> Rules {
        Rules {
            profile,
            session_whitelist: circuits.whitelist_root::<SessionWhitelist>(&profile),
            end_cap_whitelist: circuits.whitelist_root::<EndCapWhitelist>(&profile),
            guta_whitelist: circuits.whitelist_root::<GutaWhitelist>(&profile),
            global_whitelist: circuits.whitelist_root::<GlobalWhitelist>(&profile),
            part_one: circuits.fingerprint(CircuitId::BlockPartOne),
        }
    }
}

/// What every role and every client knows of its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Profile and pins.
    pub rules: Rules,
    /// Fingerprints.
    pub circuits: CircuitSet,
    /// What never changes in the network's life.
    pub parameters: Parameters,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Rule;

    #[test]
    fn every_listed_circuit_stands_under_the_root_of_its_family_only() {
        let (profile, set) = (Profile::STANDARD, CircuitSet::stand_in());
        let root = set.whitelist_root::<GutaWhitelist>(&profile);
        for &circuit in CircuitId::ALL {
            assert_eq!(set.circuit(set.fingerprint(circuit)), Some(circuit));
            assert_eq!(circuit.whitelist_index().is_none(), circuit.family() == Family::Alone);
            let Some(listed) = set.listed::<GutaWhitelist>(&profile, circuit) else {
                assert_ne!(circuit.family(), Family::Guta);
                continue;
            };
            let check = |leaf| listed.path.check(&profile, Rule::GutaWhitelist, root, listed.index.get().into(), leaf);
            assert!(check(listed.fingerprint.0).is_ok());
            assert!(check(set.fingerprint(CircuitId::EndCap).0).is_err());
        }
    }
}
