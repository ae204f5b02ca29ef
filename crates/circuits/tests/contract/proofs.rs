//! Real proofs, on the trees of real networks.

use std::collections::BTreeMap;

use super::*;
use parth_circuits::contract::{CallCircuit, CallSkeleton, CompileError, RowCount};
use parth_contract::builder::{ContractBuilder, FunctionBuilder};
use parth_contract::dapen;
use parth_contract::ir::{Constant, Op, OtherContract, Value};
use parth_proof::cache::{CacheError, CircuitCache};
use parth_proof::{Class, ClassData, F, OwnProver, StockProver};
use parth_protocol::ids::StateHeight;

const STANDARD: Profile = Profile::STANDARD;

fn rows(function: &Function) -> usize {
    CallSkeleton::new(&STANDARD, function).unwrap().rows()
}

#[test]
fn every_function_of_the_system_contract_proves() {
    let system = system::contract();
    let mut chain = chain_of(STANDARD, vec![system.clone()]);
    let prove = |circuit: &CallCircuit, execution: &Execution| {
        let proof = circuit.prove(&StockProver, &execution.witness).unwrap();
        circuit.circuit().key().verify(ClassData::call(), &proof).unwrap();
        assert_eq!(proof.public_inputs(), execution.context.digest().0);
    };
    let circuits: Vec<_> = system.functions().iter().map(|f| CallCircuit::build(&STANDARD, f).unwrap()).collect();
    let mut step = |by: u32, position: usize, inputs: &[u64]| {
        let mut session = chain.open(user(by)).unwrap();
        let name = system.functions()[position].name();
        let execution = chain.call(&mut session, SYSTEM, name, &felts(inputs)).unwrap();
        prove(&circuits[position], &execution);
        chain.close(session).unwrap();
        chain.advance(Time::constant(1)).unwrap();
    };
    step(1, 0, &[2, 300]);
    step(2, 1, &[1]);
    step(3, 0, &[2, 30]);
    step(2, 2, &[1, 3, 0, 0, 0, 0, 0, 4]);
    let fingerprints: Vec<_> = circuits.iter().map(CallCircuit::fingerprint).collect();
    let deployed = system.deploy(&STANDARD, &fingerprints).unwrap();
    assert_eq!(deployed.functions()[1].fingerprint, fingerprints[1]);
    assert_ne!(fingerprints[0], fingerprints[1]);
}

#[test]
fn every_function_of_counter_and_token_is_of_the_call_class() {
    for contract in &contracts()[1..] {
        for function in contract.functions() {
            let circuit = CallCircuit::build(&STANDARD, function).unwrap();
            assert_eq!(circuit.circuit().class(), Class::Call);
        }
    }
}

#[test]
fn a_call_circuit_from_disk_proves_and_one_of_other_code_is_refused() {
    // With a division, whose quotient a generator of our own finds: what is read must tie it to the same places.
    let source = "@contract() export class Shares extends Contract {
        left: u64 = 0;
        @call share(total: u64, of: u64): u64 { this.left += total % of; return div(total, of); }
        @view get(): u64 { return this.left; } }";
    let files = BTreeMap::from([("shares.dapen.ts".to_owned(), source.to_owned())]);
    let compiled = dapen::compile(&files, "shares.dapen.ts", &dapen::Options::default());
    let shares = compiled.compiled.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics)).contract;
    let folder = tempfile::tempdir().unwrap();
    let cache = CircuitCache::new(folder.path(), parth_circuits::sources());
    let [share, get] = ["share", "get"].map(|name| shares.function(name).unwrap());
    let load = |expected| CallSkeleton::new(&STANDARD, share).unwrap().load_or_build(&cache, expected);
    let (built, _) = load(None).unwrap();
    let (loaded, warning) = load(None).unwrap();
    assert!(warning.is_none());
    assert_eq!(loaded.fingerprint(), built.fingerprint());
    let chain = chain_of(STANDARD, vec![shares.clone()]);
    let mut session = chain.open(user(1)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "share", &felts(&[17, 5])).unwrap();
    assert_eq!(execution.outputs, felts(&[3]));
    let proof = loaded.prove(&StockProver, &execution.witness).unwrap();
    built.circuit().key().verify(ClassData::call(), &proof).unwrap();

    // Our own prover makes the same proof, up to the nonce and what depends on it.
    let own = built.prove(&OwnProver::new(), &execution.witness).unwrap();
    loaded.circuit().key().verify(ClassData::call(), &own).unwrap();
    let [stock, own] = [proof, own].map(|proof| {
        let mut raw = proof.raw().clone();
        raw.proof.opening_proof.pow_witness = F::default();
        raw.proof.opening_proof.query_round_proofs.clear();
        raw
    });
    assert_eq!(own, stock);
    let other = CallCircuit::build(&STANDARD, get).unwrap().fingerprint();
    assert!(matches!(load(Some(other)), Err(CacheError::Fingerprint { .. })));
}

/// A function that does something `times` times.
fn repeated(times: u64, body: impl Fn(&mut FunctionBuilder, u64)) -> Function {
    let mut contract = ContractBuilder::new("Rows", system::STATE_HEIGHT);
    contract.function("f", |f| (0..times).for_each(|time| body(f, time)));
    contract.build().unwrap().functions()[0].clone()
}

#[test]
fn reads_and_writes_take_the_rows_that_the_design_counts_on() {
    let base = rows(&repeated(0, |_, _| {}));
    let write = |f: &mut FunctionBuilder, time| {
        let (slot, value) = (f.slot(time), f.u64(time));
        f.write_u64(slot, value);
    };
    let writes = rows(&repeated(40, write));
    let own_write = (writes - base) as f64 / 40.0;
    let read = |f: &mut FunctionBuilder, time| {
        let (of, slot) = (f.u32(time as u32), f.slot(7));
        let state = f.of(of);
        let word = f.read_of(state, slot);
        f.write(slot, word);
    };
    let reads = rows(&repeated(20, read));
    let of_read = (reads - rows(&repeated(1, read))) as f64 / 19.0 - 34.0;
    println!("base {base} rows, own write {own_write:.1}, read of another user {of_read:.1}");
    assert!(own_write <= 70.0, "an own write takes {own_write} rows");
    assert!(of_read <= 106.0, "a read of another user takes {of_read} rows");
    for contract in contracts() {
        for function in contract.functions() {
            println!("{}::{} {} rows of {}", contract.name(), function.name(), rows(function), Class::Call.rows());
        }
    }
}

#[test]
fn a_function_that_is_too_large_is_refused_with_its_rows() {
    let write = |f: &mut FunctionBuilder, time| {
        let (slot, value) = (f.slot(time), f.u64(time));
        f.write_u64(slot, value);
    };
    let large = CallCircuit::build(&STANDARD, &repeated(60, write)).err();
    assert!(matches!(large, Some(CompileError::Rows { used: 4097.., limit: 4096, .. })), "{large:?}");
    let hash = |f: &mut FunctionBuilder, _| {
        let mut value = f.u64(0).value();
        for _ in 0..2000 {
            value = f.hash(&[value; 200]).value();
        }
    };
    let huge = CallSkeleton::new(&STANDARD, &repeated(1, hash)).err();
    assert!(matches!(huge, Some(CompileError::Rows { used: 65537.., limit: 4096, .. })), "{huge:?}");
}

#[test]
fn code_with_countless_openings_is_refused_before_they_take_memory() {
    let height = StateHeight::constant(48);
    let mut code = counter::contract().code().clone();
    code.functions.truncate(1);
    let function = &mut code.functions[0];
    (function.inputs, function.outputs) = (Vec::new(), Vec::new());
    function.ops = vec![Op::Const(Constant::U32(1))];
    function.ops.resize(1 << 16, Op::Mine(OtherContract { id: Value(0), height }));
    let contract = Contract::new(code).unwrap();
    let function = &contract.functions()[0];
    let count = RowCount::of(&STANDARD, function);
    assert!(!count.complete && count.operations.is_empty() && count.rows > 1 << 16, "{count:?}");
    assert!(matches!(CallSkeleton::new(&STANDARD, function), Err(CompileError::Rows { .. })));
}
