//! Tests written in the language: those of the examples pass, and a failure shows where and with which values.

use std::collections::BTreeMap;

use parth_contract::dapen::test::{Report, run};
use parth_contract::dapen::{Options, render};

const FILES: [(&str, &str); 11] = [
    ("counter.dapen.ts", include_str!("../../../../examples/counter.dapen.ts")),
    ("token.dapen.ts", include_str!("../../../../examples/token.dapen.ts")),
    ("token.test.dapen.ts", include_str!("../../../../examples/token.test.dapen.ts")),
    ("poll.dapen.ts", include_str!("../../../../examples/poll.dapen.ts")),
    ("poll.test.dapen.ts", include_str!("../../../../examples/poll.test.dapen.ts")),
    ("deal.dapen.ts", include_str!("../../../../examples/deal.dapen.ts")),
    ("deal.test.dapen.ts", include_str!("../../../../examples/deal.test.dapen.ts")),
    ("names.dapen.ts", include_str!("../../../../examples/names.dapen.ts")),
    ("names.test.dapen.ts", include_str!("../../../../examples/names.test.dapen.ts")),
    ("shop.dapen.ts", include_str!("../../../../examples/shop.dapen.ts")),
    ("shop.test.dapen.ts", include_str!("../../../../examples/shop.test.dapen.ts")),
];

fn run_with(extra: &str, root: &str) -> Report {
    let mut files: BTreeMap<String, String> =
        FILES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
    files.insert("extra.dapen.ts".to_owned(), extra.to_owned());
    run(&files, root, &Options::default(), "")
}

fn shown(report: &Report) -> String {
    let failures = report.tests.iter().filter_map(|test| test.failure.as_ref());
    report.diagnostics.iter().chain(failures).map(|one| render::human(&report.sources, one, false)).collect()
}

#[test]
fn the_tests_of_the_examples_pass() {
    let roots = [
        ("token.test.dapen.ts", 3),
        ("names.test.dapen.ts", 1),
        ("poll.test.dapen.ts", 1),
        ("deal.test.dapen.ts", 2),
        ("shop.test.dapen.ts", 2),
    ];
    for (root, tests) in roots {
        let report = run_with("", root);
        assert!(report.passed(), "{}", shown(&report));
        assert_eq!(report.tests.len(), tests, "{root}");
    }
}

#[test]
fn a_failed_require_shows_its_place_and_values() {
    let text = "import { Token } from \"./token.dapen\";\nexport class T extends Tests {\n  @test\n  poor(w: World): void {\n    \
                w.as(w.user(\"bob\", 5));\n    Token.call().send(3, 30);\n  }\n  @test\n  wrong(w: World): void {\n    \
                w.as(w.user(\"bob\", 5));\n    expect(Token.call().held(), 1);\n    }\n}\n";
    let report = run_with(text, "extra.dapen.ts");
    assert_eq!(report.tests.len(), 2, "{}", shown(&report));
    let shown = shown(&report);
    for part in [
        "error[E3001]: require failed: the balance does not cover the amount",
        "token.dapen.ts",
        "is 0",
        "is 30",
        "called here",
        "expected 1, got 0",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
}
