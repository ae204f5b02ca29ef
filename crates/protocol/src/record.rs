//! How records are declared: one field list, expanded natively here and as targets in `circuits`.
//!
//! ```text
//!   user_leaf!(native)  ->  struct UserLeaf { key: Digest, balance: Amount, … }   + Felts, Record
//!   user_leaf!(twin)    ->  struct UserLeafTarget { key: DigestTarget, … }        in crates/circuits
//! ```
//!
//! A `record` has a domain and a digest; a `witness` is a bundle of inputs that is never hashed as a whole, such as a
//! statement. The order of fields is part of the protocol.

use parth_crypto::{Digest, Domain, Felt, hash};

use crate::ids::{Fingerprint, Scalar};

/// Values that flatten to felts, in the order of their fields.
pub trait Felts {
    /// Appends the felts.
    fn write_felts(&self, out: &mut Vec<Felt>);

    /// All felts.
    fn felts(&self) -> Vec<Felt> {
        let mut out = Vec::new();
        self.write_felts(&mut out);
        out
    }
}

/// Values that are hashed as a whole, in a domain of their own.
pub trait Record: Felts {
    /// The domain of the digest.
    const DOMAIN: Domain;

    /// The digest of the felts.
    fn digest(&self) -> Digest {
        hash(Self::DOMAIN, &self.felts())
    }
}

impl Felts for Digest {
    fn write_felts(&self, out: &mut Vec<Felt>) {
        out.extend(self.0);
    }
}

impl Felts for Fingerprint {
    fn write_felts(&self, out: &mut Vec<Felt>) {
        self.0.write_felts(out);
    }
}

impl<S: Scalar> Felts for S {
    fn write_felts(&self, out: &mut Vec<Felt>) {
        out.push(self.to_felt());
    }
}

/// Expands one field list into native structs.
macro_rules! native {
    () => {};
    (
        $(#[doc = $doc:literal])+
        record $name:ident in $domain:ident { $($fields:tt)* }
        $($rest:tt)*
    ) => {
        // A part with a digest of its own.
        native! { $(#[doc = $doc])+ part $name { $($fields)* } }

        impl $crate::record::Record for $name {
            const DOMAIN: parth_crypto::Domain = parth_crypto::Domain::$domain;
        }

        native! { $($rest)* }
    };
    (
        $(#[doc = $doc:literal])+
        part $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty,)+
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $kind,)+
        }

        impl $crate::record::Felts for $name {
            fn write_felts(&self, out: &mut Vec<parth_crypto::Felt>) {
                $($crate::record::Felts::write_felts(&self.$field, out);)+
            }
        }

        native! { $($rest)* }
    };
    (
        $(#[doc = $doc:literal])+
        witness $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty,)+
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, borsh::BorshSerialize, borsh::BorshDeserialize)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $kind,)+
        }

        native! { $($rest)* }
    };
}
pub(crate) use native;
