//! Maps by hash behave as maps, for their owner and for everybody who reads them frozen; readers may lie.

use std::collections::BTreeMap;

use super::*;
use parth_contract::dapen::{self, Options, render};
use parth_contract::interpret::execute;
use parth_contract::opening::{CheckpointOpening, ContractOpening, Reader, SlotOpening, StateOpening, Unavailable};
use parth_contract::sorted::{KEY, MAX_READS, NEXT, SearchError, SortedList, order};
use parth_protocol::ids::CheckpointId;
use proptest::prelude::*;

const BOOK: ContractId = ContractId::constant(1);

const SOURCE: &str = "
export class Pair { a: u64 = 0; of: hash = NONE; b: u64 = 0; }

@contract({ id: 1 })
export class Book extends Contract {
  pairs = map<hash, Pair>();
  totals = growMap<hash, u32>(100);
  few = map<hash, bool>(3);
  sets: u64 = 0;

  @call pair(key: hash, a: u64): u64 {
    this.pairs.set(key, { a, of: key, b: this.pairs.get(key).a });
    return this.pairs.get(key).b;
  }
  @call total(key: hash, by: u32): u32 {
    this.totals.add(key, by);
    return this.totals.get(key);
  }
  @call mark(key: hash, yes: bool): void { this.few.set(key, yes); }

  /** Writes are seen by what follows; arms that are not taken write nothing. */
  @call swap(a: hash, b: hash, on: bool): u64 {
    const before = this.pairs.get(a);
    const other = this.pairs.get(b);
    if (on) {
      this.pairs.set(a, other);
      this.pairs.set(b, before);
      this.sets += this.pairs.get(b).a;
    } else if (this.pairs.has(a)) {
      this.sets += 1;
    }
    return this.pairs.get(a).a * 100 + this.pairs.get(b).a;
  }

  @view seen(user: UserId, key: hash): u64 {
    const them = Book.of(user);
    return (them.pairs.has(key) ? 1000 : 0) + them.pairs.get(key).a * 10 + u64(them.totals.get(key));
  }
  @view then(user: UserId, at: CheckpointId, key: hash): u64 {
    const them = Book.at(user, at);
    return (them.pairs.has(key) ? 1000 : 0) + them.pairs.get(key).a * 10 + u64(them.totals.get(key));
  }
}
";

fn book() -> Contract {
    let files = BTreeMap::from([("book.dapen.ts".to_owned(), SOURCE.to_owned())]);
    let found = dapen::compile(&files, "book.dapen.ts", &Options::default());
    let shown: String = found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect();
    assert_eq!(shown, "");
    found.compiled.unwrap().contract
}

fn start() -> Sandbox {
    chain_of(vec![system_contract::contract(), book()])
}

/// Keys that differ in one lane, in both, or share their preferred place.
fn key(number: u64) -> Digest {
    let base = [[0, 0, 0, 5], [0, 0, 1, 5], [Felt::ORDER - 1, 0, 0, 5], [1 << 40, 7, 7, 0]][number as usize % 4];
    Digest(Digest::from(base).0.map(|felt| felt + Felt::reduce(number / 4)))
}

fn inputs(before: &[u64], keys: &[Digest], after: &[u64]) -> Vec<Felt> {
    let keys = keys.iter().flat_map(|key| key.0);
    felts(before).into_iter().chain(keys).chain(felts(after)).collect()
}

type Pairs = BTreeMap<[u64; 4], u64>;

fn lanes(of: Digest) -> [u64; 4] {
    of.0.map(|felt| felt.as_u64())
}

/// What `seen` and `then` say.
fn said(pairs: &Pairs, totals: &Pairs, of: Digest) -> u64 {
    let (pair, total) = (pairs.get(&lanes(of)), totals.get(&lanes(of)).copied().unwrap_or(0));
    pair.map_or(0, |pair| 1000 + pair * 10) + total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn maps_by_hash_are_maps(moves in prop::collection::vec((0u8..7, 0u64..12, 0u64..12, 0u64..9), 1..40)) {
        let mut chain = start();
        let mut session = chain.open(user(1)).unwrap();
        let (mut pairs, mut totals, mut few) = (Pairs::new(), Pairs::new(), Pairs::new());
        let mut past = vec![(Pairs::new(), Pairs::new())];
        for (what, first, second, number) in moves {
            let (a, b) = (key(first), key(second));
            let get = |pairs: &Pairs, of: Digest| pairs.get(&lanes(of)).copied();
            match what {
                0 => {
                    let made = chain.call(&mut session, BOOK, "pair", &inputs(&[], &[a], &[number])).unwrap();
                    let old = pairs.insert(lanes(a), number);
                    prop_assert_eq!(made.outputs, felts(&[old.unwrap_or(0)]));
                }
                1 => {
                    let made = chain.call(&mut session, BOOK, "total", &inputs(&[], &[a], &[number])).unwrap();
                    let total = totals.entry(lanes(a)).or_default();
                    *total += number;
                    prop_assert_eq!(made.outputs, felts(&[*total]));
                }
                2 => {
                    let made = chain.call(&mut session, BOOK, "mark", &inputs(&[], &[a], &[number % 2]));
                    if few.len() == 3 && !few.contains_key(&lanes(a)) {
                        prop_assert!(made.unwrap_err().to_string().contains("the map is full"));
                    } else {
                        prop_assert!(made.is_ok());
                        few.insert(lanes(a), number % 2);
                    }
                }
                3 => {
                    let on = number % 2;
                    let made = chain.call(&mut session, BOOK, "swap", &inputs(&[], &[a, b], &[on])).unwrap();
                    if on == 1 {
                        let (old_a, old_b) = (get(&pairs, a).unwrap_or(0), get(&pairs, b).unwrap_or(0));
                        pairs.insert(lanes(a), old_b);
                        pairs.insert(lanes(b), old_a);
                    }
                    let result = get(&pairs, a).unwrap_or(0) * 100 + get(&pairs, b).unwrap_or(0);
                    prop_assert_eq!(made.outputs, felts(&[result]));
                }
                4 => {
                    chain.close(session).unwrap();
                    checkpoint(&mut chain);
                    past.push((pairs.clone(), totals.clone()));
                    session = chain.open(user(1)).unwrap();
                }
                _ => {
                    let mut other = chain.open(user(2)).unwrap();
                    let now = past.len() as u64 - 1;
                    let (pairs, totals) = past.last().unwrap();
                    let made = chain.call(&mut other, BOOK, "seen", &inputs(&[1], &[a], &[])).unwrap();
                    prop_assert_eq!(made.outputs, felts(&[said(pairs, totals, a)]));
                    if now > 0 {
                        let (pairs, totals) = &past[(number % now) as usize];
                        let inputs = inputs(&[1, number % now], &[a], &[]);
                        let made = chain.call(&mut other, BOOK, "then", &inputs).unwrap();
                        prop_assert_eq!(made.outputs, felts(&[said(pairs, totals, a)]));
                    }
                }
            }
        }
    }
}

#[test]
fn none_is_refused_as_a_key_and_is_never_there() {
    let mut chain = start();
    let mut session = chain.open(user(1)).unwrap();
    for (name, last) in [("pair", 1), ("total", 1), ("mark", 1)] {
        let refused = chain.call(&mut session, BOOK, name, &inputs(&[], &[Digest::ZERO], &[last])).unwrap_err();
        assert!(refused.to_string().contains("NONE is no key"), "{refused}");
    }
    chain.call(&mut session, BOOK, "pair", &inputs(&[], &[key(1)], &[7])).unwrap();
    chain.close(session).unwrap();
    checkpoint(&mut chain);
    let mut other = chain.open(user(2)).unwrap();
    let made = chain.call(&mut other, BOOK, "seen", &inputs(&[1], &[Digest::ZERO], &[])).unwrap();
    assert_eq!(made.outputs, felts(&[0]));
}

/// What a reader says of where a key stands.
#[derive(Clone, Copy)]
enum Says {
    /// This, whatever is asked.
    Always(u32),
    /// What it finds by reading slots.
    Walks,
    /// That it finds nothing.
    GivesUp,
}

struct Told<'a>(&'a Sandbox, Says);

impl Reader for Told<'_> {
    fn checkpoint(&self, anchor: CheckpointId, at: CheckpointId) -> Result<CheckpointOpening, Unavailable> {
        self.0.checkpoint(anchor, at)
    }

    fn state(&self, at: CheckpointId, user: UserId, contract: ContractId) -> Result<StateOpening, Unavailable> {
        self.0.state(at, user, contract)
    }

    fn contract(&self, at: CheckpointId, contract: ContractId) -> Result<ContractOpening, Unavailable> {
        self.0.contract(at, contract)
    }

    fn slot(
        &self,
        at: CheckpointId,
        user: UserId,
        of: ContractId,
        index: SlotIndex,
    ) -> Result<SlotOpening, Unavailable> {
        self.0.slot(at, user, of, index)
    }

    fn find(
        &self,
        at: CheckpointId,
        user: UserId,
        contract: ContractId,
        list: SortedList,
        key: Digest,
    ) -> Result<u32, SearchError> {
        match self.1 {
            Says::Always(position) => Ok(position),
            Says::Walks => list.walk(key, |index| Ok(self.slot(at, user, contract, index)?.word)),
            Says::GivesUp => Err(SearchError::Exhausted { key, reads: 0 }),
        }
    }
}

/// User 2 looks at a key of user 1, through a reader.
fn look(chain: &Sandbox, of: Digest, says: Says) -> Result<Vec<Felt>, ExecError> {
    let session = chain.open(user(2)).unwrap();
    let code = chain.code(BOOK).unwrap();
    let anchor = chain.checkpoint_leaf(session.session().start.anchor).unwrap();
    let (function, own) = (code.function("seen").unwrap(), code.empty_state());
    let inputs = inputs(&[1], &[of], &[]);
    let profile = chain.profile();
    let made = execute(profile, BOOK, function, session.session(), anchor, &inputs, &own, &Told(chain, says))?;
    made.witness.apply(profile, function)?;
    Ok(made.outputs)
}

/// User 1 has set the even keys.
fn even() -> Sandbox {
    let mut chain = start();
    let mut session = chain.open(user(1)).unwrap();
    for number in (0..24).step_by(2) {
        chain.call(&mut session, BOOK, "pair", &inputs(&[], &[key(number)], &[number])).unwrap();
        chain.call(&mut session, BOOK, "total", &inputs(&[], &[key(number)], &[1])).unwrap();
    }
    chain.close(session).unwrap();
    checkpoint(&mut chain);
    chain
}

#[test]
fn a_reader_that_only_reads_slots_finds_every_key_and_every_gap() {
    let chain = even();
    for number in 0..26 {
        let expected = if number < 24 && number % 2 == 0 { 1001 + number * 10 } else { 0 };
        assert_eq!(look(&chain, key(number), Says::Walks).unwrap(), felts(&[expected]), "key {number}");
    }
    // Of nobody's state nothing is asked.
    let nobody = chain_of(vec![system_contract::contract(), book()]);
    assert_eq!(look(&nobody, key(1), Says::GivesUp).unwrap(), felts(&[0]));
}

#[test]
fn a_reader_that_lies_about_places_makes_no_call_possible() {
    let chain = even();
    for position in (0..32).chain([1 << 20, u32::MAX]) {
        for number in [4, 5] {
            match look(&chain, key(number), Says::Always(position)) {
                Ok(said) => assert_eq!(said, felts(&[if number == 4 { 1041 } else { 0 }])),
                Err(ExecError::Assert { message, .. }) => assert!(message.contains("wrong place")),
                Err(error) => assert!(matches!(error, ExecError::Opening(_)), "{error}"),
            }
        }
    }
    let gives_up = look(&chain, key(4), Says::GivesUp);
    assert_eq!(gives_up, Err(ExecError::Search(SearchError::Exhausted { key: key(4), reads: 0 })));
}

#[test]
fn a_walk_through_lies_ends() {
    let list = SortedList { first: 0, bits: 20, log: 2 };
    let low = Digest::from([1, 1, 1, 1]);
    for endless in [low, key(4)] {
        let mut reads = 0;
        let found = list.walk(key(2), |_| {
            reads += 1;
            Ok(endless)
        });
        assert!(reads <= MAX_READS);
        match order(endless, key(2)).is_lt() {
            true => assert!(matches!(found, Err(SearchError::Exhausted { .. })), "{found:?}"),
            false => assert_eq!(found, Ok(0)),
        }
    }
    let silent = list.walk(key(2), |_| Err(Unavailable("silence".to_owned())));
    assert!(matches!(silent, Err(SearchError::Unavailable(_))));
    assert_eq!(list.walk(Digest::ZERO, |_| Err(Unavailable("silence".to_owned()))), Ok(0));
}

#[test]
fn places_never_leave_the_list() {
    for bits in 1..6 {
        let list = SortedList { first: 3, bits, log: 2 };
        let mut state = parth_crypto::merkle::SparseTree::new(parth_crypto::Domain::StateNode, 10);
        let mut taken = std::collections::BTreeSet::from([0]);
        for number in 1..1u64 << bits {
            let place = list.free_in(key(number), &state);
            assert!(taken.insert(place) && u64::from(place) < 1 << bits);
            state.set(list.slot(place, KEY), key(number));
            state.set(list.slot(place, NEXT), Digest::from([9, 9, 9, 9]));
            assert_eq!(list.find_in(key(number), &state), place);
        }
        assert_eq!(list.free_in(key(99), &state), 0, "all are taken");
    }
}

#[test]
fn groups_and_lists_that_do_not_lie_in_the_state_are_refused() {
    use parth_contract::check::{CodeError, Problem};
    use parth_contract::ir::{Constant, ContractCode, FunctionCode, Op, Value};
    use parth_protocol::ids::StateHeight;

    let (group, key) = (Value(0), Value(1));
    let check = |view: bool, op: Op| {
        let constants = vec![Op::Const(Constant::U32(0)), Op::Const(Constant::Hash(Digest::ZERO))];
        let ops = constants.into_iter().chain([op]).collect();
        let function = FunctionCode { name: "f".to_owned(), view, inputs: vec![], ops, outputs: vec![] };
        let (name, state_height) = ("C".to_owned(), StateHeight::constant(5));
        match Contract::new(ContractCode { name, state_height, events: vec![], functions: vec![function] }) {
            Ok(_) => None,
            Err(CodeError::Op { problem, .. }) => Some(problem),
            Err(other) => panic!("{other}"),
        }
    };
    let list = |first, bits, log| SortedList { first, bits, log };
    let find = |list| check(true, Op::Find { state: None, list, key });
    assert_eq!(find(list(0, 3, 2)), None);
    assert_eq!(find(list(6, 1, 2)), None);
    let outside = [list(7, 1, 2), list(1, 3, 2), list(0, 0, 2), list(0, 33, 2), list(0, 1, 0), list(0, 1, 5)];
    for wrong in outside.into_iter().chain([list(u64::MAX, 32, 1), list(0, 255, 255), list(1 << 63, 1, 1)]) {
        assert_eq!(find(wrong), Some(Problem::Group), "{wrong:?}");
        assert_eq!(check(true, Op::FindFree { list: wrong, key }), Some(Problem::Group));
    }
    let read = |log, at| check(true, Op::ReadGroup { group, log, at });
    assert_eq!(read(4, 15), None);
    for (log, at) in [(0, 0), (5, 0), (2, 4), (4, 16), (1, 255), (255, 0)] {
        assert_eq!(read(log, at), Some(Problem::Group), "{log} {at}");
    }
    let write =
        |view, at, count| check(view, Op::WriteGroup { group, log: 2, at, words: vec![key; count], when: None });
    assert_eq!(write(false, 1, 3), None);
    assert_eq!(write(true, 1, 3), Some(Problem::View));
    for (at, count) in [(0, 0), (1, 4), (4, 1), (255, 1), (0, 300)] {
        assert_eq!(write(false, at, count), Some(Problem::Group), "{at} {count}");
    }
    assert!(matches!(check(true, Op::Before(group, key)), Some(Problem::Type { .. })));
    assert!(matches!(check(true, Op::ReadGroup { group: key, log: 1, at: 0 }), Some(Problem::Type { .. })));
    assert!(matches!(check(true, Op::SlotGroup { state: key, group, log: 1, at: 0 }), Some(Problem::Type { .. })));
}

#[test]
fn a_key_is_found_in_the_own_state_of_another_contract_as_it_stands() {
    use parth_contract::ir::{Constant, ContractCode, FunctionCode, Op, OtherContract, Output, Parameter, Type, Value};
    use parth_protocol::ids::StateHeight;

    let height = book().state_height();
    // `pairs` is the first field, so that positions are numbers of groups.
    let list = SortedList { first: 0, bits: 20, log: 2 };
    let (mine, key_of, group) = (Value(1), Value(2), Value(3));
    let ops = vec![
        Op::Const(Constant::U32(BOOK.get())),
        Op::Mine(OtherContract { id: Value(0), height }),
        Op::Input(0),
        Op::Find { state: Some(mine), list, key: key_of },
        Op::SlotGroup { state: mine, group, log: 2, at: KEY },
    ];
    let inputs_of = vec![Parameter { name: "key".to_owned(), kind: Type::Hash }];
    let outputs = vec![Output { name: "at".to_owned(), value: Value(4) }];
    let function = FunctionCode { name: "f".to_owned(), view: true, inputs: inputs_of, ops, outputs };
    let state_height = StateHeight::constant(2);
    let code = ContractCode { name: "Peek".to_owned(), state_height, events: vec![], functions: vec![function] };
    let mut chain = chain_of(vec![system_contract::contract(), book(), Contract::new(code).unwrap()]);
    let peek = ContractId::constant(2);
    let mut session = chain.open(user(1)).unwrap();
    let at = |chain: &Sandbox, session: &mut _, of: Digest| {
        let made = chain.call(session, peek, "f", &inputs(&[], &[of], &[])).unwrap();
        Digest(made.outputs.try_into().unwrap())
    };
    assert_eq!(at(&chain, &mut session, key(1)), Digest::ZERO, "nothing is there yet");
    chain.call(&mut session, BOOK, "pair", &inputs(&[], &[key(1)], &[7])).unwrap();
    assert_eq!(at(&chain, &mut session, key(1)), key(1), "as this session wrote it");
    assert_eq!(at(&chain, &mut session, key(0)), Digest::ZERO, "the head stands before it");
    assert_eq!(at(&chain, &mut session, key(3)), key(1), "it stands before this one");
    chain.close(session).unwrap();
    checkpoint(&mut chain);
    let mut later = chain.open(user(1)).unwrap();
    assert_eq!(at(&chain, &mut later, key(1)), key(1), "as the session found it");
}

#[test]
fn writes_do_not_look_at_all_groups_of_frozen_states() {
    use std::time::{Duration, Instant};

    use parth_contract::ir::{Constant, ContractCode, FunctionCode, Op, Value};
    use parth_protocol::ids::StateHeight;

    const GROUPS: u32 = 12_000;
    const FIRST: u32 = 3;
    let (user, word, state) = (Value(0), Value(1), Value(2));
    let heads = [
        Op::Const(Constant::U32(1)),
        Op::Const(Constant::Hash(Digest::ZERO)),
        Op::State { user, contract: None, at: None },
    ];
    let numbers = (0..GROUPS).map(|at| Op::Const(Constant::U32(at)));
    let reads = (FIRST..FIRST + GROUPS).map(|at| Op::SlotGroup { state, group: Value(at), log: 1, at: 0 });
    let write = |at: u32| match at % 2 {
        0 => Op::Write { index: user, word, when: None },
        _ => Op::WriteGroup { group: user, log: 1, at: 0, words: vec![word], when: None },
    };
    let writes = (0..3 * GROUPS).map(write);
    let took = |ops: Vec<Op>| {
        let function = FunctionCode { name: "f".to_owned(), view: false, inputs: vec![], ops, outputs: vec![] };
        let (name, state_height) = ("C".to_owned(), StateHeight::constant(20));
        let code = ContractCode { name, state_height, events: vec![], functions: vec![function] };
        let start = Instant::now();
        Contract::new(code).unwrap();
        start.elapsed()
    };
    let before =
        took(heads.iter().cloned().chain(numbers.clone()).chain(writes.clone()).chain(reads.clone()).collect());
    let after = took(heads.iter().cloned().chain(numbers).chain(reads).chain(writes).collect());
    assert!(after < before * 5 + Duration::from_millis(200), "{after:?} rather than {before:?}");
}
