//! Aggregation of user leaves.

use parth_crypto::Digest;
use parth_protocol::guta::left_end_cap_right_guta::LeftEndCapRightGuta;
use parth_protocol::guta::left_guta_right_end_cap::LeftGutaRightEndCap;
use parth_protocol::guta::no_change::NoChange;
use parth_protocol::guta::to_cap::ToCap;
use parth_protocol::guta::two_guta::TwoGuta;
use parth_protocol::guta::{EndCapChild, GutaChild};
use parth_protocol::ids::{
    Amount, CallCount, CheckpointId, EventCount, Fingerprint, Level, NodeIndex, SessionCount, SlotCount, WhitelistIndex,
};
use parth_protocol::records::guta::{Anchor, SessionStats};
use parth_protocol::tree::{Climb, ClimbKind, Siblings};
use parth_protocol::{CircuitId, Rule};

use super::seal::{anchor_root, whitelist_of};
use super::world::{HEIGHT, OLD, World, YOUNG};
use super::{Book, LENGTH, broken, other};

pub(super) fn write(book: &mut Book, world: &World) {
    hold_entries(book, world);
    hold_meetings(book, world);
    no_changes(book, world);
    refuse_end_caps(book, world);
    refuse_children(book, world);
    refuse_meetings(book, world);
    refuse_climbs(book, world);
    refuse_totals(book, world);
}

fn two_guta(world: &World, left: GutaChild, right: GutaChild) -> TwoGuta {
    let top = meeting(place(&left), place(&right));
    TwoGuta { left_climb: line(world, place(&left), top), right_climb: line(world, place(&right), top), left, right }
}

fn left_guta(world: &World, left: GutaChild, right: u32) -> LeftGutaRightEndCap {
    let top = meeting(place(&left), (0, right.into()));
    LeftGutaRightEndCap {
        left_climb: line(world, place(&left), top),
        right_climb: line(world, (0, right.into()), top),
        left,
        right: world.end_cap(right),
    }
}

fn right_guta(world: &World, left: u32, right: GutaChild) -> LeftEndCapRightGuta {
    let top = meeting((0, left.into()), place(&right));
    LeftEndCapRightGuta {
        left_climb: line(world, (0, left.into()), top),
        right_climb: line(world, place(&right), top),
        left: world.end_cap(left),
        right,
    }
}

/// Level and index of the node that a child changes.
fn place(child: &GutaChild) -> (u8, u64) {
    (child.header.transition.level.get(), child.header.transition.index.get())
}

/// The level below the nearest common ancestor of two nodes.
fn meeting((left_level, left): (u8, u64), (right_level, right): (u8, u64)) -> u8 {
    (left << left_level ^ right << right_level).ilog2() as u8
}

fn line<K: ClimbKind>(world: &World, (level, index): (u8, u64), top: u8) -> Climb<K> {
    world.climb(level, index, top)
}

fn hold_entries(book: &mut Book, world: &World) {
    for level in 0..=5 {
        let name = format!("one end cap enters and climbs {level} levels");
        book.holds(name, world.single(7, level));
        let child = world.guta(&world.single(18, 0));
        let climb = line(world, (0, 18), level);
        book.holds(format!("an aggregation of one leaf climbs {level} levels"), ToCap { child, climb });
    }
    let pair = world.guta(&world.pair(16, 17));
    let climb = line(world, (1, 8), 5);
    book.holds("an aggregation of two users climbs to the root", ToCap { child: pair, climb });
    let realm = world.guta(&world.single(7, 3));
    book.holds("an aggregation that stays where it is", ToCap { child: realm, climb: Climb::new(Vec::new()) });
    let newcomer = world.single(11, 3);
    book.holds("the end cap of a new user enters", newcomer);
    let mut aged = world.single(7, 5);
    aged.end_cap = world.end_cap_at(7, YOUNG);
    book.holds("an end cap enters whose anchor is as old as may be", aged);
    for (name, left, right) in [
        ("two end caps of neighbours enter", 2, 3),
        ("two end caps enter one level up", 1, 2),
        ("two end caps enter one level up, from other sides", 16, 19),
        ("two end caps enter two levels up", 3, 4),
        ("two end caps enter two levels up, far from the left", 24, 29),
    ] {
        book.holds(name, world.pair(left, right));
    }
    let mut mixed = world.pair(2, 3);
    mixed.left = world.end_cap_at(2, YOUNG);
    book.holds("two end caps with different anchors enter", mixed);
}

fn hold_meetings(book: &mut Book, world: &World) {
    for (right, level) in [(3, 0), (1, 1), (6, 2), (9, 3)] {
        let single = world.guta(&world.single(2, 0));
        let name = format!("an aggregation of one leaf and an end cap meet {level} levels up");
        match right > 2 {
            true => book.holds(name, left_guta(world, single, right)),
            false => book.holds(name, right_guta(world, right, single)),
        }
    }
    let pair = || world.guta(&world.pair(2, 3));
    book.holds("a pair and, right of it, an end cap", left_guta(world, pair(), 4));
    book.holds("a pair and, far right of it, an end cap", left_guta(world, pair(), 8));
    book.holds("an end cap and, right of it, a pair", right_guta(world, 1, pair()));
    book.holds("an end cap and, far right of it, a pair", right_guta(world, 16, world.guta(&world.pair(24, 29))));
    book.holds("an end cap next to a single leaf", right_guta(world, 2, world.guta(&world.single(3, 0))));
    book.holds("an end cap two levels from a single leaf", right_guta(world, 3, world.guta(&world.single(4, 0))));
    for (level, right) in [(0, 3), (1, 1), (2, 4), (3, 9), (4, 20)] {
        let (low, high) = (2.min(right), 2.max(right));
        let (left, right) = (world.guta(&world.single(low, 0)), world.guta(&world.single(high, 0)));
        book.holds(format!("two aggregations of one leaf meet {level} levels up"), two_guta(world, left, right));
    }
    let right = || world.guta(&world.pair(16, 17));
    book.holds("two aggregations on one level", two_guta(world, pair(), world.guta(&world.pair(6, 7))));
    book.holds("two aggregations across the middle of the tree", two_guta(world, pair(), right()));
    book.holds("a high aggregation and a leaf", two_guta(world, world.guta(&world.single(7, 4)), right()));
    let (left, wide) = (world.guta(&world.single(7, 3)), world.guta(&world.single(9, 3)));
    book.holds("two realms at the coordinator", two_guta(world, left, wide));
    let deep = world.guta(&two_guta(world, pair(), world.guta(&world.pair(6, 7))));
    book.holds("an aggregation of four and one of two", two_guta(world, deep, right()));
}

fn no_changes(book: &mut Book, world: &World) {
    let at = |height: u32| {
        let then = world.chain.at(CheckpointId::constant(height));
        NoChange {
            whitelist: world.chain.rules.guta_whitelist,
            anchor: then.anchor(),
            leaf: then.leaf().clone(),
            leaf_path: Siblings::new(then.checkpoints.path(height.into()).siblings),
        }
    };
    let base = at(HEIGHT);
    book.holds("a checkpoint without sessions", base.clone());
    book.holds("a checkpoint without sessions right after genesis", at(0));

    let mut wrong = |name: &str, change: &dyn Fn(&mut NoChange)| {
        book.refuse(Rule::NoChangeLeaf, name, broken(&base, change));
    };
    wrong("no change of another user tree", &|s| s.leaf.users = other(s.leaf.users));
    wrong("no change in a network with other parameters", &|s| s.leaf.parameters = other(s.leaf.parameters));
    wrong("no change from another checkpoint tree", &|s| s.anchor.root = other(s.anchor.root));
    wrong("no change from another height", &|s| s.anchor.height = CheckpointId::constant(HEIGHT - 1));
    wrong("no change with another sibling", &|s| s.leaf_path.0[5] = other(s.leaf_path.0[5]));
    wrong("no change since an older checkpoint", &|s| s.leaf = at(HEIGHT - 1).leaf);
    let outside = book.sealed(&base, |s| s.anchor.height = CheckpointId::constant(HEIGHT + 64));
    book.refuse(Rule::NoChangeLeaf, "no change at a height outside the tree whose low bits are right", outside);
    let short = broken(&base, |s| s.leaf_path.0.truncate(5));
    book.refuse_natively(Rule::NoChangeLeaf, LENGTH, "no change with a path that is too short", short);
}

/// Puts a changed end cap into every circuit that takes one, at every side.
fn each_entry(book: &mut Book, world: &World, rule: Rule, name: &str, change: impl Fn(&mut Anchor, &mut EndCapChild)) {
    let mut single = world.single(7, 5);
    change(&mut single.anchor, &mut single.end_cap);
    book.refuse(rule, format!("{name} (one end cap)"), single);
    let mut left = world.pair(2, 3);
    change(&mut left.anchor, &mut left.left);
    book.refuse(rule, format!("{name} (left of two end caps)"), left);
    let mut right = world.pair(2, 3);
    change(&mut right.anchor, &mut right.right);
    book.refuse(rule, format!("{name} (right of two end caps)"), right);
    let mut left = right_guta(world, 2, world.guta(&world.single(3, 0)));
    change(&mut left.right.header.anchor, &mut left.left);
    book.refuse(rule, format!("{name} (left of an aggregation)"), left);
    let mut right = left_guta(world, world.guta(&world.single(2, 0)), 3);
    change(&mut right.left.header.anchor, &mut right.right);
    book.refuse(rule, format!("{name} (right of an aggregation)"), right);
}

fn refuse_circuits_of_end_caps(book: &mut Book, world: &World) {
    let rule = Rule::EndCapWhitelist;
    let step = world.chain.circuits.fingerprint(CircuitId::SessionStep);
    each_entry(book, world, rule, "a step that says to be an end cap", |_, child| {
        child.circuit.fingerprint = step;
    });
    each_entry(book, world, rule, "an end cap by a circuit that nobody listed", |_, child| {
        child.circuit.fingerprint = Fingerprint(other(child.circuit.fingerprint.0));
    });
    each_entry(book, world, rule, "an end cap at the place of another", |_, child| {
        child.circuit.index = WhitelistIndex::constant(u8::from(child.circuit.index.get() == 0));
    });
    each_entry(book, world, rule, "an end cap at an empty place of the whitelist", |_, child| {
        child.circuit.index = WhitelistIndex::constant(3);
    });
    each_entry(book, world, rule, "an end cap outside the whitelist whose low bits are right", |_, child| {
        child.circuit.index = WhitelistIndex::constant(child.circuit.index.get() + 4);
    });
    each_entry(book, world, rule, "an end cap in a whitelist of its own", |_, child| {
        child.circuit.path.0[1] = other(child.circuit.path.0[1]);
    });
    let mut short = world.single(7, 5);
    short.end_cap.circuit.path.0.truncate(1);
    book.refuse_natively(rule, LENGTH, "a whitelist path of an end cap that is too short", short);
}

fn refuse_end_caps(book: &mut Book, world: &World) {
    refuse_circuits_of_end_caps(book, world);
    let rule = Rule::AnchorPath;
    each_entry(book, world, rule, "an anchor leaf that is no checkpoint", |_, child| {
        child.result.anchor_leaf = other(child.result.anchor_leaf);
    });
    each_entry(book, world, rule, "an anchor at the height of its neighbour", |_, child| {
        child.result.anchor = CheckpointId::constant(child.result.anchor.get() - 1);
    });
    each_entry(book, world, rule, "an anchor path with another sibling", |_, child| {
        child.anchor_path.0[2] = other(child.anchor_path.0[2]);
    });
    let mut tree = world.single(7, 5);
    tree.anchor.root = other(tree.anchor.root);
    book.refuse(rule, "an aggregation on another checkpoint tree than the session's", tree);
    let outside = book.sealed(&world.single(7, 5), |s| {
        s.end_cap.result.anchor = CheckpointId::constant(HEIGHT + 64);
        s.anchor.height = s.end_cap.result.anchor;
    });
    book.refuse(rule, "an anchor outside the tree whose low bits are right", outside);
    let mut short = world.single(7, 5);
    short.end_cap.anchor_path.0.truncate(5);
    book.refuse_natively(rule, LENGTH, "an anchor path that is too short", short);

    let rule = Rule::AnchorAge;
    each_entry(book, world, rule, "an anchor one checkpoint too old", |_, child| {
        *child = world.end_cap_at(child.result.user.get(), OLD);
    });
    each_entry(book, world, rule, "an anchor at genesis", |_, child| {
        *child = world.end_cap_at(child.result.user.get(), CheckpointId::ZERO);
    });
    let mut single = world.single(7, 5);
    single.anchor.height = CheckpointId::constant(HEIGHT - 1);
    book.refuse(rule, "an anchor one checkpoint ahead of the aggregation", single);
    let mut future = world.single(7, 5);
    future.end_cap.result.anchor = CheckpointId::constant(HEIGHT + 1);
    future.anchor.root = anchor_root(&future.end_cap);
    book.refuse(rule, "an anchor that is yet to come", future);
}

/// Puts a changed aggregation into every circuit that takes one, at every side.
fn each_child(book: &mut Book, world: &World, rule: Rule, name: &str, change: impl Fn(&mut GutaChild)) {
    let changed = |user| {
        let mut child = world.guta(&world.single(user, 0));
        change(&mut child);
        child
    };
    let single = |user| world.guta(&world.single(user, 0));
    let cap = ToCap { child: changed(18), climb: line(world, (0, 18), 2) };
    book.refuse(rule, format!("{name} (carried up)"), cap);
    book.refuse(rule, format!("{name} (left of two)"), two_guta(world, changed(2), single(3)));
    book.refuse(rule, format!("{name} (right of two)"), two_guta(world, single(2), changed(3)));
    book.refuse(rule, format!("{name} (left of an end cap)"), left_guta(world, changed(2), 3));
    book.refuse(rule, format!("{name} (right of an end cap)"), right_guta(world, 2, changed(3)));
}

fn refuse_children(book: &mut Book, world: &World) {
    let rule = Rule::GutaWhitelist;
    let end_cap = world.chain.circuits.fingerprint(CircuitId::EndCap);
    each_child(book, world, rule, "an end cap that says to be an aggregation", |child| {
        child.circuit.fingerprint = end_cap;
    });
    each_child(book, world, rule, "an aggregation by a circuit that nobody listed", |child| {
        child.circuit.fingerprint = Fingerprint(other(child.circuit.fingerprint.0));
    });
    each_child(book, world, rule, "a circuit at an empty place of the whitelist", |child| {
        child.circuit.index = WhitelistIndex::constant(15);
    });
    each_child(book, world, rule, "a circuit with another sibling in the whitelist", |child| {
        child.circuit.path.0[0] = other(child.circuit.path.0[0]);
    });
    let mut cap = ToCap { child: world.guta(&world.single(18, 0)), climb: Climb::new(Vec::new()) };
    cap.child.circuit.path.0.truncate(3);
    book.refuse_natively(rule, LENGTH, "a whitelist path of an aggregation that is too short", cap);

    let base = two_guta(world, world.guta(&world.single(2, 0)), world.guta(&world.single(3, 0)));
    let own_list = |child: &mut GutaChild| {
        child.circuit.path.0[3] = other(child.circuit.path.0[3]);
        child.header.whitelist = whitelist_of(&child.circuit);
    };
    let left = broken(&base, |s| own_list(&mut s.left));
    book.refuse(Rule::WhitelistEqual, "two aggregations of different whitelists", left);
    let right = broken(&base, |s| own_list(&mut s.right));
    book.refuse(Rule::WhitelistEqual, "a right aggregation of a whitelist of its own", right);
    let root = broken(&base, |s| s.right.header.anchor.root = other(s.right.header.anchor.root));
    book.refuse(Rule::AnchorEqual, "two aggregations on different checkpoint trees", root);
    let height = broken(&base, |s| s.right.header.anchor.height = CheckpointId::constant(HEIGHT - 1));
    book.refuse(Rule::AnchorEqual, "two aggregations on different heights", height);
}

fn refuse_meetings(book: &mut Book, world: &World) {
    let single = |user| world.guta(&world.single(user, 0));
    let rule = Rule::ParametersEqual;
    let name = "two sides of networks with other parameters";
    let caps = broken(&world.pair(2, 3), |s| s.right.result.parameters = other(s.right.result.parameters));
    book.refuse(rule, format!("{name} (two end caps)"), caps);
    let guta = two_guta(world, single(2), single(3));
    let guta = broken(&guta, |s| s.left.header.parameters = other(s.left.header.parameters));
    book.refuse(rule, format!("{name} (two aggregations)"), guta);
    let mixed = left_guta(world, single(2), 3);
    let mixed = broken(&mixed, |s| s.right.result.parameters = other(s.right.result.parameters));
    book.refuse(rule, format!("{name} (aggregation and end cap)"), mixed);
    let mixed = right_guta(world, 2, single(3));
    let mixed = broken(&mixed, |s| s.left.result.parameters = other(s.left.result.parameters));
    book.refuse(rule, format!("{name} (end cap and aggregation)"), mixed);

    // Who stands left, who right, and how far each climbs.
    let cases: [(&str, u32, u8, u32, u8); 9] = [
        ("one user twice, on the left place", 2, 0, 2, 0),
        ("one user twice, on the right place", 3, 0, 3, 0),
        ("two sides swapped", 3, 0, 2, 0),
        ("neighbours of different parents", 1, 0, 2, 0),
        ("a left and a right child of different parents", 2, 0, 5, 0),
        ("a left side one level too high", 4, 1, 3, 0),
        ("a right side one level too high", 2, 0, 6, 1),
        ("two sides that climb past where they meet", 2, 1, 3, 1),
        ("two sides that do not climb far enough", 3, 1, 4, 1),
    ];
    let rule = Rule::Meet;
    for (name, left, left_climb, right, right_climb) in cases {
        let climbs = (world.climb(0, left.into(), left_climb), world.climb(0, right.into(), right_climb));
        let mut caps = world.pair(6, 7);
        (caps.left, caps.right) = (world.end_cap(left), world.end_cap(right));
        (caps.left_climb, caps.right_climb) = climbs;
        book.refuse(rule, format!("{name} (two end caps)"), caps);
        let left_climb_to = |from: u8| world.chain.head().users.line(0, left.into(), from.into());
        let right_climb_to = |from: u8| world.chain.head().users.line(0, right.into(), from.into());
        let (left_siblings, right_siblings) = (left_climb_to(left_climb), right_climb_to(right_climb));
        let guta = TwoGuta {
            left: single(left),
            right: single(right),
            left_climb: Climb::new(left_siblings.clone()),
            right_climb: Climb::new(right_siblings.clone()),
        };
        book.refuse(rule, format!("{name} (two aggregations)"), guta);
        let mixed = LeftGutaRightEndCap {
            left: single(left),
            right: world.end_cap(right),
            left_climb: Climb::new(left_siblings.clone()),
            right_climb: Climb::new(right_siblings.clone()),
        };
        book.refuse(rule, format!("{name} (aggregation and end cap)"), mixed);
        let mixed = LeftEndCapRightGuta {
            left: world.end_cap(left),
            right: single(right),
            left_climb: Climb::new(left_siblings),
            right_climb: Climb::new(right_siblings),
        };
        book.refuse(rule, format!("{name} (end cap and aggregation)"), mixed);
    }

    let pair = || world.guta(&world.pair(2, 3));
    let inside = LeftGutaRightEndCap {
        left: pair(),
        right: world.end_cap(3),
        left_climb: Climb::new(Vec::new()),
        right_climb: Climb::new(Vec::new()),
    };
    book.refuse(rule, "an end cap inside the aggregation left of it", inside);
    let inside = TwoGuta {
        left: pair(),
        right: single(3),
        left_climb: Climb::new(Vec::new()),
        right_climb: world.climb(0, 3, 1),
    };
    book.refuse(rule, "an aggregation and a part of itself", inside);
    let shown = LeftGutaRightEndCap {
        left: world.guta(&world.pair(4, 5)),
        right: world.end_cap(3),
        left_climb: Climb::new(Vec::new()),
        right_climb: Climb::new(Vec::new()),
    };
    book.refuse(rule, "a node and a leaf whose indexes follow one another", shown);
    let mut above = two_guta(world, world.guta(&world.single(2, 4)), world.guta(&world.single(20, 4)));
    let profile = book.rules.profile;
    for (side, index) in [(&mut above.left, 0), (&mut above.right, 1)] {
        side.header.transition.level = Level::constant(profile.users() as u8);
        side.header.transition.index = NodeIndex::constant(index);
    }
    book.refuse(rule, "two roots that meet above the root", above);
}

fn refuse_climbs(book: &mut Book, world: &World) {
    let rule = Rule::ClimbLength;
    book.refuse_natively(rule, LENGTH, "two end caps that climb too far", world.pair(7, 8));
    let single = |user| world.guta(&world.single(user, 0));
    book.refuse_natively(rule, LENGTH, "an aggregation that climbs too far to an end cap", {
        left_guta(world, single(2), 20)
    });
    book.refuse_natively(rule, LENGTH, "an end cap that climbs too far to an aggregation", {
        right_guta(world, 2, single(20))
    });
    let mut far = two_guta(world, single(2), single(3));
    far.left_climb = Climb::new(vec![Digest::ZERO; 5]);
    book.refuse_natively(rule, LENGTH, "an aggregation that climbs too far to another", far);
    let mut far = world.single(7, 5);
    far.climb.0.push(Digest::ZERO);
    book.refuse_natively(rule, LENGTH, "an end cap that climbs above the root", far);
    let realm = world.guta(&world.single(7, 3));
    let out = ToCap { child: realm, climb: Climb::new(vec![Digest::from([1, 2, 3, 4]); 3]) };
    book.refuse(rule, "an aggregation that climbs above the root", out);
    let mut root = ToCap { child: world.guta(&world.single(7, 5)), climb: Climb::new(Vec::new()) };
    root.child.header.transition.level = Level::constant(6);
    book.refuse(rule, "an aggregation that stands above the root already", root);
}

/// A total and its largest value.
type TotalField = (&'static str, fn(&mut SessionStats));

const TOTALS: [TotalField; 6] = [
    ("fees", |s| s.fees = Amount::MAX),
    ("calls", |s| s.calls = CallCount::MAX),
    ("slots", |s| s.slots = SlotCount::MAX),
    ("events", |s| s.events = EventCount::MAX),
    ("withdrawals", |s| s.withdrawn = Amount::MAX),
    ("deposits", |s| s.deposited = Amount::MAX),
];

fn refuse_totals(book: &mut Book, world: &World) {
    let rule = Rule::Totals;
    let full = |result: &mut parth_protocol::records::session::EndCapResult, set: fn(&mut SessionStats)| {
        let mut stats = SessionStats::from(&result.stats);
        set(&mut stats);
        let one = &mut result.stats;
        (one.fees, one.calls, one.slots) = (stats.fees, stats.calls, stats.slots);
        (one.events, one.withdrawn, one.deposited) = (stats.events, stats.withdrawn, stats.deposited);
    };
    let one = |result: &mut parth_protocol::records::session::EndCapResult| {
        (result.stats.withdrawn, result.stats.deposited) = (Amount::constant(1), Amount::constant(1));
    };
    let header = |header: &mut parth_protocol::records::guta::GutaHeader| {
        (header.stats.withdrawn, header.stats.deposited) = (Amount::constant(1), Amount::constant(1));
    };
    let single = |user| world.guta(&world.single(user, 0));
    for (name, set) in TOTALS {
        let name = format!("{name} that do not fit together");
        let mut caps = world.pair(2, 3);
        full(&mut caps.left.result, set);
        one(&mut caps.right.result);
        book.refuse(rule, format!("{name} (two end caps)"), caps);
        let mut guta = two_guta(world, single(2), single(3));
        header(&mut guta.left.header);
        set(&mut guta.right.header.stats);
        book.refuse(rule, format!("{name} (two aggregations)"), guta);
        let mut mixed = left_guta(world, single(2), 3);
        header(&mut mixed.left.header);
        full(&mut mixed.right.result, set);
        book.refuse(rule, format!("{name} (aggregation and end cap)"), mixed);
        let mut mixed = right_guta(world, 2, single(3));
        one(&mut mixed.left.result);
        set(&mut mixed.right.header.stats);
        book.refuse(rule, format!("{name} (end cap and aggregation)"), mixed);
    }
    let mut guta = two_guta(world, single(2), single(3));
    guta.left.header.stats.sessions = SessionCount::MAX;
    book.refuse(rule, "sessions that do not fit together", guta);
    let widest = |stats: &mut SessionStats| {
        (stats.fees, stats.withdrawn) = (Amount::constant(1 << 61), Amount::constant(1 << 61));
        (stats.calls, stats.slots) = (CallCount::constant(1 << 55), SlotCount::constant(1 << 61));
        (stats.events, stats.deposited) = (EventCount::constant(1 << 47), Amount::constant(1 << 61));
    };
    let mut guta = two_guta(world, single(2), single(3));
    widest(&mut guta.left.header.stats);
    guta.right.header.stats = SessionStats { sessions: SessionCount::constant(1 << 32), ..SessionStats::NONE };
    book.holds("two aggregations with wide totals", guta);
}
