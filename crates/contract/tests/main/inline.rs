//! Inline calls: made right after their caller, with results that the caller was given before.

use std::collections::BTreeMap;

use super::*;
use parth_contract::builder::{ContractBuilder, Expr, FunctionBuilder, kind};
use parth_contract::dapen::{self, Options, render};
use parth_contract::debt::inline_list;
use parth_contract::ir::{Op, Type, Value};
use parth_contract::opening::{BadOpening, Opening};
use parth_contract::settle::{MAX_DEPTH, MAX_OWED, MakeError};
use parth_protocol::ids::{Caller, StateHeight};

const TILL: ContractId = ContractId::constant(1);
const SHOP: ContractId = ContractId::constant(2);
const MALL: ContractId = ContractId::constant(3);

const FILES: [(&str, &str); 3] = [
    (
        "till.dapen.ts",
        r#"
        export class Slip { paid: u64 = 0; by: ContractId = TOP; left: Arr<u64, 2> = [0, 0]; }

        @contract({ id: 1 })
        export class Till extends Contract {
          held: u64 = 0;
          slips: u64 = 0;
          @call fill(amount: u64): u64 { this.held += amount; return this.held; }
          @call pay(amount: u64): u64 {
            require(this.held >= amount, "the till is empty");
            this.held -= amount;
            return this.held;
          }
          @call slip(amount: u64): Slip {
            this.slips += 1;
            return { paid: amount, by: ctx.caller, left: [this.held, this.slips] };
          }
          @view get(): u64 { return this.held; }
        }"#,
    ),
    (
        "shop.dapen.ts",
        r#"
        import { Till, Slip } from "./till.dapen";

        @contract({ id: 2 })
        export class Shop extends Contract {
          bought: u64 = 0;
          left: u64 = 0;
          @call buy(price: u64): u64 {
            const before = Till.mine().held;
            const left = Till.call().pay(price);
            require(left + price === before, "the till miscounts");
            this.bought += 1;
            this.left = left;
            return left * 10;
          }
          @call perhaps(yes: bool, price: u64): u64 {
            let left: u64 = 99;
            if (yes) { left = Till.call().pay(price); Till.call().fill(1); }
            return left;
          }
          @call chain(price: u64): u64 {
            const left = Till.call().pay(price);
            return Till.call().pay(left);
          }
          @call slip(): Slip { return Till.call().slip(this.bought); }
          @call later(price: u64): void { this.bought += 1; Till.defer().pay(price); }
        }"#,
    ),
    (
        "mall.dapen.ts",
        r#"
        import { Till } from "./till.dapen";
        import { Shop } from "./shop.dapen";

        @contract({ id: 3 })
        export class Mall extends Contract {
          sum: u64 = 0;
          @call tour(price: u64): u64 {
            Till.defer().fill(1);
            Shop.call().later(price);
            const left = Shop.call().buy(price);
            this.sum += left;
            Till.defer().fill(2);
            return left + Till.call().fill(100);
          }
        }"#,
    ),
];

fn compile(root: &str) -> Contract {
    let files: BTreeMap<String, String> = FILES.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
    let found = dapen::compile(&files, root, &Options::default());
    let shown: String = found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect();
    found.compiled.unwrap_or_else(|| panic!("{shown}")).contract
}

/// Till, Shop and Mall; user 1 has 100 in the till.
fn shops() -> Sandbox {
    let mut chain =
        chain_of(std::iter::once(system_contract::contract()).chain(FILES.map(|(path, _)| compile(path))).collect());
    call(&mut chain, 1, TILL, "fill", &[100]);
    checkpoint(&mut chain);
    chain
}

fn names(chain: &Sandbox, calls: &[Execution]) -> Vec<String> {
    let name = |call: &Execution| {
        let function = chain.code(call.call.contract).unwrap().method(call.call.method).unwrap().name();
        format!("{}.{function}", call.call.contract)
    };
    calls.iter().map(name).collect()
}

#[test]
fn a_caller_has_the_result_of_a_call_that_is_made_right_after_it() {
    let mut chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let bought = chain.call(&mut session, SHOP, "buy", &felts(&[30])).unwrap();
    assert_eq!(bought.outputs, felts(&[700]));
    assert_eq!(names(&chain, session.calls()), ["2.buy", "1.pay"]);
    let [claimed] = bought.inline.as_slice() else { panic!("{:?}", bought.inline) };
    let paid = &session.calls()[1];
    assert_eq!((&claimed.outputs, &claimed.debt.call), (&paid.outputs, &paid.call));
    assert_eq!(paid.call.caller, Caller::contract(SHOP));
    assert_eq!(bought.context.inline, inline_list(&bought.inline));
    assert!(session.session().state.inline.is_zero());
    let again = chain.call(&mut session, SHOP, "buy", &felts(&[50])).unwrap();
    assert_eq!(again.outputs, felts(&[200]));
    chain.close(session).unwrap();
    assert_eq!(word(&chain, 1, TILL, SlotIndex::constant(0)), 20);
    assert_eq!(word(&chain, 1, SHOP, SlotIndex::constant(0)), 2);
}

#[test]
fn a_call_on_a_path_that_is_not_taken_is_not_made_and_gives_nothing() {
    let chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let not = chain.call(&mut session, SHOP, "perhaps", &felts(&[0, 1000])).unwrap();
    assert_eq!((not.outputs, not.context.inline, session.calls().len()), (felts(&[99]), Digest::ZERO, 1));
    let yes = chain.call(&mut session, SHOP, "perhaps", &felts(&[1, 10])).unwrap();
    assert_eq!(yes.outputs, felts(&[90]));
    assert_eq!(names(&chain, &session.calls()[1..]), ["2.perhaps", "1.pay", "1.fill"]);
}

#[test]
fn a_result_may_be_an_input_of_the_next_call() {
    let chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let made = chain.call(&mut session, SHOP, "chain", &felts(&[60])).unwrap();
    assert_eq!(made.outputs, felts(&[0]));
    assert_eq!(session.calls()[2].witness.inputs, felts(&[40]));
}

#[test]
fn structs_and_arrays_come_back_and_the_callee_knows_its_caller() {
    let chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    chain.call(&mut session, SHOP, "buy", &felts(&[30])).unwrap();
    let slip = chain.call(&mut session, SHOP, "slip", &[]).unwrap();
    assert_eq!(slip.outputs, felts(&[1, 2, 70, 1]));
}

#[test]
fn inline_calls_are_made_depth_first_and_what_anybody_defers_comes_last() {
    let mut chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let tour = chain.call(&mut session, MALL, "tour", &felts(&[30])).unwrap();
    // The deferred pay of 30 comes after the fill of 100, so the results are those before it.
    assert_eq!(tour.outputs, felts(&[700 + 170]));
    let expected =
        ["3.tour", "2.later", "2.buy", "1.pay", "1.fill", "1.pay", "1.fill", "1.fill"].map(str::to_owned).to_vec();
    assert_eq!(names(&chain, session.calls()), expected);
    let state = &session.session().state;
    assert!(state.inline.is_zero() && state.deferred.is_zero());
    chain.close(session).unwrap();
    assert_eq!(word(&chain, 1, TILL, SlotIndex::constant(0)), 143);
}

#[test]
fn when_a_callee_fails_the_whole_call_does_and_the_session_stands_as_before() {
    let chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let before = session.session().clone();
    let failed = chain.call(&mut session, SHOP, "buy", &felts(&[101])).unwrap_err();
    let SandboxError::Owed { contract, function, caller, error, .. } = &failed else { panic!("{failed}") };
    assert_eq!((*contract, function.as_str(), *caller), (TILL, "pay", Caller::contract(SHOP)));
    assert_eq!(error.to_string(), "the till is empty");
    let later = chain.call(&mut session, SHOP, "later", &felts(&[101])).unwrap_err();
    assert!(matches!(later, SandboxError::Owed { contract: TILL, .. }), "{later}");
    assert_eq!((session.session(), session.calls().len()), (&before, 0));
}

/// Two contracts: the first calls the second, which reads the first's slot 0 and gives something made of it.
fn mirrors(gives: impl Fn(&mut FunctionBuilder, Expr<kind::U64>) -> Expr<kind::U64>) -> Sandbox {
    let mut echo = ContractBuilder::new("Echo", 1);
    echo.function("echo", |f| {
        let (asker, slot) = (f.u32(2), f.slot(0));
        let mine = f.mine(asker, StateHeight::constant(1));
        let value = f.read_u64_of(mine, slot);
        let value = gives(f, value);
        f.output("value", value);
    });
    let echo = echo.build().unwrap();
    let method = echo.function("echo").unwrap().method();
    let mut asker = ContractBuilder::new("Asker", 1);
    asker.function("ask", |f| {
        let (echo, slot) = (f.u32(1), f.slot(0));
        let call = f.call_inline(echo, method, &[], &[Type::U64], None);
        let answer = f.result::<kind::U64>(call, 0);
        f.write_u64(slot, answer);
        f.output("answer", answer);
    });
    chain_of(vec![system_contract::contract(), echo, asker.build().unwrap()])
}

#[test]
fn results_are_a_fixed_point_where_the_callee_sees_what_the_caller_wrote() {
    // 3 gives min(3, 0 + 1), then 1, 2, 3: a callee that reads its caller settles when it settles.
    let chain = mirrors(|f, value| {
        let (one, three) = (f.u64(1), f.u64(3));
        let more = f.add(value, one);
        let small = f.less(more, three);
        f.select(small, more, three)
    });
    let mut session = chain.open(user(1)).unwrap();
    let asked = chain.call(&mut session, SHOP, "ask", &[]).unwrap();
    assert_eq!(asked.outputs, felts(&[3]));
    let endless = mirrors(|f, value| {
        let one = f.u64(1);
        f.add(value, one)
    });
    let mut session = endless.open(user(1)).unwrap();
    let refused = endless.call(&mut session, SHOP, "ask", &[]).unwrap_err();
    assert!(matches!(refused, SandboxError::Make(MakeError::Unsettled { contract: SHOP, .. })), "{refused}");
}

/// A sandbox of these sources, contracts 1, 2 and so on.
fn sandbox(files: &[(&str, &str)]) -> Sandbox {
    let sources: BTreeMap<String, String> =
        files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    let contract = |&(path, _): &(&str, &str)| {
        let found = dapen::compile(&sources, path, &Options::default());
        let shown: String = found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect();
        found.compiled.unwrap_or_else(|| panic!("{shown}")).contract
    };
    chain_of(std::iter::once(system_contract::contract()).chain(files.iter().map(contract)).collect())
}

#[test]
fn a_result_may_decide_which_call_comes_next() {
    let gate = r#"
        import { Asker } from "./asker.dapen";
        @contract({ id: 1 })
        export class Gate extends Contract {
          count: u64 = 0;
          @call pass(): u64 { require(Asker.mine().approved, "not approved"); this.count += 1; return 1; }
          @call wide(): hash { return hashOf(this.count); }
          @call narrow(): u64 { return 9; }
        }"#;
    let asker = r#"
        import { Gate } from "./gate.dapen";
        @contract({ id: 2 })
        export class Asker extends Contract {
          approved: bool = false;
          seen: hash = NONE;
          @call ask(): u64 {
            this.approved = true;
            const passed = Gate.call().pass();
            if (passed === 1) { this.seen = Gate.call().wide(); return 100; }
            return Gate.call().narrow();
          }
        }"#;
    let chain = sandbox(&[("gate.dapen.ts", gate), ("asker.dapen.ts", asker)]);
    let mut session = chain.open(user(1)).unwrap();
    // Where the asker begins the gate is closed, so that the first guess leads to the other call.
    assert_eq!(chain.call(&mut session, ContractId::constant(2), "ask", &[]).unwrap().outputs, felts(&[100]));
    assert_eq!(names(&chain, session.calls()), ["2.ask", "1.pass", "1.wide"]);
}

#[test]
fn as_many_inline_calls_as_one_call_may_make_are_found() {
    let counter = "@contract({ id: 1 }) export class Count extends Contract {
        n: u64 = 0; @call next(): u64 { this.n += 1; return this.n; } }";
    let caller = "import { Count } from \"./count.dapen\";
        @contract({ id: 2 }) export class Caller extends Contract {
        @call go(): u64 { let sum: u64 = 0; for (let i = 0; i < 250; i++) { sum += Count.call().next(); } return sum; } }";
    let chain = sandbox(&[("count.dapen.ts", counter), ("caller.dapen.ts", caller)]);
    let mut session = chain.open(user(1)).unwrap();
    let sum = chain.call(&mut session, ContractId::constant(2), "go", &[]).unwrap();
    assert_eq!(sum.outputs, felts(&[250 * 251 / 2]));
}

#[test]
fn calls_without_an_end_are_refused() {
    // Two contracts that call each other, inline and deferred.
    let method = |name: &str| {
        let mut empty = ContractBuilder::new("Empty", 1);
        empty.function(name, |_| {});
        empty.build().unwrap().function(name).unwrap().method()
    };
    let (ping, many) = (method("ping"), method("many"));
    let player = |other: u32| {
        let mut player = ContractBuilder::new("Player", 1);
        player.function("ping", |f| {
            let other = f.u32(other);
            f.call_inline(other, ping, &[], &[], None);
        });
        player.function("many", |f| {
            let other = f.u32(other);
            for _ in 0..20 {
                f.call_inline(other, many, &[], &[], None);
            }
        });
        player.build().unwrap()
    };
    let chain = chain_of(vec![system_contract::contract(), player(2), player(1)]);
    let mut session = chain.open(user(1)).unwrap();
    let deep = chain.call(&mut session, TILL, "ping", &[]).unwrap_err();
    assert_eq!(deep, SandboxError::Make(MakeError::TooDeep { expected: MAX_DEPTH }));
    let wide = chain.call(&mut session, TILL, "many", &[]).unwrap_err();
    assert!(
        matches!(wide, SandboxError::Make(MakeError::TooDeep { .. } | MakeError::TooMany { expected: MAX_OWED })),
        "{wide}"
    );
    assert!(session.calls().is_empty());
}

#[test]
fn results_in_a_witness_have_the_types_that_the_code_names_and_are_zeros_where_nothing_is_called() {
    let chain = shops();
    let mut session = chain.open(user(1)).unwrap();
    let function = chain.code(SHOP).unwrap().function("perhaps").unwrap();
    let mut witness = |yes: u64| chain.call(&mut session, SHOP, "perhaps", &felts(&[yes, 10])).unwrap().witness;
    let with = |witness: &parth_contract::CallWitness, results: Vec<Felt>| {
        let mut witness = witness.clone();
        let opening = witness.openings.iter_mut().find(|opening| matches!(opening, Opening::Results(_)));
        *opening.unwrap() = Opening::Results(results);
        witness.apply(chain.profile(), function)
    };
    let (yes, no) = (witness(1), witness(0));
    assert_eq!(with(&yes, felts(&[90])).unwrap().outputs, felts(&[90]));
    // Other results are another call: the circuit proves it, and the session finds no callee that gives them.
    let other = with(&yes, felts(&[91])).unwrap();
    assert_eq!(other.outputs, felts(&[91]));
    assert_ne!(other.context.inline, with(&yes, felts(&[90])).unwrap().context.inline);
    let range = with(&yes, felts(&[1 << 62])).unwrap_err();
    assert!(matches!(range, ExecError::ResultRange { position: 0, kind: Type::U64, .. }), "{range}");
    for wrong in [vec![], felts(&[90, 0])] {
        let actual = wrong.len();
        assert_eq!(with(&yes, wrong).unwrap_err(), BadOpening::Results { expected: 1, actual }.into());
    }
    assert_eq!(with(&no, felts(&[0])).unwrap().outputs, felts(&[99]));
    assert_eq!(with(&no, felts(&[1])).unwrap_err(), BadOpening::NotCalled.into());
}

#[test]
fn code_with_an_inline_call_that_makes_no_sense_is_refused() {
    use parth_contract::check::{CodeError, Problem};
    let refused = |view: bool, ops: Vec<Op>| {
        let mut code = compile("till.dapen.ts").code().clone();
        code.functions.truncate(1);
        (code.functions[0].ops, code.functions[0].view) = (ops, view);
        (code.functions[0].inputs, code.functions[0].outputs) = (Vec::new(), Vec::new());
        match Contract::new(code).unwrap_err() {
            CodeError::Op { problem, .. } => problem,
            other => panic!("{other}"),
        }
    };
    let id = Op::Const(parth_contract::ir::Constant::U32(1));
    let call = |contract, outputs: Vec<Type>| Op::Inline {
        contract: Value(contract),
        method: parth_protocol::ids::MethodId::constant(1),
        inputs: Vec::new(),
        outputs,
        when: None,
    };
    let ok = || call(0, vec![Type::U64]);
    assert_eq!(refused(true, vec![id.clone(), ok()]), Problem::View);
    assert_eq!(refused(false, vec![id.clone(), call(0, vec![Type::State])]), Problem::ResultHandle(Type::State));
    assert_eq!(refused(false, vec![id.clone(), call(0, vec![Type::Hash; 257])]), Problem::List(257));
    let result = |call: u32, position: u16| vec![id.clone(), ok(), Op::Result(Value(call), position)];
    assert_eq!(refused(false, result(1, 1)), Problem::NoSuchResult { call: 1, position: 1 });
    assert_eq!(refused(false, result(0, 0)), Problem::NoSuchResult { call: 0, position: 0 });
    assert_eq!(refused(false, result(2, 0)), Problem::NotEarlier(2));
    let used = vec![id.clone(), ok(), Op::Lane(Value(1), 0)];
    assert_eq!(refused(false, used), Problem::NoResult(1));
    let mut many = vec![id];
    many.extend((0..257).map(|_| ok()));
    assert_eq!(refused(false, many), Problem::Calls(257));
}

/// The codes of what is said of a method with this body; `u` is a user, `c` a bool, `x` an own field, `help` and `pay` are
/// helpers that read the own state elsewhere and call inline, `getX` reads `x`, the
/// others but `one` write it.
fn said(body: &str) -> Vec<&'static str> {
    let text = format!(
        "import {{ System }} from \"std\";\n@contract({{ id: 9 }})\nexport class Example extends Contract {{\n  x: u64 = 0;\n  \
         @call\n  run(u: UserId, c: bool): u64 {{ {body} }}\n  help(u: UserId): u64 {{ return System.mine().sent.get(u); }}\n  \
         pay(u: UserId): u64 {{ return System.call().claim(u); }}\n  getX(): u64 {{ return this.x; }}\n  \
         mark(): void {{ this.x = 1; }}\n  one(): u64 {{ return 1; }}\n  \
         marked(): u64 {{ this.mark(); return 1; }}\n  put(n: u64): bool {{ this.x = n; return true; }}\n}}\n"
    );
    let files = BTreeMap::from([("example.dapen.ts".to_owned(), text)]);
    let found = dapen::compile(&files, "example.dapen.ts", &Options::default());
    found.diagnostics.iter().map(|one| one.code.name()).collect()
}

#[test]
fn a_result_that_comes_of_the_own_state_elsewhere_is_warned_of_whatever_way_it_takes() {
    for (body, warned) in [
        ("return System.mine().sent.get(u);", true),
        ("const m = System.mine(); const r = m.sent.get(u); return r + 1;", true),
        ("let r: u64 = 0; if (System.mine().sent.get(u) > 5) { r = 1; } return r;", true),
        ("if (System.mine().sent.get(u) > 5) { return 1; } return 2;", true),
        ("this.x = System.mine().sent.get(u); return this.x;", true),
        ("let r: u64 = 0; for (let i = 0; i < 2; i++) { this.x += r; r = this.help(u); } return this.x;", true),
        ("return this.help(u);", true),
        ("this.x = System.mine().sent.get(u); return this.getX();", true),
        ("if (System.mine().sent.get(u) > 5) { this.mark(); } return this.x;", true),
        ("if (System.mine().sent.get(u) > 5) { this.mark(); } return this.getX();", true),
        ("const a: u64 = System.mine().sent.get(u) > 5 ? this.marked() : 0; return this.x;", true),
        ("require(this.put(System.mine().sent.get(u)), \"x\"); return this.x;", true),
        ("return System.call().claim(UserId(u32(System.mine().sent.get(u))));", true),
        ("require(System.mine().sent.get(u) > 5, \"pay first\"); return this.x;", false),
        ("const before = this.help(u); require(before > 5, \"pay first\"); return 1;", false),
        ("require(this.help(u) > 5, \"pay first\"); this.mark(); return this.getX();", false),
        ("this.x = System.mine().sent.get(u); return this.one();", false),
        ("return System.of(ctx.user).sent.get(u) + this.pay(u);", false),
    ] {
        let expected: &[&str] = if warned { &["W105"] } else { &[] };
        assert_eq!(said(body), expected, "{body}");
    }
}

#[test]
fn the_own_state_elsewhere_is_not_read_where_a_call_may_have_changed_it() {
    for (body, refused) in [
        ("const v = System.mine(); const r = this.pay(u); require(v.sent.get(u) > r, \"x\"); return 1;", true),
        ("this.pay(u); require(this.help(u) > 1, \"x\"); return 1;", true),
        ("for (let i = 0; i < 2; i++) { this.help(u); this.pay(u); } return 1;", true),
        ("if (c) { this.pay(u); } require(this.help(u) > 1, \"x\"); return 1;", true),
        ("if (c) { this.pay(u); } else { require(this.help(u) > 1, \"x\"); } return 1;", false),
        ("const before = this.help(u); this.pay(u); require(before > 1, \"x\"); return 1;", false),
        ("System.defer().claim(u); require(this.help(u) > 1, \"x\"); return 1;", false),
    ] {
        let expected: &[&str] = if refused { &["E0323"] } else { &[] };
        assert_eq!(said(body), expected, "{body}");
    }
    assert_eq!(said("return Example.mine().x;"), ["E0317"]);
    assert_eq!(said("return Example.call().run(u, c);"), ["E0317"]);
    assert_eq!(said("return System.call().nothing(u);"), ["E0306"]);
    assert_eq!(said("return System.call().claim(u, u);"), ["E0307"]);
}
