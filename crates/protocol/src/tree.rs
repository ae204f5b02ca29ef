//! The kinds of trees, their paths, and the map from registrations to users.
//!
//! A path carries its tree kind in its type, so a path of one tree can never be checked against another; its index is
//! always a field with a meaning (a user id, a contract id) and never travels inside the path.

use std::io;
use std::marker::PhantomData;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::merkle::{self, Transition};
use parth_crypto::{Digest, Domain};

use crate::ids::{NodeIndex, RealmBits, RegistrationIndex, UserId};
use crate::profile::Profile;
use crate::reject::{Reject, Rule};

/// A kind of tree: its node domain and its height in a profile.
pub trait TreeKind {
    /// Domain of its nodes.
    const DOMAIN: Domain;
    /// Its height.
    fn height(profile: &Profile) -> usize;

    /// The root of a tree of this kind without leaves.
    fn empty_root(profile: &Profile) -> Digest {
        merkle::empty_root(Self::DOMAIN, Self::height(profile))
    }
}

macro_rules! trees {
    ($($(#[doc = $doc:literal])+ $name:ident: $domain:ident, $height:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
        pub struct $name;

        impl TreeKind for $name {
            const DOMAIN: Domain = Domain::$domain;
            fn height(profile: &Profile) -> usize {
                profile.$height as usize
            }
        }
    )+};
}

trees! {
    /// CHKP: checkpoint leaves by height.
    Checkpoints: CheckpointNode, checkpoints;
    /// URT: public key commitments by registration index.
    Registrations: RegistrationNode, registrations;
    /// GCON: contract leaves by contract id.
    Contracts: ContractNode, contracts;
    /// CFT: function leaves of one contract.
    Functions: FunctionNode, functions;
    /// UCON: CSTATE roots of one user by contract id.
    UserContracts: UserContractNode, contracts;
    /// GDT: deposit leaves.
    Deposits: DepositNode, deposits;
    /// Session proof tree.
    Proofs: ProofNode, proofs;
    /// Circuits that a session may consist of.
    SessionWhitelist: SessionWhitelistNode, whitelist;
    /// Circuits that may close a session.
    EndCapWhitelist: EndCapWhitelistNode, end_caps;
    /// Circuits that may aggregate user leaves.
    GutaWhitelist: GutaWhitelistNode, whitelist;
    /// Circuits that may change the global trees.
    GlobalWhitelist: GlobalWhitelistNode, whitelist;
}

/// GUSR: user leaves by user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Users;

impl TreeKind for Users {
    const DOMAIN: Domain = Domain::UserNode;
    fn height(profile: &Profile) -> usize {
        profile.users()
    }
}

/// The siblings of one leaf of a tree of kind `K`, leaf first.
#[derive(Debug)]
pub struct Siblings<K>(pub Vec<Digest>, PhantomData<fn() -> K>);

impl<K: TreeKind> Siblings<K> {
    /// Siblings from the leaf up.
    pub fn new(siblings: Vec<Digest>) -> Siblings<K> {
        Siblings(siblings, PhantomData)
    }

    /// Siblings in a tree that has no other leaf.
    pub fn empty(profile: &Profile) -> Siblings<K> {
        Siblings::new((0..K::height(profile)).map(|level| merkle::empty_root(K::DOMAIN, level)).collect())
    }

    /// The root above `leaf` at `index`. Refuses a path of another height and an index outside the tree.
    pub fn root(&self, profile: &Profile, rule: Rule, index: u64, leaf: Digest) -> Result<Digest, Reject> {
        let height = K::height(profile);
        Reject::unless_equal(rule, height as u64, self.0.len() as u64)?;
        if !merkle::fits(index, height) {
            return Err(Reject::number(rule, (1 << height) - 1, index));
        }
        Ok(merkle::climb(K::DOMAIN, index, leaf, &self.0))
    }

    /// Checks that `leaf` stands at `index` under `root`.
    pub fn check(&self, profile: &Profile, rule: Rule, root: Digest, index: u64, leaf: Digest) -> Result<(), Reject> {
        Reject::unless_equal(rule, root, self.root(profile, rule, index, leaf)?)
    }
}

/// How far a transition climbs in one proof: the circuits have a longest climb each.
pub trait ClimbKind {
    /// Most levels.
    fn cap(profile: &Profile) -> usize;
}

macro_rules! climbs {
    ($($(#[doc = $doc:literal])+ $name:ident: $profile:ident => $cap:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl ClimbKind for $name {
            fn cap($profile: &Profile) -> usize {
                $cap
            }
        }
    )+};
}

climbs! {
    /// A side of `guta::two_end_caps`.
    TwoEndCapsClimb: profile => profile.climb_two_end_caps;
    /// A side of `guta::left_guta_right_end_cap` or its mirror.
    MixedClimb: profile => profile.climb_mixed;
    /// A side of `guta::two_guta`.
    TwoGutaClimb: profile => profile.climb_two_guta;
    /// `guta::single_end_cap` and `guta::to_cap`: up to the whole height of GUSR.
    WholeClimb: profile => profile.users();
}

/// The unchanged siblings past which a transition of the user tree climbs.
#[derive(Debug)]
pub struct Climb<K>(pub Vec<Digest>, PhantomData<fn() -> K>);

impl<K: ClimbKind> Climb<K> {
    /// Siblings from below up.
    pub fn new(siblings: Vec<Digest>) -> Climb<K> {
        Climb(siblings, PhantomData)
    }

    /// Carries a transition up. Refuses a climb that is longer than the circuit allows or leaves the tree.
    pub fn apply(&self, profile: &Profile, from: Transition) -> Result<Transition, Reject> {
        if self.0.len() > K::cap(profile) {
            return Err(Reject::number(Rule::ClimbLength, K::cap(profile) as u64, self.0.len() as u64));
        }
        let top = usize::from(from.level) + self.0.len();
        if top > profile.users() {
            return Err(Reject::number(Rule::ClimbLength, profile.users() as u64, top as u64));
        }
        Ok(from.climb(Domain::UserNode, &self.0))
    }
}

macro_rules! list_of_digests {
    ($($name:ident)+) => {$(
        impl<K> Clone for $name<K> {
            fn clone(&self) -> Self {
                $name(self.0.clone(), PhantomData)
            }
        }

        impl<K> PartialEq for $name<K> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<K> Eq for $name<K> {}

        impl<K> BorshSerialize for $name<K> {
            fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
                BorshSerialize::serialize(&self.0, writer)
            }
        }

        impl<K> BorshDeserialize for $name<K> {
            fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
                // At most 64 levels, so that hostile bytes cannot ask for memory.
                let length = u32::deserialize_reader(reader)?;
                if length > 64 {
                    let message = format!("a path of {length} levels is longer than any tree");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                let digests = (0..length).map(|_| Digest::deserialize_reader(reader)).collect::<io::Result<_>>()?;
                Ok($name(digests, PhantomData))
            }
        }
    )+};
}
list_of_digests! { Siblings Climb }

/// The user id of a registration: the low `realm bits` of the index move to the top, which spreads users over realms
/// (decision D11). A rotation of the word of GUSR's height, so it is one to one.
///
/// More bits than the tree has levels count as all of them; no network has so many (see [`realm_bits_fit`]).
pub fn user_of_registration(profile: &Profile, bits: RealmBits, registration: RegistrationIndex) -> UserId {
    let height = profile.users() as u32;
    let (index, bits) = (u64::from(registration.get()), u32::from(bits.get()).min(height));
    let rotated = index >> bits | (index & ((1 << bits) - 1)) << (height - bits);
    UserId::constant(rotated as u32)
}

/// The registration index of a user: the inverse of [`user_of_registration`].
pub fn registration_of_user(profile: &Profile, bits: RealmBits, user: UserId) -> RegistrationIndex {
    let height = profile.users() as u32;
    let (id, bits) = (u64::from(user.get()), u32::from(bits.get()).min(height));
    let rotated = (id << bits | id >> (height - bits)) & ((1 << height) - 1);
    RegistrationIndex::constant(rotated as u32)
}

/// Do so many bits choose a realm? The coordinator has no more levels than these.
pub fn realm_bits_fit(profile: &Profile, bits: RealmBits) -> bool {
    usize::from(bits.get()) <= profile.coordinator
}

/// The realm that a user lives in, as the index of its root at the coordinator's level of GUSR.
pub fn realm_of_user(profile: &Profile, user: UserId) -> NodeIndex {
    NodeIndex::constant(u64::from(user.get()) >> profile.realm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_registrations_are_one_to_one_and_spread_over_realms() {
        let profile = Profile::SMALL;
        for bits in 0..=profile.coordinator as u8 {
            let bits = RealmBits::constant(bits);
            let mut seen = vec![false; 1 << profile.users()];
            for index in 0..1u32 << profile.users() {
                let registration = RegistrationIndex::constant(index);
                let user = user_of_registration(&profile, bits, registration);
                assert!(!std::mem::replace(&mut seen[user.get() as usize], true));
                assert_eq!(registration_of_user(&profile, bits, user), registration);
                if index < 1 << bits.get() && index > 0 {
                    let before = user_of_registration(&profile, bits, RegistrationIndex::constant(index - 1));
                    assert_ne!(realm_of_user(&profile, user), realm_of_user(&profile, before));
                }
            }
        }
    }

    #[test]
    fn no_number_of_realm_bits_panics() {
        let profile = Profile::SMALL;
        for bits in 0..=RealmBits::MAX.get() {
            let bits = RealmBits::constant(bits);
            for number in [0, 31, 32, u32::MAX] {
                user_of_registration(&profile, bits, RegistrationIndex::constant(number));
                registration_of_user(&profile, bits, UserId::constant(number));
            }
            assert_eq!(realm_bits_fit(&profile, bits), bits.get() <= 2);
        }
    }

    #[test]
    fn a_path_of_another_height_or_index_is_refused() {
        let profile = Profile::SMALL;
        let path = Siblings::<Contracts>::empty(&profile);
        let root = Contracts::empty_root(&profile);
        assert!(path.check(&profile, Rule::ContractPath, root, 3, Digest::ZERO).is_ok());
        assert!(path.check(&profile, Rule::ContractPath, root, 16, Digest::ZERO).is_err());
        let short = Siblings::<Contracts>::new(path.0[1..].to_vec());
        assert!(short.check(&profile, Rule::ContractPath, root, 3, Digest::ZERO).is_err());
    }
}
