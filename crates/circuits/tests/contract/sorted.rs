//! Maps by hash: no false place has a witness, neither natively nor in the circuit.

use std::collections::BTreeMap;

use super::*;
use parth_contract::dapen::{self, Options};
use parth_contract::opening::{GroupOpening, Opening};
use parth_contract::sorted::{KEY, NEXT, SortedList, order};
use parth_crypto::merkle::SparseTree;
use parth_crypto::{Domain, hash};

const BOOK: ContractId = ContractId::constant(1);
/// Where `entries` lies: after the four words of the first group.
const LIST: SortedList = SortedList { first: 1, bits: 3, log: 2 };

const SOURCE: &str = "
@contract({ id: 1 })
export class Book extends Contract {
  sets: u64 = 0;
  entries = map<hash, u64>(7);

  @call set(key: hash, value: u64): void {
    this.entries.set(key, value);
  }

  @call add(key: hash, by: u64): u64 {
    this.entries.add(key, by);
    return this.entries.get(key);
  }

  @call maybe(on: bool, key: hash, value: u64): u64 {
    if (on) {
      require(!this.entries.has(key), \"taken\");
      this.entries.set(key, value);
      this.sets += 1;
    }
    return this.sets;
  }

  @view get(key: hash): u64 { return this.entries.get(key); }
  @view has(key: hash): bool { return this.entries.has(key); }
  @view of(user: UserId, key: hash): bool { return Book.of(user).entries.has(key); }
}
";

static BOOK_CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let files = BTreeMap::from([("book.dapen.ts".to_owned(), SOURCE.to_owned())]);
    let found = dapen::compile(&files, "book.dapen.ts", &Options::default());
    found.compiled.unwrap_or_else(|| panic!("{:?}", found.diagnostics)).contract
});

static FUNCTIONS: LazyLock<Vec<Compiled>> =
    LazyLock::new(|| BOOK_CONTRACT.functions().iter().map(Compiled::new).collect());

fn function(name: &str) -> &'static Compiled {
    FUNCTIONS.iter().find(|compiled| compiled.function.name() == name).unwrap()
}

fn key(first: u64) -> Digest {
    Digest::from([first, 9, 9, first])
}

fn with_key(before: &[u64], key: Digest, after: &[u64]) -> Vec<Felt> {
    [felts(before), key.0.to_vec(), felts(after)].concat()
}

/// A chain on which user 1 has set keys 10, 20 and 30 to 1, 2 and 3, and its state.
fn book() -> (Sandbox, SparseTree) {
    let mut chain = chain_of(Profile::SMALL, vec![system::contract(), BOOK_CONTRACT.clone()]);
    let mut session = chain.open(user(1)).unwrap();
    for (at, value) in [(20, 2), (10, 1), (30, 3)] {
        let execution = chain.call(&mut session, BOOK, "set", &with_key(&[], key(at), &[value])).unwrap();
        assert!(function("set").agree(&execution.witness));
    }
    let state = session.state(BOOK).unwrap().clone();
    chain.close(session).unwrap();
    chain.advance(Time::constant(1)).unwrap();
    (chain, state)
}

fn execution(chain: &Sandbox, by: u32, name: &str, inputs: &[Felt]) -> Execution {
    let mut session = chain.open(user(by)).unwrap();
    let execution = chain.call(&mut session, BOOK, name, inputs).unwrap();
    assert!(function(name).agree(&execution.witness));
    execution
}

fn place(state: &SparseTree, of: Digest) -> u32 {
    (1..8).find(|&position| state.leaf(LIST.slot(position, KEY)) == of).unwrap()
}

fn free(state: &SparseTree) -> Vec<u32> {
    (1..8).filter(|&position| state.leaf(LIST.slot(position, KEY)).is_zero()).collect()
}

fn group(state: &SparseTree, position: u32) -> Opening {
    let first = LIST.slot(position, 0);
    let words = (first..first + 4).map(|index| state.leaf(index)).collect();
    Opening::Group(GroupOpening { words, siblings: state.path(first).siblings.split_off(2) })
}

/// The openings of a read, with any position.
fn read_at(state: &SparseTree, position: u32) -> Vec<Opening> {
    vec![Opening::Position(position), group(state, position)]
}

/// The openings of `set`, with any positions: the true words and siblings of those.
fn set_at(state: &SparseTree, key: Digest, found: u32, free: u32) -> Vec<Opening> {
    let mut openings = read_at(state, found);
    let mut state = state.clone();
    let mut position = found;
    if state.leaf(LIST.slot(found, KEY)) != key {
        state.set(LIST.slot(found, NEXT), key);
        position = free;
    }
    openings.extend([Opening::Position(free), group(&state, position)]);
    openings
}

fn with_openings(witness: &CallWitness, openings: Vec<Opening>) -> CallWitness {
    CallWitness { openings, ..witness.clone() }
}

fn refused_as(compiled: &Compiled, witness: &CallWitness, expected: &str) {
    let message = compiled.apply(witness).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
    compiled.refusal(witness);
}

#[test]
fn only_the_node_of_a_key_shows_that_it_is_there() {
    let (chain, state) = book();
    for (name, inputs) in [("has", with_key(&[], key(20), &[])), ("get", with_key(&[], key(20), &[]))] {
        let honest = execution(&chain, 1, name, &inputs).witness;
        let right = place(&state, key(20));
        assert_eq!(honest.openings, read_at(&state, right));
        for wrong in (0..8).filter(|&position| position != right) {
            refused_as(function(name), &with_openings(&honest, read_at(&state, wrong)), "wrong place");
        }
        refused_as(function(name), &with_openings(&honest, read_at(&state, 8)), "outside a tree of height 3");
    }
}

#[test]
fn only_the_node_before_a_key_shows_that_it_is_not_there() {
    let (chain, state) = book();
    for (of, before) in [(5, None), (15, Some(10)), (25, Some(20)), (35, Some(30))] {
        let honest = execution(&chain, 1, "has", &with_key(&[], key(of), &[]));
        assert_eq!(honest.outputs, felts(&[0]));
        let right = before.map_or(0, |before| place(&state, key(before)));
        assert_eq!(honest.witness.openings, read_at(&state, right));
        // Nodes too far down or up, and every place that was never written.
        for wrong in (0..8).filter(|&position| position != right) {
            refused_as(function("has"), &with_openings(&honest.witness, read_at(&state, wrong)), "wrong place");
        }
    }
}

#[test]
fn another_users_map_is_searched_as_strictly() {
    let (chain, state) = book();
    for (of, right) in [(20, place(&state, key(20))), (25, place(&state, key(20)))] {
        let honest = execution(&chain, 2, "of", &with_key(&[1], key(of), &[]));
        assert_eq!(honest.outputs, felts(&[u64::from(of == 20)]));
        let at = honest.witness.openings.iter().position(|opening| matches!(opening, Opening::Position(_))).unwrap();
        for wrong in (0..9).filter(|&position| position != right) {
            let mut witness = honest.witness.clone();
            witness.openings.splice(at..at + 2, read_at(&state, wrong));
            function("of").refusal(&witness);
        }
    }
    // Of somebody who has no such state, every key is absent, and only at the head.
    let honest = execution(&chain, 2, "of", &with_key(&[4], key(20), &[])).witness;
    let mut witness = honest.clone();
    for opening in &mut witness.openings {
        if let Opening::Position(position) = opening {
            *position = 3;
        }
    }
    refused_as(function("of"), &witness, "wrong place");
}

#[test]
fn a_key_is_inserted_between_its_neighbours_and_nowhere_else() {
    let (chain, state) = book();
    let set = function("set");
    let honest = execution(&chain, 1, "set", &with_key(&[], key(25), &[9])).witness;
    let (right, places) = (place(&state, key(20)), free(&state));
    assert_eq!(places.len(), 4);
    for &free in &places {
        // Any free place will do.
        assert!(set.agree(&with_openings(&honest, set_at(&state, key(25), right, free))));
        for wrong in (0..8).filter(|&position| position != right) {
            refused_as(set, &with_openings(&honest, set_at(&state, key(25), wrong, free)), "wrong place");
        }
    }
    for taken in (0..8).filter(|position| !places.contains(position)) {
        refused_as(set, &with_openings(&honest, set_at(&state, key(25), right, taken)), "full");
    }
    let outside = with_openings(&honest, set_at(&state, key(25), right, 8));
    refused_as(set, &outside, "outside a tree of height 3");
}

#[test]
fn a_key_that_is_there_is_not_inserted_again() {
    let (chain, state) = book();
    let set = function("set");
    let honest = execution(&chain, 1, "set", &with_key(&[], key(20), &[9])).witness;
    let right = place(&state, key(20));
    assert!(set.agree(&with_openings(&honest, set_at(&state, key(20), right, free(&state)[0]))));
    for wrong in (0..8).filter(|&position| position != right) {
        let openings = set_at(&state, key(20), wrong, free(&state)[0]);
        refused_as(set, &with_openings(&honest, openings), "wrong place");
    }
}

#[test]
fn no_key_is_zero() {
    let (chain, state) = book();
    let honest = execution(&chain, 1, "set", &with_key(&[], key(20), &[9])).witness;
    let inputs = with_key(&[], Digest::ZERO, &[9]);
    let mut witness = honest.clone();
    witness.call.inputs = hash(Domain::Inputs, &inputs);
    witness.inputs = inputs;
    for found in 0..8 {
        for free in 0..8 {
            let openings = set_at(&state, Digest::ZERO, found, free);
            refused_as(function("set"), &with_openings(&witness, openings), "NONE is no key");
        }
    }
    assert_eq!(execution(&chain, 1, "get", &with_key(&[], Digest::ZERO, &[])).outputs, felts(&[0]));
    assert_eq!(execution(&chain, 1, "has", &with_key(&[], Digest::ZERO, &[])).outputs, felts(&[0]));
}

#[test]
fn another_word_sibling_or_number_of_them_has_no_witness() {
    let (chain, _) = book();
    let honest = execution(&chain, 1, "set", &with_key(&[], key(25), &[9])).witness;
    for at in [1, 3] {
        let change = |change: &dyn Fn(&mut GroupOpening)| {
            let mut witness = honest.clone();
            match &mut witness.openings[at] {
                Opening::Group(group) => change(group),
                other => panic!("{other:?}"),
            }
            function("set").refusal(&witness);
        };
        for word in 0..4 {
            change(&|group| group.words[word] = nowhere());
        }
        change(&|group| group.siblings[0] = nowhere());
        change(&|group| group.siblings.truncate(1));
        change(&|group| group.words.truncate(3));
        change(&|group| group.words.truncate(2));
        change(&|group| group.words.push(Digest::ZERO));
    }
    let mut witness = honest.clone();
    witness.openings[0] = Opening::Own(parth_contract::opening::SlotOpening { word: Digest::ZERO, siblings: vec![] });
    function("set").refusal(&witness);
}

#[test]
fn an_arm_that_is_not_taken_neither_writes_nor_fails() {
    let (chain, state) = book();
    let maybe = function("maybe");
    for of in [Digest::ZERO, key(20), key(25)] {
        let idle = execution(&chain, 1, "maybe", &with_key(&[0], of, &[5]));
        assert!(idle.writes.is_empty() && idle.context.new_state == state.root());
    }
    let idle = execution(&chain, 1, "maybe", &with_key(&[0], key(25), &[5])).witness;
    // The same openings with the arm taken.
    let inputs = with_key(&[1], key(25), &[5]);
    let mut witness = idle.clone();
    witness.call.inputs = hash(Domain::Inputs, &inputs);
    witness.inputs = inputs;
    maybe.refusal(&witness);
    let taken = execution(&chain, 1, "maybe", &with_key(&[1], key(25), &[5]));
    assert_eq!(taken.outputs, felts(&[1]));
    let mut session = chain.open(user(1)).unwrap();
    let refused = chain.call(&mut session, BOOK, "maybe", &with_key(&[1], key(20), &[5]));
    assert!(refused.unwrap_err().to_string().contains("taken"));
}

#[test]
fn an_insertion_with_one_byte_changed_is_judged_alike() {
    let (chain, _) = book();
    let honest = execution(&chain, 1, "set", &with_key(&[], key(25), &[9])).witness;
    let set = function("set");
    let checker = set.rules.checker();
    let bytes = borsh::to_vec(&honest).unwrap();
    let (mut read, mut accepted) = (0, 0);
    for position in 0..bytes.len() {
        let mut mutated = bytes.clone();
        mutated[position] ^= 1 + (position % 3) as u8;
        let Ok(mut witness) = borsh::from_slice::<CallWitness>(&mutated) else { continue };
        // What the circuit computes itself cannot be given to it wrongly.
        witness.call.method = honest.call.method;
        witness.call.inputs_length = honest.call.inputs_length;
        witness.call.inputs = hash(Domain::Inputs, &witness.inputs);
        read += 1;
        accepted += usize::from(set.agree_by(&checker, &witness));
    }
    // Other starts of the same call, and other values.
    assert!(read > 400 && accepted * 2 < read, "{accepted} of {read} accepted");
}

#[test]
fn no_cell_of_an_insertion_is_free() {
    let (chain, _) = book();
    for (name, inputs) in [("set", with_key(&[], key(25), &[9])), ("has", with_key(&[], key(25), &[]))] {
        let honest = execution(&chain, 1, name, &inputs).witness;
        let rules = &function(name).rules;
        let checker = rules.checker();
        let found = rules.trace(&checker, &honest).unwrap().sweep(1);
        // The inverse of zero, where two things are found to be the same: it may be anything.
        let found: Vec<_> = found.iter().filter(|survivor| !survivor.is_free_inverse).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn circuits_agree_on_random_insertions(
        moves in prop::collection::vec((0usize..4, any::<bool>(), 0u64..5, 0u64..3, 1u64..9), 1..12)
    ) {
        let chain = chain_of(Profile::SMALL, vec![system::contract(), BOOK_CONTRACT.clone()]);
        let mut session = chain.open(user(1)).unwrap();
        let mut model: BTreeMap<[u64; 4], u64> = BTreeMap::new();
        for (what, big, high, low, value) in moves {
            let top = if big { Felt::ORDER - 5 } else { 0 };
            let of = Digest::from([top + high, 0, low, top + low]);
            let lanes = of.0.map(|felt| felt.as_u64());
            let full = model.len() == 7 && !model.contains_key(&lanes);
            let (name, inputs) = match what {
                0 => ("set", with_key(&[], of, &[value])),
                1 => ("add", with_key(&[], of, &[value])),
                2 => ("get", with_key(&[], of, &[])),
                _ => ("has", with_key(&[], of, &[])),
            };
            let made = chain.call(&mut session, BOOK, name, &inputs);
            if what < 2 && (of.is_zero() || full) {
                prop_assert!(made.is_err());
                continue;
            }
            let made = made.unwrap();
            prop_assert!(function(name).agree(&made.witness));
            let old = model.get(&lanes).copied();
            let expected = match what {
                0 => { model.insert(lanes, value); vec![] }
                1 => { model.insert(lanes, old.unwrap_or(0) + value); vec![old.unwrap_or(0) + value] }
                2 => vec![old.unwrap_or(0)],
                _ => vec![u64::from(old.is_some())],
            };
            prop_assert_eq!(made.outputs, felts(&expected));
        }
        // The list is the model, in order.
        let Some(state) = session.state(BOOK) else { return Ok(()) };
        let mut at = state.leaf(LIST.slot(0, NEXT));
        for lanes in model.keys() {
            prop_assert_eq!(at.0.map(|felt| felt.as_u64()), *lanes);
            let next = state.leaf(LIST.slot(place(state, at), NEXT));
            prop_assert!(next.is_zero() || order(at, next).is_lt());
            at = next;
        }
        prop_assert!(at.is_zero());
    }
}
