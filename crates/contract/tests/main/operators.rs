//! `%`, `div`, the operations on bits and the public key, compiled from source.

use std::collections::BTreeMap;

use super::*;
use parth_contract::dapen::codes::Code;
use parth_contract::dapen::{self, Compilation, Options, render};
use parth_contract::ir::{IntegerOp, Op};

const CONTRACT: ContractId = ContractId::constant(1);

fn compile(body: &str) -> Compilation {
    let text =
        format!("@contract({{ id: 1 }})\nexport class Example extends Contract {{\n  kept: u64 = 0;\n\n{body}\n}}\n");
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text)]);
    dapen::compile(&files, "a.dapen.ts", &Options::default())
}

fn shown(found: &Compilation) -> String {
    found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect()
}

/// A contract with one method `run`, of two numbers of a type.
fn example(ty: &str, result: &str, statements: &str) -> Contract {
    let found = compile(&format!("  @call\n  run(a: {ty}, b: {ty}): {result} {{ {statements} }}"));
    assert_eq!(shown(&found), "");
    found.compiled.unwrap().contract
}

/// What `run` gives for two numbers.
fn run(contract: &Contract, a: u64, b: u64) -> Result<u64, ExecError> {
    let chain = chain_of(vec![system_contract::contract(), contract.clone()]);
    let mut session = chain.open(user(1)).unwrap();
    match chain.call(&mut session, CONTRACT, "run", &felts(&[a, b])) {
        Ok(execution) => Ok(execution.outputs[0].as_u64()),
        Err(SandboxError::Exec(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn quotients_and_remainders_are_those_of_whole_numbers() {
    let edges = |max: u64| vec![0, 1, 2, 3, 7, 8, 100, max / 2, max - 1, max];
    for (ty, max) in [("u8", 255), ("u32", u64::from(u32::MAX)), ("u64", (1 << 62) - 1)] {
        let quotient = example(ty, ty, "return div(a, b);");
        let rest = example(ty, ty, "let x = a; x %= b; return x;");
        for a in edges(max) {
            for b in edges(max) {
                assert_eq!(run(&quotient, a, b).ok(), a.checked_div(b), "{a} / {b}: {ty}");
                assert_eq!(run(&rest, a, b).ok(), a.checked_rem(b), "{a} % {b}: {ty}");
            }
        }
    }
}

#[test]
fn bits_stay_inside_their_type() {
    for (ty, width) in [("u8", 8u32), ("u32", 32)] {
        for operator in IntegerOp::ALL.into_iter().filter(|operator| operator.is_bitwise()) {
            let sign = operator.sign();
            let plain = example(ty, ty, &format!("return a {sign} b;"));
            let assigned = example(ty, ty, &format!("let x = a; x {sign}= b; return x;"));
            let max = (1u64 << width) - 1;
            for a in [0, 1, 3, 0x5a, max / 2, max / 2 + 1, max] {
                for b in [0, 1, 3, 7, 8, 31, 32, 255, max] {
                    if b > max {
                        continue;
                    }
                    let expected = operator.apply(a, b, width);
                    assert_eq!(run(&plain, a, b).ok(), expected, "{a} {sign} {b}: {ty}");
                    assert_eq!(run(&assigned, a, b).ok(), expected, "{a} {sign}= {b}: {ty}");
                }
            }
        }
    }
}

#[test]
fn nothing_fails_where_it_is_not_reached() {
    let contract = example(
        "u32",
        "u32",
        "let x: u32 = 1;
         if (b > 0) { x = div(a, b) + a % b; } else { x = 7; }
         if (b < 32 && a < 2) { x += a << b; }
         if (b < 32 && (a >> b) === 3) { x += 100; }
         if (b !== 0 && a % b === 0) { x += 1000; }
         const y: u32 = b === 0 ? 5 : div(100, b);
         if (a === 77) { return y; }
         return x + y;",
    );
    let expected = |a: u32, b: u32| {
        let mut x = a.checked_div(b).map_or(7, |quotient| quotient + a % b);
        if b < 32 && a < 2 {
            x += a << b;
        }
        if b < 32 && a >> b == 3 {
            x += 100;
        }
        if b != 0 && a.is_multiple_of(b) {
            x += 1000;
        }
        let y = 100_u32.checked_div(b).unwrap_or(5);
        if a == 77 { y } else { x + y }
    };
    for a in [0, 1, 2, 3, 6, 12, 77, 1000] {
        for b in [0, 1, 2, 5, 30, 32, 33, 1000] {
            assert_eq!(run(&contract, a.into(), b.into()), Ok(expected(a, b).into()), "{a}, {b}");
        }
    }
    // The same for bytes, whose shifts are checked apart.
    let bytes = example("u8", "u8", "if (b < 8) { return a >> b; } if (a < 100) { return a; } return (a & 1) << b;");
    assert_eq!(run(&bytes, 200, 3), Ok(25));
    assert_eq!(run(&bytes, 99, 200), Ok(99));
    assert!(run(&bytes, 100, 200).is_err());
    assert!(run(&bytes, 101, 8).is_err());
}

#[test]
fn a_failure_names_what_was_done() {
    let chain = |contract: &Contract, a, b| run(contract, a, b).unwrap_err().to_string();
    assert!(chain(&example("u64", "u64", "return div(a, b);"), 5, 0).starts_with("5 / 0 divides by zero"));
    assert!(chain(&example("u64", "u64", "return a % b;"), 5, 0).starts_with("5 % 0 divides by zero"));
    assert!(chain(&example("u32", "u32", "return a << b;"), 5, 31).starts_with("5 << 31 loses bits"));
    assert!(chain(&example("u32", "u32", "return a >> b;"), 5, 32).starts_with("5 >> 32 loses bits"));
    assert_eq!(chain(&example("u8", "u8", "return a >> b;"), 5, 8), "a u8 is moved by 7 bits at most");
    assert_eq!(chain(&example("u8", "u8", "return a << b;"), 128, 1), "the result is no u8");
}

#[test]
fn constants_are_computed_and_those_that_always_fail_are_refused() {
    let contract = example(
        "u32",
        "u32",
        "const c: u32 = (div(100, 7) % 5) << 3; const d: u32 = c ^ 3 | 64 & 127; return ((a >> 0) % 1) + (b & 0) + (d >> 1);",
    );
    assert_eq!(run(&contract, 9, 9), Ok(((((100 / 7) % 5) << 3) ^ 3 | 64 & 127) >> 1));
    let integers = contract.functions()[0].code().ops.iter().filter(|op| matches!(op, Op::Integer(..))).count();
    assert_eq!(integers, 0);
    for (ty, wrong) in [
        ("u64", "div(a, 0)"),
        ("u64", "a % 0"),
        ("u32", "a << 32"),
        ("u32", "a >> 32"),
        ("u8", "a >> 8"),
        ("u8", "a << 8"),
        ("u8", "u8(128) << 1"),
        ("u32", "u32(3) << 31"),
    ] {
        let found = compile(&format!("  @call\n  run(a: {ty}): {ty} {{ return {wrong}; }}"));
        let codes: Vec<Code> = found.diagnostics.iter().map(|one| one.code).collect();
        assert_eq!(codes, [Code::E0319], "{wrong}: {}", shown(&found));
    }
    // In an arm that may not be taken they fail when they run.
    let contract = example("u64", "u64", "if (b > 3) { return div(a, 0); } return a;");
    assert_eq!(run(&contract, 7, 3), Ok(7));
    assert!(run(&contract, 7, 4).is_err());
}

#[test]
fn what_does_not_fit_an_operator_is_refused() {
    let cases = [
        ("a & a", Code::E0305),
        ("a << 2", Code::E0305),
        ("a % u32(a)", Code::E0304),
        ("div(a, true)", Code::E0303),
        ("div(a)", Code::E0307),
        ("a / 2", Code::E0204),
        ("a >>> 2", Code::E0204),
        ("u64(ctx.publicKey)", Code::E0303),
    ];
    for (wrong, code) in cases {
        let found = compile(&format!("  @call\n  run(a: u64): u64 {{ return {wrong}; }}"));
        // A line that is not read is not a return either, so more may be found.
        assert!(found.diagnostics.iter().any(|one| one.code == code), "{wrong}: {}", shown(&found));
    }
    let found = compile("  @call\n  run(a: u64): u64 { a /= 2; return a; }");
    assert!(shown(&found).contains("div(a, b)"), "{}", shown(&found));
}

#[test]
fn the_public_key_is_that_of_the_user_s_leaf() {
    let found = compile(
        "  @call\n  run(): hash { return ctx.publicKey; }\n\n  @view\n  same(h: hash): bool { return eq(h, ctx.publicKey); }",
    );
    assert_eq!(shown(&found), "");
    let chain = chain_of(vec![system_contract::contract(), found.compiled.unwrap().contract]);
    for by in 1..3 {
        let mut session = chain.open(user(by)).unwrap();
        let key = session.session().start.key;
        assert_eq!(chain.call(&mut session, CONTRACT, "run", &[]).unwrap().outputs, key.0);
        assert_eq!(chain.call(&mut session, CONTRACT, "same", &key.0).unwrap().outputs, felts(&[1]));
    }
}
