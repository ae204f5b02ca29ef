//! Witnesses with one byte changed, and circuits with one cell changed.

use super::*;
use parth_circuits::checker::Survivor;
use parth_contract::builder::{ContractBuilder, kind};
use parth_contract::ir::Type;
use parth_contract::opening::{Opening, StateOpening};
use parth_crypto::{Domain, hash};
use parth_protocol::ids::StateHeight;

/// A function with an opening of every kind, of states that exist and of some that do not.
fn everything() -> Contract {
    let mut contract = ContractBuilder::new("Everything", 3);
    let event = contract.event("Seen", &[("count", Type::U64), ("word", Type::Hash)]);
    contract.function("f", |f| {
        let (who, at) = (f.input::<kind::U32>("who"), f.input::<kind::U32>("at"));
        let (slot, other_slot, nobody, counter) = (f.slot(1), f.slot(2), f.u32(0), f.u32(COUNTER.get()));
        let own = f.read(slot);
        f.write(other_slot, own);
        let (mine, never) = (f.of(who), f.of(nobody));
        let (theirs, nothing) = (f.read_of(mine, slot), f.read_of(never, slot));
        let old = f.at(at);
        let state = f.of_other(counter, StateHeight::constant(1), who, Some(old));
        let zero = f.slot(0);
        let count = f.read_u64_of(state, zero);
        let present = f.mine(counter, StateHeight::constant(1));
        let present = f.read_of(present, zero);
        let (then, now) = (f.time_of(old), f.time());
        let later = f.less(then, now);
        f.require(later, "time stands still");
        let never = f.not(later);
        let get = counter::contract().function("get").unwrap().method();
        let made = f.call_inline(counter, get, &[], &[Type::U64], Some(later));
        let not_made = f.call_inline(counter, get, &[], &[Type::U64], Some(never));
        let (given, not_given) = (f.result::<kind::U64>(made, 0), f.result::<kind::U64>(not_made, 0));
        let word = f.hash(&[own.into(), theirs.into(), nothing.into(), present.into(), given.into(), not_given.into()]);
        f.write(slot, word);
        f.emit(event, &[count.into(), word.into()]);
        f.emit_when(later, event, &[then.into(), theirs.into()]);
        f.output("count", count);
    });
    contract.build().unwrap()
}

/// A call of it, of a user who has state, about one who has.
fn honest() -> (Compiled, CallWitness) {
    let contract = everything();
    let mut chain = chain_of(Profile::SMALL, vec![contract.clone(), counter::contract()]);
    let mut last = None;
    for time in [5, 9, 13] {
        chain.advance(Time::constant(time)).unwrap();
        for by in 1..3 {
            let mut session = chain.open(user(by)).unwrap();
            chain.call(&mut session, COUNTER, "increment", &felts(&[time])).unwrap();
            last = Some(chain.call(&mut session, SYSTEM, "f", &felts(&[1, time / 9])).unwrap());
            chain.close(session).unwrap();
        }
    }
    (Compiled::new(&contract.functions()[0]), last.unwrap().witness)
}

#[test]
fn a_witness_with_one_byte_changed_is_judged_alike() {
    let (compiled, honest) = honest();
    let checker = compiled.rules.checker();
    assert!(compiled.agree_by(&checker, &honest));
    let bytes = borsh::to_vec(&honest).unwrap();
    let (mut read, mut accepted) = (0, 0);
    for position in (0..bytes.len()).step_by(5) {
        let mut mutated = bytes.clone();
        mutated[position] ^= 1 + (position % 3) as u8;
        let Ok(mut witness) = borsh::from_slice::<CallWitness>(&mutated) else {
            continue;
        };
        // What the circuit computes itself cannot be given to it wrongly.
        witness.call = parth_protocol::records::session::Call {
            caller: witness.call.caller,
            contract: witness.call.contract,
            inputs: hash(Domain::Inputs, &witness.inputs),
            ..honest.call.clone()
        };
        read += 1;
        accepted += usize::from(compiled.agree_by(&checker, &witness));
    }
    // Few are accepted: other starts of the same call, and openings below a user who does not exist.
    assert!(read > 400 && accepted * 4 < read, "{accepted} of {read} accepted");
}

#[test]
fn below_a_user_who_does_not_exist_any_tree_will_do_but_nothing_comes_of_it() {
    let (compiled, honest) = honest();
    let change = |change: &dyn Fn(&mut StateOpening)| {
        let mut witness = honest.clone();
        for opening in &mut witness.openings {
            if let Opening::State(state) = opening
                && state.user.is_none()
            {
                change(state);
            }
        }
        assert_ne!(witness, honest);
        witness
    };
    let other_state = change(&|state| state.state = nowhere());
    assert!(compiled.agree(&other_state));
    let (said, as_before) = (compiled.apply(&other_state).unwrap(), compiled.apply(&honest).unwrap());
    assert_eq!(said.context, as_before.context);
    assert!(compiled.agree(&change(&|state| state.state_path.0[0] = nowhere())));
    assert!(!compiled.agree(&change(&|state| state.state_path.0.truncate(1))));
    assert!(!compiled.agree(&change(&|state| state.user_path.0[0] = nowhere())));
}

fn survivors(contract: ContractId, name: &str, witness: &CallWitness) -> Vec<Survivor> {
    let rules = &compiled(contract, name).rules;
    let checker = rules.checker();
    let mut trace = rules.trace(&checker, witness).unwrap();
    trace.sweep(1)
}

#[test]
fn no_cell_of_a_claim_is_free() {
    let mut chain = chain_of(Profile::SMALL, contracts());
    call(&mut chain, 1, SYSTEM, "send", &[2, 300]).unwrap();
    chain.advance(Time::constant(1)).unwrap();
    let mut session = chain.open(user(2)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "claim", &felts(&[1])).unwrap();
    let found = survivors(SYSTEM, "claim", &execution.witness);
    for survivor in &found {
        println!("{survivor:?}");
    }
    assert!(found.is_empty());
}
