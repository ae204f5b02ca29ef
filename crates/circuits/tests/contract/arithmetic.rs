//! Integer arithmetic at the edges of its widths.

use super::*;
use parth_contract::builder::kind::{self, Integer};
use parth_contract::builder::{ContractBuilder, Expr, FunctionBuilder};
use parth_crypto::{Domain, hash};

type Operation<T> = fn(&mut FunctionBuilder, Expr<T>, Expr<T>);

/// A function of two integers, and the witness of its call with (1, 1), which every operation here allows.
fn function<T: Integer + 'static>(operation: Operation<T>) -> (Compiled, CallWitness) {
    let mut contract = ContractBuilder::new("Arithmetic", 1);
    contract.function("f", |f| {
        let (a, b) = (f.input::<T>("a"), f.input::<T>("b"));
        operation(f, a, b);
    });
    let contract = contract.build().unwrap();
    let chain = chain_of(Profile::SMALL, vec![contract.clone()]);
    let mut session = chain.open(user(1)).unwrap();
    let execution = chain.call(&mut session, SYSTEM, "f", &felts(&[1, 1])).unwrap();
    (Compiled::new(&contract.functions()[0]), execution.witness)
}

fn operations<T: Integer>() -> [Operation<T>; 4] {
    [
        |f, a, b| {
            let sum = f.add(a, b);
            f.output("sum", sum);
        },
        |f, a, b| {
            let difference = f.sub(a, b);
            f.output("difference", difference);
        },
        |f, a, b| {
            let product = f.mul(a, b);
            f.output("product", product);
        },
        |f, a, b| {
            let (less, equal) = (f.less(a, b), f.equal(a, b));
            f.output("less", less);
            f.output("equal", equal);
        },
    ]
}

fn agree<T: Integer + 'static>(edges: &[u64]) {
    for operation in operations::<T>() {
        let (compiled, template) = function(operation);
        let checker = compiled.rules.checker();
        let (mut accepted, mut refused) = (0, 0);
        for &a in edges {
            for &b in edges {
                let mut witness = template.clone();
                witness.inputs = vec![Felt::reduce(a), Felt::reduce(b)];
                witness.call.inputs = hash(Domain::Inputs, &witness.inputs);
                let counter = if compiled.agree_by(&checker, &witness) { &mut accepted } else { &mut refused };
                *counter += 1;
            }
        }
        assert!(accepted > 5 && refused > 5, "{accepted} accepted, {refused} refused");
    }
}

#[test]
fn circuits_agree_with_the_interpreter_on_u64_at_its_edges() {
    let half = 1 << 31;
    let edges = [0, 1, 2, 3, half - 1, half, half + 1, (1 << 32) - 1, 1 << 32, (1 << 61) - 1, 1 << 61];
    let wide = [(1 << 62) / 3, (1 << 62) - 1, 1 << 62, 1 << 63, Felt::ORDER - 1, Felt::ORDER - (1 << 32)];
    agree::<kind::U64>(&[&edges[..], &wide].concat());
}

#[test]
fn circuits_agree_with_the_interpreter_on_u32_at_its_edges() {
    let edges = [0, 1, 2, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 31, (1 << 32) - 2, (1 << 32) - 1];
    agree::<kind::U32>(&[&edges[..], &[1 << 32, Felt::ORDER - 1]].concat());
}

#[test]
fn no_cell_of_a_product_is_free() {
    let (compiled, witness) = function(operations::<kind::U64>()[2]);
    let checker = compiled.rules.checker();
    assert_eq!(compiled.rules.trace(&checker, &witness).unwrap().sweep(1), []);
}
