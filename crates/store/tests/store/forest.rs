//! The forest equals plain trees, at every checkpoint, whatever was left behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use parth_crypto::merkle::{SparseTree, empty_root};
use parth_crypto::{Digest, Domain};
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
        let (ucon, states) = (Tree::whole(TreeId::UserContracts(USER), 32), state(1, 9));
        let mut draft = forest.at_head().unwrap().draft();
        let root = draft.set_leaf(states, 2, digest(1)).unwrap();
        draft.set_leaf(ucon, 1, root).unwrap();
        // Three blocks of the state, eight of UCON.
        assert_eq!(draft.changed(), 3 + 8);
        commit(&forest, &draft.seal(), epoch);
        let sound = check(&forest).unwrap();
        assert!(sound.is_sound());
        assert_eq!((sound.checkpoint, sound.trees, sound.leaves, sound.rows), (Some(at(0)), 2, 2, 3 + 8));
        // A leaf of a part whose floor is above 0 is a node that the draft does not derive: one without anything below,
        // and one with something else below.
        let mut draft = forest.at_head().unwrap().draft();
        let planted = BTreeMap::from([(0, digest(7)), (1, digest(8))]);
        let root = draft.set_leaves(states.above(4), &planted).unwrap();
        draft.set_leaf(ucon, 1, root).unwrap();
        commit(&forest, &draft.seal(), epoch);
        let found = check(&forest).unwrap().differences;
        let places: Vec<_> = found.iter().map(|found| (found.tree, found.level, found.index)).collect();
        assert_eq!(places, [(states.id(), 4, 0), (states.id(), 4, 1)]);
        assert_eq!((found[0].actual, found[1].actual), (digest(7), digest(8)));
        assert_eq!(found[0].expected, forest.at(at(0)).unwrap().node(states, 4, 0).unwrap());
        assert_eq!(found[1].expected, empty_root(Domain::StateNode, 4));
        // A state whose root is not in UCON.
        let mut draft = forest.at(at(0)).unwrap().draft();
        let root = draft.set_leaf(states, 2, digest(2)).unwrap();
        commit(&forest, &draft.seal(), epoch);
        let found = check(&forest).unwrap().differences;
        assert_eq!((found.len(), found[0].tree, found[0].expected), (1, ucon.id(), root));
    });
}

#[test]
fn a_batch_of_leaves_makes_the_tree_that_its_leaves_make_one_by_one() {
    // Several blocks high, with a part that neither begins nor ends where blocks do.
    let whole = Tree::whole(TreeId::Users, 17);
    let parts = [whole, whole.above(6), whole.below(11, 5), whole.below(16, 1).above(3)];
    let leaves = prop::collection::btree_map((0u64..1 << 17, any::<bool>()), 0u64..3, 0..400);
    let cases = (0usize..4, prop::collection::vec(leaves, 1..4), any::<bool>());
    TestRunner::new(Config::with_cases(24))
        .run(&cases, |(part, batches, reopen)| {
            let part = parts[part];
            let (floor, width) = (part.floor(), part.top() - part.floor());
            for_every_backend(|kv| {
                let mut batched = forest(&kv);
                let epoch = batched.store().take_epoch().unwrap();
                let single = Forest::new(Store::new(Arc::clone(&kv), Space::Realm(1)));
                let other = single.store().take_epoch().unwrap();
                for batch in &batches {
                    // Some of them close together, so that blocks have several.
                    let index = |at: u64, near: bool| {
                        (part.place() << width) | (if near { at & 63 } else { at } & ((1 << width) - 1))
                    };
                    let value = |value: u64| if value == 0 { part.empty(floor) } else { digest(value) };
                    let batch: BTreeMap<u64, Digest> =
                        batch.iter().map(|(&(at, near), &leaf)| (index(at, near), value(leaf))).collect();
                    let mut draft = batched.at_head().unwrap().draft();
                    let root = draft.set_leaves(part, &batch).unwrap();
                    let mut one_by_one = single.at_head().unwrap().draft();
                    for (&index, &leaf) in &batch {
                        one_by_one.set_leaf(part, index, leaf).unwrap();
                    }
                    assert_eq!(one_by_one.root(part).unwrap(), root);
                    let (draft, one_by_one) = (draft.seal(), one_by_one.seal());
                    let changed: Vec<_> = batch.iter().map(|(&index, &leaf)| (index, leaf)).collect();
                    assert_eq!(draft.changed_leaves(part), changed);
                    assert_eq!(one_by_one.changed_leaves(part), changed);
                    commit(&batched, &draft, epoch);
                    commit(&single, &one_by_one, other);
                    if reopen {
                        batched = forest(&kv); // without what the old one had in memory
                    }
                    let (left, right) = (batched.at_head().unwrap(), single.at_head().unwrap());
                    assert_eq!(left.root(part).unwrap(), root);
                    for &index in batch.keys().take(20) {
                        assert_eq!(left.path(part, index).unwrap(), right.path(part, index).unwrap());
                        let path = left.path(part, index).unwrap();
                        assert_eq!(
                            parth_crypto::merkle::climb(part.domain(), index, batch[&index], &path.siblings),
                            root
                        );
                    }
                    assert_eq!(
                        left.written_leaves(part, 0, usize::MAX).unwrap(),
                        right.written_leaves(part, 0, usize::MAX).unwrap()
                    );
                    assert!(check(&batched).unwrap().is_sound());
                }
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn memory_of_the_head_is_never_taken_for_another_commit() {
    for_every_backend(|kv| {
        let (one, two) = (forest(&kv), forest(&kv));
        let epoch = one.store().take_epoch().unwrap();
        let set = |forest: &Forest, value| {
            let mut draft = forest.at_head().unwrap().draft();
            draft.set_leaf(USERS, 1, digest(value)).unwrap();
            draft.seal()
        };
        let leaf = |forest: &Forest| forest.at_head().unwrap().leaf(USERS, 1).unwrap();
        commit(&one, &set(&one, 1), epoch);
        assert_eq!((leaf(&one), leaf(&two)), (digest(1), digest(1)));
        // A draft that is written and not committed, or whose commit is refused, leaves nothing in memory.
        let refused = set(&one, 2);
        let mut batch = one.store().batch("test/refused");
        refused.write_into(&mut batch, at(1), epoch);
        let to = Head { checkpoint: at(1), digest: digest(1) };
        one.store().commit(batch, epoch, None, to).unwrap_err();
        assert_eq!(leaf(&one), digest(1));
        // Somebody else commits, with a memory of their own.
        let old = one.at_head().unwrap();
        commit(&two, &set(&two, 3), epoch);
        assert_eq!((leaf(&one), leaf(&two)), (digest(3), digest(3)));
        assert_eq!(old.leaf(USERS, 1).unwrap(), digest(1));
        // A sealed draft and the one on top of it, committed one behind the other.
        let first = set(&one, 4);
        let mut second = first.draft();
        second.set_leaf(USERS, 2, digest(5)).unwrap();
        let second = second.seal();
        commit(&one, &first, epoch);
        commit(&one, &second, epoch);
        assert_eq!((leaf(&one), leaf(&two)), (digest(4), digest(4)));
        assert_eq!(one.at_head().unwrap().leaf(USERS, 2).unwrap(), digest(5));
        assert_eq!(one.at(at(0)).unwrap().leaf(USERS, 1).unwrap(), digest(1));
    });
}
