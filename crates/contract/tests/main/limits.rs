//! Inputs made to break the compiler: each ends in a diagnostic, in time, on the stack of a test's thread.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parth_contract::dapen::codes::Code;
use parth_contract::dapen::{self, Compilation, Options, render};

/// Far above what any of these takes, so that only a text that hangs the compiler fails, on any machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn compile(text: &str) -> Compilation {
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text.to_owned())]);
    let start = Instant::now();
    let found = dapen::compile(&files, "a.dapen.ts", &Options::default());
    for diagnostic in &found.diagnostics {
        render::human(&found.sources, diagnostic, false);
        render::json(&found.sources, diagnostic);
    }
    let took = start.elapsed();
    assert!(took < PATIENCE, "took {took:?}: {}", text.chars().take(200).collect::<String>());
    found
}

/// The code of the first finding.
fn first(text: &str) -> Option<Code> {
    compile(text).diagnostics.first().map(|found| found.code)
}

/// A contract with one method that has this body, and these other members.
fn contract(members: &str, body: &str) -> String {
    format!(
        "@contract() class A extends Contract {{ x: u64 = 0; {members} @call m(y: u64, c: bool): u64 {{ {body} return y; }} }}"
    )
}

#[test]
fn a_chain_of_else_without_braces_is_too_deep() {
    let chain = "if (c) this.x = y; else ".repeat(10_000);
    assert_eq!(first(&contract("", &format!("{chain} this.x = y;"))), Some(Code::E0104));
    let chain = "if (c) this.x = y; /* x */ // y\n else ".repeat(5_000);
    assert_eq!(first(&contract("", &format!("{chain} this.x = y;"))), Some(Code::E0104));
}

#[test]
fn a_chain_of_conditional_types_is_too_deep() {
    let chain = "{} extends {} ? {} : ".repeat(10_000);
    assert_eq!(first(&format!("type A = {chain} u64;")), Some(Code::E0104));
    assert_eq!(first(&contract("", &format!("const a: {chain} u64 = 1;"))), Some(Code::E0104));
}

#[test]
fn a_string_that_goes_on_behind_a_line_break_hides_nothing() {
    let deep = "(".repeat(20_000);
    for line_break in ["\r\n", "\n", "\r", "\u{2028}"] {
        let text = format!("const a = \"\\{line_break}\" {deep}");
        let found = first(&text);
        assert!(matches!(found, Some(Code::E0104 | Code::E0101 | Code::E0102)), "{found:?} for {line_break:?}");
    }
}

#[test]
fn a_loop_of_countless_rounds_that_returns_is_too_much_code() {
    for body in [
        "for (let i: u64 = 0; i < 4000000000000; i++) { if (c) { return i; } }",
        "for (let i: u64 = 0; i < 4000000000000; i++) { if (c) { this.x = i; } }",
        "for (let i: u64 = 0; i <= 4611686018427387903; i += 2) { }",
    ] {
        assert_eq!(first(&contract("", body)), Some(Code::E0401), "{body}");
    }
}

#[test]
fn methods_that_call_each_other_in_a_long_chain_are_too_deep() {
    let chain = |count: usize, deep: usize| {
        let methods: String = (0..count)
            .map(|at| format!("p{at}(y: u64): u64 {{ return this.p{}(y){}; }}\n", at + 1, " + y".repeat(deep)))
            .collect();
        contract(&format!("{methods} p{count}(y: u64): u64 {{ return y; }}"), "return this.p0(y);")
    };
    for (count, deep) in [(1_000, 0), (400, 100), (200, 200), (5_000, 0)] {
        let code = first(&chain(count, deep));
        assert!(matches!(code, Some(Code::E0401 | Code::E0108)), "{code:?} for a chain of {count}");
    }
    assert_eq!(first(&chain(10, 20)), None);
}

#[test]
fn arrays_of_the_state_that_no_call_could_read_are_refused_where_they_are_read() {
    for (ty, body) in [
        ("Arr<u64, 2000000000>", "return eq(this.xs, this.xs) ? y : 0;"),
        ("Arr<Arr<u64, 65536>, 65536>", "const a = copy(this.xs); return y;"),
        ("Arr<Arr<u64, 65536>, 65536>", "for (const a of this.xs) { this.x += y; }"),
        ("Arr<Arr<Arr<Arr<Arr<u64, 65536>, 65536>, 65536>, 65536>, 65536>", "return eq(this.xs, this.xs) ? y : 0;"),
        ("Arr<u64, 2000000000>", "this.xs = arr(2000000000, 1);"),
        ("Arr<u64, 2000000000>", "const h = hashOf(this.xs);"),
        ("Arr<u64, 2000000000>", "const a = c ? this.xs : this.xs;"),
        ("Arr<Arr<u64, 60000>, 60000>", "const a = copy(this.xs[3]); this.x = a[5];"),
        ("Arr<Arr<u64, 60000>, 60000>", "this.x = this.xs[3][5];"),
    ] {
        let found = compile(&contract(&format!("xs: {ty} = arr(2, 0);"), body));
        assert!(found.diagnostics.iter().all(|one| one.code != Code::E0901), "{body}: {:?}", found.diagnostics);
    }
    assert_eq!(
        first(&contract("xs: Arr<u64, 2000000000> = arr(2, 0);", "return eq(this.xs, this.xs) ? y : 0;")),
        Some(Code::E0403)
    );
}

#[test]
fn a_function_outside_of_a_class_is_refused_rather_than_forgotten() {
    assert_eq!(first(&format!("function f() {{ }} {}", contract("", ""))), Some(Code::E0109));
}

#[test]
fn an_import_never_leaves_the_root_of_the_disk_for_the_folder_of_the_program() {
    let files = BTreeMap::from([
        ("/w/a.dapen.ts".to_owned(), format!("import {{ B }} from \"../../b.dapen\"; {}", contract("", ""))),
        ("b.dapen.ts".to_owned(), "@contract() export class B extends Contract { }".to_owned()),
        ("../b.dapen.ts".to_owned(), "@contract() export class B extends Contract { }".to_owned()),
    ]);
    let found = dapen::compile(&files, "/w/a.dapen.ts", &Options::default());
    assert_eq!(found.diagnostics.first().map(|one| one.code), Some(Code::E0106));
}

#[test]
fn a_place_inside_a_character_has_the_column_of_the_character() {
    let text = format!("{}\n\"é\" {}", contract("", ""), "é".repeat(3));
    let found = compile(&text);
    let shown: String = found.diagnostics.iter().map(|one| render::json(&found.sources, one)).collect();
    assert!(shown.contains("\"line\":2,\"column\":5"), "{shown}");
}

#[test]
fn work_that_leaves_no_operations_is_counted_as_well() {
    for body in [
        "const big: Arr<u64, 1000> = arr(1000, y); let z: u64 = 0; for (let i = 0; i < 250000; i++) { z = big[u32(y)]; }",
        "let big: Arr<u64, 1000> = arr(1000, y); for (let i = 0; i < 250000; i++) { big[u32(y)] = y; }",
        "const big: Arr<u64, 1000> = arr(1000, y); let z = copy(big); for (let i = 0; i < 500000; i++) { z = copy(big); }",
        "const big: Arr<u64, 1000> = arr(1000, y); for (let i = 0; i < 250000; i++) { require(eq(big, big), \"x\"); }",
        "const big: Arr<u64, 250> = arr(250, y); for (let i = 0; i < 250000; i++) { require(eq(hashOf(big), hashOf(big)), \"x\"); }",
    ] {
        compile(&contract("", body));
    }
}

#[test]
fn thousands_of_declarations_are_refused_in_time() {
    let methods: String = (0..12_000).map(|at| format!("q{at}() {{}} ")).collect();
    let fields: String = (0..15_000).map(|at| format!("f{at}: u8 = 0; ")).collect();
    let constants: String = (0..6_000).map(|at| format!("static readonly C{at}: u8 = 1; ")).collect();
    let calls: String = (0..6_000).map(|at| format!("q{at}() {{ this.q{}(); }} ", (at + 1) % 6_000)).collect();
    let locals: String = (0..12_000).map(|at| format!("let l{at} = y; ")).collect();
    let structs: String = (0..14_000).map(|at| format!("f{at}: u8 = 0; ")).collect();
    let object: String = (0..14_000).map(|at| format!("f{at}: y, ")).collect();
    let parameters: String = (0..20_000).map(|at| format!("p{at}: u8, ")).collect();
    for text in [
        contract(&methods, ""),
        contract(&fields, ""),
        contract(&constants, ""),
        contract(&calls, ""),
        contract("", &locals),
        format!("class S {{ {structs} }} {}", contract("", "")),
        format!("class S {{ x: u64 = 0; }} {}", contract("", &format!("const s: S = {{ {object} }};"))),
        contract(&format!("big({parameters}) {{ }}"), ""),
    ] {
        compile(&text);
    }
}

#[test]
fn forms_that_parsers_try_twice_do_not_double_the_time() {
    for piece in [
        ("(a = ", ")"),
        ("({ a = ", " })"),
        ("c ? (", ") : 1"),
        ("f<", ">(1)"),
        ("<T>(", ")"),
        ("(a, b = ", ") => 1"),
        ("async (a = ", ")"),
        ("c ? (a) : (", ") => 1"),
        ("[a = ", "]"),
        ("({ a: (", ") })"),
        ("a as (", ")"),
        ("(a: (", ")) => 1"),
        ("a < (b > (", "))"),
        ("new A<", ">"),
        ("f(<T,>(", "))"),
        ("async <T>(", ")"),
        ("c ? (a = ", "): b => 1 : 2"),
        ("(x: { a: ", " })"),
        ("c ? (a, ", ") : (b) : c => 1"),
    ] {
        for depth in [10, 14, 20, 24, 40] {
            compile(&contract("", &format!("const a = {}1{};", piece.0.repeat(depth), piece.1.repeat(depth))));
        }
    }
}

#[test]
fn an_index_outside_that_is_refused_is_no_place_to_add_to() {
    for body in [
        "let xs: Arr<u64, 2> = [1, 2]; for (let i = 0; i < 3; i++) { xs[i] += 1; }",
        "let xs: Arr<u64, 2> = [1, 2]; const i: u32 = 5; xs[i] += 1;",
        "let xs: Arr<u64, 2> = [1, 2]; const i: u32 = 5; xs[i] -= 1;",
        "let ps: Arr<P, 2> = [{ a: 1 }, { a: 2 }]; const i: u32 = 5; ps[i].a += 1;",
        "let xs: Arr<Arr<u64, 2>, 2> = [[1, 2], [3, 4]]; const i: u32 = 5; xs[i][0] *= 2;",
        "const i: u32 = 5; this.xs[i] += 1;",
    ] {
        let text = format!("class P {{ a: u64 = 0; }} {}", contract("xs: Arr<u64, 2> = [0, 0];", body));
        let found: Vec<Code> = compile(&text).diagnostics.iter().map(|one| one.code).collect();
        assert!(found.contains(&Code::E0318), "{body}: {found:?}");
    }
}
