//! Changes of the global trees.

use parth_crypto::{Digest, Domain, merkle};
use parth_protocol::global::deploy_contracts::{DeployContracts, Deployment};
use parth_protocol::global::fold::Fold;
use parth_protocol::global::register_users::{RegisterUsers, Registration};
use parth_protocol::global::unchanged::Unchanged;
use parth_protocol::global::{Batch, GlobalChild, GlobalEntry};
use parth_protocol::ids::{CheckpointId, Fingerprint, ItemCount, StateHeight, WhitelistIndex};
use parth_protocol::plan::global::global_child;
use parth_protocol::records::global::{GlobalHeader, GlobalState};
use parth_protocol::records::leaf::ContractLeaf;
use parth_protocol::tree::Siblings;
use parth_protocol::{CircuitId, Record, Rule, Statement};

use super::seal::whitelist_of;
use super::world::{HEIGHT, World};
use super::{Book, LENGTH, broken, other};
use crate::chain::{TestContract, function};

pub(super) fn write(book: &mut Book, world: &World) {
    registrations(book, world);
    deployments(book, world);
    let unchanged = Unchanged { entry: entry(world) };
    book.holds("nothing changes", unchanged.clone());
    folds(book, world, &unchanged);
}

fn entry(world: &World) -> GlobalEntry {
    GlobalEntry {
        whitelist: world.chain.rules.global_whitelist,
        parameters: world.chain.parameters.digest(),
        anchor: world.anchor(),
        old: world.chain.head().leaf().globals.clone(),
    }
}

/// Registers `count` keys.
fn register(world: &World, count: u64) -> RegisterUsers {
    let entry = entry(world);
    let mut tree = world.chain.head().registrations.clone();
    let item = |at: u64| {
        let key = Digest::from([at, 7, 7, 7]);
        let path = Siblings::new(tree.path(at).siblings);
        tree.set(at, key);
        Registration { key, path }
    };
    let next = entry.old.registered.get();
    let items = (next..next + count).map(item).collect();
    RegisterUsers { entry, registrations: Batch(items) }
}

/// A contract whose state trees have `height`.
fn contract(world: &World, height: u8) -> ContractLeaf {
    TestContract::new(&world.chain.rules.profile, height, vec![function(70 + u32::from(height), 1, false)]).leaf
}

/// Deploys contracts with these state heights.
fn deploy(world: &World, heights: &[u8]) -> DeployContracts {
    let entry = entry(world);
    let mut tree = world.chain.head().contracts.clone();
    let item = |(at, &height): (u64, &u8)| {
        let contract = contract(world, height);
        let path = Siblings::new(tree.path(at).siblings);
        tree.set(at, contract.digest());
        Deployment { contract, path }
    };
    let next = entry.old.deployed.get();
    let items = (next..).zip(heights).map(item).collect();
    DeployContracts { entry, deployments: Batch(items) }
}

fn registrations(book: &mut Book, world: &World) {
    for count in 1..=3 {
        book.holds(format!("a batch of {count} registrations"), register(world, count));
    }
    let twice = book.sealed(&register(world, 1), |s| s.registrations.0[0].key = world.chain.registered()[5]);
    book.holds("a key that is registered already", twice);
    let last = full(world, 31);
    book.holds("the registration at the last place", last);

    let rule = Rule::AppendPath;
    let base = register(world, 2);
    let mut wrong = |name: &str, change: fn(&mut RegisterUsers)| book.refuse(rule, name, broken(&base, change));
    wrong("two registrations at the places after the next free one", |s| {
        s.entry.old.registered = more(s.entry.old.registered, 1)
    });
    wrong("a registration of a tree with another root", |s| {
        s.entry.old.registrations = other(s.entry.old.registrations);
    });
    wrong("a registration path with another sibling", |s| {
        s.registrations.0[0].path.0[4] = other(s.registrations.0[0].path.0[4]);
    });
    wrong("a second registration with the path of the first", |s| {
        s.registrations.0[1].path = s.registrations.0[0].path.clone();
    });
    wrong("a second registration with another sibling", |s| {
        s.registrations.0[1].path.0[3] = other(s.registrations.0[1].path.0[3]);
    });
    let overwrite = broken(&register(world, 1), |s| {
        let before = s.entry.old.registered.get() - 1;
        s.entry.old.registered = ItemCount::constant(before);
        s.registrations.0[0].path = Siblings::new(world.chain.head().registrations.path(before).siblings);
    });
    book.refuse(rule, "a registration over another one", overwrite);
    let skipped = broken(&base, |s| {
        let first = s.entry.old.registered.get();
        let mut tree = world.chain.head().registrations.clone();
        tree.set(first, s.registrations.0[0].key);
        s.registrations.0[1].path = Siblings::new(tree.path(first + 2).siblings);
    });
    book.refuse(rule, "a second registration that skips a place", skipped);
    book.refuse(rule, "a registration in a full tree, whose low bits are those of an empty place", full(world, 32));
    let short = broken(&base, |s| s.registrations.0[0].path.0.truncate(4));
    book.refuse_natively(rule, LENGTH, "a registration path that is too short for an append", short);

    let empty = broken(&base, |s| s.registrations.0[0].key = Digest::ZERO);
    book.refuse(Rule::KeyNotEmpty, "a registration of the empty key, before another one", {
        // The second place follows the first, which stays empty.
        let mut statement = empty;
        let tree = &world.chain.head().registrations;
        let at = statement.entry.old.registered.get() + 1;
        statement.registrations.0[1].path = Siblings::new(tree.path(at).siblings);
        statement
    });
    let empty = broken(&base, |s| s.registrations.0[1].key = Digest::ZERO);
    book.refuse(Rule::KeyNotEmpty, "a registration of the empty key, after another one", empty);
    let none = broken(&base, |s| s.registrations.0.clear());
    book.refuse_natively(Rule::BatchLength, LENGTH, "a batch without registrations", none);
    book.refuse_natively(Rule::BatchLength, LENGTH, "a batch of too many registrations", register(world, 4));
}

fn more(count: ItemCount, by: u64) -> ItemCount {
    ItemCount::constant(count.get() + by)
}

/// One registration where `registered` keys are there already; all siblings are empty.
fn full(world: &World, registered: u64) -> RegisterUsers {
    let mut statement = register(world, 1);
    statement.entry.old.registered = ItemCount::constant(registered);
    statement.registrations.0[0].path = Siblings::empty(&world.chain.rules.profile);
    statement.entry.old.registrations = super::seal::root(&statement.registrations.0[0].path, registered, Digest::ZERO);
    statement
}

fn deployments(book: &mut Book, world: &World) {
    for heights in [&[34][..], &[1, 48], &[7, 7, 7]] {
        book.holds(format!("a batch of {} deployments", heights.len()), deploy(world, heights));
    }

    let base = deploy(world, &[5, 6]);
    let rule = Rule::AppendPath;
    let mut wrong = |name: &str, change: fn(&mut DeployContracts)| book.refuse(rule, name, broken(&base, change));
    wrong("two deployments at the places after the next free one", |s| {
        s.entry.old.deployed = more(s.entry.old.deployed, 1)
    });
    wrong("a deployment in a tree with another root", |s| s.entry.old.contracts = other(s.entry.old.contracts));
    wrong("a deployment path with another sibling", |s| {
        s.deployments.0[0].path.0[0] = other(s.deployments.0[0].path.0[0]);
    });
    wrong("a second deployment with the path of the first", |s| {
        s.deployments.0[1].path = s.deployments.0[0].path.clone();
    });
    let overwrite = broken(&deploy(world, &[5]), |s| {
        s.entry.old.deployed = ItemCount::ZERO;
        s.deployments.0[0].path = Siblings::new(world.chain.head().contracts.path(0).siblings);
    });
    book.refuse(rule, "a deployment over the system contract", overwrite);
    let full = book.sealed(&deploy(world, &[5]), |s| {
        s.entry.old.deployed = ItemCount::constant(16);
        s.deployments.0[0].path = Siblings::empty(&world.chain.rules.profile);
    });
    book.refuse(rule, "a deployment in a full tree, whose low bits are those of an empty place", full);

    let empty = |height: u8| merkle::empty_root(Domain::StateNode, height.into());
    for height in [0, 49, 63] {
        let statement = broken(&deploy(world, &[5]), |s| {
            let leaf = &mut s.deployments.0[0].contract;
            (leaf.state_height, leaf.initial) = (StateHeight::constant(height), empty(height));
        });
        book.refuse(Rule::StateHeight, format!("a contract whose state has {height} levels"), statement);
    }
    let second = broken(&base, |s| {
        let leaf = &mut s.deployments.0[1].contract;
        (leaf.state_height, leaf.initial) = (StateHeight::ZERO, empty(0));
    });
    book.refuse(Rule::StateHeight, "a second contract whose state has no levels", second);
    let rule = Rule::InitialState;
    let one = deploy(world, &[5]);
    let mut wrong = |name: &str, initial| {
        book.refuse(rule, name, broken(&one, |s| s.deployments.0[0].contract.initial = initial));
    };
    wrong("a contract with state that nobody wrote", Digest::from([9, 9, 9, 9]));
    wrong("a contract whose initial state is of a lower tree", empty(4));
    wrong("a contract whose initial state is of a higher tree", empty(6));
    wrong("a contract whose initial state is the empty leaf", Digest::ZERO);
    let second = broken(&base, |s| s.deployments.0[1].contract.initial = empty(5));
    book.refuse(rule, "a second contract with the initial state of the first", second);

    let none = broken(&base, |s| s.deployments.0.clear());
    book.refuse_natively(Rule::BatchLength, LENGTH, "a batch without deployments", none);
    let many = deploy(world, &[5, 5, 5, 5]);
    book.refuse_natively(Rule::BatchLength, LENGTH, "a batch of too many deployments", many);
}

fn child<S: Statement<Header = GlobalHeader>>(world: &World, statement: &S) -> GlobalChild {
    let chain = &world.chain;
    let header = statement.apply(&chain.rules).expect("a global change that holds");
    global_child(&chain.rules, &chain.circuits, header, S::CIRCUIT).expect("a global circuit")
}

/// A field of the state of the global trees, changed.
type StateField = (&'static str, fn(&mut GlobalState));

/// Every field of the state of the global trees.
pub(super) const STATE: [StateField; 7] = [
    ("contract tree", |s| s.contracts = other(s.contracts)),
    ("registration tree", |s| s.registrations = other(s.registrations)),
    ("deposit tree", |s| s.deposits = other(s.deposits)),
    ("deposit chain", |s| s.deposit_chain = other(s.deposit_chain)),
    ("number of contracts", |s| s.deployed = more(s.deployed, 1)),
    ("number of registrations", |s| s.registered = more(s.registered, 1)),
    ("number of deposits", |s| s.deposited = more(s.deposited, 1)),
];

fn folds(book: &mut Book, world: &World, unchanged: &Unchanged) {
    let registered = child(world, &register(world, 2));
    let mut later = deploy(world, &[5]);
    later.entry.old = registered.header.new.clone();
    let base = Fold { left: registered.clone(), right: child(world, &later) };
    book.holds("registrations, then deployments", base.clone());
    let still = Unchanged { entry: GlobalEntry { old: base.right.header.new.clone(), ..unchanged.entry.clone() } };
    let both = child(world, &base);
    book.holds("a fold, then nothing", Fold { left: both, right: child(world, &still) });
    let nothing = child(world, unchanged);
    book.holds("nothing, then registrations", Fold { left: nothing.clone(), right: registered.clone() });

    let rule = Rule::GlobalWhitelist;
    let guta = world.chain.circuits.fingerprint(CircuitId::GutaToCap);
    for (side, pick) in sides() {
        let mut wrong = |name: &str, change: &dyn Fn(&mut GlobalChild)| {
            let statement = broken(&base, |s| change(pick(s)));
            book.refuse(rule, format!("{name} ({side})"), statement);
        };
        wrong("an aggregation of users as a global change", &|c| c.circuit.fingerprint = guta);
        wrong("a global change by a circuit that nobody listed", &|c| {
            c.circuit.fingerprint = Fingerprint(other(c.circuit.fingerprint.0));
        });
        wrong("a global circuit at an empty place of the whitelist", &|c| {
            c.circuit.index = WhitelistIndex::constant(9);
        });
        wrong("a global circuit with another sibling in the whitelist", &|c| {
            c.circuit.path.0[2] = other(c.circuit.path.0[2]);
        });
        let own_list = broken(&base, |s| {
            let c = pick(s);
            c.circuit.path.0[3] = other(c.circuit.path.0[3]);
            c.header.whitelist = whitelist_of(&c.circuit);
        });
        book.refuse(Rule::WhitelistEqual, format!("two global changes of different whitelists ({side})"), own_list);
        let mut wrong = |rule, name: &str, change: &dyn Fn(&mut GlobalHeader)| {
            let statement = broken(&base, |s| change(&mut pick(s).header));
            book.refuse(rule, format!("{name} ({side})"), statement);
        };
        wrong(Rule::ParametersEqual, "two global changes of networks with other parameters", &|h| {
            h.parameters = other(h.parameters);
        });
        wrong(Rule::AnchorEqual, "two global changes on different checkpoint trees", &|h| {
            h.anchor.root = other(h.anchor.root);
        });
        wrong(Rule::AnchorEqual, "two global changes on different heights", &|h| {
            h.anchor.height = CheckpointId::constant(HEIGHT + 1);
        });
    }
    let short = broken(&base, |s| s.left.circuit.path.0.truncate(3));
    book.refuse_natively(rule, LENGTH, "a whitelist path of a global change that is too short", short);

    let rule = Rule::FoldSequential;
    for (what, change) in STATE {
        let ended = broken(&base, |s| change(&mut s.left.header.new));
        book.refuse(rule, format!("a left change that ends in another {what}"), ended);
        let started = broken(&base, |s| change(&mut s.right.header.old));
        book.refuse(rule, format!("a right change that starts from another {what}"), started);
    }
    let parallel = Fold { left: registered, right: child(world, &deploy(world, &[5])) };
    book.refuse(rule, "two changes from the same start", parallel);
    let swapped = Fold { left: base.right.clone(), right: base.left.clone() };
    book.refuse(rule, "two changes in the wrong order", swapped);
}

/// Which child of a fold.
type Side = (&'static str, fn(&mut Fold) -> &mut GlobalChild);

fn sides() -> [Side; 2] {
    [("left", |s| &mut s.left), ("right", |s| &mut s.right)]
}
