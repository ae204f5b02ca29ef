//! Ids, counts and amounts: one type for each, one felt in every hash.
//!
//! A scalar knows how many bits it may have, so that no value of it wraps in the field; reading bytes or text refuses
//! anything wider.

use std::fmt;
use std::io;

use borsh::{BorshDeserialize, BorshSerialize};
use parth_crypto::{Digest, Felt};
use serde::{Deserialize, Serialize};

/// A value that takes exactly one felt in leaves and headers.
pub trait Scalar: Copy {
    /// Values are below 2^BITS.
    const BITS: u32;

    /// The felt that stands for the value.
    fn to_felt(self) -> Felt;

    /// The value of a felt, or nothing when the felt is not below 2^BITS.
    fn from_felt(felt: Felt) -> Option<Self>;
}

macro_rules! scalars {
    ($($(#[doc = $doc:literal])+ $name:ident($inner:ident) below 2^$bits:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// The number zero.
            pub const ZERO: $name = $name(0);
            /// The largest value.
            pub const MAX: $name = $name((((1u128 << $bits) - 1) as u64) as $inner);

            /// The value, or nothing when it has too many bits.
            pub const fn new(value: $inner) -> Option<$name> {
                if value <= Self::MAX.0 { Some($name(value)) } else { None }
            }

            /// The value of a constant.
            ///
            /// # Panics
            /// When it has too many bits. For constants; data goes through `new`.
            pub const fn constant(value: $inner) -> $name {
                assert!(value <= Self::MAX.0, "constant has too many bits");
                $name(value)
            }

            /// The plain integer.
            pub const fn get(self) -> $inner {
                self.0
            }

            /// The sum, or nothing when it has too many bits.
            pub fn checked_add(self, other: $name) -> Option<$name> {
                self.0.checked_add(other.0).and_then($name::new)
            }

            /// The difference, or nothing below zero.
            pub fn checked_sub(self, other: $name) -> Option<$name> {
                self.0.checked_sub(other.0).map($name)
            }

            /// The next value, or nothing after the largest.
            pub fn next(self) -> Option<$name> {
                self.checked_add($name(1))
            }
        }

        impl Scalar for $name {
            const BITS: u32 = $bits;

            fn to_felt(self) -> Felt {
                Felt::reduce(u64::from(self.0))
            }

            fn from_felt(felt: Felt) -> Option<$name> {
                $inner::try_from(felt.as_u64()).ok().and_then($name::new)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl BorshSerialize for $name {
            fn serialize<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
                BorshSerialize::serialize(&self.0, writer)
            }
        }

        impl BorshDeserialize for $name {
            fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<$name> {
                let value = $inner::deserialize_reader(reader)?;
                $name::new(value).ok_or_else(|| too_wide(stringify!($name), u64::from(value), $bits))
            }
        }

        /// Text formats get a decimal string, binary ones the integer.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Serialize::serialize(&Felt::reduce(u64::from(self.0)), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let felt = <Felt as Deserialize>::deserialize(deserializer)?;
                <$name as Scalar>::from_felt(felt).ok_or_else(|| {
                    serde::de::Error::custom(too_wide(stringify!($name), felt.as_u64(), $bits))
                })
            }
        }
    )+

        /// Calls a macro with every scalar type of this table, for twins elsewhere.
        #[macro_export]
        macro_rules! for_each_scalar {
            ($define:ident) => { $define! { $($name)+ } };
        }
    };
}

fn too_wide(name: &str, value: u64, bits: u32) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{name} {value} is not below 2^{bits}"))
}

scalars! {
    /// Position of a user in the user tree (GUSR). 0 is nobody.
    UserId(u32) below 2^32;
    /// Position of a public key commitment in the registration tree (URT).
    RegistrationIndex(u32) below 2^32;
    /// Position of a contract in the contract tree (GCON). 0 is the system contract.
    ContractId(u32) below 2^32;
    /// Height of a checkpoint, which is its position in the checkpoint tree (CHKP). 0 is genesis.
    CheckpointId(u32) below 2^32;
    /// Position of a function in its contract's function tree (CFT).
    FunctionIndex(u16) below 2^16;
    /// Name of a function inside its contract.
    MethodId(u32) below 2^32;
    /// Who makes a call: a contract id, or [`Caller::USER`] for a top-level call.
    Caller(u64) below 2^33;
    /// Number of felts in a list of inputs or outputs.
    Length(u32) below 2^16;
    /// Height of a contract's state tree, 1 to 48.
    StateHeight(u8) below 2^6;
    /// Position of a word in a state tree.
    SlotIndex(u64) below 2^48;
    /// Position of a node inside its level.
    NodeIndex(u64) below 2^48;
    /// Level of a node; 0 is a leaf.
    Level(u8) below 2^6;
    /// Position of a circuit in its whitelist.
    WhitelistIndex(u8) below 2^4;
    /// How many low bits of a registration index choose the realm.
    RealmBits(u8) below 2^4;
    /// Sessions of a user so far.
    Nonce(u64) below 2^48;
    /// An amount of native balance, in its smallest unit.
    Amount(u64) below 2^62;
    /// A fee rate, in the smallest unit of native balance.
    FeeRate(u64) below 2^20;
    /// Number of sessions.
    SessionCount(u64) below 2^33;
    /// Number of calls.
    CallCount(u64) below 2^56;
    /// Number of state words written.
    SlotCount(u64) below 2^62;
    /// Number of events.
    EventCount(u64) below 2^48;
    /// Number of registrations, deployments or deposits.
    ItemCount(u64) below 2^33;
    /// Milliseconds since the Unix epoch.
    Time(u64) below 2^48;
}

impl Caller {
    /// The caller of a top-level call. Not 0, which is the system contract (attack F29).
    pub const USER: Caller = Caller(1 << 32);

    /// A contract as the caller.
    pub fn contract(contract: ContractId) -> Caller {
        Caller(u64::from(contract.0))
    }
}

impl ContractId {
    /// The system contract: the only one that may move native balance.
    pub const SYSTEM: ContractId = ContractId(0);
}

impl UserId {
    /// User 0 is nobody: its registration is filled at genesis with a key that no one has.
    pub const NOBODY: UserId = UserId(0);
}

impl Scalar for bool {
    const BITS: u32 = 1;

    fn to_felt(self) -> Felt {
        Felt::from(self)
    }

    fn from_felt(felt: Felt) -> Option<bool> {
        match felt.as_u64() {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A felt as it is, for numbers that a hostile circuit reports and that nobody has checked yet.
impl Scalar for Felt {
    const BITS: u32 = 64;

    fn to_felt(self) -> Felt {
        self
    }

    fn from_felt(felt: Felt) -> Option<Felt> {
        Some(felt)
    }
}

/// Names one circuit inside its class: H(class tag, constants-sigmas cap, circuit digest).
#[derive(
    Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fingerprint(pub Digest);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_too_many_bits_are_refused_by_every_door() {
        let wide = 1u64 << 62;
        assert_eq!(Amount::new(wide), None);
        assert_eq!(Amount::MAX.get(), wide - 1);
        assert_eq!(Amount::MAX.next(), None);
        assert_eq!(Amount::from_felt(Felt::constant(wide)), None);
        assert!(borsh::from_slice::<Amount>(&wide.to_le_bytes()).is_err());
        assert!(serde_json::from_str::<Amount>(&format!("\"{wide}\"")).is_err());
        assert_eq!(serde_json::to_string(&Amount::constant(7)).unwrap(), "\"7\"");
        assert_eq!(UserId::from_felt(Felt::constant(1 << 32)), None);
        assert_eq!(UserId::MAX.get(), u32::MAX);
    }
}
