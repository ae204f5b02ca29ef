//! `C.mine()` and `C.call()`: the circuit refuses what the interpreter does.

use super::*;
use parth_circuits::contract::CallSkeleton;
use parth_contract::builder::{ContractBuilder, kind};
use parth_contract::ir::Type;
use parth_contract::mine::MineOpening;
use parth_contract::opening::Opening;
use parth_protocol::ids::StateHeight;

/// Reads the own count, then raises it inline, when asked to; the callee gives a number that fits its type.
fn raiser() -> Contract {
    let increment = counter::contract().functions()[0].method();
    let mut contract = ContractBuilder::new("Raiser", 2);
    contract.function("raise", |f| {
        let (yes, by) = (f.input::<kind::Bool>("yes"), f.input::<kind::U64>("by"));
        let (counter, slot) = (f.u32(COUNTER.get()), f.slot(0));
        let mine = f.mine(counter, StateHeight::constant(1));
        let before = f.read_u64_of(mine, slot);
        let call = f.call_inline(counter, increment, &[by.into()], &[Type::U64], Some(yes));
        let after = f.result::<kind::U64>(call, 0);
        f.output("before", before);
        f.output("after", after);
    });
    contract.build().unwrap()
}

/// Two calls of it in a session that counted to 5: one that raises by 3, one that does not.
fn raised() -> (Compiled, CallWitness, CallWitness) {
    let contract = raiser();
    let mut chain = chain_of(Profile::SMALL, vec![contract.clone(), counter::contract()]);
    let mut session = chain.open(user(1)).unwrap();
    chain.call(&mut session, COUNTER, "increment", &felts(&[4])).unwrap();
    chain.close(session).unwrap();
    chain.advance(Time::constant(1)).unwrap();
    let mut session = chain.open(user(1)).unwrap();
    chain.call(&mut session, COUNTER, "increment", &felts(&[1])).unwrap();
    let mut call = |yes: u64| {
        let made = chain.call(&mut session, SYSTEM, "raise", &felts(&[yes, 3])).unwrap();
        assert_eq!(made.outputs, felts(if yes == 1 { &[5, 8] } else { &[8, 0] }));
        made.witness
    };
    (Compiled::new(&contract.functions()[0]), call(1), call(0))
}

#[test]
fn a_circuit_takes_results_of_the_right_type_and_its_list_names_them() {
    let (compiled, yes, no) = raised();
    assert!(compiled.agree(&yes) && compiled.agree(&no));
    let with = |witness: &CallWitness, results: Vec<Felt>| {
        let mut witness = witness.clone();
        for opening in &mut witness.openings {
            if let Opening::Results(claimed) = opening {
                claimed.clone_from(&results);
            }
        }
        witness
    };
    // Other results are another list: both accept, and say so alike.
    let other = with(&yes, felts(&[9]));
    assert!(compiled.agree(&other));
    assert_ne!(compiled.apply(&other).unwrap().context.inline, compiled.apply(&yes).unwrap().context.inline);
    for wrong in [felts(&[1 << 62]), felts(&[Felt::ORDER - 1]), vec![], felts(&[8, 0])] {
        compiled.refusal(&with(&yes, wrong));
    }
    // Nothing is called, so nothing comes of it.
    compiled.refusal(&with(&no, felts(&[8])));
    // The list is what the circuit makes of it.
    let checker = compiled.rules.checker();
    let target = compiled.rules.context().inline.0[0];
    let mut trace = compiled.rules.trace(&checker, &yes).unwrap();
    let value = trace.get(target);
    trace.set(target, value + Felt::ONE);
    assert!(!trace.violations().is_empty());
}

#[test]
fn the_own_state_is_opened_in_the_tree_that_the_call_starts_from() {
    let (compiled, honest, _) = raised();
    let change = |change: &dyn Fn(&mut MineOpening)| {
        let mut witness = honest.clone();
        for opening in &mut witness.openings {
            if let Opening::Mine(mine) = opening {
                change(mine);
            }
        }
        compiled.refusal(&witness);
    };
    change(&|mine| mine.state = Digest::ZERO);
    change(&|mine| mine.state = nowhere());
    change(&|mine| mine.state_path.0[0] = nowhere());
    change(&|mine| {
        mine.state_path.0.pop();
    });
    change(&|mine| mine.contract.leaf.initial = mine.state);
    change(&|mine| mine.contract.leaf.state_height = StateHeight::constant(2));
    change(&|mine| mine.contract.path.0[0] = nowhere());
    let mut witness = honest.clone();
    witness.user_contracts = nowhere();
    compiled.refusal(&witness);
    let mut witness = honest.clone();
    witness.anchor = None;
    compiled.refusal(&witness);
}

/// What an inline call costs a caller, and what the own state elsewhere does, on the trees of real networks.
#[test]
fn inline_calls_and_own_states_cost_what_the_map_says() {
    let rows = |body: &dyn Fn(&mut parth_contract::builder::FunctionBuilder)| {
        let mut contract = ContractBuilder::new("Cost", 34);
        contract.function("f", |f| {
            // The anchor is opened in any case.
            let time = f.time();
            f.output("time", time);
            body(f);
        });
        let contract = contract.build().unwrap();
        CallSkeleton::new(&Profile::STANDARD, &contract.functions()[0]).unwrap().rows()
    };
    let method = counter::contract().functions()[0].method();
    let nothing = rows(&|_| {});
    let call = rows(&|f| {
        let (to, by) = (f.u32(COUNTER.get()), f.u64(3));
        let call = f.call_inline(to, method, &[by.into()], &[Type::U64], None);
        let result = f.result::<kind::U64>(call, 0);
        f.output("result", result);
    });
    let mine = rows(&|f| {
        let other = f.u32(COUNTER.get());
        f.mine(other, StateHeight::constant(34));
    });
    println!("inline call: {} rows, own state elsewhere: {} rows", call - nothing, mine - nothing);
    assert!(call - nothing <= 6, "an inline call takes {} rows", call - nothing);
    assert!(mine - nothing <= 69, "an own state takes {} rows", mine - nothing);
}
