//! What tests in the language can say, and what is said of tests that are wrong.

use std::collections::BTreeMap;

use parth_contract::dapen::codes::Code;
use parth_contract::dapen::test::{Choice, Report, run_choice};
use parth_contract::dapen::{self, Options, render};

/// A contract with state of every kind.
const STORE: &str = r#"
export class Point { x: u64 = 0; y: u64 = 0; by: UserId = NOBODY; at: hash = NONE; }
export class Moved extends Event { x: u64 = 0; steps: Arr<u32, 2> = arr(2, 0); }
export class Seen extends Event { by: UserId = NOBODY; }
@contract({ id: 7 })
export class Store extends Contract {
  static readonly LIMIT: u64 = 50;
  point: Point = { x: 0, y: 0, by: NOBODY, at: NONE };
  grid: Arr<Arr<u64, 3>, 2> = arr(2, arr(3, 0));
  huge: Arr<u64, 100000> = arr(100000, 0);
  points: Arr<Point, 2> = arr(2, { x: 0, y: 0, by: NOBODY, at: NONE });
  log = list<Point>(8);
  name = once<hash>();
  total = grows<u64>();
  marks = map<UserId, Point>();
  @call move(x: u64, y: u64): Point {
    require(x <= Store.LIMIT, "too far");
    this.point = { x, y, by: ctx.user, at: hashOf(x, y) };
    this.points[1] = { x: y, y: x, by: ctx.user, at: NONE };
    this.grid[1][2] = x;
    this.grid[0][1] = y;
    this.huge[99999] = x + y;
    this.log.push({ x, y, by: ctx.user, at: NONE });
    this.total.add(x);
    this.marks.set(ctx.user, { x, y, by: ctx.user, at: NONE });
    emit(Moved, { x, steps: [u32(x), u32(y)] });
    emit(Seen, { by: ctx.user });
    return { x, y, by: ctx.user, at: hashOf(x, y) };
  }
  @call add(all: Arr<u64, 3>): u64 { let sum: u64 = 0; for (const one of all) { sum += one; } this.total.add(sum); return sum; }
  @view twice(x: u64): u64 { return x * 2; }
  secret(): u64 { return 1; }
}
"#;

/// A second contract, that reads the first.
const OTHER: &str = r#"
import { Store } from "./store.dapen";
@contract({ id: 9 })
export class Other extends Contract {
  seen: u64 = 0;
  @call look(of: UserId): u64 { this.seen = Store.of(of).total.get(); return this.seen; }
}
"#;

fn files(tests: &str) -> BTreeMap<String, String> {
    let head =
        "import { Store, Point, Moved, Seen } from \"./store.dapen\";\nimport { Other } from \"./other.dapen\";\n";
    BTreeMap::from([
        ("store.dapen.ts".to_owned(), STORE.to_owned()),
        ("other.dapen.ts".to_owned(), OTHER.to_owned()),
        ("a.test.dapen.ts".to_owned(), format!("{head}{tests}")),
    ])
}

fn run_all(tests: &str, choice: &Choice) -> Report {
    run_choice(&files(tests), "a.test.dapen.ts", &Options::default(), choice)
}

fn of_body(body: &str) -> String {
    format!("export class T extends Tests {{ @test one(w: World): void {{ {body} }} }}")
}

fn report(body: &str) -> Report {
    run_all(&of_body(body), &Choice::default())
}

fn shown(report: &Report) -> String {
    let failures = report.tests.iter().filter_map(|test| test.failure.as_ref());
    report.diagnostics.iter().chain(failures).map(|one| render::human(&report.sources, one, false)).collect()
}

fn passes(body: &str) {
    let report = report(body);
    assert!(report.passed() && report.tests.len() == 1, "{}", shown(&report));
}

/// The test compiles, runs and fails with this code and these words.
fn fails(body: &str, code: Code, words: &str) {
    let report = report(body);
    assert_eq!(report.diagnostics.len(), 0, "{body}\n{}", shown(&report));
    let failure = report.tests[0].failure.as_ref().unwrap_or_else(|| panic!("passes: {body}"));
    assert_eq!(failure.code, code, "{}", shown(&report));
    assert!(shown(&report).contains(words), "{words} is missing in {}", shown(&report));
}

/// The test does not compile, for this reason only; nothing is run.
fn refused(body: &str, code: Code) {
    let report = report(body);
    assert!(report.tests.is_empty(), "{body} is run: {}", shown(&report));
    let codes: Vec<Code> = report.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, [code], "{body}\n{}", shown(&report));
}

#[test]
fn branches_loops_and_assignments_do_what_they_say() {
    passes(
        "let sum: u64 = 0; for (let i = 0; i < 10; i++) { if (i === 3 || i > 7) { sum += 100; } else { sum += u64(i); } }
         expect(sum, 325); let all: Arr<u64, 3> = [1, 2, 3]; for (const one of all) { sum -= one; } all[1] = 9; all[2] *= 4;
         expect(sum, 319); expect(all, [1, 9, 12]); expect(all.length, 3); expect(all[1] + 1, 10);
         let p: Point = { x: 1, y: 2, by: NOBODY, at: NONE }; p.x += 5; const q = copy(p); p.y = 0;
         expect(p.x * 2, 12); expect(q.y, 2); expect(eq(p, q), false); { const inner = 1; expect(inner, 1); }
         for (let i: u64 = 10; i <= 30; i += 10) { sum = i; } expect(sum, 30); require(sum > 29, \"sum\");
         expect(sum % 7, 2); expect(div(sum, 7), 4); expect(u32(5) & 6, 4); expect(u32(1) << 4, 16); expect(!(sum < 3), true);
         expect(sum === 30 ? 1 : 2, 1); expect(felt.mul(felt(3), 4), 12); expect(arr(3, p)[2].x, 6);",
    );
}

#[test]
fn state_of_users_is_read_whole_and_in_parts() {
    passes(
        "const bob = w.user(\"bob\"); const eve = w.user(\"eve\"); w.as(bob); const given = Store.call().move(5, 7);
         expect(given.y, 7); expect(Store.of(bob).point, given); expect(Store.of(bob).point.at, hashOf(5, 7));
         expect(Store.of(bob).point.by, bob); expect(Store.of(bob).grid, [[0, 7, 0], [0, 0, 5]]); expect(Store.of(bob).grid[1], [0, 0, 5]);
         expect(Store.of(bob).grid[1][2], 5); expect(Store.of(bob).points[1].x, 7); expect(Store.of(bob).points[1].by, bob);
         expect(Store.of(bob).huge[99999], 12); expect(Store.of(bob).log.len(), 1); expect(Store.of(bob).log.at(0).y, 7);
         expect(Store.of(bob).marks.get(bob).x, 5); expect(Store.of(bob).marks.get(eve).x, 0); expect(Store.of(bob).name.isSet(), false);
         expect(Store.of(bob).total.get(), 5); expect(Store.of(eve).point.x, 0); w.checkpoint(); expect(Store.of(bob).grid[0][1], 7);
         expect(Store.LIMIT, 50);",
    );
    fails("const bob = w.user(\"bob\"); expect(Store.of(bob).log.at(0).y, 7);", Code::E0318, "outside a list of 0");
}

#[test]
fn several_contracts_events_failures_and_old_anchors_are_in_one_test() {
    passes(
        "const bob = w.user(\"bob\"); const eve = w.user(\"eve\"); w.as(bob); w.fails(\"too far\", Store.call().move(51, 1));
         Store.call().move(3, 4); w.emits(Moved, { x: 3, steps: [3, 4] }); w.emits(Seen, { by: bob });
         expect(Store.call().add([1, 2, 3]), 6); expect(w.newest(), 0); w.checkpoint(); expect(w.newest(), 1);
         w.as(eve); expect(Other.call().look(bob), 9); expect(Other.of(eve).seen, 9); w.checkpoint();
         w.anchor(2); w.as(bob); w.checkpoint(); w.as(eve); w.anchor(1); expect(Other.call().look(bob), 9);",
    );
    fails(
        "w.as(w.user(\"bob\")); Store.call().move(3, 4); w.emits(Seen, { by: 2 });",
        Code::E3001,
        "the last call emitted Seen { by: 1 }",
    );
    fails(
        "w.as(w.user(\"bob\")); Store.call().add([1, 2, 3]); w.emits(Seen, { by: 1 });",
        Code::E3001,
        "emitted no event",
    );
    fails("w.as(w.user(\"bob\")); w.fails(\"too near\", Store.call().move(51, 1));", Code::E3001, "should fail with");
    fails("w.as(w.user(\"bob\")); w.fails(\"too far\", Store.call().move(1, 1));", Code::E3001, "and succeeds");
    fails("w.as(w.user(\"bob\")); Store.call().move(51, 1);", Code::E3001, "is 51");
    fails("Store.call().twice(1);", Code::E3003, "nobody acts yet");
    fails("w.anchor(1);", Code::E3003, "only 0 were closed");
    fails(
        "w.as(w.user(\"a\")); w.checkpoint(); w.as(1); Store.call().twice(1); w.anchor(1); Store.call().twice(1);",
        Code::E3003,
        "started already",
    );
    fails(
        "w.user(\"a\", 2); const b = w.user(\"b\"); const c = w.user(\"c\"); expect(c, 4);",
        Code::E3001,
        "expected 4, got 3",
    );
    fails("w.user(\"a\"); w.user(\"a\");", Code::E0302, "already");
    fails("w.user(\"a\", 99);", Code::E3003, "users 1 to 32");
}

#[test]
fn what_leaves_its_type_fails_the_test() {
    fails("let a: u8 = 250; a += 6;", Code::E3002, "250 + 6 is no u8");
    fails("const a: u64 = 5; expect(a - 6, 0);", Code::E3002, "5 - 6 is no u64");
    fails("const a: u64 = 300; expect(u8(a), 0);", Code::E3002, "300 is no u8");
    fails("const a: u64 = 300; expect(a % (a - 300), 0);", Code::E3002, "divided by zero");
    fails(
        "const a: Arr<u64, 2> = [1, 2]; for (let i = 0; i < 3; i++) { expect(a[i] > 0, true); }",
        Code::E0318,
        "index 2",
    );
    fails("for (let i: u64 = 0; i < 4000000000; i++) { }", Code::E0108, "steps");
    fails("require(1 > 2, \"never\");", Code::E3001, "require failed: never");
}

#[test]
fn random_numbers_are_the_same_for_the_same_seed_only() {
    let body = "for (let i = 0; i < 50; i++) { require(w.random(10) < 10, \"below\"); } w.as(w.user(\"bob\")); expect(Store.call().add([w.random(1000000), 0, 0]), 1);";
    let shown_of = |seed| shown(&run_all(&of_body(body), &Choice { seed, ..Choice::default() }));
    assert_eq!(shown_of(1), shown_of(1));
    assert_ne!(shown_of(1), shown_of(2));
    let random = run_all(&of_body(body), &Choice::default());
    assert!(random.tests[0].random && !report("expect(1, 1);").tests[0].random);
}

#[test]
fn a_filter_chooses_tests_by_their_names() {
    let two = "export class T extends Tests { @test one(w: World): void { } @test two(w: World): void { } }";
    let report = run_all(two, &Choice { filter: "two".to_owned(), seed: 0 });
    assert_eq!(report.tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["T.two"]);
    assert_eq!(report.left_out, ["T.one"]);
}

#[test]
fn a_wrong_test_is_an_error_of_the_source_and_nothing_runs() {
    for (body, code) in [
        ("expect(nobody, 1);", Code::E0301),
        ("const a = nothing; expect(a, 1);", Code::E0301),
        ("Store.call().jump(1);", Code::E0306),
        ("Store.call().secret();", Code::E0317),
        ("Store.call().move(1);", Code::E0307),
        ("Store.call().move(1, true);", Code::E0303),
        ("const a: u32 = 1; Store.call().move(1, a);", Code::E0304),
        ("if (false) { expect(Store.of(1).pint, 0); }", Code::E0306),
        ("for (const one of [u64(1)]) { one = 2; }", Code::E0308),
        ("const a = 1; a = 2;", Code::E0308),
        ("w.wait(3);", Code::E0306),
        ("w.as();", Code::E0307),
        ("expect(1);", Code::E0307),
        ("w.emits(Store, { });", Code::E0301),
        ("w.emits(Seen, { by: 1, to: 2 });", Code::E0306),
        ("expect(Store.of(1).huge, Store.of(1).huge);", Code::E0403),
        ("expect(Store.of(1).log, 1);", Code::E0303),
        ("expect(Store.at(1, 2).total.get(), 1);", Code::E0317),
        ("return;", Code::E0201),
        ("1 + 1;", Code::E0201),
        ("const w = 1;", Code::E0302),
        ("const a: u64 = 1; { const a: u64 = 2; }", Code::E0302),
        ("let a: u64 = 1; a = true;", Code::E0303),
        ("expect(this.x, 1);", Code::E0202),
        ("expect(hashOf(1) === hashOf(2), true);", Code::E0305),
        ("const a: u8 = 256;", Code::E0311),
        ("expect(w.checkpoint(), 1);", Code::E0314),
    ] {
        refused(body, code);
    }
    for (text, code) in [
        ("export class T extends Tests { one(w: World): void { } }", Code::E0206),
        ("export class T extends Tests { @call one(w: World): void { } }", Code::E0206),
        ("export class T extends Tests { @test one(): void { } }", Code::E0209),
        ("export class T extends Tests { @test one(w: u64): void { } }", Code::E0209),
        ("export class T extends Tests { @test one(w: World): u64 { } }", Code::E0209),
        ("export class T extends Tests { x: u64 = 0; @test one(w: World): void { } }", Code::E0205),
        ("export class T extends Tests { @test a(w: World): void { } @test a(w: World): void { } }", Code::E0302),
        ("", Code::E0110),
    ] {
        let report = run_all(text, &Choice::default());
        assert_eq!(report.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), [code], "{text}");
        assert!(report.tests.is_empty());
    }
}

#[test]
fn a_check_of_tests_finds_all_that_is_wrong_and_runs_nothing() {
    let checked = |body: &str| dapen::check(&files(&of_body(body)), "a.test.dapen.ts", &Options::default());
    let found = checked("Store.call().jump(1); expect(a, 1); w.as(w.user(\"bob\")); expect(Store.call().twice(1), 3);");
    assert_eq!(found.diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::E0306, Code::E0301]);
    assert!(checked("w.as(w.user(\"bob\")); expect(Store.call().twice(1), 3);").diagnostics.is_empty());
    let compiled = dapen::compile(&files(&of_body("")), "a.test.dapen.ts", &Options::default());
    let help = compiled.diagnostics[0].help.clone().unwrap_or_default();
    assert!(compiled.diagnostics[0].code == Code::E0110 && help.contains("parth contract test"), "{help}");
}

#[test]
fn two_contracts_with_one_id_are_refused() {
    let mut files = files(&of_body(""));
    files.insert("other.dapen.ts".to_owned(), OTHER.replace("id: 9", "id: 7"));
    let report = run_choice(&files, "a.test.dapen.ts", &Options::default(), &Choice::default());
    assert_eq!(report.diagnostics[0].code, Code::E0302, "{}", shown(&report));
    files.insert("other.dapen.ts".to_owned(), OTHER.replace("id: 9", "id: 9999"));
    let report = run_choice(&files, "a.test.dapen.ts", &Options::default(), &Choice::default());
    assert_eq!(report.diagnostics[0].code, Code::E0302, "{}", shown(&report));
}
