//! No text makes the compiler panic, hang or overflow its stack.

use std::collections::BTreeMap;

use parth_contract::dapen::{self, Options, render};

/// A small generator of numbers, the same on every machine.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Compiles and draws whatever is found.
fn survive(text: &str) {
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text.to_owned())]);
    let found = dapen::compile(&files, "a.dapen.ts", &Options::default());
    for diagnostic in &found.diagnostics {
        render::human(&found.sources, diagnostic, false);
        render::json(&found.sources, diagnostic);
    }
    assert!(found.compiled.is_some() || !found.diagnostics.is_empty(), "nothing is said of {text:?}");
}

pub(crate) const SEEDS: [&str; 6] = [
    include_str!("../../../../examples/counter.dapen.ts"),
    include_str!("../../../../examples/token.dapen.ts"),
    include_str!("../../../../examples/poll.dapen.ts"),
    include_str!("../../../../examples/deal.dapen.ts"),
    include_str!("../../src/dapen/system.dapen.ts"),
    // Arrays, changed in part and out of reach.
    "export class Pair { a: u64 = 0; b: u8 = 0; }
@contract({ id: 1 })
export class Lists extends Contract {
  xs: Arr<u64, 3> = [0, 0, 0];
  pairs: Arr<Pair, 2> = [{ a: 0, b: 0 }, { a: 0, b: 0 }];
  next(): u32 { this.xs[2] += 1; return 1; }
  @call run(y: u64, at: u32): u64 {
    let ys: Arr<Arr<u64, 2>, 2> = [[y, 1], [2, 3]];
    for (let i = 0; i < 2; i++) { this.xs[i] += ys[i][0]; ys[i][at] -= 1; }
    if (y > 3) { this.pairs[at].a *= this.xs[this.next()]; }
    const p: Pair = { a: y, b: 1 };
    this.pairs[1] = copy(p);
    return this.pairs[at].a + ys[1][1];
  }
}
",
];

/// Words and signs of the language, and some that are not in it.
pub(crate) const TOKENS: [&str; 60] = [
    "class",
    "extends",
    "Contract",
    "Event",
    "@call",
    "@view",
    "@contract()",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    ":",
    "=",
    "+=",
    "===",
    "<",
    ">",
    "&&",
    "||",
    "!",
    "?",
    "+",
    "-",
    "*",
    "%",
    ".",
    "this",
    "ctx",
    "user",
    "require",
    "emit",
    "for",
    "if",
    "else",
    "return",
    "const",
    "let",
    "0",
    "1",
    "4294967296",
    "18446744073709551615",
    "u8",
    "u64",
    "Arr<u64, 2>",
    "map<UserId, u64>()",
    "once<hash>()",
    "x",
    "of",
    "at",
    "\"text\"",
    "import",
    "from",
    "=>",
    "static readonly",
    "\u{2028}",
    "é",
];

fn count() -> usize {
    std::env::var("PARTH_HOSTILE_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(2000)
}

#[test]
fn mutated_examples_give_diagnostics() {
    let mut numbers = Numbers(1);
    for _ in 0..count() {
        let mut text: Vec<char> = SEEDS[numbers.below(SEEDS.len())].chars().collect();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(text.len());
            match numbers.below(5) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, char::from_u32(numbers.below(0x300) as u32).unwrap_or(' ')),
                2 => text.truncate(at + 1),
                3 => {
                    let token = TOKENS[numbers.below(TOKENS.len())];
                    text.splice(at..at, token.chars());
                }
                _ => {
                    let (from, length) = (numbers.below(text.len()), numbers.below(40));
                    let end = (from + length).min(text.len());
                    let piece: Vec<char> = text[from..end].to_vec();
                    text.splice(at..at, piece);
                }
            }
        }
        survive(&text.into_iter().collect::<String>());
    }
}

#[test]
fn random_words_inside_a_method_give_diagnostics() {
    let mut numbers = Numbers(2);
    for _ in 0..count() {
        let words: Vec<&str> = (0..numbers.below(30)).map(|_| TOKENS[numbers.below(TOKENS.len())]).collect();
        let body = words.join(" ");
        survive(&format!("@contract() class A extends Contract {{ x: u64 = 0; @call m(y: u64): u64 {{ {body} }} }}"));
        survive(&body);
    }
}

#[test]
fn random_bytes_give_diagnostics() {
    let mut numbers = Numbers(3);
    for _ in 0..count() {
        let bytes: Vec<u8> = (0..numbers.below(200)).map(|_| numbers.next() as u8).collect();
        survive(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn text_as_deep_as_the_scan_allows_does_not_overflow_the_stack() {
    let inside = |body: &str| {
        format!("@contract() class A extends Contract {{ x: u64 = 0; @call m(y: bool): void {{ {body} }} }}")
    };
    let deep = [
        format!("const a = {}y;", "!".repeat(440)),
        "if (y) ".repeat(220) + ";",
        "if (y) { } else ".repeat(120) + ";",
        format!("const a = {}1;", "y ? 1 : ".repeat(110)),
        format!("const a = {};", "b => ".repeat(220)),
        format!("const a = y{};", ".b".repeat(220)),
        format!("const a = y{};", " + y".repeat(220)),
        format!("const a = {}1{};", "(".repeat(45), ")".repeat(45)),
        format!("const a: {}u64{} = 1;", "Arr<".repeat(200), ", 2>".repeat(200)),
        format!("{}1{};", "{ a: [".repeat(20), "] }".repeat(20)),
        format!("const a = {};", "b = ".repeat(220)),
        format!("const a = {}x;", "new ".repeat(440)),
        format!("const a = x{};", "<u64>".repeat(100)),
        format!("{}{{}}", "x: ".repeat(220)),
    ];
    for body in deep {
        survive(&inside(&body));
        survive(&body);
    }
}

#[test]
fn much_code_is_refused_in_time() {
    let nested = "for (let a = 0; a < 1000; a++) { for (let b = 0; b < 1000; b++) { for (let c = 0; c < 1000; c++) { this.x += y; } } }";
    let returns = "if (y > 5) { return y; } ".repeat(400) + "return y;";
    let empty = "for (let a = 0; a < 4000000000; a++) { }";
    let wide = "const a: Arr<Arr<u64, 1000>, 1000> = arr(1000, arr(1000, 1));";
    let calls =
        "let z = y; for (let i = 0; i < 1000; i++) { for (let j = 0; j < 1000; j++) { z = this.m(z); } } return z;";
    for body in [nested, &returns, empty, wide, calls] {
        survive(&format!(
            "@contract() class A extends Contract {{ x: u64 = 0; @call m(y: u64): u64 {{ {body} return y; }} }}"
        ));
    }
    let many: String = (0..3000).map(|at| format!("let l{at}: u64 = y; ")).collect();
    let many = many + "for (let i = 0; i < 200000; i++) { if (y > 5) { l0 = y; } else { l0 = l1; } } return l0;";
    survive(&format!("@contract() class A extends Contract {{ @call m(y: u64): u64 {{ {many} }} }}"));
    let mut chain = String::from("class S0 { x: u64 = 0; }\n");
    for at in 1..200 {
        chain.push_str(&format!("class S{at} {{ a: S{} = 0; b: S{} = 0; }}\n", at - 1, at - 1));
    }
    survive(&(chain + "@contract() class A extends Contract { x: S199 = 0; @call m(y: S60): void { this.x = y; } }"));
    let doubling: String =
        (0..60).map(|at| format!("m{at}(y: u64): u64 {{ return this.m{}(this.m{}(y)); }}\n", at + 1, at + 1)).collect();
    survive(&format!(
        "@contract() class A extends Contract {{ @call m(y: u64): u64 {{ return this.m0(y); }}\n{doubling} m60(y: u64): u64 {{ return y; }} }}"
    ));
}
