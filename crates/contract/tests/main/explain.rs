//! Every code has a page whose first example gives it and whose second compiles, and a snapshot of how it looks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use parth_contract::dapen::codes::Code;
use parth_contract::dapen::diagnostic::Severity;
use parth_contract::dapen::{self, Compilation, Options, render};

/// Set to write the snapshots anew instead of comparing them.
const UPDATE: &str = "PARTH_UPDATE_SNAPSHOTS";

fn compile(files: &[(&str, String)]) -> Compilation {
    let files: BTreeMap<String, String> = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
    dapen::compile(&files, "example.dapen.ts", &Options::default())
}

/// The TypeScript blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```ts\n").skip(1);
    parts.filter_map(|part| part.split_once("\n```").map(|(block, _)| format!("{block}\n"))).collect()
}

fn shown(found: &Compilation) -> String {
    let mut text = String::new();
    for diagnostic in &found.diagnostics {
        text.push_str(&render::human(&found.sources, diagnostic, false));
        text.push_str(&render::json(&found.sources, diagnostic));
        text.push_str("\n\n");
    }
    text
}

fn snapshot(name: &str, text: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "snapshots", &format!("{name}.txt")].iter().collect();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, kept, "{name} differs from {}; set {UPDATE} to accept", path.display());
}

/// Programs that a page cannot show.
fn large(code: Code) -> Option<Vec<(&'static str, String)>> {
    let root = |text: String| ("example.dapen.ts", text);
    let contract = "@contract() class A extends Contract { @view v(u: UserId): bool { return isUser(u); } }";
    Some(match code {
        Code::E0103 => vec![root(" ".repeat((256 << 10) + 1))],
        Code::E0107 => {
            let mut files: Vec<(&'static str, String)> = Vec::new();
            let imports: String =
                (0..70).map(|at| format!("import {{ A as A{at} }} from \"./f{at}.dapen\";\n")).collect();
            files.push(root(imports + "@contract() export class B extends Contract { x: u64 = 0; }"));
            for at in 0..70 {
                files.push((format!("f{at}.dapen.ts").leak(), contract.to_owned()));
            }
            files
        }
        Code::E0108 => {
            let classes: String = (0..300).map(|at| format!("class C{at} {{ x: u64 = 0; }}\n")).collect();
            vec![root(format!("{contract}\n{classes}"))]
        }
        Code::E0322 => vec![
            root(
                "import { Other } from \"./other.dapen\";\n@contract() class A extends Contract {\n  \
                 @view\n  theirs(u: UserId): u64 { return Other.of(u).x; }\n}\n"
                    .to_owned(),
            ),
            ("other.dapen.ts", "@contract() export class Other extends Contract { x: u64 = 0; }".to_owned()),
        ],
        _ => return None,
    })
}

/// What is wrong with the page of a code.
fn mistake(code: Code) -> Option<String> {
    let blocks = blocks(code.page());
    let wrong = large(code).or_else(|| blocks.first().map(|text| vec![("example.dapen.ts", text.clone())]));
    // Codes of calls and of mistakes of the compiler have no example.
    let Some(wrong) = wrong else {
        let none = code.name().starts_with("E3") || code == Code::E0901;
        return (!none).then(|| format!("{code} has no example"));
    };
    let found = compile(&wrong);
    let text = shown(&found);
    if found.diagnostics.is_empty() || found.diagnostics.iter().any(|diagnostic| diagnostic.code != code) {
        return Some(format!("{code} gives\n{text}"));
    }
    if found.compiled.is_some() != (code.severity() == Severity::Warning) {
        return Some(format!("{code} is compiled: {}", found.compiled.is_some()));
    }
    snapshot(code.name(), &text);
    let right = blocks.get(1)?;
    let found = compile(&[("example.dapen.ts", right.clone())]);
    let good = found.diagnostics.is_empty() && found.compiled.is_some();
    (!good).then(|| format!("the remedy of {code} gives\n{}", shown(&found)))
}

#[test]
fn every_page_gives_its_code_and_its_remedy_compiles() {
    let mistakes: Vec<String> = Code::ALL.iter().filter_map(|&code| mistake(code)).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn the_twelve_mistakes_are_refused_where_they_stand() {
    let mistakes = [
        ("Example.of(bob).count = 5;", "Example.of(bob).count", Code::E0316),
        ("Example.of(bob).run(bob, 1, h);", "run", Code::E0317),
        ("Example.of(bob).total.add(5);", "Example.of(bob).total.add(5)", Code::E0316),
        ("console.log(\"x\");", "console", Code::E0301),
        ("this.count = Math.max(1, 2);", "Math", Code::E0301),
        ("const x = Example.defer().run(bob, 1, h);", "Example.defer().run(bob, 1, h)", Code::E0325),
        ("this.count = bob;", "bob", Code::E0303),
        ("this.count = this.count + small;", "this.count + small", Code::E0304),
        ("while (true) {}", "while (true) {}", Code::E0210),
        ("require(h === h, \"x\");", "h === h", Code::E0305),
        ("this.count = 1.5;", "1.5", Code::E0207),
        ("this.count = 7 / 2;", "/", Code::E0204),
    ];
    for (mistake, place, code) in mistakes {
        let text = format!(
            "@contract({{ id: 5 }})\nexport class Example extends Contract {{\n  count: u64 = 0;\n  total = grows<u64>();\n\n  \
             @call\n  run(bob: UserId, small: u32, h: hash): void {{\n    {mistake}\n  }}\n}}\n"
        );
        let found = compile(&[("example.dapen.ts", text)]);
        let first = found.diagnostics.first().unwrap_or_else(|| panic!("{mistake} is not refused"));
        assert_eq!(first.code, code, "{mistake}: {}", first.message);
        assert_eq!(found.sources.text(first.span().unwrap()), place, "{mistake}");
        assert_eq!(found.diagnostics.len(), 1, "{mistake}");
    }
}
