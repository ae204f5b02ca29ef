//! Statements about Merkle trees as constraints. Twin: `parth_crypto::merkle`.
//!
//! Indexes are split into bits once, by [`range::bits`], which also bounds them; a path then costs a row a level.
//!
//! ```text
//!   climb of `length` levels, at most `cap`:       every level is hashed, whatever the length;
//!                                                  the length then picks one node and one index.
//!   old_0 ─▸ old_1 ─▸ old_2 ─▸ … ─▸ old_cap        Above the length the hashes are of no consequence.
//!   idx_0    idx_1    idx_2         idx_cap        idx_k+1 = (idx_k − bit_k) / 2
//!                       ▴ length = 2
//! ```

use parth_crypto::{Domain, Felt};
use parth_proof::Builder;
use plonky2::iop::target::{BoolTarget, Target};

use super::hash::{DigestTarget, constant, node, node_at};
use super::{logic, range};

/// Bits of an index of a node: the width of `protocol::ids::NodeIndex`.
pub const INDEX_BITS: usize = 48;
/// Bits of a level or of the length of a climb: the width of `protocol::ids::Level`.
pub const LEVEL_BITS: usize = 6;

/// The root above a leaf. `index` has a bit for each sibling, lowest first. A row a level.
///
/// # Panics
/// When there are not as many bits as siblings: a mistake in a circuit.
pub fn root(
    builder: &mut Builder,
    domain: Domain,
    index: &[BoolTarget],
    leaf: DigestTarget,
    siblings: &[DigestTarget],
) -> DigestTarget {
    assert_eq!(index.len(), siblings.len(), "a path has one bit a sibling");
    index.iter().zip(siblings).fold(leaf, |below, (&bit, &sibling)| node_at(builder, domain, bit, below, sibling))
}

/// A leaf stands at an index under a root.
pub fn assert_inclusion(
    builder: &mut Builder,
    domain: Domain,
    expected: DigestTarget,
    index: &[BoolTarget],
    leaf: DigestTarget,
    siblings: &[DigestTarget],
) {
    root(builder, domain, index, leaf, siblings).connect(builder, expected);
}

/// Under `old_root` stands `old` at the index; the result is the root with `new` in its place. Two rows a level.
pub fn replace(
    builder: &mut Builder,
    domain: Domain,
    old_root: DigestTarget,
    index: &[BoolTarget],
    (old, new): (DigestTarget, DigestTarget),
    siblings: &[DigestTarget],
) -> DigestTarget {
    assert_inclusion(builder, domain, old_root, index, old, siblings);
    root(builder, domain, index, new, siblings)
}

/// As [`replace`], of an empty leaf.
pub fn append(
    builder: &mut Builder,
    domain: Domain,
    old_root: DigestTarget,
    index: &[BoolTarget],
    leaf: DigestTarget,
    siblings: &[DigestTarget],
) -> DigestTarget {
    let empty = DigestTarget::zero(builder);
    replace(builder, domain, old_root, index, (empty, leaf), siblings)
}

/// A node that changes, at a place in a tree. Twin of `crypto::merkle::Transition`.
#[derive(Clone, Copy, Debug)]
pub struct TransitionTarget {
    /// The node before.
    pub old: DigestTarget,
    /// The node after.
    pub new: DigestTarget,
    /// Position inside the level.
    pub index: Target,
    /// 0 for a leaf.
    pub level: Target,
}

/// A transition after a climb whose length the witness gives; see [`climb`].
#[derive(Debug)]
pub struct Climbed {
    old: DigestTarget,
    new: DigestTarget,
    level: Target,
    length: Length,
    /// Index at each level, one level above the longest climb included.
    indexes: Vec<Target>,
    /// Lowest bit of the index at each level.
    bits: Vec<BoolTarget>,
}

/// Carries a transition past `length` unchanged siblings, at most as many as given. Index, bits and level are tied:
/// the bits are those of the index, and the index at the top is the index without them.
///
/// The caller bounds the level at the top: [`Climbed::alone`] and [`meet`] do.
pub fn climb(
    builder: &mut Builder,
    domain: Domain,
    from: &TransitionTarget,
    siblings: &[DigestTarget],
    length: Target,
) -> Climbed {
    let cap = siblings.len();
    let length = Length::new(builder, length, cap);
    let mut bits = range::bits(builder, from.index, INDEX_BITS);
    bits.truncate(cap + 1);
    let (mut olds, mut news, mut indexes) = (vec![from.old], vec![from.new], vec![from.index]);
    for (level, &sibling) in siblings.iter().enumerate() {
        olds.push(node_at(builder, domain, bits[level], olds[level], sibling));
        news.push(node_at(builder, domain, bits[level], news[level], sibling));
    }
    for (level, &bit) in bits.iter().enumerate() {
        indexes.push(range::halve(builder, indexes[level], bit));
    }
    Climbed {
        old: length.pick_digest(builder, &olds),
        new: length.pick_digest(builder, &news),
        level: builder.add(from.level, length.value),
        length,
        indexes,
        bits,
    }
}

impl Climbed {
    /// The transition at the top, which is not above the root of a tree of `height`.
    pub fn alone(&self, builder: &mut Builder, height: usize) -> TransitionTarget {
        assert_level(builder, self.level, height);
        let index = self.length.pick(builder, &self.indexes[..self.indexes.len() - 1]);
        TransitionTarget { old: self.old, new: self.new, index, level: self.level }
    }

    /// The lowest bit of the index at the top.
    fn bit(&self, builder: &mut Builder) -> Target {
        let bits: Vec<Target> = self.bits.iter().map(|bit| bit.target).collect();
        self.length.pick(builder, &bits)
    }

    /// The index of the parent of the node at the top.
    fn parent(&self, builder: &mut Builder) -> Target {
        self.length.pick(builder, &self.indexes[1..])
    }
}

/// The change of the parent of two changed children, in a tree of `height`: they stand on one level, left and right
/// of one parent, so they are disjoint and met at their nearest common ancestor.
pub fn meet(builder: &mut Builder, domain: Domain, height: usize, left: &Climbed, right: &Climbed) -> TransitionTarget {
    builder.connect(left.level, right.level);
    let (left_bit, right_bit) = (left.bit(builder), right.bit(builder));
    let one = builder.one();
    builder.assert_zero(left_bit);
    builder.connect(right_bit, one);
    let index = left.parent(builder);
    let right_parent = right.parent(builder);
    builder.connect(index, right_parent);
    let level = builder.add(left.level, one);
    assert_level(builder, level, height);
    TransitionTarget {
        old: node(builder, domain, left.old, right.old),
        new: node(builder, domain, left.new, right.new),
        index,
        level,
    }
}

/// `level` is one of a tree of `height`. One row, or none when it is a constant.
fn assert_level(builder: &mut Builder, level: Target, height: usize) {
    let top = constant(builder, Felt::reduce(height as u64));
    let below = builder.sub(top, level);
    range::check(builder, below, LEVEL_BITS);
}

/// The length of a climb, ready to pick from lists of `cap` + 1 values.
#[derive(Clone, Copy, Debug)]
struct Length {
    value: Target,
    cap: usize,
    /// `value` modulo 16 and `value` / 16.
    low: Target,
    high: Target,
}

impl Length {
    /// Bounds the length to 0 to `cap`.
    fn new(builder: &mut Builder, value: Target, cap: usize) -> Length {
        assert!(cap < 1 << LEVEL_BITS, "a climb of {cap} levels");
        let length = if cap < 16 {
            Length { value, cap, low: value, high: builder.zero() }
        } else {
            let bits = range::bits(builder, value, LEVEL_BITS);
            let (low, high) = (range::number(builder, &bits[..4]), range::number(builder, &bits[4..]));
            Length { value, cap, low, high }
        };
        let (zero, one) = (builder.zero(), builder.one());
        let allowed: Vec<Target> = vec![one; cap + 1];
        let picked = length.pick_or(builder, &allowed, zero);
        builder.connect(picked, one);
        length
    }

    /// The value for this length, of one value for each length.
    fn pick(&self, builder: &mut Builder, values: &[Target]) -> Target {
        let filler = values[0];
        self.pick_or(builder, values, filler)
    }

    /// As [`Length::pick`], of digests.
    fn pick_digest(&self, builder: &mut Builder, values: &[DigestTarget]) -> DigestTarget {
        DigestTarget(std::array::from_fn(|lane| {
            let lanes: Vec<Target> = values.iter().map(|value| value.0[lane]).collect();
            self.pick(builder, &lanes)
        }))
    }

    /// As [`Length::pick`]; lengths above the cap give `filler`.
    fn pick_or(&self, builder: &mut Builder, values: &[Target], filler: Target) -> Target {
        debug_assert_eq!(values.len(), self.cap + 1);
        let mut groups = [filler; 16];
        for (group, values) in groups.iter_mut().zip(values.chunks(16)) {
            let mut padded = [filler; 16];
            padded[..values.len()].copy_from_slice(values);
            *group = logic::pick(builder, self.low, &padded);
        }
        if self.cap < 16 { groups[0] } else { logic::pick(builder, self.high, &groups) }
    }
}
