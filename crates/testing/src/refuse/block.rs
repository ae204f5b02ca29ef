//! Part one, the start and the checkpoint.

use parth_crypto::Digest;
use parth_protocol::block::checkpoint::Checkpoint;
use parth_protocol::block::part_one::PartOne;
use parth_protocol::block::start::Start;
use parth_protocol::ids::{Amount, CheckpointId, FeeRate, Fingerprint, ItemCount, Level, NodeIndex, Time};
use parth_protocol::plan::AnyStatement;
use parth_protocol::tree::Siblings;
use parth_protocol::{CircuitId, Rule};

use super::global::STATE;
use super::seal::{SealLinks, whitelist_of};
use super::world::{HEIGHT, World};
use super::{Book, LENGTH, broken, other};

pub(super) fn write(book: &mut Book, world: &World) {
    for (height, closed) in (1..).zip(&world.closed) {
        for job in &closed.graph.jobs {
            let block = matches!(job.statement, AnyStatement::PartOne(_) | AnyStatement::Checkpoint(_));
            if block && height <= 3 {
                let name = format!("{} of checkpoint {height}", job.statement.circuit());
                book.holds(name, job.statement.clone());
            }
        }
    }
    starts(book, world);
    for job in &world.closed[1].graph.jobs {
        match &job.statement {
            AnyStatement::PartOne(base) => part_ones(book, world, base),
            AnyStatement::Checkpoint(base) => checkpoints(book, world, base),
            _ => {}
        }
    }
}

fn starts(book: &mut Book, world: &World) {
    let base = Start { leaf: world.chain.history[0].leaf().clone() };
    book.holds("the genesis checkpoint", base.clone());
    let any = broken(&base, |s| s.leaf.supply = Amount::MAX);
    book.holds("a genesis with any supply, which the genesis file decides", any);
    let rule = Rule::GenesisBefore;
    let past = broken(&base, |s| s.leaf.before = other(s.leaf.before));
    book.refuse(rule, "a genesis with a past", past);
    let none = broken(&base, |s| s.leaf.before = Digest::ZERO);
    book.refuse(rule, "a genesis whose past is the empty leaf", none);
    let later = Start { leaf: world.chain.head().leaf().clone() };
    book.refuse(rule, "a later checkpoint as genesis", later);
}

fn part_ones(book: &mut Book, world: &World, base: &PartOne) {
    let mut wrong = |rule, name: &str, change: &dyn Fn(&mut PartOne)| book.refuse(rule, name, broken(base, change));
    wrong(Rule::GutaRoot, "an aggregation of half the users", &|s| {
        s.guta.header.transition.level = Level::constant(4);
    });
    wrong(Rule::GutaRoot, "an aggregation of one realm", &|s| s.guta.header.transition.level = Level::constant(3));
    wrong(Rule::GutaRoot, "an aggregation above the root", &|s| s.guta.header.transition.level = Level::constant(6));
    wrong(Rule::GutaRoot, "an aggregation of a user outside the tree", &|s| {
        s.guta.header.transition.index = NodeIndex::constant(1);
    });
    wrong(Rule::GutaWhitelistPinned, "an aggregation of a whitelist of its own", &|s| {
        s.guta.circuit.path.0[3] = other(s.guta.circuit.path.0[3]);
        s.guta.header.whitelist = whitelist_of(&s.guta.circuit);
    });
    wrong(Rule::GlobalWhitelistPinned, "a global change of a whitelist of its own", &|s| {
        s.global.circuit.path.0[3] = other(s.global.circuit.path.0[3]);
        s.global.header.whitelist = whitelist_of(&s.global.circuit);
    });
    let end_cap = world.chain.circuits.fingerprint(CircuitId::EndCap);
    wrong(Rule::GutaWhitelist, "an end cap in place of the aggregation", &|s| s.guta.circuit.fingerprint = end_cap);
    wrong(Rule::GutaWhitelist, "the global change in place of the aggregation", &|s| {
        s.guta.circuit.fingerprint = s.global.circuit.fingerprint;
    });
    wrong(Rule::GlobalWhitelist, "the aggregation in place of the global change", &|s| {
        s.global.circuit.fingerprint = s.guta.circuit.fingerprint;
    });
    wrong(Rule::UsersOfPrevious, "an aggregation from another user tree", &|s| {
        s.guta.header.transition.old = other(s.guta.header.transition.old);
    });
    wrong(Rule::UsersOfPrevious, "a previous leaf with another user tree", &|s| {
        s.old_leaf.users = other(s.old_leaf.users);
    });
    wrong(Rule::ParametersOfPrevious, "an aggregation in a network with other parameters", &|s| {
        s.guta.header.parameters = other(s.guta.header.parameters);
    });
    wrong(Rule::ParametersOfPrevious, "a global change in a network with other parameters", &|s| {
        s.global.header.parameters = other(s.global.header.parameters);
    });
    wrong(Rule::ParametersOfPrevious, "a previous leaf of a network with other parameters", &|s| {
        s.old_leaf.parameters = other(s.old_leaf.parameters);
    });
    wrong(Rule::AnchorEqual, "an aggregation and a global change on different checkpoint trees", &|s| {
        s.global.header.anchor.root = other(s.global.header.anchor.root);
    });
    wrong(Rule::AnchorEqual, "an aggregation and a global change on different heights", &|s| {
        s.guta.header.anchor.height = CheckpointId::constant(HEIGHT);
    });
    for (what, change) in STATE {
        let global = broken(base, |s| change(&mut s.global.header.old));
        book.refuse(Rule::GlobalsOfPrevious, format!("a global change from another {what}"), global);
        let leaf = broken(base, |s| change(&mut s.old_leaf.globals));
        book.refuse(Rule::GlobalsOfPrevious, format!("a previous leaf with another {what}"), leaf);
    }
}

fn checkpoints(book: &mut Book, world: &World, base: &Checkpoint) {
    let soon = broken(base, |s| s.time = Time::constant(s.old_leaf.time.get() + 1));
    book.holds("a checkpoint one millisecond after the last", soon);
    let late = broken(base, |s| s.time = Time::MAX);
    book.holds("a checkpoint at the last of times", late);
    let last = at_height(base, 63);
    book.holds("the checkpoint at the last place", last);
    let spent = linked(base, |s| {
        s.old_leaf.supply = s.part_one.stats.fees;
        s.part_one.stats.deposited = Amount::ZERO;
    });
    book.holds("a checkpoint that burns the whole supply", spent);
    let money = linked(base, |s| {
        s.old_leaf.supply = Amount::constant(100);
        let stats = &mut s.part_one.stats;
        (stats.deposited, stats.withdrawn, stats.fees) =
            (Amount::constant(50), Amount::constant(120), Amount::constant(30));
    });
    book.holds("a checkpoint that withdraws what it deposits", money);
    let through = linked(base, |s| {
        s.old_leaf.supply = Amount::MAX;
        let stats = &mut s.part_one.stats;
        (stats.deposited, stats.withdrawn, stats.fees) = (Amount::MAX, Amount::MAX, Amount::ZERO);
    });
    book.holds("a checkpoint in which the largest amounts cancel", through);
    refuse_links(book, world, base);
    refuse_appends(book, base);

    let mut wrong = |rule, name: &str, change: &dyn Fn(&mut Checkpoint)| book.refuse(rule, name, linked(base, change));
    wrong(Rule::Time, "a checkpoint at the time of the last", &|s| s.time = s.old_leaf.time);
    wrong(Rule::Time, "a checkpoint before the last", &|s| s.time = Time::constant(s.old_leaf.time.get() - 1));
    wrong(Rule::Time, "a checkpoint after the last of times", &|s| (s.old_leaf.time, s.time) = (Time::MAX, Time::MAX));
    let rule = Rule::Totals;
    wrong(rule, "fees above the supply", &|s| {
        s.old_leaf.supply = Amount::constant(s.part_one.stats.fees.get() - 1);
    });
    wrong(rule, "withdrawals above the supply", &|s| {
        s.part_one.stats.withdrawn = Amount::constant(s.old_leaf.supply.get() + 1);
        s.part_one.stats.fees = Amount::ZERO;
    });
    wrong(rule, "deposits above all supply", &|s| {
        s.part_one.stats.deposited = Amount::constant(Amount::MAX.get() - s.old_leaf.supply.get() + 1);
        s.part_one.stats.fees = Amount::ZERO;
    });
    wrong(rule, "registrations that became fewer", &|s| {
        s.old_leaf.globals.registered = ItemCount::constant(s.part_one.globals.registered.get() + 1);
    });
    wrong(rule, "contracts that became fewer", &|s| {
        s.old_leaf.globals.deployed = ItemCount::constant(s.part_one.globals.deployed.get() + 1);
    });
}

/// A changed checkpoint whose leaf digests follow.
fn linked(base: &Checkpoint, change: impl FnOnce(&mut Checkpoint)) -> Checkpoint {
    broken(base, |s| {
        change(s);
        s.seal_links();
    })
}

/// A checkpoint at any height, in a tree that is otherwise empty.
fn at_height(base: &Checkpoint, height: u32) -> Checkpoint {
    broken(base, |s| {
        s.previous.height = CheckpointId::constant(height - 1);
        s.append_path = Siblings::empty(&parth_protocol::Profile::SMALL);
        super::Seal::seal(s, &parth_protocol::Profile::SMALL);
    })
}

fn refuse_links(book: &mut Book, world: &World, base: &Checkpoint) {
    let mut wrong = |rule, name: &str, change: &dyn Fn(&mut Checkpoint)| book.refuse(rule, name, broken(base, change));
    let rule = Rule::ParametersOfPrevious;
    wrong(rule, "a previous proof of a network with other parameters", &|s| {
        s.previous.parameters = other(s.previous.parameters);
        s.part_one.parameters = s.previous.parameters;
    });
    wrong(rule, "part one of a network with other parameters", &|s| {
        s.part_one.parameters = other(s.part_one.parameters);
    });
    wrong(rule, "parameters that name a circuit of one's own", &|s| {
        s.parameters.checkpoint = Fingerprint(other(s.parameters.checkpoint.0));
        s.previous_circuit = s.parameters.checkpoint;
    });
    wrong(rule, "parameters with another fee", &|s| s.parameters.fee_base = FeeRate::MAX);
    let part_one = world.chain.rules.part_one;
    wrong(Rule::PreviousCircuit, "part one in place of the previous checkpoint", &|s| s.previous_circuit = part_one);
    wrong(Rule::PreviousCircuit, "a previous checkpoint by a circuit of one's own", &|s| {
        s.previous_circuit = Fingerprint(other(s.previous_circuit.0));
    });
    let rule = Rule::PreviousLeaf;
    wrong(rule, "a previous leaf with more supply", &|s| s.old_leaf.supply = Amount::constant(1 << 40));
    wrong(rule, "a previous leaf with an earlier time", &|s| s.old_leaf.time = Time::ZERO);
    wrong(rule, "a previous leaf with another seed", &|s| s.old_leaf.seed = other(s.old_leaf.seed));
    wrong(rule, "a previous proof with another leaf", &|s| {
        s.previous.leaf = other(s.previous.leaf);
        s.part_one.old_leaf = s.previous.leaf;
    });
    wrong(Rule::PartOneLeaf, "part one over another checkpoint leaf", &|s| {
        s.part_one.old_leaf = other(s.part_one.old_leaf);
    });
    let rule = Rule::PartOneAnchor;
    wrong(rule, "part one on another checkpoint tree", &|s| s.part_one.anchor.root = other(s.part_one.anchor.root));
    wrong(rule, "part one on an earlier height", &|s| s.part_one.anchor.height = CheckpointId::ZERO);
    wrong(rule, "part one on a later height", &|s| s.part_one.anchor.height = CheckpointId::constant(HEIGHT));
}

fn refuse_appends(book: &mut Book, base: &Checkpoint) {
    let rule = Rule::CheckpointAppend;
    let root = broken(base, |s| {
        s.previous.root = other(s.previous.root);
        s.part_one.anchor.root = s.previous.root;
    });
    book.refuse(rule, "a checkpoint on another checkpoint tree", root);
    let sibling = broken(base, |s| s.append_path.0[1] = other(s.append_path.0[1]));
    book.refuse(rule, "a checkpoint with another sibling", sibling);
    let over = broken(base, |s| {
        s.previous.height = CheckpointId::ZERO;
        s.part_one.anchor.height = s.previous.height;
    });
    book.refuse(rule, "a checkpoint over another one", over);
    let mut taken = base.clone();
    let at = u64::from(taken.previous.height.get()) + 1;
    taken.previous.root = super::seal::root(&taken.append_path, at, Digest::from([1, 2, 3, 4]));
    taken.part_one.anchor.root = taken.previous.root;
    book.refuse(rule, "a checkpoint at a place that is taken", taken);
    book.refuse(rule, "a checkpoint outside the tree whose low bits are right", at_height(base, 64));
    let why = "the highest height of a tree of 32 levels; small trees are full long before";
    let mut end = at_height(base, 63);
    end.previous.height = CheckpointId::MAX;
    end.part_one.anchor.height = CheckpointId::MAX;
    book.refuse_natively(rule, why, "a checkpoint after the largest height", end);
    let short = broken(base, |s| s.append_path.0.truncate(5));
    book.refuse_natively(rule, LENGTH, "an append path that is too short", short);
}
