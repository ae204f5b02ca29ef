//! The forest equals plain trees, at every checkpoint, whatever was left behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::merkle::{SparseTree, empty_root};
use parth_crypto::{Digest, Domain, node};
use parth_protocol::ids::{CheckpointId, ContractId, UserId};
use parth_store::forest::check;
use parth_store::{
    Condition, Epoch, Forest, ForestDraft, ForestError, Head, KvStore, Sealed, Space, Store, Tree, TreeId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::conformance::for_every_backend;
use crate::digest;

const USERS: Tree = Tree::whole(TreeId::Users, 6);
const USER: UserId = UserId::constant(3);
const STATE: Tree = state(1, 3);
const TREES: [Tree; 3] = [USERS, STATE, state(2, 5)];

const fn state(contract: u32, height: u8) -> Tree {
    Tree::whole(TreeId::State { user: USER, contract: ContractId::constant(contract) }, height)
}

const fn at(checkpoint: u32) -> CheckpointId {
    CheckpointId::constant(checkpoint)
}

fn forest(kv: &Arc<dyn KvStore>) -> Forest {
    Forest::new(Store::new(Arc::clone(kv), Space::Realm(0)))
}

fn model(tree: Tree) -> SparseTree {
    SparseTree::new(tree.domain(), usize::from(tree.top()))
}

/// Commits a sealed draft as the next checkpoint.
fn commit(forest: &Forest, sealed: &Sealed, epoch: Epoch) -> CheckpointId {
    let from = forest.store().position().unwrap().head;
    let checkpoint = from.map_or(at(0), |from| from.checkpoint.next().unwrap());
    let mut batch = forest.store().batch("test/commit");
    sealed.write_into(&mut batch, checkpoint, epoch);
    let to = Head { checkpoint, digest: digest(u64::from(checkpoint.get())) };
    forest.store().commit(batch, epoch, from, to).unwrap();
    checkpoint
}

/// Leaves by tree: what one draft sets.
type Writes = BTreeMap<(usize, u64), u64>;

fn writes() -> impl Strategy<Value = Writes> {
    // Value 0 is the empty leaf: trees shrink too.
    prop::collection::btree_map((0usize..3, 0u64..64), 0u64..4, 0..24)
}

fn leaf(value: u64) -> Digest {
    if value == 0 { Digest::ZERO } else { digest(value) }
}

fn apply(draft: &mut ForestDraft, models: &mut [SparseTree], writes: &Writes) {
    for (at, tree) in TREES.into_iter().enumerate() {
        let inside = writes.iter().filter(|((which, index), _)| *which == at && tree.has(0, *index));
        let leaves: BTreeMap<u64, Digest> = inside.map(|((_, index), value)| (*index, leaf(*value))).collect();
        for (index, leaf) in &leaves {
            models[at].set(*index, *leaf);
        }
        assert_eq!(draft.set_leaves(tree, &leaves).unwrap(), models[at].root());
    }
}

#[test]
fn the_forest_equals_plain_trees_at_every_checkpoint_and_in_every_draft() {
    let cases = prop::collection::vec((writes(), writes(), any::<bool>(), 0u64..64), 1..6);
    TestRunner::new(Config::with_cases(32))
        .run(&cases, |checkpoints| {
            for_every_backend(|kv| {
                let forest = forest(&kv);
                let mut models: Vec<_> = TREES.into_iter().map(model).collect();
                let mut epoch = forest.store().take_epoch().unwrap();
                let mut history = Vec::new();
                for (writes, discarded, new_leader, _) in &checkpoints {
                    // A draft that is dropped changes nothing.
                    apply(&mut forest.at_head().unwrap().draft(), &mut models.clone(), discarded);
                    let mut draft = forest.at_head().unwrap().draft();
                    apply(&mut draft, &mut models, writes);
                    let sealed = draft.seal();
                    // The next draft may be made before this one is committed; it sees the same.
                    apply(&mut sealed.draft(), &mut models.clone(), discarded);
                    if *new_leader {
                        epoch = forest.store().take_epoch().unwrap();
                    }
                    commit(&forest, &sealed, epoch);
                    history.push(models.clone());
                    assert!(check(&forest).unwrap().differences.iter().all(|found| {
                        // The states' roots are not kept in UCON in this test; nothing else may differ.
                        matches!(found.tree, TreeId::UserContracts(USER))
                    }));
                }
                for (checkpoint, models) in (0..).zip(&history) {
                    let view = forest.at(at(checkpoint)).unwrap();
                    for (tree, model) in TREES.into_iter().zip(models) {
                        assert_eq!(view.root(tree).unwrap(), model.root());
                        let all: Vec<_> = model.leaves().collect();
                        assert_eq!(view.written_leaves(tree, 0, usize::MAX).unwrap(), all);
                        for (_, _, _, index) in &checkpoints {
                            let at = index >> (6 - tree.top());
                            assert_eq!(view.path(tree, at).unwrap(), model.path(at));
                            assert_eq!(view.draft().path(tree, at).unwrap(), model.path(at));
                            let line = model.line(1, at >> 1, 2);
                            assert_eq!(view.line(tree, 1, at >> 1, 2).unwrap(), line);
                            assert_eq!(view.leaves(tree, &[at, 0]).unwrap(), [model.leaf(at), model.leaf(0)]);
                        }
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_an_ex_leader_left_behind_is_never_read() {
    for_every_backend(|kv| {
        let forest = forest(&kv);
        let old = forest.store().take_epoch().unwrap();
        let set = |index, value| {
            let mut draft = forest.at_head().unwrap().draft();
            draft.set_leaf(USERS, index, digest(value)).unwrap();
            draft.seal()
        };
        commit(&forest, &set(1, 1), old);
        // The old leader writes nodes of checkpoints 1, 2 and 3 and never gets to the head.
        let leftovers = |index| {
            for checkpoint in 1..4 {
                let mut batch = forest.store().batch("test/leftover");
                set(index, 66).write_into(&mut batch, at(checkpoint), old);
                forest.store().write(batch, Condition::Any).unwrap();
            }
        };
        leftovers(1);
        leftovers(5);
        assert_eq!(forest.at_head().unwrap().leaf(USERS, 1).unwrap(), digest(1));
        let new = forest.store().take_epoch().unwrap();
        let mut expected = model(USERS);
        expected.set(1, digest(1));
        // The new leader skips checkpoints 1 and 2.
        let sealed = set(9, 9);
        let from = forest.store().position().unwrap().head;
        let mut batch = forest.store().batch("test/commit");
        sealed.write_into(&mut batch, at(3), new);
        forest.store().commit(batch, new, from, Head { checkpoint: at(3), digest: digest(3) }).unwrap();
        for checkpoint in 0..3 {
            assert_eq!(forest.at(at(checkpoint)).unwrap().root(USERS).unwrap(), expected.root(), "{checkpoint}");
        }
        expected.set(9, digest(9));
        let view = forest.at(at(3)).unwrap();
        assert_eq!(view.root(USERS).unwrap(), expected.root());
        assert_eq!(view.written_leaves(USERS, 0, 9).unwrap(), expected.leaves().collect::<Vec<_>>());
        assert!(check(&forest).unwrap().is_sound());
    });
}

#[test]
fn a_checkpoint_that_is_not_committed_and_a_node_that_does_not_exist_are_refused() {
    for_every_backend(|kv| {
        let forest = forest(&kv);
        assert!(matches!(forest.at(at(0)), Err(ForestError::Unknown { head: None, actual: CheckpointId::ZERO })));
        let empty = forest.at_head().unwrap();
        assert_eq!(empty.root(USERS).unwrap(), empty_root(Domain::UserNode, 6));
        let epoch = forest.store().take_epoch().unwrap();
        commit(&forest, &empty.draft().seal(), epoch);
        assert!(matches!(forest.at(at(1)), Err(ForestError::Unknown { .. })));
        let view = forest.at(at(0)).unwrap();
        let outside = |result| assert!(matches!(result, Err(ForestError::Outside { .. })));
        outside(view.leaf(USERS, 64));
        outside(view.node(USERS, 7, 0));
        outside(view.line(USERS, 0, 1, 7).map(|_| Digest::ZERO));
        outside(view.draft().set_leaf(USERS, 64, digest(1)));
        outside(view.leaf(USERS.below(3, 2), 8));
        assert_eq!(view.leaf(USERS.below(3, 2), 16).unwrap(), Digest::ZERO);
    });
}

#[test]
fn a_realms_part_and_the_coordinators_part_join_to_the_whole_tree() {
    for_every_backend(|kv| {
        let whole = Tree::whole(TreeId::Users, 6);
        let coordinator = Forest::new(Store::new(Arc::clone(&kv), Space::Coordinator));
        let realms = [1u64, 3].map(|number| {
            let realm = Forest::new(Store::new(Arc::clone(&kv), Space::Realm(number as u32)));
            (number, whole.below(4, number), realm)
        });
        let (mut expected, mut top) = (model(whole), coordinator.at_head().unwrap().draft());
        for (number, part, realm) in &realms {
            let mut draft = realm.at_head().unwrap().draft();
            for index in [number << 4, (number << 4) + 9] {
                expected.set(index, digest(index));
                draft.set_leaf(*part, index, digest(index)).unwrap();
            }
            let root = draft.root(*part).unwrap();
            assert_eq!(root, expected.node(4, *number));
            top.set_leaf(whole.above(4), *number, root).unwrap();
            let epoch = realm.store().take_epoch().unwrap();
            commit(realm, &draft.seal(), epoch);
            assert!(check(realm).unwrap().is_sound());
        }
        assert_eq!(top.root(whole.above(4)).unwrap(), expected.root());
        let epoch = coordinator.store().take_epoch().unwrap();
        commit(&coordinator, &top.seal(), epoch);
        assert!(check(&coordinator).unwrap().is_sound());
        let (number, part, realm) = &realms[0];
        let mut line = realm.at_head().unwrap().path(*part, (number << 4) + 9).unwrap();
        let above = coordinator.at_head().unwrap().line(whole.above(4), 4, *number, 6).unwrap();
        line.siblings.extend(above);
        assert_eq!(line, expected.path((number << 4) + 9));
        let leaves = realm.at_head().unwrap().written_leaves(*part, 0, 9).unwrap();
        assert_eq!(leaves.len(), 2);
    });
}

#[test]
fn the_check_names_every_node_that_its_leaves_do_not_give() {
    for_every_backend(|kv| {
        let forest = forest(&kv);
        let epoch = forest.store().take_epoch().unwrap();
        let ucon = Tree::whole(TreeId::UserContracts(USER), 32);
        let mut draft = forest.at_head().unwrap().draft();
        let root = draft.set_leaf(STATE, 2, digest(1)).unwrap();
        draft.set_leaf(ucon, 1, root).unwrap();
        commit(&forest, &draft.seal(), epoch);
        let sound = check(&forest).unwrap();
        assert!(sound.is_sound());
        assert_eq!((sound.checkpoint, sound.trees, sound.leaves, sound.rows), (Some(at(0)), 2, 2, 4 + 33));
        // A leaf of a part whose floor is above 0 is a node that the draft does not derive.
        let mut draft = forest.at_head().unwrap().draft();
        draft.set_leaf(STATE.below(1, 1).above(1), 1, digest(8)).unwrap();
        commit(&forest, &draft.seal(), epoch);
        let found = check(&forest).unwrap().differences;
        let places: Vec<_> = found.iter().map(|found| (found.tree, found.level, found.index)).collect();
        assert_eq!(places, [(STATE.id(), 1, 1), (STATE.id(), 2, 0)]);
        assert_eq!(found[0].actual, digest(8));
        assert_eq!(found[0].expected, node(Domain::StateNode, digest(1), Digest::ZERO));
        // A state whose root is not in UCON.
        let mut draft = forest.at(at(0)).unwrap().draft();
        let root = draft.set_leaf(STATE, 2, digest(2)).unwrap();
        commit(&forest, &draft.seal(), epoch);
        let found = check(&forest).unwrap().differences;
        assert_eq!((found.len(), found[0].tree, found[0].expected), (1, ucon.id(), root));
    });
}
