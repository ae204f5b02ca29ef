//! `C.mine()`: the user's own state in another contract, as it stands before the call.

use std::collections::BTreeMap;

use super::*;
use parth_contract::CallWitness;
use parth_contract::builder::{ContractBuilder, kind};
use parth_contract::dapen::{self, Options, render};
use parth_contract::mine::MineOpening;
use parth_contract::opening::{BadOpening, Opened, Opening};
use parth_protocol::ids::StateHeight;

const MIRROR: ContractId = ContractId::constant(2);

/// Shows the user's own count in Counter (contract 1), as it stands and as the anchor has it.
fn mirror() -> Contract {
    let mut contract = ContractBuilder::new("Mirror", 2);
    for (name, height) in [("count", 1), ("wrong_height", 2)] {
        contract.view(name, |f| {
            let (counter, user, slot) = (f.u32(COUNTER.get()), f.user(), f.slot(0));
            let (mine, of) = (
                f.mine(counter, StateHeight::constant(height)),
                f.of_other(counter, StateHeight::constant(1), user, None),
            );
            let (now, before) = (f.read_u64_of(mine, slot), f.read_u64_of(of, slot));
            f.output("now", now);
            f.output("before", before);
        });
    }
    contract.build().unwrap()
}

fn mirrors_chain() -> Sandbox {
    chain_of(vec![system_contract::contract(), counter::contract(), mirror()])
}

#[test]
fn the_own_state_in_another_contract_is_read_as_it_stands() {
    let mut chain = mirrors_chain();
    let mut session = chain.open(user(1)).unwrap();
    let mut seen = |chain: &Sandbox, by: u64| {
        chain.call(&mut session, COUNTER, "increment", &felts(&[by])).unwrap();
        let seen = chain.call(&mut session, MIRROR, "count", &[]).unwrap().outputs;
        (seen, session.clone())
    };
    assert_eq!(seen(&chain, 5).0, felts(&[5, 0]), "what the session wrote is seen, the anchor is older");
    let (more, session) = seen(&chain, 2);
    assert_eq!(more, felts(&[7, 0]));
    chain.close(session).unwrap();
    checkpoint(&mut chain);
    let mut session = chain.open(user(1)).unwrap();
    let later = chain.call(&mut session, MIRROR, "count", &[]).unwrap();
    assert_eq!(later.outputs, felts(&[7, 7]), "without a call in this session it is as the anchor has it");
    let mut other = chain.open(user(2)).unwrap();
    let nothing = chain.call(&mut other, MIRROR, "count", &[]).unwrap();
    assert_eq!(nothing.outputs, felts(&[0, 0]), "a state that does not exist reads as zeros");
}

#[test]
fn another_contract_must_have_the_height_that_the_code_says_also_for_the_own_state() {
    let error = refused(&mirrors_chain(), 1, MIRROR, "wrong_height", &[]);
    assert!(matches!(error, ExecError::OtherHeight { contract: COUNTER, .. }), "{error}");
}

#[test]
fn a_contract_that_does_not_exist_cannot_be_read() {
    let mut contract = ContractBuilder::new("Blind", 2);
    contract.view("see", |f| {
        let (nobody, slot) = (f.u32(9), f.slot(0));
        let mine = f.mine(nobody, StateHeight::constant(1));
        let value = f.read_u64_of(mine, slot);
        f.output("value", value);
    });
    let chain = chain_of(vec![system_contract::contract(), contract.build().unwrap()]);
    let error = refused(&chain, 1, COUNTER, "see", &[]);
    assert!(matches!(error, ExecError::Unavailable(_)), "{error}");
}

#[test]
fn every_part_of_the_opening_is_checked() {
    let mut chain = mirrors_chain();
    call(&mut chain, 1, COUNTER, "increment", &[5]);
    checkpoint(&mut chain);
    let mut session = chain.open(user(1)).unwrap();
    chain.call(&mut session, COUNTER, "increment", &felts(&[2])).unwrap();
    let honest = chain.call(&mut session, MIRROR, "count", &[]).unwrap().witness;
    let function = chain.code(MIRROR).unwrap().function("count").unwrap();
    let apply = |witness: &CallWitness| witness.apply(chain.profile(), function).map(|outcome| outcome.outputs);
    assert_eq!(apply(&honest), Ok(felts(&[7, 5])));
    let change = |change: &dyn Fn(&mut MineOpening)| {
        let mut witness = honest.clone();
        for opening in &mut witness.openings {
            if let Opening::Mine(opening) = opening {
                change(opening);
            }
        }
        apply(&witness).unwrap_err()
    };
    let leads = |error: ExecError, to: Opened| match error {
        ExecError::Opening(BadOpening::Root { what, .. }) => assert_eq!(what, to),
        other => panic!("{other}"),
    };
    leads(change(&|mine| mine.state = Digest::ZERO), Opened::Mine);
    leads(change(&|mine| mine.state_path.0[0] = Digest::from([1, 2, 3, 4])), Opened::Mine);
    leads(change(&|mine| mine.contract.leaf.initial = mine.state), Opened::Contract);
    leads(change(&|mine| mine.contract.path.0[0] = Digest::from([1, 2, 3, 4])), Opened::Contract);
    // The state at the anchor is not the one that the call starts from.
    let mut witness = honest.clone();
    witness.user_contracts = chain.leaf(user(1)).unwrap().contracts;
    leads(apply(&witness).unwrap_err(), Opened::Mine);
    let mut witness = honest.clone();
    witness.openings.swap(0, 1);
    assert!(apply(&witness).is_err());
}

const READER: ContractId = COUNTER;
const BYTES: ContractId = MIRROR;

/// Reads numbers of Bytes (contract 2), which is deployed by somebody who kept the layout only: its words may be anything.
fn reader_of_anything() -> Sandbox {
    let files = BTreeMap::from([
        (
            "bytes.dapen.ts".to_owned(),
            "@contract({ id: 2 }) export class Bytes extends Contract { n: u8 = 0; all = list<u8>(2); }".to_owned(),
        ),
        (
            "reader.dapen.ts".to_owned(),
            r#"import { Bytes } from "./bytes.dapen";
            @contract({ id: 1 }) export class Reader extends Contract {
              @call see(u: UserId): u8 { return Bytes.of(u).n; }
              @call mine(): void { require(Bytes.mine().n < 255, "large"); }
              @call perhaps(u: UserId, c: bool): u64 {
                let n: u64 = 7;
                if (c) { n = u64(Bytes.of(u).n); }
                return n;
              }
              @call later(u: UserId, c: bool): u64 {
                let n: u64 = 7;
                if (c) { n = u64(Bytes.of(u).n); }
                return n + u64(Bytes.of(u).n);
              }
            }"#
            .to_owned(),
        ),
    ]);
    let found = dapen::compile(&files, "reader.dapen.ts", &Options::default());
    let shown: String = found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect();
    let reader = found.compiled.unwrap_or_else(|| panic!("{shown}")).contract;
    let mut bytes = ContractBuilder::new("Bytes", 2);
    bytes.function("put", |f| {
        let (value, slot) = (f.input::<kind::U64>("value"), f.slot(0));
        f.write_u64(slot, value);
    });
    chain_of(vec![system_contract::contract(), reader, bytes.build().unwrap()])
}

#[test]
fn a_number_of_another_contract_is_checked_where_it_is_read_and_only_there() {
    let mut chain = reader_of_anything();
    let seen = |chain: &Sandbox, method: &str, inputs: &[u64]| {
        let mut session = chain.open(user(2)).unwrap();
        chain.call(&mut session, READER, method, &felts(inputs)).unwrap().outputs
    };
    call(&mut chain, 1, BYTES, "put", &[200]);
    checkpoint(&mut chain);
    assert_eq!(seen(&chain, "see", &[1]), felts(&[200]));
    assert_eq!(seen(&chain, "later", &[1, 1]), felts(&[400]));
    seen(&chain, "mine", &[]);
    for large in [256, 1 << 31, 1 << 40] {
        call(&mut chain, 1, BYTES, "put", &[large]);
        checkpoint(&mut chain);
        refused(&chain, 2, READER, "see", &[1]);
        refused(&chain, 2, READER, "perhaps", &[1, 1]);
        refused(&chain, 2, READER, "later", &[1, 0]);
        let own = refused(&chain, 1, READER, "mine", &[]).to_string();
        assert!(!own.contains("large"), "{own}");
        assert_eq!(seen(&chain, "perhaps", &[1, 0]), felts(&[7]), "{large}");
    }
}
