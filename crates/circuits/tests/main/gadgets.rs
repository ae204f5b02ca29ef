//! Gadgets accept exactly what their native twins accept, and no cell of theirs is free without a reason.

use std::sync::LazyLock;

use parth_circuits::checker::{CheckError, Checker};
use parth_circuits::gadgets::hash::{DigestTarget, hash, link, node};
use parth_circuits::gadgets::merkle::{TransitionTarget, climb, meet, replace};
use parth_circuits::gadgets::{logic, order, range};
use parth_crypto::merkle::{self, SparseTree, Transition};
use parth_crypto::{Digest, Domain, Felt};
use parth_proof::class::config;
use parth_proof::{Builder, C, CircuitData, Witness, field};
use plonky2::iop::target::{BoolTarget, Target};
use plonky2::iop::witness::WitnessWrite;
use proptest::prelude::*;

const TREE: Domain = Domain::UserNode;

fn builder() -> Builder {
    Builder::new(config())
}

fn build(builder: Builder) -> CircuitData {
    builder.build::<C>()
}

fn set(witness: &mut Witness, target: Target, value: Felt) {
    witness.set_target(target, field::element(value)).unwrap();
}

fn set_digest(witness: &mut Witness, target: DigestTarget, value: Digest) {
    for (target, felt) in target.0.into_iter().zip(value.0) {
        set(witness, target, felt);
    }
}

fn public(builder: &mut Builder, digest: DigestTarget) {
    builder.register_public_inputs(&digest.0);
}

fn any_felt() -> impl Strategy<Value = Felt> {
    prop_oneof![any::<u64>().prop_map(Felt::reduce), (0u64..3).prop_map(Felt::reduce)]
}

fn any_digest() -> impl Strategy<Value = Digest> {
    prop::array::uniform4(any_felt()).prop_map(Digest)
}

#[test]
fn hashes_equal_the_native_ones() {
    for length in [0, 1, 4, 7, 8, 9, 16, 69] {
        let mut b = builder();
        let inputs: Vec<Target> = b.add_virtual_targets(length);
        let rows = b.num_gates();
        let digest = hash(&mut b, Domain::UserLeaf, &inputs);
        assert_eq!(b.num_gates() - rows, length.div_ceil(8).max(1));
        let data = build(b);
        let felts: Vec<Felt> = (0..length as u32).map(|i| Felt::from(i) * Felt::reduce(u64::MAX - 9)).collect();
        let mut witness = Witness::new();
        for (&target, &felt) in inputs.iter().zip(&felts) {
            set(&mut witness, target, felt);
        }
        let checker = Checker::new(&data);
        let trace = checker.trace(witness).unwrap();
        assert!(trace.violations().is_empty());
        assert_eq!(Digest(digest.0.map(|target| trace.get(target))), parth_crypto::hash(Domain::UserLeaf, &felts));
    }
}

struct Nodes {
    data: CircuitData,
    left: DigestTarget,
    right: DigestTarget,
    node: DigestTarget,
    link: DigestTarget,
}

static NODES: LazyLock<Nodes> = LazyLock::new(|| {
    let mut b = builder();
    let (left, right) = (DigestTarget::alloc(&mut b), DigestTarget::alloc(&mut b));
    let node = node(&mut b, TREE, left, right);
    let link = link(&mut b, Domain::CallStack, left, right);
    Nodes { data: build(b), left, right, node, link }
});

/// Inclusion and replacement in a tree of height 6.
struct Replace {
    data: CircuitData,
    index: Target,
    old: DigestTarget,
    new: DigestTarget,
    siblings: Vec<DigestTarget>,
    old_root: DigestTarget,
    new_root: DigestTarget,
}

static REPLACE: LazyLock<Replace> = LazyLock::new(|| {
    let mut b = builder();
    let index = b.add_virtual_target();
    let bits = range::bits(&mut b, index, 6);
    let (old, new) = (DigestTarget::alloc(&mut b), DigestTarget::alloc(&mut b));
    let siblings: Vec<DigestTarget> = (0..6).map(|_| DigestTarget::alloc(&mut b)).collect();
    let old_root = DigestTarget::alloc(&mut b);
    let new_root = replace(&mut b, TREE, old_root, &bits, (old, new), &siblings);
    b.register_public_input(index);
    public(&mut b, old);
    public(&mut b, new);
    public(&mut b, old_root);
    public(&mut b, new_root);
    Replace { data: build(b), index, old, new, siblings, old_root, new_root }
});

impl Replace {
    fn witness(&self, index: u64, old: Digest, new: Digest, siblings: &[Digest], root: Digest) -> Witness {
        let mut witness = Witness::new();
        set(&mut witness, self.index, Felt::reduce(index));
        set_digest(&mut witness, self.old, old);
        set_digest(&mut witness, self.new, new);
        set_digest(&mut witness, self.old_root, root);
        for (&target, &sibling) in self.siblings.iter().zip(siblings) {
            set_digest(&mut witness, target, sibling);
        }
        witness
    }
}

/// Two climbs and their meeting, or one climb alone.
struct Sides {
    data: CircuitData,
    cap: usize,
    sides: Vec<(TransitionTarget, Vec<DigestTarget>, Target)>,
    out: TransitionTarget,
}

const HEIGHT: usize = 20;

fn sides(cap: usize, count: usize) -> Sides {
    let mut b = builder();
    let mut sides = Vec::new();
    let mut climbed = Vec::new();
    for _ in 0..count {
        let from = TransitionTarget {
            old: DigestTarget::alloc(&mut b),
            new: DigestTarget::alloc(&mut b),
            index: b.add_virtual_target(),
            level: b.add_virtual_target(),
        };
        let siblings: Vec<DigestTarget> = (0..cap).map(|_| DigestTarget::alloc(&mut b)).collect();
        let length = b.add_virtual_target();
        climbed.push(climb(&mut b, TREE, &from, &siblings, length));
        sides.push((from, siblings, length));
        for digest in [from.old, from.new] {
            public(&mut b, digest);
        }
        b.register_public_inputs(&[from.index, from.level]);
    }
    let out = match climbed.as_slice() {
        [one] => one.alone(&mut b, HEIGHT),
        [left, right] => meet(&mut b, TREE, HEIGHT, left, right),
        _ => unreachable!("one or two sides"),
    };
    public(&mut b, out.old);
    public(&mut b, out.new);
    b.register_public_inputs(&[out.index, out.level]);
    Sides { data: build(b), cap, sides, out }
}

static SHORT_CLIMB: LazyLock<Sides> = LazyLock::new(|| sides(5, 1));
static LONG_CLIMB: LazyLock<Sides> = LazyLock::new(|| sides(20, 1));
static MEET: LazyLock<Sides> = LazyLock::new(|| sides(12, 2));

impl Sides {
    fn witness(&self, given: &[(Transition, Vec<Digest>)]) -> Witness {
        let mut witness = Witness::new();
        for ((from, siblings, length), (transition, climb)) in self.sides.iter().zip(given) {
            set_digest(&mut witness, from.old, transition.old);
            set_digest(&mut witness, from.new, transition.new);
            set(&mut witness, from.index, Felt::reduce(transition.index));
            set(&mut witness, from.level, Felt::from(transition.level));
            set(&mut witness, *length, Felt::reduce(climb.len() as u64));
            for (level, &sibling) in siblings.iter().enumerate() {
                set_digest(&mut witness, sibling, climb.get(level).copied().unwrap_or_default());
            }
        }
        witness
    }

    fn accepts(&self, given: &[(Transition, Vec<Digest>)]) -> Option<Transition> {
        let checker = Checker::new(&self.data);
        let trace = checker.trace(self.witness(given)).ok()?;
        assert!(trace.violations().is_empty(), "an honest witness breaks {:?}", trace.violations());
        let digest = |digest: DigestTarget| Digest(digest.0.map(|target| trace.get(target)));
        let number = |target| trace.get(target).as_u64();
        let (old, new) = (digest(self.out.old), digest(self.out.new));
        Some(Transition { old, new, index: number(self.out.index), level: number(self.out.level) as u8 })
    }

    fn native(&self, given: &[(Transition, Vec<Digest>)]) -> Option<Transition> {
        let mut climbed = Vec::new();
        for (transition, siblings) in given {
            if siblings.len() > self.cap || usize::from(transition.level) + siblings.len() > HEIGHT {
                return None;
            }
            climbed.push(transition.climb(TREE, siblings));
        }
        match climbed.as_slice() {
            [one] => Some(*one),
            [left, right] => Transition::meet(TREE, *left, *right).ok().filter(|met| usize::from(met.level) <= HEIGHT),
            _ => None,
        }
    }
}

fn change(index: u64, level: u8) -> Transition {
    Transition { old: Digest::from([1, index, 0, 0]), new: Digest::from([2, index, 0, 0]), index, level }
}

fn path(length: usize) -> Vec<Digest> {
    (0..length as u64).map(|level| Digest::from([3, level, 0, 0])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nodes_and_links_equal_the_native_ones(left in any_digest(), right in any_digest()) {
        let mut witness = Witness::new();
        set_digest(&mut witness, NODES.left, left);
        set_digest(&mut witness, NODES.right, right);
        let checker = Checker::new(&NODES.data);
        let trace = checker.trace(witness).unwrap();
        prop_assert!(trace.violations().is_empty());
        prop_assert_eq!(Digest(NODES.node.0.map(|t| trace.get(t))), parth_crypto::node(TREE, left, right));
        let linked = parth_crypto::hash::link(Domain::CallStack, left, right);
        prop_assert_eq!(Digest(NODES.link.0.map(|t| trace.get(t))), linked);
    }

    #[test]
    fn a_leaf_is_replaced_as_natively(
        writes in prop::collection::vec((0u64..64, any_digest()), 0..8), at in 0u64..64, new in any_digest(),
    ) {
        let mut tree = SparseTree::new(TREE, 6);
        for (index, leaf) in writes {
            tree.set(index, leaf);
        }
        tree.set(at, Digest::from([7; 4]));
        let (old, root, path) = (tree.leaf(at), tree.root(), tree.path(at).siblings);
        tree.set(at, new);
        let checker = Checker::new(&REPLACE.data);
        let trace = checker.trace(REPLACE.witness(at, old, new, &path, root)).unwrap();
        prop_assert!(trace.violations().is_empty());
        prop_assert_eq!(Digest(REPLACE.new_root.0.map(|t| trace.get(t))), tree.root());

        // One bad input a rule: index, old leaf, a sibling, the root, an index that only has the right low bits.
        let refused = |witness| checker.check(witness).is_err();
        prop_assert!(refused(REPLACE.witness(at ^ 5, old, new, &path, root)));
        prop_assert!(refused(REPLACE.witness(at, Digest::from([9; 4]), new, &path, root)));
        let mut bent = path.clone();
        bent[3].0[2] += Felt::ONE;
        prop_assert!(refused(REPLACE.witness(at, old, new, &bent, root)));
        prop_assert!(refused(REPLACE.witness(at, old, new, &path, new)));
        prop_assert!(refused(REPLACE.witness(at + 64, old, new, &path, root)));
    }

    #[test]
    fn one_side_climbs_as_natively(index in 0u64..1 << 20, level in 0u8..22, length in 0usize..7) {
        let given = [(change(index >> level.min(20), level), path(length))];
        for circuit in [&*SHORT_CLIMB, &*LONG_CLIMB] {
            prop_assert_eq!(circuit.accepts(&given), circuit.native(&given));
        }
    }

    #[test]
    fn a_long_climb_picks_any_level(index in 0u64..1 << 20, length in 0usize..21) {
        let given = [(change(index, 0), path(length))];
        prop_assert_eq!(LONG_CLIMB.accepts(&given), LONG_CLIMB.native(&given));
    }

    #[test]
    fn two_sides_meet_as_natively(
        left in 0u64..1 << 12, right in 0u64..1 << 12, level in 0u8..3, extra in 0usize..8, turn in 0usize..3,
    ) {
        let (left, right) = (left.min(right), left.max(right));
        // The climbs that make them meet, and climbs that miss by `turn`.
        let common = 64 - (left ^ right).leading_zeros() as usize;
        let left_length = (common.saturating_sub(1) + turn).min(12);
        let right_length = if extra == 0 { left_length + 1 } else { common.saturating_sub(1) };
        let given = [(change(left, level), path(left_length)), (change(right, level), path(right_length.min(12)))];
        prop_assert_eq!(MEET.accepts(&given), MEET.native(&given));
        let swapped = [given[1].clone(), given[0].clone()];
        prop_assert_eq!(MEET.accepts(&swapped), MEET.native(&swapped));
    }
}

#[test]
fn a_prover_cannot_pick_a_length_level_or_index_of_its_own() {
    let given = [(change(37, 1), path(3))];
    let checker = Checker::new(&SHORT_CLIMB.data);
    let (from, _, length) = &SHORT_CLIMB.sides[0];
    for (target, value) in [(*length, 4), (*length, 16), (from.index, 36), (from.level, 0), (SHORT_CLIMB.out.index, 5)]
    {
        let mut trace = checker.trace(SHORT_CLIMB.witness(&given)).unwrap();
        assert!(trace.violations().is_empty());
        trace.set(target, Felt::constant(value));
        assert!(!trace.violations().is_empty(), "{target:?} = {value} goes unnoticed");
    }
}

#[test]
fn climbs_above_the_cap_are_refused() {
    let mut witness = SHORT_CLIMB.witness(&[(change(37, 1), path(5))]);
    witness.target_values.insert(SHORT_CLIMB.sides[0].2, field::element(Felt::constant(6)));
    assert!(Checker::new(&SHORT_CLIMB.data).check(witness).is_err());
    let mut witness = LONG_CLIMB.witness(&[(change(37, 0), path(20))]);
    witness.target_values.insert(LONG_CLIMB.sides[0].2, field::element(Felt::constant(21)));
    assert!(Checker::new(&LONG_CLIMB.data).check(witness).is_err());
}

/// a, b below 2^`width`; the bit says whether a < b; when `strict` is set, a < b is asserted.
struct Order {
    data: CircuitData,
    a: Target,
    b: Target,
    below: BoolTarget,
}

fn order(width: usize, assert: Option<bool>) -> Order {
    let mut builder = builder();
    let (a, b) = (builder.add_virtual_target(), builder.add_virtual_target());
    range::check(&mut builder, a, width);
    range::check(&mut builder, b, width);
    match assert {
        Some(true) => range::assert_below(&mut builder, a, b, width),
        Some(false) => range::assert_not_above(&mut builder, a, b, width),
        None => {}
    }
    let below = range::is_below(&mut builder, a, b, width);
    Order { data: build(builder), a, b, below }
}

#[test]
fn order_and_ranges_hold_at_their_edges() {
    for width in [8, 32, 62] {
        let (plain, strict, lax) = (order(width, None), order(width, Some(true)), order(width, Some(false)));
        let top = (1u64 << width) - 1;
        let check = |circuit: &Order, a: u64, b: u64| -> Result<bool, CheckError> {
            let mut witness = Witness::new();
            set(&mut witness, circuit.a, Felt::constant(a));
            set(&mut witness, circuit.b, Felt::constant(b));
            let checker = Checker::new(&circuit.data);
            let trace = checker.trace(witness)?;
            assert!(trace.violations().is_empty());
            Ok(trace.get(circuit.below.target) == Felt::ONE)
        };
        for (a, b) in [(0, 0), (0, 1), (1, 0), (top, top), (top - 1, top), (top, top - 1), (0, top), (top, 0)] {
            assert_eq!(check(&plain, a, b), Ok(a < b));
            assert_eq!(check(&strict, a, b).is_ok(), a < b, "{a} < {b}");
            assert_eq!(check(&lax, a, b).is_ok(), a <= b, "{a} <= {b}");
        }
        for wide in [top + 1, Felt::ORDER - 1] {
            assert!(check(&plain, wide, 0).is_err());
            assert!(check(&plain, 0, wide).is_err());
        }
    }
}

#[test]
fn equality_and_selection_equal_the_native_ones() {
    let mut b = builder();
    let (x, y) = (DigestTarget::alloc(&mut b), DigestTarget::alloc(&mut b));
    let equal = logic::is_equal_digest(&mut b, x, y);
    let zero = logic::is_zero_digest(&mut b, x);
    let chosen = logic::select_digest(&mut b, equal, x, y);
    let masked = logic::mask_digest(&mut b, zero, y);
    let data = build(b);
    let checker = Checker::new(&data);
    let digests = [Digest::ZERO, Digest::from([1, 2, 3, 4]), Digest::from([0, 0, 0, 1])];
    for left in digests {
        for right in digests {
            let mut witness = Witness::new();
            set_digest(&mut witness, x, left);
            set_digest(&mut witness, y, right);
            let trace = checker.trace(witness).unwrap();
            assert!(trace.violations().is_empty());
            let digest = |target: DigestTarget| Digest(target.0.map(|t| trace.get(t)));
            assert_eq!(trace.get(equal.target), Felt::from(left == right));
            assert_eq!(trace.get(zero.target), Felt::from(left.is_zero()));
            assert_eq!(digest(chosen), right);
            assert_eq!(digest(masked), if left.is_zero() { right } else { Digest::ZERO });
        }
    }
}

#[test]
fn conditional_equality_binds_only_under_its_bit() {
    let mut b = builder();
    let bit = b.add_virtual_bool_target_safe();
    let (x, y) = (DigestTarget::alloc(&mut b), DigestTarget::alloc(&mut b));
    logic::assert_equal_digest_if(&mut b, bit, x, y);
    logic::assert_not_zero(&mut b, y.0[0]);
    let data = build(b);
    let checker = Checker::new(&data);
    let accepts = |on: u64, left: u64, right: u64| {
        let mut witness = Witness::new();
        set(&mut witness, bit.target, Felt::constant(on));
        set_digest(&mut witness, x, Digest::from([left, 0, 0, 0]));
        set_digest(&mut witness, y, Digest::from([right, 0, 0, 0]));
        checker.check(witness).is_ok()
    };
    assert!(accepts(1, 5, 5) && accepts(0, 5, 6) && accepts(0, 0, 6));
    assert!(!accepts(1, 5, 6) && !accepts(2, 5, 5) && !accepts(0, 5, 0));
}

#[test]
fn every_cell_of_a_meeting_is_constrained() {
    let given = [(change(37, 0), path(3)), (change(45, 0), path(3))];
    assert_eq!(MEET.accepts(&given), MEET.native(&given));
    assert!(MEET.native(&given).is_some());
    let checker = Checker::new(&MEET.data);
    let mut trace = checker.trace(MEET.witness(&given)).unwrap();
    // Siblings above the length of the climb are of no consequence, but one alone is noticed by the row that hashes it.
    assert_eq!(trace.sweep(1), Vec::new());
}

#[test]
fn the_sweep_finds_a_cell_without_constraint() {
    let mut b = builder();
    let (x, y) = (b.add_virtual_target(), b.add_virtual_target());
    let equal = logic::is_equal(&mut b, x, y);
    b.register_public_inputs(&[x, y, equal.target]);
    let data = build(b);
    let checker = Checker::new(&data);
    let sweep = |left: u64, right: u64| {
        let mut witness = Witness::new();
        set(&mut witness, x, Felt::constant(left));
        set(&mut witness, y, Felt::constant(right));
        checker.trace(witness).unwrap().sweep(1)
    };
    // The inverse of the difference is free when there is none.
    let survivors = sweep(5, 5);
    assert!(matches!(survivors.as_slice(), [inverse] if inverse.is_free_inverse), "{survivors:?}");
    assert_eq!(sweep(5, 6), Vec::new());

    // A factor of zero hides the other factor, and no reason is known for that.
    let mut b = builder();
    let (zero, hidden) = (b.zero(), b.add_virtual_target());
    let bit = b.add_virtual_bool_target_safe();
    b.connect(bit.target, zero);
    logic::assert_zero_if(&mut b, bit, hidden);
    let data = build(b);
    let checker = Checker::new(&data);
    let mut witness = Witness::new();
    set(&mut witness, hidden, Felt::constant(9));
    let survivors = checker.trace(witness).unwrap().sweep(1);
    assert!(matches!(survivors.as_slice(), [cell] if !cell.is_free_inverse), "{survivors:?}");
}

#[test]
fn roots_of_empty_trees_agree() {
    let mut b = builder();
    let leaf = DigestTarget::zero(&mut b);
    let siblings: Vec<DigestTarget> =
        (0..6).map(|level| DigestTarget::constant(&mut b, merkle::empty_root(TREE, level))).collect();
    let index = b.zero();
    let bits = range::bits(&mut b, index, 6);
    let root = parth_circuits::gadgets::merkle::root(&mut b, TREE, &bits, leaf, &siblings);
    let data = build(b);
    let checker = Checker::new(&data);
    let trace = checker.trace(Witness::new()).unwrap();
    assert_eq!(Digest(root.0.map(|t| trace.get(t))), merkle::empty_root(TREE, 6));
}

#[test]
fn digests_are_ordered_as_lists_of_integers_below_p() {
    let mut b = builder();
    let (left, right) = (DigestTarget::alloc(&mut b), DigestTarget::alloc(&mut b));
    let rows = b.num_gates();
    let before = order::is_before(&mut b, left, right);
    assert!(b.num_gates() - rows <= 12);
    let data = build(b);
    let checker = Checker::new(&data);
    let max = Felt::ORDER - 1;
    let lanes = [0, 1, (1 << 32) - 1, 1 << 32, max - (1 << 32), max - 1, max];
    let mut digests: Vec<[u64; 4]> = lanes.iter().map(|&lane| [5, lane, 5, 5]).collect();
    digests.extend(lanes.map(|lane| [5, 5, 5, lane]));
    digests.extend([[0; 4], [max; 4], [4, max, max, max], [6, 0, 0, 0]]);
    for a in &digests {
        for c in &digests {
            let mut witness = Witness::new();
            set_digest(&mut witness, left, Digest::from(*a));
            set_digest(&mut witness, right, Digest::from(*c));
            let trace = checker.trace(witness).unwrap();
            assert!(trace.violations().is_empty());
            assert_eq!(trace.get(before.target), Felt::from(a < c), "{a:?} {c:?}");
        }
    }
}

#[test]
fn halves_of_a_number_above_p_are_refused() {
    let mut b = builder();
    let (low, high) = (b.add_virtual_target(), b.add_virtual_target());
    order::assert_canonical(&mut b, low, high);
    let data = build(b);
    let checker = Checker::new(&data);
    let max = (1u64 << 32) - 1;
    for (low_half, high_half) in [(0, 0), (max, 0), (max, max - 1), (0, max), (1, max), (max, max), (7, max)] {
        let mut witness = Witness::new();
        set(&mut witness, low, Felt::reduce(low_half));
        set(&mut witness, high, Felt::reduce(high_half));
        let canonical = high_half << 32 | low_half;
        // (1, max) is p itself, the second form of zero.
        let accepted = checker.check(witness).is_ok();
        assert_eq!(accepted, canonical < Felt::ORDER, "{low_half} {high_half}");
    }
}
