//! Twins: the values of `protocol` as targets of a circuit, from the same field lists.
//!
//! ```text
//!   parth_protocol::leaf_records!(twin);
//!     ->  struct UserLeafTarget { key: DigestTarget, balance: Target, … }
//!         impl Twin for UserLeaf        alloc targets, fill them with a value
//!         impl FeltsTarget, RecordTarget for UserLeafTarget     felts in the order of the fields, digest
//! ```
//!
//! **A scalar is one plain target and has no range check.** Its width holds by what it was opened from: a leaf or
//! header whose digest some proof vouches for. What nobody vouches for (numbers that a call reports, new values) the
//! rules of a statement must check, with [`crate::gadgets::range`]. A `bool` is the exception: always 0 or 1.

use parth_crypto::{Digest, Domain, Felt};
use parth_proof::{Builder, Class, Witness, field};
use parth_protocol::Profile;
use parth_protocol::circuit::{Listed, Whitelist};
use parth_protocol::global::Batch;
use parth_protocol::ids::{
    Amount, CallCount, Caller, CheckpointId, ContractId, EventCount, FeeRate, Fingerprint, FunctionIndex, ItemCount,
    Length, Level, MethodId, NodeIndex, Nonce, RealmBits, RegistrationIndex, Scalar, SessionCount, SlotCount,
    SlotIndex, StateHeight, Time, UserId, WhitelistIndex,
};
use parth_protocol::tree::{Climb, ClimbKind, Siblings, TreeKind};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::WitnessWrite;
use thiserror::Error;

use crate::gadgets::hash::{DigestTarget, hash};
use crate::gadgets::merkle::{self, Climbed, TransitionTarget};
use crate::gadgets::range;

/// Why a value cannot be filled into its targets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FillError {
    /// A path, a climb or a batch does not have the length that the circuit is built for.
    #[error("{what} has {actual} items, the circuit takes {expected}")]
    Length {
        /// What kind of list.
        what: &'static str,
        /// Items the circuit takes; for climbs and batches the most.
        expected: usize,
        /// Items given.
        actual: usize,
    },
    /// A statement was given more or fewer proofs than its circuit verifies.
    #[error("{actual} proofs given, the circuit verifies {expected}")]
    Children {
        /// Proofs the circuit verifies.
        expected: usize,
        /// Proofs given.
        actual: usize,
    },
    /// A proof or its key is of another class than the circuit verifies.
    #[error("the circuit verifies a proof of class {expected}, not {actual}")]
    Class {
        /// Class that the circuit verifies.
        expected: Class,
        /// Class of the proof or key.
        actual: Class,
    },
    /// Two values for one target.
    #[error("a target has two values: {reason}")]
    Conflict {
        /// What the library says; for people.
        reason: String,
    },
}

/// A native value that has a form as targets.
pub trait Twin {
    /// The targets.
    type Target: Clone + std::fmt::Debug;

    /// Targets for a value that the witness gives.
    fn alloc(builder: &mut Builder, profile: &Profile) -> Self::Target;

    /// Gives the targets this value.
    fn fill(&self, target: &Self::Target, witness: &mut Witness) -> Result<(), FillError>;

    /// Gives all targets zero: an item of a batch that is not used.
    fn clear(target: &Self::Target, witness: &mut Witness) -> Result<(), FillError>;
}

/// The targets of a native value.
pub type TargetOf<T> = <T as Twin>::Target;

/// Targets that flatten in the order of their fields. Twin of `protocol::Felts`.
pub trait FeltsTarget {
    /// Appends the targets.
    fn write_targets(&self, out: &mut Vec<Target>);

    /// All targets.
    fn targets(&self) -> Vec<Target> {
        let mut out = Vec::new();
        self.write_targets(&mut out);
        out
    }

    /// Ties all targets to those of `other`. Takes no rows.
    fn connect(&self, builder: &mut Builder, other: &Self) {
        for (one, two) in self.targets().into_iter().zip(other.targets()) {
            builder.connect(one, two);
        }
    }
}

/// Targets that are hashed as a whole. Twin of `protocol::Record`.
pub trait RecordTarget: FeltsTarget {
    /// The domain of the digest.
    const DOMAIN: Domain;

    /// The digest of the felts: a row for each 8 felts, each time it is called.
    fn digest(&self, builder: &mut Builder) -> DigestTarget {
        hash(builder, Self::DOMAIN, &self.targets())
    }
}

/// Expands a field list of `protocol` into twins; see the head of this module.
macro_rules! twin {
    () => {};
    ($(#[doc = $doc:literal])+ record $name:ident in $domain:ident { $($fields:tt)* } $($rest:tt)*) => {
        twin! { @define $(#[doc = $doc])+ $name { $($fields)* } }
        twin! { @flat $name { $($fields)* } }
        pastey::paste! {
            impl $crate::twin::RecordTarget for [<$name Target>] {
                const DOMAIN: parth_crypto::Domain = parth_crypto::Domain::$domain;
            }
        }
        twin! { $($rest)* }
    };
    ($(#[doc = $doc:literal])+ part $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        twin! { @define $(#[doc = $doc])+ $name { $($fields)* } }
        twin! { @flat $name { $($fields)* } }
        twin! { $($rest)* }
    };
    ($(#[doc = $doc:literal])+ witness $name:ident { $($fields:tt)* } $($rest:tt)*) => {
        twin! { @define $(#[doc = $doc])+ $name { $($fields)* } }
        twin! { $($rest)* }
    };
    (@define $(#[doc = $doc:literal])+ $name:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty,)+
    }) => {
        pastey::paste! {
            $(#[doc = $doc])+
            #[derive(Clone, Debug)]
            pub struct [<$name Target>] {
                $($(#[doc = $field_doc])+ pub $field: $crate::twin::TargetOf<$kind>,)+
            }

            impl $crate::twin::Twin for $name {
                type Target = [<$name Target>];

                fn alloc(
                    builder: &mut parth_proof::Builder,
                    profile: &parth_protocol::Profile,
                ) -> [<$name Target>] {
                    [<$name Target>] { $($field: <$kind as $crate::twin::Twin>::alloc(builder, profile),)+ }
                }

                fn fill(
                    &self,
                    target: &[<$name Target>],
                    witness: &mut parth_proof::Witness,
                ) -> Result<(), $crate::twin::FillError> {
                    $($crate::twin::Twin::fill(&self.$field, &target.$field, witness)?;)+
                    Ok(())
                }

                fn clear(
                    target: &[<$name Target>],
                    witness: &mut parth_proof::Witness,
                ) -> Result<(), $crate::twin::FillError> {
                    $(<$kind as $crate::twin::Twin>::clear(&target.$field, witness)?;)+
                    Ok(())
                }
            }
        }
    };
    (@flat $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty,)+ }) => {
        pastey::paste! {
            impl $crate::twin::FeltsTarget for [<$name Target>] {
                fn write_targets(&self, out: &mut Vec<plonky2::iop::target::Target>) {
                    $($crate::twin::FeltsTarget::write_targets(&self.$field, out);)+
                }
            }
        }
    };
}
pub(crate) use twin;

fn set(witness: &mut Witness, target: Target, felt: Felt) -> Result<(), FillError> {
    let result = witness.set_target(target, field::element(felt));
    result.map_err(|error| FillError::Conflict { reason: error.to_string() })
}

fn exact(what: &'static str, expected: usize, actual: usize) -> Result<(), FillError> {
    if expected == actual { Ok(()) } else { Err(FillError::Length { what, expected, actual }) }
}

impl FeltsTarget for Target {
    fn write_targets(&self, out: &mut Vec<Target>) {
        out.push(*self);
    }
}

impl FeltsTarget for BoolTarget {
    fn write_targets(&self, out: &mut Vec<Target>) {
        out.push(self.target);
    }
}

impl FeltsTarget for DigestTarget {
    fn write_targets(&self, out: &mut Vec<Target>) {
        out.extend(self.0);
    }
}

macro_rules! scalar_twins {
    ($($name:ident)+) => {$(
        impl Twin for $name {
            type Target = Target;

            fn alloc(builder: &mut Builder, _: &Profile) -> Target {
                builder.add_virtual_target()
            }

            fn fill(&self, target: &Target, witness: &mut Witness) -> Result<(), FillError> {
                set(witness, *target, self.to_felt())
            }

            fn clear(target: &Target, witness: &mut Witness) -> Result<(), FillError> {
                set(witness, *target, Felt::ZERO)
            }
        }
    )+};
}
parth_protocol::for_each_scalar!(scalar_twins);
scalar_twins! { Felt }

/// Always 0 or 1: the only scalar that is checked where it is allocated.
impl Twin for bool {
    type Target = BoolTarget;

    fn alloc(builder: &mut Builder, _: &Profile) -> BoolTarget {
        builder.add_virtual_bool_target_safe()
    }

    fn fill(&self, target: &BoolTarget, witness: &mut Witness) -> Result<(), FillError> {
        set(witness, target.target, Felt::from(*self))
    }

    fn clear(target: &BoolTarget, witness: &mut Witness) -> Result<(), FillError> {
        set(witness, target.target, Felt::ZERO)
    }
}

impl Twin for Digest {
    type Target = DigestTarget;

    fn alloc(builder: &mut Builder, _: &Profile) -> DigestTarget {
        DigestTarget::alloc(builder)
    }

    fn fill(&self, target: &DigestTarget, witness: &mut Witness) -> Result<(), FillError> {
        target.0.into_iter().zip(self.0).try_for_each(|(target, felt)| set(witness, target, felt))
    }

    fn clear(target: &DigestTarget, witness: &mut Witness) -> Result<(), FillError> {
        Digest::ZERO.fill(target, witness)
    }
}

impl Twin for Fingerprint {
    type Target = DigestTarget;

    fn alloc(builder: &mut Builder, _: &Profile) -> DigestTarget {
        DigestTarget::alloc(builder)
    }

    fn fill(&self, target: &DigestTarget, witness: &mut Witness) -> Result<(), FillError> {
        self.0.fill(target, witness)
    }

    fn clear(target: &DigestTarget, witness: &mut Witness) -> Result<(), FillError> {
        Digest::clear(target, witness)
    }
}

/// The siblings of one leaf, leaf first, in a tree whose kind is fixed. Twin of `protocol::tree::Siblings`.
#[derive(Clone, Debug)]
pub struct SiblingsTarget {
    domain: Domain,
    siblings: Vec<DigestTarget>,
}

impl SiblingsTarget {
    /// The bits of an index in this tree; refuses an index outside it. One row. Split an index once and use the bits
    /// for all paths at it.
    pub fn index(&self, builder: &mut Builder, index: Target) -> Vec<BoolTarget> {
        range::bits(builder, index, self.siblings.len())
    }

    /// The root above `leaf`. A row a level.
    pub fn root(&self, builder: &mut Builder, index: &[BoolTarget], leaf: DigestTarget) -> DigestTarget {
        merkle::root(builder, self.domain, index, leaf, &self.siblings)
    }

    /// Checks that `leaf` stands at the index under `root`. A row a level.
    pub fn check(&self, builder: &mut Builder, root: DigestTarget, index: &[BoolTarget], leaf: DigestTarget) {
        self.root(builder, index, leaf).connect(builder, root);
    }

    /// The siblings, leaf first.
    pub fn siblings(&self) -> &[DigestTarget] {
        &self.siblings
    }
}

impl<K: TreeKind> Twin for Siblings<K> {
    type Target = SiblingsTarget;

    fn alloc(builder: &mut Builder, profile: &Profile) -> SiblingsTarget {
        let siblings = (0..K::height(profile)).map(|_| DigestTarget::alloc(builder)).collect();
        SiblingsTarget { domain: K::DOMAIN, siblings }
    }

    fn fill(&self, target: &SiblingsTarget, witness: &mut Witness) -> Result<(), FillError> {
        exact("a Merkle path", target.siblings.len(), self.0.len())?;
        self.0.iter().zip(&target.siblings).try_for_each(|(sibling, target)| sibling.fill(target, witness))
    }

    fn clear(target: &SiblingsTarget, witness: &mut Witness) -> Result<(), FillError> {
        target.siblings.iter().try_for_each(|target| Digest::clear(target, witness))
    }
}

/// Siblings past which a transition of the user tree climbs, and how many of them count. Twin of
/// `protocol::tree::Climb`.
#[derive(Clone, Debug)]
pub struct ClimbTarget {
    siblings: Vec<DigestTarget>,
    length: Target,
}

impl ClimbTarget {
    /// Carries a transition up; see [`merkle::climb`].
    pub fn apply(&self, builder: &mut Builder, from: &TransitionTarget) -> Climbed {
        merkle::climb(builder, Domain::UserNode, from, &self.siblings, self.length)
    }
}

impl<K: ClimbKind> Twin for Climb<K> {
    type Target = ClimbTarget;

    fn alloc(builder: &mut Builder, profile: &Profile) -> ClimbTarget {
        let siblings = (0..K::cap(profile)).map(|_| DigestTarget::alloc(builder)).collect();
        ClimbTarget { siblings, length: builder.add_virtual_target() }
    }

    fn fill(&self, target: &ClimbTarget, witness: &mut Witness) -> Result<(), FillError> {
        let (expected, actual) = (target.siblings.len(), self.0.len());
        if actual > expected {
            return Err(FillError::Length { what: "a climb", expected, actual });
        }
        set(witness, target.length, Felt::reduce(actual as u64))?;
        let padded = self.0.iter().copied().chain(std::iter::repeat(Digest::ZERO));
        target.siblings.iter().zip(padded).try_for_each(|(target, sibling)| sibling.fill(target, witness))
    }

    fn clear(target: &ClimbTarget, witness: &mut Witness) -> Result<(), FillError> {
        set(witness, target.length, Felt::ZERO)?;
        target.siblings.iter().try_for_each(|target| Digest::clear(target, witness))
    }
}

/// A circuit and its place in a whitelist. Twin of `protocol::circuit::Listed`.
#[derive(Clone, Debug)]
pub struct ListedTarget {
    /// The child's circuit.
    pub fingerprint: DigestTarget,
    /// Its place.
    pub index: Target,
    /// The siblings there.
    pub path: SiblingsTarget,
}

impl ListedTarget {
    /// Checks that the circuit stands in the whitelist with this root. A row, and one a level.
    pub fn check(&self, builder: &mut Builder, whitelist: DigestTarget) {
        let index = self.path.index(builder, self.index);
        self.path.check(builder, whitelist, &index, self.fingerprint);
    }
}

impl<K: Whitelist> Twin for Listed<K> {
    type Target = ListedTarget;

    fn alloc(builder: &mut Builder, profile: &Profile) -> ListedTarget {
        ListedTarget {
            fingerprint: Fingerprint::alloc(builder, profile),
            index: WhitelistIndex::alloc(builder, profile),
            path: Siblings::<K>::alloc(builder, profile),
        }
    }

    fn fill(&self, target: &ListedTarget, witness: &mut Witness) -> Result<(), FillError> {
        self.fingerprint.fill(&target.fingerprint, witness)?;
        self.index.fill(&target.index, witness)?;
        self.path.fill(&target.path, witness)
    }

    fn clear(target: &ListedTarget, witness: &mut Witness) -> Result<(), FillError> {
        Fingerprint::clear(&target.fingerprint, witness)?;
        WhitelistIndex::clear(&target.index, witness)?;
        Siblings::<K>::clear(&target.path, witness)
    }
}

/// As many items as the circuit has room for, of which the first few are used. Twin of `protocol::global::Batch`.
#[derive(Clone, Debug)]
pub struct BatchTarget<T> {
    /// Every place for an item. Those that are not used hold zeros in an honest witness, and anything in another.
    pub items: Vec<T>,
    /// Whether each place is used: at least the first, and none after one that is not.
    pub used: Vec<BoolTarget>,
}

impl<T: Twin> Twin for Batch<T> {
    type Target = BatchTarget<T::Target>;

    fn alloc(builder: &mut Builder, profile: &Profile) -> BatchTarget<T::Target> {
        let items = (0..profile.batch).map(|_| T::alloc(builder, profile)).collect();
        let mut used = vec![builder._true()];
        for place in 1..profile.batch {
            let bit = builder.add_virtual_bool_target_safe();
            // bit · (1 − before) = 0
            let gap = builder.mul_sub(bit.target, used[place - 1].target, bit.target);
            builder.assert_zero(gap);
            used.push(bit);
        }
        BatchTarget { items, used }
    }

    fn fill(&self, target: &BatchTarget<T::Target>, witness: &mut Witness) -> Result<(), FillError> {
        let (expected, actual) = (target.items.len(), self.0.len());
        if actual == 0 || actual > expected {
            return Err(FillError::Length { what: "a batch", expected, actual });
        }
        for (place, (item, used)) in target.items.iter().zip(&target.used).enumerate() {
            match self.0.get(place) {
                Some(value) => value.fill(item, witness)?,
                None => T::clear(item, witness)?,
            }
            if place > 0 {
                (place < actual).fill(used, witness)?;
            }
        }
        Ok(())
    }

    fn clear(target: &BatchTarget<T::Target>, witness: &mut Witness) -> Result<(), FillError> {
        target.items.iter().try_for_each(|item| T::clear(item, witness))?;
        target.used.iter().skip(1).try_for_each(|used| bool::clear(used, witness))
    }
}
