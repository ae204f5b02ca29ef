//! Code, bytes, ABI and leaves.

use super::*;
use parth_contract::abi::Abi;
use parth_contract::builder::{ContractBuilder, kind};
use parth_contract::check::{CodeError, MAX_MESSAGE, Problem};
use parth_contract::contract::{DecodeError, DeployError};
use parth_contract::ir::{Constant, ContractCode, FunctionCode, Op, OtherContract, Output, Parameter, Type, Value};
use parth_protocol::Record;
use parth_protocol::ids::{Fingerprint, StateHeight};
use parth_protocol::reject::Rule;

fn contracts() -> Vec<Contract> {
    vec![system_contract::contract(), counter::contract(), token_contract::contract(ISSUER)]
}

#[test]
fn bytes_are_canonical() {
    for contract in contracts() {
        let bytes = contract.to_bytes();
        let back = Contract::from_bytes(&bytes).unwrap();
        assert_eq!((&back, back.code_digest()), (&contract, contract.code_digest()));
        assert!(matches!(Contract::from_bytes(&bytes[1..]), Err(DecodeError::Form { .. } | DecodeError::Code(_))));
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(Contract::from_bytes(&longer), Err(DecodeError::Form { .. })));
    }
    let long = vec![0; parth_contract::contract::MAX_CODE_BYTES + 1];
    assert!(matches!(Contract::from_bytes(&long), Err(DecodeError::Length { .. })));
}

#[test]
fn no_mutated_byte_of_code_panics_and_none_keeps_the_digest() {
    let contract = counter::contract();
    let (bytes, digest) = (contract.to_bytes(), contract.code_digest());
    for position in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut mutated = bytes.clone();
            mutated[position] ^= change;
            if let Ok(other) = Contract::from_bytes(&mutated) {
                assert_ne!(other.code_digest(), digest);
                assert_eq!(other.to_bytes(), mutated);
            }
        }
    }
}

#[test]
fn the_abi_is_json_and_names_every_function() {
    for contract in contracts() {
        let abi = contract.abi();
        let json = serde_json::to_string_pretty(&abi).unwrap();
        assert_eq!(serde_json::from_str::<Abi>(&json).unwrap(), abi);
        for (function, described) in contract.functions().iter().zip(&abi.functions) {
            assert_eq!((function.method(), function.name()), (described.method, described.name.as_str()));
            assert_eq!(contract.method(described.method), Some(function));
        }
    }
    let json = serde_json::to_value(counter::contract().abi()).unwrap();
    assert_eq!(json["functions"][0]["inputs"][0]["type"], "u64");
    assert_eq!(json["stateHeight"], "1");
}

#[test]
fn every_function_leaf_opens_under_the_contract_leaf() {
    let contract = system_contract::contract();
    let fingerprints: Vec<_> = (1..=3).map(|i| Fingerprint(Digest::from([i, 0, 0, 0]))).collect();
    let profile = Profile::SMALL;
    let deployed = contract.deploy(&profile, &fingerprints).unwrap();
    assert!(parth_protocol::global::deploy_contracts::check_contract(deployed.leaf()).is_ok());
    for (function, fingerprint) in contract.functions().iter().zip(fingerprints.iter()) {
        let placed = deployed.function(function.method()).unwrap();
        assert_eq!(placed.leaf.fingerprint, *fingerprint);
        let (root, at, leaf) = (deployed.leaf().functions, placed.index.get().into(), placed.leaf.digest());
        placed.path.check(&profile, Rule::FunctionPath, root, at, leaf).unwrap();
    }
    let too_few = contract.deploy(&profile, &fingerprints[1..]);
    assert!(matches!(too_few, Err(DeployError::Fingerprints { expected: 3, actual: 2, .. })));
}

/// A function of one input `x: u32` with these operations after it.
fn code(view: bool, ops: Vec<Op>, outputs: Vec<u32>) -> ContractCode {
    let inputs = vec![Parameter { name: "x".into(), kind: Type::U32 }];
    let ops = [vec![Op::Input(0)], ops].concat();
    let outputs = outputs.into_iter().map(|value| Output { name: format!("o{value}"), value: Value(value) }).collect();
    let function = FunctionCode { name: "f".into(), view, inputs, ops, outputs };
    let state_height = StateHeight::constant(4);
    ContractCode { name: "C".into(), state_height, events: vec![], functions: vec![function] }
}

fn problem(view: bool, ops: Vec<Op>, outputs: Vec<u32>) -> Problem {
    match Contract::new(code(view, ops, outputs)) {
        Err(CodeError::Op { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn operations_that_are_not_well_formed_are_refused() {
    let (x, later) = (Value(0), Value(1));
    let op = |op| problem(false, vec![op], vec![]);
    let bool = Op::Const(Constant::Bool(true));
    assert_eq!(op(Op::Add(x, later)), Problem::NotEarlier(1));
    assert_eq!(op(Op::Not(x)), Problem::Type { value: 0, expected: "bool", actual: Type::U32 });
    assert_eq!(op(Op::Const(Constant::U64(1 << 62))), Problem::Constant(1 << 62));
    assert_eq!(op(Op::Input(1)), Problem::NoInput(1));
    assert_eq!(op(Op::Lane(x, 0)), Problem::Type { value: 0, expected: "hash", actual: Type::U32 });
    assert_eq!(op(Op::Hash(vec![x; 257])), Problem::List(257));
    assert_eq!(op(Op::Emit { event: 0, fields: vec![], when: None }), Problem::Event { event: 0, fields: 0 });
    let high = Some(OtherContract { id: x, height: StateHeight::constant(49) });
    assert_eq!(op(Op::State { user: x, contract: high, at: None }), Problem::Height(49));
    let mixed = vec![bool.clone(), Op::Equal(x, later)];
    assert_eq!(problem(false, mixed, vec![]), Problem::Mixed(Type::U32, Type::Bool));
    let lane = vec![Op::Pack([x; 4]), Op::Lane(later, 4)];
    assert_eq!(problem(false, lane, vec![]), Problem::NoLane(4));
    for message in ["x".repeat(MAX_MESSAGE + 1), "a\u{1b}[2J".to_owned()] {
        assert_eq!(problem(false, vec![bool.clone(), Op::Assert(later, message)], vec![]), Problem::Message);
    }
    let command = vec![bool, Op::Assert(later, "m".into())];
    assert_eq!(problem(false, command, vec![2]), Problem::NoResult(2));
    let handle = Op::State { user: x, contract: None, at: None };
    let actual = Type::State;
    assert_eq!(problem(false, vec![handle], vec![1]), Problem::Type { value: 1, expected: "data", actual });
}

#[test]
fn a_view_that_changes_something_is_refused() {
    let (x, word) = (Value(0), Op::Pack([Value(0); 4]));
    let write = Op::Write { index: x, word: Value(1), when: None };
    assert_eq!(problem(true, vec![word, write], vec![]), Problem::View);
    let amount = Op::Const(Constant::U64(1));
    assert_eq!(problem(true, vec![amount.clone(), Op::BalanceOut(Value(1))], vec![]), Problem::View);
    assert_eq!(problem(true, vec![amount, Op::BalanceIn(Value(1))], vec![]), Problem::View);
}

#[test]
fn names_lists_and_heights_are_checked() {
    let refused = |change: &dyn Fn(&mut ContractCode)| {
        let mut code = code(false, vec![], vec![]);
        change(&mut code);
        Contract::new(code).unwrap_err()
    };
    assert!(matches!(refused(&|code| code.name = "a b".into()), CodeError::Name { what: "contract", .. }));
    assert!(matches!(refused(&|code| code.functions[0].name = "".into()), CodeError::Name { what: "function", .. }));
    let twice = refused(&|code| code.functions.push(code.functions[0].clone()));
    assert_eq!(twice, CodeError::Twice { what: "function", name: "f".into() });
    for height in [0, 49] {
        let actual = refused(&|code| code.state_height = StateHeight::constant(height));
        assert_eq!(actual, CodeError::StateHeight { actual: height });
    }
    let handle = refused(&|code| code.functions[0].inputs[0].kind = Type::State);
    assert!(matches!(handle, CodeError::Handle { kind: Type::State, .. }));
    let many = refused(&|code| code.functions = vec![code.functions[0].clone(); 257]);
    assert_eq!(many, CodeError::TooMany { what: "functions", limit: 256, actual: 257 });
}

#[test]
fn naming_a_slot_twice_opens_it_once() {
    let mut contract = ContractBuilder::new("C", 4);
    contract.function("f", |f| {
        let by = f.input::<kind::U64>("by");
        for _ in 0..3 {
            let slot = f.slot(3);
            let value = f.read_u64(slot);
            let value = f.add(value, by);
            f.write_u64(slot, value);
        }
    });
    let mut chain = chain_of(vec![contract.build().unwrap()]);
    let execution = call(&mut chain, 1, SYSTEM, "f", &[5]);
    assert_eq!((execution.witness.openings.len(), execution.writes.len()), (1, 3));
    assert_eq!(word(&chain, 1, SYSTEM, SlotIndex::constant(3)), 15);
}
