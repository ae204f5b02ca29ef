//! A source means what it would mean in JavaScript, or is refused.

use std::collections::BTreeMap;

use parth_contract::dapen::{self, Compilation, Options};

use super::*;

/// A contract with two structs, an array of structs and a number in its state, and these methods.
fn compile(methods: &str) -> Compilation {
    // Nothing is imported that is not used.
    let others = if methods.contains("System") { "import { System } from \"std\";" } else { "" };
    let source = format!(
        "{others}
        export class Pair {{ a: u64 = 0; b: u64 = 0; }}
        export class Seen extends Event {{ a: u64 = 0; b: u64 = 0; }}
        @contract({{ id: 1 }})
        export class Meaning extends Contract {{
            pair: Pair = {{ a: 0, b: 0 }};
            pairs: Arr<Pair, 2> = [{{ a: 0, b: 0 }}, {{ a: 0, b: 0 }}];
            xs: Arr<u64, 2> = [0, 0];
            n: u64 = 0;
            total = grows<u64>();
            paid = growMap<u32, u64>();
            {methods}
        }}"
    );
    let files = BTreeMap::from([("meaning.dapen.ts".to_owned(), source)]);
    dapen::compile(&files, "meaning.dapen.ts", &Options::default())
}

/// What the method `go` gives.
fn gives(methods: &str) -> Vec<u64> {
    let compilation = compile(methods);
    let contract = compilation.compiled.unwrap_or_else(|| panic!("{methods}: {:?}", compilation.diagnostics)).contract;
    let mut chain = chain_of(vec![system_contract::contract(), contract]);
    let execution = call(&mut chain, 1, ContractId::constant(1), "go", &[]);
    execution.outputs.iter().map(|felt| felt.as_u64()).collect()
}

fn codes(methods: &str) -> Vec<String> {
    compile(methods).diagnostics.iter().map(|found| found.code.to_string()).collect()
}

#[test]
fn what_a_value_changes_elsewhere_in_the_assigned_struct_stays() {
    const BUMP: &str = "bump(): u64 { this.pair.b += 5; return 7; }";
    assert_eq!(gives(&format!("{BUMP} @call go(): Pair {{ this.pair.a = this.bump(); return this.pair; }}")), [7, 5]);
    assert_eq!(gives(&format!("{BUMP} @call go(): Pair {{ this.pair.a += this.bump(); return this.pair; }}")), [7, 5]);
    const BUMP_ARRAY: &str = "bump(): u64 { this.pairs[1].b = 9; return 3; }";
    let stored = format!("{BUMP_ARRAY} @call go(): Pair {{ this.pairs[1].a = this.bump(); return this.pairs[1]; }}");
    assert_eq!(gives(&stored), [3, 9]);
    let added = format!("{BUMP_ARRAY} @call go(): Pair {{ this.pairs[1].a += this.bump(); return this.pairs[1]; }}");
    assert_eq!(gives(&added), [3, 9]);
}

#[test]
fn the_old_value_of_an_addition_is_the_one_before_the_summand() {
    let bump = "bump(): u64 { this.n += 10; return 1; }";
    assert_eq!(gives(&format!("{bump} @call go(): u64 {{ this.n += this.bump(); return this.n; }}")), [1]);
}

#[test]
fn a_list_does_not_change_while_it_is_walked() {
    let local = "@call go(): u64 { let xs: Arr<u64, 2> = [1, 2]; let sum: u64 = 0;
        for (const x of xs) { xs[1] = 10; sum += x; } return sum; }";
    assert_eq!(codes(local), ["E0313"]);
    let field = "@call go(): u64 { for (const p of this.pairs) { this.pairs[1].a = p.a + 1; } return 1; }";
    assert_eq!(codes(field), ["E0313"]);
    let deep = "inner(): void { this.pairs[1].a = 3; } outer(): void { this.inner(); }
        @call go(): u64 { for (const p of this.pairs) { if (p.a === 0) { this.outer(); } } return 1; }";
    assert_eq!(codes(deep), ["E0313"]);
    let copied = "@call go(): u64 { let xs: Arr<u64, 2> = [1, 2]; let sum: u64 = 0;
        for (const x of copy(xs)) { xs[1] = 10; sum += x + xs[1]; } return sum; }";
    assert_eq!(gives(copied), [23]);
    let other = "@call go(): u64 { for (const p of this.pairs) { this.pair.a += p.a + 1; } return this.pair.a; }";
    assert_eq!(gives(other), [2]);
}

#[test]
fn an_argument_does_not_change_under_its_second_name() {
    let changed = "set(p: Pair): u64 { this.pair.a = 5; return p.a; } @call go(): u64 { return this.set(this.pair); }";
    assert_eq!(codes(changed), ["E0313"]);
    let deep = "leaf(): void { this.pair.a = 5; } set(p: Pair): u64 { this.leaf(); return p.a; }
        @call go(): u64 { return this.set(this.pair); }";
    assert_eq!(codes(deep), ["E0313"]);
    let later = "bump(): u64 { this.pair.a = 5; return 1; } sum(p: Pair, n: u64): u64 { return p.a + n; }
        @call go(): u64 { return this.sum(this.pair, this.bump()); }";
    assert_eq!(codes(later), ["E0313"]);
    let hashed = "bump(): u64 { this.pair.a = 5; return 1; }
        @call go(): bool { return eq(hashOf(this.pair, this.bump()), NONE); }";
    assert_eq!(codes(hashed), ["E0313"]);
    let copied =
        "set(p: Pair): u64 { this.pair.a = 5; return p.a; } @call go(): u64 { return this.set(copy(this.pair)); }";
    assert_eq!(gives(copied), [0]);
    let unrelated = "set(p: Pair): u64 { this.n = 5; return p.a; } @call go(): u64 { return this.set(this.pair); }";
    assert_eq!(gives(unrelated), [0]);
}

#[test]
fn a_result_is_no_second_name() {
    let field = "get(): Pair { return this.pair; }
        @call go(): u64 { const t = this.get(); this.pair.a = 5; return t.a; }";
    assert_eq!(codes(field), ["E0313"]);
    let parameter = "same(p: Pair): Pair { return p; }
        @call go(): u64 { const s: Pair = { a: 1, b: 2 }; const t = this.same(s); s.a = 5; return t.a; }";
    assert_eq!(codes(parameter), ["E0313"]);
    let element = "first(): Pair { for (const p of this.pairs) { return p; } return { a: 0, b: 0 }; }
        @call go(): u64 { const t = this.first(); this.pairs[0].a = 5; return t.a; }";
    assert_eq!(codes(element), ["E0313"]);
    let own = "make(): Pair { const p: Pair = { a: 1, b: 2 }; return p; }
        @call go(): u64 { const t = this.make(); t.a += 1; return t.a; }";
    assert_eq!(gives(own), [2]);
    // Nobody else in the contract uses it, and the network gets numbers.
    assert_eq!(gives("@call go(): Pair { this.pair.b = 4; return this.pair; }"), [0, 4]);
}

#[test]
fn a_sum_is_added_to_what_stands_there_once_it_is_computed() {
    let total = "bump(): u64 { this.total.add(10); return 1; }
        @call go(): u64 { this.total.add(this.bump()); return this.total.get(); }";
    assert_eq!(gives(total), [11]);
    let paid = "bump(): u64 { this.paid.add(3, 10); return 1; }
        @call go(): u64 { this.paid.add(3, this.bump()); return this.paid.get(3); }";
    assert_eq!(gives(paid), [11]);
}

#[test]
fn fields_out_of_order_call_no_method() {
    let bump = "bump(): u64 { this.n += 10; return this.n; }";
    let out = format!("{bump} @call go(): Pair {{ const p: Pair = {{ b: this.bump(), a: this.n }}; return p; }}");
    assert_eq!(codes(&out), ["E0202"]);
    let nested = format!("{bump} @call go(): Pair {{ const p: Pair = {{ b: 1, a: 1 + this.bump() }}; return p; }}");
    assert_eq!(codes(&nested), ["E0202"]);
    let ordered = format!("{bump} @call go(): Pair {{ const p: Pair = {{ a: this.bump(), b: this.n }}; return p; }}");
    assert_eq!(gives(&ordered), [10, 10]);
    assert_eq!(gives("@call go(): Pair { const p: Pair = { b: this.n + 2, a: 1 }; return p; }"), [1, 2]);
}

#[test]
fn fields_out_of_order_call_no_other_contract() {
    let claim = "System.call().claim(ctx.user)";
    let two = format!("@call go(): Pair {{ const p: Pair = {{ b: {claim}, a: {claim} }}; return p; }}");
    assert_eq!(codes(&two), ["E0202"]);
    let event = format!("@call go(): void {{ emit(Seen, {{ b: {claim}, a: 1 }}); }}");
    assert_eq!(codes(&event), ["E0202"]);
    let ordered = format!("@call go(): Pair {{ const p: Pair = {{ a: {claim}, b: {claim} }}; return p; }}");
    assert_eq!(codes(&ordered), Vec::<String>::new());
    let other = "@call go(): Pair { const p: Pair = { b: System.of(ctx.user).sent.get(ctx.user), a: 1 }; return p; }";
    assert_eq!(codes(other), Vec::<String>::new());
}

#[test]
fn what_is_assigned_or_read_in_part_is_not_replaced_meanwhile() {
    let set = "set(): u64 { this.pair = { a: 10, b: 20 }; return 5; } deep(): u64 { return this.set() + 1; }";
    let row = "row(): u32 { this.xs = [7, 8]; return 1; }";
    let element = "element(): u64 { this.pairs[0] = { a: 1, b: 2 }; return 3; }";
    for (helper, body) in [
        (set, "this.pair.a = this.set();"),
        (set, "this.pair.a += this.set();"),
        (set, "this.pair.a = 1 + this.deep();"),
        (row, "this.n = this.xs[this.row()];"),
        (row, "this.xs[this.row()] = 3;"),
        (row, "this.xs[0] = u64(this.row());"),
        (element, "this.pairs[0].a = this.element();"),
    ] {
        assert_eq!(codes(&format!("{helper} @call go(): void {{ {body} }}")), ["E0313"], "{body}");
    }
    let apart = format!("{set} @call go(): u64 {{ const a = this.set(); this.pair.a = a; return this.pair.a; }}");
    assert_eq!(gives(&apart), [5]);
    let other = format!("{set} @call go(): u64 {{ this.pairs[0].a = this.set(); return this.pairs[0].a; }}");
    assert_eq!(gives(&other), [5]);
    let part = "one(): u32 { this.xs[1] = 9; return 1; } @call go(): u64 { return this.xs[this.one()]; }";
    assert_eq!(gives(part), [9]);
}
