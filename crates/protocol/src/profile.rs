//! Profiles: what is fixed inside the circuits of a network, and so in every fingerprint.

use parth_crypto::{Digest, Domain, Felt, hash};

/// Heights of the trees and other constants that circuits are built with.
///
/// Only [`Profile::STANDARD`] is pinned in `circuits.lock`; [`Profile::SMALL`] has the same rules on trees small
/// enough for exhaustive native and rule tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name in genesis files.
    pub name: &'static str,
    /// Height of CHKP.
    pub checkpoints: usize,
    /// Height of the coordinator's part of GUSR.
    pub coordinator: usize,
    /// Height of one realm's part of GUSR.
    pub realm: usize,
    /// Height of URT.
    pub registrations: usize,
    /// Height of GCON and of every UCON.
    pub contracts: usize,
    /// Height of every CFT.
    pub functions: usize,
    /// Height of GDT.
    pub deposits: usize,
    /// Height of the session proof tree.
    pub proofs: usize,
    /// Height of the whitelists of session, GUTA and global circuits.
    pub whitelist: usize,
    /// Height of the whitelist of circuits that close a session: aggregation opens it for each session, so it is low.
    pub end_caps: usize,
    /// A session's anchor is less than this many checkpoints old (a power of two).
    pub max_anchor_age: u64,
    /// Longest climb a side in `guta::two_end_caps`.
    pub climb_two_end_caps: usize,
    /// Longest climb a side in `guta::left_guta_right_end_cap` and its mirror.
    pub climb_mixed: usize,
    /// Longest climb a side in `guta::two_guta`.
    pub climb_two_guta: usize,
    /// Most items of one `global::register_users`, and of one `global::deploy_contracts`.
    pub batch: usize,
    /// FRI queries of every proof: 28 is the `standard` security label.
    pub queries: usize,
}

impl Profile {
    /// The profile of real networks.
    pub const STANDARD: Profile = Profile {
        name: "standard",
        checkpoints: 32,
        coordinator: 12,
        realm: 20,
        registrations: 32,
        contracts: 32,
        functions: 16,
        deposits: 32,
        proofs: 16,
        whitelist: 4,
        end_caps: 2,
        max_anchor_age: 256,
        climb_two_end_caps: 15,
        climb_mixed: 15,
        climb_two_guta: 15,
        batch: 64,
        queries: 28,
    };

    /// Small trees, for native tests and rule circuits. Never the profile of a network.
    pub const SMALL: Profile = Profile {
        name: "small",
        checkpoints: 6,
        coordinator: 2,
        realm: 3,
        registrations: 5,
        contracts: 4,
        functions: 3,
        deposits: 4,
        proofs: 4,
        whitelist: 4,
        end_caps: 2,
        max_anchor_age: 8,
        climb_two_end_caps: 2,
        climb_mixed: 3,
        climb_two_guta: 4,
        batch: 3,
        queries: 28,
    };

    /// Profiles that a genesis file may name.
    pub const KNOWN: &'static [Profile] = &[Profile::STANDARD];

    /// The profile of a genesis file.
    pub fn by_name(name: &str) -> Option<Profile> {
        Profile::KNOWN.iter().copied().find(|profile| profile.name == name)
    }

    /// Height of GUSR.
    pub const fn users(&self) -> usize {
        self.coordinator + self.realm
    }

    /// The digest that stands for this profile in the parameters of a network.
    pub fn digest(&self) -> Digest {
        let fields = [
            self.checkpoints,
            self.coordinator,
            self.realm,
            self.registrations,
            self.contracts,
            self.functions,
            self.deposits,
            self.proofs,
            self.whitelist,
            self.end_caps,
            self.max_anchor_age as usize,
            self.climb_two_end_caps,
            self.climb_mixed,
            self.climb_two_guta,
            self.batch,
            self.queries,
        ];
        hash(Domain::Profile, &fields.map(|field| Felt::reduce(field as u64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn climbs_with_to_cap_between_them_reach_every_node() {
        for profile in [Profile::STANDARD, Profile::SMALL] {
            assert!(profile.max_anchor_age.is_power_of_two());
            assert!(profile.climb_two_guta <= profile.users());
            assert_eq!(profile.users(), profile.registrations, "user ids are a permutation of registration indexes");
        }
    }

    #[test]
    fn the_small_profile_cannot_name_a_network() {
        assert_eq!(Profile::by_name("small"), None);
        assert_eq!(Profile::by_name("standard"), Some(Profile::STANDARD));
    }
}
