//! Every example compiles, and what it compiles to does what the source says.

use std::collections::BTreeMap;

use super::*;
use parth_contract::dapen::{self, Compiled, Options, render};

const EXAMPLES: [(&str, &str); 6] = [
    ("counter.dapen.ts", include_str!("../../../../examples/counter.dapen.ts")),
    ("token.dapen.ts", include_str!("../../../../examples/token.dapen.ts")),
    ("poll.dapen.ts", include_str!("../../../../examples/poll.dapen.ts")),
    ("names.dapen.ts", include_str!("../../../../examples/names.dapen.ts")),
    ("deal.dapen.ts", include_str!("../../../../examples/deal.dapen.ts")),
    ("shop.dapen.ts", include_str!("../../../../examples/shop.dapen.ts")),
];

pub(crate) fn files() -> BTreeMap<String, String> {
    EXAMPLES.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn compiled(path: &str) -> Compiled {
    let compilation = dapen::compile(&files(), path, &Options::default());
    let shown: String =
        compilation.diagnostics.iter().map(|found| render::human(&compilation.sources, found, false)).collect();
    assert_eq!(shown, "", "{path}");
    compilation.compiled.unwrap()
}

#[test]
fn every_example_compiles_without_a_finding() {
    let shown = |path| {
        let found = dapen::compile(&files(), path, &Options::default());
        found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect::<String>()
    };
    assert_eq!(EXAMPLES.map(|(path, _)| shown(path)).concat(), "");
    for (path, _) in EXAMPLES {
        let found = compiled(path);
        assert_eq!(found.contract.functions().len(), found.functions.len());
        for (function, map) in found.contract.functions().iter().zip(&found.functions) {
            assert_eq!(function.code().ops.len(), map.spans.len());
        }
    }
}

/// Source of a Counter-like contract with the given body of a class.
fn one_file(body: &str) -> Compiled {
    let text = format!("@contract({{ id: 1 }}) export class Example extends Contract {{ {body} }}");
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text)]);
    let found = dapen::compile(&files, "a.dapen.ts", &Options::default());
    let shown: String = found.diagnostics.iter().map(|one| render::human(&found.sources, one, false)).collect();
    found.compiled.unwrap_or_else(|| panic!("{shown}"))
}

#[test]
fn every_kind_of_storage_keeps_what_is_put_into_it() {
    let compiled = one_file(
        "pair: Arr<Arr<u64, 2>, 3> = [[0, 0], [0, 0], [0, 0]]; once_hash = once<hash>(); log_of = list<hash>(2); \
         seen = map<u8, bool>(); total = grows<u32>(); small: u8 = 0;
         @call put(i: u32, j: u32, x: u64, h: hash, k: u8): void {
           this.pair[i][j] += x; this.once_hash.set(h); this.log_of.push(h); this.seen.set(k, true); this.total.add(i); this.small += k;
         }
         @view get(i: u32, j: u32, k: u8): Arr<u64, 4> {
           return [this.pair[i][j], u64(this.log_of.len()), u64(this.seen.get(k)), u64(this.total.get())];
         }
         @view first(): hash { return this.log_of.at(0); }
         @call again(x: hash): void { if (!this.once_hash.isSet()) { this.once_hash.set(x); } this.log_of.push(x); }
         @view nobody(u: UserId): bool { return isUser(u); }
         @call clash(a: u32, b: u32): u64 {
           this.pair[a][0] = 5; this.pair[b][0] += 1; this.pair[1][0] += 10; return this.pair[a][0];
         }",
    );
    let chain = chain_of(vec![system_contract::contract(), compiled.contract]);
    let mut session = chain.open(user(2)).unwrap();
    let mut call = |name: &str, inputs: &[u64]| chain.call(&mut session, COUNTER, name, &felts(inputs));
    call("put", &[1, 1, 7, 1, 2, 3, 4, 200]).unwrap();
    assert_eq!(call("get", &[1, 1, 200]).unwrap().outputs, felts(&[7, 1, 1, 1]));
    assert_eq!(call("get", &[1, 0, 201]).unwrap().outputs, felts(&[0, 1, 0, 1]));
    assert_eq!(call("first", &[]).unwrap().outputs, felts(&[1, 2, 3, 4]));
    let refused = |result: Result<Execution, SandboxError>| result.unwrap_err().to_string();
    assert_eq!(refused(call("put", &[1, 1, 7, 1, 2, 3, 4, 0])), "the value is already set");
    assert_eq!(refused(call("get", &[3, 0, 0])), "the index is outside the array");
    assert_eq!(refused(call("get", &[0, 0, 256])), "the input is no u8");
    call("again", &[9, 9, 9, 9]).unwrap();
    assert_eq!(refused(call("again", &[9, 9, 9, 9])), "the list is full");
    assert_eq!(call("nobody", &[2]).unwrap().outputs, felts(&[1]));
    assert_eq!(call("nobody", &[9]).unwrap().outputs, felts(&[0]));
    assert_eq!(call("clash", &[1, 1]).unwrap().outputs, felts(&[16]));
    assert_eq!(call("clash", &[0, 2]).unwrap().outputs, felts(&[5]));
}

#[test]
fn a_name_asked_for_pays_its_fee() {
    let contracts = ["counter", "token", "poll", "names"].map(|name| compiled(&format!("{name}.dapen.ts")).contract);
    let token = contracts[1].function("send").unwrap().method();
    let list = std::iter::once(system_contract::contract()).chain(contracts).collect();
    let mut chain = chain_of(list);
    call(&mut chain, 3, TOKEN, "mint", &[20]);
    checkpoint(&mut chain);
    call(&mut chain, 3, TOKEN, "send", &[2, 15]);
    checkpoint(&mut chain);
    let mut session = chain.open(user(2)).unwrap();
    let poor = chain.call(&mut session, ContractId::constant(4), "ask", &felts(&[7, 0, 0, 0])).unwrap_err();
    assert!(matches!(&poor, SandboxError::Owed { contract: TOKEN, .. }), "{poor}");
    chain.call(&mut session, TOKEN, "claim", &felts(&[3])).unwrap();
    let asked = chain.call(&mut session, ContractId::constant(4), "ask", &felts(&[7, 0, 0, 0])).unwrap();
    let [debt] = asked.deferred.as_slice() else { panic!("{:?}", asked.deferred) };
    assert_eq!((debt.call.contract, debt.call.method), (TOKEN, token));
    assert_eq!(debt.inputs, felts(&[3, 10]));
    assert_eq!(asked.context.deferred, parth_contract::debt::list(&asked.deferred));
    assert_ne!(asked.context.deferred, Digest::ZERO);
    let paid = &session.calls()[2];
    assert_eq!((&paid.call, paid.outputs.as_slice()), (&debt.call, felts(&[5]).as_slice()));
}

#[test]
fn the_system_contract_is_imported_from_the_standard_library() {
    let text = "import { System } from \"std\"; @contract() export class A extends Contract { x: u64 = 0; }";
    let files = BTreeMap::from([("a.dapen.ts".to_owned(), text.to_owned())]);
    assert!(dapen::compile(&files, "a.dapen.ts", &Options::default()).compiled.is_some());
}
