//! Calls that a call makes, inline and deferred.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use parth_client::session::{Form, SessionError};
use parth_client::{Program, Session};
use parth_contract::contracts::system;
use parth_contract::contracts::system::sent_slot;
use parth_contract::{Contract, dapen};
use parth_crypto::Felt;
use parth_protocol::ids::{Caller, ContractId};
use parth_protocol::{CircuitId, CircuitSet, Profile};

use crate::net::{ANN, BALANCE, BOB, COUNTER as SHOP, Net, SYSTEM, felts};
use crate::sessions::{sign, sign_as, word};

const SOURCE: &str = r#"
import { System } from "std";

@contract({ id: 1 })
export class Shop extends Contract {
  bought: u64 = 0;

  /** Buys something and owes its price. */
  @call
  buy(seller: UserId, price: u64): void {
    this.bought += 1;
    System.defer().send(seller, price);
  }

  /** Owes a purchase, and then a tip. */
  @call
  order(seller: UserId, price: u64, tip: u64): void {
    Shop.defer().buy(seller, price);
    System.defer().send(seller, tip);
  }

  /** Takes in what a friend has sent; the amount is known at once. */
  @call
  collect(friend: UserId): u64 {
    const before = System.mine().claimed.get(friend);
    const taken = System.call().claim(friend);
    this.bought += taken;
    return before + taken;
  }

  /** Never ends. */
  @call
  forever(): void {
    this.bought += 1;
    Shop.defer().forever();
  }
}
"#;

/// The shop, compiled from its source.
pub(crate) fn shop() -> Contract {
    let files: BTreeMap<String, String> = [("shop.dapen.ts".to_owned(), SOURCE.to_owned())].into();
    let compilation = dapen::compile(&files, "shop.dapen.ts", &dapen::Options::default());
    assert!(compilation.compiled.is_some(), "{:?}", compilation.diagnostics);
    compilation.compiled.unwrap().contract
}

/// The shop stands where other tests have the counter.
fn net() -> Net {
    static PROGRAMS: LazyLock<[Arc<Program>; 2]> = LazyLock::new(|| {
        [system::contract(), shop()].map(|code| Arc::new(Program::compile(&Profile::SMALL, code, None).unwrap()))
    });
    let [system, shop] = PROGRAMS.clone();
    Net::new(Profile::SMALL, CircuitSet::stand_in(), system, shop)
}

fn bob(net: &Net) -> u64 {
    net.user(BOB).get().into()
}

#[test]
fn what_a_call_owes_is_made_at_once_and_depth_first() {
    let mut net = net();
    let mut session = net.open(ANN);
    session.know(SYSTEM, &net.system);
    session.call(SHOP, &net.counter, "order", &felts(&[bob(&net), 500, 7])).unwrap();
    let made: Vec<(ContractId, Caller, Vec<Felt>)> = session
        .calls()
        .iter()
        .map(|made| {
            let call = &made.execution.call;
            (call.contract, call.caller, made.execution.witness.inputs.clone())
        })
        .collect();
    let shop = Caller::contract(SHOP);
    let expected = [
        (SHOP, Caller::USER, felts(&[bob(&net), 500, 7])),
        (SHOP, shop, felts(&[bob(&net), 500])),
        (SYSTEM, shop, felts(&[bob(&net), 500])),
        (SYSTEM, shop, felts(&[bob(&net), 7])),
    ];
    assert_eq!(made, expected);
    assert!(session.state().state.deferred.is_zero(), "nothing is owed any more");
    session.call(SHOP, &net.counter, "buy", &felts(&[bob(&net), 1])).unwrap();
    let signed = sign(&net, session, ANN);
    // Start, a step for each of six calls, end cap; the calls and the signature.
    assert_eq!((signed.proofs(), signed.ended().circuit), (8 + 6 + 1, CircuitId::EndCap));
    let ended = signed.ended().clone();
    assert_eq!(ended.contracts[0].writes, vec![(sent_slot(net.user(BOB)), word(508))]);
    net.checkpoint(&[ended], &[]);
    // Fee: 10 for the session, 3 for each of 6 calls, 1 for each of 5 writes.
    assert_eq!(net.leaf_of(ANN).unwrap().balance.get(), BALANCE - 508 - 10 - 18 - 5);
    assert_eq!(net.word(ANN, SHOP, 0), word(2));
}

#[test]
fn a_call_that_owes_one_that_fails_leaves_the_session_as_it_was() {
    let net = net();
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob(&net), 5])).unwrap();
    let before = session.state().clone();
    for failing in [[bob(&net), BALANCE, 1], [bob(&net), 1, BALANCE], [0, 1, 1]] {
        let failed = session.call(SHOP, &net.counter, "order", &felts(&failing));
        assert!(matches!(failed, Err(SessionError::Call { .. })), "{failed:?}");
        assert_eq!((session.state(), session.calls().len()), (&before, 1));
    }
    session.call(SHOP, &net.counter, "order", &felts(&[bob(&net), 1, 1])).unwrap();
    assert_eq!(session.calls().len(), 5);
}

#[test]
fn a_call_that_owes_one_of_an_unknown_contract_is_refused_until_the_contract_is_known() {
    let net = net();
    let mut session = net.open(ANN);
    let before = session.state().clone();
    let buy = |session: &mut Session<'_>| session.call(SHOP, &net.counter, "buy", &felts(&[bob(&net), 5])).map(|_| ());
    assert_eq!(buy(&mut session), Err(SessionError::UnknownDebt { caller: Caller::contract(SHOP), contract: SYSTEM }));
    assert_eq!((session.state(), session.calls().len()), (&before, 0));
    session.know(SYSTEM, &net.system);
    assert_eq!(buy(&mut session), Ok(()));
}

#[test]
fn a_contract_that_never_stops_owing_is_refused() {
    let net = net();
    let mut session = net.open(ANN);
    let refused = session.call(SHOP, &net.counter, "forever", &[]).map(|_| ());
    assert_eq!(refused, Err(SessionError::OwesTooMuch { expected: parth_client::session::MAX_OWED }));
    assert!(session.calls().is_empty());
}

#[test]
fn a_session_whose_second_call_is_top_level_opens_with_both_whatever_is_owed_later() {
    let net = net();
    let mut session = net.open(ANN);
    session.call(SYSTEM, &net.system, "send", &felts(&[bob(&net), 5])).unwrap();
    session.call(SHOP, &net.counter, "buy", &felts(&[bob(&net), 5])).unwrap();
    // The two calls in one, one owed, the end cap; three calls and the signature.
    assert_eq!(sign_as(&net, session, ANN, Form::Shortest).proofs(), 3 + 3 + 1);
}

#[test]
fn an_inline_call_is_made_right_after_its_caller_which_has_its_result() {
    let mut net = net();
    let ann = u64::from(net.user(ANN).get());
    for (sent, total) in [(50, 50), (20, 70)] {
        let mut session = net.open(BOB);
        session.call(SYSTEM, &net.system, "send", &felts(&[ann, sent])).unwrap();
        let ended = sign_as(&net, session, BOB, Form::Shortest).ended().clone();
        net.checkpoint(&[ended], &[]);

        let mut session = net.open(ANN);
        session.know(SYSTEM, &net.system);
        let bob = felts(&[bob(&net)]);
        let collected = session.call(SHOP, &net.counter, "collect", &bob).unwrap();
        assert_eq!(collected.outputs, felts(&[total]));
        let made: Vec<_> = session.calls().iter().map(|made| &made.execution.call).collect();
        let expected = [(SHOP, Caller::USER), (SYSTEM, Caller::contract(SHOP))];
        assert_eq!(made.iter().map(|call| (call.contract, call.caller)).collect::<Vec<_>>(), expected);
        assert!(session.state().state.inline.is_zero());
        // A second time there is nothing to claim, so the whole call fails and nothing of it stays.
        let before = session.state().clone();
        let again = session.call(SHOP, &net.counter, "collect", &bob).map(|_| ());
        let Err(SessionError::Call { contract, function, .. }) = &again else { panic!("{again:?}") };
        assert_eq!((contract.as_str(), function.as_str()), ("System", "claim"));
        assert_eq!((session.state(), session.calls().len()), (&before, 2));
        let signed = sign(&net, session, ANN);
        // Start, a step for each of two calls, end cap; the calls and the signature.
        assert_eq!((signed.proofs(), signed.ended().circuit), (4 + 2 + 1, CircuitId::EndCap));
        let ended = signed.ended().clone();
        net.checkpoint(&[ended], &[]);
        assert_eq!(net.word(ANN, SHOP, 0), word(total));
    }
}
